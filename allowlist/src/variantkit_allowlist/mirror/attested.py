"""Attested wheels of a mirror: their attestations verified again, by the identity that the signed audits state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from variantkit_allowlist.model import IdentityRule
from variantkit_allowlist.provenance import load_trust_root, read_material, verify_identity
from variantkit_allowlist.provenance.certificate import is_inside
from variantkit_allowlist.provenance.material import MaterialError
from variantkit_allowlist.store.wheels import ATTESTATION_SUFFIXES

if TYPE_CHECKING:
    from variantkit_allowlist.mirror.holdings import Held
    from variantkit_allowlist.model import Approval, Identity


def judge_wheel_provenance(wheel: Held, audit: Approval, trusted_root: bytes, now: int) -> tuple[str, str]:
    """The code of provenance and a sentence; "ok" when every attestation verifies with the signed Sigstore root."""
    if audit.identity is None:
        return "no-rule", "the list does not say whose attestation it approved"
    try:
        material = [
            item
            for suffix in ATTESTATION_SUFFIXES
            if suffix in wheel.beside
            for item in read_material(wheel.beside[suffix], wheel.filename + suffix)
        ]
    except MaterialError as error:
        return "malformed", str(error)
    root = load_trust_root(trusted_root, "trusted_root.json")
    found = verify_identity(material, wheel.filename, wheel.sha256, [_rule(audit.identity)], root, now)
    if found.verified and not found.predicates:
        return "predicate-type", "a bare signature states nothing of the file"
    return found.code, found.detail


def _rule(identity: Identity) -> IdentityRule:
    """The rule that exactly this identity fits."""
    inside = not identity.signer or is_inside(identity.signer, identity.repository)
    return IdentityRule(
        issuer=identity.issuer,
        repository=identity.repository,
        repository_id=identity.repository_id or None,
        owner=identity.owner or None,
        owner_id=identity.owner_id or None,
        workflow=identity.workflow,
        ref=identity.ref,
        trigger=(identity.trigger,) if identity.trigger else (),
        runner=identity.runner or None,
        signer=None if inside else identity.signer,
    )
