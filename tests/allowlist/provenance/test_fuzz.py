"""Changed bytes of bundles, statements and lists: nothing that was denied is let in, and nothing ends in a traceback.

How long, and from which seed, says `support/fuzz.py`.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from support.attested import FILENAME, NOW, SHA256, Case, attested, judge
from support.fuzz import SEED, bytes_changed, document_changed, rounds
from support.lists import DIGEST, encode, make_entry, make_list
from support.private_sigstore import Claims, PrivateSigstore, publish_statement, slsa_statement
from support.sigstore.bare import bare_signature
from variantkit.errors import InputError
from variantkit.trust import ListError, parse_approved
from variantkit.trust.strict_json import load_strict
from variantkit_allowlist.provenance import load_trust_root, read_material, verify_identity
from variantkit_allowlist.verdict import PROVENANCE_CODES, Provenance

INSTANCE = PrivateSigstore()
OTHER = "00" * 32


def require_sane(found: Provenance) -> None:
    assert found.code in PROVENANCE_CODES
    assert found.verified == (found.code == "ok")
    assert found.detail.isprintable(), repr(found.detail)


def forms() -> list[tuple[Any, Case]]:
    """Each form of material, with the case that it is verified in."""
    first, second = attested(INSTANCE), attested(INSTANCE, rekor=2)
    assert isinstance(first.material, dict)
    attestation = INSTANCE.pep740(first.material)
    bare = first._replace(sha256=hashlib.sha256(b"the wheel").hexdigest())
    provenance = INSTANCE.provenance([attestation, INSTANCE.pep740(INSTANCE.attest(slsa_statement(FILENAME, SHA256)))])
    return [
        (material, case._replace(material=material))
        for material, case in (
            (first.material, first),
            (second.material, second),
            (attestation, first),
            (provenance, first),
            (bare_signature(INSTANCE, b"the wheel"), bare),
        )
    ]


def test_changed_bundles_never_let_in_anything_else() -> None:
    """A change that counts for nothing gives the same verdict, word for word; no change fits another wheel."""
    cases = forms()
    verdicts = [judge(case) for _, case in cases]
    assert all(verdict.verified for verdict in verdicts)
    for chance in rounds(0.4, "bundles"):
        number = chance.randrange(len(cases))
        material, case = cases[number]
        data = json.dumps(material).encode()
        changed = bytes_changed(data, chance) if chance.random() < 0.4 else document_changed(material, chance)
        found = judge(case._replace(material=changed))
        require_sane(found)
        if found.verified:
            assert found._replace(detail="") == verdicts[number]._replace(detail=""), (SEED, changed)
            assert not judge(case._replace(material=changed, sha256=OTHER)).verified, (SEED, changed)


def test_changed_statements_signed_by_the_real_publisher_never_speak_of_another_file() -> None:
    """Whatever verifies says, to a strict reader, what the true statement says of the file, its kind and its build."""
    originals = [publish_statement(FILENAME, SHA256), slsa_statement(FILENAME, SHA256)]
    root = INSTANCE.trusted_root_json
    for chance in rounds(0.2, "statements"):
        original = chance.choice(originals)
        data = json.dumps(original).encode()
        changed = bytes_changed(data, chance) if chance.random() < 0.5 else document_changed(original, chance)
        found = judge(Case(INSTANCE.attest(changed), root))
        require_sane(found)
        if found.verified:
            said = load_strict(changed)
            for key in ("_type", "predicateType"):
                assert said[key] == original[key], (SEED, changed)
            subject = said["subject"]
            assert isinstance(subject, list)
            assert len(subject) == 1
            assert (subject[0]["name"], subject[0]["digest"]["sha256"]) == (FILENAME, SHA256), (SEED, changed)
            assert not judge(Case(INSTANCE.attest(changed), root, sha256=OTHER)).verified


def test_changed_claims_are_never_read_as_others() -> None:
    """A certificate with any text in its claims: whatever verifies carries the claims of the rule."""
    wanted = Claims().filled()
    statement, root = publish_statement(FILENAME, SHA256), INSTANCE.trusted_root_json
    counting = ("issuer", "repository", "repository_id", "owner", "owner_id", "runner")
    for chance in rounds(0.06, "claims"):
        name = chance.choice(wanted._fields)
        text = bytes_changed(getattr(wanted, name).encode(), chance).decode("ascii", errors="ignore")
        claims = wanted._replace(**{name: text})
        if name == "subject" and not text.strip():
            continue
        found = judge(Case(INSTANCE.attest(statement, claims=claims), root))
        require_sane(found)
        if found.verified and name in counting:
            assert text.lower() == getattr(wanted, name).lower(), (SEED, name, text)


def test_changed_roots_are_refused_or_trust_no_stranger() -> None:
    stranger = read_material(json.dumps(attested(PrivateSigstore()).material).encode(), "a stranger's")
    root = json.loads(INSTANCE.trusted_root_json)
    data = json.dumps(root).encode()
    for chance in rounds(0.06, "roots"):
        changed = bytes_changed(data, chance) if chance.random() < 0.5 else document_changed(root, chance)
        try:
            loaded = load_trust_root(changed, "the root")
        except InputError:
            continue
        found = verify_identity(stranger, FILENAME, SHA256, [attested(INSTANCE).rule], loaded, NOW)
        assert not found.verified, (SEED, changed)


def test_changed_lists_are_refused_or_approve_no_other_bytes() -> None:
    """The list is what TUF signs; should bytes ever reach the gate's reader, it reads them whole or refuses them."""
    document = make_list(make_entry(), revoked=[{"package": "evil", "sha256": [OTHER], "since": "2026-01-01"}])
    data = encode(document)
    for chance in rounds(0.04, "lists"):
        changed = bytes_changed(data, chance) if chance.random() < 0.5 else document_changed(document, chance)
        try:
            approved = parse_approved(changed, "the list")
        except ListError:
            continue
        # What is read stands there in full; and bytes that are no UTF-8 or hold a key twice were not read at all.
        strangers = {digest for entry in approved.entries for digest in entry.sha256} - {DIGEST}
        assert all(digest.encode() in changed for digest in strangers), (SEED, changed)
        assert load_strict(changed)["schema"] == document["schema"]


@pytest.mark.parametrize("size", [0, 1, 100, 5_000_000])
def test_no_amount_of_nothing_is_an_attestation(size: int) -> None:
    for byte in (b"\0", b"{", b"[", b"\xff", b" ", b"\n", b"9"):
        assert judge(attested(INSTANCE)._replace(material=byte * size)).code == "malformed"
