"""Files of a list: read once within bounds, written whole or not at all, by one writer at a time."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
import tempfile
import time
from typing import TYPE_CHECKING

from variantkit.errors import InputError, UndeterminedError

if TYPE_CHECKING:
    from collections.abc import Iterator

LOCK_FILE = ".lock"
WAIT_SECONDS = 2.0


def read_file(path: str, cap: int, *, links: bool = True) -> bytes:
    """Read a plain file of at most `cap` bytes; raise InputError when there is none, or something else.

    Without `links` a symbolic link is something else: a list travels from person to person, and what is published of
    it must not be a file of whoever signs last.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    if not links:
        if os.path.islink(path):
            raise InputError(f"{path}: is a symbolic link; put the file itself there")
        flags |= getattr(os, "O_NOFOLLOW", 0)
    try:
        descriptor = os.open(path, flags)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise InputError(f"{path}: expected a plain file, found something else")
            data = _read(descriptor, cap + 1)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    if len(data) > cap:
        raise InputError(f"{path}: expected at most {cap} bytes, found more")
    return data


def _read(descriptor: int, most: int) -> bytes:
    parts = []
    while most > 0 and (part := os.read(descriptor, most)):
        parts.append(part)
        most -= len(part)
    return b"".join(parts)


def write_whole(path: str, data: bytes, mode: int = 0o644) -> None:
    """Write a file so that a reader, or a power cut, finds the old one or the new one."""
    folder = os.path.dirname(os.path.abspath(path))
    try:
        os.makedirs(folder, exist_ok=True)
        descriptor, beside = tempfile.mkstemp(prefix=".", suffix=".new", dir=folder)
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror}") from None
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(beside, mode)
        os.replace(beside, path)
    except BaseException as error:
        with contextlib.suppress(OSError):
            os.unlink(beside)
        if isinstance(error, OSError):
            raise InputError(f"{path}: cannot be written: {error.strerror}") from None
        raise
    _sync_folder(folder)


def _sync_folder(folder: str) -> None:
    """Make the new name last; not every system lets a directory be opened."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextlib.contextmanager
def locked(directory: str) -> Iterator[None]:
    """Hold a list against a second writer; raise UndeterminedError when one is at work."""
    path = os.path.join(directory, LOCK_FILE)
    flags = os.O_WRONLY | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
    flags |= getattr(os, "O_NONBLOCK", 0)  # a pipe of that name would hold us up
    try:
        stream = open(os.open(path, flags, 0o644), "ab")  # noqa: SIM115 - closed below, and the lock with it
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror}") from None
    with stream:
        _wait_for(stream.fileno(), directory)
        yield


def _wait_for(descriptor: int, directory: str) -> None:
    """Lock, once whoever holds it has written: of several that write in two steps one gets to its end."""
    until = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            return _lock(descriptor)
        except OSError:
            if time.monotonic() > until:
                raise UndeterminedError(f"{directory}: another command is writing this list; try again") from None
        time.sleep(0.02)


def _lock(descriptor: int) -> None:
    """Lock until the file is closed, by the process's end at the latest."""
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
