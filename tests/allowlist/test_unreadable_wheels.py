"""Wheels that cannot be listed are told, and are not taken for none."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from support.curation import world
from support.published_lists import NOW, make_published_list
from variantkit.trust import levels
from variantkit_allowlist import cli

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("verb", ["suggest", "status", "site", "mirror"])
def test_wheels_that_cannot_be_listed_are_not_taken_for_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], verb: str
) -> None:
    monkeypatch.setattr(levels, "memory_path", lambda: None)
    curation = make_published_list(tmp_path)
    wheels = os.path.join(curation.path, "wheels")
    shutil.rmtree(wheels)
    with open(wheels, "wb"):
        pass
    out = [str(tmp_path / "out")] if verb in ("site", "mirror") else []
    code = cli.main([verb, *out, "--list", curation.path], world(NOW))
    told = capsys.readouterr().err
    assert code in (2, 3)
    assert "wheels" in told
    assert len(told.splitlines()) == 1
    assert not os.path.exists(tmp_path / "out")
