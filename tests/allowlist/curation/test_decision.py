"""The decision about a wheel: every rule by itself, and all that is wrong with a wheel at once."""

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
    TODAY,
    codes_of,
    make_approved,
    make_candidate,
    make_case,
    make_ledger,
    make_package,
    make_provenance,
    make_review,
    policy,
    reviewer,
)
from variantkit.trust import Revocation
from variantkit.trust.dates import DAY
from variantkit_allowlist.curation import Base, decide_approval
from variantkit_allowlist.curation.decision import blockers_told
from variantkit_allowlist.model import GrantedNeeds, Identity, Ledger
from variantkit_allowlist.verdict import POLICY_CODES, as_json

DATA = Base("1.0", data_only=True)
CODE = Base("1.0", data_only=False, reasons=("code changed",))
ONE_DATA_REVIEW = (make_review("carol", "reviewed-data", delta_from="1.0"),)
NEEDS = GrantedNeeds(read=("/sys/class/acme/*",))
WITHOUT_NUMBERS = IDENTITY.model_copy(update={"repository_id": "", "owner_id": ""})
WITH_BASE = make_ledger(approved=(make_approved(),))


def test_a_wheel_that_meets_the_policy_is_allowed() -> None:
    verdict = decide_approval(make_case(), NOW)
    assert (verdict.allowed, verdict.code, verdict.blockers) == (True, "ok", ())
    assert (verdict.package, verdict.version, verdict.sha256) == (PACKAGE, "2.0", DIGEST)


REFUSED: dict[str, tuple[dict[str, Any], list[str]]] = {
    "not-in-the-package-table": ({"ledger": make_ledger(packages={})}, ["not-listed"]),
    "no-review": ({"reviews": ()}, ["reviews-missing", "criteria-missing"]),
    "T22-one-reviewer-of-two": (
        {"reviews": (make_review("alice"),)},
        ["reviews-missing", "criteria-missing"],
    ),
    "row37-one-person-twice": (
        {"reviews": (make_review("alice"), make_review("alice", notes="again"))},
        ["reviews-missing", "criteria-missing"],
    ),
    "row37-one-person-under-two-names-with-one-key": (
        {
            "ledger": make_ledger(
                reviewers={"alice": reviewer("alice"), "bob": reviewer("bob", keys=("ssh-ed25519 alice again",))}
            )
        },
        ["reviews-missing", "criteria-missing"],
    ),
    "row37-one-person-under-two-names-with-one-account": (
        {
            "ledger": make_ledger(
                reviewers={"alice": reviewer("alice"), "bob": reviewer("bob", accounts=("https://GitHub.com/Alice/",))}
            )
        },
        ["reviews-missing", "criteria-missing"],
    ),
    "a-stranger": (
        {"reviews": (make_review("alice"), make_review("mallory"))},
        ["reviews-missing", "criteria-missing"],
    ),
    "other-bytes-reviewed": (
        {"reviews": (make_review("alice"), make_review("bob", sha256="99" * 32))},
        ["reviews-missing", "criteria-missing"],
    ),
    "other-version-reviewed": (
        {"reviews": (make_review("alice"), make_review("bob", version="1.9"))},
        ["reviews-missing", "criteria-missing"],
    ),
    "lower-criterion": (
        {"reviews": (make_review("alice"), make_review("bob", "reviewed-data"))},
        ["criteria-missing"],
    ),
    "one-affiliation": (
        {"ledger": make_ledger(**policy(affiliations=2))},
        ["affiliation-missing"],
    ),
    "one-affiliation-in-two-spellings": (
        {
            "ledger": make_ledger(
                **policy(affiliations=2),
                reviewers={"alice": reviewer("alice", "Example Inc"), "bob": reviewer("bob", " example  INC ")},
            )
        },
        ["affiliation-missing"],
    ),
    "no-criterion-in-the-policy": ({"ledger": make_ledger(**policy(criteria=()))}, ["criteria-missing"]),
    "T7-cooldown-of-a-valid-attestation": (
        {"provenance": make_provenance(logged=NOW - 6 * DAY)},
        ["cooldown"],
    ),
    "row39-cooldown-from-our-own-first-sight": (
        {
            "provenance": NOT_ATTESTED,
            "ledger": make_ledger(**policy(unattested=True)),
            "candidate": make_candidate(first_seen=NOW - 6 * DAY),
        },
        ["cooldown"],
    ),
    "attested-in-the-future": (
        {"provenance": make_provenance(logged=NOW + 60), "ledger": make_ledger(**policy(cooldown_days=0))},
        ["evidence-insufficient", "cooldown"],
    ),
    "T6-not-attested": ({"provenance": NOT_ATTESTED}, ["evidence-insufficient"]),
    "T6-attested-before-and-not-now": (
        {"ledger": make_ledger(approved=(make_approved(),), **policy(unattested=True)), "provenance": NOT_ATTESTED},
        ["identity-lost"],
    ),
    "a-failed-attestation-is-worse-than-none": (
        {
            "ledger": make_ledger(**policy(unattested=True)),
            "provenance": make_provenance(verified=False, code="signature-invalid", evidence="none"),
        },
        ["evidence-insufficient"],
    ),
    "evidence-that-the-policy-does-not-take": (
        {"ledger": make_ledger(**policy(evidence=("rebuild",)))},
        ["evidence-insufficient"],
    ),
    "row43-verified-from-another-root": (
        {"provenance": make_provenance(trust_root="99" * 32)},
        ["evidence-insufficient"],
    ),
    "T9-the-repository-was-made-anew": (
        {
            "ledger": WITH_BASE,
            "provenance": make_provenance(identity=IDENTITY.model_copy(update={"repository_id": "9"})),
        },
        ["identity-changed"],
    ),
    "another-repository-without-numbers": (
        {
            "ledger": make_ledger(approved=(make_approved(identity=WITHOUT_NUMBERS.model_dump(by_alias=True)),)),
            "provenance": make_provenance(
                identity=WITHOUT_NUMBERS.model_copy(update={"repository": "https://github.com/acme/other"})
            ),
        },
        ["identity-changed"],
    ),
    "the-owner-is-another": (
        {"ledger": WITH_BASE, "provenance": make_provenance(identity=IDENTITY.model_copy(update={"owner_id": "9"}))},
        ["identity-changed"],
    ),
    "unattested-with-one-reviewer": (
        {
            "ledger": make_ledger(**policy(unattested=True, reviewers=1)),
            "provenance": NOT_ATTESTED,
            "reviews": (make_review("alice"),),
        },
        ["reviews-missing", "criteria-missing"],
    ),
    "row34-needs-nobody-reviewed": ({"candidate": make_candidate(needs=NEEDS)}, ["needs-unreviewed"]),
    "row34-needs-that-nobody-can-grant": (
        {
            "candidate": make_candidate(needs=GrantedNeeds(read=("/",), programs=("/bin/sh",))),
            "reviews": (
                *(
                    make_review(
                        who,
                        "reviewed-source",
                        "reviewed-needs",
                        needs=GrantedNeeds(read=("/",), programs=("/bin/sh",)),
                    )
                    for who in ("alice", "bob")
                ),
            ),
        },
        ["needs-forbidden", "needs-forbidden"],
    ),
    "presence-that-nobody-can-grant": (
        {"candidate": make_candidate(presence=("/etc/passwd",), fingerprint=("/home/*",))},
        ["needs-forbidden", "needs-forbidden"],
    ),
    "needs-reviewed-as-others": (
        {
            "candidate": make_candidate(needs=NEEDS),
            "reviews": (
                make_review("alice", "reviewed-source", "reviewed-needs", needs=NEEDS),
                make_review("bob", "reviewed-source", "reviewed-needs", needs=GrantedNeeds(fork=True)),
            ),
        },
        ["needs-unreviewed"],
    ),
    "more-needs-than-the-version-before": (
        {
            "ledger": make_ledger(approved=(make_approved(needs={"read": NEEDS.read}),)),
            "candidate": make_candidate(needs=GrantedNeeds(read=NEEDS.read, fork=True)),
        },
        ["needs-unreviewed"],
    ),
    "T4-the-namespace-of-an-approved-package": (
        {
            "ledger": make_ledger(
                packages={PACKAGE: make_package(), "other-provider": make_package()},
                approved=(make_approved(package="other-provider"),),
            )
        },
        ["namespace-taken"],
    ),
    "the-namespace-of-an-earlier-package": (
        {"ledger": make_ledger(packages={"other-provider": make_package(), PACKAGE: make_package()})},
        ["namespace-taken"],
    ),
    "row7-revoked-by-version-in-another-spelling": (
        {"ledger": make_ledger(revoked=({"package": PACKAGE, "version": "2", "since": TODAY, "reason": "bad"},))},
        ["revoked"],
    ),
    "revoked-by-hash": (
        {"ledger": make_ledger(revoked=({"sha256": (DIGEST,), "since": TODAY, "reason": "bad"},))},
        ["revoked"],
    ),
    "T23-revoked-by-an-import": ({"foreign": (Revocation(package=PACKAGE),)}, ["revoked"]),
    "approved-with-other-bytes": (
        {"ledger": make_ledger(approved=(make_approved("2.0.0", "99" * 32),))},
        ["hash-mismatch"],
    ),
    "not-canonical": ({"candidate": make_candidate(not_canonical="a comment")}, ["wheel-not-canonical"]),
    "no-such-module": ({"candidate": make_candidate(without=("elsewhere",))}, ["plugin-api-mismatch"]),
    "T27-an-end-beyond-the-policy": (
        {"candidate": make_candidate(expires=TODAY + datetime.timedelta(days=366))},
        ["expired"],
    ),
    "an-end-today": ({"candidate": make_candidate(expires=TODAY)}, ["expired"]),
    "the-catalogue-differs-from-what-was-reviewed": (
        {"candidate": make_candidate(configs_sha256="11" * 32, configs_expected=("22" * 32,))},
        ["configs-differ"],
    ),
    "one-review-of-a-change-of-code": (
        {"ledger": WITH_BASE, "candidate": make_candidate(base=CODE), "reviews": ONE_DATA_REVIEW},
        ["reviews-missing", "criteria-missing"],
    ),
    "one-review-of-data-without-the-lane": (
        {
            "ledger": make_ledger(approved=(make_approved(),), **policy(fast_lane=False)),
            "candidate": make_candidate(base=DATA),
            "reviews": ONE_DATA_REVIEW,
        },
        ["reviews-missing", "criteria-missing"],
    ),
    "row38-a-cooldown-in-the-lane-too": (
        {
            "ledger": WITH_BASE,
            "candidate": make_candidate(base=DATA),
            "provenance": make_provenance(logged=NOW - DAY),
            "reviews": ONE_DATA_REVIEW,
        },
        ["cooldown"],
    ),
    "the-lane-without-evidence-takes-two": (
        {
            "ledger": make_ledger(approved=(make_approved(evidence="none", identity=None),), **policy(unattested=True)),
            "candidate": make_candidate(base=DATA),
            "provenance": NOT_ATTESTED,
            "reviews": ONE_DATA_REVIEW,
        },
        ["reviews-missing", "criteria-missing"],
    ),
    "the-lane-from-a-revoked-version": (
        {
            "ledger": make_ledger(
                approved=(make_approved(),),
                revoked=({"package": PACKAGE, "version": "1.0", "since": TODAY, "reason": "bad"},),
            ),
            "candidate": make_candidate(base=DATA),
            "reviews": ONE_DATA_REVIEW,
        },
        ["reviews-missing", "criteria-missing", "delta-unknown"],
    ),
    "the-lane-from-a-version-that-was-read-for-less": (
        {
            "ledger": make_ledger(approved=(make_approved(criteria=("reviewed-needs",)),)),
            "candidate": make_candidate(base=DATA),
            "reviews": ONE_DATA_REVIEW,
        },
        ["reviews-missing", "criteria-missing"],
    ),
    "the-lane-with-a-catalogue-that-shrinks": (
        {
            "ledger": WITH_BASE,
            "candidate": make_candidate(base=DATA._replace(shrunk=("level :: v1",)), configs_sha256="11" * 32),
            "reviews": ONE_DATA_REVIEW,
        },
        ["configs-shrunk"],
    ),
    "the-lane-with-new-needs": (
        {
            "ledger": WITH_BASE,
            "candidate": make_candidate(base=DATA, needs=NEEDS),
            "reviews": (make_review("carol", "reviewed-data", "reviewed-needs", delta_from="1.0", needs=NEEDS),),
        },
        ["needs-unreviewed"],
    ),
    "changes-of-data-from-a-version-that-was-read-for-something-else": (
        {
            "ledger": make_ledger(
                approved=(make_approved(criteria=("reviewed-needs",)),), **policy(criteria=("reviewed-data",))
            ),
            "reviews": tuple(make_review(who, "reviewed-data", delta_from="1.0") for who in ("alice", "bob")),
        },
        ["reviews-missing", "criteria-missing"],
    ),
    "needs-of-bytes-of-unknown-origin-that-one-person-reviewed": (
        {
            "ledger": make_ledger(**policy(unattested=True, reviewers=1)),
            "provenance": NOT_ATTESTED,
            "candidate": make_candidate(needs=NEEDS),
            "reviews": (
                make_review("alice", "reviewed-source", "reviewed-needs", needs=NEEDS),
                make_review("bob", "reviewed-source"),
            ),
        },
        ["needs-unreviewed"],
    ),
    "a-second-too-early": ({"provenance": make_provenance(logged=NOW - 7 * DAY + 1)}, ["cooldown"]),
    "changes-from-a-version-nobody-approved": (
        {"reviews": tuple(make_review(who, delta_from="1.0") for who in ("alice", "bob"))},
        ["reviews-missing", "criteria-missing", "delta-unknown"],
    ),
    "changes-from-other-bytes-of-that-version": (
        {
            "ledger": WITH_BASE,
            "reviews": tuple(make_review(who, delta_from="1.0", delta_sha256="99" * 32) for who in ("alice", "bob")),
        },
        ["reviews-missing", "criteria-missing", "delta-unknown"],
    ),
    "changes-from-a-version-that-was-read-for-less": (
        {
            "ledger": make_ledger(approved=(make_approved(criteria=("reviewed-data",)),)),
            "reviews": tuple(make_review(who, delta_from="1.0") for who in ("alice", "bob")),
        },
        ["criteria-missing"],
    ),
}


@pytest.mark.parametrize(("changes", "codes"), REFUSED.values(), ids=list(REFUSED))
def test_a_wheel_is_refused_for_exactly(changes: dict[str, Any], codes: list[str]) -> None:
    assert codes_of(make_case(**changes)) == codes
    assert set(codes) <= set(POLICY_CODES)


ALLOWED: dict[str, dict[str, Any]] = {
    "one-review-of-a-change-of-data": {
        "ledger": WITH_BASE,
        "candidate": make_candidate(base=DATA),
        "reviews": ONE_DATA_REVIEW,
    },
    "one-review-of-a-change-of-data-where-source-implies-nothing": {
        "ledger": make_ledger(
            approved=(make_approved(),),
            criteria={name: {"description": "it says what was read"} for name in ("reviewed-source", "reviewed-data")},
        ),
        "candidate": make_candidate(base=DATA),
        "reviews": ONE_DATA_REVIEW,
    },
    "the-very-end-of-the-cooldown": {"provenance": make_provenance(logged=NOW - 7 * DAY)},
    "logged-this-second-where-nothing-waits": {
        "ledger": make_ledger(**policy(cooldown_days=0)),
        "provenance": make_provenance(logged=NOW),
    },
    "two-whole-reviews-although-the-lane-is-open": {"ledger": WITH_BASE, "candidate": make_candidate(base=DATA)},
    "a-shrinking-catalogue-that-was-reviewed-whole": {
        "ledger": WITH_BASE,
        "candidate": make_candidate(base=DATA._replace(shrunk=("level :: v1",)), configs_sha256="11" * 32),
    },
    "two-reviews-of-the-change-alone": {
        "ledger": WITH_BASE,
        "reviews": tuple(make_review(who, delta_from="1.0") for who in ("alice", "bob")),
    },
    "a-change-from-an-expired-version": {
        "ledger": make_ledger(approved=(make_approved(expires=datetime.date(2026, 10, 1)),)),
        "reviews": tuple(make_review(who, delta_from="1.0") for who in ("alice", "bob")),
    },
    "the-lane-twice-in-a-row": {
        "ledger": make_ledger(
            approved=(
                make_approved("0.9"),
                make_approved(who=("carol",), criteria=("reviewed-data",), delta_from="0.9", sha256=("ef" * 32,)),
            )
        ),
        "candidate": make_candidate(base=DATA),
        "reviews": (make_review("carol", "reviewed-data", delta_from="1.0", delta_sha256="ef" * 32),),
    },
    "needs-that-two-persons-reviewed": {
        "candidate": make_candidate(needs=NEEDS),
        "reviews": tuple(
            make_review(who, "reviewed-source", "reviewed-needs", needs=NEEDS) for who in ("alice", "bob")
        ),
    },
    "needs-that-the-version-before-had": {
        "ledger": make_ledger(approved=(make_approved(needs={"read": (*NEEDS.read, "/sys/class/drm/*")}),)),
        "candidate": make_candidate(needs=NEEDS),
    },
    "a-key-of-the-vendor": {
        "provenance": make_provenance(evidence="key", identity=Identity(), logged=None, trust_root="")
    },
    "a-rebuild": {"provenance": make_provenance(evidence="rebuild", identity=Identity(), logged=None, trust_root="")},
    "bytes-of-unknown-origin-that-two-read": {
        "ledger": make_ledger(**policy(unattested=True, reviewers=1)),
        "provenance": NOT_ATTESTED,
    },
    "a-repository-that-was-renamed": {
        "ledger": make_ledger(
            approved=(make_approved(),),
            packages={PACKAGE: make_package(identity=(RULE | {"repository": "https://github.com/acme/new"},))},
        ),
        "provenance": make_provenance(
            identity=IDENTITY.model_copy(update={"repository": "https://github.com/acme/new"})
        ),
    },
    "a-repository-without-numbers-and-another-tag": {
        "ledger": make_ledger(approved=(make_approved(identity=WITHOUT_NUMBERS.model_dump(by_alias=True)),)),
        "provenance": make_provenance(identity=WITHOUT_NUMBERS.model_copy(update={"subject": "…@refs/tags/v3"})),
    },
    "an-owner-that-a-person-wrote-into-the-rule": {
        "ledger": make_ledger(
            approved=(make_approved(),),
            packages={PACKAGE: make_package(identity=(RULE | {"repository-id": "1001", "owner-id": "9"},))},
        ),
        "provenance": make_provenance(identity=IDENTITY.model_copy(update={"owner_id": "9"})),
    },
    "two-affiliations": {
        "ledger": make_ledger(**policy(affiliations=2)),
        "reviews": (make_review("alice"), make_review("carol")),
    },
    "a-reimplementation-in-the-namespace-of-the-original": {
        "ledger": make_ledger(
            packages={
                "other-provider": make_package(),
                PACKAGE: make_package(reimplements=("other-provider",)),
            },
            approved=(make_approved(package="other-provider"),),
        )
    },
    "the-same-bytes-again": {"ledger": make_ledger(approved=(make_approved("2.0", DIGEST),))},
}


@pytest.mark.parametrize("changes", ALLOWED.values(), ids=list(ALLOWED))
def test_a_wheel_is_allowed_with(changes: dict[str, Any]) -> None:
    assert codes_of(make_case(**changes)) == []


SELF_REVIEW: dict[str, dict[str, Any]] = {
    "author-in-the-package-table": {"ledger": make_ledger(packages={PACKAGE: make_package(authors=("bob",))})},
    "author-in-the-metadata": {"candidate": make_candidate(emails=("Bob@Example.org",))},
    "publisher-by-e-mail": {
        "provenance": make_provenance(identity=IDENTITY.model_copy(update={"subject": "bob@example.org"}))
    },
    "owner-in-the-certificate": {
        "provenance": make_provenance(identity=IDENTITY.model_copy(update={"owner": "https://github.com/Bob"}))
    },
    "owner-of-the-repository-in-the-certificate": {
        "provenance": make_provenance(
            identity=IDENTITY.model_copy(update={"owner": "", "repository": "https://github.com/bob/x"})
        )
    },
    "owner-of-a-repository-in-the-package-table": {
        "ledger": make_ledger(
            packages={PACKAGE: make_package(identity=(RULE, RULE | {"repository": "https://github.com/bob/fork"}))}
        )
    },
    "owner-of-the-source": {
        "ledger": make_ledger(packages={PACKAGE: make_package(source="https://github.com/bob/provider.git")})
    },
    "who-signs-for-the-vendor": {
        "ledger": make_ledger(packages={PACKAGE: make_package(key=({"person": "bob", "key": "ssh-ed25519 other"},))})
    },
    "whose-key-signs-for-the-vendor": {
        "ledger": make_ledger(packages={PACKAGE: make_package(key=({"person": "Bob B.", "key": "ssh-ed25519 bob"},))})
    },
    "author-under-another-name-with-the-same-key": {
        "ledger": make_ledger(
            reviewers={
                "alice": reviewer("alice"),
                "bob": reviewer("bob"),
                "robert": reviewer("robert", keys=("ssh-ed25519 bob",)),
            },
            packages={PACKAGE: make_package(authors=("robert",))},
        )
    },
}


@pytest.mark.parametrize("changes", SELF_REVIEW.values(), ids=list(SELF_REVIEW))
def test_row37_nobody_reviews_what_is_their_own(changes: dict[str, Any]) -> None:
    verdict = decide_approval(make_case(**changes), NOW)
    assert [blocker.code for blocker in verdict.blockers] == ["reviews-missing", "criteria-missing"]
    assert "bob " in verdict.detail  # and the sentence says whose word did not count
    with_carol = make_case(**changes, reviews=(*make_case().reviews, make_review("carol")))
    if "carol" in with_carol.ledger.reviewers:
        assert codes_of(with_carol) == []


def test_everything_that_is_wrong_is_told_at_once() -> None:
    case = make_case(
        ledger=make_ledger(approved=(make_approved(),)),
        candidate=make_candidate(needs=GrantedNeeds(read=("/home/x",)), not_canonical="a comment"),
        provenance=NOT_ATTESTED,
        reviews=(),
    )
    assert codes_of(case) == [
        "wheel-not-canonical",
        "identity-lost",
        "evidence-insufficient",
        "needs-forbidden",
        "reviews-missing",
        "criteria-missing",
        "needs-unreviewed",
    ]


def test_an_empty_ledger_approves_nothing() -> None:
    empty = Ledger.model_validate({"schema": "variantkit.providers/1", "id": "empty"})
    assert not decide_approval(make_case(ledger=empty), NOW).allowed
    assert {"not-listed", "reviews-missing"} <= set(codes_of(make_case(ledger=empty)))


def test_the_verdict_is_an_object_a_machine_can_read() -> None:
    printed = as_json(decide_approval(make_case(reviews=()), NOW))
    assert printed["code"] == "reviews-missing"
    blockers = printed["blockers"]
    assert isinstance(blockers, list)
    assert [set(blocker) for blocker in blockers] == [{"code", "detail", "fix"}] * 2


def test_every_blocker_with_a_remedy_names_the_command() -> None:
    (missing, _) = decide_approval(make_case(reviews=()), NOW).blockers
    wheel = make_candidate().filename
    assert missing.fix == f"variantkit-allowlist review {wheel} --as NAME --key REF --criteria reviewed-source"
    code = make_candidate(base=CODE)
    changed = decide_approval(make_case(ledger=WITH_BASE, candidate=code, reviews=()), NOW).blockers[0]
    assert changed.fix.endswith("--criteria reviewed-source --delta-from 1.0")  # the least to read
    lane = make_case(ledger=WITH_BASE, candidate=make_candidate(base=DATA), reviews=())
    assert decide_approval(lane, NOW).blockers[0].fix.endswith("--criteria reviewed-data --delta-from 1.0")


def test_a_way_out_that_several_have_is_told_once() -> None:
    reviews, criteria = blockers_told(decide_approval(make_case(reviews=()), NOW).blockers)
    assert reviews == "reviews-missing: 0 of 2 persons reviewed it"
    assert criteria.startswith("criteria-missing: 0 of 2 persons state reviewed-source; variantkit-allowlist review ")
    assert blockers_told(()) == []
