"""The two environments that are compared: variantkit from its built wheel, and variantlib, each alone in its own.

Both run the interpreter that runs the benchmarks, and both have their modules compiled beforehand.
"""

from __future__ import annotations

import glob
import os
import shutil
import sys
import zipfile
from typing import NamedTuple

from benchmarks.measure import MeasurementError, output_of

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VARIANTLIB = "variantlib==0.2.2"
PROVIDERS = {
    "x86_64": "x86_64_variant_provider",
    "aarch64": "aarch64_variant_provider",
    "nvidia": "nvidia_variant_provider",
    "amd": "amd_variant_provider",
    "ascend": "ascend_variant_provider",
    "intel": "intel_variant_provider",
    "tpu": "tpu_variant_provider",
    "blas_lapack": "blas_lapack_variant_provider",
    "openmp": "openmp_variant_provider",
}
"""Import package by namespace."""


class Environments(NamedTuple):
    """Interpreters, the plain folder of each provider by namespace, uv, and where documents may be written."""

    directory: str
    variantkit: str
    variantlib: str
    providers: dict[str, str]
    uv: str
    environ: dict[str, str]

    def select(self, document: str) -> list[str]:
        """The command that is measured most."""
        return [self.variantkit, "-I", "-m", "variantkit", "select", document, "--json"]

    def detect(self, *namespaces: str) -> list[str]:
        """What this machine supports in the given namespaces, or in all that are approved."""
        chosen = [argument for namespace in namespaces for argument in ("--namespace", namespace)]
        return [self.variantkit, "-I", "-m", "variantkit", "detect", "--json", *chosen]

    def select_by_variantlib(self, document: str) -> list[str]:
        """The same by variantlib."""
        return [self.variantlib, "-I", inside("select_variantlib.py"), document]


def inside(name: str = "") -> str:
    """The path of a program that runs inside one of the environments."""
    return os.path.join(ROOT, "benchmarks", "inside", name)


def make_environments(directory: str) -> Environments:
    """Build the SDK's wheel and make both environments below `directory`."""
    uv = find_uv()
    output_of([uv, "build", "--quiet", "--wheel", "--out-dir", directory, os.path.join(ROOT, "sdk")])
    wheel = _only(os.path.join(directory, "variantkit-*.whl"))
    ours = _make_environment(uv, os.path.join(directory, "variantkit"), wheel)
    bundle = os.path.join(_site_packages(ours), "variantkit_bundle")
    provider = _only(os.path.join(bundle, PROVIDERS["x86_64"] + "-*.whl"))
    peer = _make_environment(uv, os.path.join(directory, "variantlib"), VARIANTLIB, provider)
    folders = {}
    for namespace, package in PROVIDERS.items():
        folders[namespace] = os.path.join(directory, "providers", namespace)
        with zipfile.ZipFile(_only(os.path.join(bundle, package + "-*.whl"))) as archive:
            archive.extractall(folders[namespace])
    return Environments(directory, ours, peer, folders, uv, _environ(directory))


def make_allowlist_environment(environments: Environments) -> str:
    """A third environment, for the rows that need it: variantkit-allowlist from its built wheel, and what it brings."""
    directory = os.path.join(environments.directory, "allowlist-wheel")
    output_of([environments.uv, "build", "--quiet", "--wheel", "--out-dir", directory, os.path.join(ROOT, "allowlist")])
    wheels = (_only(os.path.join(environments.directory, "variantkit-*.whl")), _only(os.path.join(directory, "*.whl")))
    return _make_environment(environments.uv, os.path.join(environments.directory, "allowlist"), *wheels)


def _make_environment(uv: str, directory: str, *requirements: str) -> str:
    output_of([uv, "venv", "--quiet", "--no-project", "--python", sys.executable, directory])
    python = os.path.join(directory, "bin", "python")
    output_of([uv, "pip", "install", "--quiet", "--python", python, "--compile-bytecode", *requirements])
    return python


def _environ(directory: str) -> dict[str, str]:
    """What measured commands see: no settings of this user, neither lists nor configuration nor caches."""
    home = os.path.join(directory, "home")
    os.mkdir(home)
    return {"HOME": home, "PATH": os.defpath, "LANG": "C.UTF-8", "TMPDIR": directory}


def _site_packages(python: str) -> str:
    return output_of([python, "-I", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]).strip()


def _only(pattern: str) -> str:
    found = glob.glob(pattern)
    if len(found) != 1:
        raise MeasurementError(f"{pattern}: expected one file, found {len(found)}")
    return found[0]


def find_uv() -> str:
    """The program uv itself: the one that started us, the development environment's, or that on PATH."""
    candidates = [os.environ.get("UV"), os.path.join(os.path.dirname(sys.executable), "uv"), shutil.which("uv")]
    for path in filter(None, candidates):
        if os.path.isfile(path) and not _is_script(path):  # a shim's own start would be measured with it
            return path
    raise MeasurementError(
        "uv: expected it beside the interpreter or on PATH, found none; run: uv run python -m benchmarks"
    )


def _is_script(path: str) -> bool:
    with open(path, "rb") as stream:
        return stream.read(2) == b"#!"
