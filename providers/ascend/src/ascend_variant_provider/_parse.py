"""The machine's words as facts."""

from __future__ import annotations

from ._tables import DRIVER_FILE, FORCE_CANN, FORCE_DRIVER, FORCE_TYPE, VARIABLES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ._probe import Evidence
    from ._reports import Chip


class Facts:
    """What is known of the machine's NPUs and of their software."""

    __slots__ = ("cann", "chips", "driver", "evidence", "forced", "notes", "pci", "types")

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.chips: list[Chip] = []
        self.pci: list[tuple[str, str]] = []  # (directory, type)
        self.types: list[str] = []  # of every chip that is known, in their order
        self.driver: tuple[str, str] = ("", "")  # (version as it was written, source)
        self.cann: tuple[str, str] = ("", "")
        self.forced: dict[str, str] = {}  # override variable -> value
        self.notes: list[tuple[str, str]] = []

    @property
    def present(self) -> bool:
        """Whether both kinds of device nodes are there."""
        return bool(self.evidence.manager and self.evidence.nodes)


def parse_facts(evidence: Evidence, variables: Mapping[str, str]) -> Facts:
    facts = Facts(evidence)
    facts.driver = (_find_line(evidence.driver, "package_version", "version"), DRIVER_FILE)
    facts.cann = (_find_line(evidence.cann[1], "version"), evidence.cann[0])
    if facts.present:
        _parse_devices(evidence, facts)
    if any(variables.get(name) for name in VARIABLES):
        from ._overrides import parse_overrides

        facts.forced, facts.notes = parse_overrides(variables)
        facts.types = [facts.forced[FORCE_TYPE]] if FORCE_TYPE in facts.forced else facts.types
        facts.driver = (facts.forced[FORCE_DRIVER], FORCE_DRIVER) if FORCE_DRIVER in facts.forced else facts.driver
        facts.cann = (facts.forced[FORCE_CANN], FORCE_CANN) if FORCE_CANN in facts.forced else facts.cann
    return facts


def _parse_devices(evidence: Evidence, facts: Facts) -> None:
    from ._names import find_type
    from ._reports import parse_chips, parse_tool_version
    from ._tables import PCI_TYPES

    facts.pci = [(directory, PCI_TYPES[device]) for directory, device in evidence.pci if device in PCI_TYPES]
    facts.chips = parse_chips(evidence.reports)
    listed = [name for _, name in facts.pci]
    found = [find_type(name, npu, listed) for name, npu, _ in facts.chips]
    facts.types = list(dict.fromkeys([name for name in found if name] or listed))
    if not facts.driver[0]:
        facts.driver = (parse_tool_version(evidence.reports), "npu-smi")


def _find_line(text: str, *keys: str) -> str:
    """What follows `KEY=` in a file of such lines, whatever the case; the first key that is there."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        key, separator, value = line.partition("=")
        if separator and value.strip():
            found.setdefault(key.strip().lower(), value.strip())
    return next((found[key] for key in keys if key in found), "")
