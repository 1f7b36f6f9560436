"""Intel's Level Zero by ctypes, in a child, which it may hang or end.

A report is lines of words: `library NAME` is what was loaded, `unusable WHY` and `missing NAME` that
nothing was; `lacks NAME` a missing function; `init NAME STATUS` and `devices DRIVER STATUS` what a call returned;
`device DRIVER INDEX VENDOR DEVICE INTEGRATED IP` is a GPU, `lost DRIVER INDEX STATUS` one that would not tell; statuses
and what is said of a device are hexadecimal.
"""

from __future__ import annotations

import ctypes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Emit = Callable[[str], None]

MOST_DRIVERS = 16
MOST_DEVICES = 256

# level_zero/ze_api.h
GPU_DRIVERS, GPU_ONLY, TYPE_GPU, IS_INTEGRATED = 1, 1, 1, 1
INIT_DRIVER_TYPE, DEVICE_PROPERTIES, DEVICE_IP_VERSION = 0x20021, 0x3, 0x1000F


class _DriverType(ctypes.Structure):
    """ze_init_driver_type_desc_t"""

    _fields_ = (("stype", ctypes.c_uint32), ("next", ctypes.c_void_p), ("flags", ctypes.c_uint32))


class _IpVersion(ctypes.Structure):
    """ze_device_ip_version_ext_t"""

    _fields_ = (("stype", ctypes.c_uint32), ("next", ctypes.c_void_p), ("version", ctypes.c_uint32))


class _Properties(ctypes.Structure):
    """ze_device_properties_t as far as it is read, and more room than its rest needs."""

    _fields_ = (
        ("stype", ctypes.c_uint32),
        ("next", ctypes.c_void_p),
        ("type", ctypes.c_uint32),
        ("vendor", ctypes.c_uint32),
        ("device", ctypes.c_uint32),
        ("flags", ctypes.c_uint32),
        ("rest", ctypes.c_ubyte * 4096),
    )


def tell_level_zero(emit: Emit, *names: str) -> None:
    """Tell every GPU that Level Zero has, by the first of the libraries that loads."""
    library = _load(emit, names)
    for number, driver in enumerate(_list_drivers(emit, library) if library else ()):
        _tell_driver(emit, library, number, driver)


def _load(emit: Emit, names: tuple[str, ...]) -> ctypes.CDLL | None:
    reasons = []
    for name in names:
        try:
            library = ctypes.CDLL(name)
        except OSError as error:
            reasons.append(" ".join(str(error).split())[:300])
        else:
            emit("library " + name)
            return library
    absent = ("No such file", "Could not find module", "Error 126")
    bad = [reason for reason in reasons if not any(text in reason for text in absent)]
    emit("unusable " + bad[0] if bad else "missing " + names[0])
    return None


def _list_drivers(emit: Emit, library: ctypes.CDLL) -> list[int]:
    """Handles of the drivers for GPUs, by the newer call, or where that does not work by the older two."""
    wanted = _DriverType(INIT_DRIVER_TYPE, None, GPU_DRIVERS)
    found = _list(emit, library, "init", "zeInitDrivers", MOST_DRIVERS, (), (ctypes.byref(wanted),))
    if found:
        return found
    status = _status(library, "zeInit", ctypes.c_uint32(GPU_ONLY))
    emit("lacks zeInit" if status is None else f"init zeInit {status:x}")
    return _list(emit, library, "init", "zeDriverGet", MOST_DRIVERS, (), ()) if status == 0 else []


def _list(
    emit: Emit,
    library: ctypes.CDLL,
    word: str,
    name: str,
    most: int,
    before: tuple[object, ...],
    after: tuple[object, ...],
) -> list[int]:
    """Ask for the number of handles and then for these."""
    count = ctypes.c_uint32()
    status = _status(library, name, *before, ctypes.byref(count), None, *after)
    emit(f"lacks {name}" if status is None else f"{word} {name} {status:x}")
    if status != 0 or not count.value:
        return []
    count.value = min(count.value, most)
    handles = (ctypes.c_void_p * most)()
    if _status(library, name, *before, ctypes.byref(count), handles, *after) != 0:
        return []
    return [handle for handle in handles[: min(count.value, most)] if handle]


def _tell_driver(emit: Emit, library: ctypes.CDLL | None, number: int, driver: int) -> None:
    if library is None:
        return
    word = f"devices {number}"
    devices = _list(emit, library, word, "zeDeviceGet", MOST_DEVICES, (ctypes.c_void_p(driver),), ())
    for index, device in enumerate(devices):
        version = _IpVersion(DEVICE_IP_VERSION, None, 0)
        told = _Properties(DEVICE_PROPERTIES, ctypes.cast(ctypes.pointer(version), ctypes.c_void_p))
        status = _status(library, "zeDeviceGetProperties", ctypes.c_void_p(device), ctypes.byref(told))
        if status != 0:
            emit(f"lost {number} {index} " + ("unasked" if status is None else f"{status:x}"))
        elif told.type == TYPE_GPU:
            integrated = told.flags & IS_INTEGRATED
            emit(f"device {number} {index} {told.vendor:x} {told.device:x} {integrated} {version.version:x}")


def _status(library: ctypes.CDLL, name: str, *arguments: object) -> int | None:
    """What a function returns, a number of 32 bits; None when the library has no such function."""
    function = getattr(library, name, None)
    if function is None:
        return None
    function.restype = ctypes.c_uint32
    return int(function(*arguments))
