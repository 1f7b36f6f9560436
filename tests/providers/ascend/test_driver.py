"""Huawei's driver in good and bad health: the real ctypes and process paths, over stubs."""

from __future__ import annotations

import sys
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

import pytest

from ascend_variant_provider._machine import Machine
from ascend_variant_provider._parse import parse_facts
from ascend_variant_provider._probe import probe_machine
from ascend_variant_provider._rules import decide_answer, diagnose, why_not
from ascend_variant_provider._tables import FORCE_CANN, FORCE_TYPE
from support.ascend_drivers import add_dcmi, add_nodes, add_smi
from support.stub_drivers import compile_library, needs_compiler, write_program

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

pytestmark = needs_compiler

MAPPING = """\
NPU ID                         Chip ID                        Chip Logic ID                  Chip Name
4                              0                              0                              Ascend 310P3
4                              1                              -                              Mcu"""
MAPPING_950 = """\
NPU ID          Slot ID         Chip Phy-ID     Chip Name
0               0               0               Ascend950PR
1               1               1               Ascend950PR"""


class Outcome(NamedTuple):
    types: list[str]
    notes: dict[str, str]
    reports: dict[str, str]
    driver: list[str]


def ask(root: Path, variables: Mapping[str, str] | None = None, seconds: float = 20.0) -> Outcome:
    machine = Machine(str(root), live=True, seconds=seconds)
    given = dict(variables or {})
    facts = parse_facts(probe_machine(machine, given), given)
    answer = {name: values for name, values, _ in decide_answer(facts)}
    reports = {path.removeprefix("/reports/"): text for path, text in machine.sources if path.startswith("/reports/")}
    outcome = Outcome(answer.get("npu_type", []), dict(diagnose(facts)), reports, answer.get("driver_version", []))
    if not outcome.types:
        assert why_not(facts, "npu_type", "310").endswith(".")
    return outcome


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return add_nodes(tmp_path / "root")


def add_pci(root: Path, *devices: str, vendor: str = "0x19e5") -> None:
    for number, device in enumerate(devices):
        slot = root / f"sys/bus/pci/devices/0000:{number:02x}:00.0"
        slot.mkdir(parents=True)
        (slot / "vendor").write_text(vendor + "\n")
        (slot / "device").write_text(device + "\n")


@pytest.mark.parametrize("lacking", ["V1", "V2", "INFO_V2"])
@pytest.mark.parametrize("card_list", ["dcmi_get_card_list", "dcmi_get_card_num_list"])
def test_either_interface_tells_the_chips(
    root: Path, monkeypatch: pytest.MonkeyPatch, lacking: str, card_list: str
) -> None:
    add_dcmi(root, lacking, card_list=card_list)
    monkeypatch.setenv("DCMI_CHIPS", "910B3,910B3")
    outcome = ask(root)
    assert (outcome.types, outcome.notes) == (["910b"], {})
    assert outcome.reports["dcmi"].count("\ndevice ") == 2


@pytest.mark.parametrize("place", ["usr/local/Ascend/driver/lib64/driver", "usr/local/npu/driver/lib64/driver"])
def test_the_library_is_found_in_each_of_its_places(root: Path, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    add_dcmi(root, place=place)
    monkeypatch.setenv("DCMI_CHIPS", "310P3")
    assert ask(root).types == ["310p"]


def test_a_library_that_needs_others_finds_them_without_a_search_path(
    root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """In containers LD_LIBRARY_PATH alone names the driver's folders, and a provider is not given it."""
    import subprocess

    from support.ascend_drivers import DCMI
    from support.stub_drivers import COMPILER

    assert COMPILER is not None
    driver = root / "usr/local/Ascend/driver/lib64/driver"
    inner = compile_library(root / "usr/local/Ascend/driver/lib64/common", "libmmpa.so", "int mmpa(void){return 1;}")
    driver.mkdir(parents=True)
    (root / "usr/local/dcmi").mkdir(parents=True)
    (tmp_path / "hal.c").write_text("int mmpa(void); int hal(void){return mmpa();}")
    (tmp_path / "dcmi.c").write_text(
        "#define CARD_LIST dcmi_get_card_list\nint hal(void);int use(void){return hal();}" + DCMI
    )
    for source, out, library in (
        ("hal.c", driver / "libascend_hal.so", inner),
        ("dcmi.c", root / "usr/local/dcmi/libdcmi.so", driver / "libascend_hal.so"),
    ):
        command = [COMPILER, "-shared", "-fPIC", "-w", "-Wl,--no-as-needed", f"-Wl,-soname,{out.name}"]
        command += [f"-Wl,-rpath-link,{inner.parent}", str(tmp_path / source), str(library), "-o", str(out)]
        subprocess.run(command, check=True)
    monkeypatch.setenv("DCMI_CHIPS", "910B1")
    outcome = ask(root)
    assert outcome.types == ["910b"], outcome.reports


def test_newest_drivers_answer_the_second_interface_alone(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add_dcmi(root)
    monkeypatch.setenv("DCMI_CHIPS", "Ascend950PR")
    monkeypatch.setenv("DCMI_V1", "-8255")
    assert ask(root).types == ["950pr", "950"]


def test_old_hardware_answers_the_first_interface_alone(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add_dcmi(root)
    monkeypatch.setenv("DCMI_CHIPS", "910ProA")
    monkeypatch.setenv("DCMI_V2", "-8255")
    assert ask(root).types == ["910proa", "910a", "910"]


@pytest.mark.parametrize(
    ("chips", "types"),
    [
        ("910B4-1", ["910b"]),
        ("910_9362", ["a3"]),
        ("Ascend910/9362", ["a3"]),
        ("Ascend910", ["a3"]),
        ("910B", ["910a", "910"]),
        ("310P3,Mcu", ["310p"]),
        ("310P3,910B3", ["910b", "310p"]),
        ("310B4", ["310b4", "310b"]),
    ],
)
def test_names_that_the_first_provider_lost(
    root: Path, monkeypatch: pytest.MonkeyPatch, chips: str, types: list[str]
) -> None:
    add_dcmi(root)
    monkeypatch.setenv("DCMI_CHIPS", chips)
    assert ask(root).types == types


@pytest.mark.parametrize(("device", "types"), [("0xd801", ["910a", "910"]), ("0xd802", ["910b"]), ("0xd803", ["a3"])])
def test_the_pci_list_settles_a_bare_name(
    root: Path, monkeypatch: pytest.MonkeyPatch, device: str, types: list[str]
) -> None:
    add_dcmi(root)
    add_pci(root, "0x1711", device, device)
    monkeypatch.setenv("DCMI_CHIPS", "Ascend910")
    assert ask(root).types == types


def test_an_npus_own_name_comes_before_the_pci_list(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add_dcmi(root)
    add_pci(root, "0xd801")
    monkeypatch.setenv("DCMI_CHIPS", "Ascend910/9362")
    assert ask(root).types == ["a3"]


def test_one_unreadable_npu_leaves_the_others(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add_dcmi(root)
    monkeypatch.setenv("DCMI_CHIPS", "310P3@-8020,910B3,310P3@-8020")
    outcome = ask(root)
    assert outcome.types == ["910b"]
    assert outcome.notes == {"npu-unreadable": "2 NPUs are left out, the first since the device is in use."}


@pytest.mark.parametrize("status", ["-8005", "-8020", "-8002", "-8013", "-8999"])
@pytest.mark.parametrize("call", ["INIT", "LIST", "CHIP"])
def test_a_driver_that_refuses_leaves_the_pci_list(
    root: Path, monkeypatch: pytest.MonkeyPatch, status: str, call: str
) -> None:
    add_dcmi(root)
    add_pci(root, "0xd802")
    monkeypatch.setenv("DCMI_CHIPS", f"910B3@{status}" if call == "CHIP" else "910B3")
    for name in {"INIT": ("DCMI_V1", "DCMI_V2"), "LIST": ("DCMI_LIST",), "CHIP": ()}[call]:
        monkeypatch.setenv(name, status)
    outcome = ask(root)
    assert outcome.types == ["910b"]
    reason = {"-8999": "-8999", "-8002": "permission", "-8013": "container"}.get(status, "in use")
    assert reason in outcome.notes["type-from-pci"]


@pytest.mark.parametrize("function", ["dcmiv2_init", "dcmiv2_get_device_list", "dcmiv2_get_device_chip_info"])
def test_a_hung_driver_costs_its_share_of_the_time_and_no_more(
    root: Path, monkeypatch: pytest.MonkeyPatch, function: str
) -> None:
    add_dcmi(root)
    add_smi(root, {"info -m": MAPPING})
    add_pci(root, "0xd500")
    monkeypatch.setenv("DCMI_CHIPS", "310P3")
    monkeypatch.setenv("DCMI_HANG", function)
    started = monotonic()
    outcome = ask(root, seconds=0.4)
    assert monotonic() - started < 2
    assert outcome.types == ["310p"]
    assert "did not answer in time" in outcome.notes["type-from-pci"]
    assert set(outcome.reports) == {"dcmi"}


@pytest.mark.parametrize("function", ["dcmiv2_init", "dcmiv2_get_device_chip_info", "dcmi_init"])
def test_a_crashing_driver_ends_its_child_alone(root: Path, monkeypatch: pytest.MonkeyPatch, function: str) -> None:
    add_dcmi(root)
    add_smi(root, {"info -m": MAPPING})
    monkeypatch.setenv("DCMI_CHIPS", "310P3")
    monkeypatch.setenv("DCMI_CRASH", function)
    monkeypatch.setenv("DCMI_V2", "-8255" if function == "dcmi_init" else "0")
    outcome = ask(root)
    assert outcome.types == ["310p"]
    assert outcome.reports["dcmi"].endswith("!signal 11\n")


@pytest.mark.parametrize("content", [b"", b"no library\n" * 99, b"\x7fELF\x01\x01\x01" + bytes(200)])
def test_a_library_that_is_none_leaves_the_tool(root: Path, content: bytes) -> None:
    (root / "usr/local/dcmi").mkdir(parents=True)
    (root / "usr/local/dcmi/libdcmi.so").write_bytes(content)
    assert "cannot be loaded" in ask(root).notes["type-unknown"]
    add_smi(root, {"info -m": MAPPING})
    assert ask(root).types == ["310p"]


@pytest.mark.parametrize("count", ["-1", "0", "1000000"])
def test_a_senseless_count_is_none(root: Path, monkeypatch: pytest.MonkeyPatch, count: str) -> None:
    add_dcmi(root)
    monkeypatch.setenv("DCMI_CHIPS", "910B3")
    monkeypatch.setenv("DCMI_COUNT", count)
    outcome = ask(root)
    assert outcome.types == (["910b"] if count == "1000000" else [])


def test_a_library_without_the_functions_is_named_by_what_it_lacks(root: Path) -> None:
    add_dcmi(root, "V1", "V2")
    outcome = ask(root)
    assert outcome.types == []
    assert "lacks dcmiv2_init\nlacks dcmi_init\n" in outcome.reports["dcmi"]


@pytest.mark.parametrize(
    ("answers", "types"),
    [
        ({"info -m": MAPPING}, ["310p"]),
        ({"info -m": MAPPING_950}, ["950pr", "950"]),
        ({"info -m": "DrvMngGetConsoleLogLevel failed. (g_conLogLevel=3)"}, []),
    ],
)
def test_without_dcmi_the_tool_tells(root: Path, answers: dict[str, str], types: list[str]) -> None:
    add_smi(root, answers)
    assert ask(root).types == types


@pytest.mark.parametrize(
    "script", ["sleep 30", "yes Ascend", "kill -SEGV $$", "exit 187", "printf '\\000\\377\\n|||\\n'"]
)
def test_a_tool_in_bad_health_costs_no_more_than_the_time(root: Path, script: str) -> None:
    write_program(root / "usr/local/bin/npu-smi", script + "\n")
    started = monotonic()
    outcome = ask(root, seconds=0.5)
    assert monotonic() - started < 3
    assert outcome.types == []
    assert "type-unknown" in outcome.notes


def test_nodes_without_the_vendors_software_are_absence(root: Path) -> None:
    outcome = ask(root)
    assert (outcome.types, set(outcome.notes)) == ([], {"type-unknown"})


@pytest.mark.parametrize(
    ("stub", "ignorance"),
    [
        ({"DCMI_HANG": "dcmiv2_init"}, True),
        ({"DCMI_CRASH": "dcmiv2_get_device_list"}, True),
        ({"DCMI_V1": "-8020", "DCMI_V2": "-8020"}, True),
        ({"DCMI_LIST": "-8013"}, True),
        ({"DCMI_CHIPS": "910B3@-8005"}, True),
        ({"DCMI_CHIPS": "H100@0,910B3@-8005"}, True),
        ({"DCMI_COUNT": "0"}, False),
        ({"DCMI_CHIPS": "H100"}, False),
        ({"DCMI_CHIPS": "Mcu"}, False),
        ({"DCMI_CHIPS": "310P3@-8020,910B3"}, False),  # some could be read
    ],
    ids=str,
)
def test_an_empty_answer_is_absence_where_the_driver_said_so_alone(
    root: Path, monkeypatch: pytest.MonkeyPatch, stub: dict[str, str], ignorance: bool
) -> None:
    add_dcmi(root)
    for name, value in {"DCMI_CHIPS": "910B3", **stub}.items():
        monkeypatch.setenv(name, value)
    notes = ask(root, seconds=1.0).notes
    assert (list(notes)[-1:] == ["undetermined"]) is ignorance
    assert ("undetermined" in notes) is ignorance
    assert "undetermined" not in ask(root, {FORCE_CANN: "8.2.0"}, seconds=1.0).notes


@pytest.mark.parametrize("script", ["sleep 30", "kill -SEGV $$", "exit 187", "echo 'dcmi is busy'"])
def test_a_tool_that_does_not_tell_is_ignorance(root: Path, script: str) -> None:
    write_program(root / "usr/local/bin/npu-smi", script + "\n")
    notes = ask(root, seconds=0.5).notes
    assert list(notes) == ["type-unknown", "undetermined"]
    assert "npu-smi" in notes["undetermined"]


def test_a_damaged_library_is_ignorance(root: Path) -> None:
    (root / "usr/local/dcmi").mkdir(parents=True)
    (root / "usr/local/dcmi/libdcmi.so").write_bytes(b"no library\n")
    assert list(ask(root).notes) == ["type-unknown", "undetermined"]


def test_the_tool_tells_the_drivers_version_when_its_file_is_missing(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_dcmi(root)
    add_smi(root, {"-v": "npu-smi version: 25.2.0"})
    monkeypatch.setenv("DCMI_CHIPS", "910B3")
    assert ask(root).driver == ["25.2.0"]


def test_a_forced_type_asks_no_driver(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add_dcmi(root)
    monkeypatch.setenv("DCMI_HANG", "dcmiv2_init")
    outcome = ask(root, {FORCE_TYPE: "910b"})
    assert (outcome.types, outcome.notes, outcome.reports) == (["910b"], {}, {})


def test_a_python_without_ctypes_still_asks_the_tool(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add_dcmi(root)
    add_smi(root, {"info -m": MAPPING})
    monkeypatch.setitem(sys.modules, "_ctypes", None)
    for name in [name for name in sys.modules if name == "ctypes" or name.endswith("_variant_provider._calls")]:
        monkeypatch.delitem(sys.modules, name)
    assert ask(root).types == ["310p"]


def test_without_nodes_no_driver_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add_dcmi(tmp_path)
    monkeypatch.setenv("DCMI_CHIPS", "910B3")
    outcome = ask(tmp_path)
    assert (outcome.types, outcome.reports) == ([], {})
