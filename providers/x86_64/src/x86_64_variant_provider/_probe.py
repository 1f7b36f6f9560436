"""The machine's own words: CPUID registers, XCR0, /proc/cpuinfo, the kernel's release."""

from __future__ import annotations

import os
import sys

from ._tables import LEAVES

TYPE_CHECKING = False  # the typing module costs as much as the whole answer
if TYPE_CHECKING:
    from collections.abc import Callable

    Registers = tuple[int, int, int, int]
    Cpuid = Callable[[int, int], Registers]
    Xgetbv = Callable[[], int]

CPUINFO_LIMIT = 1 << 20
VARIABLES = ("X86_64_VARIANT_PROVIDER_DISABLE", "X86_64_VARIANT_PROVIDER_FORCE_LEVEL")

# System V calling convention. `endbr64` first: a kernel may enforce indirect-branch tracking.
#   void cpuid(uint32_t leaf, uint32_t subleaf, uint32_t out[4])
_CPUID = bytes.fromhex("f30f1efa 53 4989d0 89f8 89f1 0fa2 418900 41895804 41894808 4189500c 5b c3")
#   uint64_t xgetbv(void), register 0
_XGETBV = bytes.fromhex("f30f1efa 31c9 0f01d0 48c1e220 4809d0 c3")
_XGETBV_OFFSET = 64
_PAGE = 4096
_READ, _WRITE, _EXECUTE = 1, 2, 4


class Evidence:
    """What was read, uninterpreted; empty where nothing could be."""

    __slots__ = ("cpuinfo", "kernel", "machine", "refusal", "registers", "xcr0")

    def __init__(self, machine: str, cpuinfo: bytes = b"", kernel: str = "") -> None:
        self.machine = machine  # "x86_64" for a 64-bit x86 interpreter; otherwise what it runs on
        self.cpuinfo = cpuinfo
        self.kernel = kernel
        self.registers: dict[tuple[int, int], Registers] = {}
        self.xcr0 = 0
        self.refusal = ""  # why CPUID was not read


def probe_machine() -> Evidence:
    """Read this machine; never raises for what it finds."""
    evidence = Evidence(_interpreter_machine())
    if evidence.machine != "x86_64":
        evidence.refusal = "this interpreter is not a 64-bit x86 one"
    elif sys.platform == "linux":
        _probe_linux(evidence)
    else:
        evidence.refusal = f"this version does not read the processor on {sys.platform}"
    return evidence


def probe_root(root: str) -> Evidence:
    """Read the files of another machine below `root`; its CPUID is not here to be asked."""
    kernel = read_file(os.path.join(root, "proc/sys/kernel/osrelease"), 256).decode("ascii", "replace")
    evidence = Evidence("x86_64", read_file(os.path.join(root, "proc/cpuinfo"), CPUINFO_LIMIT), kernel.strip())
    evidence.refusal = f"{root} holds another machine's files"
    return evidence


def probe_variables() -> dict[str, str]:
    return {name: os.environ.get(name, "") for name in VARIABLES}


def read_file(path: str, limit: int) -> bytes:
    """The first `limit` bytes, cut at a line's end when there is more; nothing when it cannot be read."""
    chunks: list[bytes] = []
    size = 0
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
        try:
            while size <= limit:
                chunk = os.read(descriptor, 1 << 16)
                if not chunk:
                    return b"".join(chunks)
                chunks.append(chunk)
                size += len(chunk)
        finally:
            os.close(descriptor)
    except (OSError, ValueError):
        return b""
    data = b"".join(chunks)[:limit]
    return data[: data.rfind(b"\n") + 1]


def probe_registers(evidence: Evidence, cpuid: Cpuid, xgetbv: Xgetbv) -> None:
    """Ask the leaves that exist: a processor answers one it does not have with another's bits."""
    highest = (cpuid(0, 0)[0], cpuid(0x80000000, 0)[0])
    registers = evidence.registers
    for leaf, subleaf in LEAVES:
        if leaf > highest[leaf >> 31]:
            continue
        if leaf == 7 and subleaf > 0 and registers[7, 0][0] < subleaf:
            continue
        registers[leaf, subleaf] = cpuid(leaf, subleaf)
    osxsave = registers.get((1, 0), (0, 0, 0, 0))[2] >> 27 & 1
    evidence.xcr0 = xgetbv() if osxsave else 0  # without OSXSAVE the instruction itself faults


def _interpreter_machine() -> str:
    """The interpreter's architecture, not the hardware's: what its wheels' platform tag says."""
    if sys.platform == "win32":
        name = "x86_64" if "(amd64)" in sys.version.lower() else "other"
    else:
        name = os.uname().machine
    if name in ("x86_64", "amd64", "i86pc"):
        return "x86_64" if sys.maxsize > 1 << 32 else "x86"
    return name


def _probe_linux(evidence: Evidence) -> None:
    evidence.kernel = os.uname().release
    evidence.cpuinfo = read_file("/proc/cpuinfo", CPUINFO_LIMIT)
    try:
        _probe_native(evidence)
    except (ImportError, OSError, AttributeError, MemoryError) as error:
        evidence.registers.clear()
        evidence.refusal = f"CPUID could not be run ({type(error).__name__}: {error})"


def _probe_native(evidence: Evidence) -> None:
    """Run CPUID and XGETBV from a page that is writable first and executable then, never both."""
    import ctypes  # late: it costs more than all else here together

    libc = ctypes.CDLL(None, use_errno=True)
    pointer, size, number = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int
    libc.mmap.restype = pointer
    libc.mmap.argtypes = (pointer, size, number, number, number, ctypes.c_long)
    libc.mprotect.argtypes = (pointer, size, number)
    libc.munmap.argtypes = (pointer, size)
    page = libc.mmap(None, _PAGE, _READ | _WRITE, 0x22, -1, 0)  # MAP_PRIVATE | MAP_ANONYMOUS
    if page in (None, pointer(-1).value):
        raise OSError(ctypes.get_errno(), "no memory mapping")
    try:
        ctypes.memmove(page, _CPUID, len(_CPUID))
        ctypes.memmove(page + _XGETBV_OFFSET, _XGETBV, len(_XGETBV))
        if libc.mprotect(page, _PAGE, _READ | _EXECUTE) != 0:
            raise OSError(ctypes.get_errno(), "executable memory is refused")
        word = ctypes.c_uint32
        ask = ctypes.CFUNCTYPE(None, word, word, pointer)(page)
        out = (word * 4)()

        def cpuid(leaf: int, subleaf: int) -> Registers:
            ask(leaf, subleaf, out)
            return (out[0], out[1], out[2], out[3])

        probe_registers(evidence, cpuid, ctypes.CFUNCTYPE(ctypes.c_uint64)(page + _XGETBV_OFFSET))
    finally:
        libc.munmap(page, _PAGE)
