"""Level Zero and the xe driver in good and bad health: the real ctypes and ioctl paths, over stubs."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

import pytest

from intel_variant_provider._tables import FORCE_IP
from support.intel_drivers import add_gpu, add_loader, ask_machine
from support.interpreters import INTERPRETERS
from support.stub_drivers import needs_compiler

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = needs_compiler

B580, LUNAR_LAKE, ARC_A770, PANTHER_LAKE = "e20b:05004000", "64a0:05010004", "56a0:030dc008", "b080:07804001"


class Bench(NamedTuple):
    """A machine under construction: its files, and where its driver's libraries are."""

    root: Path
    libraries: Path


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    add_gpu(tmp_path / "root", "0xe20b")
    return Bench(tmp_path / "root", tmp_path / "lib")


@pytest.fixture
def driver(bench: Bench) -> Bench:
    add_loader(bench.libraries)
    return bench


@pytest.mark.parametrize("python", INTERPRETERS)
def test_a_healthy_driver_answers_and_has_nothing_to_report(driver: Bench, python: str) -> None:
    outcome = ask_machine(*driver, {"ZE_GPUS": B580}, python=python)
    assert (outcome.values, outcome.notes) == (["20.1.0"], {})
    assert outcome.why_not == "The GPUs here support 20.1.0, says Level Zero."
    assert set(outcome.reports) == {"level-zero"}


@pytest.mark.parametrize(
    ("gpus", "values"),
    [
        (f"{B580},{LUNAR_LAKE}", ["20.1.0", "20.4.4"]),
        (f"{LUNAR_LAKE},{B580}", ["20.4.4", "20.1.0"]),
        ("e220:05008000,e20b:05004000", ["20.2.0", "20.1.0"]),
        (f"{ARC_A770},56a5:030e0005", ["12.55.8", "12.56.5"]),
        (f"{B580},{B580}", ["20.1.0"]),
        ("0bd5:030f0007", ["12.60.7"]),
        (PANTHER_LAKE, ["30.1.1", "30.0.4"]),
        ("ffff:0783c003", ["30.15.3", "30.0.4"]),
        ("ffff:07858000", ["30.0.4"]),
    ],
)
def test_gpus_in_their_order_each_before_its_base(driver: Bench, gpus: str, values: list[str]) -> None:
    outcome = ask_machine(*driver, {"ZE_GPUS": gpus + "," + B580 if "e20b" not in gpus else gpus})
    assert outcome.values[: len(values)] == values


def test_a_version_that_is_no_value_leaves_its_base(driver: Bench) -> None:
    outcome = ask_machine(*driver, {"ZE_GPUS": f"{B580},ffff:07858000,eeee:0fc00000"})
    assert outcome.values == ["20.1.0", "30.0.4"]
    said = "30.22.0, says Level Zero, is no value here; its base 30.0.4 is supported."
    assert outcome.notes == {"ip-unknown": said}


@pytest.mark.parametrize(
    ("lacking", "stub"),
    [
        (("INIT_DRIVERS",), {}),
        ((), {"ZE_INIT_DRIVERS": "78000003"}),
        ((), {"ZE_INIT_DRIVERS": "78000001"}),
        (("INIT",), {}),
    ],
)
def test_old_and_new_ways_to_start(bench: Bench, lacking: tuple[str, ...], stub: dict[str, str]) -> None:
    add_loader(bench.libraries, *lacking)
    assert ask_machine(*bench, {"ZE_GPUS": B580, **stub}).values == ["20.1.0"]


def test_one_lost_gpu_leaves_the_others_and_is_told_by_its_pci_device(driver: Bench) -> None:
    add_gpu(driver.root, "0x56a0", "i915", 129)
    add_gpu(driver.root, "0x1234", "i915", 130)
    outcome = ask_machine(*driver, {"ZE_GPUS": f"@70000001,{B580}"})
    assert outcome.values == ["20.1.0", "12.55.8"]
    assert "0x56a0 is taken from /sys/class/drm/renderD129/device" in outcome.notes["ip-without-level-zero"]
    assert "the GPU was lost or hangs" in outcome.notes["ip-without-level-zero"]
    assert outcome.notes["ip-unknown"].startswith("0x1234 in /sys/class/drm/renderD130/device")


@pytest.mark.parametrize(
    ("stub", "says"),
    [
        ({"ZE_INIT_DRIVERS": "78000001", "ZE_INIT": "78000001"}, "it finds no GPU that it may use"),
        ({"ZE_DEVICES": "70010000"}, "this user has no permission"),
        ({"ZE_GPUS": "@70000001"}, "the GPU was lost or hangs"),
        ({"ZE_GPUS": "@12345678"}, "its status is 0x12345678"),
        ({"ZE_GPUS": ""}, "it told of none"),
        ({"ZE_DRIVERS": "0"}, "it told of none"),
        ({"ZE_GPUS": "e20b:0"}, "it told of none"),
        ({"ZE_GPUS": "e20b:05004000:10de"}, "it told of none"),
        ({"ZE_GPUS": "e20b:05004000:8086:5"}, "it told of none"),
        ({"ZE_CRASH": "zeInitDrivers"}, "Level Zero ended with signal 11"),
        ({"ZE_CRASH": "zeDeviceGetProperties"}, "Level Zero ended with signal 11"),
    ],
)
def test_a_level_zero_that_does_not_tell_leaves_the_pci_device(driver: Bench, stub: dict[str, str], says: str) -> None:
    outcome = ask_machine(*driver, {"ZE_GPUS": B580, **stub})
    assert outcome.values == ["20.1.0"]
    assert says in outcome.notes["ip-without-level-zero"]


@pytest.mark.parametrize("function", ["zeInitDrivers", "zeDeviceGet", "zeDeviceGetProperties"])
def test_a_hung_driver_costs_its_share_of_the_time_and_no_more(driver: Bench, function: str) -> None:
    started = monotonic()
    outcome = ask_machine(*driver, {"ZE_GPUS": B580, "ZE_HANG": function}, seconds=0.4)
    assert monotonic() - started < 4
    assert outcome.values == ["20.1.0"]
    assert "did not answer in time" in outcome.notes["ip-without-level-zero"]


def test_what_was_told_before_a_crash_counts(driver: Bench) -> None:
    add_gpu(driver.root, "0x64a0", number=129)
    outcome = ask_machine(*driver, {"ZE_GPUS": "e20b:05008000,!"})
    assert outcome.values == ["20.2.0", "20.1.0", "20.4.4"]
    assert "Level Zero ended with signal 11" in outcome.notes["ip-without-level-zero"]


@pytest.mark.parametrize("lacking", [("INIT", "INIT_DRIVERS"), ("DEVICES",)])
def test_a_loader_without_the_functions(bench: Bench, lacking: tuple[str, ...]) -> None:
    add_loader(bench.libraries, *lacking)
    outcome = ask_machine(*bench, {"ZE_GPUS": B580})
    assert outcome.values == ["20.1.0"]
    assert "lacks " in outcome.reports["level-zero"]


@pytest.mark.parametrize("content", [b"", b"no library\n" * 99, b"\x7fELF\x01\x01\x01" + bytes(200)])
def test_a_loader_that_is_none_is_named(bench: Bench, content: bytes) -> None:
    bench.libraries.mkdir()
    (bench.libraries / "libze_loader.so.1").write_bytes(content)
    outcome = ask_machine(*bench)
    assert outcome.values == ["20.1.0"]
    assert "libze_loader.so.1 " in outcome.notes["ip-without-level-zero"]


def test_without_a_loader_the_kernel_tells(bench: Bench) -> None:
    """The loader is no part of the kernel's driver: where it is missing, the first provider finds nothing."""
    outcome = ask_machine(*bench, {"XE_GTS": "1:13:1:0,0:20:1:4"})
    assert outcome.values == ["20.1.4", "20.1.0"]
    said = "0xe20b is taken from /dev/dri/renderD128, since libze_loader.so.1 is not installed."
    assert outcome.notes == {"ip-without-level-zero": said}


@pytest.mark.parametrize(
    "stub",
    [
        {"XE_GTS": "@13"},
        {"XE_GTS": "@22"},
        {"XE_GTS": "1:20:1:0"},
        {"XE_GTS": "0:0:0:0"},
        {"XE_GTS": "0:20:4:4", "XE_SIZE": "4"},
        {"XE_GTS": "0:20:4:4", "XE_SIZE": "900000"},
    ],
    ids=lambda stub: " ".join(stub.values()),
)
def test_a_kernel_that_does_not_tell_leaves_the_pci_device(bench: Bench, stub: dict[str, str]) -> None:
    assert ask_machine(*bench, stub).values == ["20.1.0"]


def test_a_kernel_that_hangs_costs_no_more_than_the_time(bench: Bench) -> None:
    started = monotonic()
    assert ask_machine(*bench, {"XE_GTS": "hang"}, seconds=0.5).values == ["20.1.0"]
    assert monotonic() - started < 4


def test_without_level_zero_cards_come_before_processors_gpus(tmp_path: Path) -> None:
    add_gpu(tmp_path, "0x7d67", "i915", 128)
    add_gpu(tmp_path, "0x56a0", "i915", 129)
    assert ask_machine(tmp_path, tmp_path / "lib").values == ["12.55.8", "12.70.4"]


def test_what_hides_gpus_from_a_program_does_not_hide_them_here(driver: Bench) -> None:
    assert ask_machine(*driver, {"ZE_GPUS": B580, "ZE_AFFINITY_MASK": "9"}).values == ["20.1.0"]


def test_a_python_without_ctypes_still_asks_the_kernel(driver: Bench) -> None:
    prelude = "import sys; sys.modules['_ctypes'] = None\n"
    outcome = ask_machine(*driver, {"ZE_GPUS": B580, "XE_GTS": "0:20:4:4"}, prelude=prelude)
    assert outcome.values == ["20.4.4", "20.1.0"]
    assert "Level Zero ended with error ModuleNotFoundError" in outcome.notes["ip-without-level-zero"]


def test_more_drivers_and_devices_than_there_can_be(driver: Bench) -> None:
    outcome = ask_machine(*driver, {"ZE_GPUS": B580, "ZE_DRIVERS": "ffffffff", "ZE_COUNT": "7fffffff"})
    assert (outcome.values, outcome.notes) == (["20.1.0"], {})
    assert outcome.reports["level-zero"].count("devices ") == 16


@pytest.mark.parametrize(
    ("node", "driver_name", "code"), [(False, "xe", "node-missing"), (True, "nvidia", "driver-unknown")]
)
def test_a_gpu_that_no_program_here_can_use_is_asked_nothing(
    tmp_path: Path, node: bool, driver_name: str, code: str
) -> None:
    add_gpu(tmp_path, "0xe20b", driver_name, node=node)
    add_loader(tmp_path / "lib")
    outcome = ask_machine(tmp_path, tmp_path / "lib", {"ZE_GPUS": B580})
    assert (outcome.values, set(outcome.notes), outcome.reports) == ([], {code}, {})
    assert outcome.why_not == outcome.notes[code]


def test_another_vendors_gpu_is_none_of_ours(tmp_path: Path) -> None:
    add_gpu(tmp_path, "0xe20b")
    (tmp_path / "sys/class/drm/renderD128/device/vendor").write_text("0x1002\n")
    outcome = ask_machine(tmp_path, tmp_path / "lib")
    assert (outcome.values, outcome.notes, outcome.reports) == ([], {}, {})
    assert outcome.why_not == "No Intel GPU was found in /sys/class/drm."


def test_wsl_shows_no_render_node_and_level_zero_tells(tmp_path: Path) -> None:
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev/dxg").touch()
    assert ask_machine(tmp_path, tmp_path / "lib").reports == {}
    add_loader(tmp_path / "lib")
    add_loader(tmp_path / "usr/lib64")
    assert ask_machine(tmp_path, tmp_path / "lib", {"ZE_GPUS": B580}).values == ["20.1.0"]
    outcome = ask_machine(tmp_path, tmp_path / "lib")
    assert (outcome.values, set(outcome.notes)) == ([], {"no-gpu"})


REFUSES = {"ZE_INIT_DRIVERS": "78000001", "ZE_INIT": "78000001"}


@pytest.mark.parametrize(
    ("stub", "ignorance"),
    [
        ({"ZE_HANG": "zeInitDrivers"}, True),
        ({"ZE_CRASH": "zeDeviceGetProperties"}, True),
        ({"ZE_GPUS": "@70000001"}, True),
        ({"ZE_DEVICES": "70010000"}, True),
        ({"ZE_INIT_DRIVERS": "70020000", "ZE_INIT": "70020000"}, True),
        ({"ZE_INIT_DRIVERS": "78000003", "ZE_GPUS": ""}, False),  # an older loader, and it answers
        (REFUSES, False),
        ({"ZE_GPUS": ""}, False),
        ({"ZE_GPUS": "1234:0"}, False),
        ({"ZE_GPUS": "1234:0fc00000"}, False),
        ({"ZE_GPUS": f"@70000001,{B580}"}, False),  # some could be read
    ],
    ids=str,
)
@pytest.mark.parametrize("place", ["linux", "wsl"])
def test_an_empty_answer_is_absence_where_level_zero_said_so_alone(
    tmp_path: Path, stub: dict[str, str], ignorance: bool, place: str
) -> None:
    """As for a GPU that no table has: a known one is told by its PCI device."""
    add_loader(tmp_path / "lib")
    if place == "linux":
        add_gpu(tmp_path, "0x1234", "i915")
    else:
        add_loader(tmp_path / "usr/lib64")
        (tmp_path / "dev").mkdir()
        (tmp_path / "dev/dxg").touch()
    outcome = ask_machine(tmp_path, tmp_path / "lib", {"ZE_GPUS": "1234:0", **stub}, seconds=1.0)
    assert (list(outcome.notes)[-1:] == ["undetermined"]) is ignorance
    assert ("undetermined" in outcome.notes) is ignorance
    assert not (ignorance and outcome.values)


def test_an_unknown_gpu_without_level_zero_is_absence_unless_the_kernel_refuses(tmp_path: Path) -> None:
    add_gpu(tmp_path, "0x1234", "i915")
    assert set(ask_machine(tmp_path, tmp_path / "lib").notes) == {"ip-unknown"}
    add_gpu(tmp_path / "xe", "0x1234")
    outcome = ask_machine(tmp_path / "xe", tmp_path / "lib", {"XE_GTS": "@13"})
    assert list(outcome.notes) == ["ip-unknown", "undetermined"]
    outcome = ask_machine(tmp_path / "xe", tmp_path / "lib", {"XE_GTS": "hang"}, seconds=0.5)
    assert list(outcome.notes) == ["ip-unknown", "undetermined"]
    assert set(ask_machine(tmp_path / "xe", tmp_path / "lib", {"XE_GTS": "0:0:0:0"}).notes) == {"ip-unknown"}


@pytest.mark.parametrize("content", [b"", b"no library\n" * 99])
def test_a_damaged_loader_leaves_open_what_an_unknown_gpu_is(tmp_path: Path, content: bytes) -> None:
    add_gpu(tmp_path, "0x1234", "i915")
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib/libze_loader.so.1").write_bytes(content)
    assert list(ask_machine(tmp_path, tmp_path / "lib").notes) == ["ip-unknown", "undetermined"]


def test_a_forced_version_asks_no_driver(driver: Bench) -> None:
    outcome = ask_machine(*driver, {"ZE_HANG": "zeInitDrivers"}, overrides={FORCE_IP: "20.2.0, 12.55.8"})
    assert (outcome.values, outcome.reports) == (["20.2.0", "20.1.0", "12.55.8"], {})
