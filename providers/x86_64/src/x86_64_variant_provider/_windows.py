"""CPUID and XGETBV on Windows, as `_native` runs them elsewhere."""

import ctypes
import sys

from ._native import CPUID_AT, PAGE, XGETBV

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._probe import Registers, Use

# Microsoft's x64 calling convention.
#   void cpuid(uint32_t leaf, uint32_t subleaf, uint32_t out[4])
CPUID = bytes.fromhex("f30f1efa 53 89c8 89d1 0fa2 418900 41895804 41894808 4189500c 5b c3")
_COMMIT_RESERVE, _RELEASE = 0x3000, 0x8000
_READ_WRITE, _EXECUTE_READ = 0x04, 0x20


def with_cpuid(use: "Use", kernel32: "Any" = None, prototype: "Any" = ctypes.CFUNCTYPE) -> str:
    """What `use` makes of both instructions; OSError where a policy refuses generated code (errors 5 and 1655)."""
    if kernel32 is None:
        kernel32 = ctypes.CDLL("kernel32.dll", use_last_error=True)  # x64 has one calling convention
        declare(kernel32)
    number = ctypes.c_uint32
    page = kernel32.VirtualAlloc(None, PAGE, _COMMIT_RESERVE, _READ_WRITE)
    if not page:
        raise OSError(_last_error(), "no memory mapping")
    try:
        code = XGETBV.ljust(CPUID_AT, b"\x90") + CPUID
        ctypes.memmove(page, code, len(code))
        if not kernel32.VirtualProtect(page, PAGE, _EXECUTE_READ, ctypes.byref(number())):
            raise OSError(_last_error(), "executable memory is refused")
        kernel32.FlushInstructionCache(ctypes.c_void_p(-1), page, len(code))
        ask, out = prototype(None, number, number, ctypes.c_void_p)(page + CPUID_AT), (number * 4)()

        def cpuid(leaf: int, subleaf: int) -> "Registers":
            ask(leaf, subleaf, out)
            return (out[0], out[1], out[2], out[3])

        return use(cpuid, prototype(ctypes.c_uint64)(page))
    finally:
        kernel32.VirtualFree(page, 0, _RELEASE)


def declare(kernel32: "Any") -> None:
    pointer, size, number = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_uint32
    kernel32.VirtualAlloc.restype = pointer
    kernel32.VirtualAlloc.argtypes = (pointer, size, number, number)
    kernel32.VirtualProtect.argtypes = (pointer, size, number, ctypes.POINTER(number))
    kernel32.VirtualFree.argtypes = (pointer, size, number)
    kernel32.FlushInstructionCache.argtypes = (pointer, pointer, size)


def _last_error() -> int:
    return ctypes.get_last_error() if sys.platform == "win32" else 0  # type: ignore[attr-defined,unused-ignore]
