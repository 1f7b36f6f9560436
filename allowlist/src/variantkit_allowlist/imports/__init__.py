"""Imports: other teams' published lists, verified from a pinned root and kept with their signatures.

    imports/<name>/root.json       the root that providers.toml pins
    imports/<name>/approved.json   their list
    imports/<name>/audits.json     what they reviewed themselves, in their words
    imports/<name>/metadata/       their signatures over both
    imports/<name>/lock.json       serial, version and the sha256 of every file

Nothing of it is believed because it lies there: each reading verifies lock and signatures anew. An entry that they took
over from a third team is in their list and not in their audits, and ends here; so does one whose evidence our own
policy would not take.
"""

from __future__ import annotations

from variantkit_allowlist.imports.kept import (
    ImportedList,
    Kept,
    foreign_revocations,
    load_import,
    load_imports,
    require_import,
)

__all__ = ["ImportedList", "Kept", "foreign_revocations", "load_import", "load_imports", "require_import"]
