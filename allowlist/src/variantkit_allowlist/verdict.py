"""Verdicts: what was decided about a wheel, with a code a machine can read and a sentence a person can."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from variantkit_allowlist.model import Identity

if TYPE_CHECKING:
    from variantkit_allowlist.model import Evidence

SCHEMA = "variantkit.verdict/1"

# fmt: off
PROVENANCE_CODES = (
    "ok",
    "not-attested",          # nothing was found to verify
    "malformed",             # it cannot be read as an attestation
    "certificate-untrusted", # chain, SCT, extended usage, or not valid when it was logged
    "signature-invalid",     # the envelope's signature
    "log-invalid",           # inclusion proof, checkpoint, promise, or another entry's body
    "time-unverified",       # no trusted source says when
    "outside-window",        # a key or authority of the trusted root was used outside its validFor
    "from-the-future",       # signed later than now
    "payload-type", "statement-malformed", "predicate-type", "subject-name", "subject-digest",
    "issuer-mismatch", "repository-mismatch", "repository-id-mismatch", "owner-mismatch", "owner-id-mismatch",
    "workflow-mismatch", "signer-mismatch", "ref-mismatch", "trigger-mismatch", "runner-mismatch",
    "predicate-mismatch",    # an SLSA predicate contradicts its certificate
    "key-unknown",           # signed by a key that is not the vendor's, or outside its dates
    "rebuild-differs",       # rebuilt, with other bytes
    "no-rule",               # nobody says who may publish this package
)
POLICY_CODES = (
    "ok", "revoked", "not-listed", "hash-mismatch", "wheel-not-canonical", "identity-lost", "identity-changed",
    "evidence-insufficient", "reviews-missing", "affiliation-missing", "criteria-missing", "needs-unreviewed",
    "needs-forbidden", "cooldown", "namespace-taken", "configs-shrunk", "configs-differ", "delta-unknown", "expired",
    "plugin-api-mismatch",
)
# fmt: on


class Provenance(NamedTuple):
    """What is known about where a wheel comes from.

    `verified` goes with code "ok". `evidence` is the kind that verified ("none" without any), `identity` what the
    certificate says, `logged` the earliest verified log time in unix seconds, `predicates` the predicate types that
    verified, `trust_root` the sha256 of the Sigstore root used ("" when none was).
    """

    verified: bool
    code: str
    detail: str
    evidence: Evidence = "none"
    identity: Identity = Identity()
    logged: int | None = None
    predicates: tuple[str, ...] = ()
    trust_root: str = ""


class Blocker(NamedTuple):
    """One thing that stands between a wheel and its approval; `fix` is the command or the wait that removes it."""

    code: str
    detail: str
    fix: str = ""


class Verdict(NamedTuple):
    """A decision about one wheel; without blockers it is allowed."""

    allowed: bool
    code: str
    detail: str
    package: str
    version: str
    sha256: str
    provenance: Provenance
    blockers: tuple[Blocker, ...] = ()


def as_json(verdict: Verdict) -> dict[str, object]:
    """The object of `--json` (schema `variantkit.verdict/1`); of an identity only what the certificate says."""
    provenance = verdict.provenance
    identity = provenance.identity.model_dump(by_alias=True)
    return {
        "schema": SCHEMA,
        "allowed": verdict.allowed,
        "code": verdict.code,
        "detail": verdict.detail,
        "package": verdict.package,
        "version": verdict.version,
        "sha256": verdict.sha256,
        "provenance": {
            "verified": provenance.verified,
            "code": provenance.code,
            "detail": provenance.detail,
            "evidence": provenance.evidence,
            "identity": {key: value for key, value in identity.items() if value},
            "logged": provenance.logged,
            "predicates": list(provenance.predicates),
            "trust-root-sha256": provenance.trust_root,
        },
        "blockers": [blocker._asdict() for blocker in verdict.blockers],
    }
