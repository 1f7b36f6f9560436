"""The children of one question round where there is no posix_spawn and pipes cannot be polled (Windows).

The result travels on the child's standard output, which the worker takes for itself before the provider is imported;
what the provider prints goes to standard error. Killing reaches the child alone on Windows, not what it started.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

from variantkit.runner.answers import KEPT_PRINTED, MAX_ANSWER, MAX_PRINTED, Outcome, Printed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import IO

    from variantkit.runner.launch import Launch

RESULT = 1
REAP_SECONDS = 1.0
_CHUNK = 1 << 16


class _Reader(threading.Thread):
    """Reads one pipe to its end or its cap, and says when there is nothing more to wait for."""

    def __init__(self, pipe: IO[bytes] | None, kept: int, cap: int, over: threading.Event, *, line: bool) -> None:
        super().__init__(daemon=True)
        self.pipe = pipe
        self.kept = kept
        self.cap = cap
        self.over = over
        self.line = line
        self.count = 0
        self.data = bytearray()

    def run(self) -> None:
        while chunk := self._chunk():
            self.count += len(chunk)
            self.data += chunk[: max(0, self.kept - len(self.data))]
            if self.count > self.cap or (self.line and b"\n" in chunk):
                self.over.set()
        if self.line:
            self.over.set()

    def _chunk(self) -> bytes:
        try:
            return os.read(self.pipe.fileno(), _CHUNK) if self.pipe else b""
        except OSError:
            return b""


class _Child:
    """One running child with the readers of its two pipes."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.over = threading.Event()
        self.result = _Reader(process.stdout, MAX_ANSWER + 1, MAX_ANSWER, self.over, line=True)
        self.printed = _Reader(process.stderr, KEPT_PRINTED, MAX_PRINTED, self.over, line=False)
        self.result.start()
        self.printed.start()

    def judge(self) -> str:
        if self.result.count > MAX_ANSWER or self.printed.count > MAX_PRINTED:
            return "too-large"
        if b"\n" in self.result.data:
            return "answered"
        return "timed-out" if self.result.is_alive() else "ended"

    def outcome(self, until: float) -> Outcome:
        ending = self.judge()
        _kill(self.process)
        code, abandoned = None, False
        try:
            code = self.process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            abandoned = True
        for reader in (self.result, self.printed):
            reader.join(max(0.0, until - time.monotonic()))
            # A pipe that a straggler holds open stays with its reader, which ends when the straggler does.
            if reader.pipe and not reader.is_alive():
                reader.pipe.close()
        line, _, rest = bytes(self.result.data).partition(b"\n")
        printed = (Printed("stdout or stderr", self.printed.count, bytes(self.printed.data)),)
        return Outcome(ending, line + rest, printed, code, abandoned)


def run_children(launches: Sequence[Launch], end: float) -> list[Outcome]:
    """Start all, collect until `end` (of the monotonic clock); outcomes in the order asked."""
    started = [_start(launch) for launch in launches]
    try:
        for child in started:
            if isinstance(child, _Child):
                child.over.wait(max(0.0, end - time.monotonic()))
    finally:
        until = time.monotonic() + REAP_SECONDS
        outcomes = [child.outcome(until) if isinstance(child, _Child) else child for child in started]
    return outcomes


def _start(launch: Launch) -> _Child | Outcome:
    windows = os.name == "nt"
    try:
        process = subprocess.Popen(
            [launch.python, *launch.arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(launch.environment),
            bufsize=0,
            start_new_session=not windows,
            # CREATE_NO_WINDOW and CREATE_NEW_PROCESS_GROUP, which exist by name on Windows alone.
            creationflags=0x08000200 if windows else 0,
        )
    except (OSError, ValueError) as error:
        return Outcome("not-started", detail=f"{launch.python}: {error}")
    return _Child(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    if sys.platform == "win32":
        process.kill()
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
