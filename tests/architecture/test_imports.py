"""Who may import whom: the floor plan as a table, read from the code's own import statements."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from support.imports import ROOT, imported_names, modules_below, read

if TYPE_CHECKING:
    from pathlib import Path

SDK = os.path.join(ROOT, "sdk", "src", "variantkit")

# wing of the SDK -> the wings it may import, from the ground up
WINGS = {
    "errors": set[str](),
    "variants": {"errors"},
    "trust": {"errors", "variants"},
    "provider": {"errors", "variants"},
    "runner": {"errors", "variants", "provider", "trust"},
    "machine": {"errors", "variants", "provider", "trust", "runner"},
    "index": {"errors", "variants", "provider", "trust", "runner", "machine"},
    # fake machines around one provider, for vendors: beside `machine`, and nothing on a selection's path leads here
    "conformance": {"errors", "variants", "provider", "trust", "runner"},
    "cli": {"errors", "variants", "provider", "trust", "runner", "machine", "index", "conformance"},
}
# room of the index wing -> the rooms it may import; the files beside them are one room, `view`
ROOMS = {
    "pages": set[str](),
    "upstream": {"pages"},
    "view": {"pages", "upstream"},
    "serve": {"pages", "upstream", "view"},
    "install": {"pages", "upstream", "view", "serve"},
}
# what the SDK uses where it is installed -> the only files that may import it
OPTIONAL = {"pytest": ("conformance/pytest_plugin.py",), "variantkit_build": ("cli/provider/",)}
# distribution's import package -> what it may import besides the standard library and itself
PACKAGES = {
    "sdk/src/variantkit": {"packaging", "tomli", "variantkit_bundle", *OPTIONAL},
    "sdk/build/src/variantkit_build": {"hatchling", "tomli"},
    "allowlist/src/variantkit_allowlist": {
        "variantkit",
        "variantkit_bundle",
        "pydantic",
        "sigstore",
        "tuf",
        "securesystemslib",
        "pkcs11",
        "in_toto_attestation",
        "pypi_attestations",
        "packaging",
        "tomlkit",
        "cryptography",
        "google",
    },
    "providers/x86_64/src/x86_64_variant_provider": set[str](),
    "providers/blas/src/blas_lapack_variant_provider": set[str](),
    "providers/aarch64/src/aarch64_variant_provider": set[str](),
    "providers/nvidia/src/nvidia_variant_provider": set[str](),
    "providers/amd/src/amd_variant_provider": set[str](),
    "providers/ascend/src/ascend_variant_provider": set[str](),
    "providers/intel/src/intel_variant_provider": set[str](),
    "providers/tpu/src/tpu_variant_provider": set[str](),
    "providers/openmp/src/openmp_variant_provider": set[str](),
}
# each costs 2 to 35 ms at start; a selection loads none of them
HEAVY = {
    "dataclasses", "pathlib", "subprocess", "logging", "tempfile", "importlib.metadata", "zipfile", "packaging",
    "urllib.request", "http.client", "http.server", "inspect", "concurrent.futures", "asyncio", "datetime", "shutil",
}  # fmt: skip
NETWORK = {"socket", "ssl", "http", "urllib.request", "urllib3", "ftplib", "smtplib"}


def wing_of(path: str) -> str:
    relative = os.path.relpath(path, SDK).replace(os.sep, "/")
    return relative.split("/")[0].removesuffix(".py")


def upward_imports(wing: str, source: str) -> set[str]:
    """The wings that `source`, standing in `wing`, imports although the plan has no such arrow."""
    used = {name.split(".")[1] for name in imported_names(source) if name.startswith("variantkit.")}
    return used - WINGS[wing] - {wing}


def room_of(module: str) -> str:
    """The room of the index wing that a module such as `variantkit.index.serve.server` stands in."""
    name = module.split(".")[2]
    return name if name in ROOMS else "view"


def foreign_imports(package: str, allowed: set[str], source: str) -> set[str]:
    own = os.path.basename(package)
    tops = {name.split(".")[0] for name in imported_names(source, at_run_time_only=True)}
    return tops - set(sys.stdlib_module_names) - {own, "__future__", "tomllib"} - allowed


@pytest.mark.parametrize(
    "path", [p for p in modules_below(SDK) if wing_of(p) in WINGS], ids=lambda p: os.path.relpath(p, SDK)
)
def test_a_wing_imports_only_the_wings_below_it(path: str) -> None:
    assert upward_imports(wing_of(path), read(path)) == set()


@pytest.mark.parametrize("path", [p for p in modules_below(SDK) if wing_of(p) == "index"], ids=os.path.basename)
def test_a_room_of_the_index_wing_imports_only_the_rooms_below_it(path: str) -> None:
    own = room_of("variantkit." + os.path.relpath(path, SDK).removesuffix(".py").replace(os.sep, ".") + ".")
    used = {room_of(name) for name in imported_names(read(path)) if name.startswith("variantkit.index.")}
    assert used - ROOMS[own] - {own} == set()


@pytest.mark.parametrize("package", PACKAGES)
def test_a_distribution_imports_only_what_it_declares(package: str) -> None:
    for path in modules_below(os.path.join(ROOT, package)):
        assert foreign_imports(package, PACKAGES[package], read(path)) == set(), path


@pytest.mark.parametrize("optional", OPTIONAL)
def test_what_need_not_be_installed_is_imported_in_its_own_place_alone(optional: str) -> None:
    users = {
        os.path.relpath(path, SDK).replace(os.sep, "/")
        for path in modules_below(SDK)
        if optional in {name.split(".")[0] for name in imported_names(read(path), at_run_time_only=True)}
    }
    assert users
    assert all(user.startswith(OPTIONAL[optional]) for user in users), users


def test_every_folder_of_the_sdk_is_a_wing_of_the_plan() -> None:
    folders = {wing_of(path) for path in modules_below(SDK)} - {"__init__", "__main__"}
    assert folders == set(WINGS)


def test_a_planted_upward_import_is_found() -> None:
    assert upward_imports("variants", "from variantkit.cli.main import main") == {"cli"}
    assert upward_imports("trust", "def f():\n    import variantkit.runner.process") == {"runner"}


def test_a_planted_foreign_import_is_found() -> None:
    assert foreign_imports("providers/x86_64/src/x86_64_variant_provider", set(), "import variantkit") == {"variantkit"}
    assert foreign_imports("sdk/src/variantkit", {"packaging"}, "import requests") == {"requests"}


def test_providers_use_relative_imports_inside_themselves() -> None:
    for package in PACKAGES:
        if package.startswith("providers/"):
            for path in modules_below(os.path.join(ROOT, package)):
                assert os.path.basename(package) not in {n.split(".")[0] for n in imported_names(read(path))}, path


def test_only_the_index_wing_touches_the_network() -> None:
    for path in modules_below(SDK):
        if wing_of(path) != "index":
            assert not {
                name for name in imported_names(read(path)) if name.split(".")[0] in NETWORK or name in NETWORK
            }, path


@pytest.mark.parametrize("requires", [False, True], ids=["static", "with a provider"])
def test_a_selection_loads_nothing_heavy(tmp_path: Path, requires: bool) -> None:
    provider = {"requires": ["x86-64-variant-provider"]} if requires else {"static-properties": {"level": ["v2"]}}
    document = {
        "$schema": "https://variants-schema.wheelnext.dev/peps/850/v0.2.0.json",
        "default-priorities": {"namespace": ["x86_64"]},
        "providers": {"x86_64": provider},
        "variants": {"v2": {"x86_64": {"level": ["v2"]}}, "null": {}},
    }
    path = tmp_path / "x-1-variants.json"
    path.write_text(json.dumps(document))
    query = "import sys; before = set(sys.modules); from variantkit.cli.main import main; "
    query += "main(['select', sys.argv[1]]); print(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-I", "-c", query, str(path)], capture_output=True, text=True, check=True)
    assert HEAVY.intersection(done.stdout.split()) == set(), done.stderr


def test_only_the_plugin_of_pytest_imports_pytest() -> None:
    users = {os.path.relpath(path, SDK) for path in modules_below(SDK) if "pytest" in imported_names(read(path))}
    assert users == {os.path.join("conformance", "pytest_plugin.py")}


def test_no_first_party_provider_is_named_in_the_sdk() -> None:
    for path in modules_below(SDK):
        for package in PACKAGES:
            if package.startswith("providers/"):
                assert os.path.basename(package) not in read(path), path
