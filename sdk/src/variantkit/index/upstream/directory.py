"""A directory that is never left: files in it are opened without following a link out of it."""

from __future__ import annotations

import os
import stat
from typing import IO

from variantkit.errors import InputError, UndeterminedError

_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)
_FOLDER = getattr(os, "O_DIRECTORY", 0)
_FLAGS = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


class Directory:
    """A directory by its real path; links inside it are good as long as they lead to places inside it."""

    def __init__(self, path: str) -> None:
        self.path = os.path.realpath(path)

    def holds(self, path: str) -> bool:
        """Whether a path, with its links followed, is below the directory."""
        try:
            return os.path.commonpath([self.path, os.path.realpath(path)]) == self.path
        except ValueError:  # another drive, or a NUL
            return False

    def open(self, path: str) -> IO[bytes]:
        """A regular file below the directory; InputError for anything else, UndeterminedError when unreadable."""
        if not self.holds(path):
            raise InputError(f"{path}: expected a file below {self.path}, found one outside of it; refused")
        real = os.path.realpath(path)
        try:
            descriptor = self._descend(os.path.relpath(real, self.path).split(os.sep))
        except FileNotFoundError as error:
            raise InputError(f"{path}: expected a file, found nothing there") from error
        except OSError as error:
            raise UndeterminedError(f"{path}: could not be read ({error.strerror})") from error
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise InputError(f"{path}: expected a regular file, found something else; refused")
        return os.fdopen(descriptor, "rb")

    def _descend(self, parts: list[str]) -> int:
        """Open step by step, so that a folder that becomes a link meanwhile is not followed."""
        if os.open not in os.supports_dir_fd:
            return os.open(os.path.join(self.path, *parts), _FLAGS)
        folder = os.open(self.path, _FLAGS | _FOLDER)
        try:
            for part in parts[:-1]:
                below = os.open(part, _FLAGS | _FOLDER | _NO_FOLLOW, dir_fd=folder)
                os.close(folder)
                folder = below
            return os.open(parts[-1], _FLAGS | _NO_FOLLOW, dir_fd=folder)
        finally:
            os.close(folder)
