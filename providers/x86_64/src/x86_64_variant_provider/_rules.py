"""What the facts allow, best first, and what stands in the way of the rest."""

from __future__ import annotations

from ._tables import LEVELS, USABLE_SINCE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._parse import Facts, Row

    Answer = list[tuple[str, list[str]]]  # feature, values

ASSUMED_LEVEL = 2


def level_values(level: int) -> list[str]:
    return [f"v{number}" for number in range(level, 0, -1)]


def decide_answer(facts: Facts, rows: dict[str, Row]) -> Answer:
    """The supported features in order of preference: `level`, then the extensions as the table orders them."""
    if facts.disabled or not facts.x86_64:
        return []
    names = decide_usable(facts, rows)
    level = decide_level(names) if facts_known(facts) else ASSUMED_LEVEL
    if facts.forced is not None:
        level, names = facts.forced, force_level(facts.forced, names, rows)
    return [("level", level_values(level)), *((name, ["on"]) for name in rows if name in names)]


def decide_everything(rows: dict[str, Row]) -> Answer:
    """Every feature and value there is, in the same order."""
    return [("level", level_values(4)), *((name, ["on"]) for name in rows)]


def facts_known(facts: Facts) -> bool:
    return facts.bits is not None or facts.flags is not None


def decide_usable(facts: Facts, rows: dict[str, Row]) -> frozenset[str]:
    """The extensions that nothing stands in the way of, nor of what they need."""
    free = {name for name, row in rows.items() if not find_obstacle(row, facts)}

    def holds(name: str) -> bool:
        return name in free and (not rows[name].needs or holds(rows[name].needs))

    return frozenset(name for name in free if holds(name))


def decide_level(names: frozenset[str]) -> int:
    level = 1
    while level < 4 and names.issuperset(LEVELS[level + 1]):
        level += 1
    return level


def force_level(level: int, names: frozenset[str], rows: dict[str, Row]) -> frozenset[str]:
    """The extensions of a machine of exactly `level`: those it implies, and of the rest none that goes with more."""
    implied = {name for number in range(1, level + 1) for name in LEVELS[number]}
    return frozenset(name for name, row in rows.items() if row.level <= level and name in names | implied)


def find_obstacle(row: Row, facts: Facts) -> str:
    """The source that denies the row: cpuid, xcr0, cpuinfo, kernel, unknown (none tells); empty when none does."""
    flags = facts.flags if row.flag else None
    listed = flags is not None and row.flag in flags
    if facts.bits is None or not row.register:
        obstacle = "unknown" if flags is None else "" if listed else "cpuinfo"
    elif row.name not in facts.bits:
        obstacle = "cpuid"
    elif facts.xcr0 & row.xcr0 != row.xcr0:
        obstacle = "xcr0"
    # A kernel that knows the name and does not print it has switched the feature off (clearcpuid=, an erratum).
    elif flags is not None and not listed and (facts.kernel is None or facts.kernel >= row.since):
        obstacle = "cpuinfo"
    else:
        obstacle = ""
    if not obstacle and facts.kernel is not None and facts.kernel < USABLE_SINCE.get(row.name, (0, 0)):
        return "kernel"
    return obstacle


def diagnose(facts: Facts, rows: dict[str, Row]) -> list[tuple[str, str]]:
    """What the user should know of how the answer came about, as (code, sentence)."""
    if not facts.x86_64:
        return []
    notes = list(facts.notes)
    if facts.disabled:
        return [*notes, ("disabled", "X86_64_VARIANT_PROVIDER_DISABLE is set: nothing is supported.")]
    if not facts_known(facts):
        text = f"The processor could not be read: {facts.refusal}, and /proc/cpuinfo names no flags"
        notes.append(("processor-unreadable", f"{text}; level v{ASSUMED_LEVEL} is assumed."))
    elif facts.bits is None:
        notes.append(("cpuinfo-alone", f"{facts.refusal}; the answer is what /proc/cpuinfo names."))
    if facts.forced is not None:
        found = f"v{decide_level(decide_usable(facts, rows))}" if facts_known(facts) else "an unreadable processor"
        text = f"X86_64_VARIANT_PROVIDER_FORCE_LEVEL sets the level to v{facts.forced} on {found}."
        notes.append(("level-forced", text))
    return notes


def explain_absence(value: str, facts: Facts, rows: dict[str, Row]) -> list[str]:
    """Why `value` (v1..v4 or an extension) is not supported, a sentence a reason; empty when it is."""
    answer = dict(decide_answer(facts, rows))
    if value in answer or value in answer.get("level", ()):
        return []
    if facts.disabled:
        return ["X86_64_VARIANT_PROVIDER_DISABLE is set."]
    if not facts.x86_64:
        return ["This interpreter is not a 64-bit x86 one."]
    required = [value] if value in rows else level_requirements(value)
    if not required:
        return [f"{value} is neither a level (v1 to v4) nor an extension that this provider knows."]
    reasons = [text for name in required for text in explain_row(rows[name], facts, rows)]
    if facts.forced is not None:
        reasons.insert(0, f"X86_64_VARIANT_PROVIDER_FORCE_LEVEL limits the level to v{facts.forced}.")
    return list(dict.fromkeys(reasons))


def level_requirements(value: str) -> list[str]:
    """Every extension a level requires; none for a word that is no level."""
    wanted = {"v1": 1, "v2": 2, "v3": 3, "v4": 4}.get(value, 0)
    return [name for number in range(1, wanted + 1) for name in LEVELS[number]]


def explain_row(row: Row, facts: Facts, rows: dict[str, Row]) -> list[str]:
    where = f"CPUID leaf {row.leaf:#x}.{row.subleaf} {row.register} bit {row.bit}"
    if row.leaf == 0x24:
        where = f"CPUID leaf 0x24.0 ebx (AVX10 version, at least {row.bit})"
    text = {
        "cpuid": f"{row.name}: {where} is not set.",
        "xcr0": f"{row.name}: XCR0 is {facts.xcr0:#x}, without {row.xcr0 & ~facts.xcr0:#x}: the system did not enable it.",
        "cpuinfo": f"{row.name}: /proc/cpuinfo does not name {row.flag} (on every processor).",
        "kernel": f"{row.name}: this kernel does not let programs use it.",
        "unknown": f"{row.name}: no source that could be read tells ({facts.refusal or 'no kernel flags'}).",
    }
    obstacle = find_obstacle(row, facts)
    reasons = [text[obstacle]] if obstacle else []
    return reasons + (explain_row(rows[row.needs], facts, rows) if row.needs else [])
