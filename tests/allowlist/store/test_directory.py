"""The directory of a list: the builder's is a whole one, and one without its file is told so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.curation import PERSONS, make_list_directory, public_key
from variantkit.errors import InputError
from variantkit_allowlist.store import open_list

if TYPE_CHECKING:
    from pathlib import Path


def test_a_list_is_read_with_its_persons_and_their_keys(tmp_path: Path) -> None:
    opened = open_list(make_list_directory(tmp_path).path)
    assert {name: person.affiliation for name, person in opened.ledger.reviewers.items()} == PERSONS
    assert opened.ledger.reviewers["alice"].keys == (public_key("alice").line,)
    assert opened.ledger.packages["acme-variant-provider"].identity[0].workflow == "release.yml"


def test_a_directory_without_a_list_says_how_to_start_one(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"holds no providers\.toml; name a list with --list DIR, or run: init"):
        open_list(str(tmp_path))
