"""The machine's own words: device nodes, version files, and where NPUs are present what their driver says."""

from __future__ import annotations

from ._machine import read_variables
from ._tables import (
    CANN_FILES,
    CANN_PLACES,
    DRIVER_FILE,
    FORCE_CANN,
    FORCE_DRIVER,
    FORCE_TYPE,
    HOME_PATH,
    INSTALLATIONS,
    MANAGER,
    MOST_NODES,
    NODE,
    TOOLKIT_HOME,
    VARIABLES,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ._machine import Machine

FILE_SIZE = 8192


class Evidence:
    """What was read, uninterpreted."""

    __slots__ = ("cann", "driver", "manager", "nodes", "pci", "refused", "reports")

    def __init__(self) -> None:
        self.manager = False
        self.nodes: list[str] = []
        self.reports: dict[str, str] = {}  # of `dcmi`, `smi-mapping`, `smi`, `smi-version`
        self.pci: list[tuple[str, str]] = []  # Huawei's: (directory, device)
        self.driver = ""
        self.cann: tuple[str, str] = ("", "")  # (path, text)
        self.refused: list[tuple[str, str]] = []


def probe_machine(machine: Machine, variables: Mapping[str, str] | None = None) -> Evidence:
    """Look for the nodes and the files; ask the driver only where both kinds of nodes are, and for what is not forced.

    A hundred looks at what is not there take less than a millisecond.
    """
    variables = read_variables(VARIABLES) if variables is None else variables
    evidence = Evidence()
    evidence.manager = machine.exists(MANAGER)
    numbers = range(MOST_NODES if evidence.manager else 1)
    evidence.nodes = [path for path in [f"{NODE}{number}" for number in numbers] if machine.exists(path)]
    forced = _find_forced(variables)
    listed = machine.names(INSTALLATIONS)
    # A list that may not be had hides nothing of what is below.
    installed = bool(listed) or any(path == INSTALLATIONS for path, _ in machine.refused)
    if installed and FORCE_DRIVER not in forced:
        evidence.driver = machine.read(DRIVER_FILE, FILE_SIZE)
    if evidence.manager and evidence.nodes:
        from ._inquiry import ask_driver

        ask_driver(machine, evidence, FORCE_TYPE not in forced, FORCE_DRIVER not in forced)
    if FORCE_CANN not in forced:
        evidence.cann = _probe_cann(machine, variables, listed if installed else None)
    evidence.refused = list(machine.refused)
    return evidence


def _find_forced(variables: Mapping[str, str]) -> set[str]:
    """The overrides that hold: what is forced is not asked for, so that they help where the driver hangs."""
    if not any(variables.get(name) for name in (FORCE_TYPE, FORCE_DRIVER, FORCE_CANN)):
        return set()
    from ._overrides import parse_overrides

    return set(parse_overrides(variables)[0])


def _probe_cann(machine: Machine, variables: Mapping[str, str], listed: list[str] | None) -> tuple[str, str]:
    """CANN where its own settings say, then in the usual places, then the newest of those side by side."""
    chosen = [variables[name].rstrip("/") for name in (TOOLKIT_HOME, HOME_PATH) if variables.get(name)]
    if chosen:
        from ._overrides import is_plain

        chosen = [path for path in chosen if is_plain(path)]
    for place in [*chosen, *(() if listed is None else CANN_PLACES)]:
        found = _read_cann(machine, place)
        if found[1]:
            return found
    names = [name for name in listed or () if name.startswith("cann-")]
    if names:
        from ._versions import parse_version

        names.sort(key=lambda name: parse_version(name[5:]) or (0, 0, 0, 0))
        return _read_cann(machine, f"{INSTALLATIONS}/{names[-1]}")
    return "", ""


def _read_cann(machine: Machine, place: str) -> tuple[str, str]:
    for name in CANN_FILES:
        text = machine.read(f"{place}/{name}", FILE_SIZE)
        if text.strip():
            return f"{place}/{name}", text
    return "", ""
