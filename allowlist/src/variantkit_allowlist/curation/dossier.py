"""Dossier: everything that a list's directory holds about one wheel, read for a decision. Nothing of it is run."""

from __future__ import annotations

import email.utils
import os
from typing import TYPE_CHECKING, NamedTuple

from variantkit.errors import InputError
from variantkit.trust.members import has_module
from variantkit.trust.versions import is_version, newest_first, same_version
from variantkit.variants.grammar import normalized_name
from variantkit.variants.wheel import parse_wheel_name
from variantkit_allowlist.curation.candidate import Base, Candidate
from variantkit_allowlist.curation.decision import Case
from variantkit_allowlist.curation.grants import previous_needs
from variantkit_allowlist.curation.history import approvals_of, revocations_of, standing_approval
from variantkit_allowlist.inspection import compare_wheels
from variantkit_allowlist.inspection.contents import read_contents, read_headers
from variantkit_allowlist.provenance import read_wheel_file
from variantkit_allowlist.statements import read_reviews

if TYPE_CHECKING:
    import datetime
    from collections.abc import Mapping, Sequence

    from variantkit.trust import Revocation
    from variantkit_allowlist.inspection import Change
    from variantkit_allowlist.inspection.contents import Contents
    from variantkit_allowlist.model import Approval, GrantedNeeds, Ledger
    from variantkit_allowlist.provenance import WheelFile
    from variantkit_allowlist.statements import KeptReview, Review
    from variantkit_allowlist.store import ListDirectory
    from variantkit_allowlist.verdict import Provenance


class Proposal(NamedTuple):
    """What the entry is to say, as far as somebody said it; None is what reviews or the version before have."""

    expires: datetime.date
    needs: GrantedNeeds | None = None
    presence: tuple[str, ...] | None = None
    fingerprint: tuple[str, ...] | None = None
    index: tuple[str, ...] = ()  # type: ignore[assignment]  # hides tuple.index, which nobody asks of a proposal
    reimplements: tuple[str, ...] = ()
    delta_from: str | None = None
    configs_sha256: str | None = None
    notes: str = ""


class Dossier(NamedTuple):
    """A wheel with the wheel that its change starts from, and the reviews of it; `refused` are files that are none."""

    wheel: WheelFile
    candidate: Candidate
    reviews: tuple[KeptReview, ...]
    refused: tuple[str, ...]
    change: Change | None = None
    old: bytes | None = None

    def case(self, ledger: Ledger, provenance: Provenance, trust_root: str, foreign: Sequence[Revocation] = ()) -> Case:
        """The case to decide, once it is known where the wheel comes from."""
        reviews = tuple(kept.review for kept in self.reviews)
        return Case(ledger, self.candidate, provenance, reviews, trust_root, tuple(foreign))

    @property
    def statements(self) -> Mapping[Review, str]:
        """The sha256 of the signed statement of each review."""
        return {kept.review: kept.sha256 for kept in self.reviews}


def read_dossier(
    directory: ListDirectory,
    wheel: WheelFile,
    proposal: Proposal,
    first_seen: int,
    foreign: Sequence[Revocation] = (),
) -> Dossier:
    """Read what there is on a wheel: its reviews, and the approved wheel that it is a change of.

    Raises InputError for bytes that are no wheel at all.
    """
    contents = read_contents(wheel.data, wheel.filename)
    kept = read_reviews(directory, wheel.sha256)
    revoked = revocations_of(directory.ledger, foreign)
    base = find_base(directory.ledger, wheel, proposal.delta_from, [item.review for item in kept.reviews], revoked)
    old = find_wheel(directory, base) if base is not None else None
    change = None
    if old is not None:
        change = compare_wheels(old.data, wheel.data, old.filename, wheel.filename, grows=())
    candidate = _candidate(directory.ledger, wheel, contents, proposal, first_seen)
    candidate = _with_proposals(directory.ledger, candidate, proposal, [item.review for item in kept.reviews], revoked)
    if base is not None and change is not None:
        candidate = candidate._replace(base=Base(base.version, change.data_only, change.reasons))
    return Dossier(wheel, candidate, kept.reviews, kept.refused, change, old.data if old else None)


def find_base(
    ledger: Ledger,
    wheel: WheelFile,
    named: str | None,
    reviews: Sequence[Review],
    revoked: Sequence[Revocation],
) -> Approval | None:
    """The approved version that a change starts from: the one named, the last one reviewed from, else the newest
    of those that are older than the wheel.
    """
    wanted = [named] if named is not None else [review.delta_from for review in reversed(reviews) if review.delta_from]
    for version in wanted:
        found = standing_approval(ledger, wheel.package, version, revoked)
        if found is not None:
            return found
    if named is not None:
        raise InputError(f"--delta-from {named}: expected an approved version of {wheel.package} that was not revoked")
    approvals = approvals_of(ledger, wheel.package) if is_version(wheel.version) else []
    older = (item for item in approvals if newest_first((item.version, wheel.version))[1] == item.version)
    others = (item for item in older if wheel.sha256 not in item.sha256)
    standing = (standing_approval(ledger, wheel.package, item.version, revoked) for item in others)
    return next((item for item in standing if item is not None), None)


def find_wheel(directory: ListDirectory, approval: Approval) -> WheelFile | None:
    """The kept wheel of an approval; None when none of its bytes are there."""
    for path in list_wheels(directory):
        name = parse_wheel_name(os.path.basename(path))
        if normalized_name(name.name) == approval.package and same_version(name.version, approval.version):
            wheel = read_wheel_file(path)
            if wheel.sha256 in approval.sha256:
                return wheel
    return None


def list_wheels(directory: ListDirectory) -> list[str]:
    """The paths of the kept wheels."""
    try:
        names = sorted(os.listdir(directory.wheels_path))
    except FileNotFoundError:
        return []
    return [directory.wheel_path(name) for name in names if name.endswith(".whl") and not name.startswith(".")]


def _candidate(ledger: Ledger, wheel: WheelFile, contents: Contents, proposal: Proposal, first_seen: int) -> Candidate:
    package = ledger.packages.get(wheel.package)
    endpoints = package.plugin_api if package is not None else ()
    return Candidate(
        package=wheel.package,
        version=wheel.version,
        filename=wheel.filename,
        sha256=wheel.sha256,
        first_seen=first_seen,
        expires=proposal.expires,
        emails=read_emails(contents),
        not_canonical=wheel.problem or _contradiction(wheel, contents),
        without=tuple(text for text in endpoints if not has_module(tuple(contents.files), text.partition(":")[0])),
        index=proposal.index,
        reimplements=proposal.reimplements,
        notes=proposal.notes,
    )


def _contradiction(wheel: WheelFile, contents: Contents) -> str:
    """Where the inside of a wheel says another package or version than its name: readers believe either."""
    said = {name.lower(): value for name, value in read_headers(contents.read_info("METADATA"))[0]}
    package, version = said.get("name", ""), said.get("version", "")
    if normalized_name(package) == wheel.package and is_version(version) and same_version(version, wheel.version):
        return ""
    return f"its METADATA is of {ascii(package)[:80]} {ascii(version)[:80]}"


def _with_proposals(
    ledger: Ledger,
    candidate: Candidate,
    proposal: Proposal,
    reviews: Sequence[Review],
    revoked: Sequence[Revocation],
) -> Candidate:
    """The candidate with what the entry grants: as said, else as all reviewers of needs agree, else as it was."""
    said = {review.needs for review in reviews if review.needs is not None}
    agreed = said.pop() if len(said) == 1 else previous_needs(ledger, candidate, revoked)
    before = next(iter(approvals_of(ledger, candidate.package)), None)
    watched = (before.presence, before.fingerprint) if before is not None else ((), ())
    expected = [review.configs_sha256 for review in reviews] + [proposal.configs_sha256]
    return candidate._replace(
        needs=proposal.needs if proposal.needs is not None else agreed,
        presence=proposal.presence if proposal.presence is not None else watched[0],
        fingerprint=proposal.fingerprint if proposal.fingerprint is not None else watched[1],
        configs_expected=tuple(dict.fromkeys(digest for digest in expected if digest is not None)),
    )


def read_emails(contents: Contents) -> tuple[str, ...]:
    """The e-mail addresses of authors and maintainers in METADATA."""
    headers, _ = read_headers(contents.read_info("METADATA"))
    fields = [value for name, value in headers if name.lower() in ("author-email", "maintainer-email", "author")]
    return tuple(address for _, address in email.utils.getaddresses(fields) if "@" in address)
