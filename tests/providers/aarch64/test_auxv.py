"""The auxiliary vector as bytes: what the kernel wrote, and what it never would."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aarch64_variant_provider import _native, _probe
from aarch64_variant_provider._interpreter import name_interpreter
from aarch64_variant_provider._machine import Machine
from aarch64_variant_provider._parse import parse_facts, parse_hwcap, parse_rows
from aarch64_variant_provider._probe import format_hwcap, parse_auxv, probe_machine
from aarch64_variant_provider._rules import decide_answer, diagnose

if TYPE_CHECKING:
    from pathlib import Path

N1, ALL_BITS = 0x119FFB, (1 << 64) - 1
PAGESZ, HWCAP, CLKTCK, RANDOM, HWCAP2, HWCAP3 = 6, 16, 17, 25, 26, 29


def vector(*pairs: tuple[int, int], size: int = 8) -> bytes:
    return b"".join([number.to_bytes(size, "little") for pair in (*pairs, (0, 0)) for number in pair])


KERNEL = vector((33, 0xFFFF_B000_0000), (HWCAP, N1), (PAGESZ, 4096), (CLKTCK, 100), (RANDOM, 1 << 47), (HWCAP2, 3))


VECTORS = {
    "a kernel's": (KERNEL, {"hwcap": N1, "hwcap2": 3}),
    "all bits": (vector((HWCAP, ALL_BITS), (HWCAP2, ALL_BITS)), {"hwcap": ALL_BITS, "hwcap2": ALL_BITS}),
    "the third word": (vector((HWCAP, N1), (HWCAP3, 8)), {"hwcap": N1, "hwcap3": 8}),
    "a key twice": (vector((HWCAP, N1), (HWCAP, 3)), {"hwcap": N1}),
    "something past the end": (vector((HWCAP, N1)) + vector((HWCAP2, 3)), {"hwcap": N1}),
    "cut in a word": (KERNEL[:28], {}),
    "cut between pairs": (KERNEL[:32], {"hwcap": N1}),
    "empty": (b"", {}),
    "ones": (b"\xff" * 4096, {}),
}


@pytest.mark.parametrize(("data", "words"), VECTORS.values(), ids=VECTORS)
def test_a_vector_gives_the_words_it_has(data: bytes, words: dict[str, int]) -> None:
    assert parse_auxv(data) == words


def test_a_vector_of_32_bit_words_proves_nothing() -> None:
    data = vector((HWCAP, N1), (PAGESZ, 4096), (HWCAP2, 3), size=4)
    assert format_hwcap("auxv", parse_auxv(data)) == ""


@pytest.mark.parametrize("word", [0, 1, 2, N1 & ~1, N1 & ~2])
def test_words_without_floating_point_and_asimd_are_not_believed(word: int) -> None:
    assert format_hwcap("auxv", {"hwcap": word, "hwcap2": 3}) == ""
    assert parse_hwcap(f"source auxv\nhwcap {word:#x}\n") == ("", None, "")


@given(st.binary(max_size=200))
def test_no_bytes_make_reading_fail(data: bytes) -> None:
    for whole in (data, KERNEL[:32] + data, vector((HWCAP, N1))[:16] + data):
        text = format_hwcap("auxv", parse_auxv(whole))
        _, names, _ = parse_hwcap(text)
        assert (names is None) == (text == "")


@given(st.sets(st.sampled_from(sorted(row.name for row in parse_rows().values() if row.word))))
def test_the_bits_of_a_set_of_features_are_read_back_as_that_set(names: set[str]) -> None:
    words = {"hwcap": 3, "hwcap2": 0, "hwcap3": 0}
    for name in names:
        row = parse_rows()[name]
        words[row.word] |= 1 << row.bit
    data = vector(*zip((HWCAP, HWCAP2, HWCAP3), words.values(), strict=True))
    assert parse_hwcap(format_hwcap("auxv", parse_auxv(data)))[1] == frozenset(names | {"fp", "asimd"})


def test_a_copied_tree_with_the_vector_itself_in_it_answers(tmp_path: Path) -> None:
    (tmp_path / "proc" / "self").mkdir(parents=True)
    (tmp_path / "proc" / "self" / "auxv").write_bytes(KERNEL)
    facts = parse_facts(probe_machine(Machine(str(tmp_path))), {})
    assert decide_answer(facts)[0][1] == ["8.2a", "8.1a", "8a"]
    assert facts.source == "/proc/self/auxv"
    assert diagnose(facts) == []


@pytest.mark.skipif(sys.platform != "linux", reason="Linux's sources, in their order")
def test_without_the_file_the_c_library_is_asked_and_then_cpuinfo(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    words = {HWCAP: N1, HWCAP2: 3, HWCAP3: 0}
    monkeypatch.setattr(_probe, "AUXV", str(tmp_path / "auxv"))
    monkeypatch.setattr(_native, "ask_getauxval", words.__getitem__)
    assert _probe.read_hwcap(Machine()) == f"source getauxval\nhwcap {N1:#x}\nhwcap2 0x3\nhwcap3 0x0\n"
    (tmp_path / "auxv").write_bytes(vector((HWCAP, 7)))
    assert _probe.read_hwcap(Machine()) == "source auxv\nhwcap 0x7\n"
    (tmp_path / "auxv").unlink()
    monkeypatch.setattr(_probe, "name_interpreter", lambda: "aarch64 linux\n")
    monkeypatch.setattr(_native, "ask_getauxval", lambda key: 0)
    machine = Machine()
    facts = parse_facts(probe_machine(machine), {})
    assert facts.source in ("", "/proc/cpuinfo")
    assert [path for path, _ in machine.sources] == ["/reports/interpreter", "/reports/hwcap", "/proc/cpuinfo"]


@pytest.mark.skipif(sys.platform != "linux", reason="getauxval is Linux's")
def test_getauxval_tells_what_the_file_tells() -> None:
    with open("/proc/self/auxv", "rb") as stream:
        words = parse_auxv(stream.read())
    assert words
    arm = name_interpreter().startswith("aarch64 ")
    for key, name in _probe.HWCAPS if arm else _probe.HWCAPS[1:]:  # glibc puts words of its own in the first on x86
        assert _native.ask_getauxval(key) == words.get(name, 0)


@pytest.mark.parametrize("kind", ["folder", "pipe", "missing"])
def test_a_vector_that_cannot_be_read_is_none(tmp_path: Path, kind: str) -> None:
    place = tmp_path / "proc" / "self"
    place.mkdir(parents=True)
    if kind == "folder":
        (place / "auxv").mkdir()
    elif kind == "pipe":
        if not hasattr(os, "mkfifo"):
            pytest.skip("no pipes here")
        os.mkfifo(place / "auxv")
    facts = parse_facts(probe_machine(Machine(str(tmp_path))), {})
    assert decide_answer(facts) == [("version", ["8a"], False)]
