"""Put providers.toml into its one form, comments kept, or check that it is in it."""

from __future__ import annotations

import difflib
import os
from typing import TYPE_CHECKING

from variantkit.cli.terminal import print_json, print_line
from variantkit.errors import InputError, UndeterminedError
from variantkit_allowlist.store import LEDGER_FILE, locked, read_file, tidy, write_whole
from variantkit_allowlist.store.directory import decode
from variantkit_allowlist.store.ledger import MAX_LEDGER_BYTES

if TYPE_CHECKING:
    import argparse

    from variantkit_allowlist.cli.world import World

SCHEMA = "variantkit.tidy/1"

EXAMPLES = """\
examples:
  variantkit-allowlist tidy                    write it
  variantkit-allowlist tidy --check            in a hook or in CI: only say what would change
exit codes: 0 tidy · 1 with --check: it is not · 2 wrong usage, or a file with faults
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = EXAMPLES
    parser.add_argument("--list", metavar="DIR", default=".", help="the list's directory (default: this one)")
    parser.add_argument("--check", action="store_true", help="write nothing; show what would change, and exit 1")


def run(args: argparse.Namespace, world: World) -> int:
    """Write the file's one form; exit 1 from --check when that is not what stands there."""
    path = os.path.join(args.list, LEDGER_FILE)
    if not os.path.lexists(path):
        raise InputError(f"{os.path.abspath(args.list)}: holds no {LEDGER_FILE}; name a list with --list DIR")
    before = read_file(path, MAX_LEDGER_BYTES)
    after = tidy(decode(before, path), path).encode()
    if before != after and not args.check:
        _write(args.list, path, before, after)
    if args.json:
        print_json({"schema": SCHEMA, "path": path, "tidy": before == after, "written": _written(args, before, after)})
    else:
        _tell(args, path, before.decode(), after.decode())
    return 1 if args.check and before != after else 0


def _written(args: argparse.Namespace, before: bytes, after: bytes) -> bool:
    return before != after and not args.check


def _write(directory: str, path: str, before: bytes, after: bytes) -> None:
    with locked(directory):
        if read_file(path, MAX_LEDGER_BYTES) != before:
            raise UndeterminedError(f"{path}: was changed meanwhile; nothing was written, try again")
        write_whole(path, after)


def _tell(args: argparse.Namespace, path: str, before: str, after: str) -> None:
    if before == after:
        print_line(f"{path}: is tidy")
    elif not args.check:
        print_line(f"{path}: written in its one form")
    else:
        changes = difflib.unified_diff(before.split("\n"), after.split("\n"), path, f"{path} (tidy)", lineterm="")
        for line in changes:
            print_line(line)
