"""A Sigstore of our own: an authority, logs, clocks and the root that trusts them, all in memory and at any time.

What it attests, the sigstore library accepts as it is, with the root from `trusted_root_json`.
"""

from __future__ import annotations

import base64
import datetime
import json
from typing import TYPE_CHECKING, Any, NamedTuple

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from support.sigstore.authority import (
    BORN,
    Authority,
    Form,
    TransparencyOfCertificates,
    base64_of,
    key_id,
    public_bytes,
)
from support.sigstore.claims import PUBLISH, SLSA, Claims, as_bytes, publish_statement, slsa_statement, statement
from support.sigstore.clock import TimestampAuthority
from support.sigstore.log import FirstLog, SecondLog, encoded, pre_authenticated

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from cryptography import x509

__all__ = [
    "BUNDLE_TYPE",
    "LOGGED_AT",
    "PAYLOAD_TYPE",
    "PUBLISH",
    "SLSA",
    "Claims",
    "Form",
    "PrivateSigstore",
    "Signature",
    "Window",
    "publish_statement",
    "slsa_statement",
    "statement",
]

PAYLOAD_TYPE = "application/vnd.in-toto+json"
BUNDLE_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"
ROOT_TYPE = "application/vnd.dev.sigstore.trustedroot+json;version=0.1"
LOGGED_AT = 1741003200
"""When a bundle is logged unless a test says otherwise: 2025-03-03 12:00 UTC. The library's own clock, which no test
can set, must be past the start of every window of the root; they all start in 2020."""

PARTS = ("authority", "certificate-log", "log-1", "log-2", "clock")


class Window(NamedTuple):
    """When a part of the root is trusted, in unix seconds, both ends included."""

    start: int = BORN
    end: int | None = None


class Signature(NamedTuple):
    """A signed envelope and who signed it: what a log is shown."""

    envelope: dict[str, Any]
    certificate: x509.Certificate


class PrivateSigstore:
    """One instance. A forger's may share parts with a real one: `PrivateSigstore(log_1=real.log_1)`."""

    def __init__(
        self,
        *,
        authority: Authority | None = None,
        certificate_log: TransparencyOfCertificates | None = None,
        log_1: FirstLog | None = None,
        log_2: SecondLog | None = None,
        clock: TimestampAuthority | None = None,
    ) -> None:
        self.authority = authority or Authority()
        self.certificate_log = certificate_log or TransparencyOfCertificates()
        self.log_1, self.log_2 = log_1 or FirstLog(), log_2 or SecondLog()
        self.clock = clock or TimestampAuthority()

    @property
    def trusted_root_json(self) -> bytes:
        """The root that trusts every part, from 2020 on and without an end."""
        return self.trusted_root()

    def trusted_root(self, windows: Mapping[str, Window] | None = None, without: Collection[str] = ()) -> bytes:
        """The root with other windows for some of PARTS, or without some of them."""
        logs = {"log-1": self.log_1, "log-2": self.log_2}
        chains = {"authority": self.authority.chain, "clock": self.clock.chain}
        own = {part: (windows or {}).get(part, Window()) for part in PARTS if part not in without}
        tlogs = [_log(each.public_key, each.details, own[part]) for part, each in logs.items() if part in own]
        authorities = {part: [_authority(chain, own[part])] if part in own else [] for part, chain in chains.items()}
        ctlogs = [
            _log(self.certificate_log.public_key, "PKIX_ECDSA_P256_SHA_256", window)
            for part, window in own.items()
            if part == "certificate-log"
        ]
        root = {
            "mediaType": ROOT_TYPE,
            "tlogs": tlogs,
            "certificateAuthorities": authorities["authority"],
            "ctlogs": ctlogs,
            "timestampAuthorities": authorities["clock"],
        }
        return json.dumps(root).encode()

    def sign(
        self,
        said: bytes | dict[str, Any],
        claims: Claims | None = None,
        *,
        used: int = LOGGED_AT,
        form: Form | None = None,
        payload_type: str = PAYLOAD_TYPE,
    ) -> Signature:
        """Get a certificate for a new key and sign a statement with it."""
        key, payload = ec.generate_private_key(ec.SECP256R1()), as_bytes(said)
        certificate = self.authority.certify(
            key.public_key(), claims or Claims(), used, form or Form(), self.certificate_log
        )
        signature = key.sign(pre_authenticated(payload_type, payload), ec.ECDSA(hashes.SHA256()))
        signatures = [{"sig": encoded(signature)}]
        return Signature(
            {"payload": encoded(payload), "payloadType": payload_type, "signatures": signatures}, certificate
        )

    def attest(
        self,
        said: bytes | dict[str, Any],
        *,
        claims: Claims | None = None,
        rekor: int = 1,
        logged_at: int = LOGGED_AT,
        used: int | None = None,
        form: Form | None = None,
        payload_type: str = PAYLOAD_TYPE,
    ) -> dict[str, Any]:
        """A Sigstore bundle over a statement. `used`, by default when it is logged, is what the certificate's dates
        are counted from."""
        moment = logged_at if used is None else used
        signed = self.sign(said, claims, used=moment, form=form, payload_type=payload_type)
        return self.log(signed, rekor=rekor, logged_at=logged_at)

    def log(self, signed: Signature, *, rekor: int = 1, logged_at: int = LOGGED_AT) -> dict[str, Any]:
        """Log what was signed, and bundle it with the proof."""
        log = self.log_1 if rekor == 1 else self.log_2
        entry = log.record(signed.envelope, signed.certificate, logged_at)
        material: dict[str, Any] = {"certificate": {"rawBytes": base64_of(signed.certificate)}, "tlogEntries": [entry]}
        if rekor != 1:
            stamp = self.clock.stamp(base64.b64decode(signed.envelope["signatures"][0]["sig"]), logged_at)
            material["timestampVerificationData"] = {"rfc3161Timestamps": [{"signedTimestamp": encoded(stamp)}]}
        return {"mediaType": BUNDLE_TYPE, "verificationMaterial": material, "dsseEnvelope": signed.envelope}

    @staticmethod
    def pep740(bundle: dict[str, Any]) -> dict[str, Any]:
        """The bundle as an index's attestation object, which has no place for a timestamp (so: Rekor v1)."""
        material, envelope = bundle["verificationMaterial"], bundle["dsseEnvelope"]
        return {
            "version": 1,
            "verification_material": {
                "certificate": material["certificate"]["rawBytes"],
                "transparency_entries": material["tlogEntries"],
            },
            "envelope": {"statement": envelope["payload"], "signature": envelope["signatures"][0]["sig"]},
        }

    @staticmethod
    def provenance(attestations: Sequence[dict[str, Any]], claims: Claims | None = None) -> dict[str, Any]:
        """An index's provenance object over attestation objects."""
        said = claims or Claims()
        repository = said.repository.partition("://")[2].partition("/")[2]
        publisher = {"kind": "GitHub", "repository": repository, "workflow": said.workflow, "environment": None}
        return {
            "version": 1,
            "attestation_bundles": [{"publisher": publisher, "attestations": list(attestations)}],
        }


def _period(window: Window) -> dict[str, str]:
    ends = {"start": window.start, "end": window.end}
    moments = {
        name: datetime.datetime.fromtimestamp(each, datetime.timezone.utc) for name, each in ends.items() if each
    }
    return {name: each.strftime("%Y-%m-%dT%H:%M:%SZ") for name, each in moments.items()}


def _log(key: Any, details: str, window: Window) -> dict[str, Any]:
    return {
        "baseUrl": "https://log.sigstore.example",
        "hashAlgorithm": "SHA2_256",
        "publicKey": {
            "rawBytes": encoded(public_bytes(key)),
            "keyDetails": details,
            "validFor": _period(window),
        },
        "logId": {"keyId": encoded(key_id(key))},
    }


def _authority(chain: Sequence[x509.Certificate], window: Window) -> dict[str, Any]:
    return {
        "subject": {"organization": "sigstore.example", "commonName": "example"},
        "uri": "https://authority.sigstore.example",
        "certChain": {"certificates": [{"rawBytes": base64_of(each)} for each in chain]},
        "validFor": _period(window),
    }
