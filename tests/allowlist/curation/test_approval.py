"""The entry that an allowed case becomes, and the rule whose numbers it pins."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from support.decisions import (
    DIGEST,
    IDENTITY,
    NOT_ATTESTED,
    NOW,
    PACKAGE,
    RULE,
    make_approved,
    make_candidate,
    make_case,
    make_ledger,
    make_package,
    make_provenance,
    make_review,
    policy,
)
from variantkit_allowlist.curation import Base, Case, make_approval, rule_to_pin
from variantkit_allowlist.curation.grants import compare_needs
from variantkit_allowlist.model import Approval, GrantedNeeds, IdentityRule

NEEDS = GrantedNeeds(fork=True)


def _entry(case: Case) -> Approval:
    statements = {review: f"{number:064x}" for number, review in enumerate(case.reviews)}
    return make_approval(case, statements, NOW)


def test_an_entry_says_who_counted_and_not_who_else_spoke() -> None:
    case = make_case(
        ledger=make_ledger(packages={PACKAGE: make_package(authors=("carol",))}),
        reviews=(*make_case().reviews, make_review("carol"), make_review("alice", "reviewed-needs", needs=NEEDS)),
    )
    entry = _entry(case)
    assert (entry.who, entry.criteria) == (("alice", "bob"), ("reviewed-source",))
    assert entry.reviews == (f"{0:064x}", f"{1:064x}")
    assert (entry.package, entry.version, entry.sha256) == (PACKAGE, "2.0", (DIGEST,))
    assert (entry.approved, entry.logged) == (datetime.date(2026, 11, 21), datetime.date(2026, 11, 1))


def test_an_entry_by_the_lane_for_data_names_its_base_and_nothing_that_was_not_read() -> None:
    entry = _entry(
        make_case(
            ledger=make_ledger(approved=(make_approved(),)),
            candidate=make_candidate(base=Base("1.0", data_only=True)),
            reviews=(make_review("carol", "reviewed-data", delta_from="1.0"),),
        )
    )
    assert (entry.who, entry.criteria, entry.delta_from) == (("carol",), ("reviewed-data",), "1.0")


def test_an_entry_of_a_change_that_was_read_names_where_it_starts() -> None:
    entry = _entry(
        make_case(
            ledger=make_ledger(approved=(make_approved(),)),
            reviews=tuple(make_review(who, delta_from="1.0") for who in ("alice", "bob")),
        )
    )
    assert (entry.criteria, entry.delta_from) == (("reviewed-source",), "1.0")


def test_needs_that_were_reviewed_are_in_the_entry_with_their_criterion() -> None:
    reviews = tuple(make_review(who, "reviewed-source", "reviewed-needs", needs=NEEDS) for who in ("alice", "bob"))
    entry = _entry(make_case(candidate=make_candidate(needs=NEEDS), reviews=reviews))
    assert (entry.needs, entry.criteria) == (NEEDS, ("reviewed-source", "reviewed-needs"))


def test_what_shows_nothing_of_its_origin_is_marked() -> None:
    case = make_case(ledger=make_ledger(**policy(unattested=True)), provenance=NOT_ATTESTED)
    entry = _entry(case)
    assert (entry.evidence, entry.identity) == ("none", None)
    assert entry.logged == datetime.date(2026, 10, 22)  # our own first sight


def test_a_rebuild_names_no_identity() -> None:
    """It shows what the source is, and not who uploaded the wheel."""
    entry = _entry(make_case(provenance=make_provenance(evidence="rebuild")))
    assert (entry.evidence, entry.identity) == ("rebuild", None)
    assert _entry(make_case()).identity == IDENTITY


def test_needs_are_compared_line_by_line() -> None:
    before = GrantedNeeds(read=("/sys/a/*",), programs=("/usr/bin/smi",))
    after = GrantedNeeds(read=("/sys/a/*", "/sys/b/*"), libraries=("libacme.so.1",), fork=True)
    assert compare_needs(before, after) == (
        ["read /sys/b/*", "libraries libacme.so.1", "fork"],
        ["programs /usr/bin/smi"],
    )


def test_the_package_table_gives_what_the_candidate_does_not_say() -> None:
    table = make_package(index=("https://index.example/simple",), reimplements=("other-provider",))
    case = make_case(ledger=make_ledger(packages={PACKAGE: table}, **policy(isolation="process")))
    entry = _entry(case)
    assert (entry.index, entry.reimplements) == (("https://index.example/simple",), ("other-provider",))
    assert (entry.namespace, entry.plugin_api, entry.isolation) == ("acme", ("acme_variant_provider",), "process")
    named = case._replace(candidate=make_candidate(index=("https://other.example/",), reimplements=("third",)))
    entry = _entry(named)
    assert (entry.index, entry.reimplements) == (("https://other.example/",), ("other-provider", "third"))


def test_nothing_else_becomes_an_entry() -> None:
    with pytest.raises(ValueError, match="not allowed: reviews-missing"):
        _entry(make_case(reviews=()))


OTHER = RULE | {"repository": "https://github.com/acme/other"}
PINNED = RULE | {"repository-id": "1001", "owner-id": "2002"}
PINS: dict[str, tuple[tuple[dict[str, str], ...], dict[str, Any], int | None]] = {
    "the-one-rule": ((RULE,), {}, 0),
    "the-rule-of-that-repository": ((OTHER, RULE), {}, 1),
    "spelt-another-way": ((RULE | {"repository": "https://github.com/Acme/provider.git"},), {}, 0),
    "pinned-before": ((PINNED,), {}, None),
    "pinned-beside-an-open-one": ((RULE, PINNED), {}, None),
    "half-pinned": ((RULE | {"owner-id": "2002"},), {}, 0),
    "of-another-issuer": ((RULE | {"issuer": "https://issuer.example"},), {}, None),
    "a-rebuild": ((RULE,), {"evidence": "rebuild"}, None),
    "not-verified": ((RULE,), {"verified": False}, None),
}


@pytest.mark.parametrize(("rules", "changes", "place"), PINS.values(), ids=list(PINS))
def test_t9_the_rule_that_was_met_gets_the_numbers(
    rules: tuple[dict[str, str], ...], changes: dict[str, Any], place: int | None
) -> None:
    case = make_case(
        ledger=make_ledger(packages={PACKAGE: make_package(identity=rules)}), provenance=make_provenance(**changes)
    )
    found = rule_to_pin(case)
    if place is None:
        assert found is None
        return
    before = IdentityRule.model_validate(rules[place])
    after = before.model_copy(update={"repository_id": "1001", "owner_id": "2002"})
    assert found == (before, after)


def test_a_certificate_without_numbers_pins_none() -> None:
    identity = IDENTITY.model_copy(update={"repository_id": "", "owner_id": ""})
    assert rule_to_pin(make_case(provenance=make_provenance(identity=identity))) is None
