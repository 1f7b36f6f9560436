"""Native code and programs in a child of this process, which may hang, crash or flood without harm.

The child stays in this process's group, so that whoever ends the group ends it too. Imported only where there is
hardware to ask: most machines never pay for it.
"""

from __future__ import annotations

import os
import sys
from time import monotonic, sleep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from subprocess import Popen

    Emit = Callable[[str], None]

TICK = 0.05  # seconds after which silence makes us look whether the child has ended
TIMEOUT, CUT = "!timeout\n", "!cut\n"


def ask_child(produce: Callable[..., None], arguments: tuple[str, ...], ends: float, limit: int) -> str:
    """What `produce(emit, *arguments)` says until `ends` (of the monotonic clock), at most `limit` bytes of it."""
    if ends <= monotonic():
        return TIMEOUT
    if not hasattr(os, "fork") or _has_threads():
        return _ask_interpreter(produce, arguments, ends, limit)
    read_end, write_end = os.pipe()
    try:
        child = os.fork()
    except OSError:  # a sandbox without the right to fork: the runner's own deadline is then the only one
        os.close(read_end)
        os.close(write_end)
        return _ask_here(produce, arguments, limit)
    if child == 0:
        _be_the_child(produce, arguments, (read_end, write_end), ends)
    os.close(write_end)
    try:
        return _listen(child, read_end, ends, limit)
    except BaseException:  # the user's interrupt among them: no child stays behind
        _kill(child)
        raise
    finally:
        os.close(read_end)


def run_program(emit: Emit, *command: str) -> None:
    """Become the program, where `NAME=value` before its path goes into its environment."""
    path, environment = _split(command)
    os.execve(path[0], path, environment)  # noqa: S606  an absolute path, without a shell


def _split(command: tuple[str, ...]) -> tuple[tuple[str, ...], dict[str, str]]:
    environment = {"LC_ALL": "C", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
    environment.update({name: os.environ[name] for name in ("SYSTEMROOT", "WINDIR") if name in os.environ})
    while not os.path.isabs(command[0]):
        name, _, value = command[0].partition("=")
        environment[name] = value
        command = command[1:]
    return command, environment


def _has_threads() -> bool:
    """Whether other threads run here, whose locks a forked child would wait for in vain."""
    try:
        return os.stat("/proc/self/task").st_nlink > 3
    except OSError:
        return len(sys._current_frames()) > 1


def _be_the_child(
    produce: Callable[..., None], arguments: tuple[str, ...], ends: tuple[int, int], deadline: float
) -> None:
    """Run `produce` with its prints and a program's output in the pipe's hands, and leave without a clean-up."""
    status = 1
    try:
        os.close(ends[0])
        pipe = _above_standard(ends[1])
        try:
            _take_standard_streams(pipe, is_program=produce is run_program)
            _die_quietly(int(deadline - monotonic()) + 2)
            produce(lambda line: _write_line(pipe, line), *arguments)
        except BaseException as error:  # noqa: BLE001  whatever it is, it ends this process and is reported
            _write_line(pipe, _described(error))
        status = 0
    finally:
        os._exit(status)


def _above_standard(descriptor: int) -> int:
    """The same open file under a number that is none of the standard streams', which may have been closed."""
    while descriptor < 3:
        descriptor = os.dup(descriptor)
    return descriptor


def _take_standard_streams(pipe: int, is_program: bool) -> None:
    sys.stdout = sys.stderr = None  # a host may have put its own there, over other descriptors
    nothing = _above_standard(os.open(os.devnull, os.O_RDWR))
    os.dup2(nothing, 0)
    os.dup2(pipe if is_program else nothing, 1)
    os.dup2(nothing, 2)


def _die_quietly(seconds: int) -> None:
    """Leave no core file and no traceback, end when the parent that would end this child has died before."""
    if "faulthandler" in sys.modules:
        sys.modules["faulthandler"].disable()
    try:
        # The builtin module under `signal`, which would import enum for 1.5 ms. A handler of Python's never runs
        # while native code hangs.
        import _signal  # type: ignore[import-not-found,unused-ignore]
        import resource

        for number in (_signal.SIGALRM, _signal.SIGINT, _signal.SIGTERM, _signal.SIGPIPE):
            _signal.signal(number, _signal.SIG_DFL)
        _signal.alarm(max(seconds, 1))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (ImportError, OSError, ValueError):
        return


def _write_line(pipe: int, line: str) -> None:
    os.write(pipe, line.encode("utf-8", "replace") + b"\n")


def _described(error: BaseException) -> str:
    return f"!error {type(error).__name__}: {error}".replace("\n", " ")[:500]


def _listen(child: int, pipe: int, ends: float, limit: int) -> str:
    """All that comes, and one line for a bad end; a child that not even SIGKILL ends is left behind."""
    chunks: list[bytes] = []
    remark, ending = _collect(child, pipe, ends, limit, chunks)
    if ending is None and not remark:
        ending = _wait(child, ends)
        remark = TIMEOUT if ending is None else ""
    if ending is None:
        _kill(child)
        _wait(child, monotonic() + 2 * TICK)
    return _whole_lines(chunks, limit) + (remark or ending or "")


def _collect(child: int, pipe: int, ends: float, limit: int, chunks: list[bytes]) -> tuple[str, str | None]:
    """Read until nothing more comes, the deadline or the limit, which the first text names; then as `_reap` says."""
    from select import POLLIN, poll

    waiting = poll()
    waiting.register(pipe, POLLIN)
    ending: str | None = None
    while sum(map(len, chunks)) < limit:
        left = ends - monotonic()
        if left <= 0:
            return TIMEOUT, ending
        if waiting.poll(min(left, TICK) * 1000):
            chunk = os.read(pipe, 1 << 16)
            if not chunk:
                return "", ending
            chunks.append(chunk)
        elif ending is not None:  # it ended a while ago: what keeps the pipe open is a process that it left behind
            return "", ending
        else:
            ending = _reap(child)
    return CUT, ending


def _whole_lines(chunks: list[bytes], limit: int) -> str:
    text = b"".join(chunks)[:limit].decode("utf-8", "replace")
    return text if not text or text.endswith("\n") else text + "\n"


def _reap(child: int) -> str | None:
    """How the child ended, as the last line of a report; None while it runs."""
    try:
        done, status = os.waitpid(child, os.WNOHANG)
    except ChildProcessError:
        return ""  # the program that uses us reaps all children by itself
    return _ending(os.waitstatus_to_exitcode(status)) if done else None


def _ending(code: int) -> str:
    return "" if code == 0 else f"!signal {-code}\n" if code < 0 else f"!exit {code}\n"


def _wait(child: int, until: float) -> str | None:
    pause = 0.0002
    while True:
        ending = _reap(child)
        if ending is not None or monotonic() >= until:
            return ending
        sleep(pause)
        pause = min(2 * pause, TICK)


def _kill(child: int) -> None:
    try:
        os.kill(child, 9)
    except ProcessLookupError:
        return


def _ask_here(produce: Callable[..., None], arguments: tuple[str, ...], limit: int) -> str:
    if produce is run_program:
        return "!error OSError: no program may be started here\n"
    lines: list[str] = []
    try:
        produce(lines.append, *arguments)
    except (Exception, SystemExit) as error:  # noqa: BLE001  the machine's conditions, as in a child
        lines.append(_described(error))
    data = "".join([line + "\n" for line in lines]).encode("utf-8", "replace")
    return _whole_lines([data], limit) + (CUT if len(data) > limit else "")


_CHILD = """\
import os, sys
sys.path.insert(0, sys.argv[1])
module = __import__(sys.argv[2], fromlist=["*"])
said = os.dup(1)
os.dup2(os.open(os.devnull, os.O_RDWR), 1)
def emit(line):
    os.write(said, line.encode("utf-8", "replace") + b"\\n")
try:
    getattr(module, sys.argv[3])(emit, *sys.argv[4:])
except BaseException as error:
    emit(f"!error {type(error).__name__}: {error}".replace("\\n", " ")[:500])
"""


def _ask_interpreter(produce: Callable[..., None], arguments: tuple[str, ...], ends: float, limit: int) -> str:
    """Where a fork cannot be: the program, or another interpreter that imports the function by its name."""
    import subprocess  # late: 13 ms

    command, environment = _command(produce, arguments)
    read_end, write_end = os.pipe()
    try:
        process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=write_end,
            stderr=subprocess.DEVNULL,
            creationflags=0x08000000 if os.name == "nt" else 0,  # CREATE_NO_WINDOW
        )
    except (OSError, ValueError) as error:
        os.close(read_end)
        return _described(error) + "\n"
    finally:
        os.close(write_end)
    return _watch(process, read_end, ends, limit)


def _command(produce: Callable[..., None], arguments: tuple[str, ...]) -> tuple[list[str], dict[str, str] | None]:
    if produce is run_program:
        path, environment = _split(arguments)
        return list(path), environment
    module = produce.__module__
    place = os.path.abspath(sys.modules[module].__file__ or "")
    for _ in module.split("."):
        place = os.path.dirname(place)  # in the end the directory or zip file from which the package was imported
    return [sys.executable, "-I", "-S", "-c", _CHILD, place, module, produce.__name__, *arguments], None


def _watch(process: Popen[bytes], pipe: int, ends: float, limit: int) -> str:
    """`_listen`, with a thread that reads: nothing else can wait for a pipe on Windows."""
    from subprocess import TimeoutExpired
    from threading import Thread

    chunks: list[bytes] = []
    reader = Thread(target=_pull, args=(pipe, limit, chunks), daemon=True)
    reader.start()
    while reader.is_alive() and process.poll() is None and monotonic() < ends:
        reader.join(TICK)
    if process.poll() is not None:
        reader.join(TICK)  # what it left in the pipe; a process that it left behind may keep that open
    cut = CUT if sum(map(len, chunks)) >= limit else ""
    try:
        remark = _ending(process.wait(0 if cut else max(ends - monotonic(), 0)))
    except TimeoutExpired:
        remark = TIMEOUT
        process.kill()
        _reap_killed(process)
    return _whole_lines(chunks, limit) + (cut or remark)


def _reap_killed(process: Popen[bytes]) -> None:
    until = monotonic() + 2 * TICK
    while process.poll() is None and monotonic() < until:
        sleep(0.002)


def _pull(pipe: int, limit: int, chunks: list[bytes]) -> None:
    try:
        while sum(map(len, chunks)) < limit and (chunk := os.read(pipe, 1 << 16)):
            chunks.append(chunk)
    finally:
        os.close(pipe)
