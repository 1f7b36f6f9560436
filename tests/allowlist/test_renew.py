"""`variantkit-allowlist renew`: verified again by the rules of now, and only then is the end moved."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from support.curation import NOW
from support.private_sigstore import PrivateSigstore
from support.vendors import PACKAGE, SOURCE, Team, codes, printed
from variantkit.trust.dates import DAY

if TYPE_CHECKING:
    from pathlib import Path

LATER = NOW + 300 * DAY
RELEASE = f"{PACKAGE}==1.0"


@pytest.fixture
def team(tmp_path: Path) -> Team:
    team = Team(tmp_path)
    team.approved()
    return team


def test_a_renewal_moves_the_end_and_nothing_else(team: Team, capsys: pytest.CaptureFixture[str]) -> None:
    (before,) = team.list.open().ledger.approved
    assert team.run("renew", RELEASE, now=LATER) == 0
    (after,) = team.list.open().ledger.approved
    assert (str(before.expires), str(after.expires)) == ("2027-11-21", "2028-09-16")
    assert (str(before.approved), str(after.approved)) == ("2026-11-21", "2027-09-17")
    assert after.model_copy(update={"expires": before.expires, "approved": before.approved}) == before
    assert "renewed: ends 2028-09-16, was 2027-11-21" in capsys.readouterr().out


def test_a_dry_run_moves_nothing(team: Team) -> None:
    before = team.list.open().data
    assert team.run("renew", RELEASE, "--dry-run", now=LATER) == 0
    assert team.list.open().data == before


def test_a_reviewer_who_left_counts_no_more(team: Team, capsys: pytest.CaptureFixture[str]) -> None:
    """The keys of now judge: who lost a key, or the trust, vouches for nothing any longer."""
    _edit(team, '\nkeys = ["' + _line(team, "bob"), '\nkeys = ["' + _other_line())
    capsys.readouterr()
    assert team.run("renew", RELEASE, "--json", now=LATER) == 1
    document = printed(capsys)
    assert codes(document) == ["reviews-missing", "criteria-missing"]
    assert len(document["refused-reviews"]) == 1


def test_a_stricter_policy_counts(team: Team, capsys: pytest.CaptureFixture[str]) -> None:
    _edit(team, "[policy]\n", "[policy]\nreviewers = 3\n")
    capsys.readouterr()
    assert team.run("renew", RELEASE, "--json", now=LATER) == 1
    assert codes(printed(capsys)) == ["reviews-missing", "criteria-missing"]


def test_the_root_that_is_pinned_now_counts(team: Team, capsys: pytest.CaptureFixture[str]) -> None:
    with open(team.list.open().trust_root_path, "wb") as stream:
        stream.write(PrivateSigstore().trusted_root_json)
    capsys.readouterr()
    assert team.run("renew", RELEASE, "--json", now=LATER) == 1
    document = printed(capsys)
    assert (codes(document), document["provenance"]["verified"]) == (["evidence-insufficient"], False)


def test_one_flipped_byte_of_the_kept_wheel_is_found(team: Team, capsys: pytest.CaptureFixture[str]) -> None:
    (name,) = [name for name in os.listdir(team.list.open().wheels_path) if name.endswith(".whl")]
    path = team.list.open().wheel_path(name)
    with open(path, "r+b") as stream:
        stream.seek(60)
        stream.write(b"\xff")
    assert team.run("renew", RELEASE, now=LATER) == 1
    assert "the wheel of acme-variant-provider==1.0 is not kept there" in capsys.readouterr().err


def test_an_older_version_is_renewed_as_it_was_approved(team: Team, capsys: pytest.CaptureFixture[str]) -> None:
    """What came after it changes nothing: neither a narrower grant, nor another owner of the repository."""
    later = team.ship_attested("2.0", source=SOURCE + "\n# more\n")
    team.review(later, "alice", "carol")
    assert team.approve(later, now=NOW + 30 * DAY) == 0
    assert team.run("renew", RELEASE, now=LATER) == 0, capsys.readouterr()


def test_what_is_not_approved_cannot_be_renewed(team: Team, capsys: pytest.CaptureFixture[str]) -> None:
    for target in (f"{PACKAGE}==9", "nonsense", f"{PACKAGE}==not a version"):
        assert team.run("renew", target) == 2
        assert "expected an approved PACKAGE==VERSION" in capsys.readouterr().err


def _edit(team: Team, old: str, new: str) -> None:
    path = team.list.open().ledger_path
    with open(path, encoding="utf-8") as stream:
        text = stream.read()
    assert text.count(old) == 1
    with open(path, "w", encoding="utf-8") as out:
        out.write(text.replace(old, new))


def _line(team: Team, name: str) -> str:
    return team.list.open().ledger.reviewers[name].keys[0]


def _other_line() -> str:
    from support.curation import public_key

    return public_key("bob's new key").line
