"""Published repository: `public/` of a list as it is now, verified; and how a new edition gets into it."""

from __future__ import annotations

import os
import re
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from variantkit.errors import InputError, RefusedError
from variantkit_allowlist.repository.chain import (
    check_chain,
    own_fields,
    read_metadata,
    read_roles,
    require_content,
    walk_roots,
)
from variantkit_allowlist.repository.client import CONFIG, TARGET_CAP
from variantkit_allowlist.repository.refusal import RepositoryError
from variantkit_allowlist.repository.state import hashed_name
from variantkit_allowlist.repository.tuf_api import Root, Timestamp
from variantkit_allowlist.store.files import read_file, write_whole

if TYPE_CHECKING:
    from collections.abc import Mapping

    from variantkit_allowlist.repository.chain import Chain
    from variantkit_allowlist.repository.tuf_api import Metadata, TargetFile

_root_name = re.compile(r"([1-9][0-9]{0,8})\.root\.json").fullmatch


class Published(NamedTuple):
    """What the world sees. `roots` are all there are; one after the chain's is of a publication that broke off."""

    path: str
    roots: tuple[Metadata[Root], ...]
    chain: Chain

    @property
    def serial(self) -> int:
        return self.chain.targets.signed.version

    def read_target(self, name: str) -> bytes | None:
        """A target of the published edition, checked; None when it has none of that name."""
        target = self.chain.targets.signed.targets.get(name)
        if target is None:
            return None
        path = os.path.join(self.path, "targets", *hashed_name(name, target.hashes).split("/"))
        data = read_file(path, TARGET_CAP, links=False)
        require_content(self.chain, name, data, self.path)
        return data


def read_published(path: str) -> Published | None:
    """Read and verify `public/`; None before the first publication. Raises RepositoryError for one that is not whole.

    Dates are not looked at: an edition whose signatures ended is still the one that the next follows.
    """
    metadata = os.path.join(path, "metadata")
    if not os.path.lexists(os.path.join(metadata, "timestamp.json")):
        return None
    roots = read_roots(path)
    if not roots:
        raise RepositoryError("metadata-malformed", f"{metadata}: expected 1.root.json, found none")
    files = read_roles(partial(_read, metadata))
    timestamp = read_metadata(Timestamp, files["timestamp.json"], "timestamp.json")
    in_force = own_fields(timestamp.signed).root
    return Published(path, roots, check_chain(roots[:in_force] or roots, files))


def read_roots(path: str) -> tuple[Metadata[Root], ...]:
    """Every root that was ever published, each verified by the one before it; () before the first publication."""
    metadata = os.path.join(path, "metadata")
    names = os.listdir(metadata) if os.path.isdir(metadata) else []
    versions = sorted(int(found[1]) for found in map(_root_name, names) if found)
    roots = [read_metadata(Root, _read(metadata, f"{version}.root.json"), f"root {version}") for version in versions]
    if roots and roots[0].signed.version != 1:
        raise RepositoryError("metadata-malformed", f"{metadata}: expected 1.root.json, found none")
    return walk_roots(roots[0], roots[1:]) if roots else ()


def write_published(
    path: str, metadata: Mapping[str, bytes], targets: Mapping[str, TargetFile], content: Mapping[str, bytes]
) -> None:
    """Put an edition where the world sees it: targets, then metadata, and timestamp.json, which makes it count, last.

    `metadata` is by file name, `content` by target path. Nothing that was published before is removed: a client that
    is just reading the last edition still finds it, and what was signed stays on record.
    """
    for name, target in targets.items():
        place = os.path.join(path, "targets", *hashed_name(name, target.hashes).split("/"))
        if not _is_there(place, content[name]):
            write_whole(place, content[name])
    last = "timestamp.json"
    for name in sorted(metadata, key=lambda name: (name == last, not name.endswith(".root.json"), name)):
        write_whole(os.path.join(path, "metadata", name), metadata[name])


def _is_there(path: str, data: bytes) -> bool:
    try:
        return read_file(path, TARGET_CAP, links=False) == data
    except InputError:
        return False


def _read(folder: str, name: str) -> bytes:
    return read_file(os.path.join(folder, name), CONFIG.targets_max_length, links=False)


def require_published(published: Published | None, path: str) -> Published:
    """The published edition; raise RefusedError when there is none yet."""
    if published is None:
        raise RefusedError(f"{path}: nothing is published yet; run: variantkit-allowlist publish")
    return published
