"""Write the catalogue of approved providers as static pages, for any web server or to be opened as files."""

from __future__ import annotations

import itertools
import os
from typing import TYPE_CHECKING

from variantkit.cli.terminal import print_json, print_line
from variantkit.errors import InputError

if TYPE_CHECKING:
    import argparse

    from variantkit_allowlist.cli.world import World
    from variantkit_allowlist.site import Catalogue

EXAMPLES = """\
examples:
  variantkit-allowlist site catalogue --list list      then open catalogue/index.html
exit codes: 0 written · 1 nothing is published yet · 2 wrong usage, or a directory of somebody else's
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = EXAMPLES
    parser.add_argument(
        "directory", metavar="DIR", help="where to write; new, empty, or an earlier site of this command"
    )
    parser.add_argument("--list", metavar="DIR", default=".", help="the list's directory (default: this one)")


def run(args: argparse.Namespace, world: World) -> int:
    """Write the site; everything in it stands in the list's own directory, and nothing is fetched or run."""
    from variantkit_allowlist.site import MARKER, SCHEMA, render_site
    from variantkit_allowlist.store.folder import replace_folder, require_apart

    require_apart(args.directory, args.list)
    catalogue = _read_catalogue(args.list, _today(world))
    files = render_site(catalogue)
    replace_folder(args.directory, files, MARKER, SCHEMA)
    start = os.path.join(args.directory, "index.html")
    if args.json:
        print_json({"schema": SCHEMA, "directory": args.directory, "start": start, **_counts(catalogue)})
    else:
        edition = f"edition {catalogue.edition.serial}" if catalogue.edition else "no edition is published yet"
        print_line(f"{start}: {len(catalogue.providers)} providers, {len(catalogue.revoked)} revocations, {edition}")
    return 0


def _read_catalogue(source: str, now: int) -> Catalogue:
    from variantkit_allowlist.site import build_catalogue
    from variantkit_allowlist.site.records import read_edition, read_imported, read_wheels
    from variantkit_allowlist.store import open_list

    directory = open_list(source)
    imported = read_imported(directory)
    wheels = read_wheels(directory, itertools.chain(directory.ledger.approved, *imported.values()))
    return build_catalogue(directory.ledger, read_edition(directory), wheels, now, imported)


def _counts(catalogue: Catalogue) -> dict[str, object]:
    return {
        "providers": len(catalogue.providers),
        "versions": sum(len(provider.versions) for provider in catalogue.providers),
        "revocations": len(catalogue.revoked),
        "serial": catalogue.edition.serial if catalogue.edition else None,
    }


def _today(world: World) -> int:
    """The clock, or the date that reproducible builds are made at."""
    fixed = world.environ.get("SOURCE_DATE_EPOCH", "")
    if not fixed:
        return world.now()
    if not (fixed.isascii() and fixed.isdigit() and len(fixed) < 12):
        raise InputError(f"SOURCE_DATE_EPOCH: expected unix seconds, found {fixed!r}; unset it")
    return int(fixed)
