"""NVIDIA's driver on a machine: whether it is there at all, and then what its parts say, each in a child of its own."""

from __future__ import annotations

import os
import sys

from ._tables import (
    CONTROL_NODE,
    FORCE_CAPABILITY,
    FORCE_CUDA,
    LIBRARIES,
    MODULE_VERSION_FILE,
    NODE_DIRECTORY,
    PROGRAMS,
    TEGRA_NODES,
    VERSION_FILE,
    WSL_DIRECTORY,
    WSL_NODE,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ._machine import Machine
    from ._reports import Reading

    Evidence = dict[str, str]  # `place`, `module`, and the reports by name


def probe_machine(
    machine: Machine, variables: Mapping[str, str] = os.environ, platform: str = sys.platform
) -> Evidence:
    """Everything that was read; an empty answer, after a few looks at the file system, where there is no driver.

    Of `variables` only the overrides count: what is forced is not asked for, so that they help where the driver hangs.
    """
    evidence: Evidence = {"place": find_place(machine, variables, platform)}
    if not evidence["place"]:
        return evidence
    if evidence["place"] != "windows":
        evidence["module"] = machine.read(VERSION_FILE) or machine.read(MODULE_VERSION_FILE)
    from ._overrides import parse_capability_override, parse_cuda_override

    forced_cuda = parse_cuda_override(variables.get(FORCE_CUDA, ""))
    forced_capability = parse_capability_override(variables.get(FORCE_CAPABILITY, ""))
    if not (forced_cuda and forced_capability):
        _Inquiry(machine, variables, evidence).ask(not forced_cuda, not forced_capability)
    return evidence


def find_place(machine: Machine, variables: Mapping[str, str], platform: str) -> str:
    """`driver`, `tegra`, `wsl` or `windows`; nothing where NVIDIA's driver is not."""
    if platform == "win32":
        return "windows" if any(machine.exists(path) for path in _windows_libraries(variables, "nvml")) else ""
    if not platform.startswith("linux"):
        return ""
    if machine.exists(VERSION_FILE) or machine.exists(CONTROL_NODE):
        return "driver"
    if machine.exists(WSL_NODE):
        return "wsl" if machine.exists(f"{WSL_DIRECTORY}/{LIBRARIES['libcuda']}") else ""
    return "tegra" if any(machine.exists(node) for node in TEGRA_NODES) else ""


class _Inquiry:
    """The questions to the driver, in order, until the answers are known."""

    __slots__ = ("_evidence", "_machine", "_variables")

    def __init__(self, machine: Machine, variables: Mapping[str, str], evidence: Evidence) -> None:
        self._machine = machine
        self._variables = variables
        self._evidence = evidence

    def ask(self, cuda: bool, gpus: bool) -> None:
        from ._reports import is_answered

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
        from ._reports import is_answered, parse_report, parse_smi

        if nvml.trouble[0] == "lacks" or nvml.ending.startswith(("!error", "!signal", "!exit")):
            from ._native import ask_pynvml

            self._evidence["pynvml"] = text = self._machine.report("pynvml", ask_pynvml)
            if is_answered(parse_report(text)):
                return parse_report(text)
        devices = self._ask_library("devices", "libcuda")
        if devices.capabilities:
            return devices
        self._ask_smi()
        return parse_smi(self._evidence["smi"], self._evidence["smi-gpus"])

    def _ask_library(self, name: str, library: str) -> Reading:
        from . import _native
        from ._reports import parse_report

        ask = {"nvml": _native.ask_nvml, "libcuda": _native.ask_libcuda, "devices": _native.ask_devices}[name]
        self._evidence[name] = self._machine.report(name, ask, *self._library_places(library))
        return parse_report(self._evidence[name])

    def _library_places(self, library: str) -> list[str]:
        if self._evidence["place"] == "windows":
            return _windows_libraries(self._variables, library)
        soname = LIBRARIES[library]
        first = [self._below(f"{WSL_DIRECTORY}/{soname}")] if self._machine.exists(WSL_NODE) else []
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
            libraries = _windows_libraries(self._variables, "nvml")
            return [os.path.join(os.path.dirname(path), "nvidia-smi.exe") for path in libraries]
        return [self._below(path) for path in PROGRAMS]

    def _below(self, path: str) -> str:
        """Where a live machine's own libraries and tools are: below its root, as its files are."""
        root = self._machine.root
        return path if root == "/" else root.rstrip("/") + path


def is_compatibility_suspected(libcuda: Reading, nvml: Reading, module: str) -> bool:
    """Whether libcuda may be one that is newer than the kernel driver, which not every GPU can use.

    The installed libcuda is a file whose name ends in the driver's version.
    """
    from ._reports import parse_dotted, parse_module_version

    if libcuda.cuda is None:
        return False
    if nvml.cuda is not None and libcuda.cuda > nvml.cuda:
        return True
    own = parse_dotted(libcuda.library.rpartition(".so.")[2])
    kernel = parse_dotted(parse_module_version(module) or nvml.driver)
    return own is not None and kernel is not None and own > kernel


def _windows_libraries(variables: Mapping[str, str], library: str) -> list[str]:
    system = os.path.join(variables.get("WINDIR") or "C:\\Windows", "System32")
    if library == "libcuda":
        return [os.path.join(system, "nvcuda.dll")]
    programs = os.path.join(variables.get("PROGRAMFILES") or "C:\\Program Files", "NVIDIA Corporation", "NVSMI")
    return [os.path.join(system, "nvml.dll"), os.path.join(programs, "nvml.dll")]
