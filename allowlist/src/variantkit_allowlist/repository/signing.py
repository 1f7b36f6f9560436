"""Signing: one key's signatures on a staged edition, and what has become due by them. Nothing is written here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from variantkit.errors import InputError, RefusedError
from variantkit.trust.dates import DAY
from variantkit_allowlist.keys import parse_public, public_of
from variantkit_allowlist.repository.chain import own_fields
from variantkit_allowlist.repository.edition import build_snapshot, build_timestamp, role_days
from variantkit_allowlist.repository.roles import ROLES
from variantkit_allowlist.repository.staged import Staged, is_complete
from variantkit_allowlist.repository.tuf_api import Metadata

if TYPE_CHECKING:
    from variantkit_allowlist.model import Ledger
    from variantkit_allowlist.repository.published import Published
    from variantkit_allowlist.repository.tuf_api import Signer, Snapshot, Timestamp

_NAMES = {"snapshot": "targets", "timestamp": "snapshot"}
"""Roles that name another one's bytes, and can be made once that is complete."""


def require_keyholder(ledger: Ledger, staged: Staged, signer: Signer) -> None:
    """Refuse a key that no role of the edition asks for; a person's other keys, too."""
    keyid = signer.public_key.keyid
    roots = [staged.in_force, *([staged.previous] if staged.previous else [])]
    if any(keyid in role.keyids for root in roots for role in root.roles.values()):
        return
    line = public_of(signer.public_key).line
    owner = next((name for name, person in ledger.reviewers.items() if line in map(_line, person.keys)), None)
    if owner is not None:
        raise RefusedError(
            f"this key of {owner} signs no role: each keyholder signs with the first of their keys, once; use that one"
        )
    found = public_of(signer.public_key).fingerprint
    raise RefusedError(f"the key {found} belongs to no keyholder of {ledger.id}; see [roles] in providers.toml")


def _line(key: str) -> str:
    return parse_public(key).line


def add_signatures(
    ledger: Ledger, published: Published | None, staged: Staged, signer: Signer | None, now: int
) -> tuple[Staged, tuple[str, ...]]:
    """Make what has become due and sign what this key may; return the edition and the roles signed just now."""
    signed: list[str] = []
    staged = staged._replace(metadata={role: _without_strangers(staged, role) for role in staged.metadata})
    for role in ROLES:
        staged = _with_role(ledger, published, staged, role, now)
        if signer is not None and role in staged.metadata and not is_complete(staged, role):
            signed += [role] if _sign_role(staged, role, signer) else []
    return staged, tuple(signed)


def _without_strangers(staged: Staged, role: str) -> Metadata[Any]:
    """The role's metadata without signatures that do not verify, which a staged file may hold."""
    found = staged.metadata[role]
    roots = [staged.in_force, *([staged.previous] if role == "root" and staged.previous else [])]
    results = [root.get_verification_result(role, found.signed_bytes, found.signatures) for root in roots]
    good = {keyid for result in results for keyid in result.signed}
    kept = {keyid: signature for keyid, signature in found.signatures.items() if keyid in good}
    return Metadata(found.signed, kept)


def _with_role(ledger: Ledger, published: Published | None, staged: Staged, role: str, now: int) -> Staged:
    """The staged edition with snapshot or timestamp in it, once what they name is complete."""
    if role not in _NAMES:
        return staged
    metadata = {key: value for key, value in staged.metadata.items() if key != role}
    if is_complete(staged, "root") and is_complete(staged, _NAMES[role]):
        made = _make(ledger, published, staged, role, now)
        kept = staged.metadata.get(role)
        metadata[role] = kept if kept is not None and _is_same(kept.signed, made, now) else Metadata(made)
    return staged._replace(metadata=metadata)


def _make(ledger: Ledger, published: Published | None, staged: Staged, role: str, now: int) -> Snapshot | Timestamp:
    """The next snapshot or timestamp, for the edition as it is staged."""
    named, days = staged.metadata[_NAMES[role]], role_days(ledger, role)
    if role == "snapshot":
        version = (published.chain.snapshot.signed.version if published else 0) + 1
        return build_snapshot(named.signed, named.to_bytes(), version, now, days)
    version = (published.chain.timestamp.signed.version if published else 0) + 1
    return build_timestamp(named.signed, named.to_bytes(), version, now, days, staged.in_force.version)


def _is_same(kept: Any, made: Any, now: int) -> bool:
    """Whether a staged snapshot or timestamp is what would be made now, but for a date of the last days."""
    age = now - own_fields(kept).issued
    body = [{**signed.to_dict(), "expires": "", "variantkit": ""} for signed in (kept, made)]
    lasts = [(signed.expires.timestamp() - own_fields(signed).issued) for signed in (kept, made)]
    others = [own_fields(signed)._replace(issued=0) for signed in (kept, made)]
    return -DAY <= age <= 7 * DAY and body[0] == body[1] and lasts[0] == lasts[1] and others[0] == others[1]


def _sign_role(staged: Staged, role: str, signer: Signer) -> bool:
    """Add this key's signature where the role asks for it and has none of it; True when one was added."""
    metadata = staged.metadata[role]
    keyid = signer.public_key.keyid
    roots = [staged.in_force, *([staged.previous] if role == "root" and staged.previous else [])]
    if keyid in metadata.signatures or not any(keyid in root.roles[role].keyids for root in roots):
        return False
    metadata.sign(signer, append=True)
    result = [root.get_verification_result(role, metadata.signed_bytes, metadata.signatures) for root in roots]
    if not any(keyid in found.signed for found in result):
        raise InputError(
            f"{role}: the signature of this key does not verify with its public part; is it the right key?"
        )
    return True
