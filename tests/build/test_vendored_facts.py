"""What a build decides of facts alone: whose licence is named, and whether a working copy is as it was written."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from variantkit_build.development import CURRENT, fill, require_unedited
from variantkit_build.errors import VendorError
from variantkit_build.hook import require_covered
from variantkit_build.lock import LockedPackage, VendorLock

if TYPE_CHECKING:
    from pathlib import Path


def lock_of(licence: str) -> VendorLock:
    return VendorLock((LockedPackage("thing", "2.0", "thing.whl", "0" * 64, licence, "", (), (), ()),))


@pytest.mark.parametrize(
    ("expression", "licence", "is_covered"),
    [
        ("Apache-2.0 AND MIT", "MIT", True),
        ("Apache-2.0", "MIT", False),
        ("Apache-2.0 AND MIT", "MIT OR 0BSD", True),
        ("Apache-2.0 AND 0BSD", "MIT AND 0BSD", False),
        ("Apache-2.0 AND MIT", "MIT AND 0BSD", False),
        ("Apache-2.0 AND MIT AND 0BSD", "MIT AND 0BSD", True),
        ("MIT AND Zlib", "(MIT OR 0BSD) AND (Zlib OR ISC)", True),
        ("", "MIT", False),
    ],
)
def test_every_licence_of_a_conjunction_is_named_and_one_of_alternatives(
    expression: str, licence: str, is_covered: bool
) -> None:
    if is_covered:
        require_covered(expression, lock_of(licence))
    else:
        with pytest.raises(VendorError, match=r"does not name the licence of thing==2\.0"):
            require_covered(expression, lock_of(licence))


@pytest.mark.parametrize("compiled", ["thing.pyc", "__pycache__/thing.cpython-311.pyc"])
def test_what_python_compiles_beside_it_is_no_edit(tmp_path: Path, compiled: str) -> None:
    vendored = tmp_path / "_vendor"
    fill(str(vendored), {"thing.py": b"X = 1\n"}, str(tmp_path))
    (vendored / compiled).parent.mkdir(exist_ok=True)
    (vendored / compiled).write_bytes(b"compiled")
    assert require_unedited(str(vendored), {"thing.py": hashlib.sha256(b"X = 1\n").hexdigest()}) == CURRENT
