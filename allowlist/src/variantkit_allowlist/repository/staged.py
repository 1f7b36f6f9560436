"""Staged edition: metadata with the signatures that it has so far, in `staged/`, until everybody needed has signed.

Root and targets can be signed in any order. Snapshot is made when both are complete, since it names the bytes of
targets.json with its signatures, and timestamp when snapshot is.
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any, NamedTuple

from variantkit.errors import RefusedError
from variantkit_allowlist.repository.chain import own_fields, read_metadata
from variantkit_allowlist.repository.client import CONFIG, TARGET_CAP
from variantkit_allowlist.repository.tuf_api import Root, Snapshot, Targets, Timestamp
from variantkit_allowlist.store.files import read_file, write_whole

if TYPE_CHECKING:
    from collections.abc import Mapping

    from variantkit_allowlist.repository.edition import Edition
    from variantkit_allowlist.repository.tuf_api import Metadata

_KINDS: dict[str, type[Any]] = {"root": Root, "targets": Targets, "snapshot": Snapshot, "timestamp": Timestamp}


class Missing(NamedTuple):
    """Whose signatures a role lacks: `needed` more of `names`. `role` is "root", "former root", "targets" and so on."""

    role: str
    needed: int
    names: tuple[str, ...]


class Staged(NamedTuple):
    """`metadata` by role, with the signatures so far; `files` by target path. `previous` is the newest published root.

    `in_force` is the root whose keys sign: the staged one, else the published one.
    """

    metadata: Mapping[str, Metadata[Any]]
    files: Mapping[str, bytes]
    previous: Root | None

    @property
    def targets(self) -> Targets:
        found: Targets = self.metadata["targets"].signed
        return found

    @property
    def serial(self) -> int:
        return self.targets.version

    @property
    def issued(self) -> int:
        return own_fields(self.targets).issued

    @property
    def root(self) -> Root | None:
        return self.metadata["root"].signed if "root" in self.metadata else None

    @property
    def in_force(self) -> Root:
        root = self.root or self.previous
        if root is None:
            raise ValueError("an edition without a root")  # stage() never makes one
        return root


def stage_edition(edition: Edition, previous: Root | None) -> Staged:
    """An edition without signatures."""
    from variantkit_allowlist.repository.tuf_api import Metadata

    metadata: dict[str, Metadata[Any]] = {"targets": Metadata(edition.targets)}
    if edition.root is not None:
        metadata["root"] = Metadata(edition.root)
    return Staged(metadata, dict(edition.files), previous)


def missing_signatures(staged: Staged, role: str) -> tuple[Missing, ...]:
    """Whose signatures a role's staged metadata still lacks; for a root also those of the former list of keyholders."""
    metadata = staged.metadata[role]
    roots = [(role, staged.in_force)]
    if role == "root" and staged.previous is not None:
        roots.append(("former root", staged.previous))
    found = []
    for named, root in roots:
        result = root.get_verification_result(role, metadata.signed_bytes, metadata.signatures)
        if not result:
            holders = own_fields(root).holders
            names = tuple(sorted(holders.get(keyid, keyid[:16]) for keyid in result.unsigned))
            found.append(Missing(named, result.missing, names))
    return tuple(found)


def is_complete(staged: Staged, role: str) -> bool:
    """Whether a role has all signatures it needs; a root that does not change has."""
    if role == "root" and staged.root is None:
        return True
    return role in staged.metadata and not missing_signatures(staged, role)


def save_staged(path: str, staged: Staged) -> None:
    """Write `staged/` anew: files first, and the metadata that names them after."""
    wanted = {f"targets/{name}": data for name, data in staged.files.items()}
    wanted |= {f"metadata/{role}.json": metadata.to_bytes() for role, metadata in staged.metadata.items()}
    _require_no_links(path)
    for name, data in sorted(wanted.items(), reverse=True):
        write_whole(os.path.join(path, *name.split("/")), data)
    for folder, _, names in os.walk(path):
        for name in names:
            if os.path.relpath(os.path.join(folder, name), path).replace(os.sep, "/") not in wanted:
                os.unlink(os.path.join(folder, name))


def _require_no_links(path: str) -> None:
    """Refuse a `staged/` that leads elsewhere: it is written anew, and what lies there besides is removed."""
    places = [path, *(os.path.join(folder, name) for folder, names, _ in os.walk(path) for name in names)]
    link = next((place for place in places if os.path.islink(place)), None)
    if link is not None:
        raise RefusedError(f"{link}: expected a directory, found a symbolic link; look at who laid it there, remove it")


def load_staged(path: str) -> Staged | None:
    """Read `staged/`, without a previous root; None when nothing is staged.

    Nothing in it is believed: `publication` compares it with the ledger.
    """
    folder = os.path.join(path, "metadata")
    if not os.path.lexists(os.path.join(folder, "targets.json")):
        return None
    metadata: dict[str, Metadata[Any]] = {}
    for role, kind in _KINDS.items():
        file = os.path.join(folder, f"{role}.json")
        if os.path.lexists(file):
            metadata[role] = read_metadata(kind, read_file(file, CONFIG.targets_max_length, links=False), file)
    files: dict[str, bytes] = {}
    below = os.path.join(path, "targets")
    for place, _, names in os.walk(below):
        for name in names:
            if name.startswith("."):  # left by a write that broke off; save_staged removes it
                continue
            file = os.path.join(place, name)
            files[os.path.relpath(file, below).replace(os.sep, "/")] = read_file(file, TARGET_CAP, links=False)
    return Staged(metadata, files, None)


def clear_staged(path: str) -> None:
    """Remove `staged/`: its edition is published, or void."""
    shutil.rmtree(path, ignore_errors=True)
