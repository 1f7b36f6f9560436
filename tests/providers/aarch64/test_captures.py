"""Known machines: each capture's file name is the best version, and what it was read from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aarch64_variant_provider._machine import Machine
from aarch64_variant_provider._parse import Facts, parse_facts, parse_flags, parse_parts, parse_rows, parse_versions
from aarch64_variant_provider._probe import CPUINFO_LIMIT, Evidence, keep_kinds, probe_machine
from aarch64_variant_provider._rules import (
    decide_answer,
    decide_everything,
    decide_versions,
    describe,
    diagnose,
    list_contained,
    list_up_to,
    why_not,
)
from support.trees import write_tree

if TYPE_CHECKING:
    from aarch64_variant_provider._everything import Answer

PREFIX = "AARCH64_VARIANT_PROVIDER_"
CAPTURES = sorted(Path(__file__).parent.joinpath("captures").iterdir())
SYSTEMS = {"cpuinfo": "linux", "hwcap": "linux", "sysctl": "darwin", "features": "win32"}
VERSIONS = list(parse_versions())
by_name = pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.name)


def evidence_of(path: Path) -> Evidence:
    source = path.suffix[1:]
    evidence = Evidence()
    evidence.interpreter = f"aarch64 {SYSTEMS[source]}\n"
    setattr(evidence, source, path.read_text())
    return evidence


def read_capture(path: Path, **variables: str) -> Facts:
    return parse_facts(evidence_of(path), {PREFIX + name: value for name, value in variables.items()})


def capture(name: str) -> Path:
    return Path(__file__).parent / "captures" / name


def answer_of(facts: Facts) -> dict[str, list[str]]:
    return {name: values for name, values, _ in decide_answer(facts)}


@by_name
def test_the_best_version_is_the_one_in_the_file_name(path: Path) -> None:
    version, _, _machine = path.stem.partition("-")
    facts = read_capture(path)
    assert answer_of(facts)["version"] == list_contained(version.removesuffix("_assumed"))
    codes = [code for code, _ in diagnose(facts)]
    alone = ["cpuinfo-alone"] if path.suffix == ".cpuinfo" else []
    assert codes == (["processor-unreadable"] if version.endswith("_assumed") else alone)


@by_name
def test_a_capture_written_out_as_a_tree_answers_the_same_below_root(path: Path, tmp_path: Path) -> None:
    source = path.suffix[1:]
    place = {"cpuinfo": "/proc/cpuinfo", "features": "/reports/processor-features"}.get(source, f"/reports/{source}")
    files = {"/reports/interpreter": f"aarch64 {SYSTEMS[source]}\n", place: path.read_text()}
    machine = Machine(str(write_tree(tmp_path / "first", files)))
    facts = parse_facts(probe_machine(machine), {})
    assert (decide_answer(facts), diagnose(facts)) == (
        decide_answer(read_capture(path)),
        diagnose(read_capture(path)),
    )
    again = Machine(str(write_tree(tmp_path / "again", dict(machine.sources))))
    assert decide_answer(parse_facts(probe_machine(again), {})) == decide_answer(facts)
    assert again.sources == machine.sources


@pytest.mark.parametrize(
    ("name", "present", "absent"),
    [
        ("8a-raspberry-pi-4.cpuinfo", "fp asimd crc32", "aes sha2 atomics"),
        ("8a-cores-that-differ.cpuinfo", "aes crc32 fp", "atomics lrcpc asimddp"),
        ("8.5a-docker-on-apple-silicon.cpuinfo", "atomics paca pacg frint", "ssbs bti i8mm"),
        ("9.1a-neoverse-v2-ssbs-hidden.cpuinfo", "sve2 svesm4 bf16 i8mm bti", "ssbs ecv afp wfxt"),
        ("8.3a-qemu-max.hwcap", "sve2 sme smefa64 mte bti sm3 svef64mm", "ssbs dit uscat ls64 mte3 afp"),
        ("8.2a-qemu-a64fx.hwcap", "sve fcma sha2", "lrcpc sha3 sve2"),
        ("8.7a-m4.sysctl", "sme sme2 smef32f32 wfxt afp fp asimd", "ssbs cssc sve sve2 evtstrm cpuid"),
        ("8.4a-m1-macos-11.sysctl", "atomics sha3 dit paca pacg", "frint sb flagm2 bti bf16"),
        ("8a-apple-processor-macos-11.sysctl", "atomics crc32 sha3 sha512 asimdfhm fphp", "asimdrdm dit lrcpc"),
        ("8.2a-snapdragon-x.features", "aes pmull sha1 sha2 uscat bf16 asimdrdm dcpop", "sve fcma dit"),
        ("8a-windows-2019.features", "aes crc32", "atomics asimdrdm dcpop"),
        ("8a_assumed-garbage.cpuinfo", "", "fp asimd"),
    ],
)
def test_extensions_are_what_the_source_names(name: str, present: str, absent: str) -> None:
    features = set(answer_of(read_capture(capture(name))))
    assert features >= set(present.split())
    assert not features & set(absent.split())


@by_name
@pytest.mark.parametrize("variable", ["FORCE_VERSION", "MAX_VERSION", "DISABLE"])
def test_what_is_supported_is_part_of_all_there_is(path: Path, variable: str) -> None:
    for setting in ("", "8a", "8.4a", "9.0a", "9.2a", "9.9a", "8.5A ", "1"):
        require_part_of_everything(decide_answer(read_capture(path, **{variable: setting})))


def require_part_of_everything(answer: Answer) -> None:
    """The same order, each feature once, each with a value."""
    everything = {name: values for name, values, _ in decide_everything()}
    assert len({name for name, _, _ in answer}) == len(answer)
    order = list(everything)
    assert [name for name, _, _ in answer] == [name for name in order if name in {row[0] for row in answer}]
    for name, values, multi in answer:
        assert values == [value for value in everything[name] if value in values] != []
        assert not multi


@pytest.mark.parametrize("forced", VERSIONS)
def test_a_forced_version_answers_as_a_machine_of_exactly_that_version(forced: str) -> None:
    for path in CAPTURES:
        require_exactly(forced, path)


def require_exactly(forced: str, path: Path) -> None:
    facts = read_capture(path, FORCE_VERSION=forced)
    answer, rows, versions = answer_of(facts), parse_rows(), parse_versions()
    contained = list_contained(forced)
    assert answer["version"] == contained == decide_versions(answer)
    assert {name for version in contained for name in versions[version].adds} <= set(answer)
    assert all(not rows[name].needs or rows[name].needs in answer for name in answer if name in rows)
    assert "microarchitecture" not in answer
    assert "version-forced" in dict(diagnose(facts))


@pytest.mark.parametrize("maximum", VERSIONS)
def test_a_maximum_takes_the_versions_before_it_away_and_nothing_else(maximum: str) -> None:
    for path in CAPTURES:
        require_capped(maximum, path)


def require_capped(maximum: str, path: Path) -> None:
    plain, capped = answer_of(read_capture(path)), answer_of(read_capture(path, MAX_VERSION=maximum))
    assert capped["version"] == [version for version in plain["version"] if version in list_up_to(maximum)]
    assert {**capped, "version": plain["version"]} == plain
    said = "version-capped" in dict(diagnose(read_capture(path, MAX_VERSION=maximum)))
    assert said == (capped != plain)


def test_the_maximum_of_other_installers_gives_their_answer() -> None:
    path = capture("9.1a-neoverse-v2-ssbs-hidden.cpuinfo")
    assert answer_of(read_capture(path, MAX_VERSION="8.4a"))["version"] == ["8.4a", "8.3a", "8.2a", "8.1a", "8a"]


def test_an_unknown_override_is_ignored_and_reported() -> None:
    path = capture("8.2a-graviton2.cpuinfo")
    facts = read_capture(path, FORCE_VERSION="8.8", MAX_VERSION="armv9", DISABLE="maybe")
    assert decide_answer(facts) == decide_answer(read_capture(path))
    assert [code for code, _ in diagnose(facts)] == ["override-ignored"] * 3 + ["cpuinfo-alone"]


@pytest.mark.parametrize(("value", "empty"), [("1", True), ("", False), ("0", False)])
def test_disable_is_on_or_off(value: str, empty: bool) -> None:
    facts = read_capture(capture("8.2a-graviton2.cpuinfo"), DISABLE=value, FORCE_VERSION="8.1a")
    assert (decide_answer(facts) == []) is empty
    assert ("disabled" in dict(diagnose(facts))) is empty


@pytest.mark.parametrize("interpreter", ["other linux", "other darwin", "", "x86_64 linux"])
def test_another_architecture_supports_nothing_and_says_nothing(interpreter: str) -> None:
    evidence = evidence_of(capture("8.2a-graviton2.cpuinfo"))
    evidence.interpreter = interpreter
    facts = parse_facts(evidence, {PREFIX + "FORCE_VERSION": "9.0a"})
    assert (decide_answer(facts), diagnose(facts)) == ([], [])
    assert why_not(facts, "version", "8a") == "This interpreter is not a 64-bit Arm one."


@pytest.mark.parametrize("system", ["freebsd14", "ios", "emscripten"])
def test_other_systems_get_the_assumed_version_and_a_diagnostic(tmp_path: Path, system: str) -> None:
    root = write_tree(tmp_path, {"/reports/interpreter": f"aarch64 {system}\n"})
    facts = parse_facts(probe_machine(Machine(str(root))), {})
    assert decide_answer(facts) == [("version", ["8a"], False)]
    assert [code for code, _ in diagnose(facts)] == ["processor-unreadable"]


def test_the_first_source_that_tells_is_not_mixed_with_the_next() -> None:
    evidence = evidence_of(capture("8.2a-qemu-neoverse-n1.hwcap"))
    evidence.cpuinfo = capture("9.1a-neoverse-v2-ssbs-hidden.cpuinfo").read_text()  # the host's, under emulation
    facts = parse_facts(evidence, {})
    assert answer_of(facts)["version"][0] == "8.2a"
    assert "sve2" not in answer_of(facts)
    assert "microarchitecture" not in answer_of(facts) or "neoverse_v2" not in answer_of(facts)["microarchitecture"]


@pytest.mark.parametrize(
    ("name", "feature", "value", "variables", "words"),
    [
        ("8.2a-graviton2.cpuinfo", "version", "8.3a", {}, "requires fcma, jscvt, paca, pacg, which /proc/cpuinfo"),
        ("8.2a-graviton2.cpuinfo", "version", "8.2a", {"MAX_VERSION": "8.1a"}, "MAX_VERSION limits the version to"),
        ("8.2a-graviton2.cpuinfo", "version", "8.2a", {"FORCE_VERSION": "8a"}, "FORCE_VERSION limits the version to"),
        ("8.2a-graviton2.cpuinfo", "dcpop", "on", {"FORCE_VERSION": "8.1a"}, "goes with a version beyond"),
        ("8.2a-graviton2.cpuinfo", "sve2p1", "on", {}, "sve2p1 needs sve2, which /proc/cpuinfo does not name"),
        ("8.2a-graviton2.cpuinfo", "btiecv", "on", {}, "btiecv is two names in one"),
        ("8.2a-graviton2.cpuinfo", "fp", "on", {"DISABLE": "1"}, "AARCH64_VARIANT_PROVIDER_DISABLE is set."),
        ("8.2a-qemu-a64fx.hwcap", "bti", "on", {}, "/proc/self/auxv: hwcap2 bit 17 is not set."),
        ("8.7a-m4.sysctl", "sve", "on", {}, "sysctl hw.optional: it does not name sve."),
        ("8a_assumed-empty.cpuinfo", "version", "8.1a", {}, "No source that could be read tells more than 8a."),
        ("8a_assumed-empty.cpuinfo", "aes", "on", {}, "No source that could be read tells whether there is aes."),
    ],
)
def test_a_no_names_the_source_that_denies_it(
    name: str, feature: str, value: str, variables: dict[str, str], words: str
) -> None:
    assert words in why_not(read_capture(capture(name), **variables), feature, value)


@by_name
def test_a_reason_is_given_for_exactly_what_is_not_supported(path: Path) -> None:
    facts = read_capture(path)
    answer = answer_of(facts)
    for name, values, _ in decide_everything():
        for value in values:
            assert (why_not(facts, name, value) == "") == (value in answer.get(name, ())), (name, value)
    assert all(fact and text and source for fact, text, source in describe(facts))


def test_what_is_kept_of_cpuinfo_names_nobody(tmp_path: Path) -> None:
    text = keep_kinds(capture("8a-raspberry-pi-4.cpuinfo").read_text())
    assert text.splitlines() == [
        "Features\t: fp asimd evtstrm crc32 cpuid",
        "CPU implementer\t: 0x41",
        "CPU architecture: 8",
        "CPU variant\t: 0x1",
        "CPU part\t: 0xd08",
        "CPU revision\t: 1",
    ]
    machine = Machine(str(write_tree(tmp_path, {"/proc/cpuinfo": capture("8a-raspberry-pi-4.cpuinfo").read_text()})))
    probe_machine(machine)
    assert machine.sources == [("/proc/cpuinfo", text)]
    both = keep_kinds(capture("8.5a-m1-asahi.cpuinfo").read_text())
    assert parse_parts(both) == ["0x61:0x022", "0x61:0x023"]
    assert keep_kinds(both) == both


def test_a_huge_file_is_read_up_to_the_limit_and_by_whole_lines(tmp_path: Path) -> None:
    block = capture("8.2a-graviton2.cpuinfo").read_text()
    write_tree(tmp_path, {"/proc/cpuinfo": "x" + block * (2 * CPUINFO_LIMIT // len(block))})
    facts = parse_facts(probe_machine(Machine(str(tmp_path))), {})
    assert answer_of(facts)["version"][0] == "8.2a"
    assert facts.cores == ["0x41:0xd0c"]


@pytest.mark.parametrize("line", ["fp", "asimd", "half thumb fp neon", ""])
def test_a_line_without_floating_point_and_asimd_is_not_believed(line: str) -> None:
    assert parse_flags(f"Features\t: {line}\n") is None


def test_an_extension_whose_base_is_missing_is_absent() -> None:
    """As older kernels had it for processors with SVE in streaming mode alone."""
    names = "fp asimd sme sme2 sve2 svebf16 sveaes sve2p1 ebf16"
    evidence = Evidence()
    evidence.interpreter, evidence.cpuinfo = "aarch64 linux", f"Features\t: {names}\n"
    assert answer_of(parse_facts(evidence, {})).keys() == {"version", "sme", "sme2", "asimd", "fp"}


@given(st.text(max_size=300))
def test_no_text_makes_parsing_fail(text: str) -> None:
    for prefix in ("", "Features : fp asimd\nFeatures : ", "source auxv\nhwcap 0x3\nhwcap2 ", "hw.optional.arm."):
        for source, system in SYSTEMS.items():
            evidence = Evidence()
            evidence.interpreter = f"aarch64 {system}"
            setattr(evidence, source, prefix + text)
            assert decide_answer(parse_facts(evidence, {}))[0][1][-1] == "8a"


@given(st.lists(st.lists(st.sampled_from(sorted(parse_rows())))))
def test_a_further_core_never_adds_a_feature(cores: list[list[str]]) -> None:
    lines = [f"Features\t: fp asimd {' '.join(names)}\n" for names in cores]
    for count in range(2, len(lines) + 1):
        fewer, more = parse_flags("".join(lines[: count - 1])), parse_flags("".join(lines[:count]))
        assert fewer is not None
        assert more is not None
        assert more <= fewer


@given(st.sets(st.sampled_from(sorted(parse_rows()))))
def test_a_further_feature_never_takes_a_version_away(names: set[str]) -> None:
    versions = decide_versions(names)
    for name in parse_rows():
        assert set(versions) <= set(decide_versions(names | {name}))
    for version in versions:
        assert set(list_contained(version)) <= set(versions)
