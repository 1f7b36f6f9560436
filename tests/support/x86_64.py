"""x86-64 machines for tests: captures by their file name, and processors that have what a test names."""

from __future__ import annotations

import glob
import os
from pathlib import Path

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


def capture(name: str) -> str:
    """The path of `<answer>-<machine>.<source>`."""
    return os.path.join(FOLDER, name)


def evidence_of(source: str, text: str) -> Evidence:
    """What a machine says that is known from one source alone."""
    evidence = Evidence()
    setattr(evidence, source, text)
    return evidence


def read_capture(path: str, **variables: str) -> Facts:
    text = Path(path).read_text(encoding="utf-8", errors="surrogateescape")
    return parse_facts(evidence_of(path.rpartition(".")[2], text), variables)


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
    return f"flags\t\t: {' '.join(sorted(ROWS[name].flag for name in names if ROWS[name].flag != '-'))}\n"


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
        return parse_facts(Evidence(cpuinfo, kernel, probe_cpuid(self.cpuid, lambda: self.xcr0)), {})
