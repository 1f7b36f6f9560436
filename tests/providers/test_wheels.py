"""The wheels of the providers: what they hold, and that they run without being installed."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

pytest.importorskip("hatchling")

from support.first_party import FIRST_PARTY, PROVIDERS, build_provider
from support.interpreters import INTERPRETERS
from variantkit.trust.canonical import check_wheel

DATA = {"x86_64_variant_provider/_vendor/microarchitectures.txt"}


def test_every_folder_is_a_provider_of_the_table_and_travels_inside_the_sdk() -> None:
    folders = {
        name for name in os.listdir(PROVIDERS) if os.path.isfile(os.path.join(PROVIDERS, name, "pyproject.toml"))
    }
    with open(os.path.join(PROVIDERS, "..", "sdk", "bundle.toml"), "rb") as stream:
        bundled = {entry["folder"]: entry for entry in tomllib.load(stream)["providers"]}
    assert folders == FIRST_PARTY.keys() == bundled.keys()
    for folder, entry in bundled.items():
        assert entry["namespace"] == FIRST_PARTY[folder].namespace
        assert FIRST_PARTY[folder].endpoint in entry["plugin-api"]


@pytest.mark.parametrize("folder", FIRST_PARTY)
def test_the_wheel_is_read_the_same_by_every_reader(folder: str) -> None:
    assert check_wheel(Path(build_provider(folder)).read_bytes()) is None


@pytest.mark.parametrize("folder", FIRST_PARTY)
def test_the_wheel_holds_its_package_and_its_metadata_alone(folder: str) -> None:
    package, namespace, endpoint = FIRST_PARTY[folder]
    with zipfile.ZipFile(build_provider(folder)) as wheel:
        names = wheel.namelist()
        info = next(name.split("/")[0] for name in names if name.endswith(".dist-info/METADATA"))
        metadata = wheel.read(f"{info}/METADATA").decode()
        entry_points = wheel.read(f"{info}/entry_points.txt").decode()
    code = [name for name in names if not name.startswith(f"{info}/")]
    assert all(name.startswith(f"{package}/") for name in code)
    assert {name for name in code if not name.endswith((".py", "/py.typed"))} <= DATA
    assert f"{package}/py.typed" in code
    assert f"{info}/licenses/LICENSE" in names
    assert "Requires-Dist" not in metadata
    assert "Requires-Python: >=3.9\n" in metadata
    assert entry_points == f"[variant_plugins]\n{namespace} = {endpoint}\n"


@pytest.mark.parametrize("folder", FIRST_PARTY)
@pytest.mark.parametrize("python", INTERPRETERS)
def test_the_wheel_answers_from_the_zip_itself(folder: str, python: str) -> None:
    package = FIRST_PARTY[folder].package
    code = (
        f"import sys; sys.path.insert(0, {build_provider(folder)!r}); import {package} as provider; "
        "assert '.whl' in provider.__file__; "
        "known = {config.name: config.values for config in provider.get_all_configs()}; "
        "print(all(set(c.values) <= set(known[c.name]) for c in provider.get_supported_configs()), len(known) > 0)"
    )
    done = subprocess.run([python, "-I", "-S", "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("True True\n", "")
