"""Levels of approved lists: where they lie, and reading them. The only I/O of the trust wing, besides the memory."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from variantkit.errors import UndeterminedError
from variantkit.trust.approved import MAX_BYTES, parse_approved
from variantkit.trust.dates import DAY, format_date
from variantkit.trust.memory import Seen, load_seen, save_seen
from variantkit.trust.ownership import read_own_file
from variantkit.trust.union import (
    EMBEDDED,
    FLAG,
    SYSTEM,
    USER,
    VARIABLE,
    Approvals,
    LevelList,
    ListProblem,
    deciding_lists,
    state_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from variantkit.trust.approved import ApprovedList

__all__ = ["EMBEDDED_WHERE", "Approvals", "load_approvals", "memory_path", "system_path", "user_path"]

EMBEDDED_WHERE = "the embedded list"
_VARIABLE_MARK = " (variable)"  # no id has a space

# The identifiers of Windows' known folders; environment variables that name them are not asked.
_PROGRAM_DATA = "{62AB5D82-FDC1-4DC3-A9DD-070D1D495D97}"
_ROAMING_DATA = "{3EB685DB-65F9-4CF6-A03A-E3EF65729F3D}"
_LOCAL_DATA = "{F1B32785-6FBA-4FCF-9D55-7B8E7F157091}"


def system_path() -> str | None:
    """Where the machine's administrator puts a list: a constant, whatever the environment says."""
    if sys.platform == "win32":
        return _known_folder(_PROGRAM_DATA, "variantkit", "approved.json")
    return "/etc/variantkit/approved.json"


def user_path() -> str | None:
    """Where the effective user's own list lies; None for a user without a home.

    The home is the user database's, not HOME's: under sudo that would be somebody else's, and XDG variables are
    part of an environment that a project directory or a CI file can set.
    """
    if sys.platform == "win32":
        return _known_folder(_ROAMING_DATA, "variantkit", "approved.json")
    return _below_home(".config", "variantkit", "approved.json")


def memory_path() -> str | None:
    """The folder in which the effective user's memory of serials lies; None for a user without a home."""
    if sys.platform == "win32":
        return _known_folder(_LOCAL_DATA, "variantkit", "serials")
    return _below_home(".local", "state", "variantkit", "serials")


def load_approvals(
    *,
    flag: str | None,
    variable: str | None,
    user_path: str | None,
    system_path: str | None,
    embedded: bytes | None,
    now: int,
    memory_dir: str | None,
) -> Approvals:
    """Read the lists of all levels and remember the highest serials; what cannot be believed is a problem.

    `flag` and `variable` are paths as given, `embedded` is the content of the list inside the SDK, `now` is in unix
    seconds. Nothing raises: a refused list denies everything, through the gate.
    """
    if variable and not _is_own_environment():
        variable = None
    found: list[LevelList] = []
    problems: list[ListProblem] = []
    places = ((SYSTEM, system_path), (USER, user_path), (FLAG, flag), (VARIABLE, variable))
    for level, path in places:
        if path:
            _read_level(level, path, found, problems)
    if embedded is not None:
        _parse_level(EMBEDDED, embedded, EMBEDDED_WHERE, found, problems)
    lists, latest = _with_floors(found, now, memory_dir)
    approvals = Approvals(tuple(lists), tuple(problems), latest)
    return approvals._replace(warnings=tuple(_renewal_warnings(approvals, now)))


def _read_level(level: str, path: str, found: list[LevelList], problems: list[ListProblem]) -> None:
    try:
        data = read_own_file(path, MAX_BYTES)
    except (UndeterminedError, ValueError) as error:  # ValueError: a path with a NUL
        problems.append(ListProblem(level, path, "list-invalid", str(error)))
        return
    if data is not None:
        _parse_level(level, data, path, found, problems)
    elif level in (FLAG, VARIABLE):
        problems.append(ListProblem(level, path, "list-invalid", f"{path}: there is no such approved list"))


def _parse_level(level: str, data: bytes, where: str, found: list[LevelList], problems: list[ListProblem]) -> None:
    try:
        found.append(LevelList(level, parse_approved(data, where)))
    except UndeterminedError as error:
        problems.append(ListProblem(level, where, "list-invalid", str(error)))


def _with_floors(found: list[LevelList], now: int, memory_dir: str | None) -> tuple[list[LevelList], int]:
    """Give every list the least serial its id may have, and remember what was seen.

    For files that is the higher of the embedded list's serial and, once a higher one was seen, that: lists of one id
    that are there together are editions that unite. The embedded list has no floor: another SDK of the same user
    may be newer, and that is no attack.
    """
    embedded = next((item.approved for item in found if item.level == EMBEDDED), None)
    believable = [item.approved for item in found if now >= (item.approved.issued or 0) - DAY]
    latest = max((approved.issued or 0 for approved in believable), default=0)
    floors: dict[tuple[str, bool], int] = {}
    for list_id in sorted({item.approved.id for item in found if item.level != EMBEDDED and item.approved.id}):
        here = [item for item in found if item.approved.id == list_id and item.level != EMBEDDED]
        least = embedded.serial if embedded is not None and embedded.id == list_id else 0
        seen = Seen()
        for named in (False, True):
            mine = [item.approved for item in here if (item.level == VARIABLE) <= named]
            new = [item.approved for item in here if (item.level == VARIABLE) == named and item.approved in believable]
            seen = _highest(seen, _remember(memory_dir, f"{list_id}{_VARIABLE_MARK if named else ''}", new))
            present = max((approved.serial for approved in mine), default=0)
            floors[list_id, named] = max(least, seen.serial if present < seen.serial else 0)
        latest = max(latest, seen.issued)
    floored = [
        item
        if item.level == EMBEDDED
        else item._replace(floor=floors.get((item.approved.id, item.level == VARIABLE), 0))
        for item in found
    ]
    return floored, latest


def _highest(left: Seen, right: Seen) -> Seen:
    return Seen(max(left.serial, right.serial), max(left.issued, right.issued))


def _remember(memory_dir: str | None, list_id: str, lists: Iterable[ApprovedList]) -> Seen:
    """Return what is remembered of an id, these lists included; write it when they are newer."""
    before = seen = load_seen(memory_dir, list_id)
    for approved in lists:
        seen = _highest(seen, Seen(approved.serial, approved.issued or 0))
    if seen != before:
        save_seen(memory_dir, list_id, seen)
    return seen


def _renewal_warnings(approvals: Approvals, now: int) -> Iterator[str]:
    """At most one sentence: which lists in force should be renewed."""
    due = [
        f"{item.approved.where} (ends {format_date(item.approved.expires)})"
        for item in deciding_lists(approvals)
        if item.approved.renew_by is not None
        and max(now, approvals.latest) >= item.approved.renew_by
        and not state_of(item, approvals.latest, now).code
    ]
    if due:
        fix = "install a newer variantkit" if due[0].startswith(EMBEDDED_WHERE) else "ask its keeper for a newer one"
        yield f"the approved list is due for renewal: {', '.join(due)}; {fix}"


def _is_own_environment() -> bool:
    """Whether whoever set the environment has the rights that we run with (not under setuid or setgid)."""
    if not hasattr(os, "geteuid"):
        return True
    return os.getuid() == os.geteuid() and os.getgid() == os.getegid()


def _below_home(*parts: str) -> str | None:
    try:
        import pwd

        home = pwd.getpwuid(os.geteuid()).pw_dir
    except (ImportError, KeyError):
        return None
    return os.path.join(home, *parts) if os.path.isabs(home) else None


def _known_folder(identifier: str, *parts: str) -> str | None:
    """Ask Windows where one of its known folders is; None when it does not say."""
    if sys.platform != "win32":
        return None
    import ctypes
    import uuid

    wanted = (ctypes.c_byte * 16).from_buffer_copy(uuid.UUID(identifier).bytes_le)
    path = ctypes.c_wchar_p()
    if ctypes.windll.shell32.SHGetKnownFolderPath(ctypes.byref(wanted), 0, None, ctypes.byref(path)):
        return None
    try:
        return os.path.join(path.value, *parts) if path.value else None
    finally:
        ctypes.windll.ole32.CoTaskMemFree(path)
