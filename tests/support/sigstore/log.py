"""Transparency logs: Rekor's first form, whose promise says when, and its second, which leaves the time to others."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from cryptography import x509  # noqa: TC002 - the annotations of public functions
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding

from support.sigstore.authority import base64_of, key_id

OTHERS = 5
"""Entries of strangers, before ours: with one entry alone a proof would be empty."""


def encoded(data: bytes) -> str:
    """Base64, as JSON carries bytes."""
    return base64.b64encode(data).decode()


def canonical(value: object) -> bytes:
    """JSON as RFC 8785 writes it, for keys and values of plain ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def pre_authenticated(payload_type: str, payload: bytes) -> bytes:
    """What the signature of a DSSE envelope is over."""
    return f"DSSEv1 {len(payload_type)} {payload_type} {len(payload)} ".encode() + payload


def leaf_hash(body: bytes) -> bytes:
    """RFC 6962's hash of an entry."""
    return hashlib.sha256(b"\0" + body).digest()


def tree_hash(leaves: list[bytes]) -> bytes:
    """The root of the tree over these hashes."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    return hashlib.sha256(b"\1" + tree_hash(leaves[:split]) + tree_hash(leaves[split:])).digest()


def audit_path(index: int, leaves: list[bytes]) -> list[bytes]:
    """The hashes that lead from an entry to the root, the nearest first."""
    if len(leaves) == 1:
        return []
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    if index < split:
        return [*audit_path(index, leaves[:split]), tree_hash(leaves[split:])]
    return [*audit_path(index - split, leaves[split:]), tree_hash(leaves[:split])]


class Log:
    """What both forms share: a tree of entries, and a signature on its root."""

    kind, version, details = "", "", ""
    elsewhere = 0
    """Entries in the log's earlier trees: an entry's index in the log is not its index in the tree."""

    def __init__(self, origin: str, key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> None:
        self.origin = origin
        self._key = key
        self.public_key = key.public_key()
        self._leaves = [leaf_hash(b"stranger %d" % number) for number in range(OTHERS)]

    def sign(self, data: bytes) -> bytes:
        """The log's signature."""
        if isinstance(self._key, ed25519.Ed25519PrivateKey):
            return self._key.sign(data)
        return self._key.sign(data, ec.ECDSA(hashes.SHA256()))

    def enter(self, body: bytes) -> dict[str, Any]:
        """Add an entry and prove it."""
        self._leaves.append(leaf_hash(body))
        index, root = len(self._leaves) - 1, tree_hash(self._leaves)
        note = f"{self.origin}\n{len(self._leaves)}\n{encoded(root)}\n"
        signature = encoded(key_id(self.public_key)[:4] + self.sign(note.encode()))
        return {
            "logIndex": str(self.elsewhere + index),
            "logId": {"keyId": encoded(key_id(self.public_key))},
            "kindVersion": {"kind": self.kind, "version": self.version},
            "inclusionProof": {
                "logIndex": str(index),
                "rootHash": encoded(root),
                "treeSize": str(len(self._leaves)),
                "hashes": [encoded(each) for each in audit_path(index, self._leaves)],
                "checkpoint": {"envelope": f"{note}\n\N{EM DASH} {self.origin.split()[0]} {signature}\n"},
            },
            "canonicalizedBody": encoded(body),
        }

    def record(self, envelope: dict[str, Any], certificate: x509.Certificate, seconds: int) -> dict[str, Any]:
        """Log a signed envelope."""
        raise NotImplementedError


class FirstLog(Log):
    """Rekor v1: the entry `dsse` 0.0.1, and a promise signed over the time of logging."""

    kind, version, details = "dsse", "0.0.1", "PKIX_ECDSA_P256_SHA_256"
    elsewhere = 4_163_431

    def __init__(self) -> None:
        super().__init__("rekor.sigstore.example - 42", ec.generate_private_key(ec.SECP256R1()))

    def record(self, envelope: dict[str, Any], certificate: x509.Certificate, seconds: int) -> dict[str, Any]:
        """The entry names the payload's hash, the signature and the certificate."""
        digests = {
            "envelopeHash": hashlib.sha256(canonical(envelope)).hexdigest(),
            "payloadHash": hashlib.sha256(base64.b64decode(envelope["payload"])).hexdigest(),
        }
        verifier = encoded(certificate.public_bytes(Encoding.PEM))
        spec: dict[str, object] = {name: {"algorithm": "sha256", "value": each} for name, each in digests.items()}
        spec["signatures"] = [{"signature": each["sig"], "verifier": verifier} for each in envelope["signatures"]]
        entry = self.enter(canonical({"apiVersion": self.version, "kind": self.kind, "spec": spec}))
        return self.promised(entry, seconds)

    def promised(self, entry: dict[str, Any], seconds: int) -> dict[str, Any]:
        """The entry with the promise that it was logged at that time."""
        said = {
            "body": entry["canonicalizedBody"],
            "integratedTime": seconds,
            "logID": key_id(self.public_key).hex(),
            "logIndex": int(entry["logIndex"]),
        }
        promise = {"signedEntryTimestamp": encoded(self.sign(canonical(said)))}
        return {**entry, "integratedTime": str(seconds), "inclusionPromise": promise}


class SecondLog(Log):
    """Rekor v2: the entry `hashedrekord` 0.0.2 over what was signed; it says nothing about when."""

    kind, version, details = "hashedrekord", "0.0.2", "PKIX_ED25519"

    def __init__(self) -> None:
        super().__init__("log2025-1.rekor.sigstore.example", ed25519.Ed25519PrivateKey.generate())

    def record(self, envelope: dict[str, Any], certificate: x509.Certificate, seconds: int) -> dict[str, Any]:
        """The entry names the hash of the signed bytes, the signature and the certificate."""
        signed = pre_authenticated(envelope["payloadType"], base64.b64decode(envelope["payload"]))
        verifier = {
            "keyDetails": "PKIX_ECDSA_P256_SHA_256",
            "x509Certificate": {"rawBytes": base64_of(certificate)},
        }
        spec = {
            "data": {"algorithm": "SHA2_256", "digest": encoded(hashlib.sha256(signed).digest())},
            "signature": {"content": envelope["signatures"][0]["sig"], "verifier": verifier},
        }
        body = {"apiVersion": self.version, "kind": self.kind, "spec": {"hashedRekordV002": spec}}
        return self.enter(canonical(body))
