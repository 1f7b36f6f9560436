"""Verify an approval again, from the evidence to get_all_configs, and move its end.

Whatever has changed since counts: the policy, the reviewers and their keys, the identity rules, the pinned root. The
wheel, its evidence and its reviews are those that the list keeps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from variantkit.cli.terminal import print_line, print_note
from variantkit.errors import InputError, RefusedError
from variantkit.variants.grammar import normalized_name

if TYPE_CHECKING:
    import argparse

    from variantkit.trust import Revocation
    from variantkit_allowlist.cli.decisions import Decided
    from variantkit_allowlist.cli.world import World
    from variantkit_allowlist.curation.dossier import Proposal
    from variantkit_allowlist.model import Approval
    from variantkit_allowlist.store import ListDirectory

EXAMPLES = """\
examples:
  variantkit-allowlist renew acme-variant-provider==2.0
exit codes: 0 renewed (with --dry-run: would be) · 1 something is in the way · 2 wrong usage · 3 could not be run
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from variantkit_allowlist.cli.decisions import add_running_arguments

    parser.epilog = EXAMPLES
    add = parser.add_argument
    add("target", metavar="PACKAGE==VERSION", help="an approved version")
    add("--list", metavar="DIR", default=".", help="the list's directory (default: this one)")
    add("--expires", metavar="DATE", help="the new end; default: as late as the policy allows")
    add_running_arguments(parser)
    add("--dry-run", action="store_true", help="decide and print, write nothing")


def run(args: argparse.Namespace, world: World) -> int:
    """Decide about one approval anew."""
    from variantkit_allowlist.cli.decisions import decide, find_evidence, tell, verify_origin
    from variantkit_allowlist.curation.dossier import find_wheel, read_dossier
    from variantkit_allowlist.curation.history import as_before
    from variantkit_allowlist.imports import foreign_revocations
    from variantkit_allowlist.store import open_list
    from variantkit_allowlist.store.wheels import first_seen

    now = world.now()
    directory = open_list(args.list, now)
    old = _find_approval(directory, args.target)
    wheel = find_wheel(directory, old)
    if wheel is None:
        raise RefusedError(f"{directory.wheels_path}: the wheel of {args.target} is not kept there; put it back")
    foreign = foreign_revocations(directory)
    proposal = _proposal(directory, old, args, now, foreign)
    dossier = read_dossier(directory, wheel, proposal, first_seen(directory, wheel.sha256, now), foreign)
    evidence, _ = find_evidence((directory.wheel_path(wheel.filename),), args.attestation)
    origin = verify_origin(directory, wheel, evidence, args, world)
    decided = decide(directory, dossier, origin, args, world, foreign, as_before(directory.ledger, old))
    new = None
    if decided.verdict.allowed:
        new = _renewed(directory, old, decided, now, wheel.filename, write=not args.dry_run)
    tell(decided, new, args)
    if new is not None and not args.json:
        told_end = "would end" if args.dry_run else "renewed: ends"
        print_line(f"{told_end} {new.expires}, was {old.expires}")
        print_note("no machine knows it before the next edition: variantkit-allowlist publish --key REF")
    return 0 if new is not None else 1


def _find_approval(directory: ListDirectory, target: str) -> Approval:
    from variantkit.trust.versions import is_version
    from variantkit_allowlist.curation.history import approval_of

    name, _, version = target.partition("==")
    found = approval_of(directory.ledger, normalized_name(name), version) if is_version(version) else None
    if found is None:
        raise InputError(f"{target!a}: expected an approved PACKAGE==VERSION; `status` lists them")
    return found


def _proposal(
    directory: ListDirectory, old: Approval, args: argparse.Namespace, now: int, foreign: tuple[Revocation, ...]
) -> Proposal:
    """What the entry says already; only its end is another. A base that was revoked since is none."""
    from variantkit_allowlist.cli.decisions import parse_expiry
    from variantkit_allowlist.curation.dossier import Proposal
    from variantkit_allowlist.curation.history import revocations_of, standing_approval

    revoked = revocations_of(directory.ledger, foreign)
    start = old.delta_from
    if start is not None and standing_approval(directory.ledger, old.package, start, revoked) is None:
        start = None
    return Proposal(
        expires=parse_expiry(args.expires, directory.ledger, now),
        needs=old.needs,
        presence=old.presence,
        fingerprint=old.fingerprint,
        index=old.index,
        reimplements=old.reimplements,
        delta_from=start,
        configs_sha256=old.configs_sha256,
        notes=old.notes,
    )


def _renewed(
    directory: ListDirectory, old: Approval, decided: Decided, now: int, filename: str, *, write: bool
) -> Approval:
    from variantkit_allowlist.curation import make_approval
    from variantkit_allowlist.statements import keep_summary
    from variantkit_allowlist.store.edits import replace_approval

    new = make_approval(decided.case, decided.dossier.statements, now, superseded=old.superseded)
    if write:
        decided_by = directory.data
        directory = replace_approval(directory, old, new)
        keep_summary(directory, new, filename, decided_by, now, passed=True)
    return new
