"""What the provider asked the machine for: one line each, with the line of its code that asked."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

MAX_RECORDS = 5000
_PLUMBING = ("/_machine.py", "/_child.py")  # of our template: who called these says more than they do
_STAGE = os.path.dirname(os.path.abspath(__file__))


class Recorder:
    """Appends lines of JSON, `[kind, subject, detail, place, phase]`, to a file that forked children share.

    `place` is `package/_probe.py:41 probe_machine`, empty when no line of the wheel is on the stack; `phase` is
    import, the name of the function that was called, or empty in a thread.
    """

    def __init__(self, number: int, wheel: str, encode: Callable[[object], str], codes: tuple[object, object]) -> None:
        self.wheel = wheel
        self._number = number
        self._write = os.write
        self._encode = encode
        self._load, self._call = codes
        self._seen: set[tuple[str, str, str, str]] = set()

    def note(self, kind: str, subject: str, detail: str = "") -> None:
        """Write down that the code on the stack asked for `subject`; the same thing twice in one place is one."""
        place, phase, counts = self._standing()
        key = (kind, subject, place, phase)
        if not counts or key in self._seen or len(self._seen) >= MAX_RECORDS:
            return
        self._seen.add(key)
        line = self._encode([kind, subject, detail, place, phase]) + "\n"
        try:
            self._write(self._number, line.encode("utf-8", "backslashreplace"))
        except OSError:
            return  # the provider closed what it does not own; what is missing then is ours to miss

    def _standing(self) -> tuple[str, str, bool]:
        """The place, the phase, and whether it counts: what the standard library does when imported does not."""
        place, phase, imported = "", "", False
        frame = sys._getframe(2)
        while frame is not None:
            code = frame.f_code
            if code.co_filename.startswith(self.wheel):
                if not place or place.partition(":")[0].endswith(_PLUMBING):
                    place = f"{code.co_filename[len(self.wheel) + 1 :]}:{frame.f_lineno} {code.co_name}"
                phase = "import" if code.co_name == "<module>" else phase
            elif not place and code.co_name == "<module>":
                imported = True
            elif code is self._load:
                phase = "import"
            elif code is self._call:
                phase = phase or str(frame.f_locals.get("name", ""))
            frame = frame.f_back  # type: ignore[assignment]
        return place, phase, not (place and imported)

    def asked_by(self, file: str, function: str) -> str | None:
        """The first argument of a function of the standard library that is on the stack, None when it is not."""
        frame = sys._getframe(1)
        while frame is not None:
            code = frame.f_code
            if code.co_name == function and code.co_filename.replace("\\", "/").endswith(file):
                return str(frame.f_locals.get(code.co_varnames[0], ""))
            frame = frame.f_back  # type: ignore[assignment]
        return None
