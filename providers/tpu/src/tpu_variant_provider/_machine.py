"""The machine as a provider may touch it: bounded reads below a root, native code and programs in timed children.

All that was read is kept in `sources`, word for word, so that a capture of one machine answers on another: with a
root other than `/`, files are those below it and reports those that the capture holds in `reports/`.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # the typing module costs as much as the whole answer
if TYPE_CHECKING:
    from collections.abc import Callable

    Emit = Callable[[str], None]

FILE_LIMIT = 1 << 16
NAMES_LIMIT = 4096
REPORT_LIMIT = 1 << 18
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
        self._ends = _now() + seconds

    def read(self, path: str, limit: int = FILE_LIMIT) -> str:
        """The text of a file, at most `limit` bytes of it; nothing when it cannot be read."""
        try:
            text = _read_bytes(self._below(path), limit).decode("utf-8", "replace")
        except (OSError, ValueError) as error:
            self._refuse(path, error)
            return ""
        self.sources.append((path, text))
        return text

    def names(self, directory: str) -> list[str]:
        """The sorted names in a directory, at most 4096; none when it cannot be read."""
        found: list[str] = []
        try:
            with os.scandir(self._below(directory)) as entries:
                for entry in entries:
                    found.append(entry.name)
                    if len(found) == NAMES_LIMIT:
                        break
        except (OSError, ValueError) as error:
            self._refuse(directory, error)
            return []
        found.sort()
        self.sources.append((directory.rstrip("/") + "/", "".join([name + "\n" for name in found])))
        return found

    def exists(self, path: str) -> bool:
        """Whether there is such a file, directory or device; one that may not be asked for counts as none."""
        found = os.path.exists(self._below(path))
        if found:
            self.sources.append((path, ""))
        return found

    def link(self, path: str) -> str:
        """The last name of what a symbolic link points to; nothing when there is none."""
        try:
            name = os.path.basename(os.readlink(self._below(path)))
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
            return self.read("/reports/" + name, REPORT_LIMIT)
        ends = min(_now() + seconds, self._ends)
        text = _ask_child(produce, arguments, ends)
        self.sources.append(("/reports/" + name, text))
        return text

    def program(
        self, name: str, path: str, *arguments: str, seconds: float = SECONDS, settings: tuple[str, ...] = ()
    ) -> str:
        """What a program prints; `path` is absolute. Nothing when there is no such program.

        `settings`, such as `LEVEL=1`, are put into its environment, which has nothing of the user's.
        """
        if self.live and not os.access(path, os.X_OK):
            return ""
        return self.report(name, run_program, *settings, path, *arguments, seconds=seconds)

    def _below(self, path: str) -> str:
        return path if self.root == "/" else os.path.join(self.root, path.lstrip("/"))

    def _refuse(self, path: str, error: Exception) -> None:
        if not isinstance(error, (FileNotFoundError, NotADirectoryError)):
            self.refused.append((path, getattr(error, "strerror", None) or type(error).__name__))


def run_program(emit: Emit, *command: str) -> None:
    """Become the program, where a process can; otherwise run it and pass on what it prints.

    `NAME=value` before the program's path goes into its environment.
    """
    environment = {"LC_ALL": "C", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
    while not os.path.isabs(command[0]):
        name, _, value = command[0].partition("=")
        environment[name] = value
        command = command[1:]
    if hasattr(os, "fork"):
        os.execve(command[0], command, environment)  # noqa: S606  an absolute path, without a shell
    import subprocess  # late: 13 ms, on Windows alone

    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    for line in done.stdout.decode("utf-8", "replace").splitlines():
        emit(line)


def _now() -> float:
    from time import monotonic

    return monotonic()


def _read_bytes(path: str, limit: int) -> bytes:
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags)
    try:
        chunks: list[bytes] = []
        left = limit
        while left > 0:
            chunk = os.read(descriptor, left)
            if not chunk:
                break
            chunks.append(chunk)
            left -= len(chunk)
        return b"".join(chunks)
    finally:
        os.close(descriptor)


def _ask_child(produce: Callable[..., None], arguments: tuple[str, ...], ends: float) -> str:
    if ends <= _now():
        return "!timeout\n"
    if not hasattr(os, "fork"):
        return _ask_interpreter(produce, arguments, ends)
    read_end, write_end = os.pipe()
    try:
        child = os.fork()
    except OSError:  # a sandbox without the right to fork: the runner's own deadline is then the only one
        os.close(read_end)
        os.close(write_end)
        return _ask_here(produce, arguments)
    if child == 0:
        _be_the_child(produce, arguments, write_end)
    os.close(write_end)
    try:
        text, ending = _collect(read_end, ends)
    finally:
        os.close(read_end)
    if ending:
        os.kill(child, 9)
    return text + _reap(child, ending)


def _be_the_child(produce: Callable[..., None], arguments: tuple[str, ...], write_end: int) -> None:
    """Run `produce` with its prints and a program's output in the pipe's hands, and leave without a clean-up."""
    try:
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, 0)
        os.dup2(nothing, 2)
        program = produce is run_program
        pipe = os.dup(write_end)
        os.dup2(write_end if program else nothing, 1)
        _leave_no_core()

        def emit(line: str) -> None:
            os.write(pipe, line.encode("utf-8", "replace") + b"\n")

        try:
            produce(emit, *arguments)
        except BaseException as error:  # noqa: BLE001  whatever it is, it ends this process and is reported
            emit(f"!error {type(error).__name__}: {error}".replace("\n", " ")[:500])
    finally:
        os._exit(0)


def _leave_no_core() -> None:
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (ImportError, OSError, ValueError):
        return


def _collect(descriptor: int, ends: float) -> tuple[str, str]:
    """Read until the end of the pipe, the deadline or the limit; the second names the latter two."""
    from select import POLLHUP, POLLIN, poll

    waiting = poll()
    waiting.register(descriptor, POLLIN | POLLHUP)
    chunks: list[bytes] = []
    size = 0
    while size < REPORT_LIMIT:
        left = ends - _now()
        if left <= 0 or not waiting.poll(left * 1000):
            return _whole_lines(chunks), "!timeout\n"
        chunk = os.read(descriptor, 1 << 16)
        if not chunk:
            return _whole_lines(chunks), ""
        chunks.append(chunk)
        size += len(chunk)
    return _whole_lines(chunks), "!cut\n"


def _whole_lines(chunks: list[bytes]) -> str:
    text = b"".join(chunks)[:REPORT_LIMIT].decode("utf-8", "replace")
    return text if not text or text.endswith("\n") else text + "\n"


def _reap(child: int, ending: str) -> str:
    """Wait for a child that has ended or was killed; one that not even SIGKILL ends is left behind."""
    from time import sleep

    for _ in range(50):
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            if not ending and os.WIFSIGNALED(status):
                return f"!signal {os.WTERMSIG(status)}\n"
            if not ending and os.WEXITSTATUS(status):
                return f"!exit {os.WEXITSTATUS(status)}\n"
            return ending
        sleep(0.002)
    return ending or "!timeout\n"


def _ask_here(produce: Callable[..., None], arguments: tuple[str, ...]) -> str:
    if produce is run_program:
        return "!error OSError: no program may be started here\n"
    lines: list[str] = []
    try:
        produce(lines.append, *arguments)
    except Exception as error:  # noqa: BLE001  the machine's conditions, as in a child
        lines.append(f"!error {type(error).__name__}: {error}".replace("\n", " ")[:500])
    return "".join([line + "\n" for line in lines])[:REPORT_LIMIT]


_CHILD = """\
import sys
sys.path.insert(0, sys.argv[1])
module = __import__(sys.argv[2], fromlist=["*"])
def emit(line):
    sys.stdout.buffer.write(line.encode("utf-8", "replace") + b"\\n")
    sys.stdout.buffer.flush()
try:
    getattr(module, sys.argv[3])(emit, *sys.argv[4:])
except BaseException as error:
    emit(f"!error {type(error).__name__}: {error}".replace("\\n", " ")[:500])
"""


def _ask_interpreter(produce: Callable[..., None], arguments: tuple[str, ...], ends: float) -> str:
    """Where a process cannot fork: another interpreter, which imports the function by its name."""
    import subprocess

    module = produce.__module__
    place = os.path.abspath(__file__)
    for _ in module.split("."):
        place = os.path.dirname(place)
    command = [sys.executable, "-I", "-S", "-c", _CHILD, place, module, produce.__name__, *arguments]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=max(ends - _now(), 0.01), check=False
        )
    except subprocess.TimeoutExpired as late:
        return _whole_lines([late.stdout or b""]) + "!timeout\n"
    except OSError as error:
        return f"!error {type(error).__name__}: {error}\n"
    ending = "" if done.returncode == 0 else f"!exit {done.returncode}\n"
    return _whole_lines([done.stdout]) + ending
