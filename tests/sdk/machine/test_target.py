"""The target interpreter is described as pip in that interpreter would see it, and a broken one says how to mend it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import venv
from typing import TYPE_CHECKING

import pytest
from packaging.tags import sys_tags

from support.interpreters import BY_VERSION
from variantkit.errors import InputError, UndeterminedError
from variantkit.machine import target as target_module
from variantkit.machine.target import find_pip_version, find_python, query_target

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("environment") / "venv"
    venv.create(directory, with_pip=False, symlinks=True)
    return directory


def fake_python(directory: Path, body: str) -> str:
    path = directory / "fake-python"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return str(path)


def test_the_running_interpreter_is_described_without_a_child(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", None)
    target = query_target(None)
    assert target.tags == tuple(str(tag) for tag in sys_tags())
    assert target.version == "{}.{}.{}".format(*sys.version_info[:3])
    assert target.environment["python_full_version"].startswith(target.version)
    assert query_target(sys.executable) == target


@pytest.mark.parametrize("version", list(BY_VERSION))
def test_any_supported_interpreter_describes_itself(version: str) -> None:
    target = query_target(BY_VERSION[version])
    tag = "cp" + version.replace(".", "")
    assert target.version.startswith(version + ".")
    assert target.environment["python_version"] == version
    assert target.tags[0].startswith(f"{tag}-{tag}-")
    assert "py3-none-any" in target.tags
    assert f"python{version}" in target.purelib or os.name == "nt"


def test_a_child_and_the_running_interpreter_give_the_same_answer(
    environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = query_target(None)
    monkeypatch.setattr(sys, "executable", "/nowhere")
    asked = query_target(running.python)
    assert asked == running


def test_asking_makes_nothing_of_ours_importable_in_the_target(tmp_path: Path) -> None:
    spied = tmp_path / "path.txt"
    spy = f"import sys, atexit; atexit.register(lambda: open({str(spied)!r}, 'w').write(repr(sys.path)))"
    (tmp_path / "spy.py").write_text(spy)
    python = fake_python(
        tmp_path,
        f"""exec {sys.executable} "$1" "$2" "$3" "$(cat {tmp_path}/spy.py)
$4" "$5" """,
    )
    query_target(python)
    assert os.path.dirname(os.path.dirname(target_module.__file__)) not in spied.read_text()
    assert (
        spied.read_text()
        == subprocess.run(
            [sys.executable, "-I", "-c", "import sys; print(repr(sys.path), end='')"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    )


@pytest.mark.parametrize("form", ["directory", "path", "name"])
def test_an_environment_is_named_by_directory_path_or_name(
    form: str, environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = environment / "bin" / "python"
    monkeypatch.setenv("PATH", str(environment / "bin"))
    named = {"directory": str(environment), "path": str(python), "name": "python"}[form]
    target = query_target(named)
    assert target.python == str(python)
    assert target.purelib.startswith(str(environment))
    assert target.pip_version is None


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ([], None),
        (["pip-24.2.dist-info"], "24.2"),
        (["pip-21.0.egg-info"], "21.0"),
        (["pip-20.3-py3.9.egg-info"], "20.3"),
        (["pip_tools-7.0.dist-info", "pipx-1.0.dist-info", "pip"], None),
    ],
    ids=["none", "dist-info", "egg-info", "egg-info of a Python", "neighbours only"],
)
def test_the_version_of_pip_is_read_from_its_directory_name(
    tmp_path: Path, names: list[str], expected: str | None
) -> None:
    for name in names:
        (tmp_path / name).mkdir()
    assert find_pip_version([str(tmp_path / "missing"), str(tmp_path)]) == expected


def test_the_first_pip_on_the_path_counts(tmp_path: Path) -> None:
    for place, version in (("a", "25.0"), ("b", "24.0")):
        (tmp_path / place / f"pip-{version}.dist-info").mkdir(parents=True)
    assert find_pip_version([str(tmp_path / "a"), str(tmp_path / "b")]) == "25.0"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ('echo \'{"old": "3.8.18", "oldest": "3.9"}\'', "expected Python 3.9 or newer, found 3.8.18"),
        ('echo \'{"syntax": "invalid syntax"}\'', "written for newer Pythons"),
        ("echo hello", "no answer, exit status 0"),
        ("exit 3", "no answer, exit status 3"),
        ("echo 'no libpython' >&2; exit 127", "no libpython"),
        ("printf 'a\\033[2Jb\\n' >&2; exit 1", r"a\x1b[2Jb"),
    ],
    ids=["too old", "packaging too new", "not a Python", "silent", "complaining", "terminal escape"],
)
def test_an_interpreter_that_cannot_be_used_says_why(tmp_path: Path, body: str, message: str) -> None:
    with pytest.raises(InputError, match="fake-python") as caught:
        query_target(fake_python(tmp_path, body))
    assert message in str(caught.value)


def test_an_interpreter_too_old_for_the_query_still_answers() -> None:
    newer = target_module.QUERY.replace("(3, 9)", "(9, 9)")
    assert newer != target_module.QUERY
    done = subprocess.run([sys.executable, "-c", newer], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == {"old": query_target(None).version, "oldest": "3.9"}


def test_what_a_site_prints_at_start_does_not_hide_the_answer(tmp_path: Path) -> None:
    chatty = fake_python(tmp_path, f'echo welcome; exec {sys.executable} "$@"')
    assert query_target(chatty).tags == query_target(None).tags


def test_an_interpreter_that_hangs_is_undetermined(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(target_module, "DEADLINE", 0.2)
    with pytest.raises(UndeterminedError, match="did not answer"):
        query_target(fake_python(tmp_path, "exec sleep 60"))


def test_an_environment_whose_interpreter_is_gone_is_to_be_recreated(environment: Path, tmp_path: Path) -> None:
    copy = tmp_path / "venv"
    (copy / "bin").mkdir(parents=True)
    (copy / "bin" / "python").symlink_to(tmp_path / "gone")
    with pytest.raises(InputError, match=r"python -m venv --clear .*venv"):
        query_target(str(copy))


@pytest.mark.parametrize(
    ("python", "message"),
    [
        ("no-such-python", "none of that name on PATH"),
        ("./no/such/python", "found nothing there"),
        (".", "python -m venv"),
    ],
)
def test_what_is_no_interpreter_says_what_was_expected(
    python: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=message):
        find_python(python)


def test_a_file_that_is_not_a_program_is_refused(tmp_path: Path) -> None:
    text = tmp_path / "python"
    shutil.copy(__file__, text)
    text.chmod(0o644)
    with pytest.raises(InputError, match="can be run"):
        query_target(str(text))
