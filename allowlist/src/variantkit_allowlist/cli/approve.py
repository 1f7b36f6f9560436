"""Verify a wheel again and add its entry, when the policy holds; else print all that is in the way.

The evidence is verified from the list's own trusted_root.json, whatever `verify` said before. When nothing else is in
the way, get_all_configs of the very bytes is asked, in a process of its own: this runs the provider.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from variantkit.cli.terminal import print_line, print_note
from variantkit.errors import DocumentError, InputError, Problem, RefusedError

if TYPE_CHECKING:
    import argparse

    from variantkit.trust import Revocation
    from variantkit_allowlist.cli.decisions import Decided
    from variantkit_allowlist.cli.world import World
    from variantkit_allowlist.curation.dossier import Proposal
    from variantkit_allowlist.inspection import Request
    from variantkit_allowlist.model import Approval, Ledger
    from variantkit_allowlist.provenance import Evidence, WheelFile
    from variantkit_allowlist.store import ListDirectory

EXAMPLES = """\
examples:
  variantkit-allowlist approve acme_variant_provider-2.0-py3-none-any.whl
  variantkit-allowlist approve request.json --dry-run      a vendor's request, its wheel beside it
exit codes: 0 approved (with --dry-run: would be) · 1 something is in the way · 2 wrong usage · 3 could not be run
"""


class _Subject(NamedTuple):
    """What is to be approved: a wheel, its evidence, and the vendor's request when there is one."""

    wheel: WheelFile
    evidence: Evidence
    kept: dict[str, bytes]
    request: Request | None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from variantkit_allowlist.cli.decisions import add_running_arguments

    parser.epilog = EXAMPLES
    add = parser.add_argument
    add("target", metavar="WHEEL|REQUEST", help="a provider wheel, or a vendor's request file")
    add("--list", metavar="DIR", default=".", help="the list's directory (default: this one)")
    add("--notes", metavar="TEXT", default="", help="why, for those who come later")
    add("--delta-from", metavar="VERSION", help="the approved version that the change starts from")
    add("--needs", metavar="FILE", help="what the sandbox opens, as for `review`; default: what was reviewed")
    add("--presence", metavar="GLOB", action="append", help="is its hardware here; default: as the version before")
    add("--fingerprint", metavar="GLOB", action="append", help="has its hardware changed; default: as before")
    add("--index", metavar="URL", action="append", default=[], help="an index that it may come from")
    add("--reimplements", metavar="PACKAGE", action="append", default=[], help="a package that it may stand for")
    add("--expires", metavar="DATE", help="when the approval ends; default: as late as the policy allows")
    add("--superseded-older", action="store_true", help="older versions only where nothing newer fits")
    add_running_arguments(parser)
    add("--dry-run", action="store_true", help="decide and print, write nothing")


def run(args: argparse.Namespace, world: World) -> int:
    """Decide about one wheel, and write the entry when nothing is in the way."""
    from variantkit_allowlist.cli.decisions import decide, tell, verify_origin
    from variantkit_allowlist.curation.dossier import read_dossier
    from variantkit_allowlist.imports import foreign_revocations
    from variantkit_allowlist.statements.envelope import require_plain
    from variantkit_allowlist.store import open_list

    now = world.now()
    require_plain(args.notes, "--notes")
    directory = open_list(args.list, now)
    subject = _find_subject(directory, args)
    foreign = foreign_revocations(directory)
    _require_new(directory.ledger, subject.wheel, foreign)
    seen = _first_seen(directory, subject.wheel.sha256, now, write=not args.dry_run)
    dossier = read_dossier(directory, subject.wheel, _proposal(args, subject.request, directory, now), seen, foreign)
    origin = verify_origin(directory, subject.wheel, subject.evidence, args, world)
    decided = decide(directory, dossier, origin, args, world, foreign)
    entry = _write(directory, decided, subject, args, now) if decided.verdict.allowed else None
    tell(decided, entry, args)
    if entry is not None and not args.json:
        _show_end(entry, args)
    return 0 if decided.verdict.allowed else 1


def _find_subject(directory: ListDirectory, args: argparse.Namespace) -> _Subject:
    """The wheel and its evidence: what lies beside it, else what the list keeps of it, else what a request carries."""
    from variantkit_allowlist.cli.decisions import evidence_of_request, find_evidence
    from variantkit_allowlist.inspection import read_request
    from variantkit_allowlist.inspection.request import MAX_REQUEST_BYTES, check_against
    from variantkit_allowlist.provenance import read_wheel_file
    from variantkit_allowlist.store.files import read_file

    if args.target.endswith(".whl"):
        wheel = read_wheel_file(args.target)
        evidence, kept = find_evidence((args.target, directory.wheel_path(wheel.filename)), args.attestation)
        return _Subject(wheel, evidence, kept, None)
    request = read_request(read_file(args.target, MAX_REQUEST_BYTES), args.target)
    folders = (os.path.dirname(args.target), directory.wheels_path)
    places = [os.path.join(folder, request.filename) for folder in folders]
    path = next((place for place in places if os.path.isfile(place)), None)
    if path is None:
        raise InputError(f"{args.target}: put the wheel {request.filename} beside it; nothing is approved unseen")
    wheel = read_wheel_file(path)
    problems = check_against(request, wheel.data)
    if problems:
        raise RefusedError(f"{path}: {problems[0]}; ask the vendor for the wheel that was meant")
    _require_same_words(directory.ledger, request, args.target, args.reimplements)
    if args.attestation:
        evidence, kept = find_evidence((path,), args.attestation)
    else:
        evidence, kept = evidence_of_request(request)
    return _Subject(wheel, evidence, kept, request)


def _require_same_words(ledger: Ledger, request: Request, where: str, agreed: list[str]) -> None:
    """A request may ask for no other namespace, endpoint or names than the table has, or whoever approves agrees to."""
    package = ledger.packages.get(request.package)
    if package is None:
        return
    problems = []
    if request.namespace != package.namespace:
        problems.append(Problem("namespace", f"the list has {package.namespace}, the request {request.namespace}"))
    if set(request.plugin_api) != set(package.plugin_api):
        told = f"the list has {', '.join(package.plugin_api)}, the request {', '.join(request.plugin_api)}"
        problems.append(Problem("plugin-api", told))
    for name in request.reimplements:
        if name not in (*package.reimplements, *agreed):
            problems.append(Problem("reimplements", f"the list does not let it stand for {name}"))
    if problems:
        raise DocumentError(where, problems)


def _require_new(ledger: Ledger, wheel: WheelFile, foreign: tuple[Revocation, ...]) -> None:
    """An approval that stands is renewed; of one that was revoked the verdict says so."""
    from variantkit_allowlist.curation.history import find_revocation, revocations_of

    known = next((item for item in ledger.approved if wheel.sha256 in item.sha256), None)
    if known is None or known.package != wheel.package:
        return
    if find_revocation(revocations_of(ledger, foreign), known.package, known.version, known.sha256) is None:
        command = f"variantkit-allowlist renew {known.package}=={known.version}"
        raise InputError(f"{wheel.filename}: is approved until {known.expires}; to move its end, run: {command}")


def _first_seen(directory: ListDirectory, sha256: str, now: int, *, write: bool) -> int:
    from variantkit_allowlist.store.wheels import first_seen, seen_at

    if write:
        return first_seen(directory, sha256, now)
    seen = seen_at(directory, sha256)
    return now if seen is None else seen


def _proposal(args: argparse.Namespace, request: Request | None, directory: ListDirectory, now: int) -> Proposal:
    """What the entry is to say: the options, else the request's wishes, which reviews must bear out."""
    from variantkit_allowlist.cli.decisions import parse_expiry
    from variantkit_allowlist.curation.dossier import Proposal
    from variantkit_allowlist.model import GrantedNeeds
    from variantkit_allowlist.statements.needs_file import MAX_NEEDS_BYTES, read_needs
    from variantkit_allowlist.store.files import read_file

    wished = None
    if args.needs == "none":
        wished = GrantedNeeds()
    elif args.needs:
        wished = read_needs(read_file(args.needs, MAX_NEEDS_BYTES), f"--needs {args.needs}")
    elif request is not None:
        wished = request.needs
    return Proposal(
        expires=parse_expiry(args.expires, directory.ledger, now),
        needs=wished,
        presence=_chosen(args.presence, request.presence if request else None),
        fingerprint=_chosen(args.fingerprint, request.fingerprint if request else None),
        index=tuple(args.index),
        reimplements=tuple(args.reimplements),
        delta_from=args.delta_from,
        configs_sha256=args.configs_sha256 or (request.configs_sha256 if request else None),
        notes=args.notes,
    )


def _chosen(given: list[str] | None, wished: tuple[str, ...] | None) -> tuple[str, ...] | None:
    return tuple(given) if given is not None else wished


def _write(
    directory: ListDirectory, decided: Decided, subject: _Subject, args: argparse.Namespace, now: int
) -> Approval:
    """Keep the wheel and its evidence, write the entry, pin the ids, record the decision."""
    from variantkit_allowlist.curation import make_approval, rule_to_pin
    from variantkit_allowlist.statements import keep_summary
    from variantkit_allowlist.store.edits import add_approval, pin_identity
    from variantkit_allowlist.store.wheels import keep_wheel

    entry = make_approval(decided.case, decided.dossier.statements, now)
    if args.dry_run:
        return entry
    keep_wheel(directory, subject.wheel.filename, subject.wheel.data, subject.kept)
    decided_by = directory.data
    rule = rule_to_pin(decided.case)
    if rule is not None:
        directory = pin_identity(directory, entry.package, *rule)
    directory = add_approval(directory, entry)
    if args.superseded_older:
        directory = _supersede(directory, entry)
    keep_summary(directory, entry, subject.wheel.filename, decided_by, now, passed=True)
    return entry


def _supersede(directory: ListDirectory, newest: Approval) -> ListDirectory:
    """Mark every older version: it is taken where nothing newer fits."""
    from variantkit.trust.versions import newest_first
    from variantkit_allowlist.store.edits import replace_approval

    for item in directory.ledger.approved:
        older = newest_first({item.version, newest.version})[0] == newest.version != item.version
        if item.package == newest.package and older and not item.superseded:
            directory = replace_approval(directory, item, item.model_copy(update={"superseded": True}))
    return directory


def _show_end(entry: Approval, args: argparse.Namespace) -> None:
    who = " and ".join(entry.who)
    if args.dry_run:
        print_line(f"would be approved until {entry.expires}, on the word of {who}; nothing was written")
        return
    print_line(f"approved until {entry.expires}, on the word of {who}")
    if entry.evidence == "none":
        print_note("nothing shows where these bytes come from: the entry says so, and stays the weaker for it")
    print_note("no machine knows it before the next edition: variantkit-allowlist publish --key REF")
