"""Memory of approved lists: the highest serial and date seen per id, so that an old list cannot come back."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from typing import NamedTuple

from variantkit.errors import UndeterminedError
from variantkit.trust.ownership import is_own, read_own_file
from variantkit.trust.strict_json import load_strict

_CAP = 4096


class Seen(NamedTuple):
    """The highest serial, and the latest `issued` in unix seconds, of the lists of one id."""

    serial: int = 0
    issued: int = 0


def load_seen(directory: str | None, list_id: str) -> Seen:
    """Read what is remembered of `list_id`; a memory that is damaged, a link or somebody else's counts as none.

    Ignoring it is safe in one direction only, which is why the embedded list's serial is a floor besides.
    """
    if directory is None or not _is_own_folder(directory):
        return Seen()
    try:
        data = read_own_file(_path(directory, list_id), _CAP)
        document = load_strict(data) if data is not None else {}
    except (UndeterminedError, ValueError):
        return Seen()
    serial, issued = document.get("serial"), document.get("issued")
    if document.get("id") != list_id or type(serial) is not int or type(issued) is not int:
        return Seen()
    return Seen(max(serial, 0), max(issued, 0))


def save_seen(directory: str | None, list_id: str, seen: Seen) -> bool:
    """Remember `seen`; False where that is not possible (a read-only home, somebody else's folder)."""
    if directory is None:
        return False
    text = json.dumps({"id": list_id, "serial": seen.serial, "issued": seen.issued})
    made = f"{_path(directory, list_id)}.{os.urandom(8).hex()}"
    try:
        os.makedirs(directory, 0o700, exist_ok=True)
        if not _is_own_folder(directory):
            return False
        descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600)
        with open(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
        os.replace(made, _path(directory, list_id))
    except OSError:
        return False
    return True


def _path(directory: str, list_id: str) -> str:
    return os.path.join(directory, f"{hashlib.sha256(list_id.encode()).hexdigest()[:32]}.json")


def _is_own_folder(directory: str) -> bool:
    try:
        status = os.lstat(directory)
    except OSError:
        return False
    return stat.S_ISDIR(status.st_mode) and is_own(status)
