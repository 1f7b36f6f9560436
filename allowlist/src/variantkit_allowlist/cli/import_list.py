"""Take over another team's approvals, from its signed list alone, for the namespaces that providers.toml gives it.

[imports.NAME] says where the list is, pins its root, names the namespaces it may speak for, and maps its criteria to
yours. Its revocations count whatever they are about; your own revocations and entries always win. What it took over
from others does not come along. The next `publish` uses what this command left in imports/NAME.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from variantkit.cli.terminal import print_json, print_line
from variantkit.errors import RefusedError
from variantkit_allowlist.cli.fetching import add_age, add_http, require_age

if TYPE_CHECKING:
    import argparse

    from variantkit_allowlist.cli.world import World
    from variantkit_allowlist.imports import Kept
    from variantkit_allowlist.repository.sources import Source
    from variantkit_allowlist.store import ListDirectory

SCHEMA = "variantkit.import/1"


class Taken(NamedTuple):
    """What an import amounts to: the entries taken over, and a sentence for each one that is not."""

    entries: tuple[tuple[str, str, str], ...]
    left_out: tuple[str, ...]


EXAMPLES = """\
examples:
  variantkit-allowlist import partner                         from the url in providers.toml
  variantkit-allowlist import partner --from /media/stick     from a copy of their public/
  variantkit-allowlist import partner --locked                fetch nothing, show what is kept
exit codes: 0 kept · 1 refused: signatures, an older edition, a revocation forgotten · 2 wrong usage · 3 no answer
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = EXAMPLES
    parser.add_argument("name", metavar="NAME", help="the import's name in providers.toml")
    parser.add_argument("--list", metavar="DIR", default=".", help="the list's directory (default: this one)")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--from", metavar="DIR", dest="copy", help="a copy of their public/, such as on a stick")
    where.add_argument("--locked", action="store_true", help="fetch nothing; verify what is kept, and show it")
    add_age(parser)
    add_http(parser)


def run(args: argparse.Namespace, world: World) -> int:
    """Fetch, verify and keep; or only look at what is kept."""
    from variantkit_allowlist.imports import load_import, require_import
    from variantkit_allowlist.imports.fetching import fetch_import
    from variantkit_allowlist.store import open_list
    from variantkit_allowlist.store.files import locked

    require_age(args)
    now = world.now()
    directory = open_list(args.list)
    require_import(directory, args.name)
    kept = load_import(directory, args.name) if args.locked else None
    if args.locked and kept is None:
        raise RefusedError(f"import {args.name}: nothing is kept yet; run: variantkit-allowlist import {args.name}")
    if kept is None:
        source = _source(args, directory, world)
        try:
            with locked(directory.path):
                kept = fetch_import(directory, args.name, source, now, args.max_age if args.copy else None)
        finally:
            source.close()
    taken = _taken(directory, args.name, kept, now)
    if args.json:
        print_json(_as_json(args.name, kept, taken))
    else:
        _show(args.name, kept, taken)
    return 0


def _source(args: argparse.Namespace, directory: ListDirectory, world: World) -> Source:
    from variantkit_allowlist.repository.sources import open_copy, open_server

    if args.copy:
        return open_copy(args.copy)
    return open_server(directory.ledger.imports[args.name].url, world.environ, allow_http=args.allow_http)


def _taken(directory: ListDirectory, name: str, kept: Kept, now: int) -> Taken:
    """What the next edition would take over, judged by the very code that makes it."""
    from variantkit.trust import parse_approved
    from variantkit.trust.approved import entry_identity
    from variantkit.trust.versions import version_identity
    from variantkit.variants.grammar import normalized_name
    from variantkit_allowlist.curation import draft_enforcement

    ledger = directory.ledger
    draft = draft_enforcement(ledger, {name: kept.imported}, 1, now)
    made = {entry_identity(entry) for entry in parse_approved(draft.data, "the next edition").entries}
    own = {(item.namespace, normalized_name(item.package), version_identity(item.version)) for item in ledger.approved}
    told = [sentence for sentence in draft.left_out if sentence.startswith(f"import {name}:")]
    entries = []
    for entry in kept.imported.approved.entries:
        key = entry_identity(entry)
        if key in own:
            told.append(f"import {name}: {entry.package} {entry.version}: this list has an entry of its own")
        elif key in made:
            entries.append((entry.namespace, entry.package, entry.version))
    return Taken(tuple(entries), (*kept.left_out, *told))


def _as_json(name: str, kept: Kept, taken: Taken) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "name": name,
        "id": kept.whole.id,
        "serial": kept.whole.serial,
        "sha256": kept.whole.sha256,
        "taken": [dict(zip(("namespace", "package", "version"), entry, strict=True)) for entry in taken.entries],
        "left-out": list(taken.left_out),
        "revocations": len(kept.whole.revoked),
    }


def _show(name: str, kept: Kept, taken: Taken) -> None:
    print_line(f"{name}: {kept.whole.id} serial {kept.whole.serial}, {len(kept.whole.revoked)} revocations")
    for namespace, package, version in taken.entries:
        print_line(f"  taken: {package} {version} for {namespace}")
    for sentence in taken.left_out:
        print_line(f"  left out: {sentence.partition(': ')[2]}")
