"""Known machines: each capture's file name is the expected answer."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.x86_64 import (
    CAPTURES,
    DISABLE,
    FORCE,
    answer_of,
    capture,
    evidence_of,
    expected_levels,
    extensions_of,
    read_capture,
)
from x86_64_variant_provider._machine import Machine
from x86_64_variant_provider._parse import ROWS, parse_facts, parse_flags
from x86_64_variant_provider._probe import CPUINFO_LIMIT, ThisMachine, probe_machine
from x86_64_variant_provider._rules import decide_answer, decide_everything, diagnose
from x86_64_variant_provider._tables import LEVELS


@pytest.mark.parametrize("path", CAPTURES, ids=os.path.basename)
def test_the_level_is_the_one_in_the_file_name(path: str) -> None:
    level, _, _name = os.path.basename(path).partition("-")
    facts = read_capture(path)
    assert decide_answer(facts)[0] == ("level", expected_levels(level), False)
    assumed = [code for code, _ in diagnose(facts)] == ["processor-unreadable"]
    assert assumed == level.endswith("_assumed")


@pytest.mark.parametrize(
    ("name", "present", "absent"),
    [
        ("v1-phenom-k10.cpuinfo", "sse3 sse4a abm cx16 popcnt lahf_lm", "ssse3 sse4_1"),
        ("v2-bulldozer.cpuinfo", "popcnt lahf_lm fma4 xop avx", "avx2 fma"),
        ("v3-zen1.cpuinfo", "sha_ni adx rdrand aes pclmulqdq clzero sse4a", "avx512f clwb"),
        (
            "v4-zen4.cpuinfo",
            "avx512_bf16 avx512_vnni vaes rdpid cppc flush_l1d",
            "avx512_fp16 amx_tile avx512_vp2intersect",
        ),
        (
            "v4-sapphire-rapids.cpuinfo",
            "amx_tile amx_int8 amx_bf16 avx512_fp16 avx_vnni serialize",
            "amx_fp16 avx10_1",
        ),
        ("v3-mixed-cores.cpuinfo", "avx2 fsgsbase", "avx512f clwb"),
        ("v2_assumed-garbage.cpuinfo", "", "sse2 avx2 popcnt"),
        ("v4-ice-lake-macbook.sysctl", "avx512_vnni avx512vbmi sha_ni rdpid xsavec abm", "avx512_vbmi2 fsgsbase"),
        ("v3-coffee-lake-mac.sysctl", "avx2 f16c lahf_lm adx clflushopt xsaveopt", "avx512f sha_ni"),
        ("v2-rosetta.cpuid", "sse4_2 popcnt aes", "avx xsave"),
        ("v4-granite-rapids-windows.cpuid", "amx_fp16 avx10_1 avx512_fp16 avx_vnni cldemote", "avx10_2 apx"),
        ("v2-hypervisor-without-avx-windows.cpuid", "sse4_2 popcnt", "avx avx2 avx512f xsave fma"),
        ("v3-alder-lake-windows.cpuid", "avx_vnni vaes gfni serialize", "avx512f"),
    ],
)
def test_extensions_are_what_every_processor_names(name: str, present: str, absent: str) -> None:
    extensions = extensions_of(read_capture(capture(name)))
    assert extensions >= set(present.split())
    assert not extensions & set(absent.split())


@pytest.mark.parametrize("path", CAPTURES, ids=os.path.basename)
@pytest.mark.parametrize("forced", ["", "v1", "v2", "v3", "v4", "v9", "V3 ", "auto"])
def test_what_is_supported_is_part_of_all_there_is_and_in_its_order(path: str, forced: str) -> None:
    everything = {name: values for name, values, _ in decide_everything()}
    answer = decide_answer(read_capture(path, **{FORCE: forced}))
    names = [name for name, _, _ in answer]
    assert names == [name for name in everything if name in names]
    for name, values, _ in answer:
        assert values
        assert values == [value for value in everything[name] if value in values]


@pytest.mark.parametrize("path", CAPTURES, ids=os.path.basename)
@pytest.mark.parametrize("forced", ["v1", "v2", "v3", "v4"])
def test_a_forced_level_answers_as_a_machine_of_exactly_that_level(path: str, forced: str) -> None:
    facts = read_capture(path, **{FORCE: forced})
    answer, extensions = answer_of(facts), extensions_of(facts)
    level = int(forced[1])
    implied = {name for number in range(1, level + 1) for name in LEVELS[number]}
    beyond = {name for number in range(level + 1, 5) for name in LEVELS[number]}
    assert answer["level"] == expected_levels(forced)
    assert implied <= extensions
    assert not beyond & extensions
    assert all(ROWS[name].needs == "-" or ROWS[name].needs in extensions for name in extensions)
    assert "level-forced" in dict(diagnose(facts))


def test_an_unknown_override_is_ignored_and_reported() -> None:
    path = capture("v3-haswell.cpuinfo")
    facts = read_capture(path, **{FORCE: "v5", DISABLE: "maybe"})
    assert decide_answer(facts) == decide_answer(read_capture(path))
    assert [code for code, _ in diagnose(facts)] == ["override-ignored", "override-ignored", "cpuinfo-alone"]


@pytest.mark.parametrize(("value", "empty"), [("1", True), ("", False), ("0", False)])
def test_disable_is_on_or_off(value: str, empty: bool) -> None:
    facts = read_capture(capture("v3-haswell.cpuinfo"), **{DISABLE: value, FORCE: "v2"})
    assert (decide_answer(facts) == []) is empty


@pytest.mark.parametrize("machine", ["aarch64", "x86", "riscv64", "other"])
def test_another_architecture_supports_nothing_and_says_nothing(machine: str) -> None:
    evidence = evidence_of("cpuinfo", Path(capture("v4-zen4.cpuinfo")).read_text())
    evidence.interpreter = machine
    facts = parse_facts(evidence, {FORCE: "v4"})
    assert (decide_answer(facts), diagnose(facts)) == ([], [])


REPORTS = {"cpuinfo": "proc/cpuinfo", "sysctl": "reports/sysctl", "cpuid": "reports/cpuid"}


@pytest.mark.parametrize("path", CAPTURES, ids=os.path.basename)
def test_a_capture_answers_the_same_below_a_root(path: str, tmp_path: Path) -> None:
    place = tmp_path / REPORTS[path.rpartition(".")[2]]
    place.parent.mkdir()
    place.write_bytes(Path(path).read_bytes())
    machine = Machine(str(tmp_path))
    assert decide_answer(parse_facts(probe_machine(machine), {})) == decide_answer(read_capture(path))
    assert [name for name, _ in machine.sources] == ["/" + REPORTS[path.rpartition(".")[2]]]


def test_the_interpreter_of_a_capture_decides(tmp_path: Path) -> None:
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "interpreter").write_text("aarch64\n")
    assert decide_answer(parse_facts(probe_machine(Machine(str(tmp_path))), {})) == []


def test_a_huge_file_is_read_up_to_the_limit_and_by_whole_lines(tmp_path: Path) -> None:
    block = Path(capture("v4-skylake-x.cpuinfo")).read_bytes()
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc" / "cpuinfo").write_bytes(block * (2 * CPUINFO_LIMIT // len(block)))
    evidence = probe_machine(Machine(str(tmp_path)))
    assert CPUINFO_LIMIT - 4096 < len(evidence.cpuinfo) < CPUINFO_LIMIT
    assert decide_answer(parse_facts(evidence, {}))[0][1][0] == "v4"


@pytest.mark.parametrize("name", ["nowhere", "folder", "pipe", "nul\0byte"])
def test_a_file_that_cannot_be_read_is_an_empty_one(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
    assert ThisMachine().read(os.path.join(str(tmp_path), name), 100) == ""


def test_a_file_is_read_to_its_limit(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("abcdef")
    machine = ThisMachine()
    assert machine.read(str(tmp_path / "file"), 4) == "abcd"
    assert machine.sources == [(str(tmp_path / "file"), "abcd")]


@given(st.text(max_size=400))
def test_no_text_makes_parsing_fail(text: str) -> None:
    for source in ("cpuinfo", "cpuid", "sysctl", "kernel"):
        facts = parse_facts(evidence_of(source, text), {})
        assert decide_answer(facts)[0][0] == "level"
    for cpuinfo in ("flags : " + text, "flags : sse2 " + text):
        _, flags = parse_flags(cpuinfo)
        assert flags is None or "sse2" in flags


@given(st.lists(st.text("0123456789abcdef. x\n-", max_size=60), max_size=8))
def test_no_dump_of_registers_makes_parsing_fail(lines: list[str]) -> None:
    facts = parse_facts(evidence_of("cpuid", "7.0 1 2 3 4\n" + "\n".join(lines)), {})
    assert decide_answer(facts)[0][0] == "level"


@given(st.lists(st.lists(st.sampled_from(sorted(row.flag for row in ROWS.values())))))
def test_a_further_processor_never_adds_a_flag(processors: list[list[str]]) -> None:
    lines = [f"flags\t: sse2 {' '.join(flags)}\n" for flags in processors]
    for count in range(2, len(lines) + 1):
        _, fewer = parse_flags("".join(lines[: count - 1]))
        _, more = parse_flags("".join(lines[:count]))
        assert fewer is not None
        assert more is not None
        assert more <= fewer
