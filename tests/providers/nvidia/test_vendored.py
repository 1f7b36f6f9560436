"""NVIDIA's own bindings, as the built wheel carries them: asked when our few calls fail, and in a child alone."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("hatchling")

from support.first_party import build_provider
from support.nvidia_drivers import add_file, add_libcuda, add_nvml
from support.stub_drivers import needs_compiler, run_python

if TYPE_CHECKING:
    from pathlib import Path

ASK = """
import json, sys
sys.path.insert(0, sys.argv[1])
from nvidia_variant_provider import _native
from nvidia_variant_provider._machine import Machine
from nvidia_variant_provider._parse import parse_facts
from nvidia_variant_provider._probe import probe_machine
from nvidia_variant_provider._rules import decide_answer, diagnose
def broken(emit, *places):
    raise ValueError("our own calls are wrong")
if sys.argv[3] == "broken":
    _native.ask_nvml = broken
machine = Machine(sys.argv[2], live=True, seconds=30)
facts = parse_facts(probe_machine(machine, {}), {})
print(json.dumps([decide_answer(facts), diagnose(facts), machine.sources, "pynvml" in str(sys.modules)]))
"""


def ask(tmp_path: Path, how: str, **stub: str) -> tuple[dict[str, list[str]], dict[str, str], dict[str, str]]:
    add_file(tmp_path / "root", "/dev/nvidiactl")
    wheel = build_provider("nvidia")
    printed = run_python(ASK, wheel, str(tmp_path / "root"), how, libraries=tmp_path / "lib", variables=stub)
    answer, diagnostics, sources, loaded_here = json.loads(printed)
    assert not loaded_here, "the bindings are loaded in the child"
    return {name: values for name, values, _ in answer}, dict(diagnostics), dict(sources)


def test_the_wheel_carries_the_bindings_and_their_licence() -> None:
    with zipfile.ZipFile(build_provider("nvidia")) as wheel:
        names = wheel.namelist()
    assert "nvidia_variant_provider/_vendor/pynvml.py" in names
    assert any(name.endswith("/licenses/nvidia-ml-py/LICENSE") for name in names)
    assert not any(name.endswith((".pyc", ".pth", ".so")) for name in names)


@needs_compiler
def test_they_answer_when_our_own_calls_fail(tmp_path: Path) -> None:
    add_nvml(tmp_path / "lib")
    add_libcuda(tmp_path / "lib")
    features, diagnostics, sources = ask(tmp_path, "broken", GPUS="8.9,15@handle")
    assert features["sm_arch"][0] == "89_real"
    assert features["cuda_version_lower_bound"][0] == "12.4"
    assert features["driver_branch_lower_bound"][0] == "550"
    assert "lost 1 15" in sources["/reports/pynvml"]
    assert "our own calls are wrong" in diagnostics["driver-failed"]
    assert "gpu-lost" in diagnostics


@needs_compiler
def test_they_are_not_loaded_when_ours_work(tmp_path: Path) -> None:
    add_nvml(tmp_path / "lib")
    _, _, sources = ask(tmp_path, "sound", GPUS="8.9")
    assert "/reports/pynvml" not in sources


@needs_compiler
def test_a_failure_of_the_driver_is_the_same_through_them(tmp_path: Path) -> None:
    add_nvml(tmp_path / "lib")
    features, diagnostics, sources = ask(tmp_path, "broken", GPUS="8.9", RC_nvmlInitWithFlags="18")
    assert features == {}
    assert sources["/reports/pynvml"] == "init 18\n"
    assert "reboot" in diagnostics["driver-version-mismatch"]
    assert "/reports/devices" not in sources, "nobody knows better"
