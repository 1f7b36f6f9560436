"""The known machines of other projects' test data: every 64-bit Arm one, by hash from their source distributions."""

from __future__ import annotations

import pytest

from aarch64_variant_provider._everything import CORES
from aarch64_variant_provider._parse import Facts, parse_facts, parse_rows
from aarch64_variant_provider._probe import Evidence, keep_kinds
from aarch64_variant_provider._rules import decide_answer, diagnose, list_contained
from support.corpora import read_archspec, read_cpuinfo

V2 = "neoverse_v2 neoverse_n1 cortex_a72"
# archspec's file -> best version, microarchitectures, extensions that its model for the machine does not have
ARCHSPEC = {
    "linux-amazon-cortex_a72": ("8a", "cortex_a72", ""),
    "linux-amazon-neoverse_n1": ("8.2a", "neoverse_n1 cortex_a72", "ssbs"),
    "linux-amazon-neoverse_v1": ("8.4a", "neoverse_v1 neoverse_n1 cortex_a72", "paca pacg ssbs sm3 sm4"),
    "linux-rhel8-neoverse_v1": ("8.2a", "neoverse_v1 neoverse_n1 cortex_a72", "ssbs"),  # this kernel hides PAC
    "linux-centos7-thunderx2": ("8.1a", "thunderx2", ""),
    "linux-rocky8-a64fx": ("8.2a", "a64fx", ""),
    "linux-rhel9-neoverse_n2": ("8.2a", "neoverse_n2 neoverse_n1 cortex_a72", "dgh dit sveaes"),  # and this one
    "linux-ubuntu22.04-neoverse_n2": ("8.3a", "neoverse_n2 neoverse_n1 cortex_a72", "paca pacg"),  # DIT hidden
    "linux-rhel9-neoverse_v2": ("8.2a", V2, "dgh dit svesm4"),
    "linux-ubuntu22.04-neoverse_v2": ("9.1a", V2, "bti paca svesm4"),
    "linux-unknown-neoverse_v2": ("9.1a", V2, "bti rng"),
    "linux-ubuntu24.04-neoverse_v3ae": ("9.2a", f"neoverse_v3ae {V2}", "ssbs"),
    "linux-ubuntu26.04-olympus": ("9.2a", "olympus", "ls64 fpmr f8cvt"),
    "linux-ubuntu22.04-ampere1": ("8.6a", "ampere1 neoverse_n1 cortex_a72", "rng"),
    "linux-ubuntu22.04-ampere1a": ("8.6a", "ampere1a ampere1 neoverse_n1 cortex_a72", "sm3"),
    "linux-asahi-m1": ("8.5a", "m1", "frint"),
    "linux-asahi-m2": ("8.6a", "m2 m1", "ecv"),
    "darwin-bigsur-m1": ("8a", "", "atomics sha3"),  # "Apple processor", by a system that names hardly anything
    "darwin-monterey-m1": ("8.5a", "m1", "ecv dit"),
    "darwin-monterey-m2": ("8.6a", "m2 m1", "bti"),
    "darwin-sequoia-m3": ("8.6a", "m3 m2 m1", "afp rpres"),
    "darwin-sequoia-m4": ("8.7a", "m4 m3 m2 m1", "sme sme2 smef64f64 wfxt"),
}
CPUINFO = {"linux_aarch64_64": "8a", "linux_odroid_c2_aarch64": "8a"}
# What no program uses by itself, and what every Mac has.
NOT_FEATURES = "FEAT_SPECRES FEAT_SPECRES2 FEAT_PACIMP FEAT_PAuth2 FEAT_FPAC FEAT_FPACCOMBINE FEAT_CSV2 FEAT_CSV3 " \
    "AdvSIMD AdvSIMD_HPFPCvt FP_SyncExceptions caps sme_max_svl_b"  # fmt: skip
NEWER_FEATURES = "FEAT_SME2p1 FEAT_SME_F16F16 FEAT_SME_B16B16 FEAT_MTE2 FEAT_MTE3 FEAT_SVE"  # macOS 15 and later
needs_cores = pytest.mark.skipif(not CORES, reason="archspec's data is not vendored into this tree")


def read_target(name: str) -> Facts:
    target, evidence = read_archspec()[name], Evidence()
    evidence.interpreter = f"aarch64 {target.system}"
    if target.system == "linux":
        evidence.cpuinfo = keep_kinds(target.text + "\n")
    else:
        evidence.sysctl = target.text
    return parse_facts(evidence, {})


def answer_of(facts: Facts) -> dict[str, list[str]]:
    return {name: values for name, values, _ in decide_answer(facts)}


def test_no_arm_machine_of_the_corpora_is_left_out() -> None:
    def is_arm(name: str, text: str) -> bool:
        return "CPU implementer" in text or "hw.optional.arm64: 1" in text

    assert {name for name, target in read_archspec().items() if is_arm(name, target.text)} == set(ARCHSPEC)
    assert {name for name, machine in read_cpuinfo().items() if machine.architecture == "aarch64"} == set(CPUINFO)


@pytest.mark.parametrize("name", ARCHSPEC)
def test_versions_are_those_that_the_features_prove(name: str) -> None:
    best, _, also = ARCHSPEC[name]
    answer = answer_of(read_target(name))
    assert answer["version"] == list_contained(best)
    assert set(also.split()) <= set(answer)


@needs_cores
@pytest.mark.parametrize("name", ARCHSPEC)
def test_the_core_and_those_it_descends_from(name: str) -> None:
    assert answer_of(read_target(name)).get("microarchitecture", []) == ARCHSPEC[name][1].split()


@pytest.mark.parametrize("name", [name for name in ARCHSPEC if name.startswith("linux-")])
def test_every_feature_that_the_kernel_names_is_answered(name: str) -> None:
    (line,) = [line for line in read_archspec()[name].text.splitlines() if line.startswith("Features")]
    answer = answer_of(read_target(name))
    assert set(line.partition(":")[2].split()) == answer.keys() - {"version", "microarchitecture"}


def test_every_name_that_macos_has_is_read_or_left_out_on_purpose() -> None:
    named = {
        line.partition(":")[0]
        for name in ARCHSPEC
        if name.startswith("darwin-")
        for line in read_archspec()[name].text.splitlines()
        if line.startswith("hw.optional.arm.")
    }
    read = {row.apple for row in parse_rows().values() if row.apple}
    assert named - read == {f"hw.optional.arm.{name}" for name in NOT_FEATURES.split()}
    assert read - named == {f"hw.optional.arm.{name}" for name in NEWER_FEATURES.split()}


@pytest.mark.parametrize("name", CPUINFO)
def test_the_boards_of_the_other_project(name: str) -> None:
    evidence = Evidence()
    evidence.interpreter = "aarch64 linux"
    evidence.cpuinfo = keep_kinds(read_cpuinfo()[name].said["cat_proc_cpuinfo"])
    facts = parse_facts(evidence, {})
    assert answer_of(facts)["version"] == list_contained(CPUINFO[name])
    assert [code for code, _ in diagnose(facts)] == ["cpuinfo-alone"]
    assert "microarchitecture" not in answer_of(facts)


def test_a_32_bit_boards_cpuinfo_proves_nothing() -> None:
    boards = [machine for machine in read_cpuinfo().values() if machine.architecture.startswith("armv")]
    assert boards
    for board in boards:
        evidence = Evidence()
        evidence.interpreter = "aarch64 linux"
        evidence.cpuinfo = keep_kinds(board.said["cat_proc_cpuinfo"])
        assert answer_of(parse_facts(evidence, {})) == {"version": ["8a"]}
