"""Pending wheels: those that a list keeps and has not approved yet, in the order in which it first saw them.

Their evidence is looked for and not verified, which takes half a second: `approve` does that.
"""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING, NamedTuple

from variantkit.errors import VariantkitError
from variantkit.trust.dates import DAY
from variantkit_allowlist.curation.candidate import date_of
from variantkit_allowlist.curation.decision import Case, Way, choose_way, decide_approval
from variantkit_allowlist.curation.dossier import Proposal, list_wheels, read_dossier
from variantkit_allowlist.inspection import read_request
from variantkit_allowlist.inspection.request import MAX_REQUEST_BYTES
from variantkit_allowlist.provenance import find_beside, read_wheel_file
from variantkit_allowlist.store.files import read_file
from variantkit_allowlist.store.wheels import KEY_SUFFIX, seen_at
from variantkit_allowlist.verdict import Provenance

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterator, Sequence

    from variantkit.trust import Revocation
    from variantkit_allowlist.curation.dossier import Dossier
    from variantkit_allowlist.inspection import Request
    from variantkit_allowlist.provenance import WheelFile
    from variantkit_allowlist.store import ListDirectory
    from variantkit_allowlist.verdict import Blocker


class Pending(NamedTuple):
    """A wheel that waits; `case` takes its evidence on trust, `since` is its first sight in unix seconds.

    `path` is where it lies, and `listed` the option that names its list to a command: both as they were typed.
    """

    dossier: Dossier
    case: Case
    since: int
    path: str
    listed: str

    @property
    def way(self) -> Way:
        """What reviews must still add up to."""
        return choose_way(self.case)

    def blockers(self, now: int) -> tuple[Blocker, ...]:
        """What is in the way, as far as it is known without verifying the evidence or running anything.

        Who attested it is not: whether that changed is told by `approve`.
        """
        blockers = decide_approval(self.case, now).blockers
        return tuple(blocker for blocker in blockers if blocker.code != "identity-changed")

    def cooled(self) -> int:
        """When the cooldown ends at the latest: a verified log time may be earlier than our first sight."""
        return self.since + self.case.ledger.policy.cooldown_days * DAY

    @property
    def approval(self) -> str:
        """The command that approves it."""
        return f"variantkit-allowlist approve {shlex.quote(self.path)}{self.listed}"

    def target(self) -> datetime.date:
        """By when its vendor may expect an answer."""
        return date_of(self.since + self.case.ledger.policy.review_days * DAY)


class Queue(NamedTuple):
    """What waits, the oldest first, and a sentence for each file that cannot be read."""

    pending: tuple[Pending, ...]
    unreadable: tuple[str, ...]


def read_queue(directory: ListDirectory, now: int, foreign: Sequence[Revocation] = ()) -> Queue:
    """Read every wheel that is kept and neither approved nor revoked, and every request with its wheel."""
    known = {digest for item in directory.ledger.approved for digest in item.sha256}
    found: dict[str, Pending] = {}
    unreadable: list[str] = []
    for path, request in _subjects(directory, unreadable):
        try:
            wheel = read_wheel_file(path)
            if wheel.sha256 not in known and wheel.sha256 not in found:
                pending = _pending(directory, wheel, path, request, now, foreign)
                if not any(blocker.code == "revoked" for blocker in pending.blockers(now)):
                    found[wheel.sha256] = pending
        except VariantkitError as error:
            unreadable.append(str(error))
    return Queue(
        tuple(sorted(found.values(), key=lambda item: (item.since, item.dossier.wheel.filename))), tuple(unreadable)
    )


def _subjects(directory: ListDirectory, unreadable: list[str]) -> Iterator[tuple[str, Request | None]]:
    """The paths of wheels, those of requests first, since a request says more."""
    folder = directory.requests_path
    names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    for name in names:
        path = os.path.join(folder, name)
        if not name.endswith(".json"):
            continue
        try:
            request = read_request(read_file(path, MAX_REQUEST_BYTES), path)
        except VariantkitError as error:
            unreadable.append(str(error))
            continue
        places = (os.path.join(folder, request.filename), directory.wheel_path(request.filename))
        wheel = next(filter(os.path.isfile, places), None)
        if wheel is None:
            unreadable.append(f"{path}: the wheel {request.filename} is not beside it; ask the vendor for it")
        else:
            yield wheel, request
    for path in list_wheels(directory):
        yield path, None


def _pending(
    directory: ListDirectory,
    wheel: WheelFile,
    path: str,
    request: Request | None,
    now: int,
    foreign: Sequence[Revocation],
) -> Pending:
    seen = seen_at(directory, wheel.sha256)
    since = now if seen is None else seen
    last = date_of(now + directory.ledger.policy.approval_days * DAY)
    proposal = Proposal(expires=last)
    if request is not None:
        proposal = proposal._replace(needs=request.needs, presence=request.presence, fingerprint=request.fingerprint)
    dossier = read_dossier(directory, wheel, proposal, since, foreign)
    provenance = _assumed(directory, path, request)
    case = dossier.case(directory.ledger, provenance, "", foreign)
    listed = "" if directory.path == os.curdir else f" --list {shlex.quote(directory.path)}"
    return Pending(dossier, case, since, os.path.normpath(path), listed)


def _assumed(directory: ListDirectory, path: str, request: Request | None) -> Provenance:
    """Evidence as if it verified: what `suggest` and `status` say is about reviews and dates."""
    named = [] if request is None else [file.name for file in request.evidence]
    kind = ""
    for place in (path, directory.wheel_path(os.path.basename(path))):
        if find_beside(place) or any(not name.endswith(KEY_SUFFIX) for name in named):
            kind = kind or "identity"
        elif os.path.isfile(place + KEY_SUFFIX) or named:
            kind = kind or "key"
    if not kind:
        return Provenance(False, "not-attested", "no evidence lies beside it")
    return Provenance(True, "ok", "not verified here", "identity" if kind == "identity" else "key")
