"""What the facts allow, best first, and which source denies the rest."""

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
