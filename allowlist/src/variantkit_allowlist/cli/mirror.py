"""Write providers, attestations, list and revocations as a plain index; or verify such a mirror from an outside anchor.

`mirror DIR` writes what the list in --list has published. `mirror verify DIR` reads all of it again and trusts none of
it: what it starts from is --root FILE or --root-sha256 HEX, or else the root that `update` pinned on this machine.
"""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

from variantkit.cli.terminal import print_json, print_line, print_note
from variantkit.errors import InputError, RefusedError, UndeterminedError
from variantkit.trust import levels
from variantkit.trust.dates import format_date
from variantkit_allowlist.cli.fetching import add_age, add_root, read_root, require_age

if TYPE_CHECKING:
    import argparse

    from variantkit_allowlist.cli.world import World
    from variantkit_allowlist.mirror.checking import Anchor, Machine, Report
    from variantkit_allowlist.mirror.holdings import Holdings

VERIFICATION = "variantkit.mirror-verification/1"

EXAMPLES = """\
examples:
  variantkit-allowlist mirror plain-mirror --list list                   for any web server, or as it is
  variantkit-allowlist mirror verify plain-mirror --root 1.root.json     on the other side
exit codes: 0 written, or verified · 1 wheels are missing, or something is not what was signed · 2 wrong usage
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = EXAMPLES
    parser.usage = f"{parser.prog} DIR [options]\n       {parser.prog} verify DIR [options]"
    parser.add_argument("words", metavar="DIR", nargs="+", help="the mirror to write, or to verify")
    parser.add_argument("--list", metavar="DIR", default=".", help="the list's directory (default: this one)")
    parser.add_argument("--base-url", metavar="URL", default="", help="the https URL at which it will be served")
    parser.add_argument("--partial", action="store_true", help="go on although approved wheels are missing")
    add_root(parser, "verify: ")
    add_age(parser)


def run(args: argparse.Namespace, world: World) -> int:
    """Write or verify."""
    words = list(args.words)
    if words[0] == "verify" and len(words) == 2:
        return _verify(args, words[1], world)
    if len(words) != 1 or words == ["verify"]:
        raise InputError(
            f"mirror {' '.join(words)}: expected one directory, or verify and one; write ./verify for that"
        )
    if args.root or args.root_sha256:
        raise InputError("mirror: --root and --root-sha256 belong to `mirror verify DIR`")
    return _write(args, words[0])


def _write(args: argparse.Namespace, target: str) -> int:
    from variantkit_allowlist.mirror import MARKER, SCHEMA, is_base_url
    from variantkit_allowlist.mirror.checking import about_mirror
    from variantkit_allowlist.mirror.holdings import collect_holdings
    from variantkit_allowlist.mirror.rendering import render_mirror
    from variantkit_allowlist.store import open_list
    from variantkit_allowlist.store.folder import replace_folder, require_apart

    if args.base_url and not is_base_url(args.base_url):
        raise InputError(f"--base-url {args.base_url}: expected an https URL without user, query or fragment")
    require_apart(target, args.list)
    holdings, missing = collect_holdings(open_list(args.list), args.base_url)
    if missing and not args.partial:
        fix = "put it into wheels/ of the list, or say --partial"
        raise RefusedError(f"{missing[0]} ({len(missing)} wheels are missing); {fix}")
    for sentence in missing:
        print_note(sentence)
    files = render_mirror(holdings)
    replace_folder(target, files, MARKER, SCHEMA, about_mirror(holdings))
    if args.json:
        print_json(
            {
                "schema": SCHEMA,
                "directory": target,
                "id": holdings.approved.id,
                "serial": holdings.approved.serial,
                "wheels": sorted(wheel.filename for wheel in holdings.wheels),
                "missing": list(missing),
            }
        )
    else:
        print_line(f"{target}: {holdings.approved.id} serial {holdings.approved.serial}, {len(holdings.wheels)} wheels")
        print_line("check it anywhere with:")
        print_line(f"  variantkit-allowlist mirror verify {target} --root-sha256 {_newest_root(holdings)}")
    return 0


def _newest_root(holdings: Holdings) -> str:
    """The sha256 of the root that readers start from: the writer believes it, and hands it over on another way."""
    roots = {
        int(name.removeprefix("metadata/").removesuffix(".root.json")): data
        for name, data in holdings.public.items()
        if name.endswith(".root.json")
    }
    return hashlib.sha256(roots[max(roots)]).hexdigest()


def _verify(args: argparse.Namespace, directory: str, world: World) -> int:
    from variantkit_allowlist.mirror.checking import check_mirror

    require_age(args)
    report = check_mirror(
        directory, _anchor(args, directory), _machine(world), max_age_days=args.max_age, partial=args.partial
    )
    if args.json:
        print_json(_as_json(report))
    else:
        _show(directory, report)
    return 1 if report.faults else 0


def _anchor(args: argparse.Namespace, directory: str) -> Anchor:
    from variantkit_allowlist.mirror.checking import Anchor

    if args.root and os.path.realpath(args.root).startswith(os.path.join(os.path.realpath(directory), "")):
        raise InputError(f"--root {args.root}: lies in the mirror that it is to vouch for; name one from elsewhere")
    if args.root or args.root_sha256:
        return Anchor(*read_root(args))
    pinned = _pinned_root()
    if pinned is None:
        raise InputError(
            f"{directory}: what may be believed of it? Give --root FILE or --root-sha256 HEX as the list's keeper"
            " published it, or install the list with `variantkit-allowlist update` first"
        )
    return Anchor(root=pinned)


def _pinned_root() -> bytes | None:
    """The root that `update` pinned for this machine's list, or this user's."""
    from variantkit_allowlist.repository.installed import state_directory
    from variantkit_allowlist.repository.state import load_state

    for path in (levels.system_path(), levels.user_path()):
        state = load_state(state_directory(path)) if path else None
        if state is not None:
            return state.root
    return None


def _machine(world: World) -> Machine:
    """What this machine's lists revoke, and their serials; lists that cannot be believed end the check."""
    from variantkit.machine.settings import read_approved_lists
    from variantkit.trust.union import revocations
    from variantkit_allowlist.mirror.checking import Machine

    now = world.now()
    approvals = read_approved_lists(None, world.environ, now)
    if approvals.problems:
        raise UndeterminedError(f"{approvals.problems[0].detail}; what this machine has revoked is not known")
    least: dict[str, int] = {}
    for item in approvals.lists:
        least[item.approved.id] = max(item.approved.serial, least.get(item.approved.id, 0))
    return Machine(now, tuple(revocations(approvals)), least, levels.memory_path())


def _as_json(report: Report) -> dict[str, object]:
    return {
        "schema": VERIFICATION,
        "verified": not report.faults,
        "id": report.approved.id,
        "serial": report.approved.serial,
        "sha256": report.approved.sha256,
        "signed": format_date(report.signed),
        "base-url": report.base_url,
        "wheels": [wheel._asdict() for wheel in report.wheels],
        "problems": [fault._asdict() for fault in report.faults],
    }


def _show(directory: str, report: Report) -> None:
    for fault in report.faults:
        print_line(f"{fault.path}: {fault.code}: {fault.detail}")
    if report.base_url:
        print_note(f"its pages name provenance at {report.base_url}")
    told = f"{report.approved.id} serial {report.approved.serial}, signed {format_date(report.signed)}"
    proven = sum(wheel.provenance == "ok" for wheel in report.wheels)
    counted = f"{len(report.wheels)} wheels, the attestations of {proven} verified again"
    verdict = f"{len(report.faults)} problems" if report.faults else "verified"
    print_line(f"{directory}: {verdict}: {told}, {counted}")
