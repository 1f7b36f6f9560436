"""What the driver's parts say of the NPUs, each in a child of its own, until one has told their types."""

from __future__ import annotations

import os

from ._names import find_type, is_bare
from ._reports import find_ending, parse_chips
from ._tables import DCMI, DCMI_LIBRARIES, LIBRARY_PLACES, PCI_LIST, PROGRAMS, VENDOR

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._machine import Machine
    from ._probe import Evidence

ID_LIMIT = 32
DCMI_SECONDS = 2.5  # and the rest of the machine's time for npu-smi


def ask_driver(machine: Machine, evidence: Evidence, types: bool, driver: bool) -> None:
    """Ask for types by DCMI, then by npu-smi; the PCI list decides where both leave a doubt."""
    if types:
        _ask_dcmi(machine, evidence)
        for name, arguments in (("smi-mapping", ("info", "-m")), ("smi", ("info",))):
            if not parse_chips(evidence.reports):
                _ask_smi(machine, evidence, name, *arguments)
        chips = parse_chips(evidence.reports)
        if not any(find_type(name, npu) for name, npu, _ in chips) or any(is_bare(name) for name, _, _ in chips):
            _read_pci(machine, evidence)
    if driver and not evidence.driver and not evidence.reports.get("smi"):
        _ask_smi(machine, evidence, "smi-version", "-v")


def _ask_dcmi(machine: Machine, evidence: Evidence) -> None:
    from ._native import ask_dcmi

    libraries, places = ([_below(machine, path) for path in paths] for paths in (DCMI_LIBRARIES, LIBRARY_PLACES))
    joined = (os.pathsep.join([DCMI, *libraries]), os.pathsep.join(places))
    evidence.reports["dcmi"] = machine.report("dcmi", ask_dcmi, *joined, seconds=DCMI_SECONDS)


def _ask_smi(machine: Machine, evidence: Evidence, name: str, *arguments: str) -> None:
    """Run Huawei's tool, unless the driver under it has hung before: it would hang again."""
    if any(find_ending(text) == "!timeout" for text in evidence.reports.values()):
        return
    setting = "LD_LIBRARY_PATH=" + ":".join([_below(machine, path) for path in LIBRARY_PLACES])
    for path in PROGRAMS:
        text = machine.program(name, _below(machine, path), *arguments, settings=(setting,))
        if text:
            evidence.reports[name] = text
            return


def _read_pci(machine: Machine, evidence: Evidence) -> None:
    for slot in machine.names(PCI_LIST):
        if machine.read(f"{PCI_LIST}/{slot}/vendor", ID_LIMIT).strip() == VENDOR:
            evidence.pci.append((f"{PCI_LIST}/{slot}", machine.read(f"{PCI_LIST}/{slot}/device", ID_LIMIT).strip()))


def _below(machine: Machine, path: str) -> str:
    """Where a live machine's own libraries and tools are: below its root, as its files are."""
    return path if machine.root == "/" else machine.root.rstrip("/") + path
