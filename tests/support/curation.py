"""Lists for tests: a directory with three reviewers of two companies, whose Ed25519 keys come from their names."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from securesystemslib.signer import CryptoSigner, Signer

from variantkit_allowlist.cli.world import World
from variantkit_allowlist.keys import PublicKey, from_crypto
from variantkit_allowlist.store import ListDirectory, open_list

if TYPE_CHECKING:
    from collections.abc import Mapping

NOW = 1_795_262_400
"""2026-11-21T12:00:00Z."""

PERSONS = {"alice": "Example", "bob": "Example", "carol": "Partner"}
"""The reviewers of a list, and whom they work for."""

PASSPHRASE = "a passphrase of tests"
TRUST_ROOT = b'{"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1"}\n'

_CRITERIA = """\
[criteria.reviewed-data]
description = "Every changed table was compared with its source."

[criteria.reviewed-needs]
description = "What the sandbox opens for it is no more than its detection takes."

[criteria.reviewed-source]
description = "All of the wheel's source was read; it does nothing but detect."
implies = ["reviewed-data"]
"""

_PACKAGE = """\
[packages.acme-variant-provider]
namespace = "acme"
plugin-api = ["acme_variant_provider"]

[[packages.acme-variant-provider.identity]]
repository = "https://github.com/acme/provider"
workflow = "release.yml"
ref = "refs/tags/v*"
"""


def private_key(name: str) -> Ed25519PrivateKey:
    """The key of a person or service of tests: always the same for one name, and nobody's secret."""
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"variantkit tests: " + name.encode()).digest())


def public_key(name: str) -> PublicKey:
    return from_crypto(private_key(name).public_key())


def signer(name: str) -> Signer:
    """What `open_signer` returns for that person, without a file or a passphrase."""
    return CryptoSigner(private_key(name), public_key(name).tuf_key())


def write_key_file(directory: str | os.PathLike[str], name: str) -> str:
    """Write that person's key as a file that `--key file:PATH` takes, under PASSPHRASE; return its path."""
    path = os.path.join(directory, f"{name}.pem")
    encrypted = private_key(name).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(PASSPHRASE.encode())
    )
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
        stream.write(encrypted)
    return path


def write_public_file(directory: str | os.PathLike[str], name: str) -> str:
    """Write that person's public line as a file that `init --reviewer NAME=FILE` takes; return its path."""
    path = os.path.join(directory, f"{name}.pub")
    with open(path, "w", encoding="ascii") as stream:
        stream.write(f"{public_key(name).line} {name}@example.org\n")
    return path


def world(now: int = NOW, environ: Mapping[str, str] | None = None, secret: str = PASSPHRASE) -> World:
    """A world for `cli.main(argv, world)` at that time, with someone at the keyboard who types `secret`."""
    return World(now=lambda: now, environ=environ or {}, ask_secret=lambda prompt: secret)


def ledger_text(more: str = "", *, policy: str = "", package: str = _PACKAGE) -> str:
    """A whole `providers.toml`: `policy` are lines of [policy], `package` its [packages], `more` what follows."""
    persons = "\n".join(
        f'[reviewers.{name}]\naffiliation = "{affiliation}"\nkeys = ["{public_key(name).line}"]\n'
        f'emails = ["{name}@example.org"]\naccounts = ["github.com/{name}"]\n'
        for name, affiliation in PERSONS.items()
    )
    roles = "\n".join(
        f'[roles.{role}]\nthreshold = {threshold}\nkeyholders = ["alice", "bob", "carol"]\ndays = {days}\n'
        for role, threshold, days in (("root", 2, 365), ("targets", 2, 180), ("snapshot", 1, 30), ("timestamp", 1, 30))
    )
    head = 'schema = "variantkit.providers/1"\nid = "example.org/providers"\n'
    parts = [head, f"[policy]\n{policy}", _CRITERIA, persons, roles, package, more]
    return "\n".join(part.rstrip("\n") + "\n" for part in parts if part)


class Curation(NamedTuple):
    """A list directory of tests and the folder of its people's keys, which lies outside it."""

    path: str
    keys: str

    def open(self) -> ListDirectory:
        return open_list(self.path)

    def signer(self, name: str) -> Signer:
        return signer(name)

    def key(self, name: str) -> str:
        """The `--key` reference of that person."""
        return f"file:{write_key_file(self.keys, name)}"


def make_list_directory(
    folder: str | os.PathLike[str],
    more: str = "",
    *,
    policy: str = "",
    package: str = _PACKAGE,
    trust_root: bytes = TRUST_ROOT,
) -> Curation:
    """Make `folder`/list with `ledger_text(...)` and a trust root, and `folder`/keys."""
    made = Curation(os.path.join(folder, "list"), os.path.join(folder, "keys"))
    os.makedirs(made.path)
    os.makedirs(made.keys, mode=0o700)
    with open(os.path.join(made.path, "providers.toml"), "w", encoding="utf-8", newline="\n") as stream:
        stream.write(ledger_text(more, policy=policy, package=package))
    with open(os.path.join(made.path, "trusted_root.json"), "wb") as stream:
        stream.write(trust_root)
    return made
