from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from typing import TYPE_CHECKING

import pytest

from support.interpreters import BY_VERSION
from support.providers import MODULE, PLUGIN, make_provider, make_question, plugin_source
from variantkit.provider.clauses import configs_digest
from variantkit.runner import ask, children, portable, process
from variantkit.variants.grammar import Feature

if TYPE_CHECKING:
    from pathlib import Path

    from variantkit.runner import Answer

SOON = 0.5
"""Seconds for providers that never answer."""

LEVEL = (Feature("level", ("v2", "v1")),)
ALL_LEVELS = (Feature("level", ("v1", "v2", "v3")),)

REPORT = PLUGIN + "import os, sys\ndef get_diagnostics():\n    return [('told', str(told()))]\n"
"""A plugin that reports, as a diagnostic, what the function `told` appended to it returns."""

FORKING = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
def fork_and_note(path):
    child = os.fork()
    if not child:
        time.sleep(600)
        os._exit(0)
    with open(path + ".new", "w") as file:
        file.write("%d %d" % (os.getpid(), child))
    os.rename(path + ".new", path)
"""


@pytest.fixture(params=["posix_spawn", "portable"])
def backend(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways to run children, the second being the one of Windows."""
    name: str = request.param
    if name == "portable":
        monkeypatch.setattr(process, "_runner", lambda: (portable.run_children, portable.RESULT))
    return name


def ask_one(tmp_path: Path, source: str, *, deadline: float = 30.0, **more: object) -> Answer:
    (answer,) = ask([make_question(tmp_path, source, **more)], deadline=deadline)  # type: ignore[arg-type]
    return answer


def told(answer: Answer) -> str:
    assert answer.status == "present", answer
    return dict(answer.diagnostics)["told"]


def is_running(pid: int) -> bool:
    """Whether a process does anything still; a zombie that waits for a lazy init does not."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def ends_soon(pid: int) -> bool:
    limit = time.monotonic() + 10
    while is_running(pid) and time.monotonic() < limit:
        time.sleep(0.01)
    return not is_running(pid)


def noted_pids(path: Path) -> list[int]:
    return [int(pid) for pid in path.read_text().split()]


def test_an_answer_is_read(tmp_path: Path, backend: str) -> None:
    assert ask([]) == []
    assert ask_one(tmp_path, PLUGIN)[:4] == ("present", LEVEL, ALL_LEVELS, ())
    absent = ask_one(tmp_path, plugin_source({}, {"level": ["v1", "v2", "v3"]}))
    assert absent == ("absent", (), ALL_LEVELS, (), "process", False, None)


@pytest.mark.parametrize("version", BY_VERSION)
def test_every_python_answers_alike(tmp_path: Path, version: str) -> None:
    raising = make_question(tmp_path, PLUGIN + "def get_supported_configs():\n    raise OSError('\\x1b')\n")
    answers = ask([make_question(tmp_path), raising], python=BY_VERSION[version], deadline=30.0)
    sentence = f"OSError: \\x1b ({MODULE}/__init__.py:11)"
    assert answers[0] == ("present", LEVEL, ALL_LEVELS, (), "process", False, None)
    assert answers[1] == ("undetermined", (), (), (("raised", sentence),), "process", False, None)


@pytest.mark.parametrize(
    "endpoint",
    [f"{MODULE}.plugin:Plugin", f"{MODULE}.plugin:outer.Static", f"{MODULE}.plugin:outer.instance", f"{MODULE}.plugin"],
)
def test_an_endpoint_may_be_a_module_a_class_or_an_object(tmp_path: Path, endpoint: str) -> None:
    plugin = (
        "import types\n"
        "class Plugin:\n"
        "    @classmethod\n    def get_supported_configs(cls): return top.get_supported_configs()\n"
        "    @classmethod\n    def get_all_configs(cls, wide=False): return top.get_all_configs()\n"
        "class Static:\n"
        "    @staticmethod\n    def get_supported_configs(): return top.get_supported_configs()\n"
        "    def get_all_configs(): return top.get_all_configs()\n"
        "outer = types.SimpleNamespace(Static=Static, instance=Plugin())\n"
    )
    files = {f"{MODULE}/plugin.py": f"import {MODULE} as top\nfrom {MODULE} import *\n{plugin}"}
    assert ask_one(tmp_path, PLUGIN, endpoint=endpoint, files=files).features == LEVEL


@pytest.mark.parametrize(
    ("source", "words"),
    [
        pytest.param("del get_all_configs", "missing-get-all-configs: the plugin has no", id="no get_all_configs"),
        pytest.param("get_all_configs = None", "missing-get-all-configs", id="get_all_configs is None"),
        pytest.param("del get_supported_configs", "missing-get-supported-configs", id="no get_supported_configs"),
        pytest.param("get_all_configs = 3", "not-callable-without-arguments", id="not callable"),
        pytest.param("def get_all_configs(context): return []", "not-callable-without-arguments", id="an argument"),
        pytest.param("def get_all_configs(): return (Feature('a', ['b']),)", "found tuple", id="a tuple of features"),
        pytest.param("def get_all_configs(): return [Feature('a', {'b'})]", "found set", id="a set of values"),
        pytest.param("def get_all_configs(): return [Feature('a', [1])]", "found int", id="a number as value"),
        pytest.param("def get_all_configs(): return [{'name': 'a'}]", "missing-name", id="a dict as feature"),
        pytest.param(
            "Feature.__init__ = lambda self, n, v, m=0: self.__dict__.update(name=n, values=v)",
            "missing-multi-value",
            id="no multi_value",
        ),
        pytest.param(
            "def get_supported_configs(): return [Feature('level', ['v9'])]",
            "supported-not-in-all",
            id="supported, yet not valid",
        ),
        pytest.param(
            "def get_all_configs(): return [Feature('level', ['v%d' % i for i in range(5000)])]",
            "too-many-values",
            id="too many values",
        ),
        pytest.param("all_properties_compatible = True", "all-properties-compatible", id="a broken promise"),
        pytest.param("def get_diagnostics(): return 'none'", "bad-diagnostics", id="diagnostics that are no list"),
    ],
)
def test_a_plugin_outside_the_contract_is_told_the_clause(tmp_path: Path, source: str, words: str) -> None:
    answer = ask_one(tmp_path, PLUGIN + source + "\n")
    assert answer.status == "undetermined"
    assert answer.diagnostics[0][0] == "contract-violated"
    assert words in answer.diagnostics[0][1]


def test_an_old_style_class_of_instances_is_refused_clearly(tmp_path: Path) -> None:
    source = PLUGIN + "class Plugin:\n    namespace = 'x'\n    def get_supported_configs(self): return []\n"
    (diagnostic,) = ask_one(tmp_path, source, endpoint=f"{MODULE}:Plugin").diagnostics
    assert diagnostic[0] == "contract-violated"
    assert "must be a function, class method or static method without arguments" in diagnostic[1]


@pytest.mark.parametrize(
    ("endpoint", "code"),
    [
        pytest.param("json", "plugin-not-in-wheel", id="standard library, though the wheel has one too"),
        pytest.param("os:path", "plugin-not-in-wheel", id="standard library"),
        pytest.param("__main__", "plugin-not-in-wheel", id="the worker's own main module"),
        pytest.param("worker", "plugin-not-in-wheel", id="the worker"),
        pytest.param("nowhere", "plugin-not-in-wheel", id="nowhere"),
        pytest.param(f"{MODULE}.nowhere", "plugin-not-in-wheel", id="nowhere in the package"),
        pytest.param("bare", "plugin-not-in-wheel", id="a folder without a module"),
        pytest.param(f"{MODULE}:nothing", "contract-violated", id="no such object"),
        pytest.param(f"{MODULE}:", "plugin-not-in-wheel", id="an empty object"),
        pytest.param(f"{MODULE};import os", "plugin-not-in-wheel", id="no object reference"),
        pytest.param("ｅxample", "plugin-not-in-wheel", id="a letter that Python normalises"),
        pytest.param("", "plugin-not-in-wheel", id="empty"),
    ],
)
def test_t3_the_endpoint_must_come_from_the_wheel(tmp_path: Path, endpoint: str, code: str) -> None:
    answer = ask_one(tmp_path, PLUGIN, endpoint=endpoint, files={"json.py": PLUGIN, "bare/note.txt": "x"})
    assert (answer.status, answer.diagnostics[0][0]) == ("undetermined", code)


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        pytest.param(
            "raise ValueError('bad \\x1b[31m version')", "raised", "ValueError: bad \\x1b[31m version (", id="raises"
        ),
        pytest.param(
            "raise type('E', (Exception,), {'__str__': lambda self: 1 / 0})", "raised", "E (", id="raises raising"
        ),
        pytest.param("raise ValueError('x' * 9000)", "raised", "ValueError: xxx", id="raises at length"),
        pytest.param("sys.exit(0)", "raised", "SystemExit: 0", id="sys.exit"),
        pytest.param(
            "import nowhere", "raised", "ModuleNotFoundError: No module named 'nowhere'", id="misses a module"
        ),
        pytest.param("os._exit(0)", "not-an-answer", "exit status 0", id="leaves without an answer"),
        pytest.param("ctypes.string_at(0)", "crashed", "signal 11 (SIGSEGV)", id="segfaults"),
        pytest.param("os.kill(os.getpid(), 9)", "crashed", "signal 9", id="kills itself"),
        pytest.param(
            "return [Feature('level', ['v%d' % i for i in range(300001)])]",
            "output-too-large",
            "the answer has",
            id="300,001 values",
        ),
        pytest.param(
            "print('x' * (10 << 20), flush=True)", "output-too-large", "more than 1048576 bytes", id="prints 10 MiB"
        ),
        pytest.param(
            "l = []; l.append(l); return l", "contract-violated", "missing-name", id="a list that holds itself"
        ),
        pytest.param(
            "l = []; l.append(l); return [Feature('level', l)]",
            "raised",
            "RecursionError",
            id="values that hold themselves",
        ),
    ],
)
def test_t15_whatever_a_provider_does_is_undetermined(
    tmp_path: Path, backend: str, body: str, code: str, words: str
) -> None:
    source = f"{PLUGIN}import ctypes, os, sys\ndef get_supported_configs():\n    {body}\n"
    answer = ask_one(tmp_path, source)
    assert (answer.status, answer.features, answer.everything) == ("undetermined", (), ())
    assert answer.diagnostics[0][0] == code
    assert words in answer.diagnostics[0][1]
    assert all(sentence.isprintable() and len(sentence) < 700 for _, sentence in answer.diagnostics)


def test_t15_ten_mebibytes_on_the_result_descriptor_end_the_child(tmp_path: Path) -> None:
    answer = ask_one(tmp_path, PLUGIN + "import os\nfor _ in range(160):\n    os.write(3, b'x' * 65536)\n")
    assert [code for code, _ in answer.diagnostics] == ["output-too-large"]


def test_t16_prints_do_not_touch_the_answer(tmp_path: Path) -> None:
    noisy = "import os, sys\nprint('hello')\nos.write(1, b'\\x1b]0;x\\x07')\nprint('{}', file=sys.stderr)\n"
    answer = ask_one(tmp_path, PLUGIN + noisy)
    assert (answer.status, answer.features) == ("present", LEVEL)
    assert answer.diagnostics == (
        ("printed", "it printed 12 bytes to stdout: '\\x1b]0;x\\x07hello\\n'"),
        ("printed", "it printed 3 bytes to stderr: '{}\\n'"),
    )


@pytest.mark.parametrize("body", ["sys.stdout = sys.stderr = None", "os.close(1); os.close(2)", "sys.stdout.close()"])
def test_a_provider_without_streams_still_answers(tmp_path: Path, backend: str, body: str) -> None:
    assert ask_one(tmp_path, f"{PLUGIN}import os, sys\n{body}\n").features == LEVEL


def test_what_outlives_the_answer_is_ended_without_waiting_for_it(tmp_path: Path, backend: str) -> None:
    note = tmp_path / "pids"
    body = f"fork_and_note({str(note)!r})\nimport threading\nthreading.Thread(target=time.sleep, args=(600,)).start()\n"
    assert ask_one(tmp_path, PLUGIN + FORKING + body).features == LEVEL
    assert all(ends_soon(pid) for pid in noted_pids(note))


def test_t15_a_hanging_provider_is_ended_with_its_group_and_costs_no_other_answer(tmp_path: Path, backend: str) -> None:
    note = tmp_path / "pids"
    hanging = make_question(tmp_path, f"{PLUGIN}{FORKING}fork_and_note({str(note)!r})\ntime.sleep(600)\n")
    first = make_question(tmp_path, plugin_source({"level": ["v1"]}))
    last = make_question(tmp_path, plugin_source({"level": ["v3"]}))
    # Not a race: a busy machine that starts no child within the deadline gets another round with a longer one.
    for deadline in (SOON, 4 * SOON, 16 * SOON):
        answers = ask([first, hanging, last], deadline=deadline)
        assert (answers[1].status, answers[1].diagnostics[0][0]) == ("undetermined", "timed-out")
        if note.exists() and answers[0].features and answers[2].features:
            break
    assert [answer.features for answer in answers] == [(Feature("level", ("v1",)),), (), (Feature("level", ("v3",)),)]
    assert all(ends_soon(pid) for pid in noted_pids(note))


def test_t16_one_provider_can_neither_see_nor_forge_anothers_answer(tmp_path: Path) -> None:
    forging = PLUGIN + (
        "import os\n"
        "for number in range(3, 64):\n"
        '    try: os.write(number, b\'{"failure":["raised","","forged"]}\\n\')\n'
        "    except OSError: pass\n"
    )
    patching = REPORT + (
        "sys.modules['neighbour'] = None\n"
        "def told():\n    return sorted(n for n in sys.modules if 'variant' in n or 'neighbour' in n)\n"
    )
    questions = [make_question(tmp_path, source) for source in (forging, patching, PLUGIN)]
    forged, patched, untouched = ask(questions, deadline=30.0)
    assert forged.status == "undetermined"
    assert told(patched) == f"['{MODULE}', 'neighbour']"
    assert untouched == ("present", LEVEL, ALL_LEVELS, (), "process", False, None)


def test_t12_modules_of_the_wheel_do_not_stand_in_for_the_standard_library(tmp_path: Path) -> None:
    shadows = ("ctypes/__init__.py", "json.py", "zlib.py", "os.py", "zipimport.py", "_signal.py", "worker.py")
    files = dict.fromkeys(shadows, "STOLEN = 1\n")
    body = (
        "import ctypes, json, zlib, zipimport, worker\n"
        "def told():\n"
        "    found = (ctypes, json, zlib, os, zipimport, sys.modules['_signal'], worker)\n"
        "    return [hasattr(module, 'STOLEN') for module in found]\n"
    )
    assert told(ask_one(tmp_path, REPORT + body, files=files)) == str([False] * 6 + [True])


def test_t12_compiled_modules_are_not_run(tmp_path: Path) -> None:
    import py_compile

    source = tmp_path / "evil.py"
    source.write_text("VALUE = 'compiled'\n")
    mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
    compiled = (tmp_path / str(py_compile.compile(str(source), invalidation_mode=mode))).read_bytes()
    body = f"def told():\n    from {MODULE}.data import VALUE\n    return VALUE\n"
    data = {f"{MODULE}/data.py": "VALUE = 'source'\n", f"{MODULE}/data.pyc": compiled}
    assert told(ask_one(tmp_path, REPORT + body, files=data)) == "source"
    del data[f"{MODULE}/data.py"]
    answer = ask_one(tmp_path, REPORT + body, files=data)
    assert "ModuleNotFoundError" in dict(answer.diagnostics)["raised"]


def test_t13_the_users_environment_does_not_reach_a_provider(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    evil = tmp_path / "evil"
    evil.mkdir()
    (evil / f"{MODULE}.py").write_text("raise SystemExit('PYTHONPATH was used')\n")
    (evil / "sitecustomize.py").write_text("raise SystemExit('sitecustomize was run')\n")
    for name in ("PYTHONPATH", "PYTHONSTARTUP", "PYTHONHOME", "LD_PRELOAD", "LD_LIBRARY_PATH", "PATH", "HOME"):
        monkeypatch.setenv(name, str(evil))
    monkeypatch.setenv("PIP_INDEX_URL", "https://user:secret@index.example/simple")
    monkeypatch.setenv("EXAMPLE_VARIANT_PROVIDER_FORCE_LEVEL", "v3")
    monkeypatch.chdir(evil)
    # Python itself sets LC_CTYPE where nobody names a language (PEP 538).
    body = "    return [{n: v for n, v in os.environ.items() if n != 'LC_CTYPE'}, sys.argv, sys.path[-1]]\n"
    answer = ask_one(tmp_path, f"{REPORT}def told():\n{body}")
    assert told(answer) == "[{'EXAMPLE_VARIANT_PROVIDER_FORCE_LEVEL': 'v3'}, [''], '/proc/self/fd/4']"
    assert [code for code, _ in answer.diagnostics] == ["told"]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_provider_gets_five_descriptors_and_no_other_of_the_parent(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("x")
    number = os.open(secret, os.O_RDONLY)
    os.set_inheritable(number, True)
    body = (
        "def told():\n"
        "    kinds = [os.readlink('/proc/self/fd/' + number).partition(':')[0] for number in '01234']\n"
        "    return kinds, len(os.listdir('/proc/self/fd'))\n"
    )
    try:
        text = told(ask_one(tmp_path, REPORT + body))
    finally:
        os.close(number)
    # The sixth is that of the listing itself.
    assert text == "(['/dev/null', 'pipe', 'pipe', 'pipe', '/memfd'], 6)"


def test_a_provider_leads_a_session_without_a_terminal(tmp_path: Path) -> None:
    body = "def told():\n    return [os.getsid(0) == os.getpid(), os.getpgrp() == os.getpid()]\n"
    assert told(ask_one(tmp_path, REPORT + body)) == "[True, True]"


def test_a_provider_that_outlives_the_parent_has_an_alarm_set(tmp_path: Path) -> None:
    body = "def told():\n    import signal\n    return 0 < signal.alarm(0) <= 32\n"
    assert told(ask_one(tmp_path, REPORT + body)) == "True"


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_programs_that_a_provider_starts_get_neither_result_nor_wheel(tmp_path: Path) -> None:
    body = (
        "def told():\n"
        "    import subprocess\n"
        "    code = 'import os; print(os.listdir(\"/proc/self/fd\"))'\n"
        "    command = [sys.executable, '-I', '-S', '-c', code]\n"
        "    return subprocess.run(command, close_fds=False, stdout=-1, text=True).stdout.split()\n"
    )
    # Its own three, and that of the listing.
    assert told(ask_one(tmp_path, REPORT + body)) == str(["['0',", "'1',", "'2',", "'3']"])


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_nothing_is_left_behind(tmp_path: Path, backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    note = f"import os\nopen({str(tmp_path / 'pid')!r} + str(os.getpid()), 'w').close()\n"
    sources = ("", "1 / 0", "os._exit(3)", "os.close(3)", "import time; time.sleep(600)")
    questions = [make_question(tmp_path, f"{PLUGIN}{note}{source}\n") for source in sources]
    ask(questions, deadline=4 * SOON)
    open_before = set(os.listdir("/proc/self/fd"))
    ask(questions, deadline=4 * SOON)
    assert set(os.listdir("/proc/self/fd")) <= open_before
    assert list(scratch.iterdir()) == []
    noted = [name.removeprefix("pid") for name in os.listdir(tmp_path) if name.startswith("pid")]
    assert noted
    assert not [pid for pid in noted if os.path.exists(f"/proc/{pid}")]


def test_an_interrupted_round_leaves_no_child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[int] = []
    spawn = os.posix_spawn

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    def noting(*arguments: object, **more: object) -> int:
        started.append(spawn(*arguments, **more))  # type: ignore[arg-type]
        return started[-1]

    monkeypatch.setattr(os, "posix_spawn", noting)
    monkeypatch.setattr(children, "_collect", interrupt)
    with pytest.raises(KeyboardInterrupt):
        ask([make_question(tmp_path, PLUGIN + "import time\ntime.sleep(600)\n")])
    with pytest.raises(ChildProcessError):
        os.waitpid(started[0], os.WNOHANG)


def test_a_child_that_cannot_be_ended_is_left_after_a_bounded_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    child = subprocess.Popen([sys.executable, "-I", "-S", "-c", "input()"], stdin=subprocess.PIPE)
    try:
        stuck = children._Child(child.pid, -1, -1, -1)
        stuck.reap(time.monotonic())
        assert (stuck.abandoned, stuck.code) == (True, None)
    finally:
        child.communicate()


@pytest.mark.parametrize("closed", ["0", "1", "0, 1, 2"])
def test_a_program_that_closed_its_own_streams_can_ask(tmp_path: Path, closed: str) -> None:
    script = (
        "import hashlib, os, sys\n"
        "sys.path[:] = eval(sys.argv[1])\n"
        f"for number in ({closed},): os.close(number)\n"
        "from variantkit.runner import Question, ask\n"
        "data = open(sys.argv[2], 'rb').read()\n"
        f"question = Question('example', {MODULE!r}, data, hashlib.sha256(data).hexdigest(), None)\n"
        "answers = ask([question, question], deadline=30.0)\n"
        "open(sys.argv[3], 'w').write(' '.join(answer.status for answer in answers))\n"
    )
    wheel, result = (
        make_provider(tmp_path, PLUGIN + "print('not on the result pipe', flush=True)\n"),
        tmp_path / "result",
    )
    subprocess.run([sys.executable, "-c", script, repr(sys.path), wheel, str(result)], check=False)
    assert result.read_text() == "present present"


@pytest.mark.parametrize("python", ["", "/nowhere/python", os.devnull, "relative\0"])
def test_a_python_that_cannot_be_started_is_a_diagnostic(tmp_path: Path, backend: str, python: str) -> None:
    (answer,) = ask([make_question(tmp_path)], python=python)
    assert (answer.status, answer.diagnostics[0][0], answer.isolation) == ("undetermined", "cannot-start", "")


def test_t11_bytes_other_than_those_judged_are_not_run(tmp_path: Path) -> None:
    question = make_question(tmp_path)
    (answer,) = ask([question._replace(wheel=question.wheel + b"\0")])
    assert (answer.status, answer.diagnostics[0][0], answer.isolation) == ("undetermined", "hash-mismatch", "")


def test_t17_a_pinned_digest_of_all_configs_is_enforced(tmp_path: Path) -> None:
    pin = configs_digest(ALL_LEVELS)
    assert ask_one(tmp_path, PLUGIN, configs_sha256=pin.upper()).features == LEVEL
    source = PLUGIN + "def get_all_configs():\n    return [Feature('level', ['v1', 'v2'])]\n"
    answer = ask_one(tmp_path, source, configs_sha256=pin)
    assert (answer.status, answer.diagnostics[0][0]) == ("undetermined", "configs-digest-mismatch")


def test_a_failing_explanation_does_not_cost_the_answer(tmp_path: Path) -> None:
    answer = ask_one(tmp_path, PLUGIN + "def get_diagnostics():\n    raise KeyError('x')\n")
    assert answer.features == LEVEL
    assert answer.diagnostics == (("raised", f"get_diagnostics: KeyError: 'x' ({MODULE}/__init__.py:11)"),)
