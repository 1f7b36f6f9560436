"""CPUID and XGETBV, run in this process from a page that is writable first and executable then, never both."""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ._probe import Registers, Use

    Bind = Callable[..., Callable[..., int]]  # (name or address, result's letter, arguments' letters)
    Words = Callable[[], Any]  # makes room for four registers, as a sequence of int

# System V calling convention. `endbr64` first: a kernel may enforce indirect-branch tracking.
#   void cpuid(uint32_t leaf, uint32_t subleaf, uint32_t out[4])
CPUID = bytes.fromhex("f30f1efa 53 4989d0 89f8 89f1 0fa2 418900 41895804 41894808 4189500c 5b c3")
#   uint64_t xgetbv(void), register 0; the same in Microsoft's convention
XGETBV = bytes.fromhex("f30f1efa 31c9 0f01d0 48c1e220 4809d0 c3")
CPUID_AT = 32  # Windows' Control Flow Guard lets calls go to multiples of 16 alone
PAGE = 4096


def with_cpuid(use: "Use") -> str:
    """What `use` makes of both instructions; OSError where executable memory is refused."""
    try:
        bind, words = bind_by_core()
    except (ImportError, AttributeError, TypeError):  # names that are Python's own
        from ._native_public import bind_by_ctypes

        bind, words = bind_by_ctypes()
    private_anonymous = 0x22 if sys.platform == "linux" else 0x1002
    page = bind("mmap", "P", "PLiiiL")(None, PAGE, 3, private_anonymous, -1, 0)  # readable, writable
    if page is None or page + 1 >= 1 << 64:  # MAP_FAILED
        raise OSError("no memory mapping")
    try:
        code = XGETBV.ljust(CPUID_AT, b"\x90") + CPUID
        bind("memcpy", "P", "PPL")(page, code, len(code))
        if bind("mprotect", "i", "PLi")(page, PAGE, 5) != 0:  # readable, executable
            raise OSError("executable memory is refused")
        ask, out = bind(page + CPUID_AT, "i", "IIP"), words()

        def cpuid(leaf: int, subleaf: int) -> "Registers":
            ask(leaf, subleaf, out)
            return (out[0], out[1], out[2], out[3])

        return use(cpuid, bind(page, "Q", ""))
    finally:
        bind("munmap", "i", "PL")(page, PAGE)


def bind_by_core() -> "tuple[Bind, Words]":
    """Foreign functions by the module under ctypes, which alone takes a quarter of the time to load."""
    from _ctypes import Array, CFuncPtr, _SimpleCData, dlopen, dlsym  # type: ignore[attr-defined,unused-ignore]

    library = dlopen(None, 2)  # type: ignore[arg-type,unused-ignore]
    types = {letter: type("Simple", (_SimpleCData,), {"_type_": letter}) for letter in "PLQiI"}
    function = type("Function", (CFuncPtr,), {"_flags_": 1, "_restype_": types["i"]})  # 1: C's calling convention

    def bind(place: "str | int", result: str, arguments: str) -> "Callable[..., int]":
        bound: Any = function(dlsym(library, place) if isinstance(place, str) else place)
        bound.restype, bound.argtypes = types[result], tuple([types[name] for name in arguments])
        return bound  # type: ignore[no-any-return]

    return bind, type("Words", (Array,), {"_type_": types["I"], "_length_": 4})
