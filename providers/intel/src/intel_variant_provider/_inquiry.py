"""What Level Zero and, for what it does not tell, the xe kernel driver say of GPUs, each in a child of its own."""

from __future__ import annotations

import os

from ._reports import parse_level_zero
from ._tables import LOADER, NODES, WINDOWS_LOADER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._machine import Machine
    from ._probe import Evidence

LEVEL_ZERO_SECONDS = 3.0  # and the rest of the machine's time for the kernel


def ask_driver(machine: Machine, evidence: Evidence) -> None:
    from ._native import ask_level_zero, ask_xe

    # Opening a node would wake the GPU: only its permissions are looked at.
    nodes = [f"{NODES}/{node.name}" for node in evidence.nodes if node.here]
    evidence.denied = [path for path in nodes if machine.root == "/" and not os.access(path, os.R_OK | os.W_OK)]
    machine.refused.extend([(path, "may not be opened") for path in evidence.denied])
    text = machine.report("level-zero", ask_level_zero, *_loaders(machine, evidence), seconds=LEVEL_ZERO_SECONDS)
    evidence.reports["level-zero"] = text
    told = {gpu.device for gpu in parse_level_zero(text) if gpu.ip}
    silent = [node for node in evidence.nodes if node.here and node.driver == "xe" and node.device not in told]
    if silent:
        paths = [_below(machine, f"{NODES}/{node.name}") for node in silent]
        evidence.reports["xe"] = machine.report("xe", ask_xe, *paths)


def _loaders(machine: Machine, evidence: Evidence) -> list[str]:
    if evidence.place == "windows":
        return [windows_loader()]
    return [LOADER]


def _below(machine: Machine, path: str) -> str:
    """Where a live machine's own libraries and nodes are: below its root, as its files are."""
    return path if machine.root == "/" else machine.root.rstrip("/") + path


def windows_loader() -> str:
    """Where Intel's driver for Windows puts the loader."""
    return f"{os.environ.get('WINDIR') or 'C:' + chr(92) + 'Windows'}\\{WINDOWS_LOADER}"
