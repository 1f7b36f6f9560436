"""Union of the lists of all levels: which entries and revocations are in force at a moment. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from variantkit.trust.approved import ISOLATION_LEVELS, entry_identity
from variantkit.trust.dates import DAY, format_date
from variantkit.trust.needs import Needs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from variantkit.trust.approved import ApprovedList, Entry, Revocation

SYSTEM, USER, FLAG, VARIABLE, EMBEDDED = "system", "user", "flag", "variable", "embedded"
LEVELS = (SYSTEM, USER, FLAG, VARIABLE, EMBEDDED)
"""Highest first."""

_SILENT = "silent"
"""The level of a list that only revokes."""


class LevelList(NamedTuple):
    """A list that was read, and its level; `floor` is the least serial that its id may still have."""

    level: str
    approved: ApprovedList
    floor: int = 0


class ListProblem(NamedTuple):
    """A list that was refused as a whole. Nothing is approved while one is there, since it may have said no."""

    level: str
    where: str
    code: str
    detail: str


class Approvals(NamedTuple):
    """All that decides which providers may run.

    `lists` are in the order of LEVELS. `latest` is the latest `issued` (unix seconds) ever seen: time is not before
    it. `warnings` are sentences for the user, at most one per cause.
    """

    lists: tuple[LevelList, ...] = ()
    problems: tuple[ListProblem, ...] = ()
    latest: int = 0
    warnings: tuple[str, ...] = ()


class State(NamedTuple):
    """Why a list approves nothing at the moment; `code` is "" while it does."""

    code: str = ""
    detail: str = ""


def state_of(item: LevelList, latest: int, clock: int) -> State:
    """Judge one list by serial and dates; `clock` is the time now, in unix seconds."""
    approved = item.approved
    if approved.issued is not None and clock < approved.issued - DAY:
        dates = f"issued {format_date(approved.issued)}, the clock says {format_date(clock)}"
        return State("clock-before-list", f"{approved.where}: {dates}; set the clock")
    if approved.serial < item.floor:
        detail = f"{approved.where}: serial {approved.serial}, but {item.floor} was seen; put the newer list back"
        return State("list-rolled-back", detail)
    if max(clock, latest, approved.issued or 0) >= approved.expires:
        fix = "install a newer variantkit" if item.level == EMBEDDED else "ask its keeper for a newer one"
        return State("list-expired", f"{approved.where}: expired {format_date(approved.expires)}; {fix}")
    return State()


def warns_until(item: LevelList, latest: int, clock: int) -> int | None:
    """When a list that only warns begins to enforce (unix seconds); None when it does already.

    Only the machine's administrator may let something run on that no list of theirs approves: the system's list.
    One that is refused or has ended for another reason warns no longer.
    """
    until = item.approved.warn_until
    if item.level != SYSTEM or until is None or state_of(item, latest, clock).code:
        return None
    return until if max(clock, latest, item.approved.issued or 0) < until else None


def mode_note(item: LevelList, latest: int, clock: int) -> str:
    """A sentence on a list whose `mode` is `warn`; "" for any other."""
    until = item.approved.warn_until
    if until is None:
        return ""
    if item.level != SYSTEM:
        return "mode warn has an effect in the system's list alone; this one enforces"
    if warns_until(item, latest, clock) is None:
        return f"mode warn ended {format_date(until)}; it enforces"
    return f"warns until {format_date(until)}: what only lower levels' lists approve runs until then"


def without_warning_list(approvals: Approvals, clock: int) -> tuple[Approvals, int] | None:
    """What is approved but for a system list that only warns, and until when; None when there is no such list.

    Its revocations stay: whatever it revokes never runs.
    """
    system = next((item for item in approvals.lists if item.level == SYSTEM), None)
    until = warns_until(system, approvals.latest, clock) if system else None
    if system is None or until is None:
        return None
    silent = system._replace(level=_SILENT, approved=system.approved._replace(exclusive=False, entries=()))
    return approvals._replace(lists=tuple(silent if item is system else item for item in approvals.lists)), until


def revocations(approvals: Approvals) -> Iterator[Revocation]:
    """Every revocation of every readable list: they outlive dates, levels and serials."""
    for item in approvals.lists:
        yield from item.approved.revoked


def entries_in_force(approvals: Approvals, clock: int) -> tuple[Entry, ...]:
    """The entries that approve something at the moment, highest level first, then in the list's order."""
    return _decide(approvals, [item for item in approvals.lists if not state_of(item, approvals.latest, clock).code])


def entries_written(approvals: Approvals) -> tuple[Entry, ...]:
    """The entries as if no list were expired, rolled back or of the future; to say why there is none."""
    return _decide(approvals, list(approvals.lists))


def deciding_lists(approvals: Approvals) -> list[LevelList]:
    """The lists whose entries count at all.

    A system list alone, where there is one. Else the user's list and the one that is named (`--approved`, or for
    want of it `VARIANTKIT_APPROVED`). The embedded list counts when there is none of these, and with a list of its
    own id, of which it is another edition, unless that is `exclusive`.
    """
    by_level = {item.level: item for item in approvals.lists}
    named = by_level.get(FLAG) or by_level.get(VARIABLE)
    chosen = [item for item in (by_level.get(SYSTEM),) if item] or [
        item for item in (by_level.get(USER), named) if item
    ]
    embedded = by_level.get(EMBEDDED)
    if embedded is None:
        return chosen
    same = any(item.approved.id == embedded.approved.id != "" for item in chosen)
    exclusive = any(item.approved.exclusive for item in approvals.lists if item is not embedded)
    return [*chosen, embedded] if not chosen or (same and not exclusive) else chosen


def narrowing_lists(approvals: Approvals) -> list[LevelList]:
    """The lists that, below a system list, may only take away: its own id's other editions say nothing new."""
    system = next((item for item in approvals.lists if item.level == SYSTEM), None)
    if system is None or system.approved.exclusive:
        return []
    below = [item for item in approvals.lists if item.level not in (SYSTEM, EMBEDDED)]
    return [item for item in below if not item.approved.id or item.approved.id != system.approved.id]


def _decide(approvals: Approvals, alive: list[LevelList]) -> tuple[Entry, ...]:
    entries = _united([item for item in deciding_lists(approvals) if item in alive])
    for item in narrowing_lists(approvals):
        entries = _narrowed(entries, item.approved.entries if item in alive else ())
    return tuple(entries)


def _united(lists: Sequence[LevelList]) -> list[Entry]:
    """Where lists of one id describe the same version, the higher serial's word counts; else the higher level's."""
    if len(lists) == 1:  # it describes no version twice
        return list(lists[0].approved.entries)
    held: dict[tuple[str, str, str], tuple[Entry, ApprovedList]] = {}
    for item in lists:
        for entry in item.approved.entries:
            key = entry_identity(entry)
            other = held[key][1] if key in held else None
            same_id = other is not None and item.approved.id == other.id != ""
            if other is None or (same_id and item.approved.serial > other.serial):
                held[key] = (entry, item.approved)
    return [entry for entry, _ in held.values()]


def _narrowed(entries: Iterable[Entry], limits: Iterable[Entry]) -> list[Entry]:
    by_key = {entry_identity(limit): limit for limit in limits}
    both = [(entry, by_key[entry_identity(entry)]) for entry in entries if entry_identity(entry) in by_key]
    narrowed = [_narrow(entry, limit) for entry, limit in both]
    return [entry for entry in narrowed if entry is not None]


def _narrow(entry: Entry, limit: Entry) -> Entry | None:
    """What both entries approve; None when that is nothing."""
    indexes = _both(entry.index, limit.index) if entry.index and limit.index else entry.index or limit.index
    levels = [level for level in (entry.isolation, limit.isolation) if level is not None]
    expiries = [expires for expires in (entry.expires, limit.expires) if expires is not None]
    mine, theirs = entry.needs, limit.needs
    narrowed = entry._replace(
        sha256=_both(entry.sha256, limit.sha256),
        plugin_api=_both(entry.plugin_api, limit.plugin_api),
        index=indexes,
        configs_sha256=entry.configs_sha256 or limit.configs_sha256,
        isolation=max(levels, key=ISOLATION_LEVELS.index, default=None),
        needs=Needs(
            _both(mine.read, theirs.read),
            _both(mine.devices, theirs.devices),
            _both(mine.libraries, theirs.libraries),
            _both(mine.programs, theirs.programs),
            mine.fork and theirs.fork,
        ),
        reimplements=_both(entry.reimplements, limit.reimplements),
        expires=min(expiries, default=None),
    )
    disjoint = bool(entry.index and limit.index and not indexes)
    contradicting = limit.configs_sha256 is not None and narrowed.configs_sha256 != limit.configs_sha256
    usable = narrowed.sha256 and narrowed.plugin_api and not disjoint and not contradicting
    return narrowed if usable else None


def _both(left: tuple[str, ...], right: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(item for item in left if item in right)
