"""Facts as answers: whether TPUs are present, of which generation, and why not."""

from __future__ import annotations

from ._tables import FORCE_GENERATION, FORCE_PRESENT, GENERATIONS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._parse import Facts

    Answer = list[tuple[str, list[str], bool]]

PCI_LIST = "/sys/bus/pci/devices"


def decide_answer(facts: Facts) -> Answer:
    """`present` always, since a wheel may ask for its being false; `generation` where it is known."""
    present = _is_present(facts)
    answer: Answer = [("present", ["true" if present else "false"], False)]
    generations = _generations(facts)
    if generations:
        answer.append(("generation", generations, False))
    return answer


def decide_everything() -> Answer:
    """All there is in this version, whatever the machine and the environment."""
    return [("present", ["true", "false"], False), ("generation", list(GENERATIONS), False)]


def diagnose(facts: Facts) -> list[tuple[str, str]]:
    """What the user should know of how the answer came about."""
    notes = list(facts.notes)
    if facts.forced is not None:
        return notes
    nodes = ", ".join(facts.nodes[:4])
    if not facts.chips and facts.nodes and facts.pci_seen:
        notes.append(("node-without-chip", f"{nodes} exists, but {PCI_LIST} has no TPU that this version knows."))
    elif not facts.chips and facts.nodes:
        notes.append(("node-alone", f"A TPU is assumed from {nodes} alone, since {PCI_LIST} shows no device."))
    elif not facts.chips and facts.groups:
        groups = ", ".join(f"/dev/vfio/{name}" for name in facts.groups[:4])
        notes.append(("owner-unknown", f"{groups} may be a TPU, but nothing says so; {FORCE_PRESENT}=1 would."))
    if not _is_present(facts) and facts.refused:
        path, reason = facts.refused[0]
        notes.append(("unreadable", f"{len(facts.refused)} PCI entries could not be read, such as {path}: {reason}."))
    if facts.chips and not facts.forced_generation and not all(generation for _, _, generation in facts.chips):
        directory, device, _ = next(chip for chip in facts.chips if not chip[2])
        notes.append(("generation-unknown", f"{directory} is a TPU ({device}) whose generation cannot be told."))
    return notes


def describe(facts: Facts) -> list[tuple[str, str, str]]:
    """Facts, each with its source."""
    rows = [
        ("tpu", f"{device} {generation or 'of no known generation'}", directory)
        for directory, device, generation in facts.chips
    ]
    rows += [("node", path, "/dev") for path in facts.nodes]
    rows += [("vfio group", name, "/dev/vfio") for name in facts.groups]
    if facts.forced is not None:
        rows.append(("forced presence", "true" if facts.forced else "false", FORCE_PRESENT))
    if facts.forced_generation:
        rows.append(("forced generation", facts.forced_generation, FORCE_GENERATION))
    return rows


def why_not(facts: Facts, feature: str, value: str) -> str:
    """One sentence for what is not supported; nothing for what is."""
    answer = {name: values for name, values, _ in decide_answer(facts)}
    if value in answer.get(feature, ()):
        return ""
    if facts.forced is not None and (feature == "present" or not facts.forced):
        return f"{FORCE_PRESENT} says that {'a' if facts.forced else 'no'} TPU is present."
    if feature == "present" and value == "false":
        return f"A TPU is present: {_proof(facts)}."
    if not _is_present(facts):
        where = PCI_LIST if facts.pci_seen else f"{PCI_LIST}, which shows no device, /dev/accelN and /dev/vfio"
        return f"No TPU was found in {where}."
    if feature in answer:
        where = FORCE_GENERATION if facts.forced_generation else PCI_LIST
        return f"The generation here is {', '.join(answer[feature])}, says {where}."
    return f"The generation cannot be told from {_proof(facts)}."


def _is_present(facts: Facts) -> bool:
    if facts.forced is not None:
        return facts.forced
    # A node counts only where the PCI list is hidden: where it is shown and has no TPU, the node is something else's.
    return bool(facts.forced_generation or facts.chips or (facts.nodes and not facts.pci_seen))


def _generations(facts: Facts) -> list[str]:
    if not _is_present(facts):
        return []
    if facts.forced_generation:
        return [facts.forced_generation]
    found = {generation for _, _, generation in facts.chips}
    return [generation for generation in GENERATIONS if generation in found]


def _proof(facts: Facts) -> str:
    if facts.chips:
        return f"{facts.chips[0][0]} ({facts.chips[0][1]})"
    if facts.forced_generation and facts.forced is None:
        return FORCE_GENERATION
    return facts.nodes[0] if facts.nodes and facts.forced is None else FORCE_PRESENT
