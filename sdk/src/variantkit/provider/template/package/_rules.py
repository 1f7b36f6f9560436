"""Facts as answers: what is supported, best first, and why something is not. Pure."""

from __future__ import annotations

from ._tables import DEVICES, FIRMWARES, FORCE_GENERATION, GENERATIONS, LIBRARY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ._parse import Facts

    Answer = list[tuple[str, list[str], bool]]


def decide_answer(facts: Facts) -> Answer:
    """What this machine supports: (feature, values best first, whether a wheel may name several of them).

    Of several values any one will do; what a wheel may need all of is a feature each.
    """
    answer: Answer = []
    generations = _generations(facts)
    if generations:
        answer.append(("generation", generations, False))
    lowest = _lowest_firmware(facts)
    if lowest:
        usable = [value for value in FIRMWARES if _as_version(value) <= lowest]
        if usable:
            answer.append(("firmware_lower_bound", usable, False))
    return answer


def decide_everything() -> Answer:
    """All there is in this version, whatever the machine and the environment."""
    return [("generation", list(GENERATIONS), False), ("firmware_lower_bound", list(FIRMWARES), False)]


def diagnose(facts: Facts) -> list[tuple[str, str]]:
    """What the user should know of how the answer came about: (code, sentence), one for each kind of fault."""
    notes = list(facts.notes)
    if facts.ending:
        notes.append(("library-failed", f"{LIBRARY} could not be asked to the end: {facts.ending[:200]}."))
    if facts.failed:
        device, status = facts.failed[0]
        more = _more(facts.failed)
        notes.append(("device-failed", f"Device {device}{more} is left out: {LIBRARY} says status {status[:20]}."))
    unknown = [chip for chip, generation in facts.chips if not generation]
    if unknown:
        notes.append(("chip-unknown", f"This version does not know the chip {unknown[0][:20]}{_more(unknown)}."))
    unreadable = [path for path, version in facts.firmwares if version is None]
    if unreadable:
        sentence = f"{unreadable[0]}{_more(unreadable)} has no version such as 2.4.1; the device is left out."
        notes.append(("firmware-unreadable", sentence))
    if facts.refused:
        path, reason = facts.refused[0]
        notes.append(("unreadable", f"{path}{_more(facts.refused)} could not be read: {reason}."))
    if (facts.firmwares or facts.refused) and not decide_answer(facts):
        # The code tells ignorance from absence: such an answer is not believed and not remembered.
        notes.append(("undetermined", f"There may be a device in {DEVICES}, but nothing could be learnt of it."))
    return notes


def describe(facts: Facts) -> list[tuple[str, str, str]]:
    """Facts, each with its source."""
    rows = [("firmware", _as_text(version), path) for path, version in facts.firmwares]
    rows += [("chip", f"{chip} {generation or 'unknown'}", LIBRARY) for chip, generation in facts.chips]
    if facts.forced:
        rows.append(("forced generation", facts.forced, FORCE_GENERATION))
    return rows


def why_not(facts: Facts, feature: str, value: str) -> str:
    """One sentence that names the source which denies the value; nothing for what is supported."""
    answer = {name: values for name, values, _ in decide_answer(facts)}
    if value in answer.get(feature, ()):
        return ""
    if feature == "generation" and facts.forced:
        return f"{FORCE_GENERATION} says {facts.forced}."
    if not facts.firmwares:
        return f"{DEVICES} has no device."
    if feature == "generation":
        found = ", ".join(answer.get(feature, ["none"]))
        return f"{LIBRARY} says that the generations here are: {found}."
    return f"The oldest firmware below {DEVICES} is {_as_text(_lowest_firmware(facts))}."


def _generations(facts: Facts) -> list[str]:
    if facts.forced:
        return [facts.forced]
    found = {generation for _, generation in facts.chips}
    return [generation for generation in GENERATIONS if generation in found]


def _lowest_firmware(facts: Facts) -> tuple[int, int] | None:
    """The version that every device has at least: a program may meet any of them."""
    return min([version for _, version in facts.firmwares if version], default=None)


def _more(found: Sequence[object]) -> str:
    return f" (and {len(found) - 1} more)" if len(found) > 1 else ""


def _as_version(value: str) -> tuple[int, int]:
    major, _, minor = value.partition(".")
    return int(major), int(minor)


def _as_text(version: tuple[int, int] | None) -> str:
    return f"{version[0]}.{version[1]}" if version else "unknown"
