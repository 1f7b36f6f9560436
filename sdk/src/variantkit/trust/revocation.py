"""Revocations: what must never run, by hash under any name, or by package and version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from variantkit.trust.dates import format_date
from variantkit.trust.versions import same_version

if TYPE_CHECKING:
    from collections.abc import Iterable

    from variantkit.trust.approved import Entry, Revocation


def revocation_of_package(revoked: Iterable[Revocation], package: str) -> Revocation | None:
    """The revocation of every version of a package (canonical name)."""
    return next((gone for gone in revoked if _names_package(gone, package)), None)


def revocation_of_entry(revoked: Iterable[Revocation], entry: Entry) -> Revocation | None:
    """What revokes all of an entry: its package, its version (PEP 440's equality), or every one of its wheels."""
    hashes = set(entry.sha256)
    last = None
    for gone in revoked:
        of_version = gone.package == entry.package and not gone.sha256 and gone.version is not None
        if _names_package(gone, entry.package) or (of_version and same_version(gone.version or "", entry.version)):
            return gone
        if not hashes.isdisjoint(gone.sha256):
            hashes, last = hashes.difference(gone.sha256), gone
    return last if not hashes else None


def revocation_of_bytes(revoked: Iterable[Revocation], sha256: str) -> Revocation | None:
    """The revocation of exactly these bytes, whatever name they bear."""
    return next((gone for gone in revoked if sha256 in gone.sha256), None)


def why_revoked(revocation: Revocation) -> str:
    """The end of a sentence: since when, and why, as far as the list says."""
    since = f" ({format_date(revocation.since)})" if revocation.since is not None else ""
    return f"{since}: {revocation.reason}" if revocation.reason else since


def _names_package(revocation: Revocation, package: str) -> bool:
    return revocation.package == package and revocation.version is None and not revocation.sha256
