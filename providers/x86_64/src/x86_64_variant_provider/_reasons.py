"""Reasons behind an answer, for people: its facts, what went wrong, and what denies a value."""

from ._parse import AVX10_LEAF, ROWS
from ._rules import (
    ASSUMED_LEVEL,
    FAMILY,
    decide_answer,
    decide_level,
    decide_usable,
    facts_known,
    find_obstacle,
    load_families,
)
from ._tables import LEVELS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._parse import Facts, Row


def diagnose_all(facts: "Facts") -> "list[tuple[str, str]]":
    """What the user should know of how the answer came about, as (code, sentence)."""
    if facts.interpreter != "x86_64":
        return []
    notes = list(facts.notes)
    if facts.disabled:
        return [*notes, ("disabled", "X86_64_VARIANT_PROVIDER_DISABLE is set: nothing is supported.")]
    if not facts_known(facts):
        text = f"The processor could not be read: {facts.refusal}, and {facts.flags_source} names no flags"
        notes.append(("processor-unreadable", f"{text}; level v{ASSUMED_LEVEL} is assumed."))
    elif facts.bits is None and facts.flags_source == "/proc/cpuinfo":
        notes.append(("cpuinfo-alone", f"{facts.refusal}; the answer is what /proc/cpuinfo names."))
    if facts.forced is not None:
        found = f"v{decide_level(decide_usable(facts))}" if facts_known(facts) else "an unreadable processor"
        text = f"X86_64_VARIANT_PROVIDER_FORCE_LEVEL sets the level to v{facts.forced} on {found}."
        notes.append(("level-forced", text))
    return notes


def describe_all(facts: "Facts") -> "list[tuple[str, str, str]]":
    """What is known and by which source, as (fact, value, source), then each feature of the answer likewise."""
    names = [
        ("interpreter", facts.interpreter, "the interpreter"),
        ("vendor", facts.vendor, facts.flags_source if facts.bits is None else "cpuid"),
    ]
    kernel = ".".join(map(str, facts.kernel or ()))
    known = [
        *names,
        ("kernel", kernel, "/proc/sys/kernel/osrelease"),
        ("extensions", "" if facts.bits is None else str(len(facts.bits)), facts.refusal or "cpuid"),
        ("enabled state", "" if facts.bits is None else f"{facts.xcr0:#x}", "xcr0"),
        ("flags of every processor", "" if facts.flags is None else str(len(facts.flags)), facts.flags_source),
    ]
    answer = [(name, ", ".join(values), name_sources(name, facts)) for name, values, _ in decide_answer(facts)]
    return [(fact, value or "-", source) for fact, value, source in known] + answer


def name_sources(name: str, facts: "Facts") -> str:
    """The sources that agree on a feature of the answer; `forced` or `assumed` where none does."""
    if name in ROWS and not find_obstacle(ROWS[name], facts):
        row = ROWS[name]
        sources = ["cpuid"] if facts.bits is not None and row.register >= 0 else []
        sources += ["xcr0"] if sources and row.xcr0 else []
        sources += [facts.flags_source] if facts.flags is not None and row.flag in facts.flags else []
        return ", ".join(sources)
    if facts.forced is not None:
        return "forced"
    read = [source for source, said in (("cpuid", facts.bits), (facts.flags_source, facts.flags)) if said is not None]
    return ", ".join(read) or "assumed"


def find_reason(facts: "Facts", feature: str, value: str) -> str:
    """Why a value is not supported, in sentences; empty when it is."""
    if any(name == feature and value in values for name, values, _ in decide_answer(facts)):
        return ""
    if facts.disabled:
        return "X86_64_VARIANT_PROVIDER_DISABLE is set."
    if facts.interpreter != "x86_64":
        return f"This interpreter is not a 64-bit x86 one but for {facts.interpreter}."
    if feature == FAMILY:
        return " ".join(explain_family(facts, value))
    required = [feature] if feature in ROWS else level_requirements(value)
    reasons = [text for name in required for text in explain_row(ROWS[name], facts)]
    if facts.forced is not None and any(ROWS[name].level > facts.forced for name in required):
        reasons.insert(0, f"X86_64_VARIANT_PROVIDER_FORCE_LEVEL limits the level to v{facts.forced}.")
    if not facts_known(facts):
        reasons.insert(0, "Nothing is known of this processor.")
    return " ".join(dict.fromkeys(reasons))


def level_requirements(value: str) -> "list[str]":
    """Every extension a level requires; none for a word that is no level."""
    wanted = {"v1": 1, "v2": 2, "v3": 3, "v4": 4}.get(value, 0)
    return [name for number in range(1, wanted + 1) for name in LEVELS[number]]


def explain_family(facts: "Facts", value: str) -> "list[str]":
    """Another vendor, the features that are missing, or another line of descent."""
    families = load_families()
    maker = families[value][0]
    if facts.vendor != maker:
        return [f"{value} is of {maker}, this processor of {facts.vendor or 'an unknown vendor'}."]
    line = [value]
    for name in line:
        line += [parent for parent in families[name][1] if parent not in line]
    usable = decide_usable(facts)
    missing = {feature for name in line for feature in families[name][2] if feature not in usable}
    if not missing:
        return [f"This processor descends from another line than {value}, though it has all of its features."]
    return [text for name in ROWS if name in missing for text in explain_row(ROWS[name], facts)]


def explain_row(row: "Row", facts: "Facts") -> "list[str]":
    where = f"CPUID leaf {row.leaf} e{'abcd'[row.register]}x bit {row.bit}"
    if row.leaf == AVX10_LEAF:
        where = f"CPUID leaf 24.0.ebx (AVX10 version, at least {row.bit})"
    text = {
        "cpuid": f"{row.name}: {where} is not set.",
        "xcr0": f"{row.name}: the system did not enable it, XCR0 is {facts.xcr0:#x} and needs {row.xcr0:#x}.",
        "flags": f"{row.name}: {facts.flags_source} does not name {row.flag} (on every processor).",
        "kernel": f"{row.name}: this kernel does not let programs use it.",
        "unknown": f"{row.name}: no source that could be read tells ({facts.refusal or 'no kernel flags'}).",
    }
    obstacle = find_obstacle(row, facts)
    reasons = [text[obstacle]] if obstacle else []
    return reasons + (explain_row(ROWS[row.needs], facts) if row.needs in ROWS else [])
