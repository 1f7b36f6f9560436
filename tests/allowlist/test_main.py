"""`variantkit-allowlist` itself: its help, its version, and how wrong usage is told."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

import variantkit_allowlist
from support.curation import world
from variantkit_allowlist import cli
from variantkit_allowlist.cli.main import VERBS, parse

ROOT = Path(__file__).parents[2]


def test_the_version_is_that_of_the_distribution() -> None:
    said = re.search(r'^version = "(.+)"$', (ROOT / "allowlist" / "pyproject.toml").read_text(), re.M)
    assert said is not None
    assert variantkit_allowlist.__version__ == said[1]


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as leaving:
        cli.main(["--version"], world())
    assert leaving.value.code in (0, None)
    assert re.fullmatch(r"variantkit-allowlist \d+\.\d+\.\d+, variantkit \d+\.\d+\.\d+\n", capsys.readouterr().out)


def test_the_readme_has_every_verb_in_its_table() -> None:
    readme = (ROOT / "allowlist" / "README.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1] for line in readme.splitlines() if line.startswith("| `")]
    assert sorted(re.findall(r"`([a-z]+)`", " ".join(rows))) == sorted(VERBS)


def test_without_a_verb_the_help_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([], world()) == 2
    assert "examples:" in capsys.readouterr().err


def test_what_is_left_over_is_told_with_the_usage_of_its_verb(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as leaving:
        cli.main(["suggest", "what"], world())
    assert leaving.value.code == 2
    told = capsys.readouterr().err
    assert "usage: variantkit-allowlist suggest" in told
    assert "variantkit-allowlist suggest: error: unrecognized arguments: what" in told


@pytest.mark.parametrize("verb", VERBS)
def test_the_help_of_every_verb_has_examples_that_parse_and_its_exit_codes(
    verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        cli.main([verb, "--help"], world())
    told = capsys.readouterr().out
    assert "exit codes:" in told
    examples = re.findall(r"^  (variantkit-allowlist .*)$", told.partition("examples:")[2].replace("\\\n   ", ""), re.M)
    assert examples
    for line in examples:
        words = shlex.split(re.split(r" {3,}", line)[0])[1:]
        assert parse(words, words[0]).verb == verb
