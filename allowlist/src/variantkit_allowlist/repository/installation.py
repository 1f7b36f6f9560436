"""Installation: a verified edition becomes the approved list of this machine, or of this user."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import tempfile
from typing import TYPE_CHECKING, NamedTuple

from variantkit.errors import InputError, UndeterminedError
from variantkit.trust.approved import MAX_BYTES, parse_approved
from variantkit.trust.dates import DAY, format_date
from variantkit.trust.memory import Seen, load_seen, save_seen
from variantkit.trust.ownership import read_own_file
from variantkit_allowlist.repository.approved import APPROVED, read_edition
from variantkit_allowlist.repository.client import fetch, find_root
from variantkit_allowlist.repository.difference import missing_revocations
from variantkit_allowlist.repository.folders import make_own_folder
from variantkit_allowlist.repository.installed import state_directory
from variantkit_allowlist.repository.refusal import RepositoryError, UnclearError
from variantkit_allowlist.repository.sources import Server, open_copy
from variantkit_allowlist.repository.state import State, load_state, save_state
from variantkit_allowlist.store.files import locked, write_whole

if TYPE_CHECKING:
    from variantkit.trust.approved import ApprovedList
    from variantkit_allowlist.repository.client import Fetched
    from variantkit_allowlist.repository.sources import Source

TRUSTED_ROOT = "trusted_root.json"


class Request(NamedTuple):
    """What the person who updates asks for.

    `path` is the list to install. `source` is None to install the kept edition again. `root` is a root's bytes,
    `root_sha256` the digest of one that the source has; one of them at first use. `memory_dir` is the SDK's memory of
    serials. `max_age_days` bounds how old a copy's timestamp may be.
    """

    path: str
    source: Source | None
    root: bytes | None = None
    root_sha256: str | None = None
    memory_dir: str | None = None
    min_serial: int = 0
    max_age_days: int = 30


class Installed(NamedTuple):
    """What was installed; `changed` is False when it was there already. Dates are unix seconds."""

    path: str
    id: str
    serial: int
    sha256: str
    root_version: int
    signed: int
    providers: int
    revocations: int
    changed: bool


def update(request: Request, now: int) -> Installed:
    """Fetch, verify and install; raise RepositoryError for a failed check, with the installed list untouched."""
    path = os.path.abspath(request.path)
    directory = state_directory(path)
    _require_file(path, directory)
    make_own_folder(os.path.dirname(path))
    make_own_folder(directory)
    with locked(directory):
        before = _state_before(request, directory)
        root = _root(request, before)
        url = request.source.where if isinstance(request.source, Server) else (before.url if before else "")
        state = State(directory, url, "", root)
        fetched = _fetch(request, state, before, _latest(request, before, now))
        return _install(request, state, before, fetched, now)


def _require_file(path: str, directory: str) -> None:
    """Refuse a place that something else has: a folder, a device such as /dev/null, what `update` itself keeps."""
    try:
        mode = os.lstat(path).st_mode
    except OSError:  # nothing is there yet
        mode = stat.S_IFREG
    if path == directory or not (stat.S_ISREG(mode) or stat.S_ISLNK(mode)):
        raise InputError(f"{path}: expected a file such as approved.json, or none yet; found something else, kept it")


def _state_before(request: Request, directory: str) -> State | None:
    """What is kept; a damaged state is none when the root is given anew."""
    anew = request.root is not None or request.root_sha256 is not None
    try:
        before = load_state(directory)
    except UndeterminedError:
        if not anew:
            raise
        return None
    if before is None and not anew:
        raise InputError(
            f"{request.path}: no root is pinned yet, and there is no default list: give --root FILE or --root-sha256"
            " HEX as the list's keeper published it"
        )
    if before is not None and not anew:
        _require_same_url(request, before)
    return before


def _require_same_url(request: Request, before: State) -> None:
    if isinstance(request.source, Server) and before.url and request.source.where != before.url:
        raise RepositoryError(
            "other-list",
            f"{request.path}: came from {before.url} before, expected that, found {request.source.where};"
            " give --root again if the list has moved",
        )


def _root(request: Request, before: State | None) -> bytes:
    if request.root is not None:
        return request.root
    if request.root_sha256 is None:
        if before is None:
            raise InputError("no root is pinned")
        return before.root
    if before is not None and hashlib.sha256(before.root).hexdigest() == request.root_sha256:
        return before.root
    if request.source is None:
        raise InputError("--offline: --root-sha256 names another root than the one that is kept; update online once")
    return find_root(request.source, request.root_sha256)


def _latest(request: Request, before: State | None, now: int) -> int:
    """The time: it is not before what was ever seen of this list, whatever the clock says."""
    seen = load_seen(request.memory_dir, before.id) if before is not None and before.id else Seen()
    return max(now, seen.issued)


def _fetch(request: Request, state: State, before: State | None, now: int) -> Fetched:
    wanted = [APPROVED, f"{TRUSTED_ROOT}?"]
    age = None if isinstance(request.source, Server) else request.max_age_days
    if request.source is not None:
        return fetch(request.source, state.root, state.memory, now, wanted=wanted, max_age_days=age)
    if before is None or before.root != state.root:
        raise InputError(f"{state.directory}: --offline: no edition of this root is kept; update online once")
    return _fetch_kept(state, now, wanted, request.max_age_days)


def _fetch_kept(state: State, now: int, wanted: list[str], max_age_days: int) -> Fetched:
    """Verify the kept edition anew, with the newest roots that were ever seen and without the memory of the rest.

    A newer timestamp may have been seen of an edition that then failed; the kept one is still what was installed.
    """
    memory = tempfile.mkdtemp(prefix=".offline.", dir=state.directory)
    try:
        known = os.path.join(state.memory, "root_history")
        if os.path.isdir(known):
            shutil.copytree(known, os.path.join(memory, "root_history"))
        return fetch(open_copy(state.public), state.root, memory, now, wanted=wanted, max_age_days=max_age_days)
    finally:
        shutil.rmtree(memory, ignore_errors=True)


def _install(request: Request, state: State, before: State | None, fetched: Fetched, now: int) -> Installed:
    where = state.url or "the copy"
    approved = read_edition(fetched, where)
    state = state._replace(id=approved.id)
    former = _former(request, before, state)
    _require_newer(request, approved, former, where)
    _require_dates(approved, max(now, load_seen(request.memory_dir, approved.id).issued), now, where)
    save_state(state, fetched.files)
    changed = _place(request.path, state, fetched)
    seen = load_seen(request.memory_dir, approved.id)
    remembered = Seen(max(seen.serial, approved.serial), max(seen.issued, approved.issued or 0))
    if remembered != seen:
        save_seen(request.memory_dir, approved.id, remembered)
    return Installed(
        request.path,
        approved.id,
        approved.serial,
        approved.sha256,
        fetched.chain.root.version,
        fetched.issued,
        len(approved.entries),
        len(approved.revoked),
        changed,
    )


def _former(request: Request, before: State | None, state: State) -> ApprovedList | None:
    """The edition that was installed before, from what is kept; else the file itself, if it is a list of this id."""
    if before is None:
        return _list_at(request.path, state.id)
    if before.id != state.id:
        if before.root == state.root:
            said = (
                f"expected the list {before.id}, found {state.id}; another list has another root, to be given by --root"
            )
            raise RepositoryError("other-list", f"{request.path}: {said}")
        return None
    try:
        kept = before.kept_target(before.read_kept(), APPROVED)
    except (RepositoryError, UndeterminedError):
        kept = None
    return parse_approved(kept, request.path) if kept is not None else _list_at(request.path, state.id)


def _list_at(path: str, list_id: str) -> ApprovedList | None:
    """The list that lies at a path, if it can be believed and has that id."""
    try:
        data = read_own_file(path, MAX_BYTES)
        found = parse_approved(data, path) if data is not None else None
    except UndeterminedError:
        return None
    return found if found is not None and found.id == list_id else None


def _require_newer(request: Request, approved: ApprovedList, former: ApprovedList | None, where: str) -> None:
    seen = load_seen(request.memory_dir, approved.id).serial
    least, why = max(
        (request.min_serial, "--min-serial asks for"),
        (seen, "this machine has seen"),
        (former.serial if former else 0, "is installed"),
    )
    if approved.serial < least:
        raise RepositoryError(
            "list-rolled-back",
            f"{where}: serial {approved.serial} is below {least}, which {why}; nothing was installed",
        )
    if former is None:
        return
    if approved.serial == former.serial and approved.sha256 != former.sha256:
        said = f"serial {approved.serial} was installed with other content"
        raise RepositoryError("serial-reused", f"{where}: {said}; ask the list's keeper what happened")
    gone = missing_revocations(former.revoked, approved.revoked)
    if gone:
        raise RepositoryError(
            "revocation-vanished", f"{where}: forgets what was revoked: {gone[0]}; nothing was installed"
        )


def _require_dates(approved: ApprovedList, latest: int, clock: int, where: str) -> None:
    if approved.issued is not None and clock < approved.issued - DAY:
        said = f"issued {format_date(approved.issued)}, the clock says {format_date(clock)}"
        raise UnclearError("clock-before-list", f"{where}: {said}; set the clock")
    if max(latest, approved.issued or 0) >= approved.expires:
        ended = format_date(approved.expires)
        raise RepositoryError("list-expired", f"{where}: expired {ended}; ask its keeper for a newer one")


def _place(path: str, state: State, fetched: Fetched) -> bool:
    """Put the list and what belongs to it where the SDK finds it; True when the list was not there already."""
    data = fetched.targets[APPROVED]
    changed = not _is_there(path, data)
    if changed:
        write_whole(path, data)
    digest = hashlib.sha256(data).hexdigest()
    write_whole(f"{path}.sha256", f"{digest}  {os.path.basename(path)}\n".encode())
    if TRUSTED_ROOT in fetched.targets:
        write_whole(os.path.join(state.directory, TRUSTED_ROOT), fetched.targets[TRUSTED_ROOT])
    return changed


def _is_there(path: str, data: bytes) -> bool:
    try:
        return read_own_file(path, MAX_BYTES) == data
    except UndeterminedError:
        return False
