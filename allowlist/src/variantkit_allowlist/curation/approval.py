"""Approval: the entry that a decision without blockers leads to, and the ids that it pins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from variantkit_allowlist.curation.candidate import date_of
from variantkit_allowlist.curation.decision import choose_way, decide_approval
from variantkit_allowlist.curation.origin import find_rule, pinned_rule, started
from variantkit_allowlist.curation.persons import NEEDS_CRITERION
from variantkit_allowlist.model import Approval, IdentityRule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from variantkit_allowlist.curation.decision import Case, Way
    from variantkit_allowlist.statements import Review


def make_approval(case: Case, statements: Mapping[Review, str], now: int, *, superseded: bool = False) -> Approval:
    """The entry of an allowed case; `statements` gives the sha256 of the signed statement of each review.

    Raises ValueError for a case that is not allowed: nothing else may make an entry.
    """
    verdict = decide_approval(case, now)
    if not verdict.allowed:
        raise ValueError(f"an entry of a wheel that is not allowed: {verdict.code}")
    ledger, candidate, provenance = case.ledger, case.candidate, case.provenance
    package = ledger.packages[candidate.package]
    way = choose_way(case)
    rests_on = _reviews(way)
    return Approval(
        package=candidate.package,
        version=candidate.version,
        namespace=package.namespace,
        sha256=(candidate.sha256,),
        plugin_api=package.plugin_api,
        index=candidate.index or package.index,
        configs_sha256=candidate.configs_sha256,
        isolation=ledger.policy.isolation,
        needs=candidate.needs,
        presence=candidate.presence,
        fingerprint=candidate.fingerprint,
        reimplements=tuple(dict.fromkeys((*package.reimplements, *candidate.reimplements))),
        superseded=superseded,
        evidence=provenance.evidence if provenance.verified else "none",
        identity=provenance.identity if provenance.verified and provenance.evidence == "identity" else None,
        who=tuple(sorted({review.who for review in rests_on})),
        criteria=(*way.required.criteria, *((NEEDS_CRITERION,) if way.needs_stated else ())),
        reviews=tuple(sorted({statements[review] for review in rests_on})),
        delta_from=_start(way, rests_on),
        logged=date_of(started(candidate, provenance)),
        approved=date_of(now),
        expires=candidate.expires,
        notes=candidate.notes,
    )


def rule_to_pin(case: Case) -> tuple[IdentityRule, IdentityRule] | None:
    """The rule that the verified identity met, before and after its numeric ids are written; None when it has them."""
    package = case.ledger.packages.get(case.candidate.package)
    provenance = case.provenance
    if package is None or not provenance.verified or provenance.evidence != "identity":
        return None
    rule = find_rule(package.identity, provenance.identity)
    if rule is None:
        return None
    pinned = pinned_rule(rule, provenance.identity)
    return (rule, pinned) if pinned != rule else None


def _reviews(way: Way) -> list[Review]:
    """The reviews that the approval rests on: each states something that was required."""
    wanted = {*way.required.criteria, *((NEEDS_CRITERION,) if way.needs_stated else ())}
    return [word.review for word in way.tally.counted if wanted & word.criteria]


def _start(way: Way, reviews: list[Review]) -> str | None:
    """The version that the approval starts from: of the lane its base, else that of any review of a change alone."""
    if way.required.base is not None:
        return way.required.base
    return next((review.delta_from for review in reviews if review.delta_from is not None), None)
