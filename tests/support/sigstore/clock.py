"""A timestamp authority (RFC 3161), whose clock says what a test wants."""

from __future__ import annotations

import hashlib

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from support.sigstore import der
from support.sigstore.authority import BORN, ENDS, draft, key_usage, make_authority, named

SHA256 = "2.16.840.1.101.3.4.2.1"
ECDSA_WITH_SHA256 = "1.2.840.10045.4.3.2"
SIGNED_DATA = "1.2.840.113549.1.7.2"
TIMESTAMP = "1.2.840.113549.1.9.16.1.4"
CONTENT_TYPE, MESSAGE_DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
SIGNING_CERTIFICATE = "1.2.840.113549.1.9.16.2.47"
POLICY = "1.3.6.1.4.1.57264.2"


class TimestampAuthority:
    """It says that it saw some bytes at some time."""

    def __init__(self) -> None:
        root = make_authority("timestamp root", None, ExtendedKeyUsageOID.TIME_STAMPING, 0)
        self._key = ec.generate_private_key(ec.SECP256R1())
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
        made = draft(named("timestamp"), self._key.public_key(), root, BORN, ENDS)
        made = made.add_extension(key_usage(digital_signature=True), critical=True).add_extension(usage, critical=True)
        self._certificate = made.sign(root.key, hashes.SHA256())
        self.chain = (self._certificate, root.certificate)

    def stamp(self, data: bytes, seconds: int) -> bytes:
        """The answer to a request for a timestamp on `data`."""
        imprint = der.sequence(_algorithm(SHA256), der.octets(hashlib.sha256(data).digest()))
        said = der.sequence(der.integer(1), der.identifier(POLICY), imprint, der.integer(1), der.moment(seconds))
        content = der.sequence(der.identifier(TIMESTAMP), der.encode(0xA0, der.octets(said)))
        certificates = der.encode(0xA0, self._certificate.public_bytes(Encoding.DER))
        body = der.sequence(
            der.integer(3), der.set_of(_algorithm(SHA256)), content, certificates, der.set_of(self._signer(said))
        )
        token = der.sequence(der.identifier(SIGNED_DATA), der.encode(0xA0, body))
        return der.sequence(der.sequence(der.integer(0)), token)

    def _signer(self, said: bytes) -> bytes:
        certificate = hashlib.sha256(self._certificate.public_bytes(Encoding.DER)).digest()
        attributes = der.set_of(
            _attribute(CONTENT_TYPE, der.identifier(TIMESTAMP)),
            _attribute(MESSAGE_DIGEST, der.octets(hashlib.sha256(said).digest())),
            _attribute(SIGNING_CERTIFICATE, der.sequence(der.sequence(der.sequence(der.octets(certificate))))),
        )
        signature = self._key.sign(attributes, ec.ECDSA(hashes.SHA256()))
        issuer = self._certificate.issuer.public_bytes()
        return der.sequence(
            der.integer(1),
            der.sequence(issuer, der.integer(self._certificate.serial_number)),
            _algorithm(SHA256),
            b"\xa0" + attributes[1:],  # signed as a SET, sent with a tag of its own
            der.sequence(der.identifier(ECDSA_WITH_SHA256)),
            der.octets(signature),
        )


def _algorithm(dotted: str) -> bytes:
    return der.sequence(der.identifier(dotted))


def _attribute(dotted: str, value: bytes) -> bytes:
    return der.sequence(der.identifier(dotted), der.set_of(value))
