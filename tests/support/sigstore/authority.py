"""A certificate authority with an intermediate, and the certificate transparency log that its leaves must be in."""

from __future__ import annotations

import base64
import datetime
import hashlib
import struct
from typing import TYPE_CHECKING, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from support.sigstore import der
from support.sigstore.claims import ENCODED, PLAIN, Claims

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

BORN, ENDS = 1577836800, 2208988800
"""2020 and 2040, in unix seconds: outside of what a leaf's own dates may be."""

FULCIO = "1.3.6.1.4.1.57264.1"
SCT_LIST = x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")


class Form(NamedTuple):
    """How a leaf certificate looks; the defaults are what Sigstore issues.

    `before` and `after` bound its validity, in seconds from when it is used. `also` is a second name. `logs` are the
    certificate transparency logs that sign it, None for the instance's own.
    """

    before: int = 5
    after: int = 595
    usage: x509.ObjectIdentifier | None = ExtendedKeyUsageOID.CODE_SIGNING
    digital_signature: bool = True
    is_authority: bool = False
    subject_is_email: bool = False
    also: str = ""
    logs: tuple[TransparencyOfCertificates, ...] | None = None


def date(seconds: int) -> datetime.datetime:
    """A moment as certificates want it."""
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)


def public_bytes(key: PublicKeyTypes) -> bytes:
    """A public key as DER."""
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def key_id(key: PublicKeyTypes) -> bytes:
    """The name of a log: the hash of its key."""
    return hashlib.sha256(public_bytes(key)).digest()


def named(common_name: str) -> x509.Name:
    """The name of an authority."""
    organization = x509.NameAttribute(NameOID.ORGANIZATION_NAME, "sigstore.example")
    return x509.Name([organization, x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def key_usage(*, digital_signature: bool = False, signs_certificates: bool = False) -> x509.KeyUsage:
    """What a key is for."""
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def draft(name: x509.Name, key: ec.EllipticCurvePublicKey, issuer: Issuer | None, start: int, end: int) -> Draft:
    """A certificate's first fields; it is its own issuer's without an `issuer`."""
    signer = issuer.certificate.subject if issuer else name
    authority = issuer.key.public_key() if issuer else key
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(signer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(date(start))
        .not_valid_after(date(end))
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority), critical=False)
    )


Draft = x509.CertificateBuilder


class Issuer(NamedTuple):
    """A certificate and the key that signs for it."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def make_authority(name: str, issuer: Issuer | None, usage: x509.ObjectIdentifier, path: int) -> Issuer:
    """A root without an `issuer`, otherwise an intermediate."""
    key = ec.generate_private_key(ec.SECP256R1())
    made = (
        draft(named(name), key.public_key(), issuer, BORN, ENDS)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=path), critical=True)
        .add_extension(key_usage(signs_certificates=True), critical=True)
    )
    if issuer:
        made = made.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    return Issuer(made.sign((issuer.key if issuer else key), hashes.SHA256()), key)


class TransparencyOfCertificates:
    """The log that promises to show every certificate."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.public_key = self._key.public_key()

    def promise(self, body: bytes, issuer: x509.Certificate, seconds: int) -> bytes:
        """A signed certificate timestamp over a certificate without one (RFC 6962, section 3.2)."""
        entry = hashlib.sha256(public_bytes(issuer.public_key())).digest() + struct.pack(">I", len(body))[1:] + body
        said = struct.pack(">BBQH", 0, 0, seconds * 1000, 1) + entry + struct.pack(">H", 0)
        signature = self._key.sign(said, ec.ECDSA(hashes.SHA256()))
        head = b"\0" + key_id(self.public_key) + struct.pack(">QH", seconds * 1000, 0)
        return head + struct.pack(">BBH", 4, 3, len(signature)) + signature  # SHA-256, ECDSA


class Authority:
    """The authority that turns a CI job's identity into a certificate of ten minutes."""

    def __init__(self) -> None:
        self._root = make_authority("root", None, ExtendedKeyUsageOID.CODE_SIGNING, 1)
        self._intermediate = make_authority("intermediate", self._root, ExtendedKeyUsageOID.CODE_SIGNING, 0)
        self.chain = (self._intermediate.certificate, self._root.certificate)

    def certify(
        self, key: ec.EllipticCurvePublicKey, claims: Claims, used: int, form: Form, log: TransparencyOfCertificates
    ) -> x509.Certificate:
        """A leaf that carries the claims; all but its last extension is what the log promises to show."""
        made = draft(x509.Name([]), key, self._intermediate, used - form.before, used + form.after)
        for extension, critical in _extensions(claims.filled(), form):
            made = made.add_extension(extension, critical)
        bare = made.sign(self._intermediate.key, hashes.SHA256())
        logs = (log,) if form.logs is None else form.logs
        promises = [each.promise(bare.tbs_certificate_bytes, self.chain[0], used) for each in logs]
        if not promises:
            return bare
        listed = b"".join(struct.pack(">H", len(promise)) + promise for promise in promises)
        value = der.octets(struct.pack(">H", len(listed)) + listed)
        made = made.add_extension(x509.UnrecognizedExtension(SCT_LIST, value), critical=False)
        return made.sign(self._intermediate.key, hashes.SHA256())


def _extensions(said: Claims, form: Form) -> list[tuple[x509.ExtensionType, bool]]:
    subject = said.subject or ""
    name = x509.RFC822Name(subject) if form.subject_is_email else x509.UniformResourceIdentifier(subject)
    usage = key_usage(digital_signature=form.digital_signature, signs_certificates=form.is_authority)
    found: list[tuple[x509.ExtensionType, bool]] = [(usage, True)]
    if form.usage is not None:
        found.append((x509.ExtendedKeyUsage([form.usage]), False))
    if form.is_authority:
        found.append((x509.BasicConstraints(ca=True, path_length=None), True))
    if subject:
        names = [name, x509.UniformResourceIdentifier(form.also)] if form.also else [name]
        found.append((x509.SubjectAlternativeName(names), True))
    for table, encode in ((PLAIN, str.encode), (ENCODED, der.text)):
        for field, number in table.items():
            if value := getattr(said, field):
                oid = x509.ObjectIdentifier(f"{FULCIO}.{number}")
                found.append((x509.UnrecognizedExtension(oid, encode(value)), False))
    return found


def base64_of(certificate: x509.Certificate) -> str:
    """A certificate as bundles and roots carry it."""
    return base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()
