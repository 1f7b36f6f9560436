"""Fetching of an import: another team's published list, verified from the pinned root, takes the place of the old."""

from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING

from variantkit.errors import RefusedError
from variantkit_allowlist.imports.kept import (
    AUDITS,
    LOCK,
    ROOT,
    SCHEMA,
    keep,
    load_import,
    require_import,
)
from variantkit_allowlist.repository.approved import APPROVED, read_edition
from variantkit_allowlist.repository.client import fetch, find_root
from variantkit_allowlist.repository.difference import missing_revocations
from variantkit_allowlist.repository.refusal import RepositoryError
from variantkit_allowlist.store.folder import replace_folder

if TYPE_CHECKING:
    from variantkit.trust import ApprovedList
    from variantkit_allowlist.imports.kept import Kept
    from variantkit_allowlist.repository.client import Fetched
    from variantkit_allowlist.repository.sources import Source
    from variantkit_allowlist.store import ListDirectory


def fetch_import(directory: ListDirectory, name: str, source: Source, now: int, max_age_days: int | None) -> Kept:
    """Fetch another team's list and keep it; RepositoryError for every check that fails, and the old one stays."""
    wanted = require_import(directory, name)
    with tempfile.TemporaryDirectory(prefix="variantkit-import.") as memory:
        root = find_root(source, wanted.root_sha256)
        fetched = fetch(source, root, memory, now, wanted=[APPROVED, AUDITS], max_age_days=max_age_days)
    files = _files_of(fetched, root)
    approved = read_edition(fetched, source.where)
    if approved.id == directory.ledger.id:
        said = f"is this very list ({approved.id}); a list cannot import itself"
        raise RepositoryError("other-list", f"{source.where}: {said}")
    _require_newer(directory, name, approved, source.where)
    kept = keep(name, approved, files, wanted, directory.ledger.policy)
    replace_folder(
        os.path.join(directory.imports_path, name),
        files,
        LOCK,
        SCHEMA,
        {
            "url": wanted.url,
            "root-sha256": wanted.root_sha256,
            "id": approved.id,
            "serial": approved.serial,
            "version": fetched.chain.targets.signed.version,
        },
    )
    return kept


def _files_of(fetched: Fetched, root: bytes) -> dict[str, bytes]:
    """What is kept of an edition: the metadata under names without versions, but for the roots."""
    chain = fetched.chain
    names = {
        "timestamp.json": "timestamp.json",
        "snapshot.json": f"{chain.snapshot.signed.version}.snapshot.json",
        "targets.json": f"{chain.targets.signed.version}.targets.json",
    }
    roots = [f"{metadata.signed.version}.root.json" for metadata in chain.roots[1:]]
    return {
        ROOT: root,
        APPROVED: fetched.targets[APPROVED],
        AUDITS: fetched.targets[AUDITS],
        **{f"metadata/{name}": fetched.files[f"metadata/{file}"] for name, file in names.items()},
        **{f"metadata/{name}": fetched.files[f"metadata/{name}"] for name in roots},
    }


def _require_newer(directory: ListDirectory, name: str, approved: ApprovedList, where: str) -> None:
    """Nothing older than what is kept, nothing else under the same serial, and no revocation forgotten.

    What is kept and cannot be read is replaced: that is how it is mended.
    """
    try:
        kept = load_import(directory, name)
    except RefusedError:
        return
    if kept is None or kept.whole.id != approved.id:
        return
    before = kept.whole
    if approved.serial < before.serial:
        raise RepositoryError(
            "list-rolled-back", f"{where}: serial {approved.serial}, but {before.serial} was imported"
        )
    if approved.serial == before.serial and approved.sha256 != before.sha256:
        raise RepositoryError("serial-reused", f"{where}: serial {approved.serial} was imported with other content")
    gone = missing_revocations(before.revoked, approved.revoked)
    if gone:
        raise RepositoryError("revocation-vanished", f"{where}: forgets what was revoked: {gone[0]}")
