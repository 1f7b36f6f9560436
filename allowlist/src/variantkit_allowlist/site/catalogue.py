"""Catalogue of a list: what the pages say of every provider, decided from the list's own records. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from variantkit.trust import Entry, Revocation
from variantkit.trust.dates import DAY, format_date, parse_date
from variantkit.trust.revocation import revocation_of_entry
from variantkit.variants.grammar import normalized_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from variantkit.trust import ApprovedList
    from variantkit_allowlist.model import Approval, Ledger, Package, Revoked

SOON = 90 * DAY
"""What ends within this time, in seconds, is expiring."""

STATES = ("approved", "expiring", "unpublished", "superseded", "expired", "revoked")


class WheelFacts(NamedTuple):
    """What lies in the list's directory for a wheel: its name, size, and what an inspection found, group by group.

    `summary` is the recorded verification summary, "" when there is none.
    """

    filename: str = ""
    size: int | None = None
    capabilities: tuple[tuple[str, tuple[str, ...]], ...] = ()
    summary: str = ""


class Version(NamedTuple):
    """One approved version, judged: `state` is one of STATES, `why` the sentence that goes with it.

    `ends` is the day (ISO 8601) on which the approval or the published list ends, whichever is first. `origin` is the
    import that it was taken over from, "" for the list's own.
    """

    approval: Approval
    state: str
    why: str
    ends: str
    wheels: tuple[tuple[str, WheelFacts], ...] = ()
    origin: str = ""

    @property
    def weak(self) -> bool:
        """Whether nothing shows where the bytes come from."""
        return self.approval.evidence == "none"


class Provider(NamedTuple):
    """One package: what the list says of it (None when only approvals name it), and its versions, newest first."""

    name: str
    namespaces: tuple[str, ...]
    package: Package | None
    versions: tuple[Version, ...]


class Ended(NamedTuple):
    """One revocation; `origin` is "" for the list's own, else whose it is."""

    package: str
    version: str
    sha256: tuple[str, ...]
    since: str
    reason: str
    who: str = ""
    origin: str = ""


class Catalogue(NamedTuple):
    """All that the site shows; `edition` is the published enforcement file, None before the first."""

    ledger: Ledger
    day: int
    edition: ApprovedList | None
    providers: tuple[Provider, ...]
    revoked: tuple[Ended, ...]

    @property
    def namespaces(self) -> tuple[str, ...]:
        return tuple(sorted({name for provider in self.providers for name in provider.namespaces}))


def build_catalogue(
    ledger: Ledger,
    edition: ApprovedList | None,
    wheels: Mapping[str, WheelFacts],
    now: int,
    imported: Mapping[str, Sequence[Approval]] = {},
) -> Catalogue:
    """Judge everything at the start of the day of `now`, so that a site made twice in a day is the same.

    `imported` are other teams' approvals by the import's name; what of them is in the edition is shown.
    """
    day = now // DAY * DAY
    revoked = _revocations(ledger, edition)
    names = {normalized_name(name): package for name, package in ledger.packages.items()}
    by_name: dict[str, list[Version]] = {name: [] for name in names}
    for origin, approval in [("", item) for item in ledger.approved] + _taken_over(ledger, edition, imported):
        found = tuple((digest, wheels.get(digest, WheelFacts())) for digest in approval.sha256)
        state, why, ends = _state(approval, edition, revoked, day)
        version = Version(approval, state, why, format_date(ends), found, origin)
        by_name.setdefault(normalized_name(approval.package), []).append(version)
    providers = [_provider(name, names.get(name), versions) for name, versions in sorted(by_name.items())]
    return Catalogue(ledger, day, edition, tuple(providers), _ended(ledger, edition))


def _provider(name: str, package: Package | None, versions: list[Version]) -> Provider:
    namespaces = {version.approval.namespace for version in versions} | ({package.namespace} if package else set())
    newest = sorted(versions, key=lambda version: _order(version.approval.version), reverse=True)
    return Provider(name, tuple(sorted(namespaces)), package, tuple(newest))


def _order(version: str) -> tuple[bool, object, str]:
    from packaging.version import InvalidVersion
    from packaging.version import Version as Ordered

    try:
        return True, Ordered(version), version
    except InvalidVersion:
        return False, 0, version


def _taken_over(
    ledger: Ledger, edition: ApprovedList | None, imported: Mapping[str, Sequence[Approval]]
) -> list[tuple[str, Approval]]:
    """Other teams' approvals that the edition holds and the ledger does not."""
    own = {sha256 for approval in ledger.approved for sha256 in approval.sha256}
    return [
        (name, approval)
        for name, approvals in sorted(imported.items())
        for approval in approvals
        if own.isdisjoint(approval.sha256) and _is_published(approval, edition)
    ]


def _state(
    approval: Approval, edition: ApprovedList | None, revoked: Iterable[Revocation], day: int
) -> tuple[str, str, int]:
    """The state, a sentence, and when the approval ends, in unix seconds."""
    name = normalized_name(approval.package)
    entry = Entry(approval.namespace, name, approval.version, approval.sha256, approval.plugin_api)
    gone = revocation_of_entry(revoked, entry)
    ends = parse_date(approval.expires.isoformat())
    listed = min(ends, edition.expires // DAY * DAY) if edition else ends
    if gone is not None:
        since = f" since {format_date(gone.since)}" if gone.since is not None else ""
        return "revoked", f"Revoked{since}: {gone.reason}" if gone.reason else f"Revoked{since}", ends
    if ends <= day:
        return "expired", f"The approval ended on {format_date(ends)}", ends
    if not _is_published(approval, edition):
        return "unpublished", "Not in the published edition yet: no machine may run it", ends
    if listed <= day:
        return "expired", f"The published list ended on {format_date(listed)}", listed
    if approval.superseded:
        return "superseded", "Runs only where nothing newer fits", listed
    if listed <= day + SOON:
        return "expiring", f"Ends on {format_date(listed)}", listed
    return "approved", f"In force until {format_date(listed)}", listed


def _is_published(approval: Approval, edition: ApprovedList | None) -> bool:
    entries = edition.entries if edition else ()
    return any(
        set(approval.sha256) <= set(entry.sha256)
        for entry in entries
        if entry.package == normalized_name(approval.package) and entry.namespace == approval.namespace
    )


def _revocations(ledger: Ledger, edition: ApprovedList | None) -> tuple[Revocation, ...]:
    own = (
        Revocation(
            normalized_name(gone.package or ""),
            gone.version,
            gone.sha256,
            parse_date(gone.since.isoformat()),
            gone.reason,
        )
        for gone in ledger.revoked
    )
    return (*own, *(edition.revoked if edition else ()))


def _ended(ledger: Ledger, edition: ApprovedList | None) -> tuple[Ended, ...]:
    """Every revocation once, newest first: the list's own, then those that an edition took over from elsewhere."""
    own = [_own(gone) for gone in ledger.revoked]
    known = {(gone.package, gone.version, gone.sha256) for gone in own}
    taken = [
        Ended(gone.package, gone.version or "", gone.sha256, _day(gone.since), gone.reason, origin="imported")
        for gone in (edition.revoked if edition else ())
        if (gone.package, gone.version or "", gone.sha256) not in known
    ]
    return tuple(sorted([*own, *taken], key=lambda gone: (gone.since, gone.package, gone.version), reverse=True))


def _own(gone: Revoked) -> Ended:
    package = normalized_name(gone.package or "")
    return Ended(package, gone.version or "", gone.sha256, gone.since.isoformat(), gone.reason, gone.who)


def _day(seconds: int | None) -> str:
    return "" if seconds is None else format_date(seconds)[:10]
