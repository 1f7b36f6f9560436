"""The machine's own words: CPUID registers, XCR0, /proc/cpuinfo, the kernel's release, macOS's sysctls."""

import sys

from ._tables import LEAVES, VARIABLES

# What `os` is made of, and in every process: `os` itself takes as long to load as half of this provider.
if sys.platform == "win32":
    import nt as system
else:
    import posix as system

TYPE_CHECKING = False  # the typing module costs as much as the whole answer
if TYPE_CHECKING:
    from collections.abc import Callable

    from ._machine import Machine

    Registers = tuple[int, int, int, int]
    Cpuid = Callable[[int, int], Registers]
    Xgetbv = Callable[[], int]
    Use = Callable[[Cpuid, Xgetbv], str]

CPUINFO_LIMIT = 1 << 20


class ThisMachine:
    """`_machine.Machine` for this machine alone, without what only other providers need: it is read at every start."""

    live = True

    def __init__(self) -> None:
        self.sources: list[tuple[str, str]] = []

    def read(self, path: str, limit: int) -> str:
        """The first `limit` bytes of a file; nothing when it cannot be read."""
        data = b""
        try:
            descriptor = system.open(path, system.O_RDONLY | system.O_NONBLOCK | system.O_CLOEXEC)
            try:
                while len(data) < limit and (chunk := system.read(descriptor, limit - len(data))):
                    data += chunk
            finally:
                system.close(descriptor)
        except (OSError, ValueError):
            return ""
        self.sources.append((path, data.decode("utf-8", "replace")))
        return self.sources[-1][1]


class Evidence:
    """What was read, uninterpreted; empty where nothing could be."""

    interpreter = "x86_64"  # for a 64-bit x86 interpreter; otherwise what it runs on
    cpuinfo = kernel = cpuid = sysctl = ""


def probe_machine(machine: "Machine | ThisMachine") -> Evidence:
    """Read the machine; never raises for what it finds."""
    evidence = Evidence()
    if not machine.live or sys.platform != "linux":
        from ._elsewhere import probe_elsewhere

        probe_elsewhere(machine, evidence)
        return evidence
    evidence.interpreter = report(machine, "interpreter", interpreter_machine)
    if evidence.interpreter == "x86_64":
        evidence.kernel = system.uname().release
        machine.sources.append(("/proc/sys/kernel/osrelease", evidence.kernel + "\n"))
        evidence.cpuinfo = read_cpuinfo(machine)
        evidence.cpuid = report(machine, "cpuid", ask_cpuid)
    return evidence


def read_cpuinfo(machine: "Machine | ThisMachine") -> str:
    text = machine.read("/proc/cpuinfo", CPUINFO_LIMIT)
    # Half a line of flags is not what all processors share.
    return text if len(text) < CPUINFO_LIMIT else text[: text.rfind("\n") + 1]


def probe_variables() -> "dict[str, str]":
    """The overrides' values. Where nothing has loaded `os`, nothing has changed its copy of the environment either."""
    if "os" in sys.modules or sys.platform == "win32":
        import os

        return {name: os.environ.get(name, "") for name in VARIABLES}
    return {name: system.environ.get(name.encode(), b"").decode("utf-8", "replace") for name in VARIABLES}


def probe_cpuid(cpuid: "Cpuid", xgetbv: "Xgetbv") -> str:
    """One line a leaf, `leaf.subleaf eax ebx ecx edx`, and one for XCR0, all in hexadecimal."""
    lines = []
    for leaf, subleaf in LEAVES:
        a, b, c, d = cpuid(leaf, subleaf)
        lines.append(f"{leaf:x}.{subleaf:x} {a:x} {b:x} {c:x} {d:x}")
    if cpuid(1, 0)[2] >> 27 & 1:  # OSXSAVE; without it the instruction itself faults
        lines.append(f"xcr0 {xgetbv():x}")
    return "\n".join(lines)


def interpreter_machine() -> str:
    """The interpreter's architecture, not the hardware's: what its wheels' platform tag says."""
    name: str = system.uname().machine
    if name in ("x86_64", "amd64", "i86pc"):
        return "x86_64" if sys.maxsize > 1 << 32 else "x86"
    return name


def report(machine: "Machine | ThisMachine", name: str, ask: "Callable[[], str]") -> str:
    """What native code says, or why it could not be run, as `!…`."""
    try:
        text = ask()
    except (ImportError, OSError, AttributeError, MemoryError) as error:
        text = "!" + f"{type(error).__name__}: {error}".replace("\n", " ")
    machine.sources.append(("/reports/" + name, text + "\n"))
    return text


def ask_cpuid() -> str:
    from ._native import with_cpuid

    return with_cpuid(probe_cpuid)
