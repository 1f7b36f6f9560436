"""Files with secrets: private keys and passphrases, which only their owner may read."""

from __future__ import annotations

import os
import stat

from variantkit.errors import InputError

LIST_FILE = "providers.toml"
PASSPHRASE_VARIABLE = "VARIANTKIT_KEY_PASSPHRASE_FILE"  # noqa: S105 - the name of a variable, no secret
MAX_SECRET_BYTES = 65536


def read_secret_file(path: str, what: str) -> bytes:
    """Read a file that belongs to this user (or root) and that nobody else may read; raise InputError otherwise."""
    data = b""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0))
        try:
            _require_secret(path, what, os.fstat(descriptor))
            while len(data) <= MAX_SECRET_BYTES and (part := os.read(descriptor, MAX_SECRET_BYTES + 1)):
                data += part
        finally:
            os.close(descriptor)
    except OSError as error:
        raise InputError(f"{path}: expected {what}, found: {error.strerror}") from None
    if len(data) > MAX_SECRET_BYTES:
        raise InputError(f"{path}: expected {what}, found more than {MAX_SECRET_BYTES} bytes")
    return data


def _require_secret(path: str, what: str, status: os.stat_result) -> None:
    # A pipe is how a shell hands over what a password manager prints: <(pass show signing).
    if not (stat.S_ISREG(status.st_mode) or stat.S_ISFIFO(status.st_mode)):
        raise InputError(f"{path}: expected {what}, found no plain file")
    if not hasattr(os, "geteuid"):
        return
    if status.st_uid not in (0, os.geteuid()):
        raise InputError(f"{path}: {what} that belongs to user {status.st_uid}; expected your own")
    if status.st_mode & 0o077:
        mode = stat.S_IMODE(status.st_mode)
        raise InputError(f"{path}: {what} that others may read (mode {mode:o}); run: chmod 600 {path}")


def require_outside_lists(path: str) -> None:
    """Refuse a path within the directory of a list, which is copied, committed and published."""
    folder = os.path.dirname(os.path.realpath(path))
    while True:
        if os.path.lexists(os.path.join(folder, LIST_FILE)):
            raise InputError(
                f"{path}: a private key inside the list directory {folder}, which others get copies of; "
                "keep it elsewhere, such as ~/.config/variantkit/keys/"
            )
        parent = os.path.dirname(folder)
        if parent == folder:
            return
        folder = parent


def read_passphrase_file(path: str) -> bytes:
    """Read the passphrase that automation keeps in a file; the line end behind it does not count."""
    data = read_secret_file(path, "a passphrase file")
    return data.removesuffix(b"\n").removesuffix(b"\r")
