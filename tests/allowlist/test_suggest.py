"""`variantkit-allowlist suggest`: which reviews cost least, and who could write them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from support.curation import world
from support.vendors import MODULE, PACKAGE, SOURCE, Shipped, Team, printed
from variantkit_allowlist.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

FOUR = "LEVELS = ['v1', 'v2', 'v3', 'v4']\n"


@pytest.fixture
def team(tmp_path: Path) -> Team:
    return Team(tmp_path)


def keep(team: Team, wheel: Shipped) -> None:
    """Put a wheel, and what lies beside it, where the list keeps its wheels."""
    folder = team.list.open().wheels_path
    os.makedirs(folder, exist_ok=True)
    for name in os.listdir(os.path.dirname(wheel.path)):
        if name.startswith(wheel.filename):
            shutil.copy(os.path.join(os.path.dirname(wheel.path), name), folder)


def suggestions(team: Team, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    capsys.readouterr()
    assert team.run("suggest", "--json") == 0
    document = printed(capsys)
    assert document["schema"] == "variantkit.suggest/1"
    found: list[dict[str, Any]] = document["suggestions"]
    return found


def test_a_change_of_data_costs_one_person_the_changed_lines(team: Team, capsys: pytest.CaptureFixture[str]) -> None:
    team.approved()
    keep(team, team.ship_attested("1.1", tables=FOUR))
    (best,) = suggestions(team, capsys)
    assert (best["kind"], best["delta-from"], best["persons"], best["lines"]) == ("data", "1.0", 1, 2)
    assert best["names"] == ["alice", "bob", "carol"]
    assert [other["kind"] for other in best["others"]] == ["delta", "full"]
    assert best["command"].endswith(f"--criteria reviewed-data --delta-from 1.0 --list {team.list.path}")


def test_a_release_for_an_older_line_is_a_change_of_that_line(team: Team, capsys: pytest.CaptureFixture[str]) -> None:
    """And one that is older than all is read whole: nothing before it was read."""
    team.approved()
    second = team.ship_attested("2.0", source=SOURCE + "\nx = 1\n")
    team.review(second, "alice", "bob")
    assert team.approve(second) == 0
    keep(team, team.ship_attested("1.1", tables=FOUR))
    keep(team, team.ship_attested("0.9"))
    found = {best["version"]: best["delta-from"] for best in suggestions(team, capsys)}
    assert found == {"1.1": "1.0", "0.9": None}


def test_a_wheel_whose_name_has_no_version_is_a_change_of_nothing(
    team: Team, capsys: pytest.CaptureFixture[str]
) -> None:
    team.approved()
    wheel = team.ship("2.0")
    odd = os.path.join(os.path.dirname(wheel.path), f"{MODULE}-latest-py3-none-any.whl")
    os.rename(wheel.path, odd)
    capsys.readouterr()
    assert team.run("approve", odd, "--json") == 1
    document = printed(capsys)
    assert (document["code"], document["change"]) == ("wheel-not-canonical", None)


def test_a_change_of_code_is_read_as_a_change_before_the_whole(team: Team, capsys: pytest.CaptureFixture[str]) -> None:
    team.approved()
    keep(team, team.ship_attested("1.1", source=SOURCE + "\nx = 1\n"))
    (best,) = suggestions(team, capsys)
    assert (best["kind"], best["persons"]) == ("delta", 2)
    assert best["lines"] < best["others"][0]["lines"]


def test_the_cheapest_wheel_stands_first_and_the_first_release_is_read_whole(
    team: Team, capsys: pytest.CaptureFixture[str]
) -> None:
    team.approved()
    keep(team, team.ship_attested("3.0", source=SOURCE + "x = 1\n" * 50))
    keep(team, team.ship_attested("2.0", tables=FOUR))
    assert [item["version"] for item in suggestions(team, capsys)] == ["2.0", "3.0"]


def test_without_a_version_before_the_whole_is_read(team: Team, capsys: pytest.CaptureFixture[str]) -> None:
    wheel = team.ship_attested()
    keep(team, wheel)
    (best,) = suggestions(team, capsys)
    assert (best["kind"], best["persons"], best["delta-from"]) == ("full", 2, None)
    team.review(wheel, "alice")
    (best,) = suggestions(team, capsys)
    assert (best["persons"], best["names"]) == (1, ["bob", "carol"])
    team.review(wheel, "bob")
    assert suggestions(team, capsys) == []
    team.run("suggest")
    kept = os.path.join(team.list.path, "wheels", wheel.filename)
    command = f"variantkit-allowlist approve {kept} --list {team.list.path}"
    assert capsys.readouterr().out == f"{PACKAGE} {wheel.version}: no review is missing; run: {command}\n"


def test_where_nothing_waits_it_is_said_what_would(team: Team, capsys: pytest.CaptureFixture[str]) -> None:
    team.run("suggest")
    assert capsys.readouterr().out.startswith("nothing waits: requests/ and wheels/ hold no wheel")


def test_who_left_and_has_no_key_is_not_asked(team: Team, capsys: pytest.CaptureFixture[str]) -> None:
    keep(team, team.ship_attested())
    path = team.list.open().ledger_path
    with open(path, encoding="utf-8") as stream:
        text = stream.read()
    before, _, rest = text.partition("[reviewers.carol]")
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(
            f"{before}[reviewers.carol]"
            + re.sub(r'keys = \[".*"\]', "keys = []", rest, count=1).replace('"bob", "carol"]', '"bob"]')
        )
    (best,) = suggestions(team, capsys)
    assert best["names"] == ["alice", "bob"]


def test_nobody_is_asked_to_judge_their_own_work(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    team = Team(tmp_path)
    keep(team, team.ship_attested(author="Bob <bob@example.org>"))
    (best,) = suggestions(team, capsys)
    assert best["names"] == ["alice", "carol"]


def test_too_few_reviewers_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    team = Team(tmp_path, policy="reviewers = 5\n")
    keep(team, team.ship_attested())
    team.run("suggest")
    assert "by alice, bob, carol; 2 persons too few" in capsys.readouterr().out


def test_what_is_approved_or_revoked_waits_for_nobody(team: Team, capsys: pytest.CaptureFixture[str]) -> None:
    team.approved()
    keep(team, team.ship_attested("1.1", tables=FOUR))
    team.run("revoke", f"{PACKAGE}==1.1", "--as", "alice", "--reason", "no")
    assert suggestions(team, capsys) == []


def test_a_request_without_its_wheel_and_a_broken_wheel_are_told(
    team: Team, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = team.list.open()
    os.makedirs(directory.wheels_path)
    with open(directory.wheel_path("broken-1.0-py3-none-any.whl"), "wb") as stream:
        stream.write(b"no zip")
    os.makedirs(directory.requests_path)
    with open(os.path.join(directory.requests_path, "acme.json"), "wb") as stream:
        stream.write(b"{}")
    assert team.run("suggest", "--json") == 0
    first, second = printed(capsys)["unreadable"]
    assert "acme.json" in first
    assert "broken-1.0-py3-none-any.whl" in second


@pytest.mark.parametrize("changes", [{"tables": FOUR}, {"source": SOURCE + "\nx = 1\n"}], ids=["data", "code"])
def test_who_types_what_is_suggested_lets_the_wheel_in(
    team: Team,
    changes: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """From wherever `suggest` was typed: the paths are seen from there."""
    team.approved()
    wheel = team.ship_attested("1.1", **changes)
    keep(team, wheel)
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        for best in suggestions(team, capsys):
            name = best["names"][0]
            words = best["command"].replace("NAME", name).replace("REF", team.list.key(name)).split()
            assert main(words[1:], world()) == 0, capsys.readouterr()
    assert suggestions(team, capsys) == []
    assert team.approve(wheel) == 0


def test_a_request_with_its_wheel_waits_like_any_other(team: Team, capsys: pytest.CaptureFixture[str]) -> None:
    wheel = team.ship()
    folder = team.list.open().requests_path
    os.makedirs(folder)
    words = ["submit", wheel.path, "--namespace", "acme", "--plugin-api", MODULE, "--attestation", team.attest(wheel)]
    assert main([*words, "-o", os.path.join(folder, "acme-1.0.json")]) == 0
    shutil.copy(wheel.path, folder)
    (best,) = suggestions(team, capsys)
    kept = os.path.join(folder, wheel.filename)
    assert best["command"].startswith(f"variantkit-allowlist review {kept} --as NAME")
    team.review(wheel, "alice", "bob")
    assert team.run("approve", os.path.join(folder, "acme-1.0.json")) == 0
    assert suggestions(team, capsys) == []


def test_to_suggest_runs_nothing_and_takes_no_sigstore(team: Team) -> None:
    keep(team, team.ship_attested())
    code = (
        "import sys; from variantkit_allowlist.cli import main; "
        "sys.addaudithook(lambda name, args: sys.exit(9) if name.startswith(('subprocess', 'os.fork')) else None); "
        f"code = main(['suggest', '--list', {team.list.path!r}]); sys.exit(code or 'sigstore' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "2 to read all of its source" in done.stdout
