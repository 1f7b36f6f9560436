"""Encryption of a private key as PKCS #8, with scrypt between the passphrase and the key.

`cryptography` writes such files with PBKDF2 at 2048 rounds, which a graphics card tries by the million; it reads them
with scrypt (RFC 7914 section 7), as OpenSSL does within its default limit of memory.
"""

from __future__ import annotations

import base64
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

# 16 MiB and some 0.2 s; of the settings that are held to be equally strong the one within OpenSSL's 32 MiB.
COST, BLOCK, LANES = 1 << 14, 8, 5

_SEQUENCE, _INTEGER, _OCTETS = 0x30, 0x02, 0x04
_PBES2 = bytes.fromhex("06092a864886f70d01050d")  # RFC 8018 A.4
_SCRYPT = bytes.fromhex("06092b06010401da47040b")  # RFC 7914 section 7
_AES256_CBC = bytes.fromhex("060960864801650304012a")


def encrypt_key(private: PrivateKeyTypes, passphrase: bytes) -> bytes:
    """Return the PEM text of an encrypted private key."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
    from cryptography.hazmat.primitives.padding import PKCS7
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    salt, start = os.urandom(16), os.urandom(16)
    plain = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    key = Scrypt(salt, 32, COST, BLOCK, LANES).derive(passphrase)
    padder = PKCS7(128).padder()
    cipher = Cipher(algorithms.AES(key), modes.CBC(start)).encryptor()
    encrypted = cipher.update(padder.update(plain) + padder.finalize()) + cipher.finalize()
    derived = _der(_SEQUENCE, _der(_OCTETS, salt), _integer(COST), _integer(BLOCK), _integer(LANES))
    scrypt = _der(_SEQUENCE, _SCRYPT, derived)
    scheme = _der(_SEQUENCE, _AES256_CBC, _der(_OCTETS, start))
    algorithm = _der(_SEQUENCE, _PBES2, _der(_SEQUENCE, scrypt, scheme))
    body = base64.encodebytes(_der(_SEQUENCE, algorithm, _der(_OCTETS, encrypted)))
    return b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n" + body + b"-----END ENCRYPTED PRIVATE KEY-----\n"


def _der(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    length = len(content)
    if length < 128:
        return bytes([tag, length]) + content
    size = (length.bit_length() + 7) // 8
    return bytes([tag, 128 | size]) + length.to_bytes(size, "big") + content


def _integer(number: int) -> bytes:
    return _der(_INTEGER, number.to_bytes(number.bit_length() // 8 + 1, "big"))
