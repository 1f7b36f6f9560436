"""Calls into the vendor's library, made in a child process: they may hang, crash or print.

Each function is named to `Machine.report` and says what it learns through `emit`, one line at a time.
"""

from __future__ import annotations

from ._tables import LIBRARY, MANY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def report_chips(emit: Callable[[str], None]) -> None:
    """Say `chip 0 0x30` for every device; of one that fails, say so, and go on."""
    import ctypes  # late: 10 ms, in the child alone

    library = ctypes.CDLL(LIBRARY)
    count = library.acme_device_count()
    emit(f"count {count}")
    for number in range(min(count, MANY)):
        chip = ctypes.c_uint(0)
        status = library.acme_device_chip(number, ctypes.byref(chip))
        emit(f"failed {number} {status}" if status else f"chip {number} {chip.value:#x}")
