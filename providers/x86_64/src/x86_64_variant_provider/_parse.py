"""The machine's words as facts."""

from __future__ import annotations

from ._tables import TABLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ._probe import Evidence, Registers

REGISTERS = ("eax", "ebx", "ecx", "edx")
AVX10_LEAF = 0x24


class Row:
    """One extension: where it shows, and what it needs."""

    __slots__ = ("bit", "flag", "leaf", "level", "name", "needs", "register", "since", "source", "subleaf", "xcr0")

    def __init__(self, line: str) -> None:
        self.name, cpuid, xcr0, level, since, flag, needs, self.source = line.split()
        leaf, subleaf, register, bit = ("0", "0", "", "0") if cpuid == "-" else cpuid.split(".")
        self.leaf, self.subleaf, self.register, self.bit = int(leaf, 16), int(subleaf), register, int(bit)
        self.xcr0, self.level = int(xcr0, 16), int(level)
        self.since = parse_kernel(since) or (0, 0)
        self.flag = "" if flag == "-" else self.name if flag == "=" else flag
        self.needs = "" if needs == "-" else needs


class Facts:
    """What is known of the processor; None where a source said nothing."""

    __slots__ = ("bits", "disabled", "flags", "forced", "kernel", "notes", "refusal", "x86_64", "xcr0")

    def __init__(self) -> None:
        self.x86_64 = True
        self.bits: frozenset[str] | None = None  # features whose CPUID bit is set, whatever XCR0 says
        self.xcr0 = 0
        self.flags: frozenset[str] | None = None  # names that every `flags` line of /proc/cpuinfo has
        self.kernel: tuple[int, int] | None = None
        self.refusal = ""  # why `bits` is None
        self.forced: int | None = None
        self.disabled = False
        self.notes: list[tuple[str, str]] = []


def parse_rows() -> dict[str, Row]:
    """The table by name, in its order."""
    rows = [Row(line) for line in TABLE.split("\n") if line]
    return {row.name: row for row in rows}


def parse_facts(evidence: Evidence, variables: Mapping[str, str], rows: dict[str, Row]) -> Facts:
    facts = Facts()
    facts.x86_64 = evidence.machine == "x86_64"
    facts.bits = parse_registers(evidence.registers, rows) if evidence.registers else None
    facts.xcr0 = evidence.xcr0
    facts.flags = parse_flags(evidence.cpuinfo)
    facts.kernel = parse_kernel(evidence.kernel)
    facts.refusal = evidence.refusal
    parse_overrides(variables, facts)
    return facts


def parse_flags(cpuinfo: bytes) -> frozenset[str] | None:
    """The names common to all `flags` lines, as processors may differ; None when there are none to believe."""
    common = None
    for line in set(cpuinfo.split(b"\n")):  # a set: the lines of equal processors are equal
        key, _, value = line.partition(b":")
        if key.strip() == b"flags":
            flags = frozenset(value.decode("ascii", "replace").split())
            common = flags if common is None else common & flags
    # Every x86-64 processor has SSE2: a line without it is no flags line of one.
    return common if common and "sse2" in common else None


def parse_registers(registers: Mapping[tuple[int, int], Registers], rows: dict[str, Row]) -> frozenset[str]:
    """The rows whose CPUID bit is set."""
    nothing = (0, 0, 0, 0)
    avx10 = registers.get((7, 1), nothing)[3] >> 19 & 1  # without it leaf 0x24 means nothing
    found = []
    for row in rows.values():
        if row.register:
            word = registers.get((row.leaf, row.subleaf), nothing)[REGISTERS.index(row.register)]
            version = row.leaf == AVX10_LEAF  # there `bit` is the least version
            if (avx10 and word & 0xFF >= row.bit) if version else word >> row.bit & 1:
                found.append(row.name)
    return frozenset(found)


def parse_kernel(release: str) -> tuple[int, int] | None:
    """`6.18.44-generic` -> (6, 18)."""
    major, _, rest = release.partition(".")
    minor = rest.split(".")[0].split("-")[0]
    return (int(major), int(minor)) if major.isdecimal() and minor.isdecimal() else None


def parse_overrides(variables: Mapping[str, str], facts: Facts) -> None:
    """Read both overrides; an empty variable is an unset one, a senseless one is ignored and reported."""
    for name, value in variables.items():
        text = value.strip().lower()
        if name.endswith("_DISABLE") and text in ("", "0", "1"):
            facts.disabled = text == "1"
        elif name.endswith("_FORCE_LEVEL") and text in ("", "v1", "v2", "v3", "v4"):
            facts.forced = int(text[1]) if text else None
        else:
            expected = "1 or 0" if name.endswith("_DISABLE") else "v1, v2, v3 or v4"
            facts.notes.append(("override-ignored", f"{name} is {value[:40]!r}, expected {expected}; it was ignored."))
