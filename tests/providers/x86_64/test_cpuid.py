"""CPUID: the rows against given registers, against this machine's kernel, and as it is run here."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import x86_64_variant_provider
from support.qemu import ON_X86_64_LINUX
from support.x86_64 import (
    ALL_STATES,
    EVERY,
    FEATURES,
    V2,
    V3,
    V4,
    Processor,
    answer_of,
    evidence_of,
    extensions_of,
    flags_line,
)
from x86_64_variant_provider._native import bind_by_core
from x86_64_variant_provider._native_public import bind_by_ctypes
from x86_64_variant_provider._parse import ROWS, Facts, parse_facts, parse_kernel, parse_registers
from x86_64_variant_provider._probe import ThisMachine, probe_cpuid, probe_machine
from x86_64_variant_provider._rules import diagnose, find_obstacle

SOURCES = os.path.dirname(os.path.dirname(os.path.abspath(x86_64_variant_provider.__file__)))
needs_x86_64_linux = pytest.mark.skipif(not ON_X86_64_LINUX, reason="needs a 64-bit x86 Linux")
SHOWN = {name for name in EVERY if name in FEATURES}


def level_of(facts: Facts) -> str:
    return answer_of(facts)["level"][0]


@pytest.mark.parametrize(
    ("xcr0", "level", "lost"),
    [
        (ALL_STATES, "v4", set()),
        (ALL_STATES & ~0x80000, "v4", {"apx"}),
        (ALL_STATES & ~0x40000, "v4", {name for name in EVERY if name.startswith("amx_")}),
        (0x7, "v3", {name for name, row in FEATURES.items() if row.xcr0 & 0xE0000 or row.xcr0 & 0xE0}),
        (0x67, "v3", {name for name, row in FEATURES.items() if row.xcr0 & 0xE0000 or row.xcr0 & 0xE0}),
        (0x3, "v2", {name for name, row in FEATURES.items() if row.xcr0 & ~1}),
    ],
    ids=["all", "no-apx", "no-amx-data", "no-avx512", "half-avx512", "no-avx"],
)
def test_a_register_set_that_the_system_did_not_enable_is_absent(xcr0: int, level: str, lost: set[str]) -> None:
    facts = Processor(EVERY, xcr0).facts()
    assert level_of(facts) == level
    assert SHOWN - extensions_of(facts) == lost


def test_without_osxsave_xgetbv_is_not_executed() -> None:
    def fault() -> int:
        raise AssertionError("XGETBV executed")

    text = probe_cpuid(Processor(EVERY, osxsave=False).cpuid, fault)
    facts = parse_facts(evidence_of("cpuid", text), {})
    assert level_of(facts) == "v2"
    assert not extensions_of(facts) & {"xsave", "xsavec", "avx", "amx_tile", "apx"}


@pytest.mark.parametrize(("highest", "level"), [(1, "v2"), (7, "v4"), (0xD, "v4")])
def test_a_leaf_beyond_the_highest_is_not_believed(highest: int, level: str) -> None:
    facts = Processor(V4 | {"xsavec", "avx10_1", "amx_movrs", "amx_tile"}, highest=highest).facts()
    assert level_of(facts) == level
    assert not extensions_of(facts) & {"avx10_1", "avx10_2", "amx_movrs", "amx_fp8"}


def test_subleaf_1_of_leaf_7_is_not_believed_unless_announced() -> None:
    processor = Processor(V4 | {"avx_vnni"})
    processor.words["7.0"][0] = 0
    assert "avx_vnni" not in extensions_of(processor.facts())


@pytest.mark.parametrize(("version", "expected"), [(0, set()), (1, {"avx10_1"}), (3, {"avx10_1", "avx10_2"})])
def test_avx10_is_a_version_that_its_bit_announces(version: int, expected: set[str]) -> None:
    processor = Processor(V4 | {"avx10_1"})
    processor.words["24.0"][1] = version | 0xFF00
    assert {name for name in extensions_of(processor.facts()) if name.startswith("avx10")} == expected
    processor.words["7.1"][3] &= ~(1 << 19)
    assert "avx10_1" not in extensions_of(processor.facts())


def test_what_is_needed_and_missing_takes_its_dependants_along() -> None:
    extensions = extensions_of(Processor(EVERY - {"avx2"}).facts())
    assert not extensions & {"avx2", "avx512f", "avx512_vnni", "avx10_1", "avx_vnni", "sha512"}
    assert extensions >= {"avx", "fma", "vaes", "amx_tile"}


def test_what_the_kernel_switched_off_is_absent_though_cpuid_has_it() -> None:
    facts = Processor(V4).facts(flags_line(V4 - {"avx512f"}), "6.1.0")
    assert level_of(facts) == "v3"
    assert find_obstacle(ROWS["avx512f"], facts) == "flags"


def test_what_this_kernel_cannot_name_is_decided_by_cpuid() -> None:
    names = V4 | {"avx_vnni", "avx512_fp16", "avx_ifma", "amx_tile", "amx_fp16"}
    facts = Processor(names).facts(flags_line(V4), "5.4.0-generic")
    assert extensions_of(facts) >= names
    facts = Processor(names).facts(flags_line(V4), "6.12.0")
    assert extensions_of(facts) & names == V4 | {"avx_ifma"}


def test_an_emulated_processor_is_not_its_host() -> None:
    assert level_of(Processor(V2).facts(flags_line(EVERY), "6.12.0")) == "v2"


def test_unreadable_kernel_flags_leave_cpuid_alone_without_a_word() -> None:
    facts = Processor(V4).facts("Features\t: fp asimd\n", "6.12.0")
    assert (level_of(facts), diagnose(facts)) == ("v4", [])


@pytest.mark.parametrize(("kernel", "present"), [("4.18.0-553.el8", False), ("5.9.0", True), ("", True)])
def test_fsgsbase_waits_for_the_kernel_that_enables_it(kernel: str, present: bool) -> None:
    facts = Processor(V3 | {"fsgsbase"}).facts(flags_line(V3 | {"fsgsbase"}), kernel)
    assert ("fsgsbase" in extensions_of(facts)) is present


@pytest.mark.parametrize("vendor", ["GenuineIntel", "AuthenticAMD", "CentaurHauls", ""])
def test_the_vendor_is_spelled_in_leaf_0(vendor: str) -> None:
    assert Processor(V2, vendor=vendor).facts("vendor_id\t: HostVendor\n").vendor == vendor


def test_a_dump_may_be_in_any_order_and_any_spelling_of_numbers() -> None:
    text = "xcr0 0x7\n7.0 1 0x20 0 0\n\n1.0 0 0 8000000 0\n0.0 D 0 0 0\n"
    leaves, xcr0 = parse_registers(text)
    assert (leaves["7.0"], xcr0) == ([1, 0x20, 0, 0], 7)


@needs_x86_64_linux
def test_this_processor_and_this_kernel_agree_on_every_bit_both_show() -> None:
    facts = parse_facts(probe_machine(ThisMachine()), {})
    if facts.bits is None or facts.flags is None or facts.kernel is None:
        pytest.skip(f"one source is not readable here: {facts.refusal}")
    usable = {name for name in facts.bits if facts.xcr0 & ROWS[name].xcr0 == ROWS[name].xcr0}
    shared = [row for row in ROWS.values() if row.register >= 0]
    shared = [row for row in shared if (parse_kernel(row.since) or facts.kernel) < facts.kernel]
    assert len(shared) > 60
    assert [row.name for row in shared if (row.name in usable) != (row.flag in facts.flags)] == []


@needs_x86_64_linux
def test_no_executable_page_is_left_behind() -> None:
    def executable_pages() -> list[str]:
        lines = Path("/proc/self/maps").read_text(encoding="utf-8", errors="replace").splitlines()
        return [line for line in lines if "x" in line.split()[1]]

    probe_machine(ThisMachine())  # loads libraries
    before = executable_pages()
    probe_machine(ThisMachine())
    assert executable_pages() == before


@needs_x86_64_linux
def test_both_ways_to_call_foreign_functions_call_the_same() -> None:
    process = os.getpid()
    for bind, words in (bind_by_core(), bind_by_ctypes()):
        assert bind("getpid", "i", "")() == process
        room = words()
        assert list(room) == [0, 0, 0, 0]
        bind("memcpy", "P", "PPL")(room, b"\x01\x02\0\0" * 4, 16)
        assert list(room) == [0x201] * 4


@needs_x86_64_linux
def test_a_python_whose_own_names_differ_takes_the_public_way() -> None:
    code = (
        f"import sys; sys.path.insert(0, {SOURCES!r}); import _ctypes; del _ctypes.dlsym; "
        "import x86_64_variant_provider as p; p.get_supported_configs(); "
        "print('ctypes' in sys.modules, dict(p.get_evidence())['/reports/cpuid'].split()[0])"
    )
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("True 0.0\n", "")
