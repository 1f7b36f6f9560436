"""Sign what you reviewed of a wheel, and keep it with the list."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from variantkit.cli.terminal import print_json, print_line, print_note
from variantkit.errors import InputError, RefusedError
from variantkit.trust.alphabet import is_sha256
from variantkit.trust.dates import format_date
from variantkit.trust.versions import is_version, same_version
from variantkit_allowlist.keys import open_signer, public_of
from variantkit_allowlist.keys.signer import HELP
from variantkit_allowlist.model import GrantedNeeds
from variantkit_allowlist.store import first_seen, keep_wheel, open_list, read_file
from variantkit_allowlist.store.wheels import SUFFIXES

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from variantkit_allowlist.cli.world import World
    from variantkit_allowlist.provenance import WheelFile
    from variantkit_allowlist.statements import Review
    from variantkit_allowlist.store import ListDirectory

SCHEMA = "variantkit.review/1"
MAX_EVIDENCE_BYTES = 4 << 20
NEEDS_CRITERION = "reviewed-needs"

EXAMPLES = """\
examples:
  variantkit-allowlist review acme_variant_provider-1.0-py3-none-any.whl --as alice --key ~/keys/alice \\
    --criteria reviewed-source
  variantkit-allowlist review acme_variant_provider-1.1-py3-none-any.whl --as alice --key ~/keys/alice \\
    --criteria reviewed-data --delta-from 1.0      the change of its tables alone
exit codes: 0 signed and kept · 1 the wheel or the key is refused · 2 wrong usage · 3 the agent or token does not answer
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = EXAMPLES
    add = parser.add_argument
    add("wheel", metavar="WHEEL", help="the file that was reviewed")
    add("--as", dest="who", required=True, metavar="NAME", help="who you are in [reviewers]")
    add(
        "--criteria",
        action="append",
        required=True,
        metavar="NAME",
        help="what you state, such as reviewed-source; repeat, or part with commas",
    )
    add("--delta-from", metavar="VERSION", help="only the change from this approved version was reviewed")
    add("--needs", metavar="FILE", help="the needs that were reviewed, as TOML or a request; `none` for no needs")
    add("--configs-sha256", metavar="HEX", help="the digest of get_all_configs that was seen")
    add("--notes", default="", metavar="TEXT", help="what a reader should know, on one line")
    add("--key", required=True, metavar="KEY", help=HELP)
    add("--list", metavar="DIR", default=".", help="the list's directory (default: this one)")


def run(args: argparse.Namespace, world: World) -> int:
    """Sign one review; an earlier one of the same person stays."""
    from variantkit_allowlist.provenance import read_wheel_file
    from variantkit_allowlist.statements import keep_review, require_own_key, write_review

    now = world.now()
    directory = open_list(args.list)
    if args.who not in directory.ledger.reviewers:
        known = ", ".join(directory.ledger.reviewers) or "nobody yet"
        raise InputError(f"--as {args.who}: is not in [reviewers] of {directory.ledger_path}; expected one of {known}")
    wheel = read_wheel_file(args.wheel)
    _require_reviewable(wheel)
    review = _review(args, directory, wheel, now)
    signer = open_signer(args.key, world.ask_secret, world.environ)
    require_own_key(args.who, directory.ledger.reviewers, signer)
    signed = write_review(review, signer)
    _warn(directory, wheel, review)
    keep_wheel(directory, wheel.filename, wheel.data, _beside(args.wheel, directory.wheel_path(wheel.filename)))
    first_seen(directory, wheel.sha256, now)
    path = keep_review(directory, review, signed)
    fingerprint = public_of(signer.public_key).fingerprint
    if args.json:
        print_json(_as_json(review, path, signed, fingerprint))
    else:
        _tell(review, path, fingerprint)
        print_line(f"next: variantkit-allowlist approve {args.wheel} --list {args.list}, when enough have reviewed it")
    return 0


def _beside(wheel: str, kept: str) -> dict[str, bytes]:
    """What was published beside the wheel, as far as none of its kind is kept; `approve` verifies it."""
    return {
        suffix: read_file(wheel + suffix, MAX_EVIDENCE_BYTES)
        for suffix in SUFFIXES
        if os.path.isfile(wheel + suffix) and not os.path.lexists(kept + suffix)
    }


def _require_reviewable(wheel: WheelFile) -> None:
    """Refuse a wheel that readers may read differently, or whose name says another thing than its content."""
    from variantkit_allowlist.inspection.contents import read_contents

    if wheel.problem:
        told = "ask for a wheel that every reader reads the same"
        raise RefusedError(f"{wheel.filename}: wheel-not-canonical: {wheel.problem}; {told}")
    if not is_version(wheel.version):
        raise RefusedError(f"{wheel.filename}: expected a version in PEP 440's normal form, found {wheel.version!a}")
    folder = "-".join(wheel.filename.split("-")[:2]) + ".dist-info"
    if read_contents(wheel.data, wheel.filename).info != folder:
        told = "its name says another package or version than its content"
        raise RefusedError(f"{wheel.filename}: holds no {folder}: {told}")


def _review(args: argparse.Namespace, directory: ListDirectory, wheel: WheelFile, now: int) -> Review:
    from variantkit_allowlist.statements import Review

    criteria = _criteria(directory, args.criteria)
    needs = _needs(args.needs)
    if (needs is None) != (NEEDS_CRITERION not in criteria):
        raise InputError(f"--criteria {NEEDS_CRITERION} and --needs FILE (or --needs none) go together")
    if args.configs_sha256 is not None and not is_sha256(args.configs_sha256):
        raise InputError(f"--configs-sha256: expected a sha256 in lower-case hex, found {args.configs_sha256!a}")
    return Review(
        who=args.who,
        criteria=criteria,
        package=wheel.package,
        version=wheel.version,
        filename=wheel.filename,
        sha256=wheel.sha256,
        time=now,
        delta_from=args.delta_from,
        delta_sha256=_delta(directory, wheel, args.delta_from) if args.delta_from else None,
        needs=needs,
        configs_sha256=args.configs_sha256,
        notes=args.notes,
        list_id=directory.ledger.id,
    )


def _criteria(directory: ListDirectory, given: Sequence[str]) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for part in given for name in part.split(",") if name.strip()))
    known = directory.ledger.criteria
    for name in names:
        if name not in known:
            raise InputError(f"--criteria {name}: is not in [criteria]; expected some of {', '.join(known)}")
    if not names:
        raise InputError("--criteria: expected what you state, such as reviewed-source")
    return names


def _needs(path: str | None) -> GrantedNeeds | None:
    from variantkit_allowlist.statements.needs_file import MAX_NEEDS_BYTES, read_needs

    if path is None:
        return None
    return GrantedNeeds() if path == "none" else read_needs(read_file(path, MAX_NEEDS_BYTES), path)


def _delta(directory: ListDirectory, wheel: WheelFile, version: str) -> str:
    """The sha256 of the approved wheel that a change starts from."""
    found = [
        digest
        for item in directory.ledger.approved
        if item.package == wheel.package and same_version(item.version, version)
        for digest in item.sha256
    ]
    if len(found) == 1:
        return found[0]
    listed = [item.version for item in directory.ledger.approved if item.package == wheel.package]
    told = "has several wheels" if found else f"is not approved; approved are: {', '.join(listed) or 'none'}"
    raise InputError(f"--delta-from {version}: this version of {wheel.package} {told}; review the whole instead")


def _warn(directory: ListDirectory, wheel: WheelFile, review: Review) -> None:
    """What will be refused later is said now; the review is signed all the same."""
    package = directory.ledger.packages.get(wheel.package)
    if package is None:
        print_note(f"note: {wheel.package} is not in [packages] yet; it cannot be approved before it is")
    elif review.who in package.authors:
        print_note(f"note: {review.who} is an author of {wheel.package}; this review will not count for its approval")


def _as_json(review: Review, path: str, signed: bytes, fingerprint: str) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "review": os.path.splitext(os.path.basename(path))[0],
        "path": path,
        "bytes": len(signed),
        "who": review.who,
        "key": fingerprint,
        "criteria": list(review.criteria),
        "package": review.package,
        "version": review.version,
        "filename": review.filename,
        "sha256": review.sha256,
        "delta-from": review.delta_from,
        "delta-sha256": review.delta_sha256,
        "needs": review.needs.model_dump(mode="json") if review.needs is not None else None,
        "configs-sha256": review.configs_sha256,
        "notes": review.notes,
        "time": format_date(review.time),
    }


def _tell(review: Review, path: str, fingerprint: str) -> None:
    print_line(f"{review.who} signed with {fingerprint}:")
    print_line(f"  {review.filename}, sha256 {review.sha256}")
    print_line(f"  {', '.join(review.criteria)}" + (f", from {review.delta_from}" if review.delta_from else ""))
    if review.delta_sha256:
        print_line(f"  the change from sha256 {review.delta_sha256} alone")
    for kind, value in review.needs.model_dump().items() if review.needs is not None else ():
        if value:
            print_line(f"  needs {kind}: {'yes' if value is True else ', '.join(value)}")
    if review.needs == GrantedNeeds():
        print_line("  needs: none")
    if review.configs_sha256:
        print_line(f"  get_all_configs seen: sha256 {review.configs_sha256}")
    if review.notes:
        print_line(f"  notes: {review.notes}")
    print_line(f"kept in {path}")
