"""Signers: a person's private key, wherever it lies, behind one reference."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from variantkit.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from securesystemslib.signer import Signer

HELP = "file:PATH (encrypted), agent:SHA256:… (ssh-agent) or pkcs11:token=…;id=%%02?module-path=… (a hardware token)"
"""For `--key` in argparse, which wants a percent sign doubled."""


def open_signer(reference: str, ask_secret: Callable[[str], str], environ: Mapping[str, str] = os.environ) -> Signer:
    """Return the signer that a reference names; a path alone means `file:`.

    `ask_secret` is called for a passphrase or a PIN, unless `VARIANTKIT_KEY_PASSPHRASE_FILE` names a file with it.
    Raises InputError for a reference, a file or a key that is of no use, RefusedError for a wrong passphrase, and
    UndeterminedError where an agent or a token does not answer.
    """
    scheme, separator, rest = reference.partition(":")
    if scheme == "agent":
        from variantkit_allowlist.keys.agent import open_agent_key

        return open_agent_key(rest, environ)
    if scheme == "pkcs11":
        from variantkit_allowlist.keys.token import open_token_key

        return open_token_key(rest, ask_secret, environ)
    from variantkit_allowlist.keys.key_file import open_key_file

    path = rest if separator and scheme == "file" else reference
    if not path:
        raise InputError("--key: expected file:PATH, agent:SHA256:… or pkcs11:…, found no path")
    return open_key_file(os.path.expanduser(path), ask_secret, environ)
