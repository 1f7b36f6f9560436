"""Measurements: whole processes and stopwatches, both sides in turn, one ratio a round."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Command = list[str]
    Take = Callable[[], float]


class MeasurementError(Exception):
    """A measured command did not do what it is measured for."""


class Series(NamedTuple):
    """What the rounds gave: both sides' figures, and the ratio of each round."""

    ours: tuple[float, ...]
    peer: tuple[float, ...]
    ratios: tuple[float, ...]

    @property
    def ratio(self) -> float:
        return median(self.ratios)


def take_pairs(ours: Take, peer: Take, pairs: int) -> Series:
    """Take both in turn, the first of a round alternating, after one round that does not count."""
    rounds = [_take_round((ours, peer), number) for number in range(-1, pairs)][1:]
    mine, theirs = ([figures[side] for figures in rounds] for side in (0, 1))
    return Series(tuple(mine), tuple(theirs), tuple(a / b for a, b in zip(mine, theirs, strict=True)))


def take_pairs_net(ours: Take, peer: Take, base: Take, pairs: int) -> Series:
    """The same with the round's own `base` taken off both sides."""
    rounds = [_take_round((ours, peer, base), number) for number in range(-1, pairs)][1:]
    mine = [figures[0] - figures[2] for figures in rounds]
    theirs = [figures[1] - figures[2] for figures in rounds]
    return Series(tuple(mine), tuple(theirs), tuple(a / b for a, b in zip(mine, theirs, strict=True)))


def _take_round(sides: tuple[Take, ...], number: int) -> list[float]:
    order = range(len(sides)) if number % 2 else reversed(range(len(sides)))
    figures = {side: sides[side]() for side in order}
    return [figures[side] for side in range(len(sides))]


def process_seconds(command: Command, environ: Mapping[str, str]) -> Take:
    """How long a whole process takes, from its start to its end."""
    quiet = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in (0, 1, 2)]

    def take() -> float:
        start = perf_counter()
        child = os.posix_spawn(command[0], command, environ, file_actions=quiet)
        _, status = os.waitpid(child, 0)
        seconds = perf_counter() - start
        if status:
            raise MeasurementError(
                f"{' '.join(command)}: expected exit code 0, found {os.waitstatus_to_exitcode(status)}"
            )
        return seconds

    return take


# A process that starts another lends it its own peak until the exec, so a large one must not be the parent.
_PEAK = """\
import os, sys
quiet = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in (0, 1, 2)]
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=quiet)
_, status, usage = os.wait4(child, 0)
print(-1 if status else usage.ru_maxrss)
"""


def peak_bytes(command: Command, environ: Mapping[str, str]) -> Take:
    """The peak resident memory of a whole process, in bytes."""
    launcher = [sys.executable, "-I", "-S", "-c", _PEAK, *command]
    unit = 1 if sys.platform == "darwin" else 1024

    def take() -> float:
        peak = int(output_of(launcher, environ))
        if peak < 0:
            raise MeasurementError(f"{' '.join(command)}: expected exit code 0, found a failure")
        return peak * unit

    return take


def output_of(command: Command, environ: Mapping[str, str] | None = None) -> str:
    """The standard output of a command that must succeed; what it says on stderr is in the message when it fails."""
    done = subprocess.run(command, env=environ, check=False, capture_output=True, text=True)
    if done.returncode:
        raise MeasurementError(
            f"{' '.join(command)}: expected exit code 0, found {done.returncode}: {done.stderr.strip()}"
        )
    return done.stdout


class Stopwatch:
    """A process that times one thing in itself whenever it is told to; what it has loaded stays loaded.

    Its program prints one JSON object when it is ready, and then answers each line `NAME` with seconds.
    """

    def __init__(self, command: Command, environ: Mapping[str, str]) -> None:
        self._command = command
        self._process = subprocess.Popen(
            command, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        self.ready: dict[str, object] = json.loads(self._line())

    def take(self, name: str) -> Take:
        """What is to be timed under `name`."""

        def take() -> float:
            assert self._process.stdin is not None
            self._process.stdin.write(name + "\n")
            return float(self._line())

        return take

    def _line(self) -> str:
        assert self._process.stdout is not None
        if line := self._process.stdout.readline():
            return line
        raise MeasurementError(
            f"{' '.join(self._command)}: expected an answer, found its end with {self._process.wait()}"
        )

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()
