"""A system list that only warns, as the commands show it: what runs on, one warning, and a note in doctor."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from support.approvals import approve, write_list
from support.hostile_wheels import sentinel_provider
from variantkit.cli.main import main
from variantkit.machine import settings
from variantkit.trust import levels
from variantkit.trust.dates import DAY, format_date

if TYPE_CHECKING:
    from pathlib import Path

PACKAGE = "example-variant-provider"
TODAY = int(time.time()) // DAY * DAY
UNTIL = format_date(TODAY + 30 * DAY)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine whose system list warns and approves nothing, and a user's list that approves one provider."""
    monkeypatch.setattr(levels, "system_path", lambda: str(tmp_path / "system.json"))
    monkeypatch.setattr(levels, "user_path", lambda: None)
    monkeypatch.setattr(levels, "memory_path", lambda: None)
    monkeypatch.setattr(settings, "bundle_directory", lambda: None)
    monkeypatch.delenv("VARIANTKIT_APPROVED", raising=False)
    (tmp_path / "wheels").mkdir()
    wheel = sentinel_provider(tmp_path / "wheels", PACKAGE, "1.0", tmp_path / "ran")
    write_list(tmp_path / "mine.json", [approve(wheel)])
    write_list(tmp_path / "system.json", [], issued=format_date(TODAY), mode="warn", warn_until=UNTIL)
    document: dict[str, Any] = {
        "$schema": "https://variants-schema.wheelnext.dev/peps/850/v0.2.0.json",
        "default-priorities": {"namespace": ["example"]},
        "providers": {"example": {"requires": [PACKAGE]}},
        "variants": {"hot": {"example": {"level": ["v1"]}}, "null": {}},
    }
    (tmp_path / "sel-1.0-variants.json").write_text(json.dumps(document))
    return tmp_path


def _run(site: Path, verb: str, capsys: pytest.CaptureFixture[str], *more: str) -> tuple[str, str]:
    source = [str(site / "sel-1.0-variants.json")] if verb in ("select", "explain") else []
    main([verb, *source, "--approved", str(site / "mine.json"), "--provider-wheels", str(site / "wheels"), *more])
    printed = capsys.readouterr()
    return printed.out, printed.err


@pytest.mark.parametrize("verb", ["detect", "select", "explain"])
def test_attack_14_it_runs_on_with_one_warning_that_names_it(
    verb: str, site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, err = _run(site, verb, capsys, "--json")
    assert json.loads(out)["namespaces"]["example"]["foreseen"] == {"code": "not-listed", "since": UNTIL}
    (warning,) = [line for line in err.splitlines() if "warning" in line]
    assert f"from {UNTIL} on" in warning
    assert f"example ({PACKAGE} 1.0: not-listed)" in warning
    assert (site / "ran").exists()


def test_attack_14_once_it_enforces_the_provider_does_not_run(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_list(
        site / "system.json", [], issued=format_date(TODAY - 2 * DAY), mode="warn", warn_until=format_date(TODAY)
    )
    out, err = _run(site, "select", capsys, "--json")
    assert json.loads(out)["namespaces"]["example"]["code"] == "not-listed"
    assert "foreseen" not in out
    assert "warning" not in err
    assert not (site / "ran").exists()


def test_nothing_is_said_of_what_the_system_list_approves(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    entry = approve(str(next((site / "wheels").iterdir())))
    write_list(site / "system.json", [entry], issued=format_date(TODAY), mode="warn", warn_until=UNTIL)
    out, err = _run(site, "select", capsys, "--json")
    assert json.loads(out)["selected"] == "hot"
    assert "foreseen" not in out
    assert "warning" not in err


def test_doctor_tells_which_list_warns_and_which_only_says_so(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wheel = str(next((site / "wheels").iterdir()))
    write_list(site / "mine.json", [approve(wheel)], issued=format_date(TODAY), mode="warn", warn_until=UNTIL)
    checks = json.loads(_run(site, "doctor", capsys, "--json")[0])["checks"]
    said = {check["name"]: (check["state"], check["detail"]) for check in checks}
    assert said["approved list (system)"][0] == "notice"
    assert f"warns until {UNTIL}" in said["approved list (system)"][1]
    assert "this one enforces" in said["approved list (flag)"][1]
