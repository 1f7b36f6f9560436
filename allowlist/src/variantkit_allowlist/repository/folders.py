"""Folders in which files that decide may lie: nobody else can exchange what is in them."""

from __future__ import annotations

import os
import stat

from variantkit.errors import InputError
from variantkit.trust.ownership import is_own


def make_own_folder(folder: str) -> None:
    """Make a folder (mode 0755, and its parents) and refuse one in which somebody else could exchange files."""
    missing = []
    probe = os.path.abspath(folder)
    while not os.path.lexists(probe):
        missing.append(probe)
        probe = os.path.dirname(probe)
    try:
        for path in reversed(missing):
            os.mkdir(path)
            os.chmod(path, 0o755)  # noqa: S103 - mkdir's mode is cut by the umask
    except OSError as error:
        raise InputError(f"{folder}: cannot be made: {error.strerror}") from None
    require_own_folder(folder)


def require_own_folder(folder: str) -> None:
    """Refuse a folder that is not this user's (as root: root's) alone to write."""
    try:
        status = os.lstat(folder)
    except OSError as error:
        raise InputError(f"{folder}: cannot be read: {error.strerror}") from None
    if not stat.S_ISDIR(status.st_mode):
        raise InputError(f"{folder}: expected a directory, found something else")
    if is_own(status):
        return
    if status.st_uid not in (0, os.geteuid()):
        wanted = "root" if os.geteuid() == 0 else f"root or user {os.geteuid()}"
        raise InputError(f"{folder}: belongs to user {status.st_uid}, expected {wanted}; it decides what may run")
    mode = stat.S_IMODE(status.st_mode)
    raise InputError(f"{folder}: others may exchange files in it (mode {mode:o}); run: chmod go-w {folder}")
