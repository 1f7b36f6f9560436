"""Add your signature to the staged edition; the last one needed publishes it.

Before anything is signed, the edition is made again from providers.toml as it is now, and must be the same byte for
byte. Without --key nothing is signed: what the edition changes is shown, and its digest for --edition.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from variantkit_allowlist.cli.publish import builder, open_person, show_progress

if TYPE_CHECKING:
    import argparse

    from variantkit_allowlist.cli.world import World

EXAMPLES = """\
examples:
  variantkit-allowlist sign                       look at what is staged
  variantkit-allowlist sign --key file:bob.pem
exit codes: 0 signed · 1 refused: it is not what providers.toml says, or nothing is staged · 2 wrong usage
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = EXAMPLES
    from variantkit_allowlist.keys.signer import HELP

    parser.add_argument("--list", metavar="DIR", default=".", help="the list's directory (default: this one)")
    parser.add_argument("--key", metavar="REF", help=f"{HELP} (default: only look)")
    parser.add_argument("--as", metavar="NAME", dest="person", help="who signs; refused when the key is not theirs")
    parser.add_argument(
        "--edition", metavar="HEX", help="sign nothing but the edition with this digest, as shown before"
    )


def run(args: argparse.Namespace, world: World) -> int:
    """Verify what is staged and add a signature."""
    from variantkit_allowlist.repository.publication import sign
    from variantkit_allowlist.store import open_list

    directory = open_list(args.list)
    signer = open_person(directory, args.key, args.person, world) if args.key else None
    progress = sign(directory, builder(directory), world.now(), signer, expected=args.edition)
    show_progress(progress, as_json=args.json, signing=signer is not None)
    return 0
