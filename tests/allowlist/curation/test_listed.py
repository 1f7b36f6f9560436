"""What a list says of a wheel: laws that hold for every list, every wheel and every clock."""

from __future__ import annotations

import datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from support.decisions import BASE_DIGEST, DIGEST, IDENTITY, NOW, PACKAGE, ROOT, make_ledger
from variantkit.trust.dates import DAY
from variantkit_allowlist.curation.listed import judge_listed
from variantkit_allowlist.model import Ledger
from variantkit_allowlist.provenance import WheelFile
from variantkit_allowlist.verdict import POLICY_CODES, PROVENANCE_CODES, Provenance

TODAY = datetime.date(2026, 11, 21)


def approval(**changes: Any) -> dict[str, Any]:
    return {
        "package": PACKAGE,
        "version": "2.0",
        "namespace": "acme",
        "sha256": (DIGEST,),
        "plugin-api": ("acme_variant_provider",),
        "evidence": "identity",
        "identity": IDENTITY,
        "who": ("alice", "bob"),
        "criteria": ("reviewed-source",),
        "approved": TODAY - datetime.timedelta(30),
        "expires": TODAY + datetime.timedelta(30),
        **changes,
    }


def wheel(version: str = "2.0", sha256: str = DIGEST, problem: str = "") -> WheelFile:
    return WheelFile("acme_variant_provider-2.0-py3-none-any.whl", PACKAGE, version, sha256, b"", problem)


ATTESTED = Provenance(True, "ok", "attested", "identity", IDENTITY, NOW - 30 * DAY, ("x",), ROOT)
ABSENT = Provenance(False, "not-attested", "nothing")

approvals = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "version": st.sampled_from(["1.0", "2", "3.0"]),
            "sha256": st.sampled_from([(DIGEST,), (BASE_DIGEST,), (BASE_DIGEST, DIGEST)]),
            "evidence": st.sampled_from(["identity", "none", "rebuild"]),
            "expires": st.sampled_from([TODAY, TODAY - datetime.timedelta(1), TODAY + datetime.timedelta(9)]),
        },
    ).map(lambda changes: approval(**changes)),
    max_size=3,
)
revocations = st.lists(
    st.fixed_dictionaries(
        {"since": st.just(TODAY), "reason": st.just("no good")},
        optional={
            "package": st.sampled_from([PACKAGE, "other"]),
            "version": st.sampled_from(["2.0.0", "1.0"]),
            "sha256": st.sampled_from([(DIGEST,), (BASE_DIGEST,)]),
        },
    ),
    max_size=2,
)
wheels = st.sampled_from([wheel(), wheel(sha256=BASE_DIGEST), wheel(version="2"), wheel(problem="two directories")])
provenances = st.sampled_from(
    [
        ATTESTED,
        ABSENT,
        ATTESTED._replace(trust_root="99" * 32),
        ATTESTED._replace(identity=IDENTITY.model_copy(update={"repository_id": "9"})),
        ABSENT._replace(code="repository-id-mismatch"),
        ABSENT._replace(code="malformed"),
    ]
)


def allowed(ledger: Ledger, item: WheelFile, provenance: Provenance, now: int = NOW) -> bool:
    found = judge_listed(ledger, item, provenance, now, pinned_root=ROOT)
    assert found.allowed == (found.code == "ok") == (not found.blockers)
    assert {blocker.code for blocker in found.blockers} <= {*POLICY_CODES, *PROVENANCE_CODES}
    return found.allowed


def test_a_listed_wheel_with_its_evidence_is_allowed() -> None:
    assert allowed(make_ledger(approved=(approval(),)), wheel(), ATTESTED)


@given(wheels, provenances)
def test_an_empty_list_denies_everything(item: WheelFile, provenance: Provenance) -> None:
    assert not allowed(make_ledger(), item, provenance)
    assert not allowed(Ledger.model_validate({"schema": "variantkit.providers/1", "id": "x"}), item, provenance)


@settings(max_examples=200)
@given(approvals, revocations, revocations, wheels, provenances)
def test_adding_a_revocation_never_admits_more(
    entries: list[Any], some: list[Any], more: list[Any], item: WheelFile, provenance: Provenance
) -> None:
    if allowed(make_ledger(approved=(*entries,), revoked=(*some, *more)), item, provenance):
        assert allowed(make_ledger(approved=(*entries,), revoked=(*some,)), item, provenance)


@settings(max_examples=200)
@given(approvals, wheels, provenances, st.integers(0, 400))
def test_advancing_the_clock_never_admits_more(
    entries: list[Any], item: WheelFile, provenance: Provenance, days: int
) -> None:
    ledger = make_ledger(approved=(*entries,))
    if allowed(ledger, item, provenance, NOW + days * DAY):
        assert allowed(ledger, item, provenance)


@settings(max_examples=200)
@given(approvals, revocations, wheels, provenances)
def test_what_is_allowed_is_listed_by_its_own_hash_canonical_and_not_revoked(
    entries: list[Any], revoked: list[Any], item: WheelFile, provenance: Provenance
) -> None:
    if allowed(make_ledger(approved=(*entries,), revoked=(*revoked,)), item, provenance):
        assert any(item.sha256 in entry["sha256"] for entry in entries)
        assert not item.problem
        assert not any(item.sha256 in gone.get("sha256", ()) for gone in revoked)
        assert provenance.verified or provenance.code in ("not-attested", "no-rule")
