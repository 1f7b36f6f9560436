"""CPUID: the rows against given registers, against this machine's kernel, and under emulation."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import x86_64_variant_provider
from x86_64_variant_provider._parse import REGISTERS, Facts, parse_facts, parse_rows
from x86_64_variant_provider._probe import Evidence, probe_machine, probe_registers
from x86_64_variant_provider._rules import decide_answer, diagnose, find_obstacle
from x86_64_variant_provider._tables import LEAVES, LEVELS

ROWS = parse_rows()
SOURCES = os.path.dirname(os.path.dirname(os.path.abspath(x86_64_variant_provider.__file__)))
ON_LINUX = sys.platform == "linux" and os.uname().machine == "x86_64"
QEMU = shutil.which("qemu-x86_64-static") or shutil.which("qemu-x86_64")
ALL_STATES = 0xE0 | 0x7 | 0x60000 | 0x80000


class Processor:
    """A processor that has the named extensions and, like real ones, answers absent leaves with other bits."""

    def __init__(self, names: set[str], xcr0: int = ALL_STATES, *, osxsave: bool = True, highest: int = 0x24) -> None:
        self.xcr0, self.highest = xcr0, highest
        self.words: dict[tuple[int, int], list[int]] = {leaf: [0, 0, 0, 0] for leaf in LEAVES}
        self.words[7, 0][0] = 1
        self.words[1, 0][2] |= osxsave << 27
        for row in (ROWS[name] for name in names):
            word = self.words[row.leaf, row.subleaf]
            if row.leaf == 0x24:
                self.words[7, 1][3] |= 1 << 19
                word[1] = max(word[1], row.bit)
            else:
                word[REGISTERS.index(row.register)] |= 1 << row.bit

    def cpuid(self, leaf: int, subleaf: int) -> tuple[int, int, int, int]:
        if leaf in (0, 0x80000000):
            return (self.highest if leaf == 0 else 0x80000008, 0, 0, 0)
        if leaf & 0x7FFFFFFF > self.highest:
            return (0xFFFFFFFF,) * 4
        a, b, c, d = self.words[leaf, subleaf]
        return (a, b, c, d)

    def facts(self, cpuinfo: bytes = b"", kernel: str = "", machine: str = "x86_64") -> Facts:
        evidence = Evidence(machine, cpuinfo, kernel)
        probe_registers(evidence, self.cpuid, lambda: self.xcr0)
        return parse_facts(evidence, {}, ROWS)


EVERY = {name for name, row in ROWS.items() if row.register}
V3 = {name for level in (1, 2, 3) for name in LEVELS[level]}
V4 = V3 | set(LEVELS[4])


def features_of(facts: Facts) -> set[str]:
    return {name for name, _ in decide_answer(facts, ROWS)}


def level_of(facts: Facts) -> str:
    return decide_answer(facts, ROWS)[0][1][0]


@pytest.mark.parametrize(
    ("xcr0", "level", "lost"),
    [
        (ALL_STATES, "v4", set()),
        (ALL_STATES & ~0x80000, "v4", {"apx"}),
        (ALL_STATES & ~0x40000, "v4", {name for name in EVERY if name.startswith("amx_")}),
        (0x7, "v3", {name for name, row in ROWS.items() if row.xcr0 & 0xE0000 or row.xcr0 & 0xE0}),
        (0x67, "v3", {name for name, row in ROWS.items() if row.xcr0 & 0xE0000 or row.xcr0 & 0xE0}),
        (0x3, "v2", {name for name, row in ROWS.items() if row.xcr0 & ~1}),
    ],
    ids=["all", "no-apx", "no-amx-data", "no-avx512", "half-avx512", "no-avx"],
)
def test_a_register_set_that_the_system_did_not_enable_is_absent(xcr0: int, level: str, lost: set[str]) -> None:
    facts = Processor(EVERY, xcr0).facts()
    assert level_of(facts) == level
    assert EVERY - features_of(facts) == lost


def test_without_osxsave_xgetbv_is_not_executed() -> None:
    evidence = Evidence("x86_64")

    def fault() -> int:
        raise AssertionError("XGETBV executed")

    probe_registers(evidence, Processor(EVERY, osxsave=False).cpuid, fault)
    facts = parse_facts(evidence, {}, ROWS)
    assert level_of(facts) == "v2"
    assert not features_of(facts) & {"xsave", "xsavec", "avx", "amx_tile", "apx"}


@pytest.mark.parametrize(("highest", "level"), [(1, "v2"), (7, "v4"), (0xD, "v4")])
def test_a_leaf_beyond_the_highest_is_not_believed(highest: int, level: str) -> None:
    facts = Processor(V4 | {"xsavec", "avx10_1", "amx_movrs", "amx_tile"}, highest=highest).facts()
    assert level_of(facts) == level
    assert not features_of(facts) & {"avx10_1", "avx10_2", "amx_movrs", "amx_fp8"}


def test_subleaf_1_of_leaf_7_is_not_believed_unless_announced() -> None:
    processor = Processor(V4 | {"avx_vnni"})
    processor.words[7, 0][0] = 0
    assert "avx_vnni" not in features_of(processor.facts())


@pytest.mark.parametrize(("version", "expected"), [(0, set()), (1, {"avx10_1"}), (3, {"avx10_1", "avx10_2"})])
def test_avx10_is_a_version_that_its_bit_announces(version: int, expected: set[str]) -> None:
    processor = Processor(V4 | {"avx10_1"})
    processor.words[0x24, 0][1] = version | 0xFF00
    assert {name for name in features_of(processor.facts()) if name.startswith("avx10")} == expected
    processor.words[7, 1][3] &= ~(1 << 19)
    assert "avx10_1" not in features_of(processor.facts())


def test_what_is_needed_and_missing_takes_its_dependants_along() -> None:
    features = features_of(Processor(EVERY - {"avx2"}).facts())
    assert not features & {"avx2", "avx512f", "avx512_vnni", "avx10_1", "avx_vnni", "sha512"}
    assert features >= {"avx", "fma", "vaes", "amx_tile"}


def flags_line(names: set[str]) -> bytes:
    return f"flags\t\t: {' '.join(sorted(ROWS[name].flag for name in names if ROWS[name].flag))}\n".encode()


def test_what_the_kernel_switched_off_is_absent_though_cpuid_has_it() -> None:
    masked = flags_line(V4 - {"avx512f"})
    facts = Processor(V4).facts(masked, "6.1.0")
    assert level_of(facts) == "v3"
    assert find_obstacle(ROWS["avx512f"], facts) == "cpuinfo"


def test_what_this_kernel_cannot_name_is_decided_by_cpuid() -> None:
    names = V4 | {"avx_vnni", "avx512_fp16", "avx_ifma", "amx_tile", "amx_fp16"}
    facts = Processor(names).facts(flags_line(V4), "5.4.0-generic")
    assert features_of(facts) >= names
    facts = Processor(names).facts(flags_line(V4), "6.12.0")
    assert features_of(facts) & names == V4 | {"avx_ifma"}


def test_an_emulated_processor_is_not_its_host() -> None:
    nehalem = {name for level in (1, 2) for name in LEVELS[level]}
    assert level_of(Processor(nehalem).facts(flags_line(EVERY), "6.12.0")) == "v2"


def test_unreadable_kernel_flags_leave_cpuid_alone_without_a_word() -> None:
    facts = Processor(V4).facts(b"Features\t: fp asimd\n", "6.12.0")
    assert (level_of(facts), diagnose(facts, ROWS)) == ("v4", [])


@pytest.mark.parametrize(("kernel", "present"), [("4.18.0-553.el8", False), ("5.9.0", True), ("", True)])
def test_fsgsbase_waits_for_the_kernel_that_enables_it(kernel: str, present: bool) -> None:
    facts = Processor(V3 | {"fsgsbase"}).facts(flags_line(V3 | {"fsgsbase"}), kernel)
    assert ("fsgsbase" in features_of(facts)) is present


@pytest.mark.skipif(not ON_LINUX, reason="needs a 64-bit x86 Linux")
def test_this_processor_and_this_kernel_agree_on_every_bit_both_show() -> None:
    evidence = probe_machine()
    facts = parse_facts(evidence, {}, ROWS)
    if facts.bits is None or facts.flags is None or facts.kernel is None:
        pytest.skip(f"one source is not readable here: {facts.refusal}")
    usable = {name for name in facts.bits if facts.xcr0 & ROWS[name].xcr0 == ROWS[name].xcr0}
    shared = [row for row in ROWS.values() if row.register and row.flag and row.since <= facts.kernel]
    assert len(shared) > 60
    assert [row.name for row in shared if (row.name in usable) != (row.flag in facts.flags)] == []


@pytest.mark.skipif(not ON_LINUX, reason="needs a 64-bit x86 Linux")
def test_no_executable_page_is_left_behind() -> None:
    def executable_pages() -> list[str]:
        lines = Path("/proc/self/maps").read_text(encoding="utf-8", errors="replace").splitlines()
        return [line for line in lines if "x" in line.split()[1]]

    probe_machine()  # loads ctypes and its libraries
    before = executable_pages()
    probe_machine()
    assert executable_pages() == before


@pytest.mark.skipif(QEMU is None, reason="qemu-x86_64 (package qemu-user-static) is not on PATH")
@pytest.mark.parametrize(
    ("model", "level"),
    [("Opteron_G1", "v1"), ("Penryn", "v1"), ("Nehalem", "v2"), ("SandyBridge", "v2"), ("Haswell", "v3")],
)
def test_an_emulated_model_answers_its_own_level(model: str, level: str) -> None:
    if not ON_LINUX:
        pytest.skip("the interpreter to emulate must be a 64-bit x86 Linux one")
    code = f"import sys, json; sys.path.insert(0, {SOURCES!r}); import x86_64_variant_provider as provider"
    code += "; print(json.dumps([config.values for config in provider.get_supported_configs()]))"
    command = [str(QEMU), "-cpu", model, os.path.realpath(sys.executable), "-I", "-S", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)[0][0] == level
