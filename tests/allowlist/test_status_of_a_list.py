"""`variantkit-allowlist status` of a list that is kept here: what ends, what waits, who must sign."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from support.curation import NOW
from support.vendors import PACKAGE, SOURCE, Shipped, Team, printed
from variantkit.machine import settings
from variantkit.trust import levels
from variantkit.trust.dates import DAY
from variantkit_allowlist.store.wheels import first_seen, keep_wheel

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def team(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Team:
    """A list on a machine that has none installed."""
    monkeypatch.setattr(levels, "system_path", lambda: str(tmp_path / "etc" / "approved.json"))
    monkeypatch.setattr(levels, "user_path", lambda: str(tmp_path / "home" / "approved.json"))
    monkeypatch.setattr(levels, "memory_path", lambda: None)
    monkeypatch.setattr(settings, "bundle_directory", lambda: None)
    return Team(tmp_path)


def status(team: Team, capsys: pytest.CaptureFixture[str], now: int = NOW, exits: int = 0) -> dict[str, Any]:
    capsys.readouterr()
    assert team.run("status", "--json", now=now) == exits
    document = printed(capsys)
    assert (document["schema"], document["lists"]) == ("variantkit.lists/1", [])
    found: dict[str, Any] = document["list"]
    return found


def wait(team: Team, wheel: Shipped, since: int = NOW) -> None:
    """Put a wheel in the queue."""
    directory = team.list.open()
    with open(wheel.path, "rb") as stream:
        keep_wheel(directory, wheel.filename, stream.read())
    first_seen(directory, wheel.sha256, since)


def test_an_entry_is_shown_with_who_says_so_and_until_when(team: Team, capsys: pytest.CaptureFixture[str]) -> None:
    wheel = team.approved()
    (entry,) = status(team, capsys)["entries"]
    assert entry == {
        "package": PACKAGE,
        "version": "1.0",
        "namespace": "acme",
        "sha256": [wheel.sha256],
        "evidence": "identity",
        "who": ["alice", "bob"],
        "criteria": ["reviewed-source"],
        "approved": "2026-11-21",
        "expires": "2027-11-21",
        "state": "ok",
        "superseded": False,
        "published": None,
    }


@pytest.mark.parametrize(
    ("later", "state", "exits"), [(0, "ok", 0), (274, "ok", 0), (275, "expiring", 0), (365, "expired", 1)]
)
def test_what_ends_is_told_in_time(
    team: Team, later: int, state: str, exits: int, capsys: pytest.CaptureFixture[str]
) -> None:
    team.approved()
    found = status(team, capsys, NOW + later * DAY, exits)
    assert found["entries"][0]["state"] == state
    counters = found["counters"]
    assert (counters["approved"], counters["expiring"], counters["expired"]) == {
        "ok": (1, 0, 0),
        "expiring": (1, 1, 0),
        "expired": (0, 0, 1),
    }[state]


def test_a_revoked_entry_and_one_of_unknown_origin_stand_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(settings, "bundle_directory", lambda: None)
    team = Team(tmp_path, policy="unattested = true\ncooldown-days = 0\n")
    wheel = team.ship()
    team.review(wheel, "alice", "bob")
    assert team.approve(wheel) == 0
    second = team.ship("1.1")
    team.review(second, "alice", "bob")
    assert team.approve(second) == 0
    team.run("revoke", f"{PACKAGE}==1.1", "--as", "carol", "--reason", "x")
    capsys.readouterr()
    team.run("status")
    lines = capsys.readouterr().out.splitlines()
    assert f"  {PACKAGE} 1.0: until 2027-11-21, by alice, bob (reviewed-source); UNATTESTED" in lines
    assert f"  {PACKAGE} 1.1: REVOKED" in lines
    assert f"  revoked 2026-11-21 by carol: {PACKAGE} 1.1: x" in lines


def test_a_revocation_of_what_was_never_approved_is_shown(team: Team, capsys: pytest.CaptureFixture[str]) -> None:
    team.run("revoke", "acme-forged", "--as", "carol", "--reason", "a squatter's")
    assert status(team, capsys)["revocations"] == [
        {"what": "acme-forged (every version)", "since": "2026-11-21", "who": "carol", "reason": "a squatter's"}
    ]


def test_what_waits_is_shown_with_its_place_its_target_and_what_is_missing(
    team: Team, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = team.ship("1.0"), team.ship("2.0", source=SOURCE + "\n# more\n")
    wait(team, second, NOW - 20 * DAY)
    wait(team, first, NOW - 5 * DAY)
    team.review(second, "alice")
    found = status(team, capsys)
    late, early = found["pending"]
    assert (late["position"], late["version"], late["since"][:10]) == (1, "2.0", "2026-11-01")
    assert (late["target"], late["days"], late["cooldown"]) == ("2026-11-15", -6, "")
    assert late["reviews"][0] == "reviews-missing: 1 of 2 persons reviewed it"
    assert (early["position"], early["days"], early["cooldown"]) == (2, 9, "2026-11-23T12:00:00Z")
    counters = found["counters"]
    assert (counters["pending"], counters["overdue"], counters["cooling"]) == (2, 1, 1)
    team.run("status")
    told = capsys.readouterr().out
    assert "waiting 1. acme_variant_provider-2.0-py3-none-any.whl: since 2026-11-01T12:00:00Z" in told
    assert "answer by 2026-11-15 (6 days late)" in told
    assert "cooldown until 2026-11-23T12:00:00Z at the latest" in told


def test_of_who_attested_it_nothing_is_said_before_it_is_verified(
    team: Team, capsys: pytest.CaptureFixture[str]
) -> None:
    team.approved()
    wheel = team.ship_attested("1.1", source=SOURCE + "\n# more\n")
    team.review(wheel, "alice")
    shutil.copytree(os.path.dirname(wheel.path), team.list.open().wheels_path, dirs_exist_ok=True)
    first_seen(team.list.open(), wheel.sha256, NOW - 8 * DAY)
    (waiting,) = status(team, capsys)["pending"]
    assert waiting["version"] == "1.1"
    assert waiting["others"] == []


def test_t27_who_signs_much_in_little_time_is_counted(team: Team, capsys: pytest.CaptureFixture[str]) -> None:
    for version in ("1.0", "1.1", "1.2"):
        wheel = team.ship(version)
        wait(team, wheel)
        team.review(wheel, "alice", *(["bob"] if version == "1.0" else []))
    assert status(team, capsys)["counters"]["busy"] == {"alice": 3, "bob": 1}
    assert status(team, capsys, NOW + 31 * DAY)["counters"]["busy"] == {}


def test_roles_and_missing_signatures_are_shown(team: Team, capsys: pytest.CaptureFixture[str]) -> None:
    team.approved()
    found = status(team, capsys)
    assert (found["published"], found["staged"], found["missing"]) == (None, None, [])
    assert found["roles"][0] == {"name": "root", "threshold": 2, "keyholders": ["alice", "bob", "carol"]}
    assert _typed(team, "publish") == 0
    found = status(team, capsys)
    assert (found["published"], found["staged"]) == (None, 1)
    assert {"role": "targets", "needed": 1, "names": ["bob", "carol"]} in found["missing"]
    assert _typed(team, "sign", "bob") == 0
    found = status(team, capsys)
    assert (found["published"], found["staged"], found["entries"][0]["published"]) == (1, None, True)
    assert found["signatures-end"].startswith("2026-12-21")
    with open(os.path.join(team.list.path, "public", "metadata", "1.root.json"), "rb") as stream:
        assert (found["root"], found["root-sha256"]) == (1, hashlib.sha256(stream.read()).hexdigest())
    status(team, capsys, NOW + 40 * DAY, exits=1)
    later = team.ship_attested("1.1", source=SOURCE + "\n# more\n")
    team.review(later, "alice", "bob")
    assert team.approve(later) == 0
    assert status(team, capsys)["counters"]["unpublished"] == 1


def _typed(team: Team, verb: str, who: str = "alice") -> int:
    from support.curation import world
    from variantkit_allowlist.cli.main import main

    return main([verb, "--key", team.list.key(who), "--list", team.list.path], world())


def test_in_the_directory_of_a_list_its_report_stands_before_the_machines(
    team: Team, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from support.curation import world
    from variantkit_allowlist.cli.main import main

    monkeypatch.chdir(team.list.path)
    assert main(["status"], world()) == 1  # of the machine, where no list is in force
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "example.org/providers: 0 approved, 0 revoked, 0 pending"
    assert lines[-1] == "no approved list is here: no provider may run"


def test_status_takes_no_sigstore(team: Team) -> None:
    wait(team, team.ship())
    code = (
        "import sys; from variantkit_allowlist.cli import main; "
        f"code = main(['status', '--list', {team.list.path!r}]); sys.exit(code or 'sigstore' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=os.environ)
    assert (done.returncode, done.stderr) == (0, "")
