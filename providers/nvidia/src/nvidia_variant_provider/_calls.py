"""Calls into NVIDIA's libraries by ctypes, loaded in a child alone.

A report is lines of words. `library PATH` is what was loaded, `missing WHY` and `unusable WHY` that nothing was;
`stub PATH` is the toolkit's library for linking, left aside. `init`, `count` and `cuda` carry a number of the
library's; `device INDEX MAJOR MINOR` is a GPU, `lost INDEX STATUS` one that would not tell, `lacks NAME` a missing
function.
"""

from __future__ import annotations

import ctypes
import os

from ._tables import MOST_DEVICES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Emit = Callable[[str], None]

CAPABILITY_MAJOR, CAPABILITY_MINOR = 75, 76  # cuda.h, CUdevice_attribute


def tell_nvml(emit: Emit, *places: str) -> None:
    library = _load(emit, places, "nvmlDeviceGetCount_v2")
    if library is None:
        return
    status = _call(library, "nvmlInitWithFlags", ctypes.c_uint(0))
    if status is None:
        status = _call(library, "nvmlInit_v2")
    emit("lacks nvmlInit_v2" if status is None else f"init {status}")
    if status != 0:
        return
    _tell_driver(emit, library)
    _tell_cuda(emit, library)
    count = ctypes.c_uint()
    status = _call(library, "nvmlDeviceGetCount_v2", ctypes.byref(count))
    if status != 0:
        emit("lacks nvmlDeviceGetCount_v2" if status is None else f"count-failed {status}")
        return
    emit(f"count {count.value}")
    for index in range(min(count.value, MOST_DEVICES)):
        _tell_device(emit, library, index)


def _tell_driver(emit: Emit, library: ctypes.CDLL) -> None:
    text = ctypes.create_string_buffer(96)
    if _call(library, "nvmlSystemGetDriverVersion", text, ctypes.c_uint(96)) == 0:
        emit("driver " + text.value.decode("ascii", "replace"))


def _tell_cuda(emit: Emit, library: ctypes.CDLL) -> None:
    version = ctypes.c_int()
    for name in ("nvmlSystemGetCudaDriverVersion_v2", "nvmlSystemGetCudaDriverVersion"):
        status = _call(library, name, ctypes.byref(version))
        if status == 0:
            emit(f"cuda {version.value}")
            return
        emit(f"lacks {name}" if status is None else f"cuda-failed {status}")


def _tell_device(emit: Emit, library: ctypes.CDLL, index: int) -> None:
    handle = ctypes.c_void_p()
    major, minor = ctypes.c_int(), ctypes.c_int()
    status = _call(library, "nvmlDeviceGetHandleByIndex_v2", ctypes.c_uint(index), ctypes.byref(handle))
    if status == 0:
        pair = (ctypes.byref(major), ctypes.byref(minor))
        status = _call(library, "nvmlDeviceGetCudaComputeCapability", handle, *pair)
    if status is None:
        emit("lacks nvmlDeviceGetCudaComputeCapability")
    else:
        emit(f"device {index} {major.value} {minor.value}" if status == 0 else f"lost {index} {status}")


def tell_libcuda(emit: Emit, *places: str) -> None:
    library = _load(emit, places, "cuDriverGetVersion")
    if library is None:
        return
    version = ctypes.c_int()
    status = _call(library, "cuDriverGetVersion", ctypes.byref(version))
    if status == 0:
        emit(f"cuda {version.value}")
    else:
        emit("lacks cuDriverGetVersion" if status is None else f"cuda-failed {status}")


def tell_devices(emit: Emit, *places: str) -> None:
    hidden = os.environ.pop("CUDA_VISIBLE_DEVICES", None)
    try:
        library = _load(emit, places, "cuInit")
        if library is not None:
            _tell_cuda_devices(emit, library)
    finally:  # matters only where no child could be had
        if hidden is not None:
            os.environ["CUDA_VISIBLE_DEVICES"] = hidden


def _tell_cuda_devices(emit: Emit, library: ctypes.CDLL) -> None:
    status = _call(library, "cuInit", ctypes.c_uint(0))
    emit("lacks cuInit" if status is None else f"init {status}")
    count = ctypes.c_int()
    if status != 0 or _call(library, "cuDeviceGetCount", ctypes.byref(count)) != 0:
        return
    emit(f"count {count.value}")
    for index in range(min(count.value, MOST_DEVICES)):
        device, major, minor = ctypes.c_int(), ctypes.c_int(), ctypes.c_int()
        status = _call(library, "cuDeviceGet", ctypes.byref(device), ctypes.c_int(index))
        for value, attribute in ((major, CAPABILITY_MAJOR), (minor, CAPABILITY_MINOR)):
            if status == 0:
                status = _call(library, "cuDeviceGetAttribute", ctypes.byref(value), ctypes.c_int(attribute), device)
        emit(f"device {index} {major.value} {minor.value}" if status == 0 else f"lost {index} {status or 0}")


def _load(emit: Emit, places: tuple[str, ...], known: str) -> ctypes.CDLL | None:
    """The first of `places` that loads and is no stub; a name without a directory is the loader's to find."""
    reasons = []
    for place in places:
        try:
            library = ctypes.CDLL(place)
        except OSError as error:
            reasons.append(" ".join(str(error).split())[:300])
            continue
        path = _path_of(library, known) or place
        if "/stubs/" in path.replace("\\", "/"):
            emit("stub " + path)
            continue
        emit("library " + path)
        return library
    bad = [reason for reason in reasons if not _says_missing(reason)]
    emit("unusable " + bad[0] if bad else "missing " + places[-1])
    return None


def _says_missing(reason: str) -> bool:
    return "No such file" in reason or "Could not find module" in reason or "Error 126" in reason


class _Address(ctypes.Structure):
    """The C library's Dl_info."""

    _fields_ = (
        ("file", ctypes.c_char_p),
        ("base", ctypes.c_void_p),
        ("symbol", ctypes.c_char_p),
        ("address", ctypes.c_void_p),
    )


def _path_of(library: ctypes.CDLL, known: str) -> str:
    """The file that the loader took, its links followed: its name ends in the driver's version."""
    found = _Address()
    try:
        address = ctypes.cast(getattr(library, known), ctypes.c_void_p)
        told = ctypes.CDLL(None).dladdr(address, ctypes.byref(found))
    except (AttributeError, OSError, TypeError):  # no such function, or a system without dladdr
        return ""
    return os.path.realpath(os.fsdecode(found.file)) if told and found.file else ""


def _call(library: ctypes.CDLL, name: str, *arguments: object) -> int | None:
    """The status that a function returns; None when the library has no such function."""
    function = getattr(library, name, None)
    if function is None:
        return None
    function.restype = ctypes.c_int
    return int(function(*arguments))
