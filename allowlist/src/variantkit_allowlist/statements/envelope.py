"""Envelopes: an in-toto statement signed by one person (DSSE), whose raw bytes are kept: they are what is signed."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from typing import TYPE_CHECKING, NamedTuple

from variantkit.errors import InputError, RefusedError, UndeterminedError
from variantkit.trust.alphabet import ALNUM, consists_of, is_sha256
from variantkit.trust.strict_json import load_strict
from variantkit_allowlist.keys import PublicKey, parse_public, public_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from securesystemslib.signer import Signer

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
MAX_STATEMENT_BYTES = 1 << 20


class Subject(NamedTuple):
    """The file that a statement is about."""

    filename: str
    sha256: str


class Statement(NamedTuple):
    """A statement as read; `predicate` is a JSON object."""

    subject: Subject
    predicate_type: str
    predicate: Mapping[str, object]


class Signed(NamedTuple):
    """What a verified envelope holds: the key that signed it, and the bytes that were signed."""

    key: PublicKey
    payload: bytes


def digest_of(data: bytes) -> str:
    """The sha256 that a statement's file is named by."""
    return hashlib.sha256(data).hexdigest()


def make_statement(subject: Subject, predicate_type: str, predicate: Mapping[str, object]) -> bytes:
    """Return an in-toto statement as JSON; the predicate holds texts, lists and truth values alone.

    in-toto-attestation makes and validates it; its generic struct would turn whole numbers into fractions.
    """
    from google.protobuf.json_format import MessageToDict  # type: ignore[import-untyped]
    from in_toto_attestation.v1.resource_descriptor import ResourceDescriptor  # type: ignore[import-untyped]
    from in_toto_attestation.v1.statement import Statement as Made  # type: ignore[import-untyped]

    file = ResourceDescriptor(name=subject.filename, digest={"sha256": subject.sha256})
    made = Made([file.pb], predicate_type, dict(predicate))
    made.validate()
    return json.dumps(MessageToDict(made.pb), sort_keys=True).encode()


def sign_statement(statement: bytes, signer: Signer) -> bytes:
    """Return the signed envelope as a file's bytes; raise UndeterminedError when the signature does not hold.

    An agent or a token is another program: what it returns is checked before anybody relies on it.
    """
    from securesystemslib.dsse import Envelope
    from securesystemslib.exceptions import UnverifiedSignatureError

    envelope = Envelope(statement, PAYLOAD_TYPE, {})
    signature = envelope.sign(signer)
    try:
        signer.public_key.verify_signature(signature, envelope.pae())
    except UnverifiedSignatureError:
        shown = public_of(signer.public_key).fingerprint
        raise UndeterminedError(f"the signature made with {shown} does not verify; nothing was written") from None
    return (json.dumps(envelope.to_dict(), indent=1, sort_keys=True) + "\n").encode()


def open_envelope(data: bytes, keys: Iterable[str | PublicKey], where: str) -> Signed:
    """Return what one of these keys signed; raise RefusedError when none of them did, or it is no such envelope.

    Nothing of the payload is looked at before its signature holds.
    """
    from securesystemslib.dsse import Envelope
    from securesystemslib.exceptions import UnverifiedSignatureError
    from securesystemslib.signer import Signature

    payload, keyid, signature = _read_envelope(data, where)
    for key in keys:
        public = parse_public(key) if isinstance(key, str) else key
        tuf_key = public.tuf_key()
        if tuf_key.keyid != keyid:
            continue
        try:
            tuf_key.verify_signature(Signature(keyid, signature.hex()), Envelope(payload, PAYLOAD_TYPE, {}).pae())
        except UnverifiedSignatureError:
            raise RefusedError(f"{where}: altered, or not signed by {public.fingerprint} as it says") from None
        return Signed(public, payload)
    raise RefusedError(f"{where}: signed by key {keyid[:16]}…, which is nobody's in [reviewers]")


def _read_envelope(data: bytes, where: str) -> tuple[bytes, str, bytes]:
    """Return payload, key id and signature of an envelope with exactly one signature."""
    if len(data) > MAX_STATEMENT_BYTES:
        raise RefusedError(f"{where}: more than {MAX_STATEMENT_BYTES} bytes")
    try:
        document = load_strict(data)
        signatures = document["signatures"]
        if set(document) != {"payload", "payloadType", "signatures"} or document["payloadType"] != PAYLOAD_TYPE:
            raise ValueError(f"expected an envelope of {PAYLOAD_TYPE}")
        if not isinstance(signatures, list) or len(signatures) != 1 or set(signatures[0]) != {"keyid", "sig"}:
            raise ValueError("expected exactly one signature")
        keyid = signatures[0]["keyid"]
        if not isinstance(keyid, str):
            raise ValueError("expected a key id")
        return _decode(document["payload"]), keyid, _decode(signatures[0]["sig"])
    except (KeyError, TypeError, ValueError) as error:
        told = "a signature or payload is missing" if isinstance(error, (KeyError, TypeError)) else str(error)
        raise RefusedError(f"{where}: expected a signed statement (DSSE), found another file: {told}") from None


def _decode(text: object) -> bytes:
    """Decode base64 in its one spelling, since a file is named by its hash."""
    if not isinstance(text, str) or not text.isascii():
        raise ValueError("expected base64")
    try:
        decoded = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError("expected base64") from None
    if base64.b64encode(decoded).decode() != text:
        raise ValueError("base64 in a second spelling")
    return decoded


def read_statement(payload: bytes, predicate_type: str, where: str) -> Statement:
    """Read a statement of that predicate type about exactly one file; raise RefusedError for any other."""
    try:
        document = load_strict(payload)
    except ValueError as error:
        raise RefusedError(f"{where}: the statement inside: {error}") from None
    if document.get("_type") != STATEMENT_TYPE or document.get("predicateType") != predicate_type:
        found = ascii(document.get("predicateType"))[:100]
        raise RefusedError(f"{where}: expected a statement of type {predicate_type}, found {found}")
    subjects, predicate = document.get("subject"), document.get("predicate")
    if not isinstance(subjects, list) or len(subjects) != 1 or not isinstance(predicate, dict):
        raise RefusedError(f"{where}: expected exactly one subject and a predicate")
    return Statement(_read_subject(subjects[0], where), predicate_type, predicate)


def _read_subject(subject: object, where: str) -> Subject:
    digest = subject.get("digest") if isinstance(subject, dict) else None
    if isinstance(subject, dict) and isinstance(digest, dict) and set(digest) == {"sha256"}:
        name, sha256 = subject.get("name"), digest["sha256"]
        if isinstance(name, str) and isinstance(sha256, str) and is_sha256(sha256) and _is_filename(name):
            return Subject(name, sha256)
    raise RefusedError(f"{where}: expected a subject with a file name and its sha256")


def _is_filename(name: str) -> bool:
    """Whether this is a wheel's file name, safe to print and to make a path of."""
    return consists_of(name, ALNUM + "._+!-", 250) and name[0] in ALNUM and name.endswith(".whl")


def require_plain(text: str, what: str) -> None:
    """Refuse text that would not be read back: what hides, reorders or begins another line."""
    try:
        load_strict(json.dumps({"text": text}).encode())
    except ValueError:
        raise InputError(f"{what}: a control or invisible character, or a line end, in {ascii(text)[:80]}") from None
