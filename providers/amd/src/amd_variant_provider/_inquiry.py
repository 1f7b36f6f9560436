"""What AMD's software is asked where the kernel has no list of nodes: on WSL and on Windows."""

from __future__ import annotations

from ._native import ask_hip
from ._tables import HIP_LIBRARIES, ROCMINFO

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._machine import Machine
    from ._probe import Evidence


def ask_wsl(machine: Machine, evidence: Evidence) -> None:
    """WSL has no compute nodes: AMD's own tool knows the way to Windows' driver."""
    for path in ROCMINFO:
        text = machine.program("rocminfo", path, settings=("HSA_ENABLE_DXG_DETECTION=1",))
        if text:
            evidence.reports.append(("rocminfo", text))
            return


def ask_windows(machine: Machine, evidence: Evidence, windows: str) -> None:
    """HIP's library, then `clinfo`; an empty `windows` is for a capture, which holds what both said."""
    system = f"{windows}\\System32\\"
    libraries = [path for path in [system + name for name in HIP_LIBRARIES] if machine.exists(path)]
    if libraries or not machine.live:
        text = machine.report("hip", ask_hip, *libraries)
        evidence.reports += [("hip", text)] if text else []
    if not any("\ndevice " in text for _, text in evidence.reports):
        text = machine.program("clinfo", system + "clinfo.exe")
        evidence.reports += [("clinfo", text)] if text else []
