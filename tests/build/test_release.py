"""The release pipeline: one tag is one distribution, and the workflows hold no more rights than each job needs."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.published_lists import first_root, make_published_list
from support.wheels import make_wheel
from variantkit.trust import levels
from variantkit_build.__main__ import main as describe

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from support.curation import Curation

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
USES = re.compile(r"^\s*(?:- )?uses: (\S+)(.*)$", re.MULTILINE)


def load_script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("release", ROOT / ".github" / "scripts" / "release.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["release"] = module  # typing.NamedTuple looks its module up
    spec.loader.exec_module(module)
    return module


release = load_script()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    for folder, name, version in (
        ("sdk", "variantkit", "1.2"),
        ("sdk/build", "variantkit-build", "0.3.1"),
        ("providers/acme", "acme-variant-provider", "2.0rc1"),
        ("providers/other", "other-variant-provider", "1.0"),
    ):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "pyproject.toml").write_text(f'[project]\nname = "{name}"\nversion = "{version}"\n')
        (tmp_path / folder / "CHANGELOG.md").write_text(f"# Changelog\n\n## {version} (2026-11-21)\n")
    return tmp_path


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("variantkit-v1.2", ("variantkit", "sdk", "1.2")),
        ("variantkit-build-v0.3.1", ("variantkit-build", "sdk/build", "0.3.1")),
        ("acme-variant-provider-v2.0rc1", ("acme-variant-provider", "providers/acme", "2.0rc1")),
    ],
)
def test_a_tag_names_one_distribution_and_its_version(
    repository: Path, tag: str, expected: tuple[str, str, str]
) -> None:
    assert release.plan(tag, str(repository)) == expected


@pytest.mark.parametrize(
    ("tag", "why"),
    [
        pytest.param("v1.2", "not <distribution>-v<version>", id="no distribution"),
        pytest.param("variantkit-v1.2; rm -rf /", "not <distribution>-v<version>", id="a command"),
        pytest.param("variantkit-v1.2\nfolder=x", "not <distribution>-v<version>", id="a second line"),
        pytest.param("numpy-v1.2", "there is no distribution 'numpy'; expected one of acme", id="somebody else's"),
        pytest.param("variantkit-v1.3", "sdk/pyproject.toml says version 1.2", id="another version"),
    ],
)
def test_a_tag_that_names_nothing_releases_nothing(repository: Path, tag: str, why: str) -> None:
    with pytest.raises(ValueError, match=re.escape(why)):
        release.plan(tag, str(repository))


@pytest.mark.parametrize(
    ("heading", "why"), [("## 1.1 (2026-01-01)", "no heading for 1.2"), ("## 1.2 (unreleased)", "expected the date")]
)
def test_a_release_without_its_changelog_is_refused(repository: Path, heading: str, why: str) -> None:
    (repository / "sdk" / "CHANGELOG.md").write_text(f"# Changelog\n\n{heading}\n")
    with pytest.raises(ValueError, match=why):
        release.plan("variantkit-v1.2", str(repository))


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for uv is a shell script")
def test_the_sdk_is_given_the_wheels_of_the_providers_built_first(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uv = tmp_path / "bin" / "uv"
    uv.parent.mkdir()
    uv.write_text('#!/bin/sh\necho "$*|$VARIANTKIT_RELEASE|$VARIANTKIT_PROVIDER_WHEELS" >> "$LOG"\n')
    uv.chmod(uv.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{uv.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("LOG", str(tmp_path / "log"))
    release.build(release.plan("variantkit-v1.2", str(repository)), str(tmp_path / "dist"), str(repository))
    lines = [line.split("|") for line in (tmp_path / "log").read_text().splitlines()]
    assert [(line[0].rsplit(" ", 1)[1], line[1]) for line in lines] == [
        ("providers/acme", ""),
        ("providers/other", ""),
        ("sdk", "1"),
    ]
    assert all("--build-constraints constraints.txt --require-hashes" in line[0] for line in lines)
    assert f"--out-dir {lines[2][2]} " in lines[0][0] + " "


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Curation:
    return make_published_list(tmp_path_factory.mktemp("signed"))


@pytest.fixture
def embedding(repository: Path, signed: Curation, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose SDK embeds what two of the list's keyholders signed; no memory of serials is touched."""
    monkeypatch.setattr(levels, "memory_path", lambda: None)
    shutil.copytree(Path(signed.path) / "public", repository / "sdk" / "list")
    (target,) = (repository / "sdk" / "list" / "targets").glob("*.approved.json")
    shutil.copy(target, repository / "sdk" / "approved.json")
    return repository


def anchor_of(curation: Curation) -> str:
    return hashlib.sha256(Path(first_root(curation)).read_bytes()).hexdigest()


def test_attack_13_the_embedded_list_is_what_two_keyholders_signed(embedding: Path, signed: Curation) -> None:
    sdk = release.plan("variantkit-v1.2", str(embedding))
    release.require_reviewed(sdk, anchor_of(signed), str(embedding))


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        pytest.param(lambda sdk: (sdk / "approved.json").write_text("{}"), "not the approved.json that", id="embedded"),
        pytest.param(lambda sdk: shutil.rmtree(sdk / "list"), "list", id="no list"),
        pytest.param(
            lambda sdk: next((sdk / "list" / "targets").glob("*.approved.json")).write_text("{}"), "list", id="target"
        ),
        pytest.param(lambda sdk: (sdk / "list" / "metadata" / "1.root.json").write_text("{}"), "root", id="root"),
    ],
)
def test_attack_13_an_embedded_list_that_nobody_signed_is_not_released(
    embedding: Path, signed: Curation, spoil: Callable[[Path], object], why: str
) -> None:
    spoil(embedding / "sdk")
    with pytest.raises((ValueError, OSError), match=why):
        release.require_reviewed(release.plan("variantkit-v1.2", str(embedding)), anchor_of(signed), str(embedding))


@pytest.mark.parametrize("anchor", ["", "ab" * 32, "AB" * 32])
def test_a_list_is_signed_by_the_root_that_was_pinned_elsewhere(embedding: Path, anchor: str) -> None:
    with pytest.raises(ValueError, match="root"):
        release.require_reviewed(release.plan("variantkit-v1.2", str(embedding)), anchor, str(embedding))


def test_one_signature_is_too_few_for_what_the_sdk_embeds(embedding: Path, signed: Curation) -> None:
    metadata = embedding / "sdk" / "list" / "metadata"
    root = json.loads((metadata / "1.root.json").read_text())
    root["signed"]["roles"]["targets"]["threshold"] = 1
    (metadata / "2.root.json").write_text(json.dumps(root))
    assert release._targets_threshold(str(metadata)) == 1


def test_only_the_sdk_embeds_a_list(repository: Path) -> None:
    release.require_reviewed(release.plan("acme-variant-provider-v2.0rc1", str(repository)), "", str(repository))


def workflow_texts() -> dict[str, str]:
    return {path.name: path.read_text() for path in WORKFLOWS}


def jobs(text: str) -> dict[str, str]:
    """Split a workflow into its jobs by indentation: what is to be read here is that simple."""
    body = text[text.index("\njobs:\n") + 7 :]
    parts = re.split(r"^  ([a-z]+):\n", body, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_there_is_a_workflow_for_tests_and_one_for_releases() -> None:
    assert sorted(workflow_texts()) == ["release.yml", "test.yml"]


@pytest.mark.parametrize("name", workflow_texts())
def test_every_action_is_pinned_by_its_commit_and_one_commit_alone(name: str) -> None:
    pinned = dict[str, str]()
    for text in workflow_texts().values():
        for action, comment in USES.findall(text):
            repository, _, commit = action.partition("@")
            assert re.fullmatch(r"[0-9a-f]{40}", commit), action
            assert re.fullmatch(r" # v\d+\.\d+\.\d+", comment), action
            assert pinned.setdefault(repository, commit) == commit
    assert USES.findall(workflow_texts()[name])


@pytest.mark.parametrize("name", workflow_texts())
def test_nothing_is_granted_to_a_whole_workflow(name: str) -> None:
    assert "\npermissions: {}\n" in workflow_texts()[name]
    for job, text in jobs(workflow_texts()[name]).items():
        assert "    permissions:\n" in text, job


@pytest.mark.parametrize("name", workflow_texts())
def test_no_checkout_leaves_credentials_behind(name: str) -> None:
    text = workflow_texts()[name]
    assert text.count("actions/checkout@") == text.count("persist-credentials: false")


@pytest.mark.parametrize("name", workflow_texts())
def test_no_expression_is_pasted_into_a_script(name: str) -> None:
    for script in re.findall(
        r"^( +)(?:- )?run: (?:\|\n((?:\1 +.*\n|\n)+)|(.*)\n)", workflow_texts()[name], re.MULTILINE
    ):
        assert "${{" not in "".join(script)


def test_each_job_of_a_release_has_only_the_rights_it_needs() -> None:
    granted = {
        job: sorted(re.findall(r"^      ([a-z-]+): (?:read|write)", text, re.MULTILINE))
        for job, text in jobs(workflow_texts()["release.yml"]).items()
    }
    assert granted == {
        "reviewed": ["contents"],
        "build": ["contents"],
        "reproduce": ["contents"],
        "attest": ["attestations", "id-token"],
        "publish": ["id-token"],
        "announce": ["contents"],
    }


def test_what_can_sign_or_publish_runs_no_code_of_the_repository() -> None:
    for job, text in jobs(workflow_texts()["release.yml"]).items():
        if job in ("attest", "publish", "announce"):
            assert "actions/checkout@" not in text
            assert "sha256sum --check --strict" in text


def test_publishing_waits_for_a_person_and_for_the_same_bytes_twice() -> None:
    publish = jobs(workflow_texts()["release.yml"])["publish"]
    assert "needs: [build, reproduce, attest]" in publish
    assert "    environment:\n" in publish


def test_zizmor_has_nothing_to_say() -> None:
    zizmor = shutil.which("zizmor", path=sysconfig.get_path("scripts")) or shutil.which("zizmor")
    if zizmor is None:
        pytest.skip("zizmor is not installed")
    command = [zizmor, "--offline", "--no-progress", "--persona", "auditor", str(ROOT / ".github")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_a_release_s_bill_of_materials_names_what_a_wheel_requires_vendors_and_bundles(tmp_path: Path) -> None:
    part = {"type": "library", "bom-ref": "pkg:pypi/thing@2", "name": "thing"}
    inner = []
    for name in ("one", "two"):
        files = {f"{name}-1.0.dist-info/sboms/x.cdx.json": json.dumps({"components": [part]})}
        inner.append(Path(make_wheel(tmp_path, name, files=files)))
    wheel = make_wheel(
        tmp_path,
        "outer",
        files={f"bundle/{path.name}": path.read_bytes() for path in inner},
        requires=["packaging>=24", "tomli; python_version < '3.11'", "tomli>=3; extra == 'x'"],
    )
    assert describe(["sbom", str(wheel), "-o", str(tmp_path / "first.json")]) == 0
    assert describe(["sbom", str(wheel), "-o", str(tmp_path / "second.json")]) == 0
    assert (tmp_path / "first.json").read_bytes() == (tmp_path / "second.json").read_bytes()
    document = json.loads((tmp_path / "first.json").read_text())
    assert {component["name"] for component in document["components"]} == {"one", "two", "packaging", "tomli"}
    references = re.findall(r'"bom-ref": "([^"]+)"', (tmp_path / "first.json").read_text())
    assert len(references) == len(set(references)) == 7
    bundled = {component["name"]: component for component in document["components"] if "components" in component}
    assert [part["name"] for part in bundled["one"]["components"]] == ["thing"]


def test_a_file_that_is_no_wheel_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x.whl").write_bytes(b"PK")
    with zipfile.ZipFile(tmp_path / "y.whl", "w"):
        pass
    for name in ("x.whl", "y.whl", "z.whl"):
        assert describe(["sbom", str(tmp_path / name), "-o", str(tmp_path / "out")]) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1
