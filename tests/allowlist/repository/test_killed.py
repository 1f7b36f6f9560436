"""A process that is killed, at any step: the old list or the new one is there, whole; the next run ends the work."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from support.imports import ROOT

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL")


def _tried(what: str, folder: Path) -> list[dict[str, object]]:
    script = os.path.join(os.path.dirname(__file__), "killed.py")
    environment = {**os.environ, "PYTHONPATH": os.path.join(ROOT, "tests")}
    done = subprocess.run(
        [sys.executable, script, what, str(folder)], check=False, capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_an_update_that_is_killed_leaves_a_whole_list(tmp_path: Path) -> None:
    steps = _tried("update", tmp_path)
    assert len(steps) > 20
    for step in steps:
        assert step["serial"] in (1, 2), step
        assert step["verified"] in ("ok", "altered"), step
        assert (step["again"], step["then"]) == ("ok", {"serial": 2, "verified": "ok"}), step
    assert {step["serial"] for step in steps} == {1, 2}


def test_a_publication_that_is_killed_serves_a_whole_edition(tmp_path: Path) -> None:
    steps = _tried("sign", tmp_path)
    assert len(steps) > 20
    for step in steps:
        assert step["serial"] in (1, 2), step
        told = str(step["again"])
        assert told == "ok" or "nothing is staged" in told or "is published already" in told, step
        assert step["then"] == {"serial": 2, "verified": "ok"}, step
    assert {step["serial"] for step in steps} == {1, 2}
