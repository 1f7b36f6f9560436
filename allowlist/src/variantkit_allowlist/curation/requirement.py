"""Requirement: how many persons must state what, by the whole review or by the lane for data alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from variantkit_allowlist.curation.history import standing_approval, stated_criteria
from variantkit_allowlist.curation.persons import NEEDS_CRITERION
from variantkit_allowlist.verdict import Blocker

if TYPE_CHECKING:
    from collections.abc import Sequence

    from variantkit.trust import Revocation
    from variantkit_allowlist.curation.candidate import Candidate
    from variantkit_allowlist.curation.persons import Counted, Tally
    from variantkit_allowlist.model import Ledger
    from variantkit_allowlist.verdict import Provenance

UNATTESTED_REVIEWERS = 2
"""Whatever a policy says, bytes of unknown origin are read by two."""


class Requirement(NamedTuple):
    """What reviews must add up to; `base` is the approved version that the lane for data alone starts from."""

    criteria: tuple[str, ...]
    persons: int
    affiliations: int
    base: str | None = None


def requirements(
    ledger: Ledger, candidate: Candidate, provenance: Provenance, revoked: Sequence[Revocation]
) -> list[Requirement]:
    """The ways that are open to a candidate, the cheapest first; each is enough."""
    policy = ledger.policy
    least = 1 if provenance.verified else UNATTESTED_REVIEWERS
    whole = Requirement(policy.criteria, max(policy.reviewers, least), policy.affiliations)
    base = candidate.base
    if not (policy.fast_lane and policy.data_criteria and policy.criteria and base is not None and base.data_only):
        return [whole]
    approval = standing_approval(ledger, candidate.package, base.version, revoked)
    if approval is None or not set(policy.criteria) <= stated_criteria(ledger, approval, revoked):
        return [whole]
    return [Requirement(policy.data_criteria, least, 1, base.version), whole]


def check_reviews(ledger: Ledger, candidate: Candidate, required: Requirement, tally: Tally) -> list[Blocker]:
    """What the reviews lack for one way in."""
    if not required.criteria:
        return [Blocker("criteria-missing", "the policy names no criterion, so nothing can meet it", "edit [policy]")]
    lane = f" of the change of data from {required.base}" if required.base is not None else ""
    fix = _how_to_review(candidate, required)
    blockers = []
    persons = {word.person for word in tally.counted}
    if len(persons) < required.persons:
        told = f"{len(persons)} of {required.persons} persons reviewed it{lane}{_told(tally)}"
        blockers.append(Blocker("reviews-missing", told, fix))
    for criterion in required.criteria:
        words = [word for word in tally.counted if criterion in word.criteria]
        missing = _check_words(words, criterion, required, lane)
        blockers.extend(Blocker(code, detail, fix) for code, detail in missing)
    return blockers


def check_needs(ledger: Ledger, candidate: Candidate, provenance: Provenance, tally: Tally) -> Blocker | None:
    """Needs that were not granted to this package before are stated by as many persons as a whole review takes."""
    words = [
        word for word in tally.counted if NEEDS_CRITERION in word.criteria and word.review.needs == candidate.needs
    ]
    wanted = max(ledger.policy.reviewers, 1 if provenance.verified else UNATTESTED_REVIEWERS)
    persons = {word.person for word in words}
    if len(persons) >= wanted:
        return None
    detail = f"{len(persons)} of {wanted} persons state {NEEDS_CRITERION} of exactly these needs"
    command = _review_command(candidate, None, (NEEDS_CRITERION,))
    return Blocker("needs-unreviewed", detail, f"{command} --needs FILE")


def _check_words(words: list[Counted], criterion: str, required: Requirement, lane: str) -> list[tuple[str, str]]:
    persons = {word.person for word in words}
    affiliations = {" ".join(word.affiliation.casefold().split()) for word in words}
    if len(persons) < required.persons:
        return [("criteria-missing", f"{len(persons)} of {required.persons} persons state {criterion}{lane}")]
    if len(affiliations) < required.affiliations:
        told = f"{criterion} is stated from {len(affiliations)} of {required.affiliations} affiliations"
        return [("affiliation-missing", f"{told} ({', '.join(sorted(affiliations))})")]
    return []


def _told(tally: Tally) -> str:
    return f" ({'; '.join(tally.excluded)})" if tally.excluded else ""


def _how_to_review(candidate: Candidate, required: Requirement) -> str:
    """The command with the least to read: the change, where an approved version stands for the rest."""
    base = required.base or (candidate.base.version if candidate.base is not None else None)
    return _review_command(candidate, base, required.criteria)


def _review_command(candidate: Candidate, base: str | None, criteria: tuple[str, ...]) -> str:
    start = f" --delta-from {base}" if base is not None else ""
    words = " ".join(f"--criteria {criterion}" for criterion in criteria)
    return f"variantkit-allowlist review {candidate.filename} --as NAME --key REF {words}{start}"
