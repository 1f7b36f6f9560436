"""A signature over a file's bytes, without a statement: every part of it counts as in an attestation."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pytest

from support.attested import Case, at, branches, flipped, judge, removed, replaced
from support.private_sigstore import Claims, PrivateSigstore, publish_statement
from support.sigstore.bare import bare_signature

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.attested import Step

INSTANCE = PrivateSigstore()
DATA = b"the bytes of a wheel"
ENTRY = ("verificationMaterial", "tlogEntries", 0)


def signed(claims: Claims | None = None) -> Case:
    """The file as its publisher signed it."""
    material = bare_signature(INSTANCE, DATA, claims)
    return Case(material, INSTANCE.trusted_root_json, sha256=hashlib.sha256(DATA).hexdigest())


def test_what_nobody_touched_is_verified_and_states_nothing() -> None:
    found = judge(signed())
    assert (found.code, found.verified, found.predicates) == ("ok", True, ())


FIELDS: list[tuple[str, tuple[Step, ...], Callable[[Any], object], str]] = [
    ("the signature", ("messageSignature", "signature"), flipped, "signature-invalid"),
    ("the digest that it names", ("messageSignature", "messageDigest", "digest"), flipped, "subject-digest"),
    ("the certificate", ("verificationMaterial", "certificate", "rawBytes"), flipped, "certificate-untrusted"),
    ("the entry's body", (*ENTRY, "canonicalizedBody"), flipped, "log-invalid"),
    ("the promise", (*ENTRY, "inclusionPromise", "signedEntryTimestamp"), flipped, "log-invalid"),
    ("the time", (*ENTRY, "integratedTime"), lambda old: str(int(old) + 1), "log-invalid"),
    ("the entry's kind", (*ENTRY, "kindVersion", "kind"), lambda _: "dsse", "log-invalid"),
    ("the root hash", (*ENTRY, "inclusionProof", "rootHash"), flipped, "log-invalid"),
]


@pytest.mark.parametrize(("path", "edit", "code"), [row[1:] for row in FIELDS], ids=[row[0] for row in FIELDS])
def test_a_changed_field_is_named(path: tuple[Step, ...], edit: Callable[[Any], object], code: str) -> None:
    case = signed()
    assert judge(case._replace(material=replaced(case.material, path, edit(at(case.material, *path))))).code == code


def test_nothing_but_the_digest_beside_the_signature_can_be_left_out() -> None:
    case = signed()
    for path in branches(case.material):
        found = judge(case._replace(material=removed(case.material, path)))
        assert not found.verified or path == ("messageSignature", "messageDigest"), path


def test_another_file_is_not_what_was_signed() -> None:
    assert judge(signed()._replace(sha256="00" * 32)).code == "subject-digest"
    bare = removed(signed().material, ("messageSignature", "messageDigest"))
    assert judge(signed()._replace(material=bare, sha256="00" * 32)).code == "signature-invalid"


def test_another_files_entry_in_the_log_does_not_fit() -> None:
    other = bare_signature(INSTANCE, b"another file")
    mixed = replaced(signed().material, ENTRY, at(other, *ENTRY))
    assert judge(signed()._replace(material=mixed)).code == "log-invalid"


def test_the_certificate_is_held_against_the_rule() -> None:
    assert judge(signed(Claims(repository_id="9"))).code == "repository-id-mismatch"
    assert judge(signed(Claims(ref="refs/heads/main"))).code == "ref-mismatch"


def test_a_signature_over_a_statement_is_none_over_the_file_and_the_other_way_round() -> None:
    """The two are signed in different forms; the parts of one do not make the other."""
    case, filename = signed(), signed().filename
    attestation = INSTANCE.attest(publish_statement(filename, case.sha256))
    signature = {"signature": attestation["dsseEnvelope"]["signatures"][0]["sig"]}
    without = {key: value for key, value in attestation.items() if key != "dsseEnvelope"}
    assert not judge(case._replace(material={**without, "messageSignature": signature})).verified
    assert isinstance(case.material, dict)
    stated = {**case.material, "dsseEnvelope": attestation["dsseEnvelope"]}
    assert judge(case._replace(material=stated)).code == "malformed"
    del stated["messageSignature"]
    assert not judge(case._replace(material=stated)).verified
