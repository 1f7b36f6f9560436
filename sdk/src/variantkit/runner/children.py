"""The children of one question round: started together, read together, ended together (POSIX).

Each child leads a session, and so a process group, of its own: killing that group reaches whatever it forked, except
a descendant that made itself a session or group (`setsid`, double fork of a daemon). Nothing reaches those at the
level "process"; the operating system's sandbox, which refuses fork, will. Nor is a child kept from signalling the
parent, which runs as the same user.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from typing import TYPE_CHECKING

from variantkit.runner.answers import KEPT_PRINTED, MAX_ANSWER, MAX_PRINTED, Outcome, Printed
from variantkit.runner.launch import RESULT, WHEEL, above_targets

if TYPE_CHECKING:
    from collections.abc import Sequence

    from variantkit.runner.launch import Launch

REAP_SECONDS = 1.0
_CHUNK = 1 << 16


class _Stream:
    """One pipe from a child: how much came, and as much of it as is kept."""

    def __init__(self, number: int, kept: int) -> None:
        self.number = number
        self.kept = kept
        self.count = 0
        self.data = bytearray()
        self.open = True

    def pull(self) -> bool:
        """Take what is there; False when nothing more will come, or nothing is there now."""
        try:
            chunk = os.read(self.number, _CHUNK)
        except BlockingIOError:
            return False
        self.open = bool(chunk)
        self.count += len(chunk)
        self.data += chunk[: max(0, self.kept - len(self.data))]
        return self.open


class _Child:
    """One running child, and what has come from it; `ending` is empty while it runs."""

    def __init__(self, pid: int, result: int, stdout: int, stderr: int) -> None:
        self.pid = pid
        self.result = _Stream(result, MAX_ANSWER + 1)
        self.stdout = _Stream(stdout, KEPT_PRINTED)
        self.stderr = _Stream(stderr, KEPT_PRINTED)
        self.ending = ""
        self.code: int | None = None
        self.abandoned = False

    @property
    def streams(self) -> tuple[_Stream, _Stream, _Stream]:
        return self.result, self.stdout, self.stderr

    def judge(self) -> str:
        """How it ended, as far as its pipes tell; "" while it has not."""
        if self.stdout.count + self.stderr.count > MAX_PRINTED or self.result.count > MAX_ANSWER:
            return "too-large"
        if b"\n" in self.result.data:
            return "answered"
        return "" if self.result.open else "ended"

    def end(self, ending: str) -> None:
        """Kill the group, before the leader is reaped and its number free for others, and take what is left."""
        self.ending = ending
        # Nothing may be left of it; macOS says "permission" for a group of zombies.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        for stream in (self.stdout, self.stderr):
            while stream.open and stream.count <= MAX_PRINTED and stream.pull():
                pass
        for stream in self.streams:
            os.close(stream.number)

    def reap(self, until: float) -> None:
        """Wait for its end, which only a process stuck in the kernel delays."""
        while True:
            try:
                found, status = os.waitpid(self.pid, os.WNOHANG)
            except ChildProcessError:
                return  # The program that uses us reaps all children by itself.
            if found:
                self.code = os.waitstatus_to_exitcode(status)
                return
            if time.monotonic() >= until:
                self.abandoned = True
                return
            time.sleep(0.0005)

    def outcome(self) -> Outcome:
        line, _, rest = bytes(self.result.data).partition(b"\n")
        printed = (
            Printed("stdout", self.stdout.count, bytes(self.stdout.data)),
            Printed("stderr", self.stderr.count, bytes(self.stderr.data)),
        )
        # Two answers are none: what follows the line makes it unreadable.
        return Outcome(self.ending, line + rest, printed, self.code, self.abandoned)


def run_children(launches: Sequence[Launch], end: float) -> list[Outcome]:
    """Start all, collect until `end` (of the monotonic clock), leave none behind; outcomes in the order asked."""
    started: list[_Child | Outcome] = []
    try:
        for launch in launches:
            started.append(_start(launch))
        _collect([child for child in started if isinstance(child, _Child)], end)
    finally:
        children = [child for child in started if isinstance(child, _Child)]
        for child in children:
            if not child.ending:
                child.end("timed-out")
        until = time.monotonic() + REAP_SECONDS
        for child in children:
            child.reap(until)
    return [child.outcome() if isinstance(child, _Child) else child for child in started]


def _collect(children: Sequence[_Child], end: float) -> None:
    poller = select.poll()
    owners = {stream.number: (child, stream) for child in children for stream in child.streams}
    for number in owners:
        poller.register(number, select.POLLIN)
    while owners:
        left = end - time.monotonic()
        if left <= 0:
            return
        for number, _ in poller.poll(left * 1000 + 1):
            if number not in owners:
                continue  # Its child ended a moment ago, in this same round.
            child, stream = owners[number]
            stream.pull()
            ending = child.judge()
            for silent in child.streams if ending else () if stream.open else (stream,):
                if owners.pop(silent.number, None):
                    poller.unregister(silent.number)
            if ending:
                child.end(ending)


def _start(launch: Launch) -> _Child | Outcome:
    readers: list[int] = []
    writers: list[int] = []
    try:
        for _ in range(3):
            reader, writer = os.pipe()
            readers.append(reader)
            writers.append(above_targets(writer))
            os.set_blocking(reader, False)
        pid = _spawn(launch, writers)
    except (OSError, ValueError) as error:
        for number in readers:
            os.close(number)
        return Outcome("not-started", detail=f"{launch.python}: {error}")
    finally:
        for number in writers:
            os.close(number)
    return _Child(pid, *readers)


def _spawn(launch: Launch, writers: Sequence[int]) -> int:
    # posix_spawn, because importing subprocess costs 10 ms. Descriptors of Python are not inheritable; those given
    # here are duplicates that live in the child alone, so that another thread's child cannot inherit them.
    actions: list[tuple[int, ...] | tuple[int, int, str, int, int]] = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        *((os.POSIX_SPAWN_DUP2, writer, target) for writer, target in zip(writers, (RESULT, 1, 2), strict=True)),
    ]
    if launch.wheel >= 0:
        actions.append((os.POSIX_SPAWN_DUP2, launch.wheel, WHEEL))
    arguments = [launch.python, *launch.arguments]
    defaults = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE, signal.SIGALRM)
    try:
        return os.posix_spawn(
            launch.python, arguments, launch.environment,
            file_actions=actions, setsid=True, setsigmask=(), setsigdef=defaults,
        )  # fmt: skip
    except NotImplementedError:  # A C library without POSIX_SPAWN_SETSID: a group of its own serves as well.
        return os.posix_spawn(
            launch.python, arguments, launch.environment,
            file_actions=actions, setpgroup=0, setsigmask=(), setsigdef=defaults,
        )  # fmt: skip
