"""doctor: what it looks at, and the environment that `install` would take."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from variantkit.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path


def target_check(capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    """What doctor says of the environment to install into."""
    main(["doctor", "--no-exec", "--json"])
    checks = json.loads(capsys.readouterr().out)["checks"]
    (found,) = [check for check in checks if check["name"] == "environment to install into"]
    return {key: str(value) for key, value in found.items()}


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory without an environment, and none that is active."""
    for name in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_without_an_environment_it_says_how_to_name_one(capsys: pytest.CaptureFixture[str]) -> None:
    found = target_check(capsys)
    assert found["state"] == "notice"
    assert "variantkit install --python" in found["fix"]


def test_an_active_environment_is_named(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIRTUAL_ENV", "/active")
    assert (target_check(capsys)["state"], target_check(capsys)["detail"]) == ("ok", "/active")


def test_an_environment_in_the_directory_counts_as_it_does_for_install(
    capsys: pytest.CaptureFixture[str], nowhere: Path
) -> None:
    (nowhere / ".venv").mkdir()
    (nowhere / ".venv" / "pyvenv.cfg").touch()
    assert (target_check(capsys)["state"], target_check(capsys)["detail"]) == ("ok", ".venv")
