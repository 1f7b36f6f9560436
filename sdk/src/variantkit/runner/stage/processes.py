"""Processes of the fake machine: forks, and programs that are absent, hang, die or say what they like."""

from __future__ import annotations

import errno
import os
import sys

from .files import refuse, replace_system, sleep_forever
from .machine import ABSENT, CRASH, DENIED, HUNG, REAL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .machine import FakeMachine
    from .records import Recorder

_ACTOR = """
import os, sys, time
fate, path = sys.argv[1:]
if fate == "hung":
    while True: time.sleep(3600)
if fate == "crash":
    os.kill(os.getpid(), 11)
with open(path, "rb") as stream:
    text = stream.read()
while True:
    os.write(1, text)
    if fate != "endless": break
"""
"""Plays a program in a process of its own."""

_FORKS = ("fork", "forkpty")
_THREADS = ("start_new_thread", "start_new", "start_joinable_thread")


def replace_processes(machine: FakeMachine, recorder: Recorder) -> None:
    """Put the machine's programs in the place of the system's."""
    programs = _Programs(machine, recorder)
    for name in (name for name in _FORKS if hasattr(os, name)):
        replace_system(name, programs.forking(getattr(os, name)))
    replace_system("execv", programs.execv)
    replace_system("execve", programs.execve)
    replace_system("system", programs.system)
    for name in ("posix_spawn", "posix_spawnp"):
        if hasattr(os, name):
            replace_system(name, programs.spawning(getattr(os, name)))
    _replace_subprocess(programs)
    import _thread

    for name in (name for name in _THREADS if hasattr(_thread, name)):
        setattr(_thread, name, _noting(getattr(_thread, name), recorder))


def _replace_subprocess(programs: _Programs) -> None:
    try:
        import _posixsubprocess
    except ImportError:
        return
    real = _posixsubprocess.fork_exec

    def fork_exec(arguments: Sequence[str | bytes], executables: Sequence[bytes], *rest: object) -> int:
        command, place = programs.stand_in([os.fsdecode(argument) for argument in arguments])
        return real(command, (os.fsencode(place),) if place else executables, *rest)  # type: ignore[arg-type]

    setattr(_posixsubprocess, "fork_exec", fork_exec)  # noqa: B010


def _noting(real: Callable[..., object], recorder: Recorder) -> Callable[..., object]:
    def start(*arguments: object, **more: object) -> object:
        recorder.note("thread", "thread")
        return real(*arguments, **more)

    return start


class _Programs:
    """The replacements, with what they replace."""

    def __init__(self, machine: FakeMachine, recorder: Recorder) -> None:
        self.machine = machine
        self.recorder = recorder
        self.real_execve, self.real_system = os.execve, os.system
        self.real_open, self.real_write = os.open, os.write

    def _fate(self, command: Sequence[str]) -> str:
        library = self.recorder.asked_by("ctypes/util.py", "find_library")
        if library is not None:
            self.recorder.note("library", f"find_library({library})")
        else:
            self.recorder.note("program", command[0], " ".join(command)[:200])
        return self.machine.fate_of_program(command[0])

    def stand_in(self, command: Sequence[str]) -> tuple[list[str], str]:
        """The command to start in the place of `command`, and its program when it is another than was named."""
        fate = self._fate(command)
        if fate == REAL:
            return list(command), ""
        if fate == ABSENT:
            return list(command), self.machine.records + ".absent"
        if fate == DENIED:
            return list(command), self.machine.records  # a file that is not executable
        return [sys.executable, "-I", "-S", "-c", _ACTOR, *self._script(command[0], fate)], sys.executable

    def _script(self, program: str, fate: str) -> tuple[str, str]:
        text = self.machine.text_of(program)
        path = f"{self.machine.records}.{os.getpid()}.out"
        number = self.real_open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        self.real_write(number, b"x" * (1 << 16) if text is None else text)
        os.close(number)
        return "endless" if text is None and fate not in (HUNG, CRASH) else fate, path

    def _become(self, command: Sequence[str]) -> None:
        """Be the program, in this very process; returns only when it is to be really started."""
        fate = self._fate(command)
        refuse(fate if fate != HUNG else "", command[0])
        if fate == REAL:
            return
        if fate == HUNG:
            sleep_forever()
        if fate == CRASH:
            os.kill(os.getpid(), 11)
        text = self.machine.text_of(command[0])
        while True:
            rest = memoryview(b"x" * (1 << 16) if text is None else text)
            while rest:
                rest = rest[self.real_write(1, rest) :]
            if text is not None:
                os._exit(0)

    def execv(self, path: str, arguments: list[str]) -> None:
        self._become([os.fsdecode(path), *map(os.fsdecode, arguments[1:])])
        self.real_execve(path, arguments, os.environ)

    def execve(self, path: str, arguments: list[str], environment: dict[str, str]) -> None:
        self._become([os.fsdecode(path), *map(os.fsdecode, arguments[1:])])
        self.real_execve(path, arguments, environment)

    def system(self, command: str) -> int:
        fate = self._fate(["sh", "-c", command])
        return self.real_system(command) if fate == REAL else 127 << 8

    def forking(self, real: Callable[[], object]) -> Callable[[], object]:
        def fork() -> object:
            self.recorder.note("fork", "fork")
            if self.machine.fork == DENIED:
                raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")
            return real()

        return fork

    def spawning(self, real: Callable[..., int]) -> Callable[..., int]:
        def spawn(path: str, arguments: Sequence[str], environment: dict[str, str], **more: object) -> int:
            command, place = self.stand_in([os.fsdecode(path), *map(os.fsdecode, arguments[1:])])
            return real(place or path, command if place else arguments, environment, **more)

        return spawn
