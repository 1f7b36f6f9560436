"""Parts of true bundles in the wrong place or time: another's certificate, log, clock, root or window."""

from __future__ import annotations

import base64
import copy
import json
from typing import TYPE_CHECKING

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID

from support.attested import (
    ENTRY,
    FILENAME,
    MATERIAL,
    NOW,
    PROOF,
    SHA256,
    SIGNATURE,
    STAMP,
    Case,
    at,
    attested,
    flipped,
    judge,
    replaced,
)
from support.private_sigstore import LOGGED_AT, Form, PrivateSigstore, Window, publish_statement
from support.sigstore.authority import BORN, TransparencyOfCertificates, base64_of

if TYPE_CHECKING:
    from cryptography import x509

    from support.attested import Step

INSTANCE = PrivateSigstore()
STRANGER = PrivateSigstore()
STATEMENT = publish_statement(FILENAME, SHA256)
HOUR = 3600


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


def stamped(case: Case, seconds: int) -> Case:
    """A bundle of the first log with a timestamp of the true clock besides."""
    assert isinstance(case.material, dict)
    stamp = INSTANCE.clock.stamp(base64.b64decode(at(case.material, *SIGNATURE)), seconds)
    encoded = base64.b64encode(stamp).decode()
    return case._replace(material=replaced(case.material, STAMP[:2], {"rfc3161Timestamps": [{STAMP[-1]: encoded}]}))


@pytest.mark.parametrize(
    ("change", "logged"),
    [({}, 0), ({"integratedTime": None}, 2), ({"inclusionPromise": None}, 2)],
    ids=["both", "the timestamp, and a promise without a time", "the timestamp, and a time that nothing promises"],
)
def test_two_sources_of_time_give_the_earlier_that_is_vouched_for(change: dict[str, None], logged: int) -> None:
    case = stamped(attested(INSTANCE), LOGGED_AT + 2)
    material = replaced(case.material, ENTRY, {**at(case.material, *ENTRY), **change})
    found = judge(case._replace(material=material))
    assert (found.code, found.logged) == ("ok", LOGGED_AT + logged)


@pytest.mark.parametrize("zero", ["0", "00", "-0", " 0"])
def test_a_time_of_zero_is_not_passed_over(zero: str) -> None:
    """Sigstore takes it for none, and holds no promise against it; as the earliest time it would be 1970."""
    case = stamped(attested(INSTANCE), LOGGED_AT)
    material = replaced(case.material, (*ENTRY, "integratedTime"), zero)
    assert judge(case._replace(material=material)).code in {"outside-window", "time-unverified"}


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


def test_one_bad_attestation_does_not_hide_behind_a_good_one() -> None:
    good, bad = attested(INSTANCE), attested(STRANGER)
    assert isinstance(good.material, dict)
    assert isinstance(bad.material, dict)
    mixed = [INSTANCE.pep740(copy.deepcopy(each)) for each in (bad.material, good.material)]
    found = judge(good._replace(material=INSTANCE.provenance(mixed)))
    assert (found.verified, found.code) == (False, "certificate-untrusted")
    assert judge(good._replace(material=INSTANCE.provenance(mixed[1:]))).verified
