"""Ownership of the files that decide: a list, policy or static file counts only when nobody else can write it."""

from __future__ import annotations

import errno
import os
import stat

from variantkit.errors import UndeterminedError


class ForeignFileError(UndeterminedError):
    """A file that somebody else could have written, or that is no plain file."""


def read_own_file(path: str, cap: int) -> bytes | None:
    """Read a file that decides something; None when there is none.

    It must be a regular file of at most `cap` bytes, owned by root or the effective user (as root: by root alone),
    writable by no one else, and no symbolic link, nor reached through one that somebody else owns. Raises
    ForeignFileError otherwise. The checks are made on the opened file, so that it cannot be exchanged between
    check and reading. On Windows, which has no such owners, only the kind and size of the file are checked.
    """
    path = os.path.abspath(path)
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
    try:
        _require_own_links(path)
        descriptor = os.open(path, flags | getattr(os, "O_BINARY", 0))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.EMLINK):
            raise ForeignFileError(f"{path}: is a symbolic link; put the file itself there") from None
        raise ForeignFileError(f"{path}: cannot be read: {error.strerror}") from None
    try:
        _require_own(path, os.fstat(descriptor))
        data = _read(descriptor, cap + 1)
    except OSError as error:
        raise ForeignFileError(f"{path}: cannot be read: {error.strerror}") from None
    finally:
        os.close(descriptor)
    if len(data) > cap:
        raise ForeignFileError(f"{path}: larger than {cap} bytes")
    return data


def _read(descriptor: int, most: int) -> bytes:
    parts = []
    while most > 0 and (part := os.read(descriptor, most)):
        parts.append(part)
        most -= len(part)
    return b"".join(parts)


def is_own(status: os.stat_result) -> bool:
    """Whether root or the effective user owns this, and no one else may write it."""
    if not hasattr(os, "geteuid"):
        return True
    return status.st_uid in (0, os.geteuid()) and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _require_own(path: str, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise ForeignFileError(f"{path}: not a regular file")
    if is_own(status):
        return
    if status.st_uid not in (0, os.geteuid()):
        wanted = "root" if os.geteuid() == 0 else f"root or user {os.geteuid()}"
        raise ForeignFileError(f"{path}: belongs to user {status.st_uid}, expected {wanted}")
    raise ForeignFileError(
        f"{path}: others may write it (mode {stat.S_IMODE(status.st_mode):o}); run: chmod go-w {path}"
    )


def _require_own_links(path: str) -> None:
    """Refuse symbolic links on the way that somebody else could turn elsewhere."""
    if not hasattr(os, "geteuid"):
        return
    folder = os.path.dirname(path)
    while folder != os.path.dirname(folder):
        status = os.lstat(folder)
        if stat.S_ISLNK(status.st_mode) and status.st_uid not in (0, os.geteuid()):
            raise ForeignFileError(f"{path}: {folder} is a symbolic link that belongs to user {status.st_uid}")
        folder = os.path.dirname(folder)
