"""The known machines of archspec's and py-cpuinfo's test data, all of them: level, extensions, micro-architecture."""

from __future__ import annotations

import pytest

from support.corpora import read_archspec, read_cpuinfo
from support.x86_64 import (
    ARCHSPEC_LEVELS,
    CPUINFO_LEVELS,
    FEATURES,
    answer_of,
    cpuid_lines,
    evidence_of,
    evidence_of_archspec,
    evidence_of_cpuinfo,
    expected_levels,
    extensions_of,
)
from x86_64_variant_provider._parse import Facts, parse_facts
from x86_64_variant_provider._rules import diagnose

# The best micro-architecture where it is not the file's name, and why.
MICROARCHITECTURES = {
    "darwin-mojave-skylake": "broadwell",  # the capture lacks the sysctl that names xsavec; see the test of its own
    "linux-rhel7-x86_64_v3": "nehalem",  # a virtual machine without aes; archspec's name is a level
}
# Flags without what they need: a virtual machine that hides avx and shows avx2.
UNUSABLE = {"osx_10_9_x86_64": {"avx2"}}
X86_NAMES = ("x86_64", "amd64", "AMD64", "i86pc", "BePC")


def named_flags(facts: Facts) -> set[str]:
    """The extensions whose flag the machine's own list has."""
    assert facts.flags is not None
    return {name for name, row in FEATURES.items() if row.flag in facts.flags}


@pytest.mark.parametrize("name", ARCHSPEC_LEVELS)
def test_archspecs_machines(name: str) -> None:
    target = read_archspec()[name]
    facts = parse_facts(evidence_of_archspec(name), {})
    answer = answer_of(facts)
    assert answer["level"] == expected_levels(ARCHSPEC_LEVELS[name])
    assert answer["microarchitecture"][0] == MICROARCHITECTURES.get(name, target.microarchitecture)


@pytest.mark.parametrize("name", [name for name in ARCHSPEC_LEVELS if not name.startswith("windows")])
def test_archspecs_machines_have_the_extensions_of_their_flags(name: str) -> None:
    facts = parse_facts(evidence_of_archspec(name), {})
    assert extensions_of(facts) == named_flags(facts)


@pytest.mark.parametrize("name", [name for name in ARCHSPEC_LEVELS if name.startswith("windows")])
def test_registers_without_xcr0_are_those_of_a_system_that_enabled_nothing(name: str) -> None:
    facts = parse_facts(evidence_of("cpuid", cpuid_lines(read_archspec()[name].text)), {})
    assert answer_of(facts)["level"] == expected_levels("v2")
    assert not extensions_of(facts) & {"xsave", "avx", "avx512f"}


def test_a_skylake_mac_that_tells_its_state_is_a_skylake() -> None:
    text = read_archspec()["darwin-mojave-skylake"].text + "\nmachdep.cpu.xsave.extended_state1: 15 832 256 0\n"
    assert answer_of(parse_facts(evidence_of("sysctl", text), {}))["microarchitecture"][0] == "skylake"


def test_no_machine_of_archspec_is_left_out() -> None:
    """Every other target is one of another architecture, from whose files nothing is believed."""
    for name in read_archspec():
        if name not in ARCHSPEC_LEVELS:
            facts = parse_facts(evidence_of_archspec(name), {})
            assert facts.flags is None, name
            assert [code for code, _ in diagnose(facts)] == ["processor-unreadable"], name


@pytest.mark.parametrize("name", CPUINFO_LEVELS)
def test_py_cpuinfos_machines(name: str) -> None:
    facts = parse_facts(evidence_of_cpuinfo(name), {})
    assert answer_of(facts)["level"] == expected_levels(CPUINFO_LEVELS[name])
    assert extensions_of(facts) == named_flags(facts) - UNUSABLE.get(name, set())


def test_no_x86_machine_of_py_cpuinfo_is_left_out() -> None:
    machines = read_cpuinfo()
    for name in machines:
        if name not in CPUINFO_LEVELS:
            assert parse_facts(evidence_of_cpuinfo(name), {}).flags is None, name
    told = {"cat_proc_cpuinfo", "sysctl_machdep_cpu_hw_cpufrequency"}
    x86 = {name for name, machine in machines.items() if machine.architecture in X86_NAMES}
    assert {name for name in x86 if told & set(machines[name].said)} == set(CPUINFO_LEVELS)
