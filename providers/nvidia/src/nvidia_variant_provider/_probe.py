"""NVIDIA's driver on a machine: whether it is there at all, and only then what its parts say."""

from __future__ import annotations

import sys

from ._tables import CONTROL_NODE, MODULE_VERSION_FILE, TEGRA_NODES, VERSION_FILE, WSL_DIRECTORY, WSL_NODE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ._machine import Machine

    Evidence = dict[str, str]  # `place`, `module`, and the reports by name


def probe_machine(
    machine: Machine, variables: Mapping[str, str] | None = None, platform: str = sys.platform
) -> Evidence:
    """Everything that was read; an empty answer, after a few looks at the file system, where there is no driver.

    `variables` are the environment's by default. Of them the overrides count here: what is forced is not asked for,
    so that they help where the driver hangs.
    """
    place = find_place(machine, platform)
    evidence: Evidence = {"place": place}
    if place and place != "windows":
        evidence["module"] = machine.read(VERSION_FILE) or machine.read(MODULE_VERSION_FILE)
    if place:
        from ._inquiry import ask_driver

        ask_driver(machine, evidence, variables)
    return evidence


def find_place(machine: Machine, platform: str = sys.platform) -> str:
    """`driver`, `tegra`, `wsl` or `windows`; nothing where NVIDIA's driver is not."""
    if platform == "win32":
        from ._inquiry import windows_libraries

        return "windows" if any(machine.exists(path) for path in windows_libraries("nvml")) else ""
    if not platform.startswith("linux"):
        return ""
    if machine.exists(VERSION_FILE) or machine.exists(CONTROL_NODE):
        return "driver"
    if machine.exists(WSL_NODE):
        return "wsl" if machine.exists(WSL_DIRECTORY + "/libcuda.so.1") else ""
    return "tegra" if any(machine.exists(node) for node in TEGRA_NODES) else ""
