"""Fetch a published list, verify every signature from the pinned root on, and install it where variantkit finds it.

The first time, name the list and its root as its keeper published them: --url and --root or --root-sha256. Both are
remembered; later runs need neither. There is no default list.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from variantkit.cli.terminal import print_json, print_line
from variantkit.errors import InputError, VariantkitError
from variantkit.trust import levels
from variantkit.trust.dates import format_date
from variantkit_allowlist.cli.fetching import add_age, add_http, add_root, read_root, require_age

if TYPE_CHECKING:
    import argparse

    from variantkit_allowlist.cli.world import World
    from variantkit_allowlist.repository.installation import Installed, Request
    from variantkit_allowlist.repository.sources import Source

SCHEMA = "variantkit.update/1"

EXAMPLES = """\
examples:
  variantkit-allowlist update --url https://lists.example/providers --root 1.root.json     the first time
  variantkit-allowlist update                                                           every time after
  variantkit-allowlist update --from /media/stick                                       where no network is
exit codes: 0 installed, or in place already · 1 refused; what is installed stays · 2 wrong usage · 3 no answer
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = EXAMPLES
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--url", metavar="URL", help="where the list's public/ is served (default: where it was)")
    where.add_argument("--offline", action="store_true", help="verify the edition that is kept, and install it again")
    where.add_argument("--from", metavar="DIR", dest="copy", help="a copy of the list's public/, such as on a stick")
    add_root(parser)
    level = parser.add_mutually_exclusive_group()
    level.add_argument("--system", action="store_true", help="for every user of this machine (default as root)")
    level.add_argument("--user", action="store_true", help="for this user (default otherwise)")
    level.add_argument("--to", metavar="FILE", help="another file, such as in an image, for --approved FILE")
    parser.add_argument("--min-serial", metavar="N", type=int, default=0, help="refuse a serial below this one")
    add_age(parser)
    add_http(parser)


def run(args: argparse.Namespace, world: World) -> int:
    """Fetch, verify, install."""
    from variantkit_allowlist.repository.installation import update

    try:
        installed = update(_request(args, world), world.now())
    except VariantkitError as error:
        if args.json:
            print_json(_refusal(error))
        raise
    if args.json:
        print_json(_as_json(installed))
    else:
        _show(installed)
    return 0


def _request(args: argparse.Namespace, world: World) -> Request:
    from variantkit_allowlist.repository.installation import Request

    path = _path(args)
    require_age(args)
    if args.min_serial < 0:
        raise InputError("--min-serial: expected 0 or more")
    root, root_sha256 = read_root(args)
    return Request(
        path,
        _source(args, path, world),
        root=root,
        root_sha256=root_sha256,
        memory_dir=levels.memory_path(),
        min_serial=args.min_serial,
        max_age_days=args.max_age,
    )


def _path(args: argparse.Namespace) -> str:
    """The file to install: the system's as root, the user's otherwise."""
    if args.to:
        return os.path.abspath(str(args.to))
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    path = levels.system_path() if args.system or (is_root and not args.user) else levels.user_path()
    if path is None:
        raise InputError("this user has no home directory; say where with --to FILE")
    return path


def _source(args: argparse.Namespace, path: str, world: World) -> Source | None:
    from variantkit_allowlist.repository.installed import state_directory
    from variantkit_allowlist.repository.sources import open_copy, open_server
    from variantkit_allowlist.repository.state import load_state

    if args.offline:
        return None
    if args.copy:
        return open_copy(args.copy)
    url = args.url
    if url is None:
        state = load_state(state_directory(path))
        url = state.url if state else ""
    if not url:
        raise InputError(f"{path}: which list? There is no default one: give --url URL and --root FILE, or --from DIR")
    return open_server(url, world.environ, allow_http=args.allow_http)


def _as_json(installed: Installed) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "installed": True,
        "code": "ok",
        "detail": "",
        "changed": installed.changed,
        "path": installed.path,
        "id": installed.id,
        "serial": installed.serial,
        "sha256": installed.sha256,
        "root-version": installed.root_version,
        "signed": format_date(installed.signed),
        "providers": installed.providers,
        "revocations": installed.revocations,
    }


def _refusal(error: VariantkitError) -> dict[str, object]:
    codes = {1: "refused", 2: "input", 3: "undetermined"}
    code = getattr(error, "code", codes[error.exit_code])
    return {"schema": SCHEMA, "installed": False, "code": code, "detail": str(error)}


def _show(installed: Installed) -> None:
    said = "installed" if installed.changed else "is in place already"
    print_line(f"{installed.path}: {installed.id} serial {installed.serial} {said}")
    print_line(f"  {installed.providers} providers, {installed.revocations} revocations")
    print_line(f"  root {installed.root_version}, timestamp signed {format_date(installed.signed)}")
    print_line(f"  sha256 {installed.sha256}")
