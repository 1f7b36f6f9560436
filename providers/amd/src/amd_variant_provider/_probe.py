"""The machine's own words: the kernel's list of compute nodes; on WSL and Windows what AMD's software says."""

from __future__ import annotations

import sys

from ._machine import read_variables
from ._tables import (
    BOOTSTRAP_DISABLE,
    BOOTSTRAP_FORCE,
    DRIVER,
    DXG,
    FORCE_ARCH,
    KFD,
    NODES,
    ROCM_PATH,
    ROCM_PLACES,
    VARIABLES,
    VERSION_FILE,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ._machine import Machine

MAX_NODES = 256
MAX_VERSIONS = 8
PROPERTIES_LIMIT = 8192


class Evidence:
    """What was read, uninterpreted."""

    __slots__ = ("driver", "dxg", "hidden", "kfd", "nodes", "refused", "reports", "versions")

    def __init__(self) -> None:
        self.nodes: list[tuple[str, str]] = []  # (name, properties), in the kernel's order
        self.kfd = ""  # what is wrong with /dev/kfd, where there are nodes
        self.hidden = False  # /dev/kfd is there, but no list of nodes
        self.driver = False  # the graphics driver is loaded
        self.dxg = False
        self.reports: list[tuple[str, str]] = []  # of `rocminfo`, `hip`, `clinfo`
        self.versions: list[tuple[str, str]] = []  # (path, text) of ROCm's version files
        self.refused: list[tuple[str, str]] = []


def probe_machine(
    machine: Machine, variables: Mapping[str, str] | None = None, platform: str = sys.platform
) -> Evidence:
    """Read what no override makes needless; `variables` are the environment's by default."""
    evidence = Evidence()
    if variables is None:
        variables = read_variables((*VARIABLES, "WINDIR"))
    if variables.get(BOOTSTRAP_DISABLE) == "1":
        return evidence
    if not _are_forced(variables):
        _probe_gpus(machine, evidence, variables, platform)
    _probe_versions(machine, evidence, variables.get(ROCM_PATH, ""))
    evidence.refused = list(machine.refused)
    return evidence


def _are_forced(variables: Mapping[str, str]) -> bool:
    texts = [variables[name] for name in (FORCE_ARCH, BOOTSTRAP_FORCE) if variables.get(name)]
    if not texts:
        return False
    from ._names import parse_archs

    return any(parse_archs(text)[0] for text in texts)


def _probe_gpus(machine: Machine, evidence: Evidence, variables: Mapping[str, str], platform: str) -> None:
    if platform == "win32" and machine.live:
        from ._inquiry import ask_windows

        ask_windows(machine, evidence, variables.get("WINDIR", "C:\\Windows"))
        return
    names = [name for name in machine.names(NODES) if name.isascii() and name.isdecimal() and len(name) < 6]
    names.sort(key=int)  # by number: the tenth node comes after the ninth
    for name in names[:MAX_NODES]:
        evidence.nodes.append((name, machine.read(f"{NODES}/{name}/properties", PROPERTIES_LIMIT)))
    if names:
        evidence.kfd = _find_obstacle(machine)
        return
    evidence.driver = machine.exists(DRIVER)
    evidence.dxg = machine.exists(DXG)
    if evidence.dxg:
        from ._inquiry import ask_wsl

        ask_wsl(machine, evidence)
        return
    evidence.hidden = machine.exists(KFD)
    if not machine.live:  # perhaps a capture of a Windows machine
        from ._inquiry import ask_windows

        ask_windows(machine, evidence, "")


def _find_obstacle(machine: Machine) -> str:
    if not machine.exists(KFD):
        return "does not exist"
    if machine.root == "/":
        from os import R_OK, W_OK, access

        if not access(KFD, R_OK | W_OK):  # to open it would start a compute process
            machine.refused.append((KFD, "may not be opened"))
            return "may not be opened by this user"
    return ""


def _probe_versions(machine: Machine, evidence: Evidence, chosen: str) -> None:
    """ROCm's version files: where ROCM_PATH says, then in the usual place, then in its versioned directories."""
    places = list(ROCM_PLACES)
    if chosen:
        from ._names import is_path

        places = [chosen.rstrip("/"), *places] if is_path(chosen) else places
    for place in places:
        _read_version(machine, evidence, place)
    if not evidence.versions:
        root = ROCM_PLACES[0]
        for name in [name for name in machine.names(root) if name.startswith("core-")][-MAX_VERSIONS:]:
            _read_version(machine, evidence, f"{root}/{name}")


def _read_version(machine: Machine, evidence: Evidence, place: str) -> None:
    path = f"{place}/{VERSION_FILE}"
    text = machine.read(path, 64)
    if text.strip():
        evidence.versions.append((path, text))
