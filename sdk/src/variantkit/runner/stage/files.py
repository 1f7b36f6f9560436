"""Files of the fake machine: the system's functions that open, list and look at paths, replaced.

What Python itself needs stays: the standard library, the wheel, the null device. Everything else is the machine.
"""

from __future__ import annotations

import builtins
import errno
import io
import os
import stat
import sys
import time

from .entries import Entries, Entry
from .machine import ABSENT, DENIED, HUNG, REAL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import IO, TypeVar

    from .machine import FakeMachine
    from .records import Recorder

    T = TypeVar("T")
    Path = str | bytes | os.PathLike[str] | os.PathLike[bytes] | int

_SYSTEM = sys.modules["nt" if os.name == "nt" else "posix"]
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_MODE_FLAGS = {
    "r": os.O_RDONLY, "w": os.O_WRONLY | os.O_CREAT | os.O_TRUNC, "a": os.O_WRONLY | os.O_CREAT | os.O_APPEND,
    "x": os.O_WRONLY | os.O_CREAT | os.O_EXCL,
}  # fmt: skip
_CHANGING = (
    "mkdir", "rmdir", "remove", "unlink", "rename", "replace", "symlink", "link", "truncate", "chmod", "chown", "utime",
    "mkfifo", "mknod",
)  # fmt: skip


_LARGE = 1 << 28


def replace_system(name: str, function: Callable[..., object]) -> None:
    """Replace one of the system's functions where Python code finds it: in `os`, and in the module below it."""
    for module in (os, _SYSTEM):
        if hasattr(module, name):
            setattr(module, name, _Function(function))


class _Function:
    """A function that, like those it replaces, becomes no method where a class names it (pathlib before 3.11 does)."""

    __slots__ = ("_function",)

    def __init__(self, function: Callable[..., object]) -> None:
        self._function = function

    def __call__(self, *arguments: object, **more: object) -> object:
        return self._function(*arguments, **more)


def sleep_forever() -> None:
    """What a call into a driver that is stuck does."""
    while True:
        time.sleep(3600)


def refuse(fate: str, path: str) -> None:
    """Raise what the system raises for a path with this fate; a stuck one never returns."""
    if fate == HUNG:
        sleep_forever()
    if fate == ABSENT:
        raise FileNotFoundError(errno.ENOENT, "No such file or directory", path)
    if fate == DENIED:
        raise PermissionError(errno.EACCES, "Permission denied", path)


def replace_files(machine: FakeMachine, recorder: Recorder) -> None:
    """Put the machine's files in the place of the system's."""
    files = _Files(machine, recorder)
    replace_system("open", files.open)
    for module in (builtins, io, sys.modules["_io"]):
        setattr(module, "open", files.open_stream)  # noqa: B010
    for name in ("stat", "lstat"):
        replace_system(name, files.looking(getattr(os, name)))
    for name in ("access", "readlink", "listdir", "scandir"):
        replace_system(name, getattr(files, name))
    for name in _CHANGING:
        if hasattr(os, name):
            replace_system(name, files.changing(name))
    sys.addaudithook(files.audit)


class _Files:
    """The replacements, with what they replace."""

    def __init__(self, machine: FakeMachine, recorder: Recorder) -> None:
        self.machine = machine
        self.recorder = recorder
        self.real_open, self.real_stream = os.open, io.open
        self.real_access, self.real_readlink = os.access, os.readlink
        self.real_listdir, self.real_scandir = os.listdir, os.scandir
        self.real_lstat, self.remove = os.lstat, os.unlink
        self.inside = False
        folders = [os.path.dirname(os.__file__), *(entry for entry in sys.path if entry), recorder.wheel]
        folders.append(os.path.dirname(machine.records))
        self.own = tuple({*folders, *map(os.path.realpath, folders)})
        self.exact = {os.devnull, "", sys.executable, os.path.realpath(sys.executable)}

    def _foreign(self, path: Path) -> str | None:
        """The path as text when it belongs to the machine; None for what is Python's own."""
        if isinstance(path, int):
            return None
        text = os.fsdecode(path)
        return None if text in self.exact or text.startswith(self.own) else text

    def _fate(self, kind: str, path: str) -> str:
        """Write down that the path is asked for, and refuse what is to be refused."""
        self.recorder.note("device" if kind == "read" and path.startswith("/dev/") else kind, path)
        fate = self.machine.fate_of_path(os.path.normpath(path), looked_at=kind in ("exists", "execute"))
        refuse(fate, path)
        return fate

    def open(self, path: Path, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        text = self._foreign(path) if dir_fd is None else None
        if text is None:
            return self._really(self.real_open, path, flags, mode, dir_fd=dir_fd)
        if flags & _WRITING and not text.startswith("/dev/"):
            self._refuse_change(text, "open")
        if self._fate("read", text) == REAL:
            return self._really(self.real_open, path, flags, mode)
        return self._content(os.path.normpath(text))

    def open_stream(
        self, file: Path, mode: str = "r", buffering: int = -1, encoding: str | None = None,
        errors: str | None = None, newline: str | None = None, closefd: bool = True,
        opener: Callable[[str, int], int] | None = None,
    ) -> IO[str] | IO[bytes]:  # fmt: skip
        text = self._foreign(file)
        rest = (buffering, encoding, errors, newline)
        if text is None:
            return self._really(self.real_stream, file, mode, *rest, closefd, opener)
        flags = _MODE_FLAGS[next((letter for letter in mode if letter in _MODE_FLAGS), "r")]
        flags = (flags & ~os.O_WRONLY | os.O_RDWR) if "+" in mode else flags
        number = (opener or self.open)(text, flags)
        return self._really(self.real_stream, number, mode, *rest, True)

    def _really(self, function: Callable[..., T], *arguments: object, **more: object) -> T:
        before, self.inside = self.inside, True
        try:
            return function(*arguments, **more)
        finally:
            self.inside = before

    def _content(self, path: str) -> int:
        """A descriptor that reads what the path holds: a file of our own that has no name any more."""
        if self.machine.is_directory(path):
            return self._really(self.real_open, os.path.dirname(self.machine.records), os.O_RDONLY)
        text = self.machine.text_of(path)
        if text is None and sys.platform == "linux":
            return self._really(self.real_open, "/dev/zero", os.O_RDONLY)
        name = f"{self.machine.records}.{os.getpid()}"
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0)
        number: int = self._really(self.real_open, name, flags, 0o600)
        self.remove(name)
        if text is None:
            os.ftruncate(number, _LARGE)  # nothing bounds memory here, so what is read must
        else:
            os.write(number, text)
            os.lseek(number, 0, os.SEEK_SET)
        return number

    def looking(self, real: Callable[..., os.stat_result]) -> Callable[..., os.stat_result]:
        def look(path: Path, *, dir_fd: int | None = None, follow_symlinks: bool = True) -> os.stat_result:
            text = self._foreign(path) if dir_fd is None else None
            if text is not None and self._fate("exists", text) != REAL:
                return self._status(os.path.normpath(text))
            more = {} if real is self.real_lstat else {"follow_symlinks": follow_symlinks}
            return real(path, dir_fd=dir_fd, **more)

        return look

    def _status(self, path: str) -> os.stat_result:
        if self.machine.is_directory(path):
            kind, size = stat.S_IFDIR | 0o755, 0
        elif path.startswith("/dev/"):
            kind, size = stat.S_IFCHR | 0o666, 0
        else:
            text = self.machine.text_of(path)
            kind, size = stat.S_IFREG | 0o755, 1 << 40 if text is None else len(text)
        return os.stat_result((kind, 1, 1, 1, 0, 0, size, 0, 0, 0))

    def access(self, path: Path, mode: int, **more: bool) -> bool:
        text = self._foreign(path)
        if text is None:
            return self.real_access(path, mode, **more)
        try:
            fate = self._fate("execute" if mode & os.X_OK else "exists", text)
        except OSError:
            return False
        if self.machine.files == DENIED and mode & (os.R_OK | os.W_OK):
            return False
        return self.real_access(path, mode, **more) if fate == REAL else True

    def readlink(self, path: str, *, dir_fd: int | None = None) -> str:
        text = self._foreign(path) if dir_fd is None else None
        if text is None or self._fate("link", text) == REAL:
            return self.real_readlink(path, dir_fd=dir_fd)
        return self.machine.target_of(text)

    def listdir(self, path: Path = ".") -> list[str]:
        text = self._foreign(path)
        if text is None or self._fate("list", text) == REAL:
            return self._really(self.real_listdir, path)
        return self.machine.listed(os.path.normpath(text))

    def scandir(self, path: Path = ".") -> object:
        text = self._foreign(path)
        if text is None or self._fate("list", text) == REAL:
            return self._really(self.real_scandir, path)
        return Entries([Entry(text, name) for name in self.machine.listed(os.path.normpath(text))])

    def changing(self, name: str) -> Callable[..., object]:
        real = getattr(os, name)

        def change(path: Path, *arguments: object, **more: object) -> object:
            text = self._foreign(path)
            if text is not None and text != os.devnull:
                self._refuse_change(text, name)
            return real(path, *arguments, **more)

        return change

    def _refuse_change(self, path: str, function: str) -> None:
        self.recorder.note("write", path, function)
        raise PermissionError(errno.EROFS, "Read-only file system", path)

    def audit(self, event: str, arguments: tuple[object, ...]) -> None:
        """Catch what comes another way: files opened past the replacements, sockets, patterns."""
        if event == "open" and not self.inside and isinstance(arguments[0], (str, bytes)):
            text = self._foreign(arguments[0])
            if text is not None:
                self._fate("read", text)
        elif event == "socket.__new__":
            self.recorder.note("socket", "socket")
            raise PermissionError(errno.EPERM, "Operation not permitted")
        elif event == "glob.glob":
            self.recorder.note("pattern", str(arguments[0]))
