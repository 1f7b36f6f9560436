"""docs/providers-toml.md names every key that the file may have, and no other."""

from __future__ import annotations

import os
import re

import pytest
from pydantic import BaseModel

from support.imports import ROOT
from variantkit_allowlist import model

PAGE = os.path.join(ROOT, "docs", "providers-toml.md")
TABLES = [
    kind
    for kind in vars(model).values()
    if isinstance(kind, type) and issubclass(kind, BaseModel) and kind not in (BaseModel, model.Table)
]
KEYS = {field.alias or name for table in TABLES for name, field in table.model_fields.items()}
WRITTEN_BY_THE_TOOL = {"subject", "commit"}
"""Keys of a verified identity, which nobody types."""


def _page() -> str:
    with open(PAGE, encoding="utf-8") as stream:
        return stream.read()


@pytest.mark.parametrize("key", sorted(KEYS - WRITTEN_BY_THE_TOOL))
def test_every_key_is_on_the_page(key: str) -> None:
    page = _page()
    assert f"`{key}`" in page or f"[{key}" in page or f"`{key} =" in page


def test_the_page_names_no_key_that_does_not_exist() -> None:
    rows = [line.split("|")[2] for line in _page().splitlines() if line.startswith("| ")]
    assert {name for row in rows[1:] for name in re.findall("`([a-z-0-9]+)`", row)} - KEYS == set()
