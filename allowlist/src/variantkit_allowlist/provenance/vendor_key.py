"""Vendor key: a statement about a wheel, signed by a key that the list names for its package."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from variantkit_allowlist.model import Identity
from variantkit_allowlist.provenance.bundle_check import NotVerifiedError
from variantkit_allowlist.provenance.material import MaterialError, load_object
from variantkit_allowlist.provenance.statement import read_statement
from variantkit_allowlist.verdict import Provenance

if TYPE_CHECKING:
    from collections.abc import Sequence

    from securesystemslib.dsse import Envelope
    from securesystemslib.signer import SSlibKey

    from variantkit_allowlist.model import VendorKey

MAX_SIGNATURES = 16


def verify_vendor_key(envelope: bytes, filename: str, sha256: str, keys: Sequence[VendorKey], now: int) -> Provenance:
    """Verify a DSSE envelope over an in-toto statement about this file. Never raises on a hostile envelope.

    A key counts only between its dates. Nothing vouches for the time of such a signature, so there is no `logged`.
    """
    try:
        parsed = _parse(envelope)
        signer = _signer(parsed, keys, now)
        read_statement(parsed.payload_type, parsed.payload, filename, sha256)
    except NotVerifiedError as refusal:
        return Provenance(False, refusal.code, f"the vendor's statement: {refusal}")
    identity = Identity(subject=signer.fingerprint)
    return Provenance(True, "ok", f"signed by {signer.person} with {signer.fingerprint}", "key", identity)


class _Signer:
    """Whose key signed."""

    def __init__(self, person: str, fingerprint: str) -> None:
        self.person = person
        self.fingerprint = fingerprint


def _parse(data: bytes) -> Envelope:
    from securesystemslib.dsse import Envelope

    try:
        document = load_object(data, "the envelope")
        parsed = Envelope.from_dict(document)
        if not isinstance(parsed.payload_type, str) or not 0 < len(parsed.signatures) <= MAX_SIGNATURES:
            raise ValueError(f"expected a payloadType and 1 to {MAX_SIGNATURES} signatures")
    except MaterialError as error:
        raise NotVerifiedError("malformed", str(error)) from None
    except Exception as error:  # noqa: BLE001 - its reader raises KeyError, TypeError, binascii's and its own
        raise NotVerifiedError("malformed", f"no DSSE envelope: {ascii(str(error))[1:-1][:200]}") from None
    return parsed


def _signer(envelope: Envelope, keys: Sequence[VendorKey], now: int) -> _Signer:
    """The first key of the list, within its dates, that signed the envelope."""
    from variantkit_allowlist.keys import parse_public

    today = datetime.datetime.fromtimestamp(now, datetime.timezone.utc).date()
    late = None
    for key in keys:
        public = parse_public(key.key)
        if not _signed(envelope, public.tuf_key()):
            continue
        if (key.start is None or key.start <= today) and (key.end is None or today <= key.end):
            return _Signer(key.person, public.fingerprint)
        late = key
    if late is not None:
        said = f"{late.person}'s key, which counts from {late.start or 'ever'} to {late.end or 'ever'}, not on {today}"
        raise NotVerifiedError("key-unknown", f"signed by {said}")
    raise NotVerifiedError("key-unknown", "not signed by a key that the list names for this package")


def _signed(envelope: Envelope, key: SSlibKey) -> bool:
    from securesystemslib.exceptions import UnverifiedSignatureError, VerificationError
    from securesystemslib.signer import Signature

    for signature in envelope.signatures.values():
        try:
            # The signature's keyid is an unsigned hint, by which other tools mean other things: each one is tried.
            key.verify_signature(Signature(key.keyid, signature.signature), envelope.pae())
        except (UnverifiedSignatureError, VerificationError, ValueError):
            continue
        return True
    return False
