"""Refreshing: the timestamp of what is published, signed anew, so that clients know it is still the newest edition."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from variantkit.errors import RefusedError
from variantkit.trust.dates import format_date
from variantkit_allowlist.repository.chain import require_signed
from variantkit_allowlist.repository.client import CONFIG
from variantkit_allowlist.repository.edition import build_snapshot, build_timestamp, role_days
from variantkit_allowlist.repository.publication import Progress
from variantkit_allowlist.repository.published import Published, read_published, require_published, write_published
from variantkit_allowlist.repository.roles import holders_of, is_near_end
from variantkit_allowlist.repository.tuf_api import Metadata
from variantkit_allowlist.store.files import locked, read_file

if TYPE_CHECKING:
    from variantkit_allowlist.model import Ledger
    from variantkit_allowlist.repository.tuf_api import Signer, Snapshot
    from variantkit_allowlist.store import ListDirectory


def refresh(directory: ListDirectory, now: int, signer: Signer) -> Progress:
    """Sign the published edition's timestamp anew, and its snapshot where this key may and one signature is enough."""
    with locked(directory.path):
        published = require_published(read_published(directory.public_path), directory.public_path)
        _require_lasting(published, now)
        _require_timestamp_key(published, signer)
        files = _fresh_files(directory.ledger, published, now, signer)
        write_published(directory.public_path, files, {}, {})
        signed = ("snapshot", "timestamp") if len(files) > 1 else ("timestamp",)
        return Progress(published.serial, True, signed, (), ())


def _require_lasting(published: Published, now: int) -> None:
    for role in (published.chain.root, published.chain.targets.signed):
        if now >= role.expires.timestamp():
            ended = format_date(int(role.expires.timestamp()))
            raise RefusedError(
                f"the signatures of {role.type} ended {ended}; publish a new edition: variantkit-allowlist publish"
            )


def _require_timestamp_key(published: Published, signer: Signer) -> None:
    root = published.chain.root
    role = root.roles["timestamp"]
    if role.threshold > 1:
        raise RefusedError(
            f"a timestamp takes {role.threshold} signatures here; one key is too few: publish --force-new-edition"
        )
    if signer.public_key.keyid not in role.keyids:
        raise RefusedError(
            f"expected --key of one of the timestamp's keyholders ({holders_of(root, 'timestamp')}), found another key"
        )


def _fresh_files(ledger: Ledger, published: Published, now: int, signer: Signer) -> dict[str, bytes]:
    """The files of a refresh by name: a timestamp, and a snapshot before it unless another key must sign that."""
    chain = published.chain
    snapshot = _fresh_snapshot(ledger, published, now, signer)
    name = f"{(snapshot or chain.snapshot).signed.version}.snapshot.json"
    files = {name: snapshot.to_bytes()} if snapshot else {}
    stamp = Metadata(
        build_timestamp(
            (snapshot or chain.snapshot).signed,
            files.get(name) or _read(published, name),
            chain.timestamp.signed.version + 1,
            now,
            role_days(ledger, "timestamp"),
            chain.root.version,
        )
    )
    stamp.sign(signer)
    require_signed(chain.root, "timestamp", stamp)
    return {**files, "timestamp.json": stamp.to_bytes()}


def _fresh_snapshot(ledger: Ledger, published: Published, now: int, signer: Signer) -> Metadata[Snapshot] | None:
    """A new snapshot; None where this key may not sign one alone, and the published one lasts."""
    chain, days = published.chain, role_days(ledger, "snapshot")
    role, old = chain.root.roles["snapshot"], chain.snapshot.signed
    if role.threshold == 1 and signer.public_key.keyid in role.keyids:
        data = _read(published, f"{chain.targets.signed.version}.targets.json")
        made = Metadata(build_snapshot(chain.targets.signed, data, old.version + 1, now, days))
        made.sign(signer)
        require_signed(chain.root, "snapshot", made)
        return made
    if is_near_end(old.expires, days, now):
        ends = format_date(int(old.expires.timestamp()))
        raise RefusedError(
            f"the snapshot ends {ends}; expected --key of one of its keyholders: {holders_of(chain.root, 'snapshot')}"
        )
    return None


def _read(published: Published, name: str) -> bytes:
    return read_file(os.path.join(published.path, "metadata", name), CONFIG.targets_max_length, links=False)
