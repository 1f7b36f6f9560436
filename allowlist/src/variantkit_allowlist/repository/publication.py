"""Publication: from the ledger to a staged edition, and at the threshold to the repository that the world sees."""

from __future__ import annotations

import hashlib
import os
import re
from typing import TYPE_CHECKING, NamedTuple

from variantkit.errors import RefusedError
from variantkit.trust.approved import parse_approved
from variantkit.trust.dates import DAY, format_date
from variantkit_allowlist.keys import public_of
from variantkit_allowlist.repository.chain import own_fields
from variantkit_allowlist.repository.client import TARGET_CAP
from variantkit_allowlist.repository.difference import (
    describe_audits,
    describe_change,
    describe_files,
    missing_revocations,
)
from variantkit_allowlist.repository.edition import Beside, compose, role_days
from variantkit_allowlist.repository.published import Published, read_published, read_roots, write_published
from variantkit_allowlist.repository.roles import RENEW_SHARE, ROLES, holders_of, is_near_end
from variantkit_allowlist.repository.signing import add_signatures, require_keyholder
from variantkit_allowlist.repository.staged import (
    Missing,
    Staged,
    clear_staged,
    load_staged,
    missing_signatures,
    save_staged,
    stage_edition,
)
from variantkit_allowlist.store.files import locked, read_file

if TYPE_CHECKING:
    from variantkit_allowlist.model import Ledger
    from variantkit_allowlist.repository.edition import Build, Edition
    from variantkit_allowlist.repository.tuf_api import Root, Signer
    from variantkit_allowlist.store import ListDirectory

OLDEST_STAGED_DAYS = 60
_summary_name = re.compile(r"([0-9a-f]{64})\.json").fullmatch


class Progress(NamedTuple):
    """How far an edition is. `signed` are the roles signed just now, `changes` lines for signers to look at.

    `edition` is the sha256 of what persons sign, without their signatures.
    """

    serial: int
    published: bool
    signed: tuple[str, ...]
    missing: tuple[Missing, ...]
    changes: tuple[str, ...]
    edition: str = ""


def publish(
    directory: ListDirectory, build: Build, now: int, signer: Signer | None, *, force: bool = False
) -> Progress:
    """Stage the next edition and sign it, when a signer is given; at the threshold it is published.

    Raises RefusedError when nothing changed (unless `force`, or dates are near), when the same edition is staged and
    signed already (unless `force`), and when a revocation would vanish.
    """
    with locked(directory.path):
        published = read_published(directory.public_path)
        if not force:
            _require_nothing_signed(directory, build, published, now)
        latest = _former_root(directory)
        serial = (published.serial if published else 0) + 1
        edition = compose(directory.ledger, _beside(directory), build, serial, now, latest)
        changes = _changes(published, edition)
        if published is not None and not force:
            _require_reason(directory.ledger, published, edition, changes, now)
        staged = stage_edition(edition, latest)
        if signer is not None:
            require_keyholder(directory.ledger, staged, signer)
        save_staged(directory.staged_path, staged)
        return _advance(directory, published, staged, signer, now, changes)


def sign(
    directory: ListDirectory, build: Build, now: int, signer: Signer | None, *, expected: str | None = None
) -> Progress:
    """Add one person's signature to what is staged, if that is what the ledger says now; the last one publishes it.

    Without a signer it is only looked at. `expected` is the `edition` that was looked at before: staged files and the
    ledger may both have been exchanged since.
    """
    with locked(directory.path):
        published = read_published(directory.public_path)
        staged = load_staged(directory.staged_path)
        if staged is None:
            raise RefusedError(f"{directory.staged_path}: nothing is staged; run: variantkit-allowlist publish")
        staged = staged._replace(previous=_former_root(directory, staged))
        if published is not None and staged.serial <= published.serial:
            clear_staged(directory.staged_path)
            raise RefusedError(f"{directory.staged_path}: serial {staged.serial} is published already; it was cleared")
        _require_next(directory, published, staged)
        edition = _require_same(directory, build, staged, now)
        changes = _changes(published, edition)
        if signer is None:
            return Progress(staged.serial, False, (), _missing(staged), changes, _edition(staged))
        if expected is not None and expected != _edition(staged):
            said = f"expected the edition {expected}, found {_edition(staged)}"
            raise RefusedError(f"{directory.staged_path}: {said}; nothing was signed: look again at what is staged")
        require_keyholder(directory.ledger, staged, signer)
        return _advance(directory, published, staged, signer, now, changes)


def _missing(staged: Staged) -> tuple[Missing, ...]:
    return tuple(lack for role in staged.metadata for lack in missing_signatures(staged, role))


def _edition(staged: Staged) -> str:
    signed = [staged.metadata[role].signed_bytes for role in ("root", "targets") if role in staged.metadata]
    return hashlib.sha256(b"\n".join(signed)).hexdigest()


def _require_nothing_signed(directory: ListDirectory, build: Build, published: Published | None, now: int) -> None:
    """Refuse to stage anew what is staged already and signed by somebody; what the ledger no longer says is void."""
    try:
        staged = load_staged(directory.staged_path)
        if staged is None or (published is not None and staged.serial <= published.serial):
            return
        staged = staged._replace(previous=_former_root(directory, staged))
        _require_same(directory, build, staged, now)
    except RefusedError:
        return
    if staged.metadata["targets"].signatures:
        raise RefusedError(
            f"{directory.staged_path}: serial {staged.serial} is staged and has signatures already; add yours with"
            " `sign`, or begin again with --force-new-edition"
        )


def _former_root(directory: ListDirectory, staged: Staged | None = None) -> Root | None:
    """The newest published root, unless that is the staged one: then its publication broke off, and is taken up."""
    roots = [metadata.signed for metadata in read_roots(directory.public_path)]
    if roots and staged is not None and staged.root == roots[-1]:
        roots.pop()
    return roots[-1] if roots else None


def _beside(directory: ListDirectory) -> Beside:
    folder = os.path.join(directory.path, "vsa")
    names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    found = {
        match[1]: read_file(os.path.join(folder, match[0]), TARGET_CAP, links=False)
        for match in map(_summary_name, names)
        if match
    }
    return Beside(read_file(directory.trust_root_path, TARGET_CAP, links=False), found)


def _changes(published: Published | None, edition: Edition) -> tuple[str, ...]:
    """What signers look at; raises RefusedError when a revocation of the published edition is missing."""
    before = published.read_target("approved.json") if published else None
    after = edition.files["approved.json"]
    if before is not None:
        old, new = parse_approved(before, "the published list"), parse_approved(after, "the new list")
        gone = missing_revocations(old.revoked, new.revoked)
        if gone:
            raise RefusedError(
                f"providers.toml: forgets what is revoked: {gone[0]}; a revocation is never taken back: put it back"
            )
        if old.id != new.id:
            raise RefusedError(
                f"providers.toml: expected the id {old.id} that is published, found {new.id}; put it back"
            )
    lines = describe_change(before, after) + _file_changes(published, edition)
    if edition.root is not None:
        lines += _root_changes(edition.root, published.chain.root if published else None)
    return lines


def _file_changes(published: Published | None, edition: Edition) -> tuple[str, ...]:
    """What signers look at besides the list: everything else that they sign for."""
    old = published.chain.targets.signed.targets if published else {}
    before, after = (
        {name: target.hashes.get("sha256", "") for name, target in targets.items()}
        for targets in (old, edition.targets.targets)
    )
    audits = published.read_target("audits.json") if published else None
    return describe_audits(audits, edition.files["audits.json"]) + describe_files(before, after)


def _root_changes(new: Root, old: Root | None) -> tuple[str, ...]:
    holders = own_fields(new).holders
    keys = [(holders.get(keyid, keyid), key) for keyid, key in new.keys.items() if old is None or keyid not in old.keys]
    told = tuple(
        f"! {holder} signs with the key {public_of(key).fingerprint}"
        for holder, key in sorted(keys, key=lambda item: item[0])
    )
    return told + tuple(
        f"! {role}: {new.roles[role].threshold} of {holders_of(new, role)}"
        for role in ROLES
        if old is None
        or (holders_of(old, role), old.roles[role].threshold) != (holders_of(new, role), new.roles[role].threshold)
        or set(old.roles[role].keyids) != set(new.roles[role].keyids)
    )


def _require_reason(ledger: Ledger, published: Published, edition: Edition, changes: tuple[str, ...], now: int) -> None:
    """Refuse an edition that says nothing new, unless what is published ends soon."""
    same_files = all(
        (target := published.chain.targets.signed.targets.get(name)) is not None
        and target.hashes == edition.targets.targets[name].hashes
        for name in edition.files
        if name != "approved.json"
    )
    if changes or edition.root is not None or not same_files:
        return
    before = parse_approved(published.read_target("approved.json") or b"", "the published list")
    after = parse_approved(edition.files["approved.json"], "the new list")
    lasts = (after.renew_by or now) - (after.issued or now)
    is_due = before.renew_by is not None and now >= before.renew_by - lasts // RENEW_SHARE
    if is_due or is_near_end(published.chain.targets.signed.expires, role_days(ledger, "targets"), now):
        return
    raise RefusedError(
        f"nothing changed since serial {published.serial}; sign its timestamp anew with `publish --refresh`,"
        " or publish all the same with --force-new-edition"
    )


def _require_next(directory: ListDirectory, published: Published | None, staged: Staged) -> None:
    """Refuse a staged edition that leaps ahead: whoever staged it chose its serial."""
    expected = (published.serial if published else 0) + 1
    if staged.serial != expected:
        said = f"expected serial {expected}, found {staged.serial}"
        raise RefusedError(f"{directory.staged_path}: {said}; stage it anew: variantkit-allowlist publish")


def _require_same(directory: ListDirectory, build: Build, staged: Staged, now: int) -> Edition:
    """Rebuild what is staged from the ledger as it is now; raise RefusedError for any difference."""
    if not now - OLDEST_STAGED_DAYS * DAY <= staged.issued <= now + DAY:
        said = f"was staged for {format_date(staged.issued)}, the clock says {format_date(now)}"
        raise RefusedError(f"{directory.staged_path}: {said}; stage it anew: variantkit-allowlist publish")
    edition = compose(directory.ledger, _beside(directory), build, staged.serial, staged.issued, staged.previous)
    different = [
        name for name in {**edition.files, **staged.files} if edition.files.get(name) != staged.files.get(name)
    ]
    if edition.targets != staged.targets:
        different.append("targets.json")
    if edition.root != staged.root:
        different.append("root.json")
    if different:
        raise RefusedError(
            f"{directory.staged_path}: {different[0]} is not what {directory.ledger_path} says now; nothing was"
            " signed: look at who changed what, then stage anew with: variantkit-allowlist publish"
        )
    return edition


def _advance(
    directory: ListDirectory,
    published: Published | None,
    staged: Staged,
    signer: Signer | None,
    now: int,
    changes: tuple[str, ...],
) -> Progress:
    """Sign, keep what is staged, and publish when nothing is missing."""
    staged, signed = add_signatures(directory.ledger, published, staged, signer, now)
    save_staged(directory.staged_path, staged)
    progress = Progress(staged.serial, False, signed, _missing(staged), changes, _edition(staged))
    if progress.missing or "timestamp" not in staged.metadata:
        return progress
    _publish(directory, staged)
    return progress._replace(published=True)


def _publish(directory: ListDirectory, staged: Staged) -> None:
    metadata = {
        f"{staged.metadata[role].signed.version}.{role}.json": staged.metadata[role].to_bytes()
        for role in ROLES[:3]
        if role in staged.metadata
    }
    metadata["timestamp.json"] = staged.metadata["timestamp"].to_bytes()
    write_published(directory.public_path, metadata, staged.targets.targets, staged.files)
    clear_staged(directory.staged_path)
