"""The machine's words as facts."""

from __future__ import annotations

from ._everything import CORES
from ._tables import BRAND, EVERY_APPLE_M, OLD_APPLE, SAME_CORES, TABLE, VERSIONS, WINDOWS_IMPLIES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ._probe import Evidence


class Row:
    """One extension: where it shows, and what it needs."""

    __slots__ = ("apple", "bit", "name", "needs", "windows", "word")

    def __init__(self, line: str) -> None:
        self.name, hwcap, needs, apple, windows = line.split()
        word, _, bit = hwcap.partition(".")
        self.word, self.bit = ("", 0) if hwcap == "-" else ("hwcap" + ("" if word == "1" else word), int(bit))
        self.needs = "" if needs == "-" else needs
        self.apple = "" if apple == "-" else "hw.optional.arm." + apple
        self.windows = "" if windows == "-" else windows


class Version:
    """One architecture version: those that it contains, and the extensions that it adds."""

    __slots__ = ("adds", "contains", "name")

    def __init__(self, line: str) -> None:
        self.name, contains, *adds = line.split()
        self.contains = () if contains == "-" else tuple(contains.split(","))
        self.adds = () if adds == ["-"] else tuple(adds)


class Core:
    """One microarchitecture of the vendored table: the cores it is, its ancestors, what it requires."""

    __slots__ = ("ancestors", "name", "parts", "requires")

    def __init__(self, line: str) -> None:
        self.name, parts, ancestors, requires = line.split()
        self.parts = [] if parts == "-" else parts.split(",")
        self.ancestors = () if ancestors == "-" else tuple(ancestors.split(","))
        self.requires = tuple(requires.split(","))


class Facts:
    """What is known of the processor; None where no source said anything."""

    __slots__ = (
        "aarch64", "brand", "cores", "disabled", "features", "forced", "interpreter", "maximum", "notes", "source",
        "words",
    )  # fmt: skip

    def __init__(self) -> None:
        self.aarch64 = True
        self.interpreter = ""
        self.features: frozenset[str] | None = None
        self.source = ""  # where the features come from
        self.words = ""  # the capability words, for people
        self.cores: list[str] = []  # `implementer:part` of each kind of core, first seen first
        self.brand = ""  # what macOS calls the processor
        self.forced = self.maximum = ""  # versions that the overrides name
        self.disabled = False
        self.notes: list[tuple[str, str]] = []


def parse_rows() -> dict[str, Row]:
    """The table by name, in its order."""
    return {row.name: row for row in [Row(line) for line in TABLE.split("\n") if line]}


def parse_versions() -> dict[str, Version]:
    """The versions by name, best first."""
    return {version.name: version for version in [Version(line) for line in VERSIONS.split("\n") if line]}


def parse_cores(text: str = CORES) -> dict[str, Core]:
    """The microarchitectures by name, best first, with the cores that `SAME_CORES` adds."""
    cores = {core.name: core for core in [Core(line) for line in text.split("\n") if line]}
    for line in SAME_CORES.split("\n"):
        if line:
            implementer, parts, name = line.split()
            if name in cores:
                cores[name].parts += [f"{implementer}:{part}" for part in parts.split(",")]
    return cores


def parse_facts(evidence: Evidence, variables: Mapping[str, str]) -> Facts:
    facts = Facts()
    facts.interpreter = evidence.interpreter.strip()
    facts.aarch64 = facts.interpreter.startswith("aarch64 ")
    if not facts.aarch64:
        return facts
    _parse_processor(evidence, facts)
    facts.cores = parse_parts(evidence.cpuinfo)
    parse_overrides(variables, facts)
    return facts


def _parse_processor(evidence: Evidence, facts: Facts) -> None:
    """The first source that tells what a processor can; each is whole, so they are not mixed."""
    names: frozenset[str] | None = None
    if evidence.hwcap:
        facts.source, names, facts.words = parse_hwcap(evidence.hwcap)
    if names is None and evidence.cpuinfo:
        facts.source, names = "/proc/cpuinfo", parse_flags(evidence.cpuinfo)
    if names is None and evidence.sysctl:
        facts.source, names, facts.brand = parse_sysctl(evidence.sysctl)
    if names is None and evidence.features:
        facts.source, names = "IsProcessorFeaturePresent", parse_numbers(evidence.features)
    if names is None:
        facts.source = ""
    else:
        facts.features = keep_usable(names)


def keep_usable(names: Iterable[str]) -> frozenset[str]:
    """The known names among these whose needs are met, and their needs', and so on."""
    rows, named = parse_rows(), set(names)

    def holds(name: str) -> bool:
        return name in named and (not rows[name].needs or holds(rows[name].needs))

    return frozenset([name for name in rows if holds(name)])


def parse_hwcap(text: str) -> tuple[str, frozenset[str] | None, str]:
    """The source, the names whose bits are set, and the words; no names for a text that is none of ours."""
    lines = [line.split() for line in text.split("\n")]
    said = {line[0]: line[1] for line in lines if len(line) == 2}
    try:
        words = {name: int(value, 16) for name, value in said.items() if name.startswith("hwcap")}
    except ValueError:
        words = {}
    if words.get("hwcap", 0) & 3 != 3:  # fp and asimd, which every 64-bit Arm Linux has
        return "", None, ""
    names = [row.name for row in parse_rows().values() if row.word and words.get(row.word, 0) >> row.bit & 1]
    source = {"auxv": "/proc/self/auxv", "getauxval": "getauxval"}.get(said.get("source", ""), "a capture")
    return source, frozenset(names), ", ".join([f"{name} {value:#x}" for name, value in words.items()])


def parse_flags(cpuinfo: str) -> frozenset[str] | None:
    """The names common to all `Features` lines, as cores may differ; None when there are none to believe."""
    common = None
    for line in set(cpuinfo.split("\n")):  # a set: the lines of equal cores are equal
        key, _, value = line.partition(":")
        if key.strip() == "Features":
            names = frozenset(value.split())
            common = names if common is None else common & names
    # A 32-bit program's line (half thumb … neon) has no asimd.
    return common if common and common.issuperset(("fp", "asimd")) else None


def parse_parts(cpuinfo: str) -> list[str]:
    """`implementer:part` of each kind of core; a block without both counts as the unknown core `:`."""
    parts: dict[str, None] = {}
    for block in cpuinfo.split("\n\n"):
        fields = {}
        for line in block.split("\n"):
            key, _, value = line.partition(":")
            fields[key.strip()] = value.strip().lower()
        if "CPU implementer" in fields or "CPU part" in fields:
            parts[f"{fields.get('CPU implementer', '')}:{fields.get('CPU part', '')}"] = None
    return list(parts)


def parse_sysctl(text: str) -> tuple[str, frozenset[str] | None, str]:
    """The source, the names, and the processor's brand; a name that the system denies is absent whatever the brand."""
    said = {}
    for line in text.split("\n"):
        key, separator, value = line.partition(": ")
        if separator:
            said[key] = value.strip()
    brand = said.get(BRAND, "")
    named: dict[str, bool] = {}
    for key, names in [(row.apple, row.name) for row in parse_rows().values() if row.apple] + list(OLD_APPLE.items()):
        if key in said:
            for name in names.split():
                named.setdefault(name, said[key] not in ("0", ""))
    if not named and not brand:
        return "", None, ""
    found = {"fp", "asimd"} | {name for name, present in named.items() if present}
    if is_apple_m(brand):
        found.update([name for name in EVERY_APPLE_M.split() if named.get(name, True)])
    return "sysctl hw.optional", frozenset(found), brand


def is_apple_m(brand: str) -> bool:
    return apple_generation(brand) != ""


def apple_generation(brand: str) -> str:
    """`Apple M3 Max` -> `m3`; empty for other names, such as the `Apple processor` of early systems."""
    word = brand[len("Apple M") :].partition(" ")[0] if brand.startswith("Apple M") else ""
    return "m" + word if word.isdecimal() and word.isascii() else ""


def parse_numbers(text: str) -> frozenset[str]:
    """The names that Windows' numbers stand for, and what they imply; FP and ASIMD are what Windows itself needs."""
    said = {line.split()[1] for line in text.split("\n") if line.startswith("feature ") and len(line.split()) == 2}
    names = {"fp", "asimd"} | {row.name for row in parse_rows().values() if row.windows in said}
    return frozenset(names | {implied for name, implied in WINDOWS_IMPLIES.items() if name in names})


def parse_overrides(variables: Mapping[str, str], facts: Facts) -> None:
    """Read the overrides; an empty variable is an unset one, a senseless one is ignored and reported."""
    versions = parse_versions()
    for name, value in variables.items():
        text = value.strip().lower()
        if name.endswith("_DISABLE") and text in ("", "0", "1"):
            facts.disabled = text == "1"
        elif name.endswith("_FORCE_VERSION") and (not text or text in versions):
            facts.forced = text
        elif name.endswith("_MAX_VERSION") and (not text or text in versions):
            facts.maximum = text
        else:
            expected = "1 or 0" if name.endswith("_DISABLE") else f"one of {', '.join(versions)}"
            note = f"{name} is {value[:40]!r}, expected {expected}; it was ignored."
            facts.notes.append(("override-ignored", note))
