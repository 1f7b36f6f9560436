"""docs/verify.md says what `verify` does: its options, its codes, and the names it looks for."""

from __future__ import annotations

import argparse
import os
import re

from support.imports import ROOT
from variantkit_allowlist.cli import verify
from variantkit_allowlist.provenance.rules import is_strangers
from variantkit_allowlist.store.wheels import ATTESTATION_SUFFIXES
from variantkit_allowlist.verdict import POLICY_CODES, PROVENANCE_CODES

with open(os.path.join(ROOT, "docs", "verify.md"), encoding="utf-8") as stream:
    PAGE = stream.read()


def cells(head: str) -> list[str]:
    """The words in code of the first column of the table under a head."""
    rows = PAGE.partition(f"\n| {head} |")[2].partition("\n\n")[0].splitlines()[2:]
    return [word for row in rows for word in re.findall(r"`([^`]+)`", row.split("|")[1])]


def test_every_code_of_provenance_has_its_row_and_no_other() -> None:
    assert sorted(cells("code")) == sorted(PROVENANCE_CODES)


def test_every_option_of_the_page_is_one_and_every_option_is_on_it() -> None:
    parser = argparse.ArgumentParser(add_help=False)
    verify.add_arguments(parser)
    options = {option for action in parser._actions for option in action.option_strings} | {"--json"}
    assert set(re.findall(r"--[a-z][a-z-]*", PAGE)) == options


def test_the_names_beside_a_wheel_are_those_that_are_looked_for() -> None:
    named = PAGE.partition("one of ")[2].partition("; with")[0]
    assert tuple(re.findall(r"`(\.[a-z.]+)`", named)) == ATTESTATION_SUFFIXES


def test_the_events_that_strangers_cause_are_refused() -> None:
    line = PAGE.partition("the workflow. ")[2].partition("\nare the events")[0]
    events = [word.replace("*", "") for word in re.findall(r"`([a-z_*]+)`", line)]
    assert len(events) == 13
    assert all(is_strangers(event) for event in events)
    assert not any(is_strangers(event) for event in ("push", "release", "workflow_dispatch", "schedule"))


def test_the_codes_of_a_list_are_codes() -> None:
    told = PAGE.partition("## By a list")[2].partition("## By building")[0]
    codes = {word for word in re.findall(r"`([a-z-]+)`", told) if "-" in word and not word.startswith("--")}
    assert codes <= set(POLICY_CODES)
