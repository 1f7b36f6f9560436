"""A vendor's own key: a signed statement about one file, by a key that the list names, between its dates."""

from __future__ import annotations

import base64
import datetime
import json
from typing import TYPE_CHECKING, Any

import pytest
from securesystemslib.dsse import Envelope

from support.attested import FILENAME, SHA256
from support.curation import NOW, make_list_directory, public_key, signer
from support.private_sigstore import PUBLISH, SLSA, PrivateSigstore, publish_statement, statement
from support.wheels import make_wheel
from variantkit_allowlist.model import VendorKey
from variantkit_allowlist.provenance import (
    Evidence,
    gather_evidence,
    judge_evidence,
    load_trust_root,
    read_wheel_file,
    verify_vendor_key,
)

if TYPE_CHECKING:
    from pathlib import Path

    from variantkit_allowlist.verdict import Provenance

IN_TOTO = "application/vnd.in-toto+json"
TODAY = datetime.date(2026, 11, 21)
DAY = datetime.timedelta(1)


def vendor(name: str = "vera", start: datetime.date | None = None, end: datetime.date | None = None) -> VendorKey:
    return VendorKey(person=name, key=public_key(name).line, start=start, end=end)


def signed(said: object = None, *names: str, payload_type: str = IN_TOTO) -> dict[str, Any]:
    """An envelope over a statement, signed by those persons."""
    payload = json.dumps(publish_statement(FILENAME, SHA256) if said is None else said).encode()
    envelope = Envelope(payload, payload_type, {})
    for name in names or ("vera",):
        envelope.sign(signer(name))
    return envelope.to_dict()


def judge(envelope: object, *keys: VendorKey, sha256: str = SHA256) -> Provenance:
    data = envelope if isinstance(envelope, bytes) else json.dumps(envelope).encode()
    return verify_vendor_key(data, FILENAME, sha256, keys or (vendor(),), NOW)


def test_a_statement_by_the_vendors_key_is_verified_and_says_whose_it_was() -> None:
    found = judge(signed())
    assert (found.verified, found.code, found.evidence) == (True, "ok", "key")
    assert found.identity.subject == public_key("vera").fingerprint
    assert "vera" in found.detail
    assert found.logged is None


def test_any_key_of_the_package_will_do() -> None:
    assert judge(signed(None, "victor"), vendor(), vendor("victor")).detail.startswith("signed by victor")


def test_the_key_id_in_the_envelope_is_a_hint_alone() -> None:
    envelope = signed()
    envelope["signatures"][0]["keyid"] = "00" * 32
    assert judge(envelope).verified


@pytest.mark.parametrize(
    ("start", "end", "code"),
    [
        (None, None, "ok"),
        (TODAY, TODAY, "ok"),
        (TODAY + DAY, None, "key-unknown"),
        (None, TODAY - DAY, "key-unknown"),
    ],
    ids=["always", "today alone", "not yet", "no more"],
)
def test_a_key_counts_between_its_dates(start: datetime.date | None, end: datetime.date | None, code: str) -> None:
    assert judge(signed(), vendor(start=start, end=end)).code == code


STATEMENTS: list[tuple[str, object, str]] = [
    ("another file", publish_statement("other-1.0-py3-none-any.whl", SHA256), "subject-name"),
    ("other bytes", publish_statement(FILENAME, "00" * 32), "subject-digest"),
    ("two subjects", {**publish_statement(FILENAME, SHA256), "subject": []}, "statement-malformed"),
    ("another predicate", statement(FILENAME, SHA256, "https://example.org/x", None), "predicate-type"),
    ("how it was built", statement(FILENAME, SHA256, SLSA, {"x": 1}), "ok"),
    ("published", statement(FILENAME, SHA256, PUBLISH, None), "ok"),
]


@pytest.mark.parametrize(("said", "code"), [row[1:] for row in STATEMENTS], ids=[row[0] for row in STATEMENTS])
def test_the_statement_must_be_about_this_file(said: object, code: str) -> None:
    assert judge(signed(said)).code == code


def test_a_strangers_key_is_unknown() -> None:
    assert judge(signed(None, "mallory")).code == "key-unknown"
    assert verify_vendor_key(json.dumps(signed()).encode(), FILENAME, SHA256, (), NOW).code == "key-unknown"


def test_a_changed_payload_is_nobodys() -> None:
    envelope = signed(publish_statement(FILENAME, "00" * 32))
    envelope["payload"] = base64.b64encode(json.dumps(publish_statement(FILENAME, SHA256)).encode()).decode()
    assert judge(envelope).code == "key-unknown"


def test_another_payload_type_is_named() -> None:
    assert judge(signed(payload_type="text/plain")).code == "payload-type"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff",
        b'{"payload": 1}',
        b'{"payload": "e30=", "payloadType": 1, "signatures": []}',
        b'{"payload": "e30=", "payloadType": "x", "signatures": [{"keyid": 1, "sig": "!"}]}',
        json.dumps({**signed(), "signatures": []}).encode(),
        json.dumps({**signed(), "signatures": [{"keyid": str(n), "sig": ""} for n in range(50)]}).encode(),
        json.dumps(signed()).encode().replace(b'"payloadType"', b'"payload": "e30=", "payloadType"', 1),
    ],
    ids=["empty", "list", "object", "no text", "half", "no type", "odd", "unsigned", "many", "a key twice"],
)
def test_what_is_no_envelope_is_malformed(data: bytes) -> None:
    assert judge(data).code == "malformed"


def test_the_statement_beside_a_wheel_is_evidence_where_the_policy_takes_keys(tmp_path: Path) -> None:
    path = make_wheel(tmp_path, "acme-variant-provider", "2.0")
    wheel = read_wheel_file(path)
    envelope = signed(publish_statement(wheel.filename, wheel.sha256))
    (tmp_path / f"{wheel.filename}.vendor.json").write_text(json.dumps(envelope))
    keys = f'[[packages.acme-variant-provider.key]]\nperson = "vera"\nkey = "{public_key("vera").line}"\n'
    root = load_trust_root(PrivateSigstore().trusted_root_json, "the root")
    evidence = gather_evidence(path)
    for policy, code in (("", "ok"), ('evidence = ["identity"]\n', "not-attested")):
        listed = make_list_directory(tmp_path / ((policy and "strict") or "usual"), keys, policy=policy).open()
        package = listed.ledger.packages["acme-variant-provider"]
        found = judge_evidence(wheel, package, listed.ledger.policy, root, NOW, evidence)
        assert (found.code, found.evidence) == (code, "key" if code == "ok" else "none")
    assert judge_evidence(wheel, package, listed.ledger.policy, root, NOW, Evidence()).code == "not-attested"
