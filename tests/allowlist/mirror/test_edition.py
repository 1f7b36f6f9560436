"""A mirror's list must be what its signatures say of it, as where it is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.published_lists import NOW
from support.tuf_attacks import Forge, approved_list
from variantkit_allowlist.mirror.checking import Anchor, Machine, check_mirror
from variantkit_allowlist.repository.refusal import RepositoryError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("approved", "code"),
    [
        (approved_list(7, NOW), "list-invalid"),
        (approved_list(1, NOW, id="example.org/others"), "other-list"),
        (b"[]", "list-invalid"),
    ],
    ids=["serial-of-another-version", "other-id", "no-list"],
)
def test_a_list_that_is_not_what_was_signed_of_it_is_refused(approved: bytes, code: str, tmp_path: Path) -> None:
    forge = Forge(NOW).publish(approved)
    forge.write(tmp_path / "public")
    with pytest.raises(RepositoryError) as refusal:
        check_mirror(str(tmp_path), Anchor(root=forge.root), Machine(NOW))
    assert refusal.value.code == code
