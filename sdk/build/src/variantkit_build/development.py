"""The ignored `_vendor/` of a working copy: made of the locked bytes, and never edited by hand."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from typing import TYPE_CHECKING

from variantkit_build.errors import VendorError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

RECORD = "vendored.json"
"""In a working copy alone: what was written, so that an old file and an edited one are told apart."""

SWAPS = 100
ABSENT, CURRENT, OLD = "absent", "current", "old"


def require_unedited(directory: str, wanted: Mapping[str, str]) -> str:
    """Return ABSENT, CURRENT or OLD; raise VendorError when somebody changed a file in `directory`.

    `wanted` are the paths and sha256 that the lock asks for, the package marker included.
    """
    found, written = _read_stable(directory)
    if not found:
        return ABSENT
    if found == dict(wanted):
        return CURRENT
    if found == written:
        return OLD
    expected = written or dict(wanted)
    path = min(path for path in found.keys() | expected.keys() if found.get(path) != expected.get(path))
    raise VendorError(
        f"{os.path.join(directory, path)}: edited, added or deleted by hand, but _vendor/ holds the locked bytes "
        f"alone; make the change in a transform, and delete the directory: the next build writes it anew"
    )


def fill(directory: str, files: Mapping[str, bytes], scratch: str) -> None:
    """Make `directory` hold exactly these files, at once; what it held goes, and it goes itself when there are none.

    Built in a new folder below `scratch`, on the same file system but outside of the package: a build of the
    package that runs meanwhile sees the old directory, the new one or none, and never half of one.
    """
    made = tempfile.mkdtemp(prefix=".vendor-", dir=scratch)
    try:
        new = os.path.join(made, "new")
        record = {path: hashlib.sha256(data).hexdigest() for path, data in sorted(files.items())}
        write_files(new, {**files, RECORD: (json.dumps(record, indent=1) + "\n").encode()})
        _swap(directory, new if files else None, made)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _swap(directory: str, new: str | None, scratch: str) -> None:
    """Put `new` in the place of `directory`; other builds may be doing the same, with the same files."""
    for attempt in range(SWAPS):
        try:
            if os.path.isdir(directory):
                os.replace(directory, os.path.join(scratch, f"old-{attempt}"))
            if new is not None:
                os.replace(new, directory)
        except OSError:  # it came or went between these two lines
            if attempt == SWAPS - 1:
                raise
        else:
            return


def write_files(directory: str, files: Mapping[str, bytes]) -> None:
    """Write files below a new directory."""
    os.makedirs(directory, exist_ok=True)
    for path, data in files.items():
        target = os.path.join(directory, *path.split("/"))
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "wb") as stream:
            stream.write(data)


def _read_stable(directory: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return what a directory holds and what was written to it; once more when another build replaced it meanwhile."""
    for _ in range(SWAPS):
        before = _identity(directory)
        found, written = _digests(directory), _written(directory)
        if before == _identity(directory):
            break
    return found, written


def _identity(directory: str) -> tuple[int, int] | None:
    try:
        state = os.stat(directory)
    except OSError:
        return None
    return state.st_ino, state.st_mtime_ns


def _digests(directory: str) -> dict[str, str]:
    found = {}
    for path in _files(directory):
        try:
            with open(os.path.join(directory, path), "rb") as stream:
                found[path] = hashlib.sha256(stream.read()).hexdigest()
        except FileNotFoundError:  # another build is replacing the directory
            return {}
    return found


def _files(directory: str) -> Iterator[str]:
    """What was written or added, by its path below; what Python compiles is neither."""
    for folder, folders, files in os.walk(directory):
        folders[:] = [name for name in folders if name != "__pycache__"]
        below = os.path.relpath(folder, directory).replace(os.sep, "/")
        paths = [name if below == "." else f"{below}/{name}" for name in files]
        yield from (path for path in paths if path != RECORD and not path.endswith(".pyc"))


def _written(directory: str) -> dict[str, str]:
    try:
        with open(os.path.join(directory, RECORD), encoding="utf-8") as stream:
            document = json.load(stream)
    except (OSError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}
