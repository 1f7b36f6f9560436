"""The first-party providers' own tables are literals, so that a new device may take the lane of data-only changes."""

from __future__ import annotations

import ast
import glob
import os

import pytest

from support.imports import ROOT, read
from variantkit_allowlist.inspection.tables import literal_problems

TABLES = sorted(glob.glob(os.path.join(ROOT, "providers", "*", "src", "*", "_tables.py")))


def test_every_provider_has_a_table() -> None:
    assert len(TABLES) == len(os.listdir(os.path.join(ROOT, "providers")))


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.split(os.sep)[-2])
def test_a_first_party_table_holds_literals_alone(path: str) -> None:
    assert literal_problems(ast.parse(read(path))) == []
