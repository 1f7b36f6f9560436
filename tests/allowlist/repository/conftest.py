"""A machine of tests: a list that is installed in a folder of its own, and a memory of serials that is nobody's."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, NamedTuple

import pytest

from support.curation import world
from variantkit.trust import levels
from variantkit_allowlist import cli
from variantkit_allowlist.repository.installed import Verification, state_directory, verify_installed

if TYPE_CHECKING:
    from pathlib import Path

NOW = int(time.time())
"""python-tuf asks the real clock, so editions of tests are of now, or a stated number of days before."""


class Outcome(NamedTuple):
    """What `update` said: exit code, the code of its JSON, the JSON, and stderr."""

    exit: int
    code: str
    printed: dict[str, object]
    told: str


class Machine(NamedTuple):
    """A machine; `now` is its clock."""

    path: str
    capsys: pytest.CaptureFixture[str]
    now: int = NOW

    @property
    def state(self) -> str:
        return state_directory(self.path)

    def update(self, *arguments: str) -> Outcome:
        self.capsys.readouterr()
        code = cli.main(["update", "--json", "--to", self.path, *arguments], world(self.now))
        printed = self.capsys.readouterr()
        document = json.loads(printed.out) if printed.out else {"code": "", "installed": False}
        assert (code == 0) == document["installed"]
        assert "Traceback" not in printed.err
        return Outcome(code, str(document["code"]), document, printed.err)

    def installed(self) -> bytes | None:
        if not os.path.exists(self.path):
            return None
        with open(self.path, "rb") as stream:
            return stream.read()

    def verify(self) -> Verification:
        return verify_installed(self.path, self.state, self.now)

    def forget_serials(self) -> Machine:
        """The same machine whose memory of serials is lost."""
        levels.memory_path = lambda: None
        return self


@pytest.fixture(autouse=True)
def _no_waiting_for_disks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody pulls the plug here."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Machine:
    monkeypatch.setattr(levels, "memory_path", lambda: str(tmp_path / "serials"))
    return Machine(str(tmp_path / "machine" / "approved.json"), capsys)
