"""Known machines: each capture's file name is the expected answer."""

from __future__ import annotations

import glob
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from x86_64_variant_provider._parse import Facts, parse_facts, parse_flags, parse_rows
from x86_64_variant_provider._probe import CPUINFO_LIMIT, Evidence, probe_root, read_file
from x86_64_variant_provider._rules import decide_answer, decide_everything, diagnose
from x86_64_variant_provider._tables import LEVELS

ROWS = parse_rows()
CAPTURES = sorted(glob.glob(os.path.join(os.path.dirname(__file__), "captures", "*.cpuinfo")))
FORCE, DISABLE = "X86_64_VARIANT_PROVIDER_FORCE_LEVEL", "X86_64_VARIANT_PROVIDER_DISABLE"


def read_capture(path: str, **variables: str) -> Facts:
    return parse_facts(Evidence("x86_64", Path(path).read_bytes()), variables, ROWS)


def expected_levels(level: str) -> list[str]:
    return [f"v{number}" for number in range(int(level[1]), 0, -1)]


@pytest.mark.parametrize("path", CAPTURES, ids=os.path.basename)
def test_the_level_is_the_one_in_the_file_name(path: str) -> None:
    level, _, _name = os.path.basename(path).partition("-")
    facts = read_capture(path)
    assert decide_answer(facts, ROWS)[0] == ("level", expected_levels(level))
    assumed = [code for code, _ in diagnose(facts, ROWS)] == ["processor-unreadable"]
    assert assumed == level.endswith("_assumed")


@pytest.mark.parametrize(
    ("name", "present", "absent"),
    [
        ("v1-phenom-k10", "sse3 sse4a abm cx16 popcnt lahf_lm", "ssse3 sse4_1"),
        ("v2-bulldozer", "popcnt lahf_lm fma4 xop avx", "avx2 fma"),
        ("v3-zen1", "sha_ni adx rdrand aes pclmulqdq clzero sse4a", "avx512f clwb"),
        ("v4-zen4", "avx512_bf16 avx512_vnni vaes rdpid cppc flush_l1d", "avx512_fp16 amx_tile avx512_vp2intersect"),
        ("v4-sapphire-rapids", "amx_tile amx_int8 amx_bf16 avx512_fp16 avx_vnni serialize", "amx_fp16 avx10_1"),
        ("v3-mixed-cores", "avx2 fsgsbase", "avx512f clwb"),
        ("v2_assumed-garbage", "", "sse2 avx2 popcnt"),
    ],
)
def test_extensions_are_what_every_processor_names(name: str, present: str, absent: str) -> None:
    features = {feature for feature, _ in decide_answer(read_capture(capture(name)), ROWS)}
    assert features >= set(present.split())
    assert not features & set(absent.split())


def capture(name: str) -> str:
    return os.path.join(os.path.dirname(__file__), "captures", f"{name}.cpuinfo")


@pytest.mark.parametrize("path", CAPTURES, ids=os.path.basename)
@pytest.mark.parametrize("forced", ["", "v1", "v2", "v3", "v4", "v9", "V3 ", "auto"])
def test_what_is_supported_is_part_of_all_there_is(path: str, forced: str) -> None:
    everything = dict(decide_everything(ROWS))
    answer = decide_answer(read_capture(path, **{FORCE: forced}), ROWS)
    assert len(dict(answer)) == len(answer)
    assert all(values and set(values) <= set(everything[name]) for name, values in answer)


@pytest.mark.parametrize("path", CAPTURES, ids=os.path.basename)
@pytest.mark.parametrize("forced", ["v1", "v2", "v3", "v4"])
def test_a_forced_level_answers_as_a_machine_of_exactly_that_level(path: str, forced: str) -> None:
    facts = read_capture(path, **{FORCE: forced})
    answer = dict(decide_answer(facts, ROWS))
    level = int(forced[1])
    implied = {name for number in range(1, level + 1) for name in LEVELS[number]}
    beyond = {name for number in range(level + 1, 5) for name in LEVELS[number]}
    assert answer["level"] == expected_levels(forced)
    assert implied <= set(answer)
    assert not beyond & set(answer)
    assert all(not ROWS[name].needs or ROWS[name].needs in answer for name in answer if name != "level")
    assert "level-forced" in dict(diagnose(facts, ROWS))


def test_an_unknown_override_is_ignored_and_reported() -> None:
    facts = read_capture(capture("v3-haswell"), **{FORCE: "v5", DISABLE: "maybe"})
    assert decide_answer(facts, ROWS) == decide_answer(read_capture(capture("v3-haswell")), ROWS)
    assert [code for code, _ in diagnose(facts, ROWS)] == ["override-ignored", "override-ignored", "cpuinfo-alone"]


@pytest.mark.parametrize(("value", "empty"), [("1", True), ("", False), ("0", False)])
def test_disable_is_on_or_off(value: str, empty: bool) -> None:
    assert (decide_answer(read_capture(capture("v3-haswell"), **{DISABLE: value, FORCE: "v2"}), ROWS) == []) is empty


@pytest.mark.parametrize("machine", ["aarch64", "x86", "riscv64", "other"])
def test_another_architecture_supports_nothing_and_says_nothing(machine: str) -> None:
    facts = parse_facts(Evidence(machine, Path(capture("v4-zen4")).read_bytes()), {FORCE: "v4"}, ROWS)
    assert (decide_answer(facts, ROWS), diagnose(facts, ROWS)) == ([], [])


def test_a_huge_file_is_read_up_to_the_limit_and_by_whole_lines(tmp_path: Path) -> None:
    block = Path(capture("v4-skylake-x")).read_bytes()
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc" / "cpuinfo").write_bytes(block * (2 * CPUINFO_LIMIT // len(block)))
    evidence = probe_root(str(tmp_path))
    assert CPUINFO_LIMIT - 4096 < len(evidence.cpuinfo) <= CPUINFO_LIMIT
    assert decide_answer(parse_facts(evidence, {}, ROWS), ROWS)[0][1][0] == "v4"


@pytest.mark.parametrize("name", ["nowhere", "folder", "pipe", "nul\0byte"])
def test_a_file_that_cannot_be_read_is_an_empty_one(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
    assert read_file(os.path.join(str(tmp_path), name), 100) == b""


@given(st.binary(max_size=400))
def test_no_bytes_make_parsing_fail(data: bytes) -> None:
    for cpuinfo in (data, b"flags : " + data, b"flags : sse2 " + data):
        flags = parse_flags(cpuinfo)
        assert flags is None or "sse2" in flags


@given(st.lists(st.lists(st.sampled_from(sorted(row.flag for row in ROWS.values() if row.flag)))))
def test_a_further_processor_never_adds_a_flag(processors: list[list[str]]) -> None:
    lines = [f"flags\t: sse2 {' '.join(flags)}\n".encode() for flags in processors]
    for count in range(2, len(lines) + 1):
        fewer, more = parse_flags(b"".join(lines[: count - 1])), parse_flags(b"".join(lines[:count]))
        assert fewer is not None
        assert more is not None
        assert more <= fewer
