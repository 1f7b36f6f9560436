"""Folder that is written whole: made beside its place, then put there in one step, over nothing but its own kind."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from typing import TYPE_CHECKING

from variantkit.errors import InputError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

MARKER_CAP = 16 << 20
LIST_FOLDERS = ("wheels", "reviews", "vsa", "requests", "imports", "staged", "public")
"""What the directory of a list keeps its own parts in."""


def replace_folder(
    directory: str, files: Mapping[str, bytes], marker: str, schema: str, about: Mapping[str, str | int] = {}
) -> None:
    """Make `directory` hold exactly these files (paths with "/") and `marker`, which lists them with their digests.

    `about` is what the marker says besides.
    A folder is replaced only when it is empty or when its own marker, of the same schema, names every file in it:
    nothing that somebody else laid there is lost. The new folder is complete before it takes the place.
    """
    directory = os.path.abspath(directory)
    _require_ours(directory, marker, schema)
    os.makedirs(os.path.dirname(directory), exist_ok=True)
    fresh = tempfile.mkdtemp(prefix=f".{os.path.basename(directory)}.", dir=os.path.dirname(directory))
    try:
        os.chmod(fresh, 0o755)  # noqa: S103 - it is for web servers; mkdtemp makes it private
        for path, data in {**files, marker: marker_text(files, schema, about)}.items():
            _write(os.path.join(fresh, *path.split("/")), data)
        _put(fresh, directory)
    except OSError as error:
        raise InputError(
            f"{directory}: cannot be written: {error.strerror or error}; nothing there was changed"
        ) from None
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def require_apart(directory: str, source: str) -> None:
    """Refuse to write over the list that is read: its own folders, itself, or a folder that holds it."""
    target, kept = os.path.realpath(directory), os.path.realpath(source)
    top = os.path.relpath(target, kept).split(os.sep)[0]
    if top in LIST_FOLDERS or os.path.join(kept, "").startswith(os.path.join(target, "")):
        raise InputError(f"{directory}: expected a directory apart from the list {source}; name another one")


def marker_text(files: Mapping[str, bytes], schema: str, about: Mapping[str, str | int] = {}) -> bytes:
    """The marker of a folder: its schema, and the sha256 of every file."""
    digests = {path: hashlib.sha256(files[path]).hexdigest() for path in sorted(files)}
    return (json.dumps({"schema": schema, **about, "files": digests}, indent=1) + "\n").encode()


def files_below(directory: str) -> list[str]:
    """The paths, with "/", of everything below a directory that is no folder; links to folders are such a thing."""
    found: list[str] = []
    for folder, names, files in os.walk(directory):
        links = [name for name in names if os.path.islink(os.path.join(folder, name))]
        for name in [*files, *links]:
            found.append(os.path.relpath(os.path.join(folder, name), directory).replace(os.sep, "/"))
    return sorted(found)


def _require_ours(directory: str, marker: str, schema: str) -> None:
    if not os.path.lexists(directory):
        return
    fix = "name a new or empty directory"
    if os.path.islink(directory) or not os.path.isdir(directory):
        raise RefusedError(f"{directory}: expected a directory that this command wrote, found something else; {fix}")
    found = files_below(directory)
    known = _known(os.path.join(directory, marker), schema)
    if known is None and (found or os.listdir(directory)):
        raise RefusedError(
            f"{directory}: expected a directory that this command wrote ({marker} says so), found {len(found)} files"
            f" of another origin; {fix}"
        )
    foreign = [path for path in found if path not in {*(known or ()), marker}]
    if foreign:
        raise RefusedError(
            f"{directory}: would lose {foreign[0]}, which this command did not write; move it away, or {fix}"
        )


def _known(path: str, schema: str) -> set[str] | None:
    """The files that a marker names; None when it is none of ours."""
    try:
        with open(path, "rb") as stream:
            document = json.loads(stream.read(MARKER_CAP))
    except (OSError, ValueError, RecursionError):
        return None
    files = document.get("files") if isinstance(document, dict) and document.get("schema") == schema else None
    return set(files) if isinstance(files, dict) else None


def _write(path: str, data: bytes) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "xb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def _put(fresh: str, directory: str) -> None:
    """Exchange the folders; what was there comes back when the new one cannot take its place."""
    if not os.path.isdir(directory):
        os.rename(fresh, directory)
        return
    old = f"{fresh}.old"
    os.rename(directory, old)
    try:
        os.rename(fresh, directory)
    except OSError:
        os.rename(old, directory)
        raise
    shutil.rmtree(old, ignore_errors=True)
