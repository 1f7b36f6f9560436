"""What signers are shown, and the law that a revocation, once there, stays."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.tuf_attacks import approved_list
from variantkit.trust.approved import Revocation
from variantkit.trust.dates import DAY, format_date
from variantkit.trust.revocation import revocation_of_bytes, revocation_of_package
from variantkit_allowlist.repository.difference import describe_audits, describe_change, missing_revocations

from .conftest import NOW

BASE = approved_list(1, NOW)
WARN = f', "mode": "warn", "warn-until": "{format_date(NOW + 9 * DAY)}"}}'.encode()


def _with(**changes: object) -> bytes:
    """The base edition with keys of its one entry changed; None takes one away."""
    document = json.loads(BASE)
    (entry,) = document["providers"]
    for key, value in changes.items():
        entry[key.replace("_", "-")] = value
    document["providers"] = [{key: value for key, value in entry.items() if value is not None}]
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    ("after", "lines"),
    [
        (approved_list(2, NOW + 9, providers=json.loads(BASE)["providers"]), []),
        (_with(sha256=["b" * 64]), [f"    + sha256 {'b' * 64}"]),
        (_with(plugin_api=["acme_variant_provider", "os:system"]), ["    + plugin-api os:system"]),
        (_with(needs={"read": ["/proc/driver"], "fork": True}), ["    + may read /proc/driver", "    + may fork"]),
        (
            _with(needs={"devices": ["/dev/acme0"], "libraries": ["libacme.so.1"], "programs": ["/usr/bin/acme-smi"]}),
            ["    + may open /dev/acme0", "    + may load libacme.so.1", "    + may start /usr/bin/acme-smi"],
        ),
        (_with(isolation="process"), ["    isolation: none -> process"]),
        (_with(expires="2099-01-01"), ["    expires: none -> 2099-01-01"]),
        (_with(superseded=True), ["    superseded: no -> yes"]),
        (_with(reimplements=["other"]), ["    + reimplements other"]),
        (
            _with(version="1.2"),
            [
                "+ acme-variant-provider 1.2 (acme), runs acme_variant_provider",
                "- acme-variant-provider 1.1 (acme)",
            ],
        ),
        (approved_list(2, NOW, providers=[]), ["- acme-variant-provider 1.1 (acme)"]),
        (_with()[:-1] + b', "exclusive": true}', ["! exclusive: null -> true"]),
        (_with()[:-1] + WARN, ['! mode: null -> "warn"']),
        (_with()[:-1] + b', "a-new-key": [1]}', ["! a-new-key: null -> [1]"]),
    ],
)
def test_every_difference_has_its_line(after: bytes, lines: list[str]) -> None:
    found = describe_change(BASE, after)
    assert all(line in found for line in lines), found
    assert bool(found) == bool(lines)


def test_a_revocation_that_is_new_is_shown_with_its_reason() -> None:
    revoked = [*json.loads(BASE)["revoked"], {"package": "x", "reason": "it mines"}]
    assert describe_change(BASE, approved_list(2, NOW, providers=json.loads(BASE)["providers"], revoked=revoked)) == (
        "+ revoked: x: it mines",
    )


revocations = st.builds(
    Revocation,
    package=st.sampled_from(["a", "b"]),
    version=st.sampled_from([None, "1.0", "1", "2.0"]),
    sha256=st.sampled_from([(), ("a" * 64,), ("a" * 64, "b" * 64), ("c" * 64,)]),
)
lists = st.lists(revocations, max_size=5)


@settings(max_examples=200)
@given(lists, lists)
def test_adding_revocations_forgets_none(before: list[Revocation], more: list[Revocation]) -> None:
    assert missing_revocations(before, [*more, *before]) == ()


@settings(max_examples=300)
@given(lists, lists)
def test_what_is_not_missing_still_revokes_all_that_it_did(before: list[Revocation], after: list[Revocation]) -> None:
    if missing_revocations(before, after):
        return
    for sha256 in ("a" * 64, "b" * 64, "c" * 64):
        assert (revocation_of_bytes(before, sha256) is None) or revocation_of_bytes(after, sha256) is not None
    for package in ("a", "b"):
        assert (revocation_of_package(before, package) is None) or revocation_of_package(after, package) is not None


@pytest.mark.parametrize(
    ("before", "after", "missing"),
    [
        (Revocation("a", "1.0"), Revocation("a", "1"), False),
        (Revocation("a", "1.0"), Revocation("a"), False),
        (Revocation("a"), Revocation("a", "1.0"), True),
        (Revocation("a", "1.0"), Revocation("b", "1.0"), True),
        (Revocation("a", None, ("a" * 64,)), Revocation("b", None, ("a" * 64,)), False),
        (Revocation("a", None, ("a" * 64,)), Revocation("a"), True),
    ],
)
def test_a_broader_revocation_covers_a_narrower_one(before: Revocation, after: Revocation, missing: bool) -> None:
    """The last row: a name does not revoke bytes that may bear another one."""
    assert bool(missing_revocations([before], [after])) is missing


def test_what_an_audit_says_is_read_line_by_line_and_nothing_in_it_looks_like_something_else() -> None:
    entry = {"package": "acme", "version": "1.0", "namespace": "acme"}
    identity = {"repository": "https://github.com/acme/provider", "ref": "refs/tags/v1.0"}
    audit = {**entry, "who": ["alice", "bob"], "identity": identity, "notes": "none", "source": 'a, b -> "c"'}
    audits = {"criteria": {}, "reviewers": {}, "audits": [audit]}
    assert describe_audits(None, json.dumps(audits).encode()) == (
        "~ audit of acme 1.0 (acme):",
        "    identity ref: refs/tags/v1.0",
        "    identity repository: https://github.com/acme/provider",
        '    notes: "none"',
        '    source: "a, b -> \\"c\\""',
        "    who: alice, bob",
    )
    assert describe_audits(json.dumps(audits).encode(), json.dumps(audits).encode()) == ()
