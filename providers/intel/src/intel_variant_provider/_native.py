"""What runs in a child of its own, which it may hang or end: the questions to Level Zero and to the xe kernel driver.

Nothing native is loaded with this module, so that a Python without ctypes can still ask the kernel. Of the xe driver a
report has the lines `gt NODE MAJOR MINOR REVISION` and `refused NODE WHY`.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Emit = Callable[[str], None]

# include/uapi/drm/xe_drm.h
QUERY_REQUEST, QUERY_GT_LIST, TYPE_MAIN = 0xC0286440, 3, 0
GT_SIZE, MOST_GTS = 96, 64


def ask_level_zero(emit: Emit, *names: str) -> None:
    """Every GPU that Level Zero has."""
    from ._calls import tell_level_zero

    tell_level_zero(emit, *names)


def ask_xe(emit: Emit, *nodes: str) -> None:
    """The IP version of each render node's first main GT, as the xe driver knows it."""
    import os

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
    from array import array

    size = int.from_bytes(_query(descriptor, 0, 0)[12:16], "little")
    if not 8 <= size <= 8 + MOST_GTS * GT_SIZE:
        emit(f"refused {node} a list of {size} bytes")
        return
    room = array("B", bytes(size))
    _query(descriptor, size, room.buffer_info()[0])
    data = room.tobytes()
    count = min(int.from_bytes(data[:4], "little"), (size - 8) // GT_SIZE)
    for start in range(8, 8 + count * GT_SIZE, GT_SIZE):
        gt = data[start : start + GT_SIZE]
        if int.from_bytes(gt[0:2], "little") == TYPE_MAIN:
            version = [str(int.from_bytes(gt[place : place + 2], "little")) for place in (32, 34, 36)]
            emit(f"gt {node} {' '.join(version)}")
            return


def _query(descriptor: int, size: int, address: int) -> bytearray:
    """struct drm_xe_device_query, before and after: a size of 0 asks for the size."""
    from fcntl import ioctl

    fields = ((0, 8), (QUERY_GT_LIST, 4), (size, 4), (address, 8), (0, 16))
    asked = bytearray(b"".join([value.to_bytes(width, "little") for value, width in fields]))
    ioctl(descriptor, QUERY_REQUEST, asked)
    return asked
