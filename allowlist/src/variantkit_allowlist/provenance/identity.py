"""Identity: who attested a file, by Sigstore attestations and the rules of who may."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from variantkit_allowlist.model import Identity
from variantkit_allowlist.provenance.bundle_check import NotVerifiedError, check_bundle
from variantkit_allowlist.provenance.certificate import read_claims
from variantkit_allowlist.provenance.rules import check_rules
from variantkit_allowlist.provenance.slsa import require_agreement
from variantkit_allowlist.provenance.statement import SLSA, read_statement
from variantkit_allowlist.verdict import Provenance

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from variantkit_allowlist.model import IdentityRule
    from variantkit_allowlist.provenance.material import Attestation
    from variantkit_allowlist.provenance.trust_root import TrustRoot


class _Attested(NamedTuple):
    """One attestation that verified and fits a rule; `predicate` is "" for a bare signature."""

    identity: Identity
    predicate: str
    logged: int


class _NoFittingRuleError(NotVerifiedError):
    """What the certificate says is known, and it is not what is wanted."""

    def __init__(self, code: str, detail: str, identity: Identity) -> None:
        super().__init__(code, detail)
        self.identity = identity


def verify_identity(
    material: Sequence[Attestation],
    filename: str,
    sha256: str,
    rules: Sequence[IdentityRule],
    trust_root: TrustRoot,
    now: int,
    *,
    predicates: Collection[str] = (),
) -> Provenance:
    """Say who attested a file. Every attestation given must verify, speak of this file alone and fit one of the rules.

    `predicates` are predicate types of which each must be there. Never raises on hostile material.
    """
    if not rules:
        return Provenance(False, "no-rule", "nobody says who may publish this package", trust_root=trust_root.sha256)
    if not material:
        return Provenance(False, "not-attested", "no attestation was found", trust_root=trust_root.sha256)
    attested = []
    for attestation in material:
        try:
            attested.append(_verify_one(attestation, filename, sha256, rules, trust_root, now))
        except NotVerifiedError as refusal:
            identity = refusal.identity if isinstance(refusal, _NoFittingRuleError) else Identity()
            detail = f"{attestation.where}: {refusal}"
            return Provenance(False, refusal.code, detail, identity=identity, trust_root=trust_root.sha256)
    return _united(attested, predicates, trust_root)


def _united(attested: Sequence[_Attested], predicates: Collection[str], trust_root: TrustRoot) -> Provenance:
    found = tuple(dict.fromkeys(item.predicate for item in attested if item.predicate))
    first = min(attested, key=lambda item: item.predicate == SLSA)  # the publisher before the builder
    missing = sorted(set(predicates) - set(found))
    if missing:
        return Provenance(
            False,
            "predicate-type",
            f"no attestation of type {', '.join(missing)}; found {', '.join(found) or 'a bare signature'}",
            identity=first.identity,
            predicates=found,
            trust_root=trust_root.sha256,
        )
    return Provenance(
        True,
        "ok",
        f"attested by {first.identity.workflow or first.identity.subject} of {first.identity.repository}",
        "identity",
        first.identity,
        min(item.logged for item in attested),
        found,
        trust_root.sha256,
    )


def _verify_one(
    attestation: Attestation,
    filename: str,
    sha256: str,
    rules: Sequence[IdentityRule],
    trust_root: TrustRoot,
    now: int,
) -> _Attested:
    signed = check_bundle(attestation, sha256, trust_root, now)
    try:
        claims = read_claims(signed.certificate)
    except ValueError as error:
        raise NotVerifiedError("malformed", f"the certificate: {error}") from None
    statement = None
    if signed.payload is not None:
        statement = read_statement(signed.payload_type, signed.payload, filename, sha256)
    mismatch = check_rules(claims.identity, rules)
    if mismatch is not None:
        raise _NoFittingRuleError(mismatch.code, mismatch.detail, claims.identity)
    if statement is not None and statement.predicate_type == SLSA:
        require_agreement(statement.predicate, claims)
    return _Attested(claims.identity, statement.predicate_type if statement else "", signed.logged)
