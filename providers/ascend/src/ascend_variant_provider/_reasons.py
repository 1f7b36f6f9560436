"""Why an answer is as it is: diagnostics, facts with their sources, and what speaks against a value."""

from __future__ import annotations

from ._names import find_type
from ._reports import find_ending
from ._rules import decide_answer
from ._tables import (
    CANN_PLACES,
    CANNS,
    DRIVER_FILE,
    DRIVERS,
    FORCE_CANN,
    FORCE_DRIVER,
    FORCE_TYPE,
    MANAGER,
    NODE,
    PCI_LIST,
)
from ._versions import has_value, parse_version

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._parse import Facts

DCMI_STATUS = {
    "-8002": "this user has no permission",
    "-8005": "the device is in use, or this container may not manage it",
    "-8012": "the device is not ready",
    "-8013": "this container may not manage it",
    "-8020": "the device is in use",
    "-8255": "the driver does not support it",
}
"""DCMI's status -> what it means to a user. Source: Huawei's DCMI reference and public reports, November 2026."""


def diagnose_all(facts: Facts) -> list[tuple[str, str]]:
    notes = list(facts.notes)
    if FORCE_TYPE not in facts.forced:
        notes += _diagnose_presence(facts) + _diagnose_types(facts)
    for code, (text, source), majors in (
        ("driver-version-unknown", facts.driver, DRIVERS),
        ("cann-version-unknown", facts.cann, CANNS),
    ):
        version = parse_version(text)
        if text and (version is None or not has_value(majors, version)):
            notes.append((code, f"{source} says {text[:40]!a}, which is no value here."))
    doubt = find_doubt(facts)
    if doubt and not decide_answer(facts):
        # The code tells ignorance from absence: such an answer is not believed and not remembered.
        notes.append(("undetermined", f"Whether this machine has a usable NPU is not known, since {doubt}."))
    return notes


def _diagnose_presence(facts: Facts) -> list[tuple[str, str]]:
    manager, nodes = facts.evidence.manager, facts.evidence.nodes
    if manager and not nodes:
        return [("no-npu-node", f"{MANAGER} exists, but no {NODE}N: no NPU was passed to this container.")]
    if nodes and not manager:
        return [("no-manager-node", f"{nodes[0]} exists, but not {MANAGER}, without which no program can use the NPU.")]
    if facts.driver[0] and not nodes and FORCE_DRIVER not in facts.forced:
        return [("driver-without-npu", f"{DRIVER_FILE} names a driver, but there is no {MANAGER} and no {NODE}N.")]
    return []


def _diagnose_types(facts: Facts) -> list[tuple[str, str]]:
    if not facts.present:
        return []
    trouble = find_trouble(facts)
    lost = [line.split() for line in facts.evidence.reports.get("dcmi", "").splitlines() if line.startswith("lost ")]
    strange = [name for name, npu, _ in facts.chips if not find_type(name, npu, [kind for _, kind in facts.pci])]
    notes = []
    if strange:
        notes.append(("chip-unknown", f"This version knows no type for the chip {strange[0][:40]!a}."))
    if facts.chips and lost:
        said = DCMI_STATUS.get(lost[0][-1], f"DCMI's status {lost[0][-1]}")
        notes.append(("npu-unreadable", f"{len(lost)} NPUs are left out, the first since {said}."))
    if len(strange) == len(facts.chips) and facts.types:
        notes.append(("type-from-pci", f"The type is that of {facts.pci[0][0]}, since {trouble}."))
    if not facts.chips and not facts.types:
        notes.append(
            ("type-unknown", f"{facts.evidence.nodes[0]} is an NPU whose type cannot be told, since {trouble}.")
        )
    return notes


def find_doubt(facts: Facts) -> str:
    """Why there may be an NPU whose type is a value although none is known, as half a sentence."""
    if not facts.present:
        refused = [path for path, _ in facts.evidence.refused if path.startswith(NODE)]
        return f"{refused[0]} could not be looked at" if refused and FORCE_TYPE not in facts.forced else ""
    reports = facts.evidence.reports
    words = [line.split()[:1] + line.split()[-1:] for line in reports.get("dcmi", "").splitlines()]
    lost = any(row[:1] == ["lost"] for row in words)
    told_none = ["list", "0"] in words and not lost and not find_ending(reports.get("dcmi", ""))
    # Without the vendor's software no program can use the NPU: that is absence, as is a driver that counts none.
    if facts.types or told_none or (facts.chips and not lost) or not any(reports.values()):
        return ""
    return "an NPU did not say what it is" if facts.chips else find_trouble(facts)


def find_trouble(facts: Facts) -> str:
    """Why neither DCMI nor npu-smi told of an NPU, as half a sentence."""
    report = facts.evidence.reports.get("dcmi", "")
    if facts.chips:
        return f"the chip's name, {facts.chips[0][0][:40]!a}, is not known here"
    ending = find_ending(report)
    if ending == "!timeout":
        return "DCMI did not answer in time"
    if ending:
        return f"DCMI ended with {ending[1:60]}"
    rows = [line.split() for line in report.splitlines()]
    refused = [
        row[-1] for row in rows if row and row[0] in ("init", "list", "lost") and row[-1] not in ("0", "unasked")
    ]
    known = [status for status in refused if status in DCMI_STATUS and status != "-8255"] or refused
    if known:
        return DCMI_STATUS.get(known[0], f"DCMI's status is {known[0]}")
    if any(row and row[0] == "unusable" for row in rows):
        row = next(row for row in rows if row and row[0] == "unusable")
        return f"{row[1]} cannot be loaded: {' '.join(row[2:])[:120]}"
    if report:
        return "DCMI told of none"
    tool = next(
        (facts.evidence.reports[name] for name in ("smi", "smi-mapping") if facts.evidence.reports.get(name)), ""
    )
    ending = find_ending(tool)
    if tool:
        return f"npu-smi ended with {ending[1:60]}" if ending else "npu-smi told of none"
    return "neither libdcmi.so nor npu-smi is in its place"


def describe_all(facts: Facts) -> list[tuple[str, str, str]]:
    rows = [("npu node", path, "/dev") for path in facts.evidence.nodes]
    rows += [("chip", f"{name} {npu}".strip(), source) for name, npu, source in facts.chips]
    rows += [("pci", kind, directory) for directory, kind in facts.pci]
    rows += [("driver", *facts.driver)] if facts.driver[0] else []
    rows += [("cann", *facts.cann)] if facts.cann[0] else []
    rows += [("forced type", facts.forced[FORCE_TYPE], FORCE_TYPE)] if FORCE_TYPE in facts.forced else []
    return rows


def find_reason(facts: Facts, feature: str, answer: list[str]) -> str:
    """One sentence that names the source which denies the value."""
    if feature == "npu_type":
        return _find_type_reason(facts, answer)
    place = DRIVER_FILE if feature.startswith("driver") else f"{CANN_PLACES[0]} or {CANN_PLACES[1]}"
    text, source = facts.driver if feature.startswith("driver") else facts.cann
    what = "driver" if feature.startswith("driver") else "CANN"
    if not text:
        return f"No {what} version is said in {place}."
    said = "says" if source not in (FORCE_DRIVER, FORCE_CANN) else "is set and says"
    return f"The {what} version here is {text[:40]}, {source} {said}."


def _find_type_reason(facts: Facts, answer: list[str]) -> str:
    if FORCE_TYPE in facts.forced:
        return f"{FORCE_TYPE} says {facts.forced[FORCE_TYPE]}."
    if answer:
        source = facts.chips[0][2] if facts.chips else PCI_LIST
        return f"The NPUs here support {', '.join(answer)}, says {source}."
    if facts.present:
        return f"The type of {facts.evidence.nodes[0]} cannot be told, since {find_trouble(facts)}."
    missing = NODE + "N" if facts.evidence.manager else MANAGER
    return f"There is no {missing}, so no NPU that a program could use."
