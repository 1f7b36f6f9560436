"""The machine's words as facts."""

from ._tables import LEAVES, TABLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ._probe import Evidence

    Leaves = dict[str, list[int]]  # "7.0" -> eax, ebx, ecx, edx

AVX10_LEAF = "24.0"
REGISTERS = {"eax": 0, "ebx": 1, "ecx": 2, "edx": 3}


class Row:
    """One extension: where it shows, and what it needs; `-` stands for nothing."""

    __slots__ = ("bit", "flag", "leaf", "level", "name", "needs", "register", "since", "source", "xcr0")

    def __init__(self, line: str) -> None:
        self.name, self.leaf, register, bit, xcr0, level, self.since, self.flag, self.needs, self.source = line.split()
        self.register = REGISTERS.get(register, -1)  # -1: none
        self.bit, self.xcr0, self.level = int(bit), int(xcr0, 16), int(level)


class Facts:
    """What is known of the processor; None where a source said nothing."""

    interpreter = "x86_64"
    bits: "frozenset[str] | None" = None  # features whose CPUID bit is set, whatever XCR0 says
    xcr0 = 0
    refusal = ""  # why `bits` is None
    flags: "frozenset[str] | None" = None  # Linux's names, that every processor has, as the kernel says
    flags_source = "/proc/cpuinfo"
    vendor = ""
    kernel: "tuple[int, int] | None" = None
    forced: "int | None" = None
    disabled = False
    notes: "tuple[tuple[str, str], ...]" = ()


def parse_facts(evidence: "Evidence", variables: "Mapping[str, str]") -> Facts:
    facts = Facts()
    facts.interpreter = evidence.interpreter
    facts.kernel = parse_kernel(evidence.kernel)
    if evidence.sysctl:
        from ._macos import parse_sysctl

        facts.flags_source = "sysctl"
        facts.vendor, facts.flags = parse_sysctl(evidence.sysctl)
    else:
        facts.vendor, facts.flags = parse_flags(evidence.cpuinfo)
    # Where sysctls speak, they decide alone: XCR0 lacks what macOS enables at a thread's first use of it.
    leaves, xcr0 = parse_registers(evidence.cpuid) if not (evidence.sysctl and facts.flags) else ({}, 0)
    if leaves:
        facts.bits, facts.xcr0, facts.vendor = find_bits(leaves), xcr0, find_vendor(leaves)
    else:
        facts.refusal = evidence.cpuid.strip().lstrip("!") or "no CPUID registers are at hand"
    if any(variables.values()):
        from ._overrides import parse_overrides

        parse_overrides(variables, facts)
    return facts


def parse_registers(text: str) -> "tuple[Leaves, int]":
    """Lines `7.0 eax ebx ecx edx` and `xcr0 …` in hexadecimal; leaves that the processor does not have left out.

    A processor answers a leaf beyond its highest with another's bits.
    """
    said: Leaves = {}
    for line in text.split("\n"):
        name, _, values = line.partition(" ")
        try:
            said[name] = [int(value, 16) & 0xFFFFFFFF for value in values.split()] or [0]
        except ValueError:
            continue
    leaves: Leaves = {}
    highest = [said.get(name, [0])[0] for name in ("0.0", "80000000.0", "7.0")]
    for leaf, subleaf in LEAVES:
        words = said.get(f"{leaf:x}.{subleaf:x}", [])
        if len(words) == 4 and leaf <= highest[leaf >> 31] and (leaf != 7 or subleaf <= highest[2]):
            leaves[f"{leaf:x}.{subleaf:x}"] = words
    return leaves, said.get("xcr0", [0])[0]


def find_bits(leaves: "Leaves") -> "frozenset[str]":
    """The rows whose CPUID bit is set."""
    nothing = [0, 0, 0, 0]
    avx10 = leaves.get("7.1", nothing)[3] >> 19 & 1  # without it leaf 0x24 means nothing
    found = []
    for row in ROWS.values():
        word = leaves.get(row.leaf, nothing)[row.register]
        version = row.leaf == AVX10_LEAF  # there `bit` is the least version
        if (avx10 and word & 0xFF >= row.bit) if version else word >> row.bit & 1:
            found.append(row.name)
    return frozenset(found)


def find_vendor(leaves: "Leaves") -> str:
    """`GenuineIntel`, `AuthenticAMD` and the like."""
    _, first, third, second = leaves.get("0.0", [0, 0, 0, 0])
    data = b"".join([word.to_bytes(4, "little") for word in (first, second, third)])
    return data.decode("ascii", "replace").strip("\0 ")


def parse_flags(cpuinfo: str) -> "tuple[str, frozenset[str] | None]":
    """The vendor, and the names common to all `flags` lines, as processors may differ; None without any to believe."""
    vendor, common = "", None
    for line in set(cpuinfo.split("\n")):  # a set: the lines of equal processors are equal
        key, _, value = line.partition(":")
        if key.strip() == "flags":
            flags = frozenset(value.split())
            common = flags if common is None else common & flags
        elif key.strip() == "vendor_id":
            vendor = value.strip()
    # Every x86-64 processor has SSE2: a line without it is no flags line of one.
    return vendor, common if common and "sse2" in common else None


def parse_kernel(release: str) -> "tuple[int, int] | None":
    """`6.18.44-generic` -> (6, 18)."""
    major, _, rest = release.partition(".")
    minor = rest.split(".")[0].split("-")[0]
    return (int(major), int(minor)) if major.isdecimal() and minor.isdecimal() else None


ROWS = {line.partition(" ")[0]: Row(line) for line in TABLE.split("\n")[1:-1]}
"""The table by name, in its order."""
