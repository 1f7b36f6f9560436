"""End an approval for good: by bytes under any name, by package, or by one version of it. It wins over every list."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from variantkit.cli.terminal import print_json, print_line, print_note
from variantkit.errors import InputError
from variantkit.trust.alphabet import is_package, is_sha256
from variantkit.variants.grammar import normalized_name

if TYPE_CHECKING:
    import argparse
    import datetime

    from variantkit_allowlist.cli.world import World
    from variantkit_allowlist.model import Approval, Revoked
    from variantkit_allowlist.store import ListDirectory

SCHEMA = "variantkit.revoke/1"

EXAMPLES = """\
examples:
  variantkit-allowlist revoke acme-variant-provider==2.0 --as alice --reason 'reads ~/.netrc'
  variantkit-allowlist revoke acme-variant-provider --as alice --reason 'its repository was taken over'
  variantkit-allowlist revoke bad.whl --as alice --reason 'not what the vendor built'      these bytes alone
exit codes: 0 revoked, or it was before · 2 wrong usage
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = EXAMPLES
    add = parser.add_argument
    add("target", metavar="PACKAGE[==VERSION]|WHEEL|SHA256", help="what must never run again")
    add("--reason", metavar="TEXT", required=True, help="why; every machine shows it")
    add("--as", metavar="NAME", dest="person", required=True, help="who you are in [reviewers]")
    add("--list", metavar="DIR", default=".", help="the list's directory (default: this one)")


def run(args: argparse.Namespace, world: World) -> int:
    """Add one revocation; none is ever taken back."""
    from variantkit_allowlist.curation.candidate import date_of
    from variantkit_allowlist.statements.envelope import require_plain
    from variantkit_allowlist.store import open_list
    from variantkit_allowlist.store.edits import add_revocation

    now = world.now()
    require_plain(args.reason, "--reason")
    directory = open_list(args.list)
    if args.person not in directory.ledger.reviewers:
        known = ", ".join(directory.ledger.reviewers) or "nobody yet"
        raise InputError(f"--as {args.person}: is not in [reviewers]; expected one of {known}")
    revoked = _read_target(args.target, args.reason, args.person, date_of(now))
    known_before = _is_known(directory, revoked)
    if not known_before:
        decided_by = directory.data
        directory = add_revocation(directory, revoked)
        _record(directory, revoked, decided_by, now)
    hit = _hit(directory, revoked)
    built_on = _built_on(directory, hit)
    if args.json:
        print_json(_as_json(revoked, hit, known_before) | {"built-on": list(map(_named, built_on))})
        return 0
    _show(revoked, hit, built_on, known_before)
    return 0


def _read_target(target: str, reason: str, who: str, today: datetime.date) -> Revoked:
    from variantkit_allowlist.model import Revoked

    if is_sha256(target.removeprefix("sha256:").lower()):
        return Revoked(sha256=(target.removeprefix("sha256:").lower(),), since=today, reason=reason, who=who)
    if target.endswith(".whl") or os.path.isfile(target):
        return Revoked(sha256=(_digest(target),), since=today, reason=reason, who=who)
    name, separator, version = target.partition("==")
    if not is_package(name) or (separator and not version):
        raise InputError(f"{target!a}: expected PACKAGE, PACKAGE==VERSION, a wheel's path or a sha256")
    plain = _plain_version(version) if separator else None
    return Revoked(package=normalized_name(name), version=plain, since=today, reason=reason, who=who)


def _digest(path: str) -> str:
    import hashlib

    from variantkit.trust.canonical import MAX_WHEEL_BYTES
    from variantkit_allowlist.store.files import read_file

    return hashlib.sha256(read_file(path, MAX_WHEEL_BYTES)).hexdigest()


def _plain_version(text: str) -> str:
    """The version in PEP 440's normal form; without a wildcard, for a revocation names one version or all."""
    from packaging.version import InvalidVersion, Version

    try:
        return str(Version(text))
    except InvalidVersion:
        raise InputError(f"{text!a}: expected one version such as 2.0, or the package's name alone for all") from None


def _is_known(directory: ListDirectory, revoked: Revoked) -> bool:
    same = {"package", "version", "sha256"}
    return any(item.model_dump(include=same) == revoked.model_dump(include=same) for item in directory.ledger.revoked)


def _hit(directory: ListDirectory, revoked: Revoked) -> list[Approval]:
    """The approvals that this ends."""
    from variantkit_allowlist.curation.history import as_revocation, find_revocation

    gone = (as_revocation(revoked),)
    return [
        item
        for item in directory.ledger.approved
        if find_revocation(gone, item.package, item.version, item.sha256) is not None
    ]


def _built_on(directory: ListDirectory, hit: list[Approval]) -> list[Approval]:
    """The approvals that go on and were reviewed as a change from one that this ends, however many changes ago."""
    from variantkit.trust.versions import same_version

    found = list(hit)
    for base in found:  # grows while it is walked: a change of a change counts
        found += [
            item
            for item in directory.ledger.approved
            if item not in found
            and item.package == base.package
            and item.delta_from is not None
            and same_version(item.delta_from, base.version)
        ]
    return found[len(hit) :]


def _record(directory: ListDirectory, revoked: Revoked, decided_by: bytes, now: int) -> None:
    """A summary that says FAILED takes the place of the one that said PASSED."""
    from variantkit_allowlist.curation.dossier import find_wheel
    from variantkit_allowlist.statements import keep_summary

    for item in _hit(directory, revoked):
        wheel = find_wheel(directory, item)
        name = wheel.filename if wheel else f"{item.package.replace('-', '_')}-{item.version}-py3-none-any.whl"
        keep_summary(directory, item, name, decided_by, now, passed=False)


def _as_json(revoked: Revoked, hit: list[Approval], known_before: bool) -> dict[str, object]:
    written = revoked.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return {"schema": SCHEMA, "revoked": written, "known-before": known_before, "ended": list(map(_named, hit))}


def _named(item: Approval) -> dict[str, object]:
    return {"package": item.package, "version": item.version, "sha256": list(item.sha256)}


def _show(revoked: Revoked, hit: list[Approval], built_on: list[Approval], known_before: bool) -> None:
    what = ", ".join(revoked.sha256) or f"{revoked.package} {revoked.version or '(every version)'}"
    print_line(f"{what}: {'was revoked before' if known_before else 'revoked'}")
    for item in hit:
        print_line(f"  ends the approval of {item.package} {item.version}")
    if not hit:
        print_line("  ends no approval of this list; it holds for what comes, and cannot be taken back once published")
    for item in built_on:
        told = f"{item.package} {item.version} goes on, and only its change from {item.delta_from} was read"
        print_line(f"  {told}: look whether it is bad, too, and revoke it or review the whole")
    print_note("no machine knows it before the next edition: variantkit-allowlist publish --key REF")
