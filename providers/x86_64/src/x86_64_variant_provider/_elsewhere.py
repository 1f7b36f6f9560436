"""The machine's own words on macOS, Windows and other systems, and those that another machine left in files."""

import sys

from ._probe import ask_cpuid, interpreter_machine, probe_cpuid, read_cpuinfo, report

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._machine import Machine
    from ._probe import Evidence, ThisMachine

REPORT_LIMIT = 1 << 16


def probe_elsewhere(machine: "Machine | ThisMachine", evidence: "Evidence") -> None:
    """Read what is no live Linux."""
    if not machine.live:
        read_capture(machine, evidence)
        return
    windows = sys.platform == "win32"
    evidence.interpreter = report(machine, "interpreter", windows_interpreter if windows else interpreter_machine)
    if evidence.interpreter != "x86_64":
        return
    if sys.platform == "darwin":
        evidence.sysctl = report(machine, "sysctl", ask_sysctl)
    evidence.cpuid = report(machine, "cpuid", ask_windows if windows else ask_cpuid)


def read_capture(machine: "Machine | ThisMachine", evidence: "Evidence") -> None:
    """Every source that there can be; a capture without `interpreter` is of an x86-64 one."""
    evidence.interpreter = machine.read("/reports/interpreter", REPORT_LIMIT).strip() or "x86_64"
    evidence.kernel = machine.read("/proc/sys/kernel/osrelease", REPORT_LIMIT).strip()
    evidence.cpuinfo = read_cpuinfo(machine)
    evidence.sysctl = machine.read("/reports/sysctl", REPORT_LIMIT)
    evidence.cpuid = machine.read("/reports/cpuid", REPORT_LIMIT)


def windows_interpreter() -> str:
    return "x86_64" if "(amd64)" in sys.version.lower() else "other"


def ask_windows() -> str:
    from ._windows import with_cpuid

    return with_cpuid(probe_cpuid)


def ask_sysctl() -> str:
    from ._macos import call_sysctl, probe_sysctl

    return probe_sysctl(call_sysctl)
