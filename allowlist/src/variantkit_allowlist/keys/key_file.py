"""Private keys in files: encrypted, readable by their owner alone, and outside every list."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from variantkit.errors import InputError, RefusedError
from variantkit_allowlist.keys.encryption import encrypt_key
from variantkit_allowlist.keys.public import PublicKey, from_crypto
from variantkit_allowlist.keys.secret_files import (
    PASSPHRASE_VARIABLE,
    read_passphrase_file,
    read_secret_file,
    require_outside_lists,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
    from securesystemslib.signer import Signer

LEAST_PASSPHRASE = 12


def open_key_file(path: str, ask_secret: Callable[[str], str], environ: Mapping[str, str]) -> Signer:
    """Return the signer of an encrypted private key (PKCS #8 PEM, or OpenSSH's format where bcrypt is installed)."""
    from securesystemslib.signer import CryptoSigner

    require_outside_lists(path)
    data = read_secret_file(path, "a private key")
    _require_encrypted(path, data)
    private = _decrypt(path, data, _passphrase(path, ask_secret, environ))
    public = from_crypto(private.public_key())
    return CryptoSigner(private, public.tuf_key())


def _require_encrypted(path: str, data: bytes) -> None:
    if b"PRIVATE KEY-----" not in data:
        raise InputError(f"{path}: expected an encrypted private key, found none; make one with `key new {path}`")
    try:
        _load(data, None)
    except TypeError:
        return  # a passphrase is needed, as it should be
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    raise InputError(f"{path}: the private key is not encrypted; run: ssh-keygen -p -f {path}")


def _decrypt(path: str, data: bytes, passphrase: bytes) -> PrivateKeyTypes:
    try:
        return _load(data, passphrase)
    except (ValueError, TypeError):
        raise RefusedError(f"{path}: the passphrase does not open this key, or the file is damaged") from None
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def _load(data: bytes, passphrase: bytes | None) -> PrivateKeyTypes:
    """Load a private key; TypeError when it wants a passphrase that was not given, InputError when it is unreadable."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_ssh_private_key

    openssh = b"BEGIN OPENSSH PRIVATE KEY" in data
    try:
        return load_ssh_private_key(data, passphrase) if openssh else load_pem_private_key(data, passphrase)
    except UnsupportedAlgorithm as error:
        advice = "; install bcrypt, or put the key into ssh-agent and use agent:SHA256:…" if openssh else ""
        raise InputError(f"the private key cannot be read: {error}{advice}") from None
    except ValueError as error:
        if openssh and passphrase is None and "password" in str(error).lower():
            raise TypeError from None
        if passphrase is not None:
            raise
        raise InputError("expected a private key, found a damaged one") from None


def _passphrase(path: str, ask_secret: Callable[[str], str], environ: Mapping[str, str]) -> bytes:
    named = environ.get(PASSPHRASE_VARIABLE)
    return read_passphrase_file(named) if named else ask_secret(f"Passphrase of {path}: ").encode()


def create_key(path: str, ask_passphrase: Callable[[], bytes]) -> PublicKey:
    """Make an Ed25519 key, write it encrypted and for its owner alone, and return its public part.

    Raises InputError for a path inside a list or a file that is there already, before it asks for the passphrase, and
    for a passphrase shorter than 12 bytes.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    require_outside_lists(path)
    _require_new(path)
    passphrase = ask_passphrase()
    if len(passphrase) < LEAST_PASSPHRASE:
        raise InputError(f"a passphrase of {len(passphrase)} bytes; expected at least {LEAST_PASSPHRASE}")
    private = Ed25519PrivateKey.generate()
    write_new(path, encrypt_key(private, passphrase), 0o600)
    return from_crypto(private.public_key())


def _require_new(path: str) -> None:
    if os.path.lexists(path):
        raise InputError(f"{path}: is there already; a key is never written over another, choose a new name")


def write_new(path: str, data: bytes, mode: int) -> None:
    """Write a file that was not there; nothing is left behind when that fails."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(path, flags, mode)
    except FileExistsError:
        _require_new(path)
        raise InputError(f"{path}: cannot be written") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror}") from None
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        os.unlink(path)
        raise InputError(f"{path}: cannot be written: {error.strerror}") from None
