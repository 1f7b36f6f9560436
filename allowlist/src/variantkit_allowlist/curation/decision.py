"""Decision: may this wheel enter the list. Pure: the clock, the pinned root and all that was read are arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from variantkit.trust.revocation import why_revoked
from variantkit_allowlist.curation.candidate import date_of
from variantkit_allowlist.curation.grants import check_catalogue, check_floor, check_namespace, needs_are_new
from variantkit_allowlist.curation.history import approval_of, find_revocation, revocations_of
from variantkit_allowlist.curation.origin import check_age, check_continuity, check_evidence
from variantkit_allowlist.curation.persons import Tally, tally_reviews
from variantkit_allowlist.curation.requirement import (
    Requirement,
    check_needs,
    check_reviews,
    requirements,
)
from variantkit_allowlist.verdict import Blocker, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from variantkit.trust import Revocation
    from variantkit_allowlist.curation.candidate import Candidate
    from variantkit_allowlist.model import Ledger
    from variantkit_allowlist.statements import Review
    from variantkit_allowlist.verdict import Provenance


class Case(NamedTuple):
    """All that a decision is made from, but for the clock.

    `trust_root` is the sha256 of the Sigstore root that the list pins, `foreign` are the revocations of all imports.
    """

    ledger: Ledger
    candidate: Candidate
    provenance: Provenance
    reviews: tuple[Review, ...]
    trust_root: str
    foreign: tuple[Revocation, ...] = ()


class Way(NamedTuple):
    """How a wheel may come in: what reviews must add up to, those there are, and what is still in the way."""

    required: Requirement
    tally: Tally
    needs_stated: bool
    blockers: tuple[Blocker, ...]


def decide_approval(case: Case, now: int) -> Verdict:
    """Decide with every blocker, in the order in which they weigh; without one the wheel may be approved."""
    blockers = (*_of_bytes(case), *_of_policy(case, now), *choose_way(case).blockers)
    candidate = case.candidate
    first = blockers[0] if blockers else Blocker("ok", f"{candidate.filename} meets the policy")
    return Verdict(
        allowed=not blockers,
        code=first.code,
        detail=first.detail,
        package=candidate.package,
        version=candidate.version,
        sha256=candidate.sha256,
        provenance=case.provenance,
        blockers=blockers,
    )


def choose_way(case: Case) -> Way:
    """The way with nothing in it, else the cheapest."""
    revoked = revocations_of(case.ledger, case.foreign)
    tally = tally_reviews(case.ledger, case.candidate, case.provenance.identity, case.reviews, revoked)
    stated = needs_are_new(case.ledger, case.candidate, revoked)
    ways = [
        Way(required, tally, stated, tuple(_of_way(case, required, tally, stated)))
        for required in requirements(case.ledger, case.candidate, case.provenance, revoked)
    ]
    return next((way for way in ways if not way.blockers), ways[0])


def _of_bytes(case: Case) -> Iterator[Blocker]:
    """What is wrong with these bytes, whoever vouches for them."""
    ledger, candidate = case.ledger, case.candidate
    revoked = revocations_of(ledger, case.foreign)
    gone = find_revocation(revoked, candidate.package, candidate.version, (candidate.sha256,))
    if gone is not None:
        yield Blocker("revoked", f"{candidate.package} {candidate.version} was revoked{why_revoked(gone)}")
    earlier = approval_of(ledger, candidate.package, candidate.version)
    if earlier is not None and candidate.sha256 not in earlier.sha256:
        detail = f"{earlier.version} is approved with other bytes, sha256 {', '.join(earlier.sha256)}"
        yield Blocker("hash-mismatch", detail, "ask the vendor why one version has two files")
    if candidate.not_canonical:
        yield Blocker(
            "wheel-not-canonical", f"{candidate.filename}: {candidate.not_canonical}", "ask for a plain wheel"
        )
    for endpoint in candidate.without:
        yield Blocker("plugin-api-mismatch", f"the wheel has no module for {endpoint}", "edit plugin-api")


def _of_policy(case: Case, now: int) -> Iterator[Blocker]:
    """What is wrong with the proposed entry by the list's own rules, reviews apart."""
    ledger, candidate, provenance = case.ledger, case.candidate, case.provenance
    package = ledger.packages.get(candidate.package)
    if package is None:
        detail = f"{candidate.package} is not in the package table"
        yield Blocker("not-listed", detail, f"write [packages.{candidate.package}] into providers.toml")
    else:
        yield from check_namespace(ledger, candidate, package)
    yield from check_continuity(ledger, candidate, provenance)
    yield from check_evidence(ledger, provenance, case.trust_root)
    yield from check_age(ledger, candidate, provenance, now)
    yield from check_floor(candidate)
    days = (candidate.expires - date_of(now)).days
    if not 0 < days <= ledger.policy.approval_days:
        detail = (
            f"it would end {candidate.expires}, in {days} days; the policy allows 1 to {ledger.policy.approval_days}"
        )
        yield Blocker("expired", detail, "use another --expires")


def _of_way(case: Case, required: Requirement, tally: Tally, needs_stated: bool) -> Iterable[Blocker]:
    ledger, candidate = case.ledger, case.candidate
    yield from check_reviews(ledger, candidate, required, tally)
    if tally.unknown_bases:
        detail = f"{'; '.join(tally.unknown_bases)}, which is not approved, or was revoked"
        missing = list(check_reviews(ledger, candidate, required, tally))
        if missing:
            yield Blocker("delta-unknown", detail, missing[0].fix)
    needs = check_needs(ledger, candidate, case.provenance, tally) if needs_stated else None
    if needs is not None:
        yield needs
    yield from check_catalogue(candidate, required.base is not None)


def blockers_told(blockers: Sequence[Blocker]) -> list[str]:
    """One line a blocker, with the way out; several in a row that have the same one tell it once, the last of them."""
    told = []
    for place, item in enumerate(blockers, 1):
        again = place < len(blockers) and blockers[place].fix == item.fix
        told.append(f"{item.code}: {item.detail}" + (f"; {item.fix}" if item.fix and not again else ""))
    return told
