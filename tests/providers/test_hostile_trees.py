"""A tree that somebody sent, given to `--root`: nothing outside of it is read, nothing is waited for, nothing acts."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.first_party import PROVIDERS

if TYPE_CHECKING:
    from collections.abc import Callable

PACKAGES = sorted(path.parent.name for path in Path(PROVIDERS).glob("*/src/*/_machine.py"))
SECRET = "0x1002 gfx942 SECRET 9.9.9\n"

pytestmark = pytest.mark.skipif(os.name == "nt", reason="links need a right that few have on Windows")

TRAPS: dict[str, Callable[[Path, str], None]] = {
    "links to a file elsewhere": lambda outside, place: os.symlink(outside / "secret", place),
    "links that climb": lambda outside, place: os.symlink("../" * 40 + str(outside / "secret")[1:], place),
    "links through a process's own root": lambda outside, place: os.symlink(
        f"/proc/self/root{outside / 'secret'}", place
    ),
    "links to a directory elsewhere": os.symlink,
    "links to themselves": lambda outside, place: os.symlink(os.path.basename(place), place),
    "links to the root": lambda outside, place: os.symlink("/", place),
    "pipes": lambda outside, place: os.mkfifo(place),
}


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    directory = tmp_path / "outside"
    for name in ("secret", "0/properties", "version.info", "card0/vendor", "0000:01:00.0/vendor"):
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(SECRET)
    return directory


@pytest.mark.parametrize("trap", TRAPS)
@pytest.mark.parametrize("package", PACKAGES)
def test_whatever_a_provider_reads_there_stays_in_the_tree(
    package: str, trap: str, tmp_path: Path, outside: Path
) -> None:
    root = tmp_path / "root"
    asked = []

    class Trapped(importlib.import_module(f"{package}._machine").Machine):  # type: ignore[misc]
        """Puts the trap wherever the provider is about to look."""

        def _below(self, path: str) -> str:
            asked.append(path)
            place = f"{root}{path}"
            if os.path.realpath(os.path.dirname(place)).startswith(os.path.realpath(root)):
                os.makedirs(os.path.dirname(place), exist_ok=True)
                if path.strip("/") and not os.path.lexists(place):
                    TRAPS[trap](outside, place)
            return str(super()._below(path))

    root.mkdir()
    machine = Trapped(str(root), seconds=2.0)
    importlib.import_module(f"{package}._probe").probe_machine(machine)
    assert asked
    assert [entry for entry in machine.sources if "SECRET" in entry[1] or "secret" in entry[1]] == []
    assert (outside / "secret").read_text() == SECRET  # nothing is written either


@pytest.mark.parametrize("package", PACKAGES)
def test_what_a_report_says_does_not_act_on_the_terminal(package: str, tmp_path: Path) -> None:
    said = "device 0 \x1b]0;owned\x07 cc 9 0\nlibrary \x1b[2J\u202e\r!error \x9b31m\nunusable \x1b[31m\n"
    probe = importlib.import_module(f"{package}._probe").probe_machine
    machine = importlib.import_module(f"{package}._machine").Machine(str(tmp_path), seconds=2.0)
    for _ in range(3):  # what is there decides what is looked for next
        looked: list[str] = []
        machine = _listening(type(machine), looked)(str(tmp_path), seconds=2.0)
        probe(machine)
        for path in looked:
            place = Path(f"{tmp_path}{path}")
            if not place.exists() and path.strip("/"):
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_text(said, newline="")
    for option in ([], ["--json"]):
        done = subprocess.run(
            [sys.executable, "-m", package, "--root", str(tmp_path), *option],
            capture_output=True,
            encoding="utf-8",
            check=True,
            env={**os.environ, "PYTHONUTF8": "1"},
        )
        assert done.stdout.replace("\n", "").isprintable()
        assert done.stderr == ""
    assert json.loads(done.stdout)["schema"] == "variant-provider.report/1"


def _listening(kind: type, looked: list[str]) -> type:
    class Listening(kind):  # type: ignore[misc]
        def _below(self, path: str) -> str:
            looked.append(path)
            return str(super()._below(path))

    return Listening
