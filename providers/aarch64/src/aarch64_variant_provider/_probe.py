"""The machine's own words: hardware capabilities, /proc/cpuinfo, sysctls, Windows' processor features."""

from __future__ import annotations

from ._interpreter import name_interpreter
from ._machine import _read_bytes

TYPE_CHECKING = False  # the typing module costs as much as the whole answer
if TYPE_CHECKING:
    from collections.abc import Callable

    from ._machine import Machine

CPUINFO_LIMIT = 1 << 20
CORE_LINES = ("Features", "CPU ")
AUXV = "/proc/self/auxv"
AUXV_LIMIT = 1 << 16
# The keys of the auxiliary vector (Linux include/uapi/linux/auxvec.h) and our names for their words.
HWCAPS = ((16, "hwcap"), (26, "hwcap2"), (29, "hwcap3"))
FP_AND_ASIMD = 3


class Evidence:
    """What was read, uninterpreted; empty where nothing could be.

    `interpreter` is its architecture ("aarch64" for 64-bit little-endian Arm) and system. `hwcap` has the lines
    `source NAME` and `hwcap 0x…`; `sysctl` those of macOS's program of that name; `features` the numbers that Windows
    says yes to.
    """

    __slots__ = ("cpuinfo", "features", "hwcap", "interpreter", "sysctl")

    def __init__(self) -> None:
        self.interpreter = self.hwcap = self.cpuinfo = self.sysctl = self.features = ""


def probe_machine(machine: Machine) -> Evidence:
    """Read this machine, or the files of another; never raises for what it finds."""
    evidence = Evidence()
    evidence.interpreter = _ask(machine, "interpreter", name_interpreter) or "aarch64 linux\n"
    architecture, _, system = evidence.interpreter.strip().partition(" ")
    if architecture != "aarch64":
        return evidence
    if system in ("linux", "android"):
        evidence.hwcap = _probe_hwcap(machine)
        evidence.cpuinfo = _read_cpuinfo(machine)
    elif system == "darwin":
        from ._native import read_sysctl

        evidence.sysctl = _ask(machine, "sysctl", read_sysctl)
    elif system == "win32":
        from ._native import read_features

        evidence.features = _ask(machine, "processor-features", read_features)
    return evidence


def read_hwcap(machine: Machine) -> str:
    """The auxiliary vector's words, from the file: getauxval's, for a hundredth of what loading ctypes costs.

    What a program may not open of itself (it gave up being dumpable, or there is no /proc) getauxval still tells.
    """
    text = _hwcap_of_vector(machine)
    if text:
        return text
    from ._native import ask_getauxval

    return format_hwcap("getauxval", {name: ask_getauxval(key) for key, name in HWCAPS})


def parse_auxv(data: bytes) -> dict[str, int]:
    """The words of interest in an auxiliary vector of 64-bit pairs; the first of each key counts."""
    wanted = dict(HWCAPS)
    words: dict[str, int] = {}
    for start in range(0, len(data) - 15, 16):
        key = int.from_bytes(data[start : start + 8], "little")
        if key == 0:
            break
        if key in wanted:
            words.setdefault(wanted[key], int.from_bytes(data[start + 8 : start + 16], "little"))
    return words


def format_hwcap(source: str, words: dict[str, int]) -> str:
    """The lines of the report; nothing for words without FP and ASIMD, which every 64-bit Arm Linux has."""
    if words.get("hwcap", 0) & FP_AND_ASIMD != FP_AND_ASIMD:
        return ""
    return f"source {source}\n" + "".join([f"{name} {word:#x}\n" for name, word in words.items()])


def _probe_hwcap(machine: Machine) -> str:
    text = _ask(machine, "hwcap", lambda: read_hwcap(machine))
    if not text and not machine.live:  # a tree that someone copied, with the vector itself in it
        text = _hwcap_of_vector(machine)
    return text


def _read_cpuinfo(machine: Machine) -> str:
    """One block for each kind of core: what is kept for a capture has no serial number and no board's name."""
    text = keep_kinds(machine.read("/proc/cpuinfo", CPUINFO_LIMIT))
    if machine.sources and machine.sources[-1][0] == "/proc/cpuinfo":
        machine.sources[-1] = ("/proc/cpuinfo", text)
    return text


def keep_kinds(cpuinfo: str) -> str:
    """The lines that tell of a core, block by block, of blocks that are equal the first; a cut last line is dropped."""
    blocks: dict[str, None] = {}
    for block in cpuinfo[: cpuinfo.rfind("\n") + 1].split("\n\n"):
        lines = [line for line in block.split("\n") if line.startswith(CORE_LINES)]
        blocks["".join([line + "\n" for line in lines])] = None
    blocks.pop("", None)
    return "\n".join(blocks)


def _hwcap_of_vector(machine: Machine) -> str:
    """Not through `machine.read`: the vector is no text, and its addresses are nobody's business."""
    try:
        data = _read_bytes(machine._below(AUXV), AUXV_LIMIT)
    except (OSError, ValueError):
        return ""
    return format_hwcap("auxv", parse_auxv(data))


def _ask(machine: Machine, name: str, produce: Callable[[], str]) -> str:
    """A report made in this process, which has nothing that could hang or crash; another machine's is on file."""
    if not machine.live:
        return machine.read("/reports/" + name)
    try:
        text = produce()
    except (ImportError, OSError, AttributeError, ValueError):
        return ""
    machine.sources.append(("/reports/" + name, text))
    return text
