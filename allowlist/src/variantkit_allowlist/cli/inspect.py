"""Show what a provider wheel contains and could do; nothing of it is run."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from variantkit.cli.terminal import print_json, print_line
from variantkit.trust.canonical import MAX_WHEEL_BYTES
from variantkit_allowlist.inspection import inspect_wheel
from variantkit_allowlist.inspection.report import as_document, inspection_lines
from variantkit_allowlist.store.files import read_file

if TYPE_CHECKING:
    import argparse

    from variantkit_allowlist.cli.world import World
    from variantkit_allowlist.inspection import Inspection

EXAMPLES = """\
examples:
  variantkit-allowlist inspect acme_variant_provider-1.0-py3-none-any.whl
  variantkit-allowlist inspect WHEEL --vendored archspec-0.2.7-py3-none-any.whl    and hold what it vendors against it
exit codes: 0 in order · 1 never to be approved: not canonical, or RECORD or the bill of materials is wrong · 2 no wheel
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = EXAMPLES
    parser.add_argument("wheel", metavar="WHEEL", help="the wheel's file")
    parser.add_argument(
        "--vendored", metavar="WHEEL", action="append", default=[], help="a published wheel that it vendors; repeatable"
    )


def run(args: argparse.Namespace, world: World) -> int:
    """Examine one wheel."""
    published = {os.path.basename(path): read_file(path, MAX_WHEEL_BYTES) for path in args.vendored}
    found = inspect_wheel(read_file(args.wheel, MAX_WHEEL_BYTES), os.path.basename(args.wheel), published)
    if args.json:
        print_json(as_document(found))
    else:
        for line in inspection_lines(found):
            print_line(line)
    return 0 if is_in_order(found) else 1


def is_in_order(found: Inspection) -> bool:
    """Whether nothing about the wheel's own form stands against its approval."""
    return not (found.canonical or found.record or found.bill.problems)
