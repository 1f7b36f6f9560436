"""The machine's own words: PCI devices and, where a container hides those, device nodes; no native code."""

from __future__ import annotations

from ._tables import SHARED_CHIP, VENDOR

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._machine import Machine

PCI = "/sys/bus/pci/devices"
GROUPS = "/sys/kernel/iommu_groups"
NODES = 16  # more accelerators than any TPU host has
ID_LIMIT = 32


class Evidence:
    """What was read, uninterpreted."""

    __slots__ = ("devices", "groups", "nodes", "pci_seen", "refused")

    def __init__(self) -> None:
        self.devices: list[tuple[str, str, str]] = []  # Google's: (directory, device, subsystem device)
        self.pci_seen = False  # whether the PCI list has any device at all
        self.nodes: list[str] = []  # /dev/accelN
        self.groups: list[str] = []  # /dev/vfio/N, of which a TPU is only one possible owner
        self.refused: list[tuple[str, str]] = []


def probe_machine(machine: Machine) -> Evidence:
    """Read the PCI list; where it is empty or hidden, what stands behind the device nodes."""
    evidence = Evidence()
    slots = machine.names(PCI)
    evidence.pci_seen = bool(slots)
    for slot in slots:
        _read_device(machine, evidence, f"{PCI}/{slot}")
    # A numbered node directly in /dev is the TPU driver's; other drivers' lie in the directory /dev/accel.
    evidence.nodes = [path for path in [f"/dev/accel{number}" for number in range(NODES)] if machine.exists(path)]
    if not slots:
        _probe_hidden(machine, evidence)
    evidence.refused = list(machine.refused)
    return evidence


def _probe_hidden(machine: Machine, evidence: Evidence) -> None:
    """What the nodes of a container without a PCI list lead to."""
    evidence.groups = [name for name in machine.names("/dev/vfio") if name.isdecimal()]
    for group in evidence.groups:
        for member in machine.names(f"{GROUPS}/{group}/devices"):
            _read_device(machine, evidence, f"{GROUPS}/{group}/devices/{member}")
    for path in list(evidence.nodes):
        if _read_device(machine, evidence, f"/sys/class/accel/{path[5:]}/device") not in ("", VENDOR):
            evidence.nodes.remove(path)


def _read_device(machine: Machine, evidence: Evidence, directory: str) -> str:
    """Keep the device when it is Google's; its vendor, or nothing when that cannot be read."""
    vendor = machine.read(f"{directory}/vendor", ID_LIMIT).strip()
    if vendor == VENDOR:
        device = machine.read(f"{directory}/device", ID_LIMIT).strip()
        shared = device == SHARED_CHIP
        subsystem = machine.read(f"{directory}/subsystem_device", ID_LIMIT).strip() if shared else ""
        evidence.devices.append((directory, device, subsystem))
    return vendor
