"""The page of differences: every difference from variantlib that a test shows has its row, as it is shown."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(os.path.dirname(__file__), "..", "..").resolve()
PAGE = (ROOT / "docs" / "differences.md").read_text(encoding="utf-8")


def load_table() -> ModuleType:
    path = ROOT / "tests" / "sdk" / "variants" / "test_agrees_with_variantlib.py"
    spec = importlib.util.spec_from_file_location("agreement_with_variantlib", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


ROWS = [tuple(map(str, difference)) for difference in load_table().DIFFERENCES]


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_each_difference_has_its_row(row: tuple[str, ...]) -> None:
    assert f"| {' | '.join(row)} |" in PAGE.splitlines()


def test_the_page_has_no_row_that_is_not_shown() -> None:
    table = PAGE.partition("## variantlib")[2].partition("\n## ")[0]
    rows = [line for line in table.splitlines() if line.startswith("| ")]
    assert len(rows) == len(ROWS) + 1  # and the heading


def test_every_page_is_reachable_from_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [page.name for page in sorted((ROOT / "docs").glob("*.md")) if f"docs/{page.name}" not in readme] == []
