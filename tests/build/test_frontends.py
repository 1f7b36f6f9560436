"""pip and uv build providers from a directory of wheels, without any index, in the tree and out of it: same bytes."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import tarfile
from functools import partial
from pathlib import Path

import pytest
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder

from support.uv import UV
from support.vendoring import environment, repack, repack_all, write_project, write_thing
from variantkit_build import load_settings, parse_lock, render_lock
from variantkit_build import project as projects
from variantkit_build.update import find_wheel

ROOT = Path(__file__).resolve().parents[2]
VENDORING = sorted(path.parent.name for path in (ROOT / "providers").glob("*/vendor.lock"))
BUNDLED = re.findall(r'^folder = "(.+)"$', (ROOT / "sdk" / "bundle.toml").read_text(), re.MULTILINE)


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with hatchling and what it requires, as wheels."""
    return repack_all(tmp_path_factory.mktemp("backend") / "wheels", "hatchling")


@pytest.fixture
def wheels(backend: Path, tmp_path: Path) -> Path:
    """The same, to be added to."""
    return Path(shutil.copytree(backend, tmp_path / "wheels"))


@pytest.fixture
def demo(tmp_path: Path, wheels: Path) -> Path:
    """A vendor's own project: it requires variantkit-build as any build requirement, and vendors one package."""
    list(WheelBuilder(str(ROOT / "sdk" / "build")).build(directory=str(wheels), versions=["standard"]))
    write_thing(wheels)
    root = write_project(tmp_path / "project")
    projects.update(str(root), partial(find_wheel, str(wheels)))
    shutil.rmtree(root / "src" / "demo_variant_provider" / "_vendor")
    return root


def pip_wheel(project: Path, wheels: Path, out: Path) -> bytes:
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index", "--find-links", str(wheels)]
    run([*command, "--wheel-dir", str(out), str(project)], out.parent)
    return only_wheel(out)


def uv_build(project: Path, wheels: Path, out: Path) -> bytes:
    command = [UV, "build", "--quiet", "--no-index", "--find-links", str(wheels), "--python", sys.executable]
    run([*command, "--out-dir", str(out), str(project)], out.parent)
    return only_wheel(out)


def run(command: list[str], scratch: Path) -> None:
    done = subprocess.run(command, env=environment(scratch), cwd=scratch, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def only_wheel(out: Path) -> bytes:
    (wheel,) = out.glob("*.whl")
    return wheel.read_bytes()


def sdist_of(project: Path, out: Path) -> Path:
    return Path(next(iter(SdistBuilder(str(project)).build(directory=str(out)))))


def test_a_vendor_s_project_builds_from_a_directory_with_pip_and_with_uv(
    demo: Path, wheels: Path, tmp_path: Path
) -> None:
    built = pip_wheel(demo, wheels, tmp_path / "pip")
    assert uv_build(demo, wheels, tmp_path / "uv") == built  # uv: first the sdist, then the wheel from it
    sdist = next((tmp_path / "uv").glob("*.tar.gz"))
    assert pip_wheel(sdist, wheels, tmp_path / "again") == built


def test_without_the_pinned_version_no_frontend_builds(demo: Path, wheels: Path, tmp_path: Path) -> None:
    (wheels / "vendored_thing-2.0-py3-none-any.whl").unlink()
    with pytest.raises(AssertionError, match="vendored-thing==2\\.0"):
        pip_wheel(demo, wheels, tmp_path / "pip")
    with pytest.raises(AssertionError, match="vendored-thing==2\\.0"):
        uv_build(demo, wheels, tmp_path / "uv")


@pytest.mark.parametrize("folder", VENDORING)
def test_a_provider_builds_in_the_tree_and_from_its_sdist_without_the_hook_on_any_index(
    folder: str, wheels: Path, tmp_path: Path
) -> None:
    project = ROOT / "providers" / folder
    for package in load_settings(str(project)).packages:
        repack(package.name, wheels)
    assert not list(wheels.glob("variantkit_build-*"))
    in_tree = pip_wheel(project, wheels, tmp_path / "pip")
    assert uv_build(project, wheels, tmp_path / "uv") == in_tree
    sdist = Path(shutil.copy(sdist_of(project, tmp_path / "sdist"), tmp_path))
    assert pip_wheel(sdist, wheels, tmp_path / "again") == in_tree


def test_the_sdk_asks_for_what_its_providers_vendor(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    wanted = {
        package.requirement
        for folder in VENDORING
        if folder in BUNDLED
        for package in load_settings(str(ROOT / "providers" / folder)).packages
    }
    sdist = sdist_of(ROOT / "sdk", tmp_path)
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    for source in (ROOT / "sdk", tmp_path / sdist.name.removesuffix(".tar.gz")):
        assert set(WheelBuilder(str(source)).config.dependencies) == wanted
        assert SdistBuilder(str(source)).config.dependencies == []
    monkeypatch.setenv("VARIANTKIT_PROVIDER_WHEELS", str(tmp_path))
    assert WheelBuilder(str(ROOT / "sdk")).config.dependencies == []


def test_the_sdk_builds_with_uv_from_a_directory(wheels: Path, tmp_path: Path) -> None:
    for requirement in WheelBuilder(str(ROOT / "sdk")).config.dependencies:
        repack(requirement.partition("==")[0], wheels)
    built = uv_build(ROOT / "sdk", wheels, tmp_path / "uv")
    in_process = next(iter(WheelBuilder(str(ROOT / "sdk")).build(directory=str(tmp_path), versions=["standard"])))
    assert hashlib.sha256(built).hexdigest() == hashlib.sha256(Path(in_process).read_bytes()).hexdigest()


@pytest.mark.parametrize("folder", VENDORING)
def test_a_committed_lock_is_in_its_canonical_form(folder: str) -> None:
    text = (ROOT / "providers" / folder / "vendor.lock").read_text()
    assert render_lock(parse_lock(text)) == text
