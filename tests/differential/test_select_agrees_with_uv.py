"""`select` and `uv pip install --preview-features wheel-variants` choose the same wheel, over generated releases.

x86_64 is asked for `level` alone, since uv knows no more; every other namespace is static.
"""

from __future__ import annotations

import platform
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from support.releases import make_release
from support.uv import UV
from variantkit.cli.release import choose_release
from variantkit.machine.settings import this_machine
from variantkit.machine.target import query_target

if TYPE_CHECKING:
    from pathlib import Path

    from variantkit.machine.decision import ThisMachine

COUNT = 240
SELECTING = re.compile(r"Selecting: \S+ \[\S+\] \((\S+)\)")


def tags_to_mix() -> list[str]:
    """Supported tags from best to worst, some of each kind, so that tags and variants pull in different directions."""
    tags = query_target(None).tags
    return [tags[0], tags[len(tags) // 2], f"py3{sys.version_info[1]}-none-any", "py3-none-any"]


def wheel_that_uv_selects(directory: Path, project: str, cache: Path) -> str | None:
    """The file name of uv's choice, or None when it finds nothing that can be installed."""
    command = [UV, "pip", "install", "-v", "--dry-run", "--no-deps", "--no-index", "--no-config", "--no-build"]
    command += ["--find-links", str(directory), "--preview-features", "wheel-variants", "--cache-dir", str(cache)]
    command += ["--python", sys.executable, "--target", str(directory / "target"), project]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = SELECTING.findall(done.stderr)
    assert (done.returncode == 0) == bool(found), done.stderr
    return found[-1] if found else None


@pytest.fixture(scope="module")
def machine() -> ThisMachine:
    return this_machine(environ={})


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="uv and we answer x86_64 :: level here alone")
def test_the_same_wheel_over_generated_releases(tmp_path: Path, machine: ThisMachine) -> None:
    tags = tags_to_mix()
    chosen: dict[str, int] = {"variant": 0, "null": 0, "plain": 0, "nothing": 0}
    for seed in range(COUNT):
        directory = tmp_path / str(seed)
        release = make_release(str(directory), seed, tags)
        ours = choose_release(str(directory), release.project, None, (), lambda _target, _sources: machine)
        theirs = wheel_that_uv_selects(directory, release.project, tmp_path / "cache")
        assert ours.filename == theirs, f"seed {seed}: we choose {ours.filename}, uv chooses {theirs}"
        kind = "nothing" if theirs is None else "null" if ours.label == "null" else "variant" if ours.label else "plain"
        chosen[kind] += 1
    # The generator is worth something only while every kind of outcome occurs.
    assert all(count >= 5 for count in chosen.values()), chosen
