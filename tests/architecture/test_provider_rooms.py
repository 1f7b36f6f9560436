"""The rooms of a provider: which may touch the machine, and which are pure and may load pure ones alone."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from support.imports import ROOT, arrows_between, imported_names, read

TEMPLATE = Path(ROOT, "sdk/src/variantkit/provider/template/package")
PACKAGES = [*sorted(path.parent for path in Path(ROOT).glob("providers/*/src/*/__init__.py")), TEMPLATE]

# The contract and its command; the machine; what is read of it; what runs in a child of its own.
TOUCHING = {"__init__", "__main__", "plugin", "alias", "_machine", "_child", "_probe", "_inquiry", "_native", "_calls"}
# Further halves of `_probe` and `_native`, by provider.
ALSO_TOUCHING = {
    "aarch64_variant_provider": {"_interpreter"},
    "x86_64_variant_provider": {"_elsewhere", "_macos", "_windows", "_native_public"},
}
PURE_LIBRARY = {"__future__", "collections.abc", "re", "typing"}
OUTWARD = {"open", "print", "input", "exec", "eval", "compile", "__import__"}
# (pure room, room that touches the machine) -> the pure functions that it takes from there
TAKEN_FROM_TOUCHING = {
    ("_parse", "_machine"): {"seconds_allowed"},
    ("_overrides", "_machine"): {"seconds_allowed"},
    ("_parse", "_macos"): {"parse_sysctl"},
}


def touching_rooms(package: str) -> set[str]:
    return TOUCHING | ALSO_TOUCHING.get(package, set())


def impurities(source: str) -> set[str]:
    """What a room that is to be pure could reach the machine with."""
    modules = imported_names(source, at_run_time_only=True) - PURE_LIBRARY
    return modules | {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)} & OUTWARD


def machine_arrows(room: str, source: str, touching: set[str]) -> set[str]:
    """What the pure `room` takes of rooms that touch the machine."""
    known = {f"p.{name}": "" for name in touching} | {f"p.{room}": source}
    used = {module.removeprefix("p.") for module in arrows_between(known)[f"p.{room}"]}
    taken = {
        alias.name for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    return {name for name in used if not TAKEN_FROM_TOUCHING.get((room, name), set()) & taken}


PURE = [(package, path) for package in PACKAGES for path in sorted(package.glob("*.py"))]
PURE = [(package, path) for package, path in PURE if path.stem not in touching_rooms(package.name)]


@pytest.mark.parametrize(("package", "path"), PURE, ids=lambda path: path.stem)
def test_a_room_that_parses_or_decides_touches_nothing(package: Path, path: Path) -> None:
    source = read(str(path))
    assert impurities(source) == set()
    assert machine_arrows(path.stem, source, touching_rooms(package.name)) == set()


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.name)
def test_the_answer_is_made_of_facts_and_the_facts_of_the_machines_words(package: Path) -> None:
    rooms = {f"p.{path.stem}": read(str(path)) for path in package.glob("*.py")}
    arrows = arrows_between(rooms)
    assert arrows["p._tables"] == set()
    for below in ("p._parse", "p._probe", "p._native"):
        assert not arrows.get(below, set()) & {"p._rules", "p._reasons"}, below


def test_the_rooms_that_touch_the_machine_are_there() -> None:
    """A name that no provider uses any more would leave a door open."""
    there = {path.stem for package in PACKAGES for path in package.glob("*.py")}
    assert there >= TOUCHING
    for package in PACKAGES:
        assert ALSO_TOUCHING.get(package.name, set()) <= {path.stem for path in package.glob("*.py")}


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import os", {"os"}),
        ("def parse_facts():\n    from ctypes import CDLL", {"ctypes"}),
        ("text = open('/proc/cpuinfo').read()", {"open"}),
        ("if TYPE_CHECKING:\n    import os", set()),
        ("import re", set()),
    ],
    ids=["import", "late", "open", "types", "pure"],
)
def test_a_planted_impurity_is_found(source: str, found: set[str]) -> None:
    assert impurities(source) == found


def test_a_planted_arrow_to_the_machine_is_found() -> None:
    planted = "from ._machine import Machine"
    assert machine_arrows("_rules", planted, TOUCHING) == {"_machine"}
    assert machine_arrows("_parse", "from ._machine import seconds_allowed", TOUCHING) == set()
    assert machine_arrows("_parse", "from . import _probe", TOUCHING) == {"_probe"}
