"""Native libraries of the fake machine: what loading one by ctypes does."""

from __future__ import annotations

import os
import sys

from .files import sleep_forever
from .machine import ABSENT, CRASH, DENIED, HUNG, PRESENT, REAL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .machine import FakeMachine
    from .records import Recorder

_SYSTEM_LIBRARIES = ("libc.so", "libc.dylib", "libSystem", "/usr/lib/libSystem", "kernel32", "ntdll", "msvcrt", "ucrt")
_REASONS = {
    ABSENT: "cannot open shared object file: No such file or directory",
    DENIED: "cannot open shared object file: Permission denied",
    "garbage": "invalid ELF header",
}


def replace_libraries(machine: FakeMachine, recorder: Recorder) -> None:
    """Put the machine's libraries in the place of the system's; the C library itself stays."""
    if machine.libraries == "bare":
        # Its import then fails, as in a Python that was built without libffi.
        sys.modules.update({"_ctypes": None})  # type: ignore[dict-item]
        return
    try:
        import _ctypes
    except ImportError:
        return
    name = "LoadLibrary" if os.name == "nt" else "dlopen"
    real = getattr(_ctypes, name)

    def load(library: str | bytes | None, *flags: int) -> int:
        text = None if library is None else os.fsdecode(library)
        if text is None or os.path.basename(text).startswith(_SYSTEM_LIBRARIES):
            return int(real(library, *flags))
        recorder.note("library", text)
        fate = machine.fate_of_library(text)
        if fate == HUNG:
            sleep_forever()
        if fate == CRASH:
            os.kill(os.getpid(), 11)
        if fate == PRESENT:
            return int(real(None, *flags))  # a library that lacks every function of its name
        if fate != REAL:
            raise OSError(f"{text}: {_REASONS[fate]}")
        return int(real(library, *flags))

    setattr(_ctypes, name, load)
