"""Command line of the approved list's keeper; the only printing, the only clock, the only exit codes."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from typing import TYPE_CHECKING

from variantkit.errors import InputError, VariantkitError
from variantkit.machine.settings import read_approved_lists
from variantkit_allowlist.model import describe_lists

if TYPE_CHECKING:
    from collections.abc import Sequence

    from variantkit.trust import Approvals
    from variantkit_allowlist.model import ListStatus, Status

SCHEMA = "variantkit.lists/1"


def main(argv: Sequence[str] | None = None) -> int:
    """Run `variantkit-allowlist` with these arguments and return its exit code."""
    args = _parser().parse_args(argv)
    try:
        status = describe_lists(_read_lists(args.approved), int(time.time()))
    except VariantkitError as error:
        if args.debug:
            raise
        sys.stderr.write(f"variantkit-allowlist: {_shown(str(error))}\n")
        return error.exit_code
    sys.stdout.write((json.dumps(_as_json(status), indent=2) if args.json else _as_text(status)) + "\n")
    return status.exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="variantkit-allowlist", description="Keep the list of provider wheels that variantkit may run."
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="COMMAND")
    status = verbs.add_parser(
        "status",
        help="which approved lists are in force here, and what is expiring",
        description="Show every approved list that is read on this machine, highest level first.",
        epilog="exit codes: 0 all in force, 1 one has ended or there is none, 2 wrong usage, 3 one cannot be believed",
    )
    status.add_argument("--approved", metavar="FILE", help="an approved list, as for variantkit")
    status.add_argument("--json", action="store_true", help="print one JSON object")
    status.add_argument("--debug", action="store_true", help="show where an error comes from")
    return parser


def _read_lists(named: str | None) -> Approvals:
    if named is not None and not os.path.lexists(named):
        raise InputError(f"--approved {named}: expected an approved list, found no file there")
    return read_approved_lists(named, os.environ, int(time.time()))


def _as_json(status: Status) -> dict[str, object]:
    lists = [{key.replace("_", "-"): value for key, value in item._asdict().items()} for item in status.lists]
    return {"schema": SCHEMA, "in-force": status.in_force, "lists": lists}


def _as_text(status: Status) -> str:
    if not status.lists:
        return "no approved list is here: no provider may run"
    return "\n".join(_shown(line) for item in status.lists for line in _lines(item))


def _shown(text: str) -> str:
    """Escape what a terminal would obey: a path may come from an environment that somebody else set."""
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)


def _lines(item: ListStatus) -> list[str]:
    notes = {"decides": "", "narrows": ", narrows the system's", "revokes": ", for its revocations alone"}
    if item.serial is None:
        return [f"{item.level}: {item.code}", f"  {item.detail}"]
    named = [f"id {item.id}"] if item.id else []
    named += [f"serial {item.serial}"] + ([f"origin {item.origin}"] if item.origin else [])
    named += ["exclusive"] if item.exclusive else []
    dates = [("issued", item.issued), ("renew by", item.renew_by), ("expires", item.expires)]
    return [
        f"{item.level}: {'in force' if item.code == 'ok' else item.code}{notes[item.role]}",
        f"  {item.path} ({', '.join(named)})",
        f"  {', '.join(f'{what} {date}' for what, date in dates if date)}",
        f"  {item.entries} providers, {item.revocations} revocations",
        f"  sha256 {item.sha256}",
        *([f"  {item.detail}"] if item.detail else []),
        *(f"  soon: {sentence}" for sentence in item.expiring),
    ]
