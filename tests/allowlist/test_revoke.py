"""`variantkit-allowlist revoke`: append-only, with a reason and a name, and stronger than every approval."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from support.curation import NOW
from support.vendors import PACKAGE, SOURCE, Team, codes, printed
from variantkit.trust import parse_approved
from variantkit_allowlist.curation import draft_enforcement
from variantkit_allowlist.statements import read_vsa

if TYPE_CHECKING:
    from pathlib import Path

WHY = ("--as", "alice", "--reason", "it reads ~/.netrc")


@pytest.fixture
def team(tmp_path: Path) -> Team:
    return Team(tmp_path)


@pytest.mark.parametrize(
    "target", [PACKAGE, f"{PACKAGE}==1.0", "ACME_Variant.Provider==1", f"{PACKAGE}==1.0.0", "wheel", "sha256"]
)
def test_a_revocation_ends_the_approval_however_it_is_named(
    team: Team, target: str, capsys: pytest.CaptureFixture[str]
) -> None:
    wheel = team.approved()
    named = {"wheel": wheel.path, "sha256": wheel.sha256}.get(target, target)
    capsys.readouterr()
    assert team.run("revoke", named, *WHY, "--json") == 0
    assert printed(capsys)["ended"] == [{"package": PACKAGE, "version": "1.0", "sha256": [wheel.sha256]}]
    ledger = team.list.open().ledger
    (revoked,) = ledger.revoked
    assert (revoked.reason, revoked.who, str(revoked.since)) == ("it reads ~/.netrc", "alice", "2026-11-21")
    assert len(ledger.approved) == 1  # history is not rewritten
    assert parse_approved(draft_enforcement(ledger, {}, 1, NOW).data, "").entries == ()


def test_row40_the_summary_then_says_failed(team: Team) -> None:
    wheel = team.approved()
    path = team.list.open().vsa_path(wheel.sha256)
    with open(path, "rb") as stream:
        assert read_vsa(stream.read()).passed
    assert team.run("revoke", f"{PACKAGE}==1.0", *WHY) == 0
    with open(path, "rb") as stream:
        summary = read_vsa(stream.read())
    assert (summary.passed, summary.criteria, summary.filename) == (False, (), wheel.filename)


def test_what_was_revoked_is_never_approved_again(team: Team, capsys: pytest.CaptureFixture[str]) -> None:
    wheel = team.ship_attested()
    team.review(wheel, "alice", "bob")
    assert team.run("revoke", wheel.path, *WHY) == 0
    capsys.readouterr()
    assert team.approve(wheel, "--json") == 1
    assert codes(printed(capsys)) == ["revoked"]
    assert team.run("revoke", f"{PACKAGE}==2.0", *WHY) == 0
    later = team.ship_attested("2.0.0")
    team.review(later, "alice", "bob")
    capsys.readouterr()
    assert team.approve(later, "--json") == 1
    assert codes(printed(capsys)) == ["revoked"]


def test_a_revoked_approval_cannot_be_renewed(team: Team, capsys: pytest.CaptureFixture[str]) -> None:
    team.approved()
    team.run("revoke", f"{PACKAGE}==1.0", *WHY)
    capsys.readouterr()
    assert team.run("renew", f"{PACKAGE}==1.0", "--json") == 1
    assert codes(printed(capsys)) == ["revoked"]


def test_a_revoked_wheel_is_not_said_to_be_renewable(team: Team, capsys: pytest.CaptureFixture[str]) -> None:
    wheel = team.approved()
    team.run("revoke", f"{PACKAGE}==1.0", *WHY)
    capsys.readouterr()
    assert team.approve(wheel, "--json") == 1
    assert codes(printed(capsys)) == ["revoked"]


def test_what_was_reviewed_as_a_change_from_it_is_told_and_goes_on(
    team: Team, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody read the whole of it: whoever revokes the base has to look at what was built on it."""
    last = team.approved()
    for version, more in (("1.1", "x = 1\n"), ("1.2", "x = 1\ny = 2\n")):
        wheel = team.ship_attested(version, source=f"{SOURCE}\n{more}")
        team.review(wheel, "alice", "bob", delta_from=last)
        assert team.approve(wheel) == 0
        last = wheel
    capsys.readouterr()
    assert team.run("revoke", f"{PACKAGE}==1.0", *WHY) == 0
    told = capsys.readouterr().out
    assert f"{PACKAGE} 1.1 goes on, and only its change from 1.0 was read" in told
    assert f"{PACKAGE} 1.2 goes on, and only its change from 1.1 was read" in told
    assert team.run("revoke", f"{PACKAGE}==1.0", *WHY, "--json") == 0
    assert [item["version"] for item in printed(capsys)["built-on"]] == ["1.1", "1.2"]


def test_a_renewal_of_what_was_built_on_it_says_that_the_base_is_gone(
    team: Team, capsys: pytest.CaptureFixture[str]
) -> None:
    base = team.approved()
    wheel = team.ship_attested("1.1", source=SOURCE + "\nx = 1\n")
    team.review(wheel, "alice", "bob", delta_from=base)
    assert team.approve(wheel) == 0
    team.run("revoke", f"{PACKAGE}==1.0", *WHY)
    capsys.readouterr()
    assert team.run("renew", f"{PACKAGE}==1.1", "--json") == 1
    assert codes(printed(capsys)) == ["reviews-missing", "criteria-missing", "delta-unknown"]
    team.review(wheel, "alice", "bob")
    assert team.run("renew", f"{PACKAGE}==1.1") == 0


def test_a_revocation_that_ends_nothing_says_so(team: Team, capsys: pytest.CaptureFixture[str]) -> None:
    assert team.run("revoke", "acme-varaint-provider", *WHY) == 0
    assert "ends no approval of this list" in capsys.readouterr().out


def test_no_change_starts_from_a_revoked_version(team: Team, capsys: pytest.CaptureFixture[str]) -> None:
    first = team.approved()
    second = team.ship_attested("1.1", tables="LEVELS = ['v1', 'v2', 'v3', 'v4']\n")
    team.review(second, "carol", criteria=["reviewed-data"], delta_from=first)
    team.run("revoke", f"{PACKAGE}==1.0", *WHY)
    capsys.readouterr()
    assert team.approve(second, "--json") == 1
    assert codes(printed(capsys)) == ["reviews-missing", "criteria-missing", "delta-unknown"]


def test_the_same_revocation_again_changes_nothing(team: Team, capsys: pytest.CaptureFixture[str]) -> None:
    team.approved()
    assert team.run("revoke", PACKAGE, *WHY) == 0
    before = team.list.open().data
    capsys.readouterr()
    assert team.run("revoke", PACKAGE, "--as", "bob", "--reason", "again") == 0
    assert "was revoked before" in capsys.readouterr().out
    assert team.list.open().data == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([PACKAGE, "--as", "mallory", "--reason", "x"], "expected one of alice, bob, carol"),
        (["no such thing!", *WHY], "expected PACKAGE, PACKAGE==VERSION, a wheel's path or a sha256"),
        ([f"{PACKAGE}==1.*", *WHY], "expected one version such as 2.0"),
        ([PACKAGE, "--as", "alice", "--reason", "\u202etxt"], "--reason"),
        ([PACKAGE, "--as", "alice", "--reason", " "], "reason: expected why"),
        (["nowhere.whl", *WHY], "nowhere.whl"),
    ],
    ids=["stranger", "nonsense", "wildcard", "row44-hidden-text", "no-reason", "no-file"],
)
def test_wrong_usage_writes_nothing(
    team: Team, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = team.list.open().data
    assert team.run("revoke", *words) == 2
    assert said in capsys.readouterr().err
    assert team.list.open().data == before


def test_to_revoke_takes_no_sigstore(team: Team) -> None:
    """What has to be done in a hurry does not wait for half a second of imports."""
    import subprocess

    team.approved("1.1", source=SOURCE + "\n# text\n")
    code = (
        "import sys; from variantkit_allowlist.cli import main; "
        f"code = main(['revoke', {PACKAGE!r}, '--as', 'alice', '--reason', 'x', '--list', {team.list.path!r}]); "
        "sys.exit(code or 'sigstore' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0
