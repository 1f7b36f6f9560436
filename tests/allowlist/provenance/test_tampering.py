"""One field of a bundle changed or left out, and the verdict names what is wrong."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest

from support.attested import (
    ENTRY,
    LEAF,
    MATERIAL,
    NOTE,
    PROOF,
    SIGNATURE,
    STAMP,
    at,
    attested,
    branches,
    flipped,
    judge,
    removed,
    replaced,
)
from support.private_sigstore import LOGGED_AT, PrivateSigstore

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.attested import Step

INSTANCE = PrivateSigstore()
OLD_TYPE = "application/vnd.dev.sigstore.bundle+json;version=0.1"
HOUR = 3600


@pytest.mark.parametrize("rekor", [1, 2])
def test_what_nobody_touched_is_verified(rekor: int) -> None:
    found = judge(attested(INSTANCE, rekor=rekor))
    assert (found.verified, found.code, found.logged) == (True, "ok", LOGGED_AT)


def test_an_attestation_and_a_provenance_object_are_verified_as_the_bundle_is() -> None:
    case = attested(INSTANCE)
    assert isinstance(case.material, dict)
    attestation = INSTANCE.pep740(case.material)
    for material in (attestation, INSTANCE.provenance([attestation])):
        assert judge(case._replace(material=material)) == judge(case)


def line(number: int, text: str) -> Callable[[str], str]:
    """Another line in a checkpoint."""

    def edit(note: str) -> str:
        lines = note.split("\n")
        lines[number] = text
        return "\n".join(lines)

    return edit


def resigned(note: str) -> str:
    """Another signature under a checkpoint, by the same name."""
    head, _, signature = note.rstrip("\n").rpartition(" ")
    return f"{head} {flipped(signature)}\n"


def a_second_later(encoded: str) -> str:
    """A timestamp whose time is another."""
    data = base64.b64decode(encoded)
    assert b"20250303120000Z" in data
    return base64.b64encode(data.replace(b"20250303120000Z", b"20250303120001Z")).decode()


# (name, rekor, path, the value from the old one, code)
FIELDS: list[tuple[str, int, tuple[Step, ...], Callable[[Any], object], str]] = [
    ("the bundle's media type", 1, ("mediaType",), lambda _: "application/json", "malformed"),
    ("an older media type", 1, ("mediaType",), lambda _: OLD_TYPE, "malformed"),
    ("the certificate's signature", 1, LEAF, flipped, "certificate-untrusted"),
    ("the certificate's key", 1, LEAF, lambda old: flipped(old, 150), "certificate-untrusted"),
    ("no certificate", 1, (MATERIAL, "certificate"), lambda _: None, "malformed"),
    ("the index in the log", 1, (*ENTRY, "logIndex"), lambda old: str(int(old) + 1), "log-invalid"),
    ("the log's name", 1, (*ENTRY, "logId", "keyId"), flipped, "log-invalid"),
    ("the log's name, its start", 1, (*ENTRY, "logId", "keyId"), lambda old: flipped(old, 0), "log-invalid"),
    ("the entry's kind", 1, (*ENTRY, "kindVersion", "kind"), lambda _: "intoto", "time-unverified"),
    (
        "the entry's kind, as a message's signature",
        1,
        (*ENTRY, "kindVersion", "kind"),
        lambda _: "hashedrekord",
        "log-invalid",
    ),
    ("the entry's version", 1, (*ENTRY, "kindVersion", "version"), lambda _: "0.0.3", "malformed"),
    ("the time, a second", 1, (*ENTRY, "integratedTime"), lambda old: str(int(old) + 1), "log-invalid"),
    ("the time, an hour", 1, (*ENTRY, "integratedTime"), lambda old: str(int(old) + HOUR), "certificate-untrusted"),
    ("the time, none", 1, (*ENTRY, "integratedTime"), lambda _: None, "time-unverified"),
    ("the time, zero", 1, (*ENTRY, "integratedTime"), lambda _: "0", "time-unverified"),
    ("the time, beyond the calendar", 1, (*ENTRY, "integratedTime"), lambda _: str(2**63), "malformed"),
    ("the promise", 1, (*ENTRY, "inclusionPromise", "signedEntryTimestamp"), flipped, "log-invalid"),
    ("no promise", 1, (*ENTRY, "inclusionPromise"), lambda _: None, "time-unverified"),
    ("the index in the tree", 1, (*PROOF, "logIndex"), lambda old: str(int(old) - 1), "log-invalid"),
    ("the tree's size", 1, (*PROOF, "treeSize"), lambda old: str(int(old) + 64), "log-invalid"),
    ("the root hash", 1, (*PROOF, "rootHash"), flipped, "log-invalid"),
    ("a hash of the proof", 1, (*PROOF, "hashes", 0), flipped, "log-invalid"),
    ("no hashes", 1, (*PROOF, "hashes"), lambda _: [], "log-invalid"),
    ("no proof", 1, PROOF, lambda _: None, "malformed"),
    ("the checkpoint's origin", 1, NOTE, line(0, "elsewhere"), "log-invalid"),
    ("the checkpoint's size", 1, NOTE, line(1, "9999"), "log-invalid"),
    ("the checkpoint's root", 1, NOTE, line(2, "AAAA"), "log-invalid"),
    ("the checkpoint's signature", 1, NOTE, resigned, "log-invalid"),
    ("the checkpoint's signer", 1, NOTE, line(4, "\u2014 x AAAAAAAAAAAA"), "log-invalid"),
    ("a checkpoint of no form", 1, NOTE, lambda _: "x", "log-invalid"),
    ("no checkpoint", 1, (*PROOF, "checkpoint"), lambda _: None, "malformed"),
    ("the entry's body", 1, (*ENTRY, "canonicalizedBody"), flipped, "log-invalid"),
    ("the payload", 1, ("dsseEnvelope", "payload"), flipped, "signature-invalid"),
    ("the payload's type", 1, ("dsseEnvelope", "payloadType"), lambda _: "text/plain", "signature-invalid"),
    ("the signature", 1, SIGNATURE, flipped, "signature-invalid"),
    ("no signature", 1, SIGNATURE, lambda _: "", "malformed"),
    ("no signatures", 1, ("dsseEnvelope", "signatures"), lambda _: [], "malformed"),
    ("two signatures", 1, ("dsseEnvelope", "signatures"), lambda old: old * 2, "malformed"),
    ("two entries", 1, (MATERIAL, "tlogEntries"), lambda old: old * 2, "malformed"),
    ("no entry", 1, (MATERIAL, "tlogEntries"), lambda _: [], "malformed"),
    ("a key of nobody's", 1, (MATERIAL, "extra"), lambda _: 1, "malformed"),
    ("v2: the certificate's signature", 2, LEAF, flipped, "certificate-untrusted"),
    ("v2: the entry's kind", 2, (*ENTRY, "kindVersion", "kind"), lambda _: "dsse", "log-invalid"),
    ("v2: the entry's version", 2, (*ENTRY, "kindVersion", "version"), lambda _: "0.0.1", "log-invalid"),
    ("v2: the log's name, its start", 2, (*ENTRY, "logId", "keyId"), lambda old: flipped(old, 0), "log-invalid"),
    ("v2: the index in the tree", 2, (*PROOF, "logIndex"), lambda old: str(int(old) - 1), "log-invalid"),
    ("v2: the root hash", 2, (*PROOF, "rootHash"), flipped, "log-invalid"),
    ("v2: a hash of the proof", 2, (*PROOF, "hashes", 0), flipped, "log-invalid"),
    ("v2: the checkpoint's signature", 2, NOTE, resigned, "log-invalid"),
    ("v2: the entry's body", 2, (*ENTRY, "canonicalizedBody"), flipped, "log-invalid"),
    ("v2: the payload", 2, ("dsseEnvelope", "payload"), flipped, "signature-invalid"),
    ("v2: the payload's type", 2, ("dsseEnvelope", "payloadType"), lambda _: "text/plain", "signature-invalid"),
    ("v2: the signature, which the timestamp is over", 2, SIGNATURE, flipped, "time-unverified"),
    ("v2: the timestamp's signature", 2, STAMP, flipped, "time-unverified"),
    ("v2: the timestamp's time", 2, STAMP, a_second_later, "time-unverified"),
    ("v2: a timestamp of no form", 2, STAMP, lambda _: "AAAA", "time-unverified"),
    ("v2: no timestamps", 2, STAMP[:-2], lambda _: [], "time-unverified"),
    ("v2: the timestamp twice", 2, STAMP[:-2], lambda old: old * 2, "time-unverified"),
    ("v2: too many timestamps", 2, STAMP[:-2], lambda old: old * 40, "time-unverified"),
    ("v2: a time that nothing signed", 2, (*ENTRY, "integratedTime"), lambda _: str(LOGGED_AT - 1), "ok"),
]


@pytest.mark.parametrize(("rekor", "path", "edit", "code"), [row[1:] for row in FIELDS], ids=[row[0] for row in FIELDS])
def test_a_changed_field_is_named(rekor: int, path: tuple[Step, ...], edit: Callable[[Any], object], code: str) -> None:
    case = attested(INSTANCE, rekor=rekor)
    try:
        old = at(case.material, *path)
    except KeyError:
        old = None
    changed = replaced(case.material, path, edit(old))
    assert changed != case.material
    found = judge(case._replace(material=changed))
    assert (found.code, found.verified) == (code, code == "ok"), found.detail
    if code == "ok":  # the verified result is the same: nothing is read from what nobody signed
        assert found == judge(case)


EQUIVALENT = {(2, (*ENTRY, "logIndex"))}
"""Not signed in Rekor v2, where the tree's own index counts."""


@pytest.mark.parametrize("rekor", [1, 2])
def test_nothing_can_be_left_out(rekor: int) -> None:
    case = attested(INSTANCE, rekor=rekor)
    for path in branches(case.material):
        found = judge(case._replace(material=removed(case.material, path)))
        assert not found.verified, path
        assert found.code in {"malformed", "time-unverified", "log-invalid"}, (path, found)


@pytest.mark.parametrize("rekor", [1, 2])
@pytest.mark.parametrize("value", [None, "", "x", 0, True, [], {}, ["x"]], ids=repr)
def test_no_value_can_stand_in_for_another(rekor: int, value: object) -> None:
    case = attested(INSTANCE, rekor=rekor)
    for path in branches(case.material):
        found = judge(case._replace(material=replaced(case.material, path, value)))
        assert not found.verified or (rekor, path) in EQUIVALENT, path


@pytest.mark.parametrize("shape", ["attestation", "provenance"])
def test_nothing_of_an_indexs_object_can_be_left_out(shape: str) -> None:
    case = attested(INSTANCE)
    assert isinstance(case.material, dict)
    material = INSTANCE.pep740(case.material)
    if shape == "provenance":
        material = INSTANCE.provenance([material])
    unread = {"publisher", "kind", "repository", "workflow", "environment"}  # the index's word, which nobody signed
    for path in branches(material):
        if path[-1] not in unread:
            assert not judge(case._replace(material=removed(material, path))).verified, path
