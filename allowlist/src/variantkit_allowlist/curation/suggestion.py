"""Suggestions: the cheapest reviews that would let a pending wheel in, and who could write them. Pure."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, NamedTuple

from variantkit_allowlist.curation.decision import choose_way
from variantkit_allowlist.curation.history import revocations_of, with_implied
from variantkit_allowlist.curation.persons import NEEDS_CRITERION, Tally, find_conflicts, name_persons
from variantkit_allowlist.curation.requirement import UNATTESTED_REVIEWERS, Requirement, requirements

if TYPE_CHECKING:
    from variantkit_allowlist.curation.decision import Case
    from variantkit_allowlist.curation.pending import Pending
    from variantkit_allowlist.curation.persons import Counted


class Lines(NamedTuple):
    """How much there is to read: of the whole wheel, of its change, and of the change in its tables."""

    whole: int
    change: int | None = None
    tables: int | None = None


class Suggestion(NamedTuple):
    """Reviews that would do. `kind` is data, delta or full; `lines` are for each of `persons` more reviewers.

    `names` are the reviewers who may still write one; fewer than `persons` of them is not enough.
    """

    package: str
    version: str
    filename: str
    sha256: str
    kind: str
    criteria: tuple[str, ...]
    delta_from: str | None
    lines: int
    persons: int
    names: tuple[str, ...]
    command: str

    @property
    def cost(self) -> int:
        """Lines to be read by all of them together."""
        return self.lines * self.persons


def suggest_reviews(pending: Pending, lines: Lines) -> list[Suggestion]:
    """Every way in that reviews alone would open, the cheapest first; none when no review is missing."""
    case = pending.case
    if not pending.way.blockers:
        return []
    revoked = revocations_of(case.ledger, case.foreign)
    found = []
    for required in requirements(case.ledger, case.candidate, case.provenance, revoked):
        if required.base is not None and lines.tables is not None:
            found.append(_suggestion(pending, required, "data", required.base, lines.tables))
        elif required.base is None:
            base = case.candidate.base
            if base is not None and lines.change is not None:
                found.append(_suggestion(pending, required, "delta", base.version, lines.change))
            found.append(_suggestion(pending, required, "full", None, lines.whole))
    enough = [item for item in found if item.persons <= len(item.names)]
    return sorted(enough or found, key=lambda item: (item.cost, ("data", "delta", "full").index(item.kind)))


def _suggestion(pending: Pending, required: Requirement, kind: str, base: str | None, lines: int) -> Suggestion:
    case, way = pending.case, choose_way(pending.case)
    candidate = case.candidate
    criteria = required.criteria
    missing = max((_missing(case, way.tally, word, required.persons) for word in criteria), default=0)
    if way.needs_stated:
        wanted = max(case.ledger.policy.reviewers, 1 if case.provenance.verified else UNATTESTED_REVIEWERS)
        missing = max(missing, _missing(case, way.tally, NEEDS_CRITERION, wanted))
        criteria = (*criteria, NEEDS_CRITERION)
    subject = f"variantkit-allowlist review {shlex.quote(pending.path)} --as NAME --key REF"
    start = f" --delta-from {base}" if base is not None else ""
    words = " ".join(f"--criteria {word}" for word in criteria)
    needs = " --needs FILE" if way.needs_stated else ""
    return Suggestion(
        package=candidate.package,
        version=candidate.version,
        filename=candidate.filename,
        sha256=candidate.sha256,
        kind=kind,
        criteria=criteria,
        delta_from=base,
        lines=lines,
        persons=missing,
        names=_able(case, way.tally, criteria),
        command=f"{subject} {words}{start}{needs}{pending.listed}",
    )


def _missing(case: Case, tally: Tally, criterion: str, wanted: int) -> int:
    """How many persons more must state a criterion."""
    stated = {word.person for word in tally.counted if criterion in word.criteria and _fits(case, criterion, word)}
    return max(0, wanted - len(stated))


def _fits(case: Case, criterion: str, word: Counted) -> bool:
    return criterion != NEEDS_CRITERION or word.review.needs == case.candidate.needs


def _able(case: Case, tally: Tally, criteria: tuple[str, ...]) -> tuple[str, ...]:
    """The reviewers who may judge this wheel, have a key, and have not stated all of it."""
    persons = name_persons(case.ledger.reviewers)
    conflicts = find_conflicts(case.ledger, case.candidate, case.provenance.identity)
    wanted = with_implied(criteria, case.ledger.criteria)
    said: dict[str, set[str]] = {}
    for word in tally.counted:
        said.setdefault(word.person, set()).update(word.criteria)
    return tuple(
        name
        for name, reviewer in case.ledger.reviewers.items()
        if reviewer.keys and persons[name] == name and name not in conflicts and not wanted <= said.get(name, set())
    )
