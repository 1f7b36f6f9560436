"""The enforcement file: what stands in it, what never does, and that it is the same for the same ledger."""

from __future__ import annotations

import datetime
import json
from typing import Any

import pytest

from support.decisions import NOW, PACKAGE, TODAY, make_approved, make_ledger, make_package, policy
from support.lists import encode, make_entry, make_list
from variantkit.errors import RefusedError
from variantkit.trust import ApprovedList, parse_approved
from variantkit_allowlist.curation import draft_enforcement
from variantkit_allowlist.imports import ImportedList
from variantkit_allowlist.model import Ledger

ROOT = "77" * 32


def _built(ledger: Ledger, **imports: ImportedList) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(draft_enforcement(ledger, imports, 7, NOW).data)
    return document


def _read(ledger: Ledger, **imports: ImportedList) -> ApprovedList:
    return parse_approved(draft_enforcement(ledger, imports, 7, NOW).data, "approved.json")


def test_an_approval_becomes_an_entry_with_all_that_it_grants() -> None:
    approval = make_approved(
        index=("https://index.example/simple",),
        needs={"read": ("/sys/class/acme/*",), "fork": True},
        presence=("/dev/acme*",),
        fingerprint=("/proc/driver/acme",),
        reimplements=("other-provider",),
        isolation="process",
        superseded=True,
        configs_sha256="55" * 32,
    )
    document = _built(make_ledger(approved=(approval,)))
    assert document == {
        "schema": "variantkit.approved/1",
        "id": "example.org/providers",
        "serial": 7,
        "issued": "2026-11-21T12:00:00Z",
        "renew-by": "2027-05-20T12:00:00Z",
        "expires": "2027-11-21T12:00:00Z",
        "exclusive": False,
        "providers": [
            {
                "namespace": "acme",
                "package": PACKAGE,
                "version": "1.0",
                "sha256": ["cd" * 32],
                "plugin-api": ["acme_variant_provider"],
                "index": ["https://index.example/simple"],
                "configs-sha256": "55" * 32,
                "isolation": "process",
                "needs": {"read": ["/sys/class/acme/*"], "fork": True},
                "presence": ["/dev/acme*"],
                "fingerprint": ["/proc/driver/acme"],
                "reimplements": ["other-provider"],
                "superseded": True,
                "expires": "2027-09-01",
            }
        ],
        "revoked": [],
    }


def test_what_only_people_read_does_not_reach_machines() -> None:
    text = draft_enforcement(make_ledger(approved=(make_approved(notes="internal"),)), {}, 1, NOW).data.decode()
    assert not any(word in text for word in ("internal", "alice", "reviewed-source", "identity", "github"))


def test_an_empty_ledger_gives_a_list_that_approves_nothing() -> None:
    approved = _read(Ledger.model_validate({"schema": "variantkit.providers/1", "id": "empty"}))
    assert (approved.entries, approved.revoked) == ((), ())


def test_the_same_ledger_gives_the_same_bytes_in_whatever_order_it_was_written() -> None:
    approvals = [make_approved("1.0"), make_approved("1.10", "ee" * 32), make_approved("1.9", "ff" * 32)]
    made = {
        draft_enforcement(make_ledger(approved=tuple(order)), {}, 7, NOW).data
        for order in (approvals, approvals[::-1], [approvals[1], approvals[0], approvals[2]])
    }
    assert len(made) == 1


@pytest.mark.parametrize(
    "revoked",
    [
        {"package": PACKAGE},
        {"package": PACKAGE, "version": "1"},
        {"package": PACKAGE, "version": "1.0.0"},
        {"sha256": ("cd" * 32,)},
    ],
    ids=["package", "version", "row7-equal-version", "hash"],
)
def test_what_was_revoked_leaves_the_entries_and_stays_among_the_revocations(revoked: dict[str, object]) -> None:
    approved = _read(
        make_ledger(approved=(make_approved(),), revoked=({**revoked, "since": TODAY, "reason": "it phoned home"},))
    )
    assert approved.entries == ()
    assert [gone.reason for gone in approved.revoked] == ["it phoned home"]


def test_one_revoked_wheel_of_a_version_takes_the_version_away() -> None:
    ledger = make_ledger(
        approved=(make_approved(sha256=("cd" * 32, "ce" * 32)),),
        revoked=({"sha256": ("ce" * 32,), "since": TODAY, "reason": "other bytes"},),
    )
    assert _read(ledger).entries == ()


def test_the_stricter_of_the_policy_and_the_approval_isolates() -> None:
    approved = (make_approved(isolation="process"), make_approved("1.1", "ee" * 32))
    entries = _read(make_ledger(approved=approved, **policy(isolation="sandboxed"))).entries
    assert [entry.isolation for entry in entries] == ["sandboxed", "sandboxed"]


@pytest.mark.parametrize(
    "until", [None, TODAY + datetime.timedelta(days=91)], ids=["without-end", "row14-longer-than-90-days"]
)
def test_warn_mode_without_a_near_end_is_refused(until: datetime.date | None) -> None:
    ledger = make_ledger(policy={"mode": "warn", "warn-until": until})
    with pytest.raises(RefusedError, match="warn-until: expected a date up to 2027-02-19"):
        draft_enforcement(ledger, {}, 1, NOW)


def test_warn_mode_names_its_end() -> None:
    last = TODAY + datetime.timedelta(days=90)
    document = _built(make_ledger(policy={"mode": "warn", "warn-until": last}))
    assert (document["mode"], document["warn-until"]) == ("warn", "2027-02-19")
    assert "mode" not in _built(make_ledger())


def test_a_file_that_machines_would_refuse_is_never_made() -> None:
    ledger = make_ledger(approved=(make_approved(needs={"read": ("/home/x",)}),))
    with pytest.raises(RefusedError, match=r"providers\[0\].needs.read\[0\].*never granted.*correct providers.toml"):
        draft_enforcement(ledger, {}, 1, NOW)


def _imported(*entries: dict[str, object], criteria: tuple[str, ...] = ("safe",), **changes: object) -> ImportedList:
    approved = parse_approved(encode(make_list(*entries, **changes)), "imports/partner/approved.json")
    digests = [digest for entry in approved.entries for digest in entry.sha256]
    return ImportedList("partner", approved, dict.fromkeys(digests, criteria), ROOT)


def _importing(**changes: object) -> Ledger:
    wanted = {
        "url": "https://partner.example/list",
        "root-sha256": ROOT,
        "namespaces": ("beta",),
        "criteria": {"safe": "reviewed-source"},
    }
    return make_ledger(imports={"partner": wanted | changes})


BETA = make_entry(namespace="beta", package="beta-provider", plugin_api=["beta"])


def test_an_import_adds_entries_of_its_namespaces_that_end_with_its_list() -> None:
    (entry,) = _read(_importing(), partner=_imported(BETA, expires="2027-12-01", issued=None, renew_by=None)).entries
    assert (entry.namespace, entry.package, entry.version) == ("beta", "beta-provider", "0.3.0")
    assert entry.expires == parse_approved(encode(make_list(renew_by=None, expires="2027-12-01")), "").expires


LEFT_OUT: dict[str, tuple[Ledger, ImportedList, str]] = {
    "row41-namespace-not-named": (_importing(namespaces=("gamma",)), _imported(BETA), "not one that it may speak for"),
    "criteria-not-mapped": (_importing(criteria={}), _imported(BETA), "its criteria map to none"),
    "mapped-to-less": (
        _importing(criteria={"safe": "reviewed-data"}),
        _imported(BETA),
        "map to reviewed-data, wanted reviewed-source",
    ),
    "nothing-stated": (_importing(), _imported(BETA, criteria=()), "its criteria map to none"),
    "another-root": (_importing(**{"root-sha256": "78" * 32}), _imported(BETA), "not verified from the root"),
    "T23-revoked-here": (
        _importing().model_copy(
            update={
                "revoked": make_ledger(revoked=({"package": "beta-provider", "since": TODAY, "reason": "no"},)).revoked
            }
        ),
        _imported(BETA),
        "revoked",
    ),
    "T23-needs-that-nobody-judged": (
        _importing(criteria={"safe": "reviewed-source", "needs": "reviewed-needs"}),
        _imported(BETA | {"needs": {"fork": True}}),
        "of what its sandbox would open, they state nothing that maps to reviewed-needs",
    ),
    "T23-needs-that-are-not-mapped": (
        _importing(),
        _imported(BETA | {"needs": {"devices": ["/dev/beta0"]}}, criteria=("safe", "reviewed-needs")),
        "of what its sandbox would open, they state nothing that maps to reviewed-needs",
    ),
    "namespace-of-our-own-package": (
        _importing(namespaces=("acme",)),
        _imported(make_entry(package="squatter")),
        f"belongs to {PACKAGE}",
    ),
}


@pytest.mark.parametrize(("ledger", "imported", "why"), LEFT_OUT.values(), ids=list(LEFT_OUT))
def test_of_an_import_is_left_out_with_a_sentence(ledger: Ledger, imported: ImportedList, why: str) -> None:
    drafted = draft_enforcement(ledger, {"partner": imported}, 7, NOW)
    assert parse_approved(drafted.data, "approved.json").entries == ()
    (sentence,) = drafted.left_out
    assert sentence.startswith("import partner: ")
    assert why in sentence


def test_t23_needs_that_were_judged_for_one_version_are_taken_over_for_another_and_no_more() -> None:
    ledger = _importing(criteria={"safe": "reviewed-source", "needs": "reviewed-needs"})
    more = {"needs": {"devices": ["/dev/beta0", "/dev/beta1"]}}
    versions = {"0.3.0": ("safe", "needs"), "0.4.0": ("safe",), "0.5.0": ("safe",)}
    entries = [
        BETA | {"version": version, "sha256": [str(place) * 64], "needs": {"devices": ["/dev/beta0"]}}
        for place, version in enumerate(versions, 1)
    ]
    found = _imported(*entries[:2], entries[2] | more)
    criteria = {entry.sha256[0]: versions[entry.version] for entry in found.approved.entries}
    drafted = draft_enforcement(ledger, {"partner": found._replace(criteria=criteria)}, 7, NOW)
    taken = parse_approved(drafted.data, "approved.json").entries
    assert [(entry.version, entry.needs.devices) for entry in taken] == [
        ("0.3.0", ("/dev/beta0",)),
        ("0.4.0", ("/dev/beta0",)),
    ]
    assert len(drafted.left_out) == 1


def test_t24_revocations_of_an_import_count_whatever_it_may_speak_for() -> None:
    imported = _imported(revoked=[{"package": PACKAGE, "version": "1.0", "reason": "theirs"}])
    ledger = _importing().model_copy(update={"approved": make_ledger(approved=(make_approved(),)).approved})
    approved = _read(ledger, partner=imported)
    assert approved.entries == ()
    assert [gone.reason for gone in approved.revoked] == ["theirs"]


def test_our_own_word_on_a_version_goes_before_an_import() -> None:
    own = make_approved(package="beta-provider", namespace="beta", plugin_api=("ours",))
    ledger = make_ledger(
        packages={"beta-provider": make_package(namespace="beta")},
        approved=(own,),
        imports=_importing().model_dump(by_alias=True)["imports"],
    )
    theirs = make_entry(namespace="beta", package="beta-provider", version="1.0.0", plugin_api=["theirs"])
    (entry,) = _read(ledger, partner=_imported(theirs)).entries
    assert entry.plugin_api == ("ours",)


def test_an_import_that_was_not_fetched_is_told() -> None:
    drafted = draft_enforcement(_importing(), {}, 7, NOW)
    assert drafted.left_out == ("import partner: not fetched yet; run: variantkit-allowlist import partner",)
