"""What the facts allow, best first, and which source denies the rest."""

from __future__ import annotations

from ._everything import decide_everything
from ._parse import apple_generation, is_apple_m, keep_usable, parse_cores, parse_rows, parse_versions
from ._tables import NOT_REQUIRED

__all__ = ["decide_answer", "decide_everything", "describe", "diagnose", "why_not"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ._everything import Answer
    from ._parse import Core, Facts

ASSUMED_VERSION = "8a"  # what a 64-bit interpreter proves


def decide_answer(facts: Facts) -> Answer:
    """The supported features in order of preference: `version`, the extensions as the table has them, the core."""
    if facts.disabled or not facts.aarch64:
        return []
    names = decide_names(facts)
    versions = list_contained(facts.forced) if facts.forced else decide_versions(names)
    if facts.maximum:
        allowed = list_up_to(facts.maximum)
        versions = [version for version in versions if version in allowed]
    answer = [("version", versions, False)]
    answer += [(name, ["on"], False) for name in parse_rows() if name in names]
    cores = [] if facts.forced else decide_cores(facts)
    return answer + ([("microarchitecture", cores, False)] if cores else [])


def decide_names(facts: Facts) -> frozenset[str]:
    """The extensions as detected or, under a forced version, as a machine of exactly that version has them."""
    names = facts.features or frozenset()
    if not facts.forced:
        return names
    versions, contained = parse_versions(), list_contained(facts.forced)
    implied = {name for version in contained for name in versions[version].adds}
    beyond = {name for version in versions.values() if version.name not in contained for name in version.adds}
    return keep_usable((names - beyond) | implied)


def decide_versions(names: Iterable[str]) -> list[str]:
    """The versions all of whose extensions are among these names, best first; 8a always."""
    present, versions = set(names), parse_versions()
    proven = {
        name
        for name in versions
        if all(present.issuperset(versions[contained].adds) for contained in list_contained(name))
    }
    return [name for name in versions if name in proven]


def list_contained(version: str) -> list[str]:
    """The version and all that it contains, best first."""
    versions = parse_versions()
    found, waiting = set(), [version]
    while waiting:
        name = waiting.pop()
        found.add(name)
        waiting += versions[name].contains
    return [name for name in versions if name in found]


def list_up_to(version: str) -> list[str]:
    """The version and those that the order puts after it."""
    versions = list(parse_versions())
    return versions[versions.index(version) :]


def decide_cores(facts: Facts) -> list[str]:
    """The microarchitectures that every core of the machine is or descends from, as far as its features reach."""
    cores = parse_cores()
    kinds = [[name for name, core in cores.items() if kind in core.parts] for kind in facts.cores]
    if is_apple_m(facts.brand):
        kinds = [[name for name in cores if name == apple_generation(facts.brand)]]
    common: list[str] | None = None
    for kind in kinds:
        descent = [name for own in kind for name in (own, *cores[own].ancestors)]
        common = descent if common is None else [name for name in common if name in descent]
    return [name for name in cores if name in (common or ()) and not list_missing(cores[name], facts)]


def list_missing(core: Core, facts: Facts) -> list[str]:
    present = facts.features or ()
    return [name for name in core.requires if name not in present and name not in NOT_REQUIRED]


def diagnose(facts: Facts) -> list[tuple[str, str]]:
    """What the user should know of how the answer came about, as (code, sentence)."""
    if not facts.aarch64:
        return []
    notes = list(facts.notes)
    if facts.disabled:
        return [*notes, ("disabled", "AARCH64_VARIANT_PROVIDER_DISABLE is set: nothing is supported.")]
    if facts.features is None:
        text = "Neither the kernel's capability words nor the processor's feature list could be read"
        notes.append(("processor-unreadable", f"{text}; version {ASSUMED_VERSION} is assumed."))
    elif facts.source == "/proc/cpuinfo":
        text = "The kernel's capability words could not be read; the answer is what /proc/cpuinfo names."
        notes.append(("cpuinfo-alone", text))
    detected = decide_versions(facts.features or ())[0]
    if facts.forced:
        found = detected if facts.features is not None else "an unreadable processor"
        text = f"AARCH64_VARIANT_PROVIDER_FORCE_VERSION sets the version to {facts.forced} on {found}."
        notes.append(("version-forced", text))
    if facts.maximum and (facts.forced or detected) not in list_up_to(facts.maximum):
        text = f"AARCH64_VARIANT_PROVIDER_MAX_VERSION keeps {facts.forced or detected} down to {facts.maximum}."
        notes.append(("version-capped", text))
    return notes


def describe(facts: Facts) -> list[tuple[str, str, str]]:
    """The facts, as (fact, value, source)."""
    rows = [("interpreter", facts.interpreter or "unknown", "this interpreter")]
    if facts.words:
        rows.append(("capabilities", facts.words, facts.source))
    if facts.features is not None:
        rows.append(("extensions", str(len(facts.features)), facts.source))
    if facts.cores:
        rows.append(("cores", ", ".join(facts.cores), "/proc/cpuinfo"))
    if facts.brand:
        rows.append(("processor", facts.brand, "sysctl"))
    return rows


def why_not(facts: Facts, feature: str, value: str) -> str:
    """Why a value is not supported, one sentence; empty when it is."""
    if any(name == feature and value in values for name, values, _ in decide_answer(facts)):
        return ""
    if not facts.aarch64:
        return "This interpreter is not a 64-bit Arm one."
    if facts.disabled:
        return "AARCH64_VARIANT_PROVIDER_DISABLE is set."
    if feature == "version":
        return _why_not_version(facts, value)
    if feature == "microarchitecture":
        return _why_not_core(facts, value)
    return _why_not_extension(facts, feature)


def _why_not_version(facts: Facts, value: str) -> str:
    if facts.forced and value not in list_contained(facts.forced):
        return f"AARCH64_VARIANT_PROVIDER_FORCE_VERSION limits the version to {facts.forced}."
    if facts.maximum and value not in list_up_to(facts.maximum):
        return f"AARCH64_VARIANT_PROVIDER_MAX_VERSION limits the version to {facts.maximum}."
    if facts.features is None:
        return f"No source that could be read tells more than {ASSUMED_VERSION}."
    versions = parse_versions()
    wanted = [name for contained in reversed(list_contained(value)) for name in versions[contained].adds]
    missing = [name for name in wanted if name not in facts.features]
    return f"Version {value} requires {', '.join(missing)}, which {facts.source} does not name."


def _why_not_extension(facts: Facts, feature: str) -> str:
    row = parse_rows()[feature]
    if facts.forced and feature in (facts.features or ()):
        return f"{feature} goes with a version beyond AARCH64_VARIANT_PROVIDER_FORCE_VERSION {facts.forced}."
    if not (row.word or row.apple or row.windows):
        return f"{feature} is two names in one, kept so that old labels can be read; no machine has it."
    if facts.features is None:
        return f"No source that could be read tells whether there is {feature}."
    if row.needs and row.needs not in facts.features:
        return f"{feature} needs {row.needs}, which {facts.source} does not name."
    place = f"{row.word} bit {row.bit} is not set" if facts.words and row.word else f"it does not name {feature}"
    return f"{facts.source}: {place}."


def _why_not_core(facts: Facts, value: str) -> str:
    if facts.forced:
        return "AARCH64_VARIANT_PROVIDER_FORCE_VERSION says nothing of the core."
    here = facts.brand or ", ".join(facts.cores)
    if not here:
        return "No source that could be read tells which cores there are."
    core = parse_cores()[value]
    missing = list_missing(core, facts)
    if missing:
        return f"{value} requires {', '.join(missing)}, which {facts.source or 'no source'} does not name."
    return f"Not every core here ({here}) is a {value} or descends from it."
