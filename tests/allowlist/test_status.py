"""`variantkit-allowlist status`: which lists are in force, and what is about to end."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from support.lists import DIGEST, NOW, load_levels, make_entry, make_list, write_list
from variantkit.machine import settings
from variantkit.trust import levels
from variantkit.trust.dates import parse_date
from variantkit_allowlist import cli, describe_lists

if TYPE_CHECKING:
    from pathlib import Path

FAR = {"issued": "2020-01-01", "renew_by": "2090-01-01", "expires": "2099-01-01"}


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine without lists of its own: none of system, user or SDK, and no memory."""
    monkeypatch.setattr(levels, "system_path", lambda: str(tmp_path / "etc" / "approved.json"))
    monkeypatch.setattr(levels, "user_path", lambda: str(tmp_path / "home" / "approved.json"))
    monkeypatch.setattr(levels, "memory_path", lambda: None)
    monkeypatch.setattr(settings, "bundle_directory", lambda: None)
    monkeypatch.delenv("VARIANTKIT_APPROVED", raising=False)
    return tmp_path


def _status(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, object]]:
    code = cli.main(["status", "--json", *arguments])
    printed = json.loads(capsys.readouterr().out)
    assert printed["schema"] == "variantkit.lists/1"
    return code, printed


def test_a_list_is_shown_with_all_that_identifies_it(only: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = make_list(make_entry(), revoked=[{"package": "x"}], origin="development", **FAR)
    path = write_list(only, document)
    code, printed = _status(capsys, "--approved", path)
    assert (code, printed["in-force"]) == (0, 1)
    lists: list[dict[str, object]] = printed["lists"]  # type: ignore[assignment]
    (shown,) = lists
    assert shown == {
        "level": "flag",
        "path": path,
        "role": "decides",
        "code": "ok",
        "detail": "",
        "id": "example.org/providers",
        "serial": 5,
        "issued": "2020-01-01",
        "renew-by": "2090-01-01",
        "expires": "2099-01-01",
        "origin": "development",
        "exclusive": False,
        "entries": 1,
        "revocations": 1,
        "sha256": shown["sha256"],
        "expiring": [],
    }
    assert len(str(shown["sha256"])) == 64


def test_the_text_says_the_same(only: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_list(only, make_list(make_entry(), exclusive=True, **FAR))
    assert cli.main(["status", "--approved", path]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "flag: in force"
    assert lines[1] == f"  {path} (id example.org/providers, serial 5, exclusive)"
    assert lines[2] == "  issued 2020-01-01, renew by 2090-01-01, expires 2099-01-01"
    assert lines[3] == "  1 providers, 0 revocations"


def test_without_any_list_nothing_may_run(only: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["status"]) == 1
    assert capsys.readouterr().out == "no approved list is here: no provider may run\n"


@pytest.mark.parametrize(
    ("changes", "exit_code", "code"),
    [
        ({}, 0, "ok"),
        ({"renew_by": "2021-01-01"}, 0, "ok"),
        ({"renew_by": None, "expires": "2021-01-01"}, 1, "list-expired"),
        ({"issued": "2098-01-01"}, 3, "clock-before-list"),
        ({"renew_by": None, "issued": None, "expires": "soon"}, 3, "list-invalid"),
    ],
)
def test_the_exit_code_follows_the_list_that_decides(
    changes: dict[str, object], exit_code: int, code: str, only: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if changes.get("issued") == "2098-01-01":
        changes = {**changes, "renew_by": None}
    path = write_list(only, make_list(**{**FAR, **changes}))
    found, printed = _status(capsys, "--approved", path)
    assert found == exit_code
    assert printed["lists"][0]["code"] == code  # type: ignore[index]


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="this system has no file owners")
def test_a_list_that_others_can_write_cannot_be_believed(only: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_list(only, make_list(**FAR))
    os.chmod(path, 0o666)
    assert cli.main(["status", "--approved", path]) == 3
    assert f"chmod go-w {path}" in capsys.readouterr().out


def test_a_file_that_is_not_there_is_wrong_usage(only: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["status", "--approved", str(only / "none")]) == 2
    assert "found no file there" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["approve"], ["status", "--bogus"], ["status", "--approved"]])
def test_wrong_usage_is_told(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments)
    assert caught.value.code == 2
    assert "usage: variantkit-allowlist" in capsys.readouterr().err


def test_a_path_from_the_environment_cannot_steer_the_terminal(
    only: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VARIANTKIT_APPROVED", str(only / "\x1b[2J"))
    assert cli.main(["status"]) == 3
    printed = capsys.readouterr().out
    assert "\x1b" not in printed
    assert "\\x1b[2J" in printed


def test_the_variable_and_the_embedded_list_are_shown(
    only: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (only / "bundle").mkdir()
    write_list(only / "bundle", make_list(make_entry(), id="sdk", **FAR))
    monkeypatch.setattr(settings, "bundle_directory", lambda: str(only / "bundle"))
    monkeypatch.setenv("VARIANTKIT_APPROVED", write_list(only, make_list(id="mine", **FAR)))
    code, printed = _status(capsys)
    lists: list[dict[str, object]] = printed["lists"]  # type: ignore[assignment]
    assert [(item["level"], item["role"]) for item in lists] == [("variable", "decides"), ("embedded", "revokes")]
    assert (code, printed["in-force"]) == (0, 0)


def test_a_bundle_without_its_list_cannot_be_judged(
    only: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(settings, "bundle_directory", lambda: str(only))
    assert cli.main(["status"]) == 3
    assert "cannot read the SDK's own approved list" in capsys.readouterr().err


def test_a_list_that_narrows_is_named_so(tmp_path: Path) -> None:
    system = write_list(tmp_path, make_list(make_entry(), id="site"), "system.json")
    mine = write_list(tmp_path, make_list(make_entry(), id="mine"), "mine.json")
    status = describe_lists(load_levels(system=system, user=mine), NOW)
    assert [item.role for item in status.lists] == ["decides", "narrows"]
    assert (status.in_force, status.exit_code) == (1, 0)


def test_what_is_about_to_end_is_told() -> None:
    entries = [
        make_entry(version="0.1", expires="2026-11-10"),
        make_entry(version="0.2", expires="2027-01-10", sha256=[DIGEST]),
        make_entry(version="0.3", expires="2028-01-10"),
    ]
    document = make_list(*entries, renew_by="2026-11-15", expires="2027-02-01")
    (item,) = describe_lists(load_levels(embedded=document), NOW).lists
    assert item.expiring == (
        "the list was to be renewed by 2026-11-15",
        "the list ends 2027-02-01",
        "acme-variant-provider 0.1 ended 2026-11-10",
        "acme-variant-provider 0.2 ends 2027-01-10",
    )


def test_a_rolled_back_list_is_not_in_force() -> None:
    approvals = load_levels(embedded=make_list(make_entry()))
    lists = tuple(item._replace(level="user", floor=9) for item in approvals.lists)
    status = describe_lists(approvals._replace(lists=lists), NOW)
    assert (status.lists[0].code, status.in_force, status.exit_code) == ("list-rolled-back", 0, 1)
    assert parse_date(status.lists[0].issued) < NOW
