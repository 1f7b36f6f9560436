"""The wheels of the providers: what they hold, and that they run without being installed."""

from __future__ import annotations

import subprocess
import zipfile
from pathlib import Path

import pytest

pytest.importorskip("hatchling")

from support.first_party import build_provider
from support.interpreters import INTERPRETERS
from variantkit.trust.canonical import check_wheel

PROVIDERS = {
    "x86_64": ("x86_64_variant_provider", "x86_64"),
    "blas": ("blas_lapack_variant_provider", "blas_lapack"),
}


@pytest.mark.parametrize("folder", PROVIDERS)
def test_the_wheel_is_read_the_same_by_every_reader(folder: str) -> None:
    assert check_wheel(Path(build_provider(folder)).read_bytes()) is None


@pytest.mark.parametrize("folder", PROVIDERS)
def test_the_wheel_holds_its_package_and_its_metadata_alone(folder: str) -> None:
    package, namespace = PROVIDERS[folder]
    with zipfile.ZipFile(build_provider(folder)) as wheel:
        names = wheel.namelist()
        info = next(name.split("/")[0] for name in names if name.endswith(".dist-info/METADATA"))
        metadata = wheel.read(f"{info}/METADATA").decode()
        entry_points = wheel.read(f"{info}/entry_points.txt").decode()
    code = [name for name in names if not name.startswith(f"{info}/")]
    assert all(name.startswith(f"{package}/") and name.endswith((".py", "/py.typed", "/_vendor/microarchitectures.txt")) for name in code)
    assert f"{package}/py.typed" in code
    assert f"{info}/licenses/LICENSE" in names
    assert "Requires-Dist" not in metadata
    assert "Requires-Python: >=3.9\n" in metadata
    assert entry_points == f"[variant_plugins]\n{namespace} = {package}\n"


@pytest.mark.parametrize("folder", PROVIDERS)
@pytest.mark.parametrize("python", INTERPRETERS)
def test_the_wheel_answers_from_the_zip_itself(folder: str, python: str) -> None:
    code = (
        f"import sys; sys.path.insert(0, {build_provider(folder)!r}); import {PROVIDERS[folder][0]} as provider; "
        "assert '.whl' in provider.__file__; "
        "known = {config.name: config.values for config in provider.get_all_configs()}; "
        "print(all(set(c.values) <= set(known[c.name]) for c in provider.get_supported_configs()), len(known) > 0)"
    )
    done = subprocess.run([python, "-I", "-S", "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("True True\n", "")
