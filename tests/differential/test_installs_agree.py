"""Real installs choose alike: `select`, `install` with pip and with uv, and uv's own variant support.

Each generated release is installed four times into fresh directories, all with one shared cache per installer.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from support.releases import SCHEMA, Release, make_release
from support.uv import UV
from support.wheels import make_wheel
from variantkit.index.pages.tree import write_index

if TYPE_CHECKING:
    from collections.abc import Sequence

COUNT = 40
pytestmark = pytest.mark.skipif(
    platform.machine() not in ("x86_64", "AMD64"), reason="uv and we answer x86_64 :: level here alone"
)


class Installs:
    """Installs into fresh directories, with caches that all of them share."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.count = 0
        self.environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith(("UV_", "PIP_", "VARIANTKIT_"))},
            "UV_CACHE_DIR": str(root / "uv-cache"),
            "PIP_CACHE_DIR": str(root / "pip-cache"),
            "PIP_CONFIG_FILE": os.devnull,
            "UV_NO_CONFIG": "1",
            "PATH": os.path.dirname(UV) + os.pathsep + os.environ["PATH"],
        }

    def by_us(
        self,
        installer: str,
        release: Release,
        *more: str,
        requirement: str | None = "",
        index_url: str | None = None,
    ) -> str | None:
        """The label that `variantkit install` brings, "" for the plain wheel, None when nothing is installed."""
        target = self._fresh()
        command = [sys.executable, "-m", "variantkit", "install", "--installer", installer, "--python", sys.executable]
        command += ["--target", str(target), "--index-url", index_url or release.directory]
        if requirement is not None:
            command.append(requirement or release.project)
        return self._install([*command, *more], target)

    def by_uv(self, release: Release, *indexes: str) -> str | None:
        """The label that uv's own variant support brings, from the release's directory or from these indexes."""
        target = self._fresh()
        command = [UV, "pip", "install", "--preview-features", "wheel-variants", "--no-build"]
        command += indexes or ["--no-index", "--find-links", release.directory]
        command += ["--python", sys.executable, "--target", str(target)]
        return self._install([*command, release.project], target)

    def by_select(self, release: Release) -> str | None:
        command = [sys.executable, "-m", "variantkit", "select", release.directory, release.project, "--json"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=self.environment)
        assert done.returncode in (0, 1), done.stderr
        label = json.loads(done.stdout)["selected"]
        assert label is None or isinstance(label, str)
        return label

    def _fresh(self) -> Path:
        self.count += 1
        return self.root / f"target-{self.count}"

    def _install(self, command: Sequence[str], target: Path) -> str | None:
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=self.environment)
        self.said = done.stdout + done.stderr
        infos = list(target.glob("*.dist-info"))
        assert (done.returncode == 0) == bool(infos), self.said
        return label_of(infos[0]) if infos else None


def label_of(info: Path) -> str:
    document = info / "variant.json"
    return str(next(iter(json.loads(document.read_text())["variants"]))) if document.exists() else ""


@pytest.fixture(scope="module")
def installs(tmp_path_factory: pytest.TempPathFactory) -> Installs:
    return Installs(tmp_path_factory.mktemp("installs"))


def test_every_way_installs_the_same_label(installs: Installs, tmp_path: Path) -> None:
    chosen: dict[str, int] = {}
    for seed in range(1000, 1000 + COUNT):
        release = make_release(str(tmp_path / str(seed)), seed, ["py3-none-any"], always_installable=seed % 8 != 0)
        labels = {
            "uv's own": installs.by_uv(release),
            "select": installs.by_select(release),
            "install --installer uv": installs.by_us("uv", release),
            "install --installer pip": installs.by_us("pip", release),
        }
        assert len(set(labels.values())) == 1, f"seed {seed}: {labels}\n{installs.said}"
        label = labels["select"]
        kind = "nothing" if label is None else "null" if label == "null" else "variant" if label else "plain"
        chosen[kind] = chosen.get(kind, 0) + 1
    assert chosen.keys() >= {"variant", "null", "plain"}, chosen


def override(values: str) -> tuple[str, ...]:
    return ("--override", f"x86_64 :: level :: {values}")


@pytest.fixture
def levels(tmp_path: Path) -> Release:
    """A release with builds for v3 and v2, and a plain wheel."""
    directory = str(tmp_path / "index")
    os.mkdir(directory)
    document: dict[str, Any] = {
        "$schema": SCHEMA,
        "default-priorities": {"namespace": ["x86_64"]},
        "providers": {"x86_64": {"requires": ["x86-64-variant-provider"]}},
        "variants": {label: {"x86_64": {"level": [label]}} for label in ("v3", "v2")},
    }
    for label, properties in document["variants"].items():
        make_wheel(directory, "levels", label=label, variant={**document, "variants": {label: properties}})
    make_wheel(directory, "levels")
    with open(os.path.join(directory, "levels-1.0-variants.json"), "w", encoding="utf-8") as stream:
        json.dump(document, stream)
    return Release("levels", directory, document, ("v2", "v3"), has_plain=True)


def sha256_of(release: Release, label: str | None) -> str:
    name = f"{release.project}-1.0-py3-none-any{'-' + label if label else ''}.whl"
    with open(os.path.join(release.directory, name), "rb") as stream:
        return hashlib.sha256(stream.read()).hexdigest()


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_one_cache_never_brings_back_the_build_that_was_best_before(
    installs: Installs, levels: Release, installer: str
) -> None:
    found = [installs.by_us(installer, levels, *override(values)) for values in ("v3,v2", "v2", "v3,v2", "v1", "v2")]
    assert found == ["v3", "v2", "v3", "", "v2"], installs.said


@pytest.mark.parametrize("installer", ["uv", "pip"])
@pytest.mark.parametrize("label", ["v3", "v2", None])
def test_a_hash_pin_takes_exactly_the_pinned_build(
    installs: Installs, levels: Release, tmp_path: Path, installer: str, label: str | None
) -> None:
    pins = tmp_path / "requirements.txt"
    pins.write_text(f"levels==1.0 --hash=sha256:{sha256_of(levels, label)}\n")
    arguments = ("--", "--require-hashes", "-r", str(pins))
    assert installs.by_us(installer, levels, *override("v3,v2"), *arguments, requirement=None) == (label or "")


@pytest.fixture
def plain_index(tmp_path: Path) -> str:
    """An index that has the plain wheel of the release alone."""
    directory = tmp_path / "extra"
    directory.mkdir()
    make_wheel(directory, "levels")
    write_index(str(directory))
    return (directory / "simple").as_uri()


def test_an_extra_index_with_the_plain_wheel_does_not_win_with_pip(
    installs: Installs, levels: Release, plain_index: str
) -> None:
    assert installs.by_us("pip", levels, "--extra-index-url", plain_index, *override("v3,v2")) == "v3", installs.said


def test_uv_keeps_its_own_order_of_indexes_and_we_say_what_it_costs(
    installs: Installs, levels: Release, plain_index: str
) -> None:
    write_index(levels.directory)
    variants = (Path(levels.directory) / "simple").as_uri()
    own = installs.by_uv(levels, "--default-index", variants, "--extra-index-url", plain_index)
    ours = installs.by_us("uv", levels, "--extra-index-url", plain_index, *override("v3,v2"))
    assert (own, ours) == ("", ""), installs.said
    assert "which your installer asks first and which has no builds for machines" in installs.said


def test_uv_takes_the_build_when_its_index_comes_first(installs: Installs, levels: Release, plain_index: str) -> None:
    write_index(levels.directory)
    variants = (Path(levels.directory) / "simple").as_uri()
    ours = installs.by_us("uv", levels, "--extra-index-url", variants, *override("v3,v2"), index_url=plain_index)
    assert ours == "v3", installs.said
