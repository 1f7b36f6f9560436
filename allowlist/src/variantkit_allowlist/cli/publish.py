"""Stage the next edition of the list and show what it changes; or sign the published one's timestamp anew.

Nothing is published before the threshold of signatures is reached: with --key yours is the first, and `sign` adds the
others. `staged/` and providers.toml travel from person to person as you like; the tool compares one with the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from variantkit.cli.terminal import print_json, print_line, print_note
from variantkit.errors import InputError, RefusedError

if TYPE_CHECKING:
    import argparse

    from variantkit_allowlist.cli.world import World
    from variantkit_allowlist.repository.edition import Build
    from variantkit_allowlist.repository.publication import Progress
    from variantkit_allowlist.repository.tuf_api import Signer
    from variantkit_allowlist.store import ListDirectory

SCHEMA = "variantkit.publish/1"

EXAMPLES = """\
examples:
  variantkit-allowlist publish                                stage it and look
  variantkit-allowlist publish --key file:alice.pem           and sign it; the others run `sign`
  variantkit-allowlist publish --refresh --key file:bob.pem   nothing changed, and the signatures end soon
exit codes: 0 staged, or published · 1 nothing changed, or refused · 2 wrong usage
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = EXAMPLES
    from variantkit_allowlist.keys.signer import HELP

    parser.add_argument("--list", metavar="DIR", default=".", help="the list's directory (default: this one)")
    parser.add_argument("--key", metavar="REF", help=f"sign at once: {HELP}")
    parser.add_argument("--as", metavar="NAME", dest="person", help="who signs; refused when the key is not theirs")
    parser.add_argument("--refresh", action="store_true", help="only sign timestamp (and snapshot) anew, with --key")
    parser.add_argument("--force-new-edition", action="store_true", help="even when nothing changed")


def run(args: argparse.Namespace, world: World) -> int:
    """Stage an edition, or refresh the published one."""
    from variantkit_allowlist.repository.publication import publish
    from variantkit_allowlist.repository.refreshing import refresh
    from variantkit_allowlist.store import open_list

    now = world.now()
    if args.refresh and not args.key:
        raise InputError("publish --refresh: expected --key REF, a key that signs timestamps")
    directory = open_list(args.list)
    signer = open_person(directory, args.key, args.person, world) if args.key else None
    if args.refresh and signer is not None:
        progress = refresh(directory, now, signer)
    else:
        progress = publish(directory, builder(directory), now, signer, force=args.force_new_edition)
    show_progress(progress, as_json=args.json, signing=signer is not None)
    return 0


def builder(directory: ListDirectory) -> Build:
    """How the enforcement file of a list is made from a serial and a date; says what imports it leaves out."""
    from variantkit_allowlist.curation import draft_enforcement
    from variantkit_allowlist.imports import load_imports

    imports = load_imports(directory)

    def build(serial: int, issued: int) -> bytes:
        draft = draft_enforcement(directory.ledger, imports, serial, issued)
        for sentence in draft.left_out:
            print_note(sentence)
        return draft.data

    return build


def open_person(directory: ListDirectory, reference: str, person: str | None, world: World) -> Signer:
    """The signer of a key; with a name, the key must be one of that person's or service's."""
    from variantkit_allowlist.keys import open_signer, parse_public, public_of

    ledger = directory.ledger
    if person is not None and person not in {**ledger.reviewers, **ledger.services}:
        raise InputError(f"--as {person}: expected a reviewer or service of {directory.ledger_path}, found none")
    signer = open_signer(reference, world.ask_secret, world.environ)
    if person is not None:
        keys = ledger.reviewers[person].keys if person in ledger.reviewers else (ledger.services[person].key,)
        found = public_of(signer.public_key)
        if found.line not in {parse_public(key).line for key in keys}:
            raise RefusedError(f"--as {person}: the key {found.fingerprint} is not one of theirs")
    return signer


def show_progress(progress: Progress, *, as_json: bool, signing: bool) -> None:
    """Print how far an edition is, and what its signers should look at."""
    if as_json:
        print_json(_as_json(progress))
        return
    for line in progress.changes:
        print_line(line)
    if progress.signed:
        print_line(f"signed: {', '.join(progress.signed)}")
    elif signing:
        print_note("this key has signed all that it can sign now")
    if progress.published:
        print_line(f"serial {progress.serial} is published: serve the directory public/")
        return
    print_line(f"serial {progress.serial} is staged; still needed:")
    for lack in progress.missing:
        print_line(f"  {lack.role}: {lack.needed} of {', '.join(lack.names)}")
    print_line("each of them looks at it with `variantkit-allowlist sign`, and then runs:")
    print_line(f"  variantkit-allowlist sign --key REF --edition {progress.edition}")


def _as_json(progress: Progress) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "serial": progress.serial,
        "edition": progress.edition,
        "published": progress.published,
        "signed": list(progress.signed),
        "missing": [{**lack._asdict(), "names": list(lack.names)} for lack in progress.missing],
        "changes": list(progress.changes),
    }
