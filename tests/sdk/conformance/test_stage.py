"""The stage: what code of a provider meets on a fake machine, and what is written down of it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from support.interpreters import BY_VERSION
from support.laboratory import GOOD, ask_on, make_subject
from support.providers import MODULE
from variantkit.conformance.machines import THIS, FakeMachine

if TYPE_CHECKING:
    from pathlib import Path

    from variantkit.conformance.laboratory import Run

PATH = "/sys/class/example/card0/kind"

# what a provider does -> what it is told on which machine; an exception is its type's name
MEETINGS = [
    ("open(PATH).read()", {"files": "absent"}, "FileNotFoundError"),
    ("open(PATH).read()", {"files": "denied"}, "PermissionError"),
    ("open(PATH).read()", {"files": "present"}, "''"),
    ("open(PATH).read()", {"files": "given", "content": "given", "contents": {PATH: "narf\n"}}, r"'narf\n'"),
    ("open(PATH, 'rb').read(3)", {"files": "present", "content": "endless"}, r"b'\x00\x00\x00'"),
    ("pathlib.Path(PATH).read_text()", {"files": "given", "content": "given", "contents": {PATH: "x"}}, "'x'"),
    ("open(PATH, 'w')", {"files": "present"}, "PermissionError"),
    ("open('/dev/null', 'w').write('x')", {"files": "absent"}, "1"),
    ("os.read(os.open(PATH, os.O_RDONLY), 9)", {"files": "present"}, "b''"),
    ("io.FileIO(PATH)", {"files": "absent"}, "FileNotFoundError"),
    ("os.path.exists(PATH)", {"files": "absent"}, "False"),
    ("os.path.exists(PATH)", {"files": "denied"}, "True"),
    ("os.path.exists(PATH)", {"files": "sealed"}, "False"),
    ("os.path.isdir('/sys/class')", {"files": "alone", "only": (PATH,)}, "True"),
    ("os.path.isdir(PATH), os.path.isfile(PATH)", {"files": "alone", "only": (PATH,)}, "(False, True)"),
    ("os.path.exists('/sys/class/other')", {"files": "alone", "only": (PATH,)}, "False"),
    ("os.listdir('/sys/class')", {"files": "alone", "only": (PATH,)}, "['example']"),
    ("[entry.name for entry in os.scandir('/sys/class/example')]", {"files": "alone", "only": (PATH,)}, "['card0']"),
    ("glob.glob('/sys/class/*/card[0-9]/kind')", {"files": "alone", "only": (PATH,)}, f"['{PATH}']"),
    ("len(os.listdir('/dev'))", {"files": "present", "content": "endless"}, "100000"),
    ("os.access('/usr/bin/x', os.X_OK)", {"files": "present"}, "True"),
    ("shutil.which('x')", {"files": "absent"}, "None"),
    ("os.readlink(PATH)", {"files": "present", "names": ("drv",)}, "'../drv'"),
    ("os.mkdir('/tmp/example')", {}, "PermissionError"),
    ("ctypes.CDLL('libexample.so').run", {"libraries": "absent"}, "OSError"),
    ("ctypes.CDLL('libexample.so').run", {"libraries": "garbage"}, "OSError"),
    ("ctypes.CDLL('libexample.so').run", {"libraries": "present"}, "AttributeError"),
    ("ctypes.CDLL(None) and 1", {"libraries": "absent"}, "1"),
    ("__import__('ctypes')", {"libraries": "bare"}, "ModuleNotFoundError"),
    ("run(['/usr/bin/x']).stdout", {"programs": "present"}, "b''"),
    ("run(['x', '-L']).stdout", {"programs": "given", "content": "given", "outputs": {"x": "hi"}}, "b'hi'"),
    ("run(['/usr/bin/x']).returncode", {"programs": "crash"}, "-11"),
    ("run(['/usr/bin/x'])", {"programs": "absent"}, "FileNotFoundError"),
    ("run(['/usr/bin/x'])", {"programs": "denied"}, "PermissionError"),
    ("run(['/usr/bin/x'], timeout=0.1)", {"programs": "hung"}, "TimeoutExpired"),
    ("os.popen('x -L').read()", {"programs": "given", "content": "given", "outputs": {"sh": "hi"}}, "'hi'"),
    ("os.system('x')", {"programs": "absent"}, str(127 << 8)),
    ("os.fork()", {"fork": "denied"}, "BlockingIOError"),
    ("os.environ.get('X_VARIANT_PROVIDER_Y')", {"variables": {"X_VARIANT_PROVIDER_Y": "7"}}, "'7'"),
    ("socket.socket()", {}, "PermissionError"),
]
IMPORTS = "import ctypes, functools, glob, io, os, pathlib, shutil, socket, subprocess\n"
SHOW = """
def get_diagnostics():
    run = functools.partial(subprocess.run, stdout=-1)
    try:
        return [("met", repr(({})))]
    except Exception as error:
        return [("met", type(error).__name__)]
"""


def show(expression: str) -> str:
    """The source of a provider that says what an expression gives it."""
    inside = IMPORTS if "ctypes')" not in expression else "import functools, subprocess\n"
    return GOOD + f"PATH = {PATH!r}\n" + inside + SHOW.format(expression)


def met(run: Run) -> str:
    return dict(run.answer.diagnostics)["met"]


@pytest.mark.parametrize(("expression", "told", "expected"), MEETINGS, ids=lambda value: str(value)[:60])
def test_a_provider_meets_the_machine(tmp_path: Path, expression: str, told: dict[str, object], expected: str) -> None:
    wheel = make_subject(tmp_path, show(expression))
    (run,) = ask_on(wheel, FakeMachine("fake", told))  # type: ignore[arg-type]
    assert met(run) == expected


@pytest.mark.parametrize("version", BY_VERSION)
def test_every_python_meets_the_same_machine(tmp_path: Path, version: str) -> None:
    expressions = [
        ("open(PATH).read()", "''"),
        (
            "pathlib.Path('/sys/class/example').exists(), glob.glob('/sys/class/example/c*')",
            f"(True, ['{os.path.dirname(PATH)}'])",
        ),
        ("run(['/usr/bin/x']).stdout", "b''"),
        ("[ctypes.CDLL('libexample.so'), os.environ.get('A')][1]", "None"),
    ]
    machine = FakeMachine("alone", {"files": "alone", "programs": "present", "libraries": "present", "only": (PATH,)})
    for expression, expected in expressions:
        wheel = make_subject(tmp_path, show(expression))
        (run,) = ask_on(wheel, machine, python=BY_VERSION[version])
        assert met(run) == expected


def test_noise_is_the_same_every_time_and_another_for_another_seed(tmp_path: Path) -> None:
    wheel = make_subject(tmp_path, show("open(PATH, 'rb').read()[:20]"))
    machines = [FakeMachine("x", {"files": "present", "content": "bytes", "seed": seed}) for seed in (1, 1, 2)]
    first, again, other = map(met, ask_on(wheel, *machines))
    assert first == again != other


def test_what_is_asked_for_is_written_down_with_the_line_that_asked(tmp_path: Path) -> None:
    (run,) = ask_on(
        make_subject(tmp_path), FakeMachine("x", {"files": "present", "content": "words", "names": ("card0",)})
    )
    asked = {(record.kind, record.subject): record.place for record in run.records}
    assert asked["list", "/sys/class/example"].endswith("_kinds")
    assert asked["read", PATH].endswith("_read")
    assert asked["variable", "EXAMPLE_VARIANT_PROVIDER_FORCE_KIND"].endswith("get_supported_configs")
    assert {place.partition(":")[0] for place in asked.values() if place} == {f"{MODULE}/__init__.py"}


def test_what_a_forked_child_asks_for_is_written_down_too(tmp_path: Path) -> None:
    machine = FakeMachine(
        "words", {"files": "present", "libraries": "absent", "programs": "present", "names": ("card0",)}
    )
    (run,) = ask_on(make_subject(tmp_path), machine)
    assert {("fork", "fork"), ("library", "libexample.so.1"), ("program", "/usr/bin/example-smi")} <= {
        (record.kind, record.subject) for record in run.records
    }
    (place,) = {record.place for record in run.records if record.kind == "library"}
    assert place.startswith(f"{MODULE}/__init__.py:")
    assert place.endswith(" _ask_child")


def test_what_the_standard_library_does_for_itself_is_no_wish_of_the_provider(tmp_path: Path) -> None:
    source = "import asyncio, ctypes.util, logging, sysconfig, tempfile, uuid\n" + GOOD
    (run,) = ask_on(make_subject(tmp_path, source), THIS)
    assert {record.kind for record in run.records if record.phase == "import" and record.place} == set()


def test_a_provider_that_is_asked_in_earnest_meets_no_stage(tmp_path: Path) -> None:
    from support.providers import make_question
    from variantkit.runner import ask

    source = GOOD + "import os, sys\ndef get_diagnostics():\n"
    source += "    return [('seen', repr([os.open.__module__, [n for n in sys.modules if 'stage' in n]]))]\n"
    (answer,) = ask([make_question(tmp_path, source)])
    assert dict(answer.diagnostics)["seen"] == "['posix', []]"


def test_a_function_of_the_system_stays_none_of_its_methods(tmp_path: Path) -> None:
    source = GOOD + "import os\nclass Accessor:\n    stat, listdir, readlink = os.stat, os.listdir, os.readlink\n"
    source += "def get_diagnostics():\n    return [('met', repr(Accessor().stat('/sys/class/example').st_uid))]\n"
    (run,) = ask_on(make_subject(tmp_path, source), FakeMachine("x", {"files": "present"}))
    assert met(run) == "0"
