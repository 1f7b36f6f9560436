"""The whole road of a new vendor, with the commands that docs/vendor.md names and nothing else."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("hatchling")
pytest.importorskip("variantkit_build")

from support.approvals import approve, write_list
from support.stub_drivers import compile_library, needs_compiler
from support.uv import UV
from support.vendoring import repack_all
from support.wheels import make_wheel
from variantkit.trust.canonical import check_wheel

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).resolve().parents[4]
FORCE = "ACME_VARIANT_PROVIDER_FORCE_GENERATION"
RELEASE = """\
[variant.default-priorities]
namespace = ["acme"]

[variant.providers.acme]
requires = ["acme-variant-provider"]

[variant.variants.g3]
acme.generation = ["g3"]

[variant.variants.g2]
acme.generation = ["g2"]
acme.firmware_lower_bound = ["2.1"]

[variant.variants.g1]
acme.generation = ["g1"]

[variant.variants.null]
"""


class Road:
    """A vendor's directory: `acme-variant-provider/`, `dist/` with its wheel, `mine.json`, and `wheelhouse/`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        kept = {name: value for name, value in os.environ.items() if not re.match("PIP_|UV_|VARIANTKIT_|PYTEST", name)}
        self.environ = kept | {
            "HOME": str(root / "home"),
            "XDG_CONFIG_HOME": str(root / "home"),
            "PATH": os.path.dirname(UV) + os.pathsep + os.environ["PATH"],
            "PIP_CONFIG_FILE": os.devnull,
            "UV_NO_CONFIG": "1",
            "UV_CACHE_DIR": str(root / "uv-cache"),
        }

    def go(self, *words: str, expected: int = 0, environ: Mapping[str, str] | None = None) -> str:
        """Run one command of variantkit and return what it prints."""
        command = [sys.executable, "-m", "variantkit", *words]
        variables = self.environ | dict(environ or {})
        done = subprocess.run(command, cwd=self.root, env=variables, capture_output=True, text=True, check=False)
        assert done.returncode == expected, done.stdout[-3000:] + done.stderr
        return done.stdout

    def build(self, folder: str, out: str) -> Path:
        command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(self.root / out)]
        subprocess.run(command, cwd=self.root / folder, check=True, capture_output=True)
        (wheel,) = (self.root / out).glob("*.whl")
        return wheel


@pytest.fixture(scope="module")
def road(tmp_path_factory: pytest.TempPathFactory) -> Road:
    """As far as the approved list and the published release."""
    road = Road(tmp_path_factory.mktemp("road"))
    road.go("provider", "new", "acme")
    wheel = road.build("acme-variant-provider", "dist")
    write_list(road.root / "mine.json", [approve(str(wheel), "acme")])
    (road.root / "pyproject.toml").write_text(RELEASE)
    plain = make_wheel(road.root, "tensors")
    road.go("wheel", "label", plain, "--all", "-o", "wheelhouse")
    road.go("index", "wheelhouse")
    return road


DECIDE = ("--approved", "mine.json", "--provider-wheels", "dist")


def test_the_wheel_is_canonical_self_contained_and_has_a_bill_of_materials(road: Road) -> None:
    (wheel,) = (road.root / "dist").glob("*.whl")
    assert check_wheel(wheel.read_bytes()) is None
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (info,) = {name.split("/")[0] for name in names if ".dist-info/" in name}
        metadata = archive.read(f"{info}/METADATA").decode()
        (sbom,) = [json.loads(archive.read(name)) for name in names if name.startswith(f"{info}/sboms/")]
    assert "Requires-Dist" not in metadata
    assert "License-Expression: Apache-2.0" in metadata
    assert sbom["bomFormat"] == "CycloneDX"
    assert sbom["metadata"]["component"]["name"] == "acme-variant-provider"
    assert f"{info}/entry_points.txt" in names
    assert not [name for name in names if not name.startswith(("acme_variant_provider/", info))]


def test_the_same_project_elsewhere_builds_the_same_bytes(road: Road, tmp_path: Path) -> None:
    shutil.copytree(road.root / "acme-variant-provider", road.root / "copy")
    try:
        again = road.build("copy", str(tmp_path))
        (wheel,) = (road.root / "dist").glob("*.whl")
        assert again.read_bytes() == wheel.read_bytes()
    finally:
        shutil.rmtree(road.root / "copy")


@pytest.mark.parametrize("frontend", ["pip", "uv"])
def test_it_builds_without_any_index_from_a_directory_of_wheels(road: Road, frontend: str, tmp_path: Path) -> None:
    from hatchling.builders.sdist import SdistBuilder
    from hatchling.builders.wheel import WheelBuilder

    wheels = repack_all(tmp_path / "wheels", "hatchling")
    list(WheelBuilder(str(ROOT / "sdk" / "build")).build(directory=str(wheels), versions=["standard"]))
    project = str(road.root / "acme-variant-provider")
    (sdist,) = SdistBuilder(project).build(directory=str(tmp_path), versions=["standard"])
    pip = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-index", "--find-links", str(wheels)]
    uv = [UV, "build", "-q", "--wheel", "--no-index", "--find-links", str(wheels), "--python", sys.executable]
    command = {"pip": [*pip, "-w", str(tmp_path / "out"), sdist], "uv": [*uv, "-o", str(tmp_path / "out"), sdist]}
    subprocess.run(command[frontend], cwd=tmp_path, env=road.environ, check=True, capture_output=True)
    (built,) = (tmp_path / "out").glob("*.whl")
    (wheel,) = (road.root / "dist").glob("*.whl")
    assert built.read_bytes() == wheel.read_bytes()


def test_the_check_has_nothing_to_say_against_it(road: Road) -> None:
    document = json.loads(road.go("provider", "check", "dist", "--strict", "--json", "--python", sys.executable))
    assert (document["passed"], document["broken"]) == (True, [])


@pytest.mark.parametrize(
    ("environ", "label"),
    [({FORCE: "g3"}, "g3"), ({FORCE: "g1"}, "g1"), ({FORCE: "g2"}, "null"), ({FORCE: "g9"}, "null"), ({}, "null")],
    ids=str,
)
def test_a_release_that_asks_it_is_chosen_by_its_answer(road: Road, environ: dict[str, str], label: str) -> None:
    assert road.go("select", "wheelhouse", "tensors", *DECIDE, environ=environ) == label + "\n"


@pytest.mark.parametrize("installer", ["pip", "uv"])
def test_an_installation_takes_the_build_for_this_hardware(road: Road, installer: str, tmp_path: Path) -> None:
    named = ("--installer", installer, "--python", sys.executable, "--target", str(tmp_path))
    words = ("install", *named, "--index-url", "wheelhouse", *DECIDE, "tensors")
    assert "took g3" in road.go(*words, environ={FORCE: "g3"})
    (found,) = tmp_path.glob("tensors-*.dist-info/variant.json")
    assert list(json.loads(found.read_text())["variants"]) == ["g3"]


def test_without_the_list_it_is_not_run_and_the_plain_build_is_taken(road: Road) -> None:
    words = ("select", "wheelhouse", "tensors", "--provider-wheels", "dist", "--json")
    document = json.loads(road.go(*words, environ={FORCE: "g3"}))
    assert document["selected"] == "null"
    assert document["namespaces"]["acme"]["code"] == "not-listed"


def test_a_capture_of_one_machine_answers_on_another_as_a_test_of_the_project(road: Road, tmp_path: Path) -> None:
    capture = tmp_path / "capture.json"
    out = road.go("provider", "capture", "acme", "-o", str(capture), *DECIDE, environ={FORCE: "g3"})
    assert f"${FORCE}=g3" in out
    document = json.loads(capture.read_text())
    assert document["schema"] == "variantkit.capture/1"
    assert document["answer"]["features"] == [{"name": "generation", "values": ["g3"], "multi_value": False}]
    project = road.root / "acme-variant-provider"
    told = road.go("provider", "capture", "--unpack", str(capture), str(tmp_path / "tree"))
    assert f"captured with ${FORCE}=g3, which --root does not set" in told
    kept = project / "tests" / "captures" / "forced--generation=g3.json"
    shutil.copy(capture, kept)
    try:
        options = ("-q", "-p", "no:cacheprovider", "tests/test_captures.py", "-k", "forced")
        command = [sys.executable, "-m", "pytest", *options]
        done = subprocess.run(command, cwd=project, env=road.environ, capture_output=True, text=True, check=False)
        assert (done.returncode, "2 passed" in done.stdout) == (0, True), done.stdout
    finally:
        kept.unlink()


@needs_compiler
def test_a_machine_with_the_hardware_is_captured_unpacked_and_answers_the_same(road: Road, tmp_path: Path) -> None:
    # The runner passes no LD_LIBRARY_PATH on, so the machine with the stub is read by the provider's own command.
    library = compile_library(tmp_path / "lib", "libacme.so.1", STUB)
    tree = tmp_path / "machine"
    (tree / "sys/class/acme/card0").mkdir(parents=True)
    (tree / "sys/class/acme/card0/firmware").write_text("2.2.9\n")
    done = subprocess.run(
        [sys.executable, "-c", READ, str(tree), str(tmp_path / "capture.json")],
        env={"LD_LIBRARY_PATH": str(library.parent), "PYTHONPATH": str(road.root / "acme-variant-provider/src")},
        capture_output=True,
        text=True,
        check=True,
    )
    road.go("provider", "capture", "--unpack", str(tmp_path / "capture.json"), str(tmp_path / "again"))
    answered = subprocess.run(
        [sys.executable, "-m", "acme_variant_provider", "--root", str(tmp_path / "again"), "--json"],
        env={"PYTHONPATH": str(road.root / "acme-variant-provider/src")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(answered.stdout)["features"] == json.loads(done.stdout)
    assert [feature["values"][0] for feature in json.loads(done.stdout)] == ["g3", "2.2"]


STUB = """\
int acme_device_count(void) { return 1; }
int acme_device_chip(int number, unsigned *chip) { *chip = 0x30; return 0; }
"""
READ = """\
import json, sys
from acme_variant_provider._machine import Machine
from acme_variant_provider._parse import parse_facts
from acme_variant_provider._probe import probe_machine
from acme_variant_provider._rules import decide_answer
machine = Machine(sys.argv[1], live=True)
answer = decide_answer(parse_facts(probe_machine(machine), {}))
sources = [{"path": path, "text": text} for path, text in machine.sources]
with open(sys.argv[2], "w") as stream:
    json.dump({"schema": "variantkit.capture/1", "sources": sources}, stream)
print(json.dumps([{"name": n, "values": v, "multi_value": m} for n, v, m in answer]))
"""


def test_variantlib_loads_the_same_wheel_by_its_entry_point(road: Road, monkeypatch: pytest.MonkeyPatch) -> None:
    loader = pytest.importorskip("variantlib.plugins.loader")
    monkeypatch.setattr(loader, "VARIANT_PROVIDER_CACHE_TABLE", {})
    (wheel,) = (road.root / "dist").glob("*.whl")
    monkeypatch.syspath_prepend(str(wheel))
    monkeypatch.setenv("PYTHONPATH", str(wheel))
    monkeypatch.setenv(FORCE, "g2")
    with loader.DictPluginLoader({"acme": "acme_variant_provider"}) as plugins:
        supported, everything = plugins.get_supported_configs()["acme"], plugins.get_all_configs()["acme"]
    assert [(config.name, config.values) for config in supported.configs] == [("generation", ["g2"])]
    assert [config.name for config in everything.configs] == ["generation", "firmware_lower_bound"]


def test_uv_by_itself_takes_the_fallback_of_a_namespace_that_it_does_not_know(road: Road, tmp_path: Path) -> None:
    named = ("--target", str(tmp_path), "--python", sys.executable, "--no-index", "--find-links", "wheelhouse")
    subprocess.run(
        [UV, "pip", "install", "-q", "--preview-features", "wheel-variants", *named, "tensors"],
        cwd=road.root,
        env=road.environ | {FORCE: "g3"},
        check=True,
        capture_output=True,
    )
    (found,) = tmp_path.glob("tensors-*.dist-info/variant.json")
    assert list(json.loads(found.read_text())["variants"]) == ["null"]
