"""Questions to a driver that is there, each in a child of its own, until the answers are known."""

from __future__ import annotations

import os

from . import _native
from ._overrides import parse_capability_override, parse_cuda_override
from ._reports import is_answered, parse_dotted, parse_module_version, parse_report, parse_smi
from ._tables import (
    FORCE_CAPABILITY,
    FORCE_CUDA,
    LIBRARIES,
    NODE_DIRECTORY,
    PROGRAMS,
    WSL_DIRECTORY,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ._machine import Machine
    from ._probe import Evidence
    from ._reports import Reading


def ask_driver(machine: Machine, evidence: Evidence, variables: Mapping[str, str] | None) -> None:
    """Add to the evidence what has to be asked for, when `variables` (the environment's by default) force no more."""
    variables = os.environ if variables is None else variables
    cuda = parse_cuda_override(variables.get(FORCE_CUDA, "")) is None
    gpus = parse_capability_override(variables.get(FORCE_CAPABILITY, "")) is None
    if cuda or gpus:
        _Inquiry(machine, evidence).ask(cuda, gpus)


class _Inquiry:
    """The questions to the driver, in order, until the answers are known."""

    __slots__ = ("_evidence", "_machine")

    def __init__(self, machine: Machine, evidence: Evidence) -> None:
        self._machine = machine
        self._evidence = evidence

    def ask(self, cuda: bool, gpus: bool) -> None:
        nvml = self._ask_library("nvml", "nvml")
        if gpus and not is_answered(nvml):
            nvml = self._ask_other_sources(nvml)
        if nvml.ending == "!timeout" or (gpus and not nvml.capabilities):
            return
        if cuda:
            libcuda = self._ask_library("libcuda", "libcuda")
            module = self._evidence.get("module", "")
            if not (libcuda.cuda or nvml.cuda):
                self._ask_smi()
            elif is_compatibility_suspected(libcuda, nvml, module) and "devices" not in self._evidence:
                self._ask_library("devices", "libcuda")

    def _ask_other_sources(self, nvml: Reading) -> Reading:
        """Where NVML does not know: NVIDIA's own bindings to it, then CUDA itself, then the tool."""
        if nvml.trouble[0] == "lacks" or nvml.ending.startswith(("!error", "!signal", "!exit")):
            self._evidence["pynvml"] = text = self._machine.report("pynvml", _native.ask_pynvml)
            if is_answered(parse_report(text)):
                return parse_report(text)
        devices = self._ask_library("devices", "libcuda")
        if devices.capabilities:
            return devices
        self._ask_smi()
        return parse_smi(self._evidence["smi"], self._evidence["smi-gpus"])

    def _ask_library(self, name: str, library: str) -> Reading:
        ask = {"nvml": _native.ask_nvml, "libcuda": _native.ask_libcuda, "devices": _native.ask_devices}[name]
        self._evidence[name] = self._machine.report(name, ask, *self._library_places(library))
        return parse_report(self._evidence[name])

    def _library_places(self, library: str) -> list[str]:
        if self._evidence["place"] == "windows":
            return windows_libraries(library)
        soname = LIBRARIES[library]
        first = [self._below(f"{WSL_DIRECTORY}/{soname}")] if self._evidence["place"] == "wsl" else []
        return [*first, soname, self._below(f"{NODE_DIRECTORY}/lib64/{soname}")]

    def _ask_smi(self) -> None:
        """The overview is asked for compute modes alone: the full one has serial numbers in it."""
        if "smi" in self._evidence:
            return
        for path in self._programs():
            self._evidence["smi"] = self._machine.program("smi", path, "-q", "-d", "COMPUTE")
            query = ("--query-gpu=compute_cap,driver_version", "--format=csv,noheader")
            self._evidence["smi-gpus"] = self._machine.program("smi-gpus", path, *query)
            if self._evidence["smi"] or self._evidence["smi-gpus"]:
                return

    def _programs(self) -> list[str]:
        if self._evidence["place"] == "windows":
            return [os.path.join(os.path.dirname(path), "nvidia-smi.exe") for path in windows_libraries("nvml")]
        return [self._below(path) for path in PROGRAMS]

    def _below(self, path: str) -> str:
        """Where a live machine's own libraries and tools are: below its root, as its files are."""
        root = self._machine.root
        return path if root == "/" else root.rstrip("/") + path


def is_compatibility_suspected(libcuda: Reading, nvml: Reading, module: str) -> bool:
    """Whether libcuda may be one that is newer than the kernel driver, which not every GPU can use.

    The installed libcuda is a file whose name ends in the driver's version.
    """
    if libcuda.cuda is None:
        return False
    if nvml.cuda is not None and libcuda.cuda > nvml.cuda:
        return True
    own = parse_dotted(libcuda.library.rpartition(".so.")[2])
    kernel = parse_dotted(parse_module_version(module) or nvml.driver)
    return own is not None and kernel is not None and own > kernel


def windows_libraries(library: str) -> list[str]:
    """Where Windows has a library of the driver's, the newer place first."""
    system = os.path.join(os.environ.get("WINDIR") or "C:\\Windows", "System32")
    if library == "libcuda":
        return [os.path.join(system, "nvcuda.dll")]
    programs = os.path.join(os.environ.get("PROGRAMFILES") or "C:\\Program Files", "NVIDIA Corporation", "NVSMI")
    return [os.path.join(system, "nvml.dll"), os.path.join(programs, "nvml.dll")]
