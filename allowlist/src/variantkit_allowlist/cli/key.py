"""Make a private key outside the list, or show the public line of one."""

from __future__ import annotations

import os
from argparse import SUPPRESS
from typing import TYPE_CHECKING

from variantkit.cli.help import add_parser
from variantkit.cli.terminal import print_json, print_line
from variantkit.errors import InputError
from variantkit_allowlist.keys import PublicKey, open_signer, parse_public, public_of
from variantkit_allowlist.keys.signer import HELP

if TYPE_CHECKING:
    import argparse

    from variantkit_allowlist.cli.world import World

SCHEMA = "variantkit.key/1"
PRIVATE_MARK = b"PRIVATE KEY-----"

EXAMPLES = """\
examples:
  variantkit-allowlist key new alice.pem        alice.pem, encrypted, and alice.pem.pub, which others may see
  variantkit-allowlist key show agent:SHA256:…   the public line of a key in the ssh-agent
exit codes: 0 fine · 1 the passphrase is wrong · 2 wrong usage, or no such key
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = EXAMPLES
    actions = parser.add_subparsers(dest="action", required=True, metavar="new|show")
    new = add_parser(actions, "new", "make an Ed25519 key: FILE, encrypted, and FILE.pub with its public line", "")
    new.add_argument("file", metavar="FILE", help="where to write it; not there yet, and outside every list")
    show = add_parser(actions, "show", "print the public line of a key, which init --reviewer takes", "")
    show.add_argument("key", metavar="KEY", help=f"a public key's file, or {HELP}")
    for action in (new, show):
        # SUPPRESS: their defaults must not undo what stands before the action.
        action.add_argument("--json", action="store_true", default=SUPPRESS, help="print one JSON object")
        action.add_argument("--debug", action="store_true", default=SUPPRESS, help="show where an error comes from")


def run(args: argparse.Namespace, world: World) -> int:
    """Answer `key new` or `key show`."""
    public = _new(args.file, world) if args.action == "new" else _show(args.key, world)
    path = args.file if args.action == "new" else None
    if args.json:
        print_json(
            {"schema": SCHEMA, "public": public.line, "fingerprint": public.fingerprint, "private": path}
            | ({"public-file": f"{path}.pub"} if path else {})
        )
        return 0
    if path:
        print_line(f"{path}: a new Ed25519 key, encrypted; its public line is in {path}.pub")
    print_line(public.line)
    print_line(public.fingerprint)
    if path:
        print_line(f"next: variantkit-allowlist init DIR --id ID --reviewer NAME={path}.pub:AFFILIATION")
        print_line("  or, for a list that is there, that line into keys of [reviewers.NAME] in its providers.toml")
    return 0


def _new(path: str, world: World) -> PublicKey:
    from variantkit_allowlist.keys.key_file import create_key, write_new

    if os.path.lexists(f"{path}.pub"):
        raise InputError(f"{path}.pub: is there already; choose a new name")
    public = create_key(path, lambda: _new_passphrase(path, world))
    try:
        write_new(f"{path}.pub", f"{public.line}\n".encode(), 0o644)
    except InputError:
        os.unlink(path)
        raise
    return public


def _new_passphrase(path: str, world: World) -> bytes:
    from variantkit_allowlist.keys.secret_files import PASSPHRASE_VARIABLE, read_passphrase_file

    named = world.environ.get(PASSPHRASE_VARIABLE)
    if named:
        return read_passphrase_file(named)
    first = world.ask_secret(f"New passphrase of {path}: ")
    if world.ask_secret("The same again: ") != first:
        raise InputError("the two passphrases differ; nothing was written")
    return first.encode()


def _show(reference: str, world: World) -> PublicKey:
    line = _public_line(reference)
    if line is not None:
        try:
            return parse_public(line)
        except InputError as error:
            raise InputError(f"{reference}: {error}") from None
    return public_of(open_signer(reference, world.ask_secret, world.environ).public_key)


def _public_line(reference: str) -> str | None:
    """The text of a file that is no private key; None when it is one, or no file."""
    if reference.startswith(("agent:", "pkcs11:")):
        return None
    try:
        with open(os.path.expanduser(reference.removeprefix("file:")), "rb") as stream:
            data = stream.read(65536)
    except OSError:
        return None
    return None if PRIVATE_MARK in data else data.decode("ascii", "replace")
