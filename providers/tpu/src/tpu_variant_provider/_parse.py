"""The machine's words as facts."""

from __future__ import annotations

from ._tables import (
    CHIPS,
    FALSE_WORDS,
    FORCE_GENERATION,
    FORCE_PRESENT,
    GENERATIONS,
    SHARED_CHIP,
    SHARED_CHIPS,
    TRUE_WORDS,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ._probe import Evidence


class Facts:
    """What is known of the machine's TPUs."""

    __slots__ = ("chips", "forced", "forced_generation", "groups", "nodes", "notes", "pci_seen", "refused")

    def __init__(self) -> None:
        self.chips: list[tuple[str, str, str]] = []  # TPUs alone: (directory, device, generation or nothing)
        self.nodes: list[str] = []
        self.groups: list[str] = []
        self.pci_seen = False
        self.refused: list[tuple[str, str]] = []
        self.forced: bool | None = None
        self.forced_generation = ""
        self.notes: list[tuple[str, str]] = []


def parse_facts(evidence: Evidence, variables: Mapping[str, str]) -> Facts:
    facts = Facts()
    for directory, device, subsystem in evidence.devices:
        if device in CHIPS:
            shared = device == SHARED_CHIP
            facts.chips.append((directory, device, SHARED_CHIPS.get(subsystem, "") if shared else CHIPS[device]))
    facts.nodes, facts.groups, facts.pci_seen = evidence.nodes, evidence.groups, evidence.pci_seen
    facts.refused = evidence.refused
    _parse_presence(variables, facts)
    _parse_generation(variables, facts)
    return facts


def _parse_presence(variables: Mapping[str, str], facts: Facts) -> None:
    """A variable that is set decides, whatever it says, as in uv: what is not a word for yes means no."""
    value = variables.get(FORCE_PRESENT)
    if value is None:
        return
    facts.forced = value.lower() in TRUE_WORDS
    if not facts.forced and value.lower() not in FALSE_WORDS:
        said = f"is {value[:40]!r}" if value else "is set but empty"
        facts.notes.append(
            (
                "override-means-absent",
                f"{FORCE_PRESENT} {said}, which means that no TPU is here; unset it to detect.",
            )
        )


def _parse_generation(variables: Mapping[str, str], facts: Facts) -> None:
    value = variables.get(FORCE_GENERATION, "")
    if value in GENERATIONS:
        facts.forced_generation = value
    elif value:
        known = ", ".join(GENERATIONS)
        facts.notes.append(
            ("override-ignored", f"{FORCE_GENERATION} is {value[:40]!r}, expected one of {known}; it was ignored.")
        )
