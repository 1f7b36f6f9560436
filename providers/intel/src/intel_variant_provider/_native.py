"""Intel's Level Zero and the xe kernel driver: each function here runs in a child, which it may hang or end.

A report is lines of words. Level Zero: `library NAME` is what was loaded, `unusable WHY` and `missing NAME` that
nothing was; `lacks NAME` a missing function; `init NAME STATUS` and `devices DRIVER STATUS` what a call returned;
`device DRIVER INDEX VENDOR DEVICE INTEGRATED IP` is a GPU, `lost DRIVER INDEX STATUS` one that would not tell; statuses
and what is said of a device are hexadecimal. The xe driver: `gt NODE MAJOR MINOR REVISION`, `refused NODE WHY`.
"""

from __future__ import annotations

import ctypes
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Emit = Callable[[str], None]

MOST_DRIVERS = 16
MOST_DEVICES = 256
HIDING = ("ZE_AFFINITY_MASK", "ZE_ENABLE_PCI_ID_DEVICE_ORDER", "ZE_FLAT_DEVICE_HIERARCHY")

# level_zero/ze_api.h
GPU_DRIVERS, GPU_ONLY, TYPE_GPU, IS_INTEGRATED = 1, 1, 1, 1
INIT_DRIVER_TYPE, DEVICE_PROPERTIES, DEVICE_IP_VERSION = 0x20021, 0x3, 0x1000F

# include/uapi/drm/xe_drm.h
QUERY_REQUEST, QUERY_GT_LIST, TYPE_MAIN = 0xC0286440, 3, 0
GT_SIZE, MOST_GTS = 96, 64


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


def ask_level_zero(emit: Emit, *names: str) -> None:
    """Tell every GPU that Level Zero has, by the first of the libraries that loads, whatever hides some from users."""
    hidden = {name: os.environ.pop(name) for name in HIDING if name in os.environ}
    try:
        library = _load(emit, names)
        for number, driver in enumerate(_list_drivers(emit, library) if library else ()):
            _tell_driver(emit, library, number, driver)
    finally:  # matters only where no child could be had
        os.environ.update(hidden)


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


class _Query(ctypes.Structure):
    """struct drm_xe_device_query"""

    _fields_ = (
        ("extensions", ctypes.c_uint64),
        ("query", ctypes.c_uint32),
        ("size", ctypes.c_uint32),
        ("data", ctypes.c_uint64),
        ("reserved", ctypes.c_uint64 * 2),
    )


def ask_xe(emit: Emit, *nodes: str) -> None:
    """Tell the IP version of each render node's first main GT, as the xe driver knows it."""
    for node in nodes:
        try:
            descriptor = os.open(node, os.O_RDWR | os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError as error:
            emit(f"refused {node} {error.strerror}")
            continue
        try:
            _tell_gt(emit, node, descriptor)
        except OSError as error:
            emit(f"refused {node} {error.strerror}")
        finally:
            os.close(descriptor)


def _tell_gt(emit: Emit, node: str, descriptor: int) -> None:
    import fcntl

    query = _Query(0, QUERY_GT_LIST, 0, 0)
    fcntl.ioctl(descriptor, QUERY_REQUEST, query)
    size = query.size
    if not 8 <= size <= 8 + MOST_GTS * GT_SIZE:
        emit(f"refused {node} a list of {size} bytes")
        return
    data = ctypes.create_string_buffer(size)
    query.data = ctypes.addressof(data)
    fcntl.ioctl(descriptor, QUERY_REQUEST, query)
    count = min(int.from_bytes(data.raw[:4], "little"), (size - 8) // GT_SIZE)
    for start in range(8, 8 + count * GT_SIZE, GT_SIZE):
        gt = data.raw[start : start + GT_SIZE]
        if int.from_bytes(gt[0:2], "little") == TYPE_MAIN:
            version = [str(int.from_bytes(gt[place : place + 2], "little")) for place in (32, 34, 36)]
            emit(f"gt {node} {' '.join(version)}")
            return
