"""`build-requires` of blas and openmp: their answer ends in the wheel, where uv reads it and runs nothing."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

pytest.importorskip("hatchling")

import blas_lapack_variant_provider as blas
import openmp_variant_provider as openmp
from support.approvals import approve, write_list
from support.first_party import build_provider
from support.uv import UV
from support.wheels import make_wheel
from variantkit.cli.main import main
from variantkit.variants.description import describe_wheel

if TYPE_CHECKING:
    from pathlib import Path

SELECTING = re.compile(r"Selecting: \S+ \[\S+\] \((\S+)\)")
LIBRARIES = {plugin: plugin.get_all_configs()[0].values for plugin in (blas, openmp)}


class Project(NamedTuple):
    """Which provider a project asks at build time, with which endpoint, and the values of its variants."""

    folder: str
    namespace: str
    package: str
    feature: str
    values: tuple[str, ...]
    lines: str = ""

    @property
    def text(self) -> str:
        variants = "".join(
            f'[variant.variants.{value}]\n{self.namespace}.{self.feature} = ["{value}"]\n' for value in self.values
        )
        return (
            f'[variant.default-priorities]\nnamespace = ["{self.namespace}"]\n{self.lines}\n'
            f'[variant.providers.{self.namespace}]\nbuild-requires = ["{self.package}"]\n'
            + (f'plugin-api = "{self.endpoint}"\n' if self.feature == "provider" else "")
            + variants
        )

    @property
    def endpoint(self) -> str:
        module = self.package.replace("-", "_")
        return f"{module}.alias" if self.feature == "provider" else module


BLAS = Project("blas", "blas_lapack", "blas-lapack-variant-provider", "library", ("mkl", "openblas"))
OPENMP = Project("openmp", "openmp", "openmp-variant-provider", "library", ("llvm", "gnu"))
MKL_FIRST = 'property.blas_lapack.library = ["mkl"]'
PROJECTS = {
    "blas": (BLAS, "openblas"),
    "blas-preferring-mkl": (BLAS._replace(lines=MKL_FIRST), "mkl"),
    "blas-by-its-older-name": (BLAS._replace(feature="provider"), "openblas"),
    "openmp": (OPENMP, "gnu"),
    "openmp-by-its-older-name": (OPENMP._replace(feature="provider"), "gnu"),
}


def label_all(directory: Path, project: Project) -> dict[str, Any]:
    """Make the wheels of the project in `directory/house`; what the first one's metadata says of its provider."""
    provider = build_provider(project.folder)
    shutil.copy(provider, directory)
    entry = approve(provider, project.namespace, plugin_api=[project.endpoint])
    listed = write_list(directory / "approved.json", [entry])
    seed = directory / "pyproject.toml"
    seed.write_text(project.text, encoding="utf-8")
    plain = make_wheel(directory, "mine")
    arguments = ["wheel", "label", plain, "--all", "--metadata", str(seed), "-o", str(directory / "house")]
    assert main([*arguments, "--approved", listed, "--provider-wheels", str(directory)]) == 0
    assert main(["index", str(directory / "house")]) == 0
    first = directory / "house" / f"mine-1.0-py3-none-any-{project.values[0]}.whl"
    found: dict[str, Any] = describe_wheel(str(first)).as_json()
    assert found["properties"] == (f"{project.namespace} :: {project.feature} :: {project.values[0]}",)
    assert not found["problems"]
    (info,) = found["providers"].values()
    return dict(info)


def uv_selects(directory: Path) -> str:
    command = [UV, "pip", "install", "-v", "--no-deps", "--no-index", "--no-config", "--no-build"]
    command += ["--find-links", str(directory / "house"), "--preview-features", "wheel-variants"]
    command += ["--cache-dir", str(directory / "cache"), "--python", sys.executable]
    command += ["--target", str(directory / "target"), "mine"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return str(SELECTING.findall(done.stderr)[-1])


@pytest.mark.parametrize(("project", "best"), PROJECTS.values(), ids=PROJECTS)
def test_uv_installs_the_preferred_build(tmp_path: Path, project: Project, best: str) -> None:
    static = label_all(tmp_path, project)["static"]
    plugin = blas if project.folder == "blas" else openmp
    names = ["library", "provider"] if project.feature == "provider" else ["library"]
    assert [feature["name"] for feature in static] == names
    assert all(sorted(feature["values"]) == sorted(LIBRARIES[plugin]) for feature in static)
    assert uv_selects(tmp_path) == f"mine-1.0-py3-none-any-{best}.whl"
    assert os.listdir(tmp_path / "target")
