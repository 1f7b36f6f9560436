"""Persons: which reviews count, since authors and publishers do not judge their own work, and nobody counts twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from variantkit_allowlist.curation.history import standing_approval, stated_criteria, with_implied

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from variantkit.trust import Revocation
    from variantkit_allowlist.curation.candidate import Candidate
    from variantkit_allowlist.model import Identity, Ledger, Package, Reviewer
    from variantkit_allowlist.statements import Review


class Counted(NamedTuple):
    """One person's word: what it states, implied criteria included. `person` is one name for all of a person's."""

    person: str
    affiliation: str
    criteria: frozenset[str]
    review: Review


class Tally(NamedTuple):
    """The reviews that count, and a sentence for each that does not; `unknown_bases` are among those."""

    counted: tuple[Counted, ...]
    excluded: tuple[str, ...] = ()
    unknown_bases: tuple[str, ...] = ()


def tally_reviews(
    ledger: Ledger, candidate: Candidate, identity: Identity, reviews: Iterable[Review], revoked: Sequence[Revocation]
) -> Tally:
    """Sort the reviews of exactly these bytes into those that count and those that do not."""
    persons = name_persons(ledger.reviewers)
    conflicts = find_conflicts(ledger, candidate, identity)
    counted, excluded, unknown_bases = [], [], []
    for review in reviews:
        if (review.package, review.version, review.sha256) != (candidate.package, candidate.version, candidate.sha256):
            continue
        if review.who not in ledger.reviewers:
            excluded.append(f"{review.who} is no reviewer of this list")
        elif persons[review.who] in conflicts:
            excluded.append(f"{review.who} {conflicts[persons[review.who]]}")
        else:
            criteria = _admitted(ledger, review, revoked)
            if criteria is None:
                unknown_bases.append(f"{review.who} reviewed the change from {review.delta_from}")
            elif criteria:
                affiliation = ledger.reviewers[review.who].affiliation
                counted.append(Counted(persons[review.who], affiliation, criteria, review))
    return Tally(tuple(counted), tuple(dict.fromkeys(excluded)), tuple(dict.fromkeys(unknown_bases)))


def _admitted(ledger: Ledger, review: Review, revoked: Sequence[Revocation]) -> frozenset[str] | None:
    """What a review states; of a change, only what its base was found to be too. None when the base does not stand."""
    criteria = with_implied(review.criteria, ledger.criteria)
    if review.delta_from is None:
        return criteria
    base = standing_approval(ledger, review.package, review.delta_from, revoked)
    if base is None or review.delta_sha256 not in base.sha256:
        return None
    stated = stated_criteria(ledger, base, revoked)
    # A change of data alone, to code that was read, takes no more than reading the data; needs are stated as a whole.
    data = ledger.policy.data_criteria if set(ledger.policy.criteria) <= stated else ()
    return criteria & (stated | with_implied((*data, NEEDS_CRITERION), ledger.criteria))


NEEDS_CRITERION = "reviewed-needs"
"""What a reviewer states who judged that the sandbox may open what the entry asks for."""


def name_persons(reviewers: dict[str, Reviewer]) -> dict[str, str]:
    """Give each reviewer one name a person: who shares a key, an e-mail address or an account is one person."""
    names = {name: name for name in reviewers}
    owners: dict[str, str] = {}
    for name, reviewer in reviewers.items():
        for mark in _marks(reviewer):
            first = owners.setdefault(mark, name)
            old, new = names[name], names[first]
            names = {other: new if person == old else person for other, person in names.items()}
    return names


def _marks(reviewer: Reviewer) -> list[str]:
    keys = [" ".join(key.split()[:2]) for key in reviewer.keys]
    return [*keys, *map(str.casefold, reviewer.emails), *map(_account, reviewer.accounts)]


def find_conflicts(ledger: Ledger, candidate: Candidate, identity: Identity) -> dict[str, str]:
    """Person -> why this person cannot judge this wheel: wrote it, publishes it, or signs for its vendor."""
    persons = name_persons(ledger.reviewers)
    package = ledger.packages.get(candidate.package)
    found: dict[str, str] = {}
    for name, reviewer in ledger.reviewers.items():
        why = _conflict(name, reviewer, package, candidate, identity)
        if why:
            found.setdefault(persons[name], why)
    return found


def _conflict(name: str, reviewer: Reviewer, package: Package | None, candidate: Candidate, identity: Identity) -> str:
    emails = set(map(str.casefold, reviewer.emails))
    accounts = set(map(_account, reviewer.accounts))
    keys = {" ".join(key.split()[:2]) for key in reviewer.keys}
    if package is not None and name in package.authors:
        return "is an author of the package"
    if emails & {email.casefold() for email in candidate.emails}:
        return "is an author or maintainer in the wheel's METADATA"
    if package is not None and any(key.person == name or " ".join(key.key.split()[:2]) in keys for key in package.key):
        return "holds a key that signs for the vendor"
    if identity.subject.casefold().removeprefix("mailto:") in emails:
        return "published the wheel: the certificate names the e-mail address"
    if accounts & _owners(package, identity):
        return "owns the repository that publishes it"
    return ""


def _owners(package: Package | None, identity: Identity) -> set[str]:
    """The accounts that own where the wheel comes from, in the certificate's word and in the package table's."""
    repositories = [identity.repository]
    owners = [identity.owner]
    for rule in package.identity if package is not None else ():
        repositories.append(rule.repository)
        owners.append(rule.owner or "")
    if package is not None and package.source:
        repositories.append(package.source)
    accounts = {_account(text) for text in owners} | {_account(text).rpartition("/")[0] for text in repositories}
    return accounts - {""}


def _account(text: str) -> str:
    """`https://github.com/Alice/` and `github.com/alice` are one account."""
    return text.removeprefix("git+").partition("://")[2].rstrip("/").casefold() or text.rstrip("/").casefold()
