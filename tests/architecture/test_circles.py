"""No module loads one that loads it: file by file, what a function loads late included."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from support.imports import ROOT, arrows_below, arrows_between, find_circle

SOURCES = ["sdk/src", "sdk/build/src", "allowlist/src"]
SOURCES += sorted(str(path.relative_to(ROOT)) for path in Path(ROOT).glob("providers/*/src"))
# A room in two halves: the one that every answer loads -> the one that it loads where it is needed, with more to read
# than the rest of the provider. What the halves take of each other is no circle between rooms.
HALVES = {"_rules": "_reasons", "_probe": "_elsewhere"}


@pytest.mark.parametrize("source_root", SOURCES)
def test_no_modules_load_each_other(source_root: str) -> None:
    arrows = arrows_below(os.path.join(ROOT, source_root))
    assert arrows
    halved = {
        module: {used for used in targets if HALVES.get(module.rpartition(".")[2]) != used.rpartition(".")[2]}
        for module, targets in arrows.items()
    }
    assert find_circle(halved) == []


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("from acme.b import x", "from acme.a import y"),
        ("from . import b", "def f():\n    from .a import y"),
        ("import acme.b", "from .a import y"),
    ],
    ids=["absolute", "late", "module"],
)
def test_a_planted_circle_is_found(first: str, second: str) -> None:
    arrows = arrows_between({"acme.a": first, "acme.b": second})
    assert find_circle(arrows) == ["acme.a", "acme.b", "acme.a"]


def test_what_types_alone_need_and_the_doors_of_a_face_are_no_circle() -> None:
    sources = {
        "acme": "def f():\n    from acme.a import x",
        "acme.a": "from acme import f\nif TYPE_CHECKING:\n    from acme.b import y",
        "acme.b": "from .a import x",
    }
    assert find_circle(arrows_between(sources, frozenset({"acme"}))) == []
