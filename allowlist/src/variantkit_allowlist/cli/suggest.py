"""Suggest the cheapest reviews that would let something in: data before source, a change before the whole.

What is counted are lines to read. Evidence is looked for, not verified, and nothing is run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from variantkit.cli.terminal import print_json, print_line, print_note

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from variantkit_allowlist.cli.world import World
    from variantkit_allowlist.curation.pending import Pending
    from variantkit_allowlist.curation.suggestion import Lines, Suggestion

SCHEMA = "variantkit.suggest/1"

EXAMPLES = """\
examples:
  variantkit-allowlist suggest                 what waits in requests/ and wheels/, the least to read first
  variantkit-allowlist suggest --list list --json
exit codes: 0 told, also when nothing waits · 2 wrong usage, or a list that cannot be read
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = EXAMPLES
    parser.add_argument("--list", metavar="DIR", default=".", help="the list's directory (default: this one)")


def run(args: argparse.Namespace, world: World) -> int:
    """Look at every pending wheel; 0 also when nothing waits."""
    from variantkit_allowlist.curation.pending import read_queue
    from variantkit_allowlist.curation.suggestion import suggest_reviews
    from variantkit_allowlist.imports import foreign_revocations
    from variantkit_allowlist.store import open_list

    now = world.now()
    directory = open_list(args.list)
    foreign = foreign_revocations(directory)
    queue = read_queue(directory, now, foreign)
    found = [ways for item in queue.pending if (ways := suggest_reviews(item, _lines(item)))]
    found.sort(key=lambda ways: (ways[0].cost, ways[0].filename))
    if args.json:
        print_json(
            {
                "schema": SCHEMA,
                "pending": len(queue.pending),
                "suggestions": [
                    {**_as_json(best), "others": [_as_json(item) for item in rest]} for best, *rest in found
                ],
                "unreadable": list(queue.unreadable),
            }
        )
        return 0
    for sentence in queue.unreadable:
        print_note(sentence)
    if not queue.pending:
        print_line("nothing waits: requests/ and wheels/ hold no wheel that is neither approved nor revoked")
    for item in queue.pending:
        if not item.way.blockers:
            subject = f"{item.dossier.wheel.package} {item.dossier.wheel.version}"
            print_line(f"{subject}: no review is missing; run: {item.approval}")
    for best, *_ in found:
        for line in _told(best):
            print_line(line)
    return 0


def _lines(item: Pending) -> Lines:
    """What there is to read of a pending wheel."""
    from variantkit_allowlist.curation.suggestion import Lines
    from variantkit_allowlist.inspection.contents import read_contents

    wheel, change = item.dossier.wheel, item.dossier.change
    files = read_contents(wheel.data, wheel.filename).files
    whole = sum(data.count(b"\n") + 1 for name, data in files.items() if name.endswith((".py", ".pyi")))
    if change is None:
        return Lines(whole)
    tables = _changed(line for part in change.tables for line in part.lines)
    others = _changed(line for part in (*change.code, *change.metadata, *change.data) for line in part.lines)
    return Lines(whole, tables + others, tables)


def _changed(lines: Iterable[str]) -> int:
    """How many lines of a difference are added or removed ones."""
    return sum(line[:1] in "+-" and not line.startswith(("+++ ", "--- ")) for line in lines if line)


def _as_json(item: Suggestion) -> dict[str, object]:
    named = {key.replace("_", "-"): value for key, value in item._asdict().items()}
    return {**named, "criteria": list(item.criteria), "names": list(item.names), "cost": item.cost}


def _told(item: Suggestion) -> list[str]:
    what = {"data": f"the tables' change from {item.delta_from}", "delta": f"the change from {item.delta_from}"}
    told = what.get(item.kind, "all of its source")
    missing = item.persons - len(item.names)
    return [
        f"{item.package} {item.version}: {item.persons} to read {told}, {item.lines} lines",
        f"  by {', '.join(item.names) or 'nobody on the list'}"
        + (f"; {missing} persons too few" if missing > 0 else ""),
        f"  {item.command}",
    ]
