"""x86-64 machines for tests: captures by their file name, and processors that have what a test names."""

from __future__ import annotations

import glob
import os
from pathlib import Path

from support.corpora import read_archspec, read_cpuinfo
from x86_64_variant_provider._parse import REGISTERS, ROWS, Facts, parse_facts
from x86_64_variant_provider._probe import Evidence, probe_cpuid
from x86_64_variant_provider._rules import decide_answer
from x86_64_variant_provider._tables import LEAVES, LEVELS

FOLDER = os.path.join(os.path.dirname(os.path.dirname(__file__)), "providers", "x86_64", "captures")
CAPTURES = sorted(glob.glob(os.path.join(FOLDER, "*.*")))
"""`<answer>-<machine>.<source>`; the source is what of the machine was kept: cpuinfo, sysctl or cpuid."""
FORCE, DISABLE = "X86_64_VARIANT_PROVIDER_FORCE_LEVEL", "X86_64_VARIANT_PROVIDER_DISABLE"
ALL_STATES = 0xE0 | 0x7 | 0x60000 | 0x80000
FEATURES = {name: row for name, row in ROWS.items() if row.level}
"""The rows that are features of their own."""
EVERY = {name for name, row in ROWS.items() if row.register >= 0}
V2 = {name for level in (1, 2) for name in LEVELS[level]}
V3 = V2 | set(LEVELS[3])
V4 = V3 | set(LEVELS[4])


# The best level of every x86-64 machine in the test data of both projects.
ARCHSPEC_LEVELS = {
    "darwin-mojave-haswell": "v3",
    "darwin-mojave-ivybridge": "v2",
    "darwin-mojave-skylake": "v3",
    "linux-centos7-cascadelake": "v4",
    "linux-rhel6-piledriver": "v2",
    "linux-rhel7-broadwell": "v3",
    "linux-rhel7-haswell": "v3",
    "linux-rhel7-ivybridge": "v2",
    "linux-rhel7-skylake_avx512": "v4",
    "linux-rhel7-x86_64_v3": "v3",
    "linux-rhel7-zen": "v3",
    "linux-rocky8.5-zen4": "v4",
    "linux-rocky9-zen5": "v4",
    "linux-rocky9-zen6": "v4",
    "linux-scientific7-k10": "v1",
    "linux-scientific7-piledriver": "v2",
    "linux-scientificfermi6-bulldozer": "v2",
    "linux-scientificfermi6-piledriver": "v2",
    "linux-ubuntu18.04-broadwell": "v3",
    "linux-ubuntu20.04-zen3": "v3",
    "linux-ubuntu24.04-alderlake": "v3",
    "linux-ubuntu26.04-arrowlake_s": "v3",
    "linux-unknown-sapphirerapids": "v4",
    "windows-cpuid-broadwell": "v3",
    "windows-cpuid-icelake": "v4",
}
CPUINFO_LEVELS = {
    "bug_152_cpu_zero": "v2",
    "linux_debian_8_5_x86_64": "v2",
    "linux_debian_8_x86_64": "v1",
    "linux_fedora_24_x86_64": "v2",
    "linux_fedora_29_x86_64_ryzen_7": "v2",  # a virtual machine without fma, bmi1, bmi2 and f16c
    "linux_gentoo_2_2_x86_64": "v2",
    "linux_ubuntu_16_04_x86_64": "v2",
    "linux_ubuntu_22_04_x86_64": "v3",
    "osx_10_12_x86_64": "v2",
    "osx_10_9_x86_64": "v1",
}


def capture(name: str) -> str:
    """The path of `<answer>-<machine>.<source>`."""
    return os.path.join(FOLDER, name)


def evidence_of(source: str, text: str) -> Evidence:
    """What a machine says that is known from one source alone."""
    evidence = Evidence()
    setattr(evidence, source, text)
    return evidence


def evidence_of_capture(path: str) -> Evidence:
    text = Path(path).read_text(encoding="utf-8", errors="surrogateescape")
    return evidence_of(path.rpartition(".")[2], text)


def evidence_of_archspec(name: str) -> Evidence:
    """One of archspec's machines; skips where the corpora are not at hand."""
    target = read_archspec()[name]
    if target.system == "windows":  # these dumps end before XGETBV: a system that enables AVX-512 is assumed
        return evidence_of("cpuid", cpuid_lines(target.text) + "xcr0 e7\n")
    return evidence_of("sysctl" if target.system == "darwin" else "cpuinfo", target.text)


def evidence_of_cpuinfo(name: str) -> Evidence:
    """One of py-cpuinfo's, by the file or the program that this provider has a reader for; empty when by none."""
    said = read_cpuinfo()[name].said
    if "sysctl_machdep_cpu_hw_cpufrequency" in said:
        return evidence_of("sysctl", said["sysctl_machdep_cpu_hw_cpufrequency"])
    return evidence_of("cpuinfo", said.get("cat_proc_cpuinfo", ""))


def cpuid_lines(text: str) -> str:
    """Decimal `leaf, subleaf, eax, ebx, ecx, edx` as the provider writes it."""
    numbers = [[int(word) for word in line.split(",")] for line in text.splitlines() if line.strip()]
    return "".join(f"{a:x}.{b:x} {' '.join(f'{word:x}' for word in words)}\n" for a, b, *words in numbers)


def read_capture(path: str, **variables: str) -> Facts:
    return parse_facts(evidence_of_capture(path), variables)


def answer_of(facts: Facts) -> dict[str, list[str]]:
    """The answer as feature -> values, in its order."""
    return {name: values for name, values, _ in decide_answer(facts)}


def extensions_of(facts: Facts) -> set[str]:
    """The features of the answer whose one value is `on`."""
    return {name for name, values in answer_of(facts).items() if values == ["on"]}


def expected_levels(level: str) -> list[str]:
    """`v3…` -> v3, v2, v1."""
    return [f"v{number}" for number in range(int(level[1]), 0, -1)]


def flags_line(names: set[str]) -> str:
    """The line of /proc/cpuinfo that names these."""
    return f"flags\t\t: {' '.join(sorted(ROWS[name].flag for name in names))}\n"


class Processor:
    """A processor that has the named extensions and, like real ones, answers absent leaves with other bits."""

    def __init__(
        self, names: set[str], xcr0: int = ALL_STATES, *, osxsave: bool = True, highest: int = 0x24, vendor: str = ""
    ) -> None:
        self.xcr0, self.highest, self.vendor = xcr0, highest, vendor
        self.words: dict[str, list[int]] = {f"{leaf:x}.{subleaf:x}": [0, 0, 0, 0] for leaf, subleaf in LEAVES}
        self.words["7.0"][0] = 1
        self.words["1.0"][2] |= osxsave << 27
        for row in (ROWS[name] for name in names):
            word = self.words[row.leaf]
            if row.leaf == "24.0":
                self.words["7.1"][REGISTERS["edx"]] |= 1 << 19
                word[1] = max(word[1], row.bit)
            else:
                word[row.register] |= 1 << row.bit

    def cpuid(self, leaf: int, subleaf: int) -> tuple[int, int, int, int]:
        if leaf in (0, 0x80000000):
            first, second, third = (self.vendor.encode().ljust(12, b"\0")[at : at + 4] for at in (0, 4, 8))
            said = [int.from_bytes(part, "little") for part in (first, third, second)]
            return (self.highest if leaf == 0 else 0x80000008, said[0], said[1], said[2])
        if self.highest < leaf < 0x80000000:
            return (0xFFFFFFFF,) * 4
        a, b, c, d = self.words[f"{leaf:x}.{subleaf:x}"]
        return (a, b, c, d)

    def facts(self, cpuinfo: str = "", kernel: str = "") -> Facts:
        """What is known of it beside these words of a kernel."""
        evidence = Evidence()
        evidence.cpuinfo, evidence.kernel = cpuinfo, kernel
        evidence.cpuid = probe_cpuid(self.cpuid, lambda: self.xcr0)
        return parse_facts(evidence, {})
