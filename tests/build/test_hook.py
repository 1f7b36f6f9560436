"""The hook puts the locked bytes into the wheel, and no others."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

SOURCE = b"ANSWER = 42\n"
PYPROJECT = """
[build-system]
requires = ["hatchling==1.33.0", "variantkit-build"]
build-backend = "hatchling.build"
[project]
name = "demo-variant-provider"
version = "1.0"
[tool.hatch.build.targets.wheel]
packages = ["src/demo_variant_provider"]
[tool.hatch.build.hooks.variantkit-vendor]
package = "src/demo_variant_provider"
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A provider project, and in the build environment the package that it vendors one file of."""
    site = tmp_path / "site"
    info = site / "vendored_thing-2.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: vendored-thing\nVersion: 2.0\n")
    (info / "RECORD").write_text("thing.py,,\n")
    (site / "thing.py").write_bytes(SOURCE)
    monkeypatch.syspath_prepend(str(site))
    package = tmp_path / "project" / "src" / "demo_variant_provider"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (tmp_path / "project" / "pyproject.toml").write_text(PYPROJECT)
    write_lock(tmp_path / "project", hashlib.sha256(SOURCE).hexdigest())
    return tmp_path / "project"


def write_lock(project: Path, digest: str, version: str = "2.0") -> None:
    text = f'[[packages]]\nname = "vendored-thing"\nversion = "{version}"\n'
    text += f'[[packages.files]]\npath = "thing.py"\nsha256 = "{digest}"\n'
    (project / "vendor.lock").write_text(text)


def build(project: Path, version: str = "standard") -> str:
    return next(iter(WheelBuilder(str(project)).build(directory=str(project / "dist"), versions=[version])))


def test_the_wheel_holds_the_locked_file(project: Path) -> None:
    with zipfile.ZipFile(build(project)) as wheel:
        assert wheel.read("demo_variant_provider/_vendor/thing.py") == SOURCE
        assert "demo_variant_provider/_vendor/__init__.py" in wheel.namelist()


def test_the_source_tree_stays_as_it_was(project: Path) -> None:
    build(project)
    assert not (project / "src" / "demo_variant_provider" / "_vendor").exists()


def test_two_builds_have_the_same_bytes(project: Path) -> None:
    first = Path(build(project)).read_bytes()
    assert Path(build(project)).read_bytes() == first


def test_other_bytes_are_refused_and_nothing_is_left(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    write_lock(project, "0" * 64)
    with pytest.raises(ValueError, match=r"vendored-thing==2\.0 thing\.py: expected sha256 0{64}, found [0-9a-f]{64}"):
        build(project)
    assert not [name for name in os.listdir(project / "dist") if name.endswith(".whl")]
    assert os.listdir(scratch) == []


def test_another_version_is_refused(project: Path) -> None:
    write_lock(project, hashlib.sha256(SOURCE).hexdigest(), version="3.0")
    with pytest.raises(ValueError, match=r"expected vendored-thing==3\.0, found version 2\.0"):
        build(project)


def test_an_editable_build_writes_into_the_source_tree(project: Path) -> None:
    build(project, "editable")
    assert (project / "src" / "demo_variant_provider" / "_vendor" / "thing.py").read_bytes() == SOURCE


def test_a_failed_editable_build_keeps_what_was_there(project: Path) -> None:
    build(project, "editable")
    write_lock(project, "0" * 64)
    with pytest.raises(ValueError, match="expected sha256"):
        build(project, "editable")
    vendored = project / "src" / "demo_variant_provider" / "_vendor"
    assert (vendored / "thing.py").read_bytes() == SOURCE
    assert [name for name in os.listdir(vendored.parent) if name.startswith("_vendor-")] == []


def test_frontends_learn_the_pinned_build_requirement(project: Path) -> None:
    query = "from hatchling.build import get_requires_for_build_wheel as f; print(f())"
    done = subprocess.run([sys.executable, "-c", query], cwd=project, capture_output=True, text=True, check=True)
    assert "vendored-thing==2.0" in done.stdout
