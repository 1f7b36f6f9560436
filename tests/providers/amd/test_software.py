"""AMD's own software, stubbed: rocminfo and clinfo that print, hang or crash, and a HIP library compiled here."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from amd_variant_provider import _inquiry
from amd_variant_provider._machine import Machine
from amd_variant_provider._parse import Facts, parse_facts
from amd_variant_provider._probe import Evidence, probe_machine
from amd_variant_provider._rules import decide_answer, diagnose
from amd_variant_provider._tables import GENERIC, HIP_LIBRARIES
from support.stub_drivers import compile_library, needs_compiler, write_program
from support.trees import write_tree

if TYPE_CHECKING:
    from pathlib import Path

AGENT = """
Agent 2
  Name:                    gfx1100
  Device Type:             GPU
  Compute Unit:            96
  ISA Info:
    ISA 1
      Name:                    amdgcn-amd-amdhsa--gfx1100
    ISA 2
      Name:                    amdgcn-amd-amdhsa--gfx9-4-generic
"""


def exact(facts: Facts) -> list[str]:
    answer = {name: values for name, values, _ in decide_answer(facts)}
    return [arch for arch in answer.get("gfx_arch", []) if arch not in GENERIC]


def read_wsl(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str | None, seconds: float = 5, rocm: str = "6.4.2"
) -> Facts:
    """A WSL machine whose rocminfo is `script`, asked for at most `seconds`."""
    root = write_tree(tmp_path / "root", {"/dev/dxg": "", "/opt/rocm/.info/version": rocm})
    program = tmp_path / "rocminfo"
    if script is not None:
        write_program(program, script)
    monkeypatch.setattr(_inquiry, "ROCMINFO", (str(tmp_path / "missing"), str(program)))
    machine = Machine(str(root), live=True, seconds=seconds)
    return parse_facts(probe_machine(machine, {}, "linux"), {})


def test_wsl_is_asked_through_rocminfo_with_its_own_switch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LD_PRELOAD_X", "secret")
    script = f'test "$HSA_ENABLE_DXG_DETECTION-$LD_PRELOAD_X" = 1- && cat <<EOF{AGENT}EOF\n'
    facts = read_wsl(tmp_path, monkeypatch, script)
    assert (exact(facts), diagnose(facts)) == (["gfx1100"], [])


def test_a_second_instruction_set_is_no_second_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    facts = read_wsl(tmp_path, monkeypatch, f"cat <<EOF{AGENT}EOF\n")
    assert [gpu.said for gpu in facts.gpus] == ["gfx1100"]


def parse(name: str, text: str) -> list[tuple[str, int, bool]]:
    evidence = Evidence()
    evidence.reports = [(name, text)]
    return [(gpu.said, gpu.units, gpu.integrated) for gpu in parse_facts(evidence, {}).gpus]


@pytest.mark.parametrize(
    ("text", "gpus"),
    [
        pytest.param("Agent 1\nName: gfx942\nDevice Type: GPU\n", [("gfx942", 0, False)], id="no-units"),
        pytest.param(
            "Agent 1\nName: gfx942\nDevice Type: GPU\nCompute Unit: 228(0xe4)\nMemory Properties: APU\n",
            [("gfx942", 228, True)],
            id="processor-with-a-large-gpu",
        ),
        pytest.param("Agent 1\nName: x\nDevice Type: CPU\nAgent y\nName: gfx906\n", [], id="processor"),
        pytest.param("Name: gfx906\nDevice Type: GPU\n", [], id="outside-an-agent"),
        pytest.param("Agent 1\nName: gfx906\n", [], id="without-a-type"),
        pytest.param("Agent 1: no\nName: gfx906\nDevice Type: GPU\n", [], id="no-heading"),
        pytest.param(
            "Agent 1\nName: gfx906\nDevice Type: GPU\nCompute Unit: 123456\n", [("gfx906", 0, False)], id="absurd"
        ),
    ],
)
def test_what_rocminfo_says(text: str, gpus: list[tuple[str, int, bool]]) -> None:
    assert parse("rocminfo", text) == gpus


@pytest.mark.parametrize(
    ("text", "gpus"),
    [
        pytest.param("Device Type: CL_DEVICE_TYPE_CPU\nName: gfx1100\n", [], id="processor"),
        pytest.param("Device Type: CL_DEVICE_TYPE_GPU\nName: GeForce\n", [], id="another-vendor's"),
        pytest.param("  Device Name    GeForce\n  Device Type    GPU\n", [], id="another-vendor's-common"),
        pytest.param("  Device Name    gfx1100\n  Device Type    CPU\n", [], id="processor-common"),
        pytest.param("Name: gfx1100\n", [], id="outside-a-device"),
        pytest.param(
            "  Device Name    gfx1100\n  Device Topology (AMD)    PCI-E, 0000:03:00.0\n  Device Type    GPU\n"
            "  Max compute units    48\n",
            [("gfx1100", 48, False)],
            id="a-colon-in-a-value",
        ),
    ],
)
def test_what_clinfo_says(text: str, gpus: list[tuple[str, int, bool]]) -> None:
    assert parse("clinfo", text) == gpus


@pytest.mark.parametrize("text", ["device 0 gfx1100 4", "device", "gadget 0 gfx1100 4 1", "count 0 1", ""])
def test_other_lines_of_the_hip_report_are_no_devices(text: str) -> None:
    assert parse("hip", text + "\n") == []


def test_what_was_said_before_a_hang_counts_and_the_deadline_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = time.monotonic()
    facts = read_wsl(tmp_path, monkeypatch, f"cat <<EOF{AGENT}EOF\nexec sleep 60\n", seconds=0.5)
    assert time.monotonic() - begun < 5
    assert exact(facts) == ["gfx1100"]
    assert diagnose(facts) == [("report-failed", "rocminfo ended badly: timeout.")]


@pytest.mark.parametrize(
    ("script", "codes"),
    [
        pytest.param("exec sleep 60\n", ["report-failed"], id="hang"),
        pytest.param("kill -SEGV $$\n", ["report-failed"], id="crash"),
        pytest.param("exit 3\n", ["report-failed"], id="failure"),
        pytest.param("echo 'ROCk module is NOT loaded'\n", ["wsl-without-gpu"], id="no-agents"),
        pytest.param("head -c 900000 /dev/zero\n", ["report-failed"], id="flood"),
        pytest.param("head -c 9000 /dev/urandom\n", None, id="noise"),
        pytest.param(None, ["wsl-without-gpu"], id="missing"),
    ],
)
def test_a_rocminfo_that_does_not_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str | None, codes: list[str] | None
) -> None:
    facts = read_wsl(tmp_path, monkeypatch, script, seconds=0.5)
    assert exact(facts) == []
    assert [name for name, _, _ in decide_answer(facts)] == ["rocm_version"]
    assert codes is None or [code for code, _ in diagnose(facts)] == codes


@pytest.mark.parametrize(
    ("script", "ignorance"),
    [
        pytest.param("exec sleep 60\n", True, id="hang"),
        pytest.param("kill -SEGV $$\n", True, id="crash"),
        pytest.param("exit 3\n", True, id="failure"),
        pytest.param("echo 'ROCk module is NOT loaded, possibly no GPU devices'; exit 255\n", False, id="says-none"),
        pytest.param("echo 'ROCk module is NOT loaded'\n", False, id="says-none-and-ends-well"),
        pytest.param(None, False, id="missing"),
    ],
)
def test_a_rocminfo_that_says_none_is_absence_and_one_that_says_nothing_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str | None, ignorance: bool
) -> None:
    facts = read_wsl(tmp_path, monkeypatch, script, seconds=0.5, rocm="")
    assert decide_answer(facts) == []
    assert ([code for code, _ in diagnose(facts)][-1:] == ["undetermined"]) is ignorance


HIP = """
#include <string.h>
#include <unistd.h>
int hipGetDeviceCount(int *count) { *count = DEVICES; return COUNT_CODE; }
int hipGetDevicePropertiesNAMED(char *properties, int device) {
    if (device == HANGING) sleep(60);
    if (device == CRASHING) *(volatile char *)0 = 1;
    if (device == FAILING) return 1;
    const char *archs[] = ARCHS;
    strcpy(properties, "AMD Radeon gfx");
    strcpy(properties + 1160, archs[device]);
    return 0;
}
int hipDeviceGetAttribute(int *value, int attribute, int device) {
    int units[] = UNITS;
    *value = attribute == 63 ? units[device] : attribute == 16 ? units[device] < 4 : -1;
    return 0;
}
"""


def hip(archs: list[str], units: list[int], **settings: object) -> str:
    """The C source of a HIP library with these GPUs."""
    source = HIP.replace("ARCHS", "{" + ", ".join(f'"{arch}"' for arch in archs) + "}")
    source = source.replace("UNITS", "{" + ", ".join(map(str, units)) + "}")
    defaults = {"NAMED": "R0600", "HANGING": -1, "CRASHING": -1, "FAILING": -1, "COUNT_CODE": 0, "DEVICES": len(archs)}
    for name, value in {**defaults, **settings}.items():
        source = source.replace(name, str(value))
    return source


def read_windows(tmp_path: Path, *sources: str, clinfo: str | None = None, seconds: float = 5) -> Facts:
    """A machine that looks like Windows, with HIP libraries from `sources`, newest first."""
    system = str(tmp_path) + "\\System32\\"
    for name, source in zip(HIP_LIBRARIES, sources, strict=False):
        if source:
            compile_library(tmp_path, "built.so", source).rename(system + name)
        else:
            (tmp_path.parent / (tmp_path.name + "\\System32\\" + name)).write_text("no library")
    if clinfo is not None:
        write_program(tmp_path.parent / (tmp_path.name + "\\System32\\clinfo.exe"), clinfo)
    machine = Machine(seconds=seconds)
    return parse_facts(probe_machine(machine, {"WINDIR": str(tmp_path)}, "win32"), {})


@needs_compiler
@pytest.mark.parametrize("named", ["R0600", ""], ids=["today's-structure", "older-structure"])
def test_windows_is_asked_through_hip(tmp_path: Path, named: str) -> None:
    facts = read_windows(tmp_path, hip(["gfx1036", "gfx1201:xnack-"], [2, 64], NAMED=named))
    assert [(gpu.arch, gpu.units, gpu.integrated) for gpu in facts.gpus] == [
        ("gfx1036", 2, True),
        ("gfx1201", 64, False),
    ]
    assert exact(facts) == ["gfx1201", "gfx1036"]
    assert diagnose(facts) == []


@needs_compiler
@pytest.mark.parametrize(
    ("settings", "archs", "codes"),
    [
        pytest.param({"FAILING": 0}, ["gfx1201"], [], id="one-gpu-fails"),
        pytest.param({"CRASHING": 1}, ["gfx1036"], ["report-failed"], id="crash-at-the-second"),
        pytest.param({"HANGING": 1}, ["gfx1036"], ["report-failed"], id="hang-at-the-second"),
        pytest.param({"HANGING": 0}, [], ["report-failed", "undetermined"], id="hang-at-once"),
        pytest.param({"CRASHING": 0}, [], ["report-failed", "undetermined"], id="crash-at-once"),
        pytest.param({"COUNT_CODE": 3}, [], ["gpu-unreadable", "undetermined"], id="refused"),
        pytest.param({"COUNT_CODE": 100}, [], [], id="no-device"),
        pytest.param({"DEVICES": 0}, [], [], id="none-counted"),
        pytest.param({"DEVICES": -5}, [], [], id="senseless-count"),
        pytest.param({"NAMED": "Renamed"}, [], ["gpu-unreadable", "undetermined"], id="function-missing"),
    ],
)
def test_a_hip_library_that_fails(
    tmp_path: Path, settings: dict[str, object], archs: list[str], codes: list[str]
) -> None:
    seconds = 0.5 if "HANGING" in settings else 5.0
    facts = read_windows(tmp_path, hip(["gfx1036", "gfx1201"], [2, 64], **settings), seconds=seconds)
    assert (exact(facts), [code for code, _ in diagnose(facts)]) == (archs, codes)


@needs_compiler
def test_the_next_library_is_tried_after_one_that_cannot_be_loaded(tmp_path: Path) -> None:
    facts = read_windows(tmp_path, "", hip(["gfx1201"], [64]))
    assert exact(facts) == ["gfx1201"]
    ((code, sentence),) = diagnose(facts)
    assert code == "report-failed"
    assert "amdhip64_10.dll" in sentence


@needs_compiler
@pytest.mark.parametrize(
    ("sources", "notes"),
    [
        pytest.param([""], ["report-failed", "undetermined"], id="damaged"),
        pytest.param(["", hip(["gfx1201"], [64], COUNT_CODE=100)], ["report-failed"], id="the-next-says-none"),
    ],
)
def test_a_damaged_hip_library_leaves_open_whether_there_is_a_gpu(
    tmp_path: Path, sources: list[str], notes: list[str]
) -> None:
    facts = read_windows(tmp_path, *sources)
    assert (exact(facts), [code for code, _ in diagnose(facts)]) == ([], notes)


CLINFO = "printf '  Device Type:  CL_DEVICE_TYPE_GPU\\n  Max compute units:  30\\n  Name:  gfx1101\\n'\n"


@pytest.mark.parametrize(
    ("clinfo", "archs", "notes"),
    [
        pytest.param(CLINFO, ["gfx1101"], [], id="answers"),
        pytest.param(CLINFO + "exec sleep 60\n", ["gfx1101"], ["report-failed"], id="answers-and-hangs"),
        pytest.param("exec sleep 60\n", [], ["report-failed", "undetermined"], id="hangs"),
        pytest.param("exit 1\n", [], ["report-failed"], id="fails-as-without-a-gpu"),
    ],
)
def test_clinfo_is_asked_where_hip_has_no_answer(
    tmp_path: Path, clinfo: str, archs: list[str], notes: list[str]
) -> None:
    facts = read_windows(tmp_path, clinfo=clinfo, seconds=0.5)
    assert (exact(facts), [code for code, _ in diagnose(facts)]) == (archs, notes)


@needs_compiler
def test_clinfo_is_not_asked_where_hip_has_answered(tmp_path: Path) -> None:
    facts = read_windows(tmp_path, hip(["gfx1201"], [64]), clinfo=CLINFO)
    assert [gpu.arch for gpu in facts.gpus] == ["gfx1201"]


def test_a_windows_machine_without_amds_driver_starts_nothing(tmp_path: Path) -> None:
    machine = Machine()
    evidence = probe_machine(machine, {"WINDIR": str(tmp_path)}, "win32")
    assert (evidence.reports, [path for path, _ in machine.sources if "/reports/" in path]) == ([], [])
