"""Show what changed between two wheels of a provider, and whether it is data alone."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from variantkit.cli.terminal import print_json, print_line, print_note
from variantkit.trust.canonical import MAX_WHEEL_BYTES
from variantkit_allowlist.inspection import compare_wheels, inspect_wheel
from variantkit_allowlist.inspection.change import as_document
from variantkit_allowlist.inspection.examination import find_endpoint
from variantkit_allowlist.inspection.report import change_lines
from variantkit_allowlist.store.files import read_file

if TYPE_CHECKING:
    import argparse

    from variantkit_allowlist.cli.world import World

EXAMPLES = """\
examples:
  variantkit-allowlist diff OLD.whl NEW.whl
  variantkit-allowlist diff OLD.whl NEW.whl --run      and ask both for get_all_configs: this RUNS their code
exit codes: 0 data alone, or the same bytes · 1 the whole change has to be reviewed · 2 no wheel · 3 without --run
            nothing speaks against data alone
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = EXAMPLES
    parser.add_argument("old", metavar="OLD", help="the wheel that is approved")
    parser.add_argument("new", metavar="NEW", help="the wheel to come")
    parser.add_argument("--run", dest="ask", action="store_true", help="ask both for get_all_configs: RUNS their code")
    parser.add_argument("--endpoint", metavar="MODULE:OBJECT", help="the plugin to ask; default: the entry point")


def run(args: argparse.Namespace, world: World) -> int:
    """Compare two wheels."""
    old, new = (read_file(path, MAX_WHEEL_BYTES) for path in (args.old, args.new))
    names = os.path.basename(args.old), os.path.basename(args.new)
    grows = _ask_both(args, world, (old, new), names) if args.ask else None
    change = compare_wheels(old, new, *names, grows=grows)
    if args.json:
        print_json(as_document(change))
    else:
        for line in change_lines(change):
            print_line(line)
    return 3 if change.undetermined else 0 if change.data_only else 1


def _ask_both(args: argparse.Namespace, world: World, wheels: tuple[bytes, bytes], names: tuple[str, str]) -> list[str]:
    """Where the later catalogue is no larger edition of the earlier one; this runs both providers."""
    from variantkit_allowlist.inspection.catalogue import (
        ask_catalogue,
        catalogue_grows,
        require_endpoint,
        require_running,
    )

    require_running(world.environ, "diff --run")
    print_note(f"variantkit-allowlist: running the code of {names[0]} and {names[1]} in child processes")
    endpoints = [
        require_endpoint(args.endpoint or find_endpoint(inspect_wheel(wheel, name)), name)
        for wheel, name in zip(wheels, names, strict=True)
    ]
    first, second = (
        ask_catalogue(wheel, endpoint, environ=world.environ) for wheel, endpoint in zip(wheels, endpoints, strict=True)
    )
    return catalogue_grows(first, second)
