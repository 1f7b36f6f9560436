"""The machine's words as facts: pure, so that a capture from any machine can be a test."""

from __future__ import annotations

from ._machine import seconds_allowed
from ._tables import CHIPS, FORCE_GENERATION, GENERATIONS, TIMEOUT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ._probe import Evidence


class Facts:
    """What is known of this machine's accelerators."""

    __slots__ = ("chips", "ending", "failed", "firmwares", "forced", "notes", "refused")

    def __init__(self) -> None:
        self.firmwares: list[tuple[str, tuple[int, int] | None]] = []  # (file, version or None)
        self.chips: list[tuple[str, str]] = []  # (what the library calls it, generation or nothing)
        self.failed: list[tuple[str, str]] = []  # (device, status) where the library refuses
        self.ending = ""  # how the library's report ended, where that was not well
        self.forced = ""
        self.notes: list[tuple[str, str]] = []
        self.refused: list[tuple[str, str]] = []


def parse_facts(evidence: Evidence, variables: Mapping[str, str]) -> Facts:
    """Make facts of what was read and of the variables that are set; an empty variable counts as unset."""
    facts = Facts()
    facts.firmwares = [(path, parse_version(text)) for path, text in evidence.firmwares]
    facts.refused = evidence.refused
    for line in evidence.report.splitlines():
        _parse_line(line, facts)
    _parse_variables(variables, facts)
    return facts


def _parse_variables(variables: Mapping[str, str], facts: Facts) -> None:
    forced = variables.get(FORCE_GENERATION, "")
    if forced in GENERATIONS:
        facts.forced = forced
    elif forced:
        _ignore(FORCE_GENERATION, forced, f"one of {', '.join(GENERATIONS)}", facts)
    patience = variables.get(TIMEOUT, "")
    if patience and seconds_allowed({TIMEOUT: patience}, 0.0) == 0.0:
        _ignore(TIMEOUT, patience, "seconds from 0.1 to 60", facts)


def _ignore(variable: str, value: str, expected: str, facts: Facts) -> None:
    sentence = f"{variable} is {value[:40]!r}, expected {expected}; it was ignored."
    facts.notes.append(("override-ignored", sentence))


def parse_version(text: str) -> tuple[int, int] | None:
    """`2.4.1` as (2, 4); None for what is no version."""
    parts = text.strip().split(".")
    if len(parts) < 2 or not all(part.isascii() and part.isdigit() and len(part) < 6 for part in parts[:2]):
        return None
    return int(parts[0]), int(parts[1])


def _parse_line(line: str, facts: Facts) -> None:
    """One line of the library's report; what is not understood, such as half a line, says nothing."""
    words = line.split()
    if line.startswith("!"):
        facts.ending = line[1:]
    elif len(words) == 3 and words[0] == "chip":
        facts.chips.append((words[2], CHIPS.get(words[2], "")))
    elif len(words) == 3 and words[0] == "failed":
        facts.failed.append((words[1], words[2]))
