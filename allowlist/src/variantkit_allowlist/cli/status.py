"""Show which approved lists are in force on this machine, highest level first, and what of them is expiring.

In the directory of a list that is kept here, or with --list DIR, it shows that one too: its entries, what waits for
reviews or the cooldown, and whose signatures are missing. With --list the exit code speaks of that list alone.
"""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

from variantkit.errors import InputError
from variantkit.machine.settings import read_approved_lists
from variantkit.trust.union import EMBEDDED
from variantkit_allowlist.levels import describe_lists

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from variantkit.trust import Approvals
    from variantkit_allowlist.cli.kept_list import Shown
    from variantkit_allowlist.cli.world import World
    from variantkit_allowlist.levels import ListStatus, Status
    from variantkit_allowlist.repository.installed import Verification

    Verified = Mapping[str, Verification]
    """By the list's path."""

SCHEMA = "variantkit.lists/1"

EXAMPLES = """\
examples:
  variantkit-allowlist status                  which lists are in force on this machine
  variantkit-allowlist status --verify         and whether they still are what was signed
  variantkit-allowlist status --list list      a list that is kept here: what waits, what ends, who must sign
exit codes: 0 in force · 1 expired, rolled back or altered, or there is none · 2 wrong usage · 3 cannot be believed
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = EXAMPLES
    parser.add_argument("--approved", metavar="FILE", help="an approved list, as for variantkit")
    parser.add_argument(
        "--list", metavar="DIR", help="a list that is kept here (default: this directory, if it is one)"
    )
    parser.add_argument(
        "--verify", action="store_true", help="compare the lists here with the signatures that `update` kept"
    )


def run(args: argparse.Namespace, world: World) -> int:
    """Show every approved list that is read on this machine, highest level first."""
    now = world.now()
    status = describe_lists(_read_lists(args.approved, world, now), now)
    kept = _read_kept(args.list, now)
    verified = _verify_lists(status, now) if args.verify else None
    if args.json:
        more = _verified_json(verified) if verified is not None else {}
        sys.stdout.write(json.dumps(_as_json(status) | _kept_json(kept) | more, indent=2) + "\n")
    else:
        lines = map(_shown, _verified_lines(verified)) if verified is not None else ()
        sys.stdout.write("\n".join([*_kept_lines(kept), _as_text(status), *lines]) + "\n")
    if verified is not None:
        return _verified_exit(verified, status.exit_code)
    if args.list is None or kept is None:
        return status.exit_code
    from variantkit_allowlist.cli.kept_list import exit_code_of

    return exit_code_of(kept)


def _read_kept(named: str | None, now: int) -> Shown | None:
    """What the list kept in a directory says of itself; None when no directory is named, and this is none."""
    from variantkit_allowlist.store import LEDGER_FILE

    if named is None and not os.path.lexists(LEDGER_FILE):
        return None
    from variantkit_allowlist.cli.kept_list import read_kept_list

    return read_kept_list(named or ".", now)


def _kept_json(kept: Shown | None) -> dict[str, object]:
    if kept is None:
        return {}
    from variantkit_allowlist.cli.kept_list import as_json

    return {"list": as_json(kept)}


def _kept_lines(kept: Shown | None) -> list[str]:
    if kept is None:
        return []
    from variantkit_allowlist.cli.kept_list import lines_of

    return [*map(_shown, lines_of(kept)), ""]


def _read_lists(named: str | None, world: World, now: int) -> Approvals:
    if named is not None and not os.path.lexists(named):
        raise InputError(f"--approved {named}: expected an approved list, found no file there")
    return read_approved_lists(named, world.environ, now)


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


def _verify_lists(status: Status, now: int) -> Verified:
    """Verify every list in a file; the one inside the SDK is as safe as the SDK itself."""
    from variantkit_allowlist.repository.installed import state_directory, verify_installed

    paths = [item.path for item in status.lists if item.level != EMBEDDED]
    return {path: verify_installed(path, state_directory(path), now) for path in paths}


def _verified_json(verified: Verified) -> dict[str, object]:
    """The key `verified` of the JSON object."""
    shown = [
        {"path": path, **{key.replace("_", "-"): value for key, value in found._asdict().items()}}
        for path, found in verified.items()
    ]
    return {"verified": shown}


def _verified_lines(verified: Verified) -> list[str]:
    """A line for each list, for people."""
    if not verified:
        return ["verified: there is no list in a file here"]
    return [f"verified: {found.code}: {found.detail}" for found in verified.values()]


def _verified_exit(verified: Verified, otherwise: int) -> int:
    """1 when a list is not what was signed, 3 when that cannot be said of one, else what there was to say already."""
    codes = {found.exit_code for found in verified.values()}
    return 1 if 1 in codes else 3 if 3 in codes else otherwise
