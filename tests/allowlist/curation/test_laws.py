"""Laws of the decision: nothing that takes away, and no passing of time beyond the cooldown, ever admits more."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from support.decisions import (
    DIGEST,
    NOT_ATTESTED,
    NOW,
    PACKAGE,
    TODAY,
    make_approved,
    make_candidate,
    make_case,
    make_ledger,
    make_package,
    make_provenance,
    make_review,
    reviewer,
)
from variantkit.trust import Approvals, LevelList, parse_approved
from variantkit.trust.dates import DAY
from variantkit.trust.union import entries_in_force
from variantkit_allowlist.curation import Base, Case, decide_approval, draft_enforcement
from variantkit_allowlist.curation.origin import started
from variantkit_allowlist.model import GrantedNeeds, Ledger, Policy, Revoked

if TYPE_CHECKING:
    from variantkit_allowlist.statements import Review

PERSONS = ("alice", "bob", "carol", "dave")
NEEDS = GrantedNeeds(read=("/sys/class/acme/*",))

DIGESTS = {"1.0": "cd" * 32, "1.1": "ce" * 32}


def mostly(usual: Any, *others: Any) -> st.SearchStrategy[Any]:
    """The usual value two times of three: of values drawn evenly, hardly any case would be allowed."""
    return st.sampled_from([usual] * 2 * len(others) + list(others))


criteria = mostly(("reviewed-source",), ("reviewed-data",), ("reviewed-source", "reviewed-needs"), ())
policies = st.fixed_dictionaries(
    {
        "reviewers": mostly(2, 1, 3),
        "affiliations": mostly(1, 2),
        "cooldown-days": mostly(7, 0, 20),
        "approval-days": mostly(365, 30, 1),
        "evidence": mostly(("identity", "key", "rebuild"), ("key",), ()),
        "unattested": st.booleans(),
        "criteria": criteria,
        "fast-lane": mostly(True, False),
        "data-criteria": st.just(("reviewed-data",)),
    }
)


@st.composite
def approvals(draw: st.DrawFn, version: str) -> dict[str, object]:
    return make_approved(
        version,
        DIGESTS[version],
        criteria=draw(criteria),
        evidence=draw(mostly("identity", "none")),
        needs=draw(mostly({}, {"read": NEEDS.read})),
        package=draw(mostly(PACKAGE, "other-provider")),
        delta_from=draw(mostly(None, "1.0")) if version != "1.0" else None,
    )


@st.composite
def revocations(draw: st.DrawFn) -> dict[str, object]:
    what = draw(
        st.sampled_from([{"package": PACKAGE, "version": "1.0"}, {"package": PACKAGE, "version": "1.1"}])
        | st.sampled_from([DIGEST, *DIGESTS.values()]).map(lambda digest: {"sha256": (digest,)})
        | st.sampled_from([PACKAGE, "other-provider"]).map(lambda name: {"package": name})
    )
    return {**what, "since": TODAY, "reason": "bad"}


@st.composite
def reviews(draw: st.DrawFn, who: str) -> Review:
    start = draw(mostly(None, "1.0", "1.1"))
    return make_review(
        who,
        *draw(mostly(("reviewed-source", "reviewed-needs"), ("reviewed-data",), ("reviewed-source",))),
        delta_from=start,
        delta_sha256=DIGESTS.get(start or ""),
        needs=draw(mostly(NEEDS, None)),
    )


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Cases around the border: most rules are met, some are not."""
    earlier = [draw(approvals(version)) for version in DIGESTS]
    table = [PACKAGE, *draw(mostly([], ["other-provider"]))]
    persons = draw(st.lists(st.sampled_from(PERSONS), min_size=1, max_size=4))
    ledger = make_ledger(
        policy=draw(policies),
        reviewers={name: reviewer(name, draw(st.sampled_from(["Example", "Partner"]))) for name in PERSONS},
        packages={name: make_package() for name in draw(st.permutations(table))},
        approved=tuple(earlier[: draw(st.integers(0, 2))]),
        revoked=tuple(draw(mostly([], [draw(revocations())]))),
    )
    attested = make_provenance(logged=NOW - draw(mostly(30, -2, 0, 6, 7, 10)) * DAY)
    return make_case(
        ledger=ledger,
        candidate=make_candidate(
            first_seen=NOW - draw(mostly(30, 0, 6, 7, 10)) * DAY,
            expires=TODAY + datetime.timedelta(days=draw(mostly(30, -2, 0, 1, 365, 366))),
            base=draw(mostly(None, Base("1.0", True), Base("1.1", True), Base("1.1", False))),
            needs=draw(mostly(GrantedNeeds(), NEEDS)),
        ),
        provenance=draw(mostly(attested, NOT_ATTESTED)),
        reviews=tuple(draw(reviews(who)) for who in ["alice", "bob", *persons]),
    )


def _allowed(case: Case, now: int = NOW) -> bool:
    return decide_approval(case, now).allowed


def _changed(ledger: Ledger, **changes: Any) -> Ledger:
    return ledger.model_copy(update=changes)


@settings(max_examples=200)
@given(case=cases(), added=revocations())
def test_a_further_revocation_never_admits_more(case: Case, added: dict[str, object]) -> None:
    gone = Revoked.model_validate(added)
    more = case._replace(ledger=_changed(case.ledger, revoked=(*case.ledger.revoked, gone)))
    assert not _allowed(more) or _allowed(case)


OTHER = "other-provider"
TRAPS: dict[str, tuple[Case, str, dict[str, object]]] = {
    "the-newest-grant-of-needs": (
        make_case(
            ledger=make_ledger(approved=(make_approved(needs={"read": NEEDS.read}), make_approved("1.1", "ce" * 32))),
            candidate=make_candidate(needs=NEEDS),
        ),
        "needs-unreviewed",
        {"package": PACKAGE, "version": "1.1"},
    ),
    "the-owner-of-the-namespace": (
        make_case(
            ledger=make_ledger(
                packages={PACKAGE: make_package(), OTHER: make_package()}, approved=(make_approved(package=OTHER),)
            )
        ),
        "namespace-taken",
        {"package": OTHER},
    ),
    "the-version-that-was-attested": (
        make_case(
            ledger=make_ledger(approved=(make_approved(),), policy={"unattested": True}), provenance=NOT_ATTESTED
        ),
        "identity-lost",
        {"package": PACKAGE, "version": "1.0"},
    ),
    "the-other-bytes-of-the-version": (
        make_case(ledger=make_ledger(approved=(make_approved("2.0"),))),
        "hash-mismatch",
        {"sha256": ("cd" * 32,)},
    ),
}


@pytest.mark.parametrize(("case", "code", "added"), TRAPS.values(), ids=list(TRAPS))
def test_a_revocation_of_what_forbids_frees_nothing(case: Case, code: str, added: dict[str, object]) -> None:
    """Where the law above would need luck to look."""
    assert [blocker.code for blocker in decide_approval(case, NOW).blockers] == [code]
    gone = Revoked.model_validate({**added, "since": TODAY, "reason": "bad"})
    assert not _allowed(case._replace(ledger=_changed(case.ledger, revoked=(gone,))))


TIGHTENED = st.sampled_from(
    ["reviewers", "affiliations", "cooldown", "approval", "evidence", "unattested", "criteria", "data", "lane"]
)


def _tightened(policy: Policy, rule: str) -> Policy:
    changes: dict[str, dict[str, object]] = {
        "reviewers": {"reviewers": policy.reviewers + 1},
        "affiliations": {"affiliations": policy.affiliations + 1},
        "cooldown": {"cooldown_days": policy.cooldown_days + 3},
        "approval": {"approval_days": max(1, policy.approval_days // 2)},
        "evidence": {"evidence": policy.evidence[1:]},
        "unattested": {"unattested": False},
        "criteria": {"criteria": (*policy.criteria, "reviewed-needs")},
        "data": {"data_criteria": (*policy.data_criteria, "reviewed-needs")},
        "lane": {"fast_lane": False},
    }
    return policy.model_copy(update=changes[rule])


@settings(max_examples=250)
@given(case=cases(), rule=TIGHTENED)
def test_a_tighter_rule_never_admits_more(case: Case, rule: str) -> None:
    assume(case.ledger.policy.criteria)  # a policy without criteria denies all, so to give it one is no tightening
    tighter = case._replace(ledger=_changed(case.ledger, policy=_tightened(case.ledger.policy, rule)))
    assert not _allowed(tighter) or _allowed(case)


@settings(max_examples=200)
@given(case=cases(), later=st.integers(0, 800))
def test_beyond_the_cooldown_a_later_clock_never_admits_more(case: Case, later: int) -> None:
    """A wait can end one denial alone: the cooldown. From its end on, time only takes approvals away."""
    ended = started(case.candidate, case.provenance) + case.ledger.policy.cooldown_days * DAY
    now = max(NOW, ended)
    assume(_is_term(case, now))
    assert not _allowed(case, now + later * DAY) or _allowed(case, now)


def _is_term(case: Case, now: int) -> bool:
    """Whether the proposed end is within the longest term: an end too far ahead is denied until it comes nearer."""
    ahead = (case.candidate.expires - datetime.date(1970, 1, 1)).days - now // DAY
    return ahead <= case.ledger.policy.approval_days


@given(case=cases(), dropped=st.integers(0, 3))
def test_fewer_reviews_never_admit_more(case: Case, dropped: int) -> None:
    fewer = case._replace(reviews=(*case.reviews[:dropped], *case.reviews[dropped + 1 :]))
    assert not _allowed(fewer) or _allowed(case)


@given(case=cases())
def test_what_shows_nothing_of_its_origin_never_comes_in_easier(case: Case) -> None:
    bare = case._replace(provenance=NOT_ATTESTED, candidate=case.candidate._replace(first_seen=NOW - 400 * DAY))
    attested = case._replace(provenance=make_provenance(logged=NOW - 400 * DAY))
    assume("identity" in case.ledger.policy.evidence)
    assert not _allowed(bare) or _allowed(attested)


@given(case=cases())
def test_without_reviewers_nothing_is_approved(case: Case) -> None:
    assert not _allowed(case._replace(ledger=_changed(case.ledger, reviewers={})))
    assert not _allowed(case._replace(ledger=Ledger.model_validate({"schema": "variantkit.providers/1", "id": "x"})))


@example(case=make_case())
@given(case=cases())
def test_the_same_case_is_decided_the_same(case: Case) -> None:
    assert decide_approval(case, NOW) == decide_approval(case, NOW)
    assert _allowed(case) == (not decide_approval(case, NOW).blockers)


@settings(max_examples=60)
@given(case=cases(), added=revocations(), later=st.integers(0, 800))
def test_a_revocation_or_a_later_clock_never_puts_more_in_force(
    case: Case, added: dict[str, object], later: int
) -> None:
    ledger = case.ledger
    more = _changed(ledger, revoked=(*ledger.revoked, Revoked.model_validate(added)))
    before = {(entry.package, entry.version) for entry in _in_force(ledger, NOW)}
    assert {(entry.package, entry.version) for entry in _in_force(more, NOW)} <= before
    assert {(entry.package, entry.version) for entry in _in_force(ledger, NOW + later * DAY)} <= before


def _in_force(ledger: Ledger, now: int) -> list[Any]:
    approved = parse_approved(draft_enforcement(ledger, {}, 1, NOW).data, "approved.json")
    entries = entries_in_force(Approvals((LevelList("system", approved),)), now)
    return [entry for entry in entries if entry.expires is None or entry.expires > now]


def test_the_laws_are_about_cases_of_both_kinds() -> None:
    """They would hold of nothing if no case were allowed."""
    found: list[bool] = []

    @settings(max_examples=300, database=None, derandomize=True)
    @given(case=cases())
    def look(case: Case) -> None:
        found.append(_allowed(case))

    look()
    assert 0.05 < sum(found) / len(found) < 0.95
