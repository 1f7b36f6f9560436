"""Public keys: the one line of OpenSSH that people exchange, and the form that TUF and DSSE verify with."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import TYPE_CHECKING, NamedTuple

from variantkit.errors import InputError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from securesystemslib.signer import Key, SSlibKey

    UsableKey = Ed25519PublicKey | EllipticCurvePublicKey | RSAPublicKey

ALGORITHMS = ("ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa")
LEAST_RSA_BITS = 3072
MAX_LINE = 4096

# One scheme for each algorithm, since TUF's key id covers it: the same line must have the same id whether a file, an
# agent or a token signs. ssh-agent signs RSA by PKCS #1 v1.5 alone.
_SCHEMES = {
    "ssh-ed25519": "ed25519",
    "ecdsa-sha2-nistp256": "ecdsa-sha2-nistp256",
    "ssh-rsa": "rsa-pkcs1v15-sha256",
}


class PublicKey(NamedTuple):
    """`line` is the OpenSSH line without its comment; two keys are the same when their lines are."""

    algorithm: str
    line: str

    @property
    def blob(self) -> bytes:
        """The key as OpenSSH's wire format, which ssh-agent knows it by."""
        return base64.b64decode(self.line.partition(" ")[2])

    @property
    def fingerprint(self) -> str:
        """As `ssh-keygen -l` prints it: `SHA256:…`."""
        return "SHA256:" + base64.b64encode(hashlib.sha256(self.blob).digest()).decode().rstrip("=")

    def tuf_key(self) -> SSlibKey:
        """The same key as TUF metadata and DSSE envelopes have it; its `keyid` depends on the line alone."""
        from cryptography.hazmat.primitives.serialization import load_ssh_public_key
        from securesystemslib.signer import SSlibKey

        return SSlibKey.from_crypto(load_ssh_public_key(self.line.encode()), scheme=_SCHEMES[self.algorithm])


def parse_public(line: str) -> PublicKey:
    """Read an OpenSSH public key line, whose comment is dropped; raise InputError with what is wrong with it.

    Accepted are Ed25519, ECDSA on P-256 and RSA of at least 3072 bits. Certificates, options before the key, and keys
    of hardware tokens (`sk-…`, which sign something else than the text) are not.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_ssh_public_key

    if "PRIVATE KEY" in line:
        raise InputError("expected a public key, found a private one: give the public line (FILE.pub, or `key show`)")
    words = line.split()
    if len(line) > MAX_LINE or "\n" in line.strip() or len(words) < 2 or words[0] not in ALGORITHMS:
        found = ascii(line.strip()[:40])
        raise InputError(f"expected an OpenSSH public key line ({', '.join(ALGORITHMS)}), found {found}")
    try:
        key = load_ssh_public_key(" ".join(words[:2]).encode())
    except (ValueError, UnsupportedAlgorithm, binascii.Error) as error:
        raise InputError(f"expected an OpenSSH public key line, found a damaged one: {error}") from None
    return from_crypto(key)


def from_crypto(key: object) -> PublicKey:
    """Return the public key of one that `cryptography` has read; raise InputError when it is of no use here."""
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    if isinstance(key, RSAPublicKey) and key.key_size < LEAST_RSA_BITS:
        raise InputError(f"an RSA key of {key.key_size} bits; expected at least {LEAST_RSA_BITS}, or an Ed25519 key")
    on_p256 = isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1)
    if not (on_p256 or isinstance(key, (Ed25519PublicKey, RSAPublicKey))):
        raise InputError("expected an Ed25519 key, an ECDSA key on P-256 or an RSA key")
    usable: UsableKey = key  # type: ignore[assignment]
    line = usable.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode("ascii")
    # `cryptography` reads what others wrote loosely; what it writes is the one spelling.
    return PublicKey(line.partition(" ")[0], line)


def public_of(key: Key) -> PublicKey:
    """Return the public key that a TUF key or a signer's `public_key` stands for."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    value = str(key.keyval.get("public", ""))
    try:
        if key.keytype == "ed25519":
            return from_crypto(Ed25519PublicKey.from_public_bytes(bytes.fromhex(value)))
        return from_crypto(load_pem_public_key(value.encode()))
    except ValueError as error:
        raise InputError(f"expected the public part of a {key.keytype} key, found a damaged one: {error}") from None
