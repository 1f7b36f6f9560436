"""The machine's own words: render nodes of Intel GPUs and, where there are any, what Level Zero says of them."""

from __future__ import annotations

import sys

from ._machine import read_variables
from ._tables import DRIVERS, DRM, DXG, FORCE_IP, LOADER_PLACES, NODES, VARIABLES, VENDOR

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ._machine import Machine

ID_LIMIT = 32
MOST_NODES = 64


class Node:
    """One render node of an Intel GPU: its name, PCI device and kernel driver, and whether it is in /dev/dri."""

    __slots__ = ("device", "driver", "here", "name")

    def __init__(self, name: str, device: str, driver: str, here: bool) -> None:
        self.name = name
        self.device = device
        self.driver = driver
        self.here = here


class Evidence:
    """What was read, uninterpreted."""

    __slots__ = ("denied", "nodes", "place", "refused", "reports")

    def __init__(self) -> None:
        self.place = ""  # `linux`, `wsl` or `windows`, where there is something to ask
        self.nodes: list[Node] = []
        self.denied: list[str] = []  # render nodes that this user may not open
        self.reports: dict[str, str] = {}  # of `level-zero`, `xe`
        self.refused: list[tuple[str, str]] = []


def probe_machine(
    machine: Machine, variables: Mapping[str, str] | None = None, platform: str = sys.platform
) -> Evidence:
    """Look at the kernel's list of render nodes; ask nobody where no Intel GPU is, or where an override decides."""
    evidence = Evidence()
    forced = (read_variables(VARIABLES) if variables is None else variables).get(FORCE_IP, "")
    if forced and _is_valid(forced):
        return evidence
    evidence.nodes = [node for node in [_read_node(machine, name) for name in _list_nodes(machine)] if node]
    evidence.place = _find_place(machine, evidence, platform)
    if evidence.place:
        from ._inquiry import ask_driver

        ask_driver(machine, evidence)
    evidence.refused = list(machine.refused)
    return evidence


def _is_valid(forced: str) -> bool:
    from ._overrides import parse_override

    return bool(parse_override(forced)[0])


def _list_nodes(machine: Machine) -> list[str]:
    names = [name for name in machine.names(DRM) if name[:7] == "renderD" and name[7:].isdecimal() and len(name) < 12]
    return sorted(names, key=lambda name: int(name[7:]))[:MOST_NODES]


def _read_node(machine: Machine, name: str) -> Node | None:
    """The node, when it is that of an Intel GPU; one that cannot be read hides no other."""
    directory = f"{DRM}/{name}/device"
    if machine.read(f"{directory}/vendor", ID_LIMIT).strip() != VENDOR:
        return None
    device = machine.read(f"{directory}/device", ID_LIMIT).strip()
    driver = machine.link(f"{directory}/driver")
    return Node(name, device, driver, driver in DRIVERS and machine.exists(f"{NODES}/{name}"))


def _find_place(machine: Machine, evidence: Evidence, platform: str) -> str:
    if any(node.here for node in evidence.nodes):
        return "linux"
    if evidence.nodes:
        return ""
    if platform == "win32" and machine.live:
        from ._inquiry import windows_loader

        return "windows" if machine.exists(windows_loader()) else ""
    if machine.exists(DXG):
        return "wsl" if any(machine.exists(path) for path in LOADER_PLACES) else ""
    return ""
