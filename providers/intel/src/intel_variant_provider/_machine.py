"""The machine as a provider may touch it: bounded reads below a root, native code and programs in timed children.

All that was read is kept in `sources`, word for word, so that a capture of one machine answers on another: with a
root other than `/`, files are those below it and reports those that the capture holds in `reports/`.
"""

from __future__ import annotations

import sys
from time import monotonic

# What `os` is made of, and in every process: `os` itself takes a millisecond or two, more than most answers.
if sys.platform == "win32":
    import nt as system
else:
    import posix as system

TYPE_CHECKING = False  # the typing module costs as much as the whole answer
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

FILE_LIMIT = 1 << 16
NAMES_LIMIT = 4096
REPORT_LIMIT = 1 << 18
LINKS_LIMIT = 40
SECONDS = 4.0  # for all reports together: less than the five seconds after which a runner ends the whole provider


class Machine:
    """One machine: this one, or the files of another below `root`.

    `live` says whether reports are made here, by default only for this machine. `refused` holds what is there but
    could not be read, as (path, reason).
    """

    __slots__ = ("_ends", "live", "refused", "root", "sources")

    def __init__(self, root: str = "/", live: bool | None = None, seconds: float = SECONDS) -> None:
        self.root = root
        self.live = root == "/" if live is None else live
        self.sources: list[tuple[str, str]] = []
        self.refused: list[tuple[str, str]] = []
        self._ends = monotonic() + seconds

    def read(self, path: str, limit: int = FILE_LIMIT) -> str:
        """The text of a file, at most `limit` bytes of it; nothing when it cannot be read."""
        # A capture spells a byte that is no text in three, so below a root the limit is one of characters as well.
        most = limit if self.root == "/" else 4 * limit
        try:
            text = _read_bytes(self._below(path), most).decode("utf-8", "replace")[:limit]
        except (OSError, ValueError) as error:
            self._refuse(path, error)
            return ""
        self.sources.append((path, text))
        return text

    def names(self, directory: str) -> list[str]:
        """The sorted names in a directory, at most 4096; none when it cannot be read."""
        found: list[str] = []
        try:
            with system.scandir(self._below(directory)) as entries:
                for entry in entries:
                    if len(found) == NAMES_LIMIT:
                        self.refused.append((directory, f"more than {NAMES_LIMIT} names"))
                        break
                    if entry.name.isprintable():  # a device has such a name, and a capture has one name a line
                        found.append(entry.name)
        except (OSError, ValueError) as error:
            self._refuse(directory, error)
            return []
        found.sort()
        self.sources.append((directory.rstrip("/") + "/", "".join([name + "\n" for name in found])))
        return found

    def exists(self, path: str) -> bool:
        """Whether there is such a file, directory or device; one that may not be asked for counts as none."""
        try:
            system.stat(self._below(path))
        except (OSError, ValueError) as error:
            self._refuse(path, error)
            return False
        self.sources.append((path, ""))
        return True

    def link(self, path: str) -> str:
        """The last name of what a symbolic link points to; nothing when there is none."""
        directory, _, last = path.rpartition("/")
        try:
            name = system.readlink(self._below(directory or "/").rstrip("/") + "/" + last).rpartition("/")[2]
        except (OSError, ValueError) as error:
            self._refuse(path, error)
            return ""
        self.sources.append((path + "@", name))
        return name

    def report(self, name: str, produce: Callable[..., None], *arguments: str, seconds: float = SECONDS) -> str:
        """What `produce(emit, *arguments)` says, run in a child that may hang or crash without harm.

        `produce` is a function at the top of a module; it calls `emit` with one line at a time, so that what was
        said before a crash is kept. The last line says how a bad end came: `!timeout`, `!cut` (over the limit),
        `!signal 11`, `!exit 1`, `!error …`.
        """
        if not self.live:
            return self.read("/reports/" + name, REPORT_LIMIT + 100)  # and the line that says how it ended
        from ._child import ask_child

        text = ask_child(produce, arguments, min(monotonic() + seconds, self._ends), REPORT_LIMIT)
        self.sources.append(("/reports/" + name, text))
        return text

    def program(
        self, name: str, path: str, *arguments: str, seconds: float = SECONDS, settings: tuple[str, ...] = ()
    ) -> str:
        """What a program prints; `path` is absolute. Nothing when there is no such program.

        `settings`, such as `LEVEL=1`, are put into its environment, which has nothing of the user's.
        """
        if self.live and not system.access(path, system.X_OK):
            return ""
        from ._child import run_program

        return self.report(name, run_program, *settings, path, *arguments, seconds=seconds)

    def _below(self, path: str) -> str:
        return path if self.root == "/" else _resolve(self.root, path)

    def _refuse(self, path: str, error: Exception) -> None:
        if not isinstance(error, (FileNotFoundError, NotADirectoryError)):
            self.refused.append((path, getattr(error, "strerror", None) or type(error).__name__))


def seconds_allowed(variables: Mapping[str, str], otherwise: float = SECONDS) -> float:
    """The seconds that a `…_VARIANT_PROVIDER_TIMEOUT` among the variables allows, 0.1 to 60."""
    for name, value in variables.items():
        if name.endswith("_VARIANT_PROVIDER_TIMEOUT"):
            try:
                seconds = float(value)
            except ValueError:
                continue
            if 0.1 <= seconds <= 60:
                return seconds
    return otherwise


def read_variables(names: Iterable[str]) -> dict[str, str]:
    """Those of `names` that are set in the environment."""
    if "os" in sys.modules or sys.platform == "win32":
        from os import environ

        return {name: environ[name] for name in names if name in environ}
    # Nobody has imported `os`, so nobody has changed what the process was started with.
    started = {name: system.environ.get(name.encode()) for name in names}
    coding = sys.getfilesystemencoding()
    return {name: value.decode(coding, "surrogateescape") for name, value in started.items() if value is not None}


def _resolve(root: str, path: str) -> str:
    """Where `path` is when `root` counts as `/`: a link or `..` of a tree that somebody sent leads nowhere else."""
    import os

    rest = path.split("/")[::-1]
    found: list[str] = []
    links = 0
    while rest:
        name = rest.pop()
        if name == "..":
            del found[-1:]
        if name in ("", ".", ".."):
            continue
        if os.name == "nt" and ("\\" in name or ":" in name):
            raise OSError(0, "leads out of the root")
        try:
            target = os.readlink(os.path.join(root, *found, name))
        except (OSError, ValueError):  # no link, or nothing there: whoever asked meets the reason
            found.append(name)
            continue
        links += 1
        if links > LINKS_LIMIT:
            raise OSError(0, "too many links")
        if target.startswith("/"):
            found.clear()
        rest += target.split("/")[::-1]
    return os.path.join(root, *found)


def _read_bytes(path: str, limit: int) -> bytes:
    # Opening a device can set it going, and a named pipe would be waited for.
    if system.stat(path).st_mode & 0o170000 != 0o100000:
        raise OSError(0, "no regular file")
    flags = system.O_RDONLY
    for name in ("O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):
        flags |= getattr(system, name, 0)
    descriptor = system.open(path, flags)
    try:
        chunks: list[bytes] = []
        while limit > 0:
            chunk = system.read(descriptor, limit)
            if not chunk:
                break
            chunks.append(chunk)
            limit -= len(chunk)
        return b"".join(chunks)
    finally:
        system.close(descriptor)
