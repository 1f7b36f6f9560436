"""The SDK's own build: the bundle holds the very provider wheels, and its list names exactly them."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tarfile
import tempfile
import zipfile
from pathlib import Path

import pytest
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder

from variantkit.trust.approved import parse_approved
from variantkit.trust.canonical import check_wheel

ROOT = Path(__file__).resolve().parents[2]
PROVIDERS = sorted(path.parent.name for path in (ROOT / "providers").glob("*/pyproject.toml"))


def build_wheel(source: Path, out: Path) -> Path:
    return Path(next(iter(WheelBuilder(str(source)).build(directory=str(out), versions=["standard"]))))


def bundle_of(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if name.startswith("variantkit_bundle/")]
        return {name.removeprefix("variantkit_bundle/"): archive.read(name) for name in names}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(ROOT / "sdk", tmp_path_factory.mktemp("sdk"))


def test_every_first_party_provider_is_bundled(wheel: Path) -> None:
    wheels = [name for name in bundle_of(wheel) if name.endswith(".whl")]
    assert len(wheels) == len(PROVIDERS)


def test_the_embedded_list_names_exactly_the_bundled_bytes(wheel: Path) -> None:
    bundle = bundle_of(wheel)
    listed = parse_approved(bundle["approved.json"], "approved.json")
    named = sorted(digest for entry in listed.entries for digest in entry.sha256)
    assert named == sorted(hashlib.sha256(data).hexdigest() for name, data in bundle.items() if name.endswith(".whl"))


def test_the_bundled_wheels_are_those_that_are_published(wheel: Path, tmp_path: Path) -> None:
    bundle = bundle_of(wheel)
    for provider in PROVIDERS:
        built = build_wheel(ROOT / "providers" / provider, tmp_path)
        assert bundle[built.name] == built.read_bytes()


def test_the_bundled_wheels_are_canonical(wheel: Path) -> None:
    assert [check_wheel(data) for name, data in bundle_of(wheel).items() if name.endswith(".whl")] == [None] * len(
        PROVIDERS
    )


def test_the_embedded_list_says_that_nobody_reviewed_a_development_build(wheel: Path) -> None:
    assert json.loads(bundle_of(wheel)["approved.json"])["origin"] == "development"


def test_a_wheel_built_from_the_sdist_has_the_same_bytes(wheel: Path, tmp_path: Path) -> None:
    sdist = next(iter(SdistBuilder(str(ROOT / "sdk")).build(directory=str(tmp_path))))
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    unpacked = tmp_path / os.path.basename(sdist).removesuffix(".tar.gz")
    assert build_wheel(unpacked, tmp_path / "again").read_bytes() == wheel.read_bytes()


def test_the_source_tree_holds_nothing_generated(wheel: Path) -> None:
    assert wheel.exists()
    assert not list((ROOT / "sdk").rglob("*.whl"))
    assert not (ROOT / "sdk" / "src" / "variantkit_bundle").exists()


def test_attack_13_a_release_build_without_the_published_wheels_fails_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    monkeypatch.setenv("VARIANTKIT_RELEASE", "1")
    with pytest.raises(ValueError, match="VARIANTKIT_PROVIDER_WHEELS"):
        build_wheel(ROOT / "sdk", tmp_path)
    assert os.listdir(scratch) == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        pytest.param('"sha256": ["', '"sha256": ["00', r"is not in .*approved\.json", id="bytes"),
        pytest.param('"namespace": "x86_64"', '"namespace": "acme"', "namespace", id="namespace"),
        pytest.param('"/proc/cpuinfo"', '"/proc/meminfo"', "needs", id="needs"),
        pytest.param('"plugin-api"', '"isolation": "sandboxed", "plugin-api"', "isolation", id="isolation"),
        pytest.param('"revoked": []', '"revoked": [{"package": "gone"}]', "revokes", id="revocation"),
        pytest.param('"revoked": []', '"revoked": [], "revoked": []', "twice", id="key twice"),
    ],
)  # fmt: skip
def test_attack_13_a_release_build_that_nobody_reviewed_so_fails(
    wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str, message: str
) -> None:
    sdk, published = tmp_path / "sdk", tmp_path / "published"
    shutil.copytree(ROOT / "sdk", sdk, ignore=shutil.ignore_patterns("build", "__pycache__"))
    shutil.copytree(ROOT / "providers", tmp_path / "providers", ignore=shutil.ignore_patterns("__pycache__", "dist"))
    published.mkdir()
    for name, data in bundle_of(wheel).items():
        if name.endswith(".whl"):
            (published / name).write_bytes(data)
    reviewed = json.dumps(json.loads(bundle_of(wheel)["approved.json"]))
    (sdk / "approved.json").write_text(reviewed)
    monkeypatch.setenv("VARIANTKIT_RELEASE", "1")
    monkeypatch.setenv("VARIANTKIT_PROVIDER_WHEELS", str(published))
    assert json.loads(bundle_of(build_wheel(sdk, tmp_path / "good"))["approved.json"])["origin"] == "release"
    assert old in reviewed
    (sdk / "approved.json").write_text(reviewed.replace(old, new))
    with pytest.raises(ValueError, match=message):
        build_wheel(sdk, tmp_path / "bad")


def test_a_release_s_sdist_builds_the_release(wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    published, sdk = tmp_path / "published", tmp_path / "sdk"
    published.mkdir()
    for name, data in bundle_of(wheel).items():
        if name.endswith(".whl"):
            (published / name).write_bytes(data)
    shutil.copytree(ROOT / "sdk", sdk, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "providers", tmp_path / "providers", ignore=shutil.ignore_patterns("__pycache__"))
    (sdk / "approved.json").write_bytes(bundle_of(wheel)["approved.json"])
    monkeypatch.setenv("VARIANTKIT_RELEASE", "1")
    monkeypatch.setenv("VARIANTKIT_PROVIDER_WHEELS", str(published))
    sdist = next(iter(SdistBuilder(str(sdk)).build(directory=str(tmp_path))))
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    unpacked = tmp_path / os.path.basename(sdist).removesuffix(".tar.gz")
    from_sdist = build_wheel(unpacked, tmp_path / "again").read_bytes()
    assert from_sdist == build_wheel(sdk, tmp_path / "direct").read_bytes()


def test_no_vendored_file_of_a_working_copy_gets_into_the_sdist(tmp_path: Path) -> None:
    sdist = next(iter(SdistBuilder(str(ROOT / "sdk")).build(directory=str(tmp_path))))
    with tarfile.open(sdist) as archive:
        names = archive.getnames()
    assert [name for name in names if "/_vendor/" in name] == []
    assert [name for name in names if name.endswith("/_providers/_build/variantkit_build/hook.py")]
