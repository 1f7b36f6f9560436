"""Imported lists of a directory, as `import` left them: read from what is pinned there, never fetched."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from variantkit_allowlist.imported import ImportedList
    from variantkit_allowlist.store import ListDirectory


def read_imports(directory: ListDirectory) -> Mapping[str, ImportedList]:
    """The imported lists by name; those that were not fetched yet are not there."""
    if not directory.ledger.imports:
        return {}
    from variantkit_allowlist.repository.imports import load_imports

    return load_imports(directory)
