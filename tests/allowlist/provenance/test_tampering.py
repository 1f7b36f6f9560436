"""One thing changed in a bundle, in its log entry, its certificate or the root, and the verdict names what is wrong."""

from __future__ import annotations

import base64
import copy
import json
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID

from support.attested import FILENAME, NOW, SHA256, Case, at, attested, branches, flipped, judge, removed, replaced
from support.private_sigstore import LOGGED_AT, Form, PrivateSigstore, Window, publish_statement
from support.sigstore.authority import BORN, TransparencyOfCertificates, base64_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from cryptography import x509

    from support.attested import Step

INSTANCE = PrivateSigstore()
STRANGER = PrivateSigstore()
STATEMENT = publish_statement(FILENAME, SHA256)
MATERIAL = "verificationMaterial"
LEAF = (MATERIAL, "certificate", "rawBytes")
ENTRY = (MATERIAL, "tlogEntries", 0)
NOTE = (*ENTRY, "inclusionProof", "checkpoint", "envelope")
PROOF = (*ENTRY, "inclusionProof")
SIGNATURE = ("dsseEnvelope", "signatures", 0, "sig")
STAMP = (MATERIAL, "timestampVerificationData", "rfc3161Timestamps", 0, "signedTimestamp")
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


EQUIVALENT = {
    (2, (*ENTRY, "logIndex")),  # not signed in Rekor v2, where the tree's own index counts
    (2, (*ENTRY, "integratedTime")),
}


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


# Parts of one true bundle put into another.
@pytest.mark.parametrize("rekor", [1, 2])
@pytest.mark.parametrize(
    ("path", "code"),
    [
        ((MATERIAL, "certificate"), {"signature-invalid"}),
        (ENTRY, {"log-invalid"}),
        ((*ENTRY, "canonicalizedBody"), {"log-invalid"}),
        ((*ENTRY, "inclusionPromise"), {"log-invalid"}),
        (PROOF, {"log-invalid"}),
        ((*PROOF, "checkpoint"), {"log-invalid"}),
        (("dsseEnvelope",), {"signature-invalid", "time-unverified"}),
        (SIGNATURE, {"signature-invalid", "time-unverified"}),
        (STAMP, {"time-unverified"}),
    ],
    ids=lambda value: str(value[-1]) if isinstance(value, tuple) else None,
)
def test_a_part_of_another_bundle_does_not_fit(rekor: int, path: tuple[Step, ...], code: set[str]) -> None:
    case, other = attested(INSTANCE, rekor=rekor), attested(INSTANCE, rekor=rekor)
    if (rekor == 1 and path == STAMP) or (rekor == 2 and "inclusionPromise" in path):
        return  # that form has none
    mixed = replaced(case.material, path, at(other.material, *path))
    assert judge(case._replace(material=mixed)).code in code


@pytest.mark.parametrize(
    ("parts", "rekor", "code"),
    [
        ({"certificate_log", "log_1", "log_2", "clock"}, 1, "certificate-untrusted"),
        ({"certificate_log", "log_1", "log_2", "clock"}, 2, "certificate-untrusted"),
        ({"authority", "log_1", "log_2", "clock"}, 1, "certificate-untrusted"),
        ({"authority", "certificate_log", "clock"}, 1, "log-invalid"),
        ({"authority", "certificate_log", "clock"}, 2, "log-invalid"),
        ({"authority", "certificate_log", "log_1", "log_2"}, 2, "time-unverified"),
    ],
    ids=[
        "another authority",
        "another authority, v2",
        "another certificate log",
        "another log",
        "another log, v2",
        "another clock",
    ],
)
def test_every_part_must_be_the_roots_own(parts: set[str], rekor: int, code: str) -> None:
    forger = PrivateSigstore(**{part: getattr(INSTANCE, part) for part in sorted(parts)})
    case = Case(forger.attest(STATEMENT, rekor=rekor), INSTANCE.trusted_root_json)
    assert judge(case).code == code


@pytest.mark.parametrize(
    ("form", "code"),
    [
        (Form(logs=()), "certificate-untrusted"),
        (Form(logs=(TransparencyOfCertificates(),)), "certificate-untrusted"),
        (Form(logs=(INSTANCE.certificate_log, INSTANCE.certificate_log)), "certificate-untrusted"),
        (Form(usage=None), "certificate-untrusted"),
        (Form(usage=ExtendedKeyUsageOID.CLIENT_AUTH), "certificate-untrusted"),
        (Form(digital_signature=False), "certificate-untrusted"),
        (Form(is_authority=True), "certificate-untrusted"),
        (Form(before=-60), "certificate-untrusted"),
        (Form(after=-1), "certificate-untrusted"),
    ],
    ids=[
        "no certificate log",
        "an unknown certificate log",
        "two promises",
        "no purpose",
        "another purpose",
        "not for signatures",
        "an authority",
        "logged before it was valid",
        "logged after it was valid",
    ],
)
@pytest.mark.parametrize("rekor", [1, 2])
def test_a_certificate_must_have_the_form(form: Form, code: str, rekor: int) -> None:
    case = Case(INSTANCE.attest(STATEMENT, form=form, rekor=rekor), INSTANCE.trusted_root_json)
    assert judge(case).code == code


@pytest.mark.parametrize(
    ("part", "rekor"),
    [("authority", 1), ("certificate-log", 1), ("log-1", 1), ("authority", 2), ("certificate-log", 2), ("log-2", 2)],
)
@pytest.mark.parametrize(
    ("window", "code"),
    [
        (Window(end=LOGGED_AT - 1), "outside-window"),
        (Window(start=LOGGED_AT + 1), "outside-window"),
        (Window(end=LOGGED_AT), "ok"),
        (Window(start=LOGGED_AT), "ok"),
        (Window(end=BORN), "outside-window"),
    ],
    ids=["closed before", "opened after", "closed then", "opened then", "closed long ago"],
)
def test_a_part_counts_only_within_its_window(part: str, rekor: int, window: Window, code: str) -> None:
    case = attested(INSTANCE, rekor=rekor)
    assert judge(case._replace(root=INSTANCE.trusted_root({part: window}))).code == code


@pytest.mark.parametrize("window", [Window(end=LOGGED_AT - 1), Window(start=LOGGED_AT + 1)])
def test_a_clock_counts_only_within_its_window(window: Window) -> None:
    case = attested(INSTANCE, rekor=2)
    found = judge(case._replace(root=INSTANCE.trusted_root({"clock": window})))
    assert found.code in {"time-unverified", "outside-window"}


@pytest.mark.parametrize("rekor", [1, 2])
def test_nothing_is_signed_in_the_future(rekor: int) -> None:
    case = attested(INSTANCE, rekor=rekor)
    assert judge(case._replace(now=LOGGED_AT - HOUR)).code == "from-the-future"
    assert judge(case._replace(now=LOGGED_AT)).code == "ok"


def test_a_promise_does_not_give_a_second_log_a_time() -> None:
    """Rekor v2 signs no time: one that is attached to its entry, and signed by the first log's key, is no time."""
    case = attested(INSTANCE, rekor=2)
    promised = INSTANCE.log_1.promised(at(case.material, *ENTRY), LOGGED_AT)
    material = replaced(case.material, ENTRY, promised)
    del material[MATERIAL]["timestampVerificationData"]
    assert judge(case._replace(material=material)).code == "time-unverified"


@pytest.mark.parametrize("rekor", [1, 2])
@pytest.mark.parametrize("days", [-400, -30, 30])
def test_a_timestamp_that_nobody_vouches_for_moves_no_time(rekor: int, days: int) -> None:
    """Who signs today could else sit out a cooldown at once, with a stranger's timestamp from last year beside it."""
    case = attested(INSTANCE, rekor=rekor)
    signature = base64.b64decode(at(case.material, *SIGNATURE))
    forged = STRANGER.clock.stamp(signature, LOGGED_AT + days * 86400)
    assert isinstance(case.material, dict)
    material = copy.deepcopy(case.material)
    stamps = material[MATERIAL].setdefault("timestampVerificationData", {"rfc3161Timestamps": []})
    stamps["rfc3161Timestamps"].insert(0, {"signedTimestamp": base64.b64encode(forged).decode()})
    found = judge(case._replace(material=material, now=NOW + 400 * 86400))
    assert (found.verified, found.code) in {(False, "time-unverified"), (False, "outside-window")}, found


def with_chain(case: Case, *authorities: x509.Certificate) -> Case:
    """The bundle in the form of its first years, which carries certificates beside the leaf."""
    assert isinstance(case.material, dict)
    material = copy.deepcopy(case.material)
    leaf = material[MATERIAL].pop("certificate")
    others = [{"rawBytes": base64_of(each)} for each in authorities]
    material[MATERIAL]["x509CertificateChain"] = {"certificates": [leaf, *others]}
    return case._replace(material={**material, "mediaType": "application/vnd.dev.sigstore.bundle+json;version=0.2"})


def test_certificates_that_a_bundle_brings_along_are_not_believed() -> None:
    good = attested(INSTANCE)
    assert judge(with_chain(good)) == judge(good)
    forger = PrivateSigstore(certificate_log=INSTANCE.certificate_log, log_1=INSTANCE.log_1)
    forged = Case(forger.attest(STATEMENT), INSTANCE.trusted_root_json)
    assert judge(with_chain(forged, forger.authority.chain[0])).code == "certificate-untrusted"
    assert judge(with_chain(forged, *forger.authority.chain)).code == "certificate-untrusted"
    assert judge(with_chain(good, STRANGER.authority.chain[1])) == judge(good)


def test_a_root_without_the_part_trusts_nothing_of_it() -> None:
    case = attested(INSTANCE)
    codes = {"authority": "certificate-untrusted", "certificate-log": "certificate-untrusted", "log-1": "log-invalid"}
    strange = json.loads(STRANGER.trusted_root_json)
    for part, code in codes.items():
        root = json.loads(INSTANCE.trusted_root(without=[part]))
        for name in ("certificateAuthorities", "ctlogs"):  # in place of an empty list: another's
            root[name] = root[name] or strange[name]
        assert judge(case._replace(root=json.dumps(root).encode())).code == code


def test_a_verdict_does_not_depend_on_what_was_judged_before() -> None:
    good = attested(INSTANCE)
    bad = good._replace(material=replaced(good.material, SIGNATURE, flipped(at(good.material, *SIGNATURE))))
    verdicts = [judge(case).verified for case in (good, bad, good, good._replace(now=0), good)]
    assert verdicts == [True, False, True, False, True]


def test_one_bad_attestation_does_not_stop_a_good_one_nor_hide_behind_it() -> None:
    good, bad = attested(INSTANCE), attested(STRANGER)
    assert isinstance(good.material, dict)
    assert isinstance(bad.material, dict)
    mixed = [INSTANCE.pep740(copy.deepcopy(each)) for each in (bad.material, good.material)]
    found = judge(good._replace(material=INSTANCE.provenance(mixed)))
    assert found.code in {"ok", "certificate-untrusted"}  # which of both is a decision; see test_identity
    assert found.verified == (found.code == "ok")
    assert not judge(good._replace(material=INSTANCE.provenance(mixed[:1]))).verified
    assert good.now == NOW
