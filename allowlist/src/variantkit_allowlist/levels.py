"""Status of approved lists: what was read, what decides, and what is about to end. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from variantkit.trust import entries_in_force, state_of
from variantkit.trust.dates import DAY, format_date
from variantkit.trust.union import deciding_lists, mode_note, narrowing_lists

if TYPE_CHECKING:
    from variantkit.trust import Approvals, LevelList

SOON = 90 * DAY
"""What ends within this time, in seconds, is told."""


class ListStatus(NamedTuple):
    """One list; `role` is decides, narrows or revokes (its revocations alone count); `code` is "ok" or the gate's.

    Dates are ISO 8601 text, "" where the list has none. `expiring` are sentences.
    """

    level: str
    path: str
    role: str
    code: str
    detail: str
    id: str = ""
    serial: int | None = None
    issued: str = ""
    renew_by: str = ""
    expires: str = ""
    origin: str = ""
    exclusive: bool = False
    entries: int = 0
    revocations: int = 0
    sha256: str = ""
    expiring: tuple[str, ...] = ()


class Status(NamedTuple):
    """All lists, highest level first, and how many entries of them are in force together."""

    lists: tuple[ListStatus, ...]
    in_force: int

    @property
    def exit_code(self) -> int:
        """0 all that decides is in force, 1 something has ended or is missing, 3 something cannot be believed."""
        codes = {item.code for item in self.lists if item.role != "revokes"}
        if codes & {"list-invalid", "clock-before-list"}:
            return 3
        return 0 if codes == {"ok"} else 1


def describe_lists(approvals: Approvals, now: int) -> Status:
    """Describe every list that was read, and every one that was refused, at `now` in unix seconds."""
    read = [_describe(approvals, item, now) for item in approvals.lists]
    refused = [
        ListStatus(problem.level, problem.where, "decides", problem.code, problem.detail)
        for problem in approvals.problems
    ]
    in_force = 0 if refused else len(entries_in_force(approvals, now))
    return Status((*refused, *read), in_force)


def _describe(approvals: Approvals, item: LevelList, now: int) -> ListStatus:
    approved = item.approved
    state = state_of(item, approvals.latest, now)
    return ListStatus(
        level=item.level,
        path=approved.where,
        role=_role(approvals, item),
        code=state.code or "ok",
        detail=state.detail or mode_note(item, approvals.latest, now),
        id=approved.id,
        serial=approved.serial,
        issued=_date(approved.issued),
        renew_by=_date(approved.renew_by),
        expires=_date(approved.expires),
        origin=approved.origin,
        exclusive=approved.exclusive,
        entries=len(approved.entries),
        revocations=len(approved.revoked),
        sha256=approved.sha256,
        expiring=tuple(_expiring(item, max(now, approvals.latest))),
    )


def _role(approvals: Approvals, item: LevelList) -> str:
    if item in deciding_lists(approvals):
        return "decides"
    return "narrows" if item in narrowing_lists(approvals) else "revokes"


def _expiring(item: LevelList, now: int) -> list[str]:
    """What of a list ends within SOON, or should have been renewed."""
    approved = item.approved
    told = []
    if approved.renew_by is not None and approved.renew_by <= now < approved.expires:
        told.append(f"the list was to be renewed by {format_date(approved.renew_by)}")
    if now < approved.expires <= now + SOON:
        told.append(f"the list ends {format_date(approved.expires)}")
    for entry in approved.entries:
        if entry.expires is not None and entry.expires <= now + SOON:
            ends = "ended" if entry.expires <= now else "ends"
            told.append(f"{entry.package} {entry.version} {ends} {format_date(entry.expires)}")
    return told


def _date(seconds: int | None) -> str:
    return "" if seconds is None else format_date(seconds)
