"""Standing of a list: what is published and until when, what is staged, and whose signatures are missing."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, NamedTuple

from variantkit.trust.approved import parse_approved
from variantkit.trust.dates import format_date
from variantkit_allowlist.repository.published import read_published, read_roots
from variantkit_allowlist.repository.staged import Missing, load_staged, missing_signatures
from variantkit_allowlist.store.files import read_file

if TYPE_CHECKING:
    from variantkit_allowlist.store import ListDirectory

ROOT_CAP = 1 << 20


class RoleStanding(NamedTuple):
    """Who signs a role, by providers.toml, and how many of them."""

    name: str
    threshold: int
    keyholders: tuple[str, ...]


class Standing(NamedTuple):
    """`published` and `staged` are serials, None without; `approved` the sha256 that the published edition approves.

    `ends` is when the first of the published signatures ends, "" without any; `root` the newest published root's
    version and `root_sha256` its digest, which is what others start from.
    """

    roles: tuple[RoleStanding, ...]
    published: int | None = None
    approved: frozenset[str] | None = None
    ends: str = ""
    ended: bool = False
    staged: int | None = None
    missing: tuple[Missing, ...] = ()
    root: int | None = None
    root_sha256: str = ""


def read_standing(directory: ListDirectory, now: int) -> Standing:
    """Read `public/` and `staged/`; raises RepositoryError for a published repository that is not whole."""
    roles = tuple(RoleStanding(name, role.threshold, role.keyholders) for name, role in directory.ledger.roles.items())
    standing = Standing(roles)
    published = read_published(directory.public_path)
    if published is not None:
        signed = (
            part.signed for part in (published.chain.timestamp, published.chain.snapshot, published.chain.targets)
        )
        ends = min(int(part.expires.timestamp()) for part in (published.chain.root, *signed))
        data = published.read_target("approved.json")
        entries = parse_approved(data, "the published list").entries if data is not None else ()
        standing = standing._replace(
            published=published.serial,
            approved=frozenset(digest for entry in entries for digest in entry.sha256),
            ends=format_date(ends),
            ended=ends <= now,
        )
        version = published.chain.root.version
        data = read_file(os.path.join(directory.public_path, "metadata", f"{version}.root.json"), ROOT_CAP)
        standing = standing._replace(root=version, root_sha256=hashlib.sha256(data).hexdigest())
    staged = load_staged(directory.staged_path)
    if staged is None or (published is not None and staged.serial <= published.serial):
        return standing
    roots = read_roots(directory.public_path)
    staged = staged._replace(previous=roots[-1].signed if roots else None)
    missing = tuple(lack for role in staged.metadata for lack in missing_signatures(staged, role))
    return standing._replace(staged=staged.serial, missing=missing)
