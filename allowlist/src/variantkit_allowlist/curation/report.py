"""Report on a kept list: what is approved and until when, what waits for whom, and who does the reading. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from variantkit.trust.dates import DAY, format_date
from variantkit_allowlist.curation.candidate import date_of
from variantkit_allowlist.curation.history import find_revocation, revocations_of

if TYPE_CHECKING:
    import datetime
    from collections.abc import Collection, Iterable, Sequence

    from variantkit.trust import Revocation
    from variantkit_allowlist.curation.pending import Pending
    from variantkit_allowlist.model import Approval, Ledger, Revoked
    from variantkit_allowlist.statements import Review

SOON_DAYS = 90
BUSY_DAYS = 30
"""Reviews of these last days are counted by person: whoever signs much in little time reads little."""

REVIEW_CODES = ("reviews-missing", "criteria-missing", "affiliation-missing", "needs-unreviewed", "delta-unknown")


class EntryReport(NamedTuple):
    """An approval. `state` is ok, expiring, expired or revoked; `published` None where nothing is published yet."""

    package: str
    version: str
    namespace: str
    sha256: tuple[str, ...]
    evidence: str
    who: tuple[str, ...]
    criteria: tuple[str, ...]
    approved: str
    expires: str
    state: str
    superseded: bool
    published: bool | None


class PendingReport(NamedTuple):
    """A wheel that waits, at `path`, and the command that approves it; `position` counts from 1.

    `days` are left until the target, negative when it is past. `cooldown` is the day on which it ends at the latest, ""
    when it has; `reviews` and `others` are what is in the way.
    """

    position: int
    package: str
    version: str
    filename: str
    path: str
    approval: str
    sha256: str
    since: str
    target: str
    days: int
    cooldown: str
    reviews: tuple[str, ...]
    others: tuple[str, ...]


class RevokedReport(NamedTuple):
    """A revocation of this list: `what` is a package, a version of it, or bytes."""

    what: str
    since: str
    who: str
    reason: str


class Counters(NamedTuple):
    """The list in numbers; `busy` are reviews of the last BUSY_DAYS by reviewer."""

    approved: int
    expiring: int
    expired: int
    revoked: int
    unattested: int
    unpublished: int
    pending: int
    overdue: int
    cooling: int
    busy: tuple[tuple[str, int], ...]


class ListReport(NamedTuple):
    """All of it, entries in the file's order and what waits in its own."""

    id: str
    entries: tuple[EntryReport, ...]
    pending: tuple[PendingReport, ...]
    counters: Counters
    revocations: tuple[RevokedReport, ...]


def report_list(
    ledger: Ledger,
    queue: Sequence[Pending],
    reviews: Iterable[Review],
    published: Collection[str] | None,
    now: int,
    foreign: Sequence[Revocation] = (),
) -> ListReport:
    """Describe a list; `published` are the sha256 that the published edition approves, None before the first one."""
    revoked = revocations_of(ledger, foreign)
    entries = tuple(_entry(item, revoked, published, date_of(now)) for item in ledger.approved)
    pending = tuple(_pending(place, item, now) for place, item in enumerate(queue, 1))
    states = [entry.state for entry in entries]
    counters = Counters(
        approved=states.count("ok") + states.count("expiring"),
        expiring=states.count("expiring"),
        expired=states.count("expired"),
        revoked=states.count("revoked"),
        unattested=sum(entry.evidence == "none" and entry.state in ("ok", "expiring") for entry in entries),
        unpublished=sum(entry.published is False and entry.state in ("ok", "expiring") for entry in entries),
        pending=len(pending),
        overdue=sum(item.days < 0 for item in pending),
        cooling=sum(bool(item.cooldown) for item in pending),
        busy=_busy(reviews, now),
    )
    return ListReport(ledger.id, entries, pending, counters, tuple(map(_revocation, ledger.revoked)))


def _revocation(item: Revoked) -> RevokedReport:
    bytes_alone = ", ".join(f"sha256 {digest}" for digest in item.sha256)
    what = bytes_alone or f"{item.package} {item.version or '(every version)'}"
    return RevokedReport(what, item.since.isoformat(), item.who, item.reason)


def _entry(
    item: Approval, revoked: Sequence[Revocation], published: Collection[str] | None, today: datetime.date
) -> EntryReport:
    state = "ok"
    if find_revocation(revoked, item.package, item.version, item.sha256) is not None:
        state = "revoked"
    elif item.expires <= today:
        state = "expired"
    elif (item.expires - today).days <= SOON_DAYS:
        state = "expiring"
    return EntryReport(
        package=item.package,
        version=item.version,
        namespace=item.namespace,
        sha256=item.sha256,
        evidence=item.evidence,
        who=item.who,
        criteria=item.criteria,
        approved=item.approved.isoformat(),
        expires=item.expires.isoformat(),
        state=state,
        superseded=item.superseded,
        published=None if published is None else set(item.sha256) <= set(published),
    )


def _pending(place: int, item: Pending, now: int) -> PendingReport:
    wheel = item.dossier.wheel
    blockers = [blocker for blocker in item.blockers(now) if blocker.code != "cooldown"]
    told = [(blocker.code, f"{blocker.code}: {blocker.detail}") for blocker in blockers]
    # The evidence is taken on trust here, and with it the root that it would have been verified from.
    return PendingReport(
        position=place,
        package=wheel.package,
        version=wheel.version,
        filename=wheel.filename,
        path=item.path,
        approval=item.approval,
        sha256=wheel.sha256,
        since=format_date(item.since),
        target=item.target().isoformat(),
        days=(item.target() - date_of(now)).days,
        cooldown=format_date(item.cooled()) if now < item.cooled() else "",
        reviews=tuple(text for code, text in told if code in REVIEW_CODES),
        others=tuple(text for code, text in told if code not in REVIEW_CODES),
    )


def _busy(reviews: Iterable[Review], now: int) -> tuple[tuple[str, int], ...]:
    counts: dict[str, int] = {}
    for review in reviews:
        if now - BUSY_DAYS * DAY <= review.time <= now:
            counts[review.who] = counts.get(review.who, 0) + 1
    return tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
