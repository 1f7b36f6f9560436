"""Who may import whom in the approved list's keeper: its rooms as a table, read from the import statements."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from support.imports import ROOT, imported_names, modules_below, read

PACKAGE = os.path.join(ROOT, "allowlist", "src", "variantkit_allowlist")

# room -> the rooms it may import, from the ground up: what is written down, who signs, where it lies, what a wheel is
# and where it comes from, how a list is published and fetched, whose lists are heard, what may be approved, what others
# read of it
ROOMS = {
    "model": set[str](),
    "levels": set[str](),
    "verdict": {"model"},
    "keys": set[str](),
    "store": {"model", "keys"},
    "statements": {"model", "keys", "store"},
    "inspection": {"model"},
    "provenance": {"model", "verdict", "keys", "store"},
    "index": {"provenance"},
    "repository": {"model", "keys", "store"},
    "imports": {"model", "store", "repository"},
    "curation": {"model", "verdict", "store", "statements", "inspection", "provenance", "imports"},
    "mirror": {"model", "store", "provenance", "repository"},
    "site": {"model", "store", "statements", "inspection", "repository", "imports"},
}
NETWORK_ROOMS = {"index", "repository"}
"""`index` asks indexes (through the SDK), `repository` fetches published lists (through python-tuf)."""

LIGHT_VERBS = ("status", "tidy", "suggest", "revoke", "init", "key", "inspect", "site")
"""Verbs that verify no attestation; they must not wait 0.3 s for a library that does."""


def room_of(path: str) -> str:
    return os.path.relpath(path, PACKAGE).replace(os.sep, "/").split("/")[0].removesuffix(".py")


def rooms_used(source: str) -> set[str]:
    names = [name.split(".") for name in imported_names(source) if name.startswith("variantkit_allowlist.")]
    return {name[1] for name in names}


MODULES = [path for path in modules_below(PACKAGE) if room_of(path) not in ("__init__", "cli")]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: os.path.relpath(path, PACKAGE))
def test_a_room_imports_only_the_rooms_below_it(path: str) -> None:
    assert rooms_used(read(path)) - ROOMS[room_of(path)] - {room_of(path)} == set()


def test_every_room_is_in_the_plan_and_no_arrow_points_back() -> None:
    assert {room_of(path) for path in modules_below(PACKAGE)} - {"__init__", "cli"} == set(ROOMS)
    order = list(ROOMS)
    assert all(order.index(below) < order.index(room) for room, rooms in ROOMS.items() for below in rooms)


def test_a_planted_upward_import_is_found() -> None:
    assert rooms_used("def f():\n    from variantkit_allowlist.curation import decision") == {"curation"}
    assert "curation" not in ROOMS["store"]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: os.path.relpath(path, PACKAGE))
def test_no_room_prints_or_asks_the_clock(path: str) -> None:
    used = {name.split(".")[0] for name in imported_names(read(path), at_run_time_only=True)}
    assert not used & {"argparse", "getpass", "rich"}
    assert not re.search(r"\bprint\(", read(path))
    assert "time.time()" not in read(path)
    assert ".now(" not in read(path)


def test_only_two_rooms_touch_the_network() -> None:
    network = {"socket", "ssl", "http", "urllib.request", "urllib3", "requests", "variantkit.index.upstream"}
    users = {
        room_of(path)
        for path in modules_below(PACKAGE)
        if any(name == one or name.startswith(f"{one}.") for name in imported_names(read(path)) for one in network)
    }
    assert users <= NETWORK_ROOMS | {"keys"}
    agent = [read(path) for path in modules_below(PACKAGE) if room_of(path) == "keys" and "socket" in read(path)]
    assert agent
    assert all("AF_UNIX" in text and "AF_INET" not in text for text in agent)  # an ssh-agent of this machine


@pytest.mark.parametrize("verb", LIGHT_VERBS)
def test_a_verb_that_verifies_no_attestation_does_not_load_sigstore(verb: str) -> None:
    code = (
        "import sys\n"
        "from variantkit_allowlist.cli import main\n"
        "try:\n    main([sys.argv[1], '--help'])\nexcept SystemExit:\n    pass\n"
        "assert 'sigstore' not in sys.modules, sorted(n for n in sys.modules if n.startswith('sigstore'))\n"
    )
    done = subprocess.run([sys.executable, "-c", code, verb], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
