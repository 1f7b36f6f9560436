"""The machine's own words: the only file that touches the machine, and only through `Machine`."""

from __future__ import annotations

from ._tables import DEVICES, MANY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._machine import Machine


class Evidence:
    """What was read, uninterpreted."""

    __slots__ = ("firmwares", "refused", "report")

    def __init__(self) -> None:
        self.firmwares: list[tuple[str, str]] = []  # (file, text) of each device
        self.report = ""  # what the vendor's library says
        self.refused: list[tuple[str, str]] = []


def probe_machine(machine: Machine) -> Evidence:
    """Read the devices' files, and ask the library only where there is a device: most machines have none."""
    evidence = Evidence()
    for name in machine.names(DEVICES)[:MANY]:
        path = f"{DEVICES}/{name}/firmware"
        evidence.firmwares.append((path, machine.read(path, 64)))
    if evidence.firmwares:
        from ._native import report_chips

        evidence.report = machine.report("chips", report_chips)
    evidence.refused = list(machine.refused)
    return evidence
