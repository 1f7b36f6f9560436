"""`variantkit-allowlist tidy`: one form, checked with a diff, written whole, and never over another's change."""

from __future__ import annotations

import difflib
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from support.curation import ledger_text, make_list_directory, world
from variantkit.errors import UndeterminedError
from variantkit_allowlist import cli
from variantkit_allowlist.store import locked

if TYPE_CHECKING:
    from pathlib import Path

UNTIDY = ledger_text().replace("[policy]\n", "[policy] # ours\ncooldown-days=3\nreviewers = 2 # two\n")
TIDY = ledger_text().replace("[policy]\n", "[policy]  # ours\nreviewers = 2  # two\ncooldown-days = 3\n")


def _list(tmp_path: Path, text: str) -> tuple[str, str]:
    made = make_list_directory(tmp_path)
    path = os.path.join(made.path, "providers.toml")
    with open(path, "w", encoding="utf-8", newline="") as stream:
        stream.write(text)
    return made.path, path


def _read(path: str) -> str:
    with open(path, encoding="utf-8", newline="") as stream:
        return stream.read()


def test_an_untidy_file_is_written_in_its_one_form(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    directory, path = _list(tmp_path, UNTIDY)
    assert cli.main(["tidy", "--list", directory], world()) == 0
    assert _read(path) == TIDY
    assert cli.main(["tidy", "--list", directory, "--json"], world()) == 0
    last = capsys.readouterr().out.split("\n", 1)[1]
    assert json.loads(last) == {"schema": "variantkit.tidy/1", "path": path, "tidy": True, "written": False}


def test_check_shows_the_difference_writes_nothing_and_exits_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    directory, path = _list(tmp_path, UNTIDY)
    assert cli.main(["tidy", "--list", directory, "--check"], world()) == 1
    assert _read(path) == UNTIDY
    expected = difflib.unified_diff(UNTIDY.split("\n"), TIDY.split("\n"), path, f"{path} (tidy)", lineterm="")
    assert capsys.readouterr().out.splitlines() == list(expected)


def test_check_of_a_tidy_file_exits_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    directory, path = _list(tmp_path, TIDY)
    assert cli.main(["tidy", "--list", directory, "--check"], world()) == 0
    assert capsys.readouterr().out == f"{path}: is tidy\n"


def test_line_ends_of_windows_are_put_right(tmp_path: Path) -> None:
    directory, path = _list(tmp_path, UNTIDY.replace("\n", "\r\n"))
    assert cli.main(["tidy", "--list", directory], world()) == 0
    assert _read(path) == TIDY


@pytest.mark.parametrize(
    "text",
    ["id = 3", "\x00", TIDY + "# \u202e\n", TIDY + "[more]\n", "schema = 1\nschema = 2\n", "a = [[", "\ud800"],
    ids=["number", "null", "direction", "unknown-table", "twice", "cut", "surrogate"],
)
def test_a_file_that_is_not_valid_stays_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    directory, path = _list(tmp_path, TIDY)
    data = text.encode("utf-8", "surrogatepass")
    with open(path, "wb") as stream:
        stream.write(data)
    assert cli.main(["tidy", "--list", directory], world()) == 2
    with open(path, "rb") as stream:
        assert stream.read() == data
    assert capsys.readouterr().err.count("\n") == 1


def test_without_a_list_there_is_nothing_to_tidy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["tidy", "--list", str(tmp_path)], world()) == 2
    assert "holds no providers.toml; name a list with --list DIR" in capsys.readouterr().err


def test_two_writers_do_not_meet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    directory, path = _list(tmp_path, UNTIDY)
    with locked(directory):
        assert cli.main(["tidy", "--list", directory], world()) == 3
        with pytest.raises(UndeterminedError), locked(directory):
            pass
    assert "another command is writing this list" in capsys.readouterr().err
    assert _read(path) == UNTIDY
    assert cli.main(["tidy", "--list", directory], world()) == 0


@pytest.mark.parametrize("verb", [["tidy", "--help"], ["key", "--help"], ["tidy"]], ids=" ".join)
def test_sigstore_is_not_loaded(tmp_path: Path, verb: list[str]) -> None:
    """Its import costs a third of a second, which only verbs that verify have to spend."""
    directory, _ = _list(tmp_path, UNTIDY)
    code = (
        "import sys\nfrom variantkit_allowlist import cli\n"
        "try:\n    cli.main(sys.argv[1:])\nexcept SystemExit:\n    pass\n"
        "assert not {'sigstore', 'tuf', 'pypi_attestations'} & set(sys.modules)\n"
    )
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code, *verb], cwd=directory, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
