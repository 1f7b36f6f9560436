"""Foreign functions by ctypes itself, for a Python whose own names below it are others than `_native` knows."""

from ctypes import CDLL, CFUNCTYPE, c_int, c_uint32, c_uint64, c_ulong, c_void_p, cast

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ._native import Bind, Words


def bind_by_ctypes() -> "tuple[Bind, Words]":
    types = {"P": c_void_p, "L": c_ulong, "Q": c_uint64, "i": c_int, "I": c_uint32}

    def bind(place: "str | int", result: str, arguments: str) -> "Callable[..., int]":
        address = (cast(CDLL(None)[place], c_void_p).value or 0) if isinstance(place, str) else place
        return CFUNCTYPE(types[result], *[types[name] for name in arguments])(address)

    return bind, c_uint32 * 4
