"""The machine that every provider asks (the template's `_machine.py` and `_child.py`): reads, roots and children."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support import native_samples
from support.interpreters import INTERPRETERS
from support.stub_drivers import write_program
from variantkit.provider.template.package import _child, _machine
from variantkit.provider.template.package._machine import Machine, seconds_allowed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PACKAGE = Path(_machine.__file__).parent
LONG = 30.0
"""Seconds that no test takes: what ends before did not end by its deadline."""


@pytest.fixture(params=["fork", "interpreter"])
def _way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways to have a child: the second is that of Windows and of a process with threads."""
    if request.param == "interpreter" or not hasattr(os, "fork"):
        monkeypatch.setattr(_child, "_has_threads", lambda: True)


both_ways = pytest.mark.usefixtures("_way")
posix = pytest.mark.skipif(os.name == "nt", reason="what POSIX alone has")
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


@pytest.fixture(autouse=True)
def _nothing_is_left(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No test leaves a child, or a descriptor."""
    before = _descriptors()
    yield
    with contextlib.suppress(ChildProcessError, AttributeError):
        assert os.waitpid(-1, os.WNOHANG) == (0, 0), "a child was left behind"
    # The thread that waits for a pipe closes it when the last process that holds it ends.
    deadline = time.monotonic() + 5
    while not _descriptors() <= before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert _descriptors() <= before


def _descriptors() -> set[str]:
    return set(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else set()


def _took(started: float) -> float:
    return time.monotonic() - started


# What is said


@both_ways
def test_a_report_is_what_the_function_emits_line_by_line() -> None:
    machine = Machine()
    assert machine.report("said", native_samples.say, "device 0", "device 1 ü") == "device 0\ndevice 1 ü\n"
    assert machine.sources == [("/reports/said", "device 0\ndevice 1 ü\n")]


ENDINGS: list[tuple[Callable[..., None], str]] = [
    (native_samples.crash, "!signal 11"),
    (native_samples.leave, "!exit 3"),
    (native_samples.fail, "!error OSError: no such library"),
]


@both_ways
@posix
@pytest.mark.parametrize(("produce", "ending"), ENDINGS, ids=lambda value: getattr(value, "__name__", ""))
def test_what_was_said_before_a_bad_end_is_kept_and_the_end_named(produce: Callable[..., None], ending: str) -> None:
    started = time.monotonic()
    assert Machine(seconds=LONG).report("x", produce) == f"before\n{ending}\n"
    assert _took(started) < LONG / 2


@both_ways
def test_an_exit_of_a_library_is_an_end_like_another() -> None:
    assert Machine().report("x", native_samples.leave_by_exception) == "!error SystemExit: a library that exits\n"


@both_ways
@pytest.mark.parametrize("produce", [native_samples.hang, native_samples.hang_against_signals])
def test_a_hanging_driver_is_ended_at_the_deadline(produce: Callable[..., None]) -> None:
    started = time.monotonic()
    assert Machine().report("x", produce, seconds=0.5) == "before\n!timeout\n"
    assert _took(started) < LONG / 2


@both_ways
def test_a_hang_costs_the_reports_that_follow_their_time_too() -> None:
    machine = Machine(seconds=0.3)
    machine.report("first", native_samples.hang)
    assert machine.report("second", native_samples.say, "device 0") == "!timeout\n"


@both_ways
@pytest.mark.parametrize("seconds", [0.0, -1.0])
def test_without_time_nothing_is_started(seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_child, "_ask_interpreter", None)
    monkeypatch.setattr(os, "fork", None, raising=False)
    assert Machine(seconds=seconds).report("x", native_samples.say, "device 0") == "!timeout\n"
    assert Machine().report("x", native_samples.say, "device 0", seconds=seconds) == "!timeout\n"


@both_ways
def test_a_flood_is_cut_and_its_source_ended() -> None:
    started = time.monotonic()
    text = Machine(seconds=LONG).report("x", native_samples.flood)
    assert text.endswith("\n!cut\n")
    assert _machine.REPORT_LIMIT <= len(text) < _machine.REPORT_LIMIT + 10
    assert _took(started) < LONG / 2


@both_ways
def test_prints_of_a_library_are_no_part_of_the_report(capfd: pytest.CaptureFixture[str]) -> None:
    assert Machine().report("x", native_samples.print_and_say) == "device 0\n"
    assert capfd.readouterr() == ("", "")


@both_ways
@posix
def test_a_process_that_the_driver_leaves_behind_costs_no_waiting() -> None:
    started = time.monotonic()
    assert Machine(seconds=LONG).report("x", native_samples.leave_a_process_behind, "2") == "before\n"
    assert _took(started) < 1.5


@both_ways
@posix
def test_the_child_stays_in_the_group_that_the_runner_ends() -> None:
    child, parent = Machine().report("x", native_samples.say_process_group).split()
    assert child == parent == str(os.getpgid(0))


@both_ways
@linux
def test_the_child_does_not_hold_the_other_side_of_its_own_pipe() -> None:
    held: list[str] = []
    native_samples.say_pipes(held.append)
    shared = {line.partition(" ")[0] for line in held}
    lines = Machine().report("x", native_samples.say_pipes).splitlines()
    own = [line.partition(" ")[2] for line in lines if line.partition(" ")[0] not in shared]
    assert own
    assert set(own) == {"w"}


@both_ways
def test_text_that_is_none_is_said_harmlessly() -> None:
    assert Machine().report("x", native_samples.say_garbage).isascii()


@posix
@pytest.mark.parametrize("closed", [(0,), (1,), (2,), (0, 1, 2)], ids=str)
def test_a_host_without_standard_streams_gets_reports_all_the_same(closed: tuple[int, ...], tmp_path: Path) -> None:
    out = tmp_path / "out"
    code = (
        "import os, sys\n"
        "sys.path[:0] = sys.argv[1:3]\n"
        "from variantkit.provider.template.package._machine import Machine\n"
        "from support import native_samples\n"
        f"for number in {closed}: os.close(number)\n"
        "text = Machine().report('x', native_samples.print_and_say)\n"
        "text += Machine().program('y', '/bin/echo', 'tool')\n"
        f"with open({str(out)!r}, 'w') as stream: stream.write(text)\n"
        "os._exit(0)\n"
    )
    sdk, tests = str(PACKAGE.parents[3]), str(Path(native_samples.__file__).parents[1])
    subprocess.run([sys.executable, "-S", "-c", code, sdk, tests], check=True, capture_output=True)
    assert out.read_text() == "device 0\ntool\n"


@posix
def test_a_host_that_reaps_all_children_by_itself_loses_no_report() -> None:
    code = (
        "import signal, sys\n"
        "sys.path[:0] = sys.argv[1:3]\n"
        "signal.signal(signal.SIGCHLD, signal.SIG_IGN)\n"
        "from variantkit.provider.template.package._machine import Machine\n"
        "from support import native_samples\n"
        "print(repr(Machine().report('x', native_samples.say, 'device 0')))\n"
        "print(repr(Machine().report('x', native_samples.hang, seconds=0.2)))\n"
    )
    sdk, tests = str(PACKAGE.parents[3]), str(Path(native_samples.__file__).parents[1])
    done = subprocess.run([sys.executable, "-S", "-c", code, sdk, tests], check=True, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("'device 0\\n'\n'before\\n!timeout\\n'\n", "")


@posix
def test_where_no_process_may_be_started_the_library_is_asked_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> int:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "fork", refuse)
    machine = Machine()
    assert machine.report("x", native_samples.say, "device 0") == "device 0\n"
    assert machine.report("x", native_samples.fail) == "before\n!error OSError: no such library\n"
    assert machine.program("x", "/bin/echo") == "!error OSError: no program may be started here\n"


def test_a_process_with_threads_is_not_forked(monkeypatch: pytest.MonkeyPatch) -> None:
    from threading import Event, Thread

    def refuse() -> int:
        raise AssertionError("forked")

    monkeypatch.setattr(os, "fork", refuse, raising=False)
    done = Event()
    thread = Thread(target=done.wait)
    thread.start()
    try:
        assert Machine().report("x", native_samples.say, "device 0") == "device 0\n"
    finally:
        done.set()
        thread.join()
        while _child._has_threads():  # its last steps come after the join
            time.sleep(0.001)


@posix
def test_an_interrupt_leaves_no_child(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(_child, "_collect", interrupt)
    with pytest.raises(KeyboardInterrupt):
        Machine(seconds=LONG).report("x", native_samples.hang)
    assert os.wait()[1] == 9


@posix
def test_a_child_whose_parent_died_ends_by_itself() -> None:
    code = (
        "import os, sys\n"
        "sys.path[:0] = sys.argv[1:3]\n"
        "from variantkit.provider.template.package import _child\n"
        "from variantkit.provider.template.package._machine import Machine\n"
        "from support import native_samples\n"
        "_child._listen = lambda *_: os._exit(0)\n"
        "Machine().report('x', native_samples.hang_silently, seconds=0.1)\n"
    )
    sdk, tests = str(PACKAGE.parents[3]), str(Path(native_samples.__file__).parents[1])
    # The parent and the child hold the one side of a pipe open: its end is that of both.
    read_end, write_end = os.pipe()
    try:
        process = subprocess.Popen([sys.executable, "-S", "-c", code, sdk, tests], pass_fds=[write_end])
        process.wait()
    finally:
        os.close(write_end)
    started = time.monotonic()
    assert os.read(read_end, 1) == b""  # the end: nobody holds the other side any more
    os.close(read_end)
    assert _took(started) < LONG / 2


# Programs


@both_ways
@posix
def test_a_program_is_asked_with_an_environment_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LD_LIBRARY_PATH", "/tmp/elsewhere")
    tool = write_program(tmp_path / "tool", 'echo "$1 $LEVEL $LC_ALL ${LD_LIBRARY_PATH:-none}"; echo oops >&2\n')
    machine = Machine()
    assert machine.program("tool", str(tool), "-L", settings=("LEVEL=1",)) == "-L 1 C none\n"
    assert machine.sources == [("/reports/tool", "-L 1 C none\n")]


@both_ways
@posix
def test_a_program_that_fails_hangs_or_floods_is_named_by_its_end(tmp_path: Path) -> None:
    machine = Machine(seconds=LONG)
    assert machine.program("a", str(write_program(tmp_path / "a", "echo hm; exit 9\n"))) == "hm\n!exit 9\n"
    hanging = write_program(tmp_path / "b", "echo hm; exec sleep 60\n")
    assert machine.program("b", str(hanging), seconds=0.5) == "hm\n!timeout\n"
    assert machine.program("c", str(write_program(tmp_path / "c", "exec yes\n"))).endswith("\n!cut\n")


def test_a_program_that_is_not_there_is_not_asked(tmp_path: Path) -> None:
    machine = Machine()
    assert machine.program("tool", str(tmp_path / "tool")) == ""
    assert machine.sources == []


@both_ways
@posix
def test_a_file_that_is_no_program_is_an_error_line(tmp_path: Path) -> None:
    tool = tmp_path / "tool"
    tool.write_bytes(b"\x7fELF but no more")
    tool.chmod(0o755)
    assert Machine().program("tool", str(tool)).startswith("!error OSError: ")


# Reads


def test_a_file_is_read_up_to_its_limit(tmp_path: Path) -> None:
    (tmp_path / "version").write_text("1.2.3\n")
    machine = Machine(str(tmp_path))
    assert machine.read("/version") == "1.2.3\n"
    assert machine.read("/version", 3) == "1.2"
    assert machine.read("/absent") == ""
    assert machine.sources == [("/version", "1.2.3\n"), ("/version", "1.2")]
    assert machine.refused == []


@pytest.mark.parametrize("size", [0, 1, _machine.FILE_LIMIT, _machine.FILE_LIMIT + 1, 10 * _machine.FILE_LIMIT])
def test_no_file_is_too_large_to_read_the_start_of(tmp_path: Path, size: int) -> None:
    (tmp_path / "large").write_bytes(b"x" * size)
    expected = "x" * min(size, _machine.FILE_LIMIT)
    assert Machine(str(tmp_path)).read("/large") == expected
    assert Machine().read(str(tmp_path / "large")) == expected


def test_bytes_that_are_no_text_replay_as_they_were_captured(tmp_path: Path) -> None:
    (tmp_path / "auxv").write_bytes(b"\xff" * 100)
    captured = Machine().read(str(tmp_path / "auxv"), 90)
    (tmp_path / "replayed").write_text(captured, encoding="utf-8")
    assert Machine(str(tmp_path)).read("/replayed", 90) == captured == "\ufffd" * 90


@linux
def test_files_that_the_kernel_writes_are_read() -> None:
    machine = Machine()
    assert machine.read("/proc/self/stat").startswith(f"{os.getpid()} (")
    assert "cpu" in machine.names("/sys/devices/system")
    assert machine.refused == []


@posix
def test_what_is_no_file_is_refused_and_never_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for machine, at in ((Machine(str(tmp_path)), ""), (Machine(), str(tmp_path))):
        assert machine.read(f"{at}/pipe") == machine.read(f"{at}/folder") == ""
        assert machine.refused == [(f"{at}/pipe", "no regular file"), (f"{at}/folder", "no regular file")]
    assert Machine().read("/dev/zero") == ""


@linux
def test_what_cannot_be_read_is_told_apart_from_what_is_absent() -> None:
    machine = Machine()
    assert machine.read("/proc/self/mem") == machine.read("/proc/self/absent") == ""
    assert machine.refused == [("/proc/self/mem", "Input/output error")]


def test_names_are_sorted_and_at_most_4096(tmp_path: Path) -> None:
    for name in ("b", "a", "c"):
        (tmp_path / name).touch()
    machine = Machine(str(tmp_path))
    assert machine.names("/") == ["a", "b", "c"]
    assert machine.names("/absent") == machine.names("/a") == []
    assert machine.sources == [("/", "a\nb\nc\n")]
    (tmp_path / "many").mkdir()
    for number in range(_machine.NAMES_LIMIT + 1):
        (tmp_path / "many" / str(number)).touch()
    assert len(machine.names("/many")) == _machine.NAMES_LIMIT
    assert machine.refused == [("/many", "more than 4096 names")]


@posix
def test_names_that_a_capture_could_not_hold_are_left_out(tmp_path: Path) -> None:
    for name in (b"card0", b"card1\ncard2", b"\xff", b"\x1b[2J"):
        with open(os.path.join(os.fsencode(tmp_path), name), "w"):
            pass
    assert Machine(str(tmp_path)).names("/") == ["card0"]


@posix
def test_a_link_is_read_by_its_last_name(tmp_path: Path) -> None:
    (tmp_path / "device").mkdir()
    (tmp_path / "device" / "driver").symlink_to("../../bus/pci/drivers/acme")
    machine = Machine(str(tmp_path))
    assert machine.link("/device/driver") == "acme"
    assert machine.link("/device") == machine.link("/absent") == ""
    assert machine.sources == [("/device/driver@", "acme")]


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0.5", 0.5),
        ("60", 60.0),
        ("61", 4.0),
        ("0", 4.0),
        ("-1", 4.0),
        ("nan", 4.0),
        ("inf", 4.0),
        ("x", 4.0),
        ("", 4.0),
    ],
)
def test_the_user_can_grant_more_or_less_time(value: str, seconds: float) -> None:
    assert seconds_allowed({"OTHER": "9", "ACME_VARIANT_PROVIDER_TIMEOUT": value}) == seconds


# A root that a stranger sent


@posix
def test_nothing_below_a_root_leads_out_of_it(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("mine")
    (tmp_path / "private").mkdir()
    root = tmp_path / "root"
    (root / "etc").mkdir(parents=True)
    links = {"relative": "../secret", "absolute": str(tmp_path / "secret"), "deep": "../../../../../../etc/passwd"}
    links |= {"folder": "..", "private": "../private", "chain": "relative", "loop": "loop", "etc/up": "../../secret"}
    for name, target in links.items():
        (root / name).symlink_to(target)
    machine = Machine(str(root))
    for name in links:
        assert machine.read(f"/{name}") == ""
        assert not machine.names(f"/{name}/private")
        assert machine.read(f"/{name}/secret") == ""
    for path in ("/../secret", "/etc/../../secret", "../secret", "/relative/", "//../secret"):
        assert machine.read(path) == ""
        assert not machine.exists(path)
    assert machine.names("/private") == []
    assert machine.names("/folder") == sorted(os.listdir(root))  # `..` of the root is the root
    assert ("/loop", "too many links") in machine.refused
    assert all("mine" not in text for _, text in machine.sources)


@posix
def test_links_that_stay_below_the_root_are_followed_as_on_the_machine(tmp_path: Path) -> None:
    card = tmp_path / "sys/devices/pci0000:00/card0"
    card.mkdir(parents=True)
    (card / "vendor").write_text("0x10de\n")
    (tmp_path / "sys/class/drm").mkdir(parents=True)
    (tmp_path / "sys/class/drm/card0").symlink_to("../../devices/pci0000:00/card0")
    (tmp_path / "sys/class/drm/card1").symlink_to("/sys/devices/pci0000:00/card0")
    machine = Machine(str(tmp_path))
    assert machine.read("/sys/class/drm/card0/vendor") == machine.read("/sys/class/drm/card1/vendor") == "0x10de\n"
    assert machine.exists("/sys/class/drm/card0/../card0/vendor")
    assert machine.link("/sys/class/drm/card1") == "card0"


@posix
def test_a_relative_root_is_the_same_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "version").write_text("1")
    (tmp_path / "root" / "again").symlink_to("/version")
    monkeypatch.chdir(tmp_path)
    assert Machine("root").read("/version") == Machine("./root/").read("/again") == "1"


def test_reports_below_a_root_are_read_and_never_made(tmp_path: Path) -> None:
    (tmp_path / "reports" / "tool").mkdir(parents=True)
    (tmp_path / "reports" / "driver").write_text("device 0\n!signal 11\n")
    (tmp_path / "reports" / "tool" / "list").write_text("listed\n")
    machine = Machine(str(tmp_path))
    assert machine.report("driver", native_samples.crash) == "device 0\n!signal 11\n"
    assert machine.program("tool/list", "/bin/echo", "made") == "listed\n"
    assert machine.report("../reports/driver", native_samples.crash) == "device 0\n!signal 11\n"
    assert machine.report("absent", native_samples.crash) == machine.program("absent", "/bin/echo") == ""


def test_a_cut_report_replays_to_its_last_line(tmp_path: Path) -> None:
    text = Machine(seconds=LONG).report("x", native_samples.flood)
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "x").write_text(text, encoding="utf-8")
    assert Machine(str(tmp_path)).report("x", native_samples.flood) == text


# Every interpreter, and a wheel that is imported from its zip file

SELF_CHECK = """
import os, sys
sys.path.insert(0, sys.argv[1])
if sys.argv[2] == "without fork" and hasattr(os, "fork"):
    del os.fork
from example import _samples
from example._machine import Machine
machine = Machine(seconds=30.0)
print(machine.report("a", _samples.say, "device 0").strip())
print(*machine.report("b", _samples.hang, seconds=0.3).split())
print(*machine.report("c", _samples.crash).split())
print(machine.program("d", "/bin/echo", "tool").strip())
print(machine.names("/reports"), len(machine.sources))
"""


@posix
@pytest.mark.parametrize("python", INTERPRETERS)
@pytest.mark.parametrize("fork", ["with fork", "without fork"])
def test_every_interpreter_asks_from_a_zip_file(python: str, fork: str, tmp_path: Path) -> None:
    archive = tmp_path / "example.whl"
    with zipfile.ZipFile(archive, "w") as wheel:
        wheel.writestr("example/__init__.py", "")
        wheel.write(native_samples.__file__, "example/_samples.py")
        for name in ("_machine.py", "_child.py"):
            wheel.write(PACKAGE / name, f"example/{name}")
    done = subprocess.run(
        [python, "-I", "-S", "-W", "error", "-c", SELF_CHECK, str(archive), fork],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == ["device 0", "before !timeout", "before !signal 11", "tool", "[] 4"]


def test_reading_alone_loads_nothing_that_costs_time() -> None:
    code = (
        "import os, sys; sys.path.insert(0, sys.argv[1]); before = set(sys.modules); "
        "import _machine; _machine.Machine().read('/proc/cpuinfo'); print(*sorted(set(sys.modules) - before))"
    )
    command = [sys.executable, "-I", "-S", "-c", code, str(PACKAGE)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["__future__", "_machine"]
