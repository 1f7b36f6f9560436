"""Listed: what a list says of one wheel, now and with all it knows. Pure. It admits nothing; `approve` does that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from variantkit.trust.revocation import why_revoked
from variantkit_allowlist.curation.candidate import Candidate, date_of
from variantkit_allowlist.curation.history import approval_of, approvals_of, find_revocation, revocations_of
from variantkit_allowlist.curation.origin import check_age, check_continuity
from variantkit_allowlist.verdict import Blocker, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from variantkit.trust import Revocation
    from variantkit_allowlist.model import Approval, Ledger
    from variantkit_allowlist.provenance import WheelFile
    from variantkit_allowlist.verdict import Provenance

_OF_IDENTITY = frozenset(
    f"{what}-mismatch" for what in ("issuer", "repository", "repository-id", "owner", "owner-id", "workflow", "signer")
)
"""Refusals that say: attested, by somebody else."""


def judge_listed(
    ledger: Ledger,
    wheel: WheelFile,
    provenance: Provenance,
    now: int,
    *,
    pinned_root: str,
    foreign: Sequence[Revocation] = (),
) -> Verdict:
    """Say whether the list admits these bytes, with everything that is in the way, the weightiest first.

    `pinned_root` is the sha256 of the list's own Sigstore root, `foreign` are the revocations of imports.
    """
    candidate = Candidate(
        package=wheel.package,
        version=wheel.version,
        filename=wheel.filename,
        sha256=wheel.sha256,
        first_seen=now,
        expires=date_of(now),
        not_canonical=wheel.problem,
    )
    blockers = (
        *_of_bytes(ledger, candidate, foreign),
        *_of_identity(ledger, candidate, provenance),
        *_of_list(ledger, candidate, provenance, now, pinned_root),
    )
    first = blockers[0] if blockers else Blocker("ok", f"{wheel.filename} is on the list, and comes from where it says")
    return Verdict(
        not blockers, first.code, first.detail, wheel.package, wheel.version, wheel.sha256, provenance, blockers
    )


def _of_bytes(ledger: Ledger, candidate: Candidate, foreign: Sequence[Revocation]) -> Iterator[Blocker]:
    revoked = revocations_of(ledger, foreign)
    found = find_revocation(revoked, candidate.package, candidate.version, (candidate.sha256,))
    if found is not None:
        yield Blocker("revoked", f"{candidate.package} {candidate.version} is revoked{why_revoked(found)}")
    if candidate.not_canonical:
        detail = f"{candidate.filename} is no canonical wheel: {candidate.not_canonical}"
        yield Blocker("wheel-not-canonical", detail, "ask the vendor for one that is built anew")


def _of_identity(ledger: Ledger, candidate: Candidate, provenance: Provenance) -> Iterator[Blocker]:
    """A package that was attested stays attested, by the same publisher (T6, T9)."""
    earlier = [found for found in approvals_of(ledger, candidate.package) if candidate.sha256 not in found.sha256]
    attested = next((found for found in earlier if found.evidence == "identity"), None)
    if provenance.verified:
        yield from check_continuity(ledger, candidate, provenance)
    elif attested is not None and provenance.code == "not-attested":
        detail = f"{attested.version} was attested by {_told(attested)}, these bytes come with nothing"
        yield Blocker("identity-lost", detail, "ask the vendor, by another channel, whether this release is theirs")
    elif attested is not None and provenance.code in _OF_IDENTITY:
        detail = f"{attested.version} was attested by {_told(attested)}; now {provenance.detail}"
        yield Blocker("identity-changed", detail, "ask the vendor; then edit the package's identity rule")


def _of_list(
    ledger: Ledger, candidate: Candidate, provenance: Provenance, now: int, pinned_root: str
) -> Iterator[Blocker]:
    approval = approval_of(ledger, candidate.package, candidate.version)
    listed = approval is not None and candidate.sha256 in approval.sha256
    if approval is not None and not listed:
        detail = f"the list has {candidate.package} {approval.version} with sha256 {', '.join(approval.sha256)}"
        yield Blocker("hash-mismatch", f"{detail}, not {candidate.sha256}")
    if candidate.package not in ledger.packages:
        yield Blocker("not-listed", f"the list knows no package {candidate.package}", "add it to providers.toml")
    elif not provenance.verified and not (listed and approval is not None and _needs_none(approval, provenance)):
        yield Blocker(provenance.code, provenance.detail)
    if provenance.evidence == "identity" and provenance.trust_root != pinned_root:
        detail = "verified from a Sigstore root given by hand, not from the one that the list pins"
        yield Blocker("evidence-insufficient", detail, "leave out --trust-root")
    if approval is None and candidate.package in ledger.packages:
        yield Blocker("not-listed", f"{candidate.package} {candidate.version} is not on the list", "run: approve")
        if provenance.verified:
            yield from check_age(ledger, candidate, provenance, now)
    if listed and approval is not None and approval.expires < date_of(now):
        yield Blocker("expired", f"its approval ended {approval.expires}", f"run: renew {candidate.package}")


def _needs_none(approval: Approval, provenance: Provenance) -> bool:
    """Whether an approval stands without evidence at hand: it came in without, or by a rebuild that is not repeated."""
    return approval.evidence in ("none", "rebuild") and provenance.code in ("not-attested", "no-rule")


def _told(approval: Approval) -> str:
    return (approval.identity.repository or approval.identity.subject) if approval.identity else approval.evidence
