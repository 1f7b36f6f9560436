"""Bare signatures: a bundle over a file's own bytes, without a statement, as `sigstore sign` makes it."""

from __future__ import annotations

import copy
import hashlib
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from support.private_sigstore import BUNDLE_TYPE, LOGGED_AT, Claims, Form
from support.sigstore.authority import base64_of
from support.sigstore.log import canonical, encoded

if TYPE_CHECKING:
    from support.private_sigstore import PrivateSigstore


def bare_signature(instance: PrivateSigstore, data: bytes, claims: Claims | None = None) -> dict[str, Any]:
    """Sign a file and log that, by Rekor v1 (`hashedrekord` 0.0.1)."""
    key = ec.generate_private_key(ec.SECP256R1())
    job = claims or Claims()
    certificate = instance.authority.certify(key.public_key(), job, LOGGED_AT, Form(), instance.certificate_log)
    signature = encoded(key.sign(data, ec.ECDSA(hashes.SHA256())))
    log = copy.copy(instance.log_1)
    log.kind = "hashedrekord"
    digest = hashlib.sha256(data)
    verifier = {"content": encoded(certificate.public_bytes(Encoding.PEM))}
    spec = {
        "data": {"hash": {"algorithm": "sha256", "value": digest.hexdigest()}},
        "signature": {"content": signature, "publicKey": verifier},
    }
    body = canonical({"apiVersion": "0.0.1", "kind": log.kind, "spec": spec})
    return {
        "mediaType": BUNDLE_TYPE,
        "verificationMaterial": {
            "certificate": {"rawBytes": base64_of(certificate)},
            "tlogEntries": [log.promised(log.enter(body), LOGGED_AT)],
        },
        "messageSignature": {
            "messageDigest": {"algorithm": "SHA2_256", "digest": encoded(digest.digest())},
            "signature": signature,
        },
    }
