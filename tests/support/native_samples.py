"""What native code and tools do to whoever asks them, as functions that `Machine.report` runs in a child.

Imported by name from a bare interpreter of any version that runs providers, so nothing but the standard library.
"""

from __future__ import annotations

import os
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Emit = Callable[[str], None]


def say(emit: Emit, *lines: str) -> None:
    for line in lines:
        emit(line)


def print_and_say(emit: Emit) -> None:
    print("chatter of a library")
    os.write(1, b"more chatter\n")
    os.write(2, b"a warning\n")
    emit("device 0")


def hang(emit: Emit) -> None:
    emit("before")
    time.sleep(60)


def hang_silently(emit: Emit) -> None:
    time.sleep(60)


def hang_against_signals(emit: Emit) -> None:
    import signal

    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    hang(emit)


def crash(emit: Emit) -> None:
    emit("before")
    os.kill(os.getpid(), 11)


def leave(emit: Emit) -> None:
    emit("before")
    os._exit(3)


def fail(emit: Emit) -> None:
    emit("before")
    raise OSError("no such\nlibrary")


def flood(emit: Emit) -> None:
    while True:
        emit("x" * 1000)


def leave_a_process_behind(emit: Emit, seconds: str) -> None:
    emit("before")
    if os.fork() == 0:  # it holds the pipe open
        time.sleep(float(seconds))
        os._exit(0)


def say_process_group(emit: Emit) -> None:
    emit(f"{os.getpgid(0)} {os.getpgid(os.getppid())}")


def say_pipes(emit: Emit) -> None:
    """Every pipe that is open here, with `r` or `w` for the side."""
    for number in os.listdir("/proc/self/fd"):
        try:
            link = os.readlink(f"/proc/self/fd/{number}")
            with open(f"/proc/self/fdinfo/{number}") as stream:
                flags = int(stream.read().split("flags:")[1].split()[0], 8)
        except OSError:  # the listing's own
            continue
        if link.startswith("pipe:"):
            emit(f"{link} {'w' if flags & 3 else 'r'}")


def say_garbage(emit: Emit) -> None:
    emit("\udcff \x1b[2J\x00")


def leave_by_exception(emit: Emit) -> None:
    sys.exit("a library that exits")
