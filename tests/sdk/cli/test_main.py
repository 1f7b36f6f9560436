"""The program itself: help that teaches, versions that agree, errors that leave as they should."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import variantkit
from support.served import http_index
from variantkit.cli.main import VERBS, main
from variantkit.cli.terminal import neutralise

ROOT = Path(__file__).resolve().parents[3]


def test_help_lists_every_verb(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    assert all(f"    {verb} " in out for verb in VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_with_json_and_debug(capsys: pytest.CaptureFixture[str], verb: str) -> None:
    assert main([verb, "--help"]) == 0
    out = capsys.readouterr().out
    if verb not in ("wheel", "provider"):  # their own verbs have them
        assert "--json" in out
        assert "--debug" in out


def test_no_verb_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "VERB" in capsys.readouterr().err


def test_the_version_is_the_distributions() -> None:
    text = (ROOT / "sdk" / "pyproject.toml").read_text()
    assert re.search(r'^version = "(.+)"$', text, re.MULTILINE)[1] == variantkit.__version__  # type: ignore[index]


def test_an_error_shows_its_traceback_only_with_debug(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["select", "gone.json"]) == 2
    assert "Traceback" not in capsys.readouterr().err
    assert main(["select", "gone.json", "--debug"]) == 2
    told = capsys.readouterr().err
    assert "Traceback" in told
    assert "InputError: gone.json" in told


def test_hostile_arguments_are_shown_harmlessly_in_every_complaint(capsys: pytest.CaptureFixture[str]) -> None:
    hostile = "x\x1b[2J\u202e"
    for arguments in (["select", "a", "b", hostile], [hostile], ["select", hostile], ["select", hostile, "--debug"]):
        assert main(arguments) == 2
        told = capsys.readouterr().err
        assert "\x1b" not in told
        assert "\u202e" not in told
        assert "x\\x1b[2J" in told


def test_an_option_of_the_installer_is_led_behind_the_dashes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["install", "numpy", "--reinstall"]) == 2
    assert "unrecognized arguments: --reinstall; what your installer takes goes behind --" in capsys.readouterr().err
    assert main(["detect", "--reinstall"]) == 2
    assert "behind --" not in capsys.readouterr().err


def test_a_line_end_in_foreign_text_begins_no_line_of_ours(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["select", "gone\nvariantkit: all is well"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_login_in_a_url_is_in_no_error(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "sel-1.0-variants.json").write_text("{}")
    with http_index(str(tmp_path)) as index:
        url = index.url.replace("http://", "http://reader:s3cret@").replace("/simple", "/files/sel-1.0-variants.json")
        for options in ([], ["--debug"]):
            assert main(["select", url.rstrip("/"), *options]) == 2
            told = capsys.readouterr().err
            assert "sel-1.0-variants.json" in told
            assert "s3cret" not in told


def test_a_reader_that_goes_away_is_no_error() -> None:
    command = f"{sys.executable} -m variantkit --help | head -c 1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr


def test_every_public_name_can_be_loaded() -> None:
    assert [name for name in variantkit.__all__ if getattr(variantkit, name, None) is None] == []


def test_importing_the_package_does_nothing() -> None:
    query = "import sys; before = set(sys.modules); import variantkit; print(sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", query], capture_output=True, text=True, check=True)
    assert set(ast.literal_eval(done.stdout)) <= {"__future__", "variantkit"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("ünïcode — fine", "ünïcode — fine"),
        ("\x1b[31m", "\\x1b[31m"),
        ("a\rb\x07", "a\\x0db\\x07"),
        ("admin\u202egnp", "admin\\u202egnp"),
        ("one\ntwo", "one\ntwo"),
    ],
)
def test_only_harmless_characters_reach_the_terminal(text: str, shown: str) -> None:
    assert neutralise(text) == shown
