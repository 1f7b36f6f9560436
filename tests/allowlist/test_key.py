"""`variantkit-allowlist key`: a new key is encrypted and outside every list; its public line is shown."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from support.curation import PASSPHRASE, make_list_directory, public_key, world, write_key_file, write_public_file
from variantkit_allowlist import cli
from variantkit_allowlist.cli.world import World

if TYPE_CHECKING:
    from pathlib import Path


def test_a_new_key_is_written_encrypted_with_its_public_line_beside(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(tmp_path / "alice.pem")
    assert cli.main(["key", "new", path, "--json"], world()) == 0
    printed = json.loads(capsys.readouterr().out)
    assert os.stat(path).st_mode & 0o777 == 0o600
    with open(f"{path}.pub", encoding="ascii") as stream:
        assert stream.read() == printed["public"] + "\n"
    with open(path, "rb") as stream:
        assert stream.read().startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n")
    assert cli.main(["key", "show", path, "--json"], world()) == 0
    assert json.loads(capsys.readouterr().out)["public"] == printed["public"]


@pytest.mark.parametrize("reference", ["file:{pem}", "{pem}", "{pub}", "file:{pub}"])
def test_show_prints_the_line_and_the_fingerprint(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], reference: str
) -> None:
    given = reference.format(pem=write_key_file(tmp_path, "alice"), pub=write_public_file(tmp_path, "alice"))
    assert cli.main(["key", "show", given], world()) == 0
    assert capsys.readouterr().out.splitlines() == [public_key("alice").line, public_key("alice").fingerprint]


def test_two_passphrases_that_differ_make_no_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    typed = iter(["a long passphrase", "another passphrase"])
    path = tmp_path / "alice.pem"
    assert cli.main(["key", "new", str(path)], World(environ={}, ask_secret=lambda prompt: next(typed))) == 2
    assert "the two passphrases differ; nothing was written" in capsys.readouterr().err
    assert os.listdir(tmp_path) == []


def test_automation_gives_the_passphrase_in_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(PASSPHRASE)
    secret.chmod(0o600)
    environ = {"VARIANTKIT_KEY_PASSPHRASE_FILE": str(secret)}
    nobody = World(environ=environ, ask_secret=lambda prompt: pytest.fail("asked"))
    assert cli.main(["key", "new", str(tmp_path / "key.pem")], nobody) == 0
    assert cli.main(["key", "show", str(tmp_path / "key.pem")], world()) == 0


@pytest.mark.parametrize("taken", ["alice.pem", "alice.pem.pub"])
def test_no_file_is_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str], taken: str) -> None:
    (tmp_path / taken).write_text("mine")
    assert cli.main(["key", "new", str(tmp_path / "alice.pem")], world()) == 2
    assert "is there already" in capsys.readouterr().err
    assert os.listdir(tmp_path) == [taken]
    assert (tmp_path / taken).read_text() == "mine"


def test_attack_36_a_key_is_not_made_inside_a_list(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = make_list_directory(tmp_path)
    before = sorted(os.listdir(made.path))
    assert cli.main(["key", "new", os.path.join(made.path, "alice.pem")], world()) == 2
    assert "a private key inside the list directory" in capsys.readouterr().err
    assert sorted(os.listdir(made.path)) == before


def test_a_wrong_passphrase_is_a_no_and_shows_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_key_file(tmp_path, "alice")
    assert cli.main(["key", "show", path], world(secret="not this one")) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "the passphrase does not open this key" in printed.err


def test_a_file_that_is_no_key_is_wrong_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "text"
    path.write_text("\x1b[2J hello")
    assert cli.main(["key", "show", str(path)], world()) == 2
    assert "\x1b" not in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--debug", "show"], ["show", "--debug"]], ids=" ".join)
def test_debug_shows_where_an_error_comes_from(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    assert cli.main(["key", *arguments, str(tmp_path / "nothing")], world()) == 2
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["key", "new", "{folder}/new.pem"], ["key", "show", "{key}"]])
def test_without_a_terminal_a_passphrase_is_not_asked_for_in_the_open(tmp_path: Path, words: list[str]) -> None:
    """In a job of a CI there is nobody to ask: one sentence names the file that holds it instead."""
    key = write_key_file(tmp_path, "alice")
    done = subprocess.run(
        [sys.executable, "-c", "import sys; from variantkit_allowlist.cli import main; sys.exit(main())"]
        + [word.format(folder=tmp_path, key=key) for word in words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,  # nor is there a terminal of the session
        env={name: value for name, value in os.environ.items() if name != "VARIANTKIT_KEY_PASSPHRASE_FILE"},
    )
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "there is no terminal to ask at; name a file with it in VARIANTKIT_KEY_PASSPHRASE_FILE" in line
    assert not (tmp_path / "new.pem").exists()
