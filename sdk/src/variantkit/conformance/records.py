"""Records of the stage: what a provider asked a fake machine for, read back from a file that it could have written."""

from __future__ import annotations

import json
import os
import stat
from typing import NamedTuple

MAX_BYTES = 16 << 20


class Record(NamedTuple):
    """One thing that was asked for, by which line, in which phase; see `runner/stage/records.py`."""

    kind: str
    subject: str
    detail: str = ""
    place: str = ""
    phase: str = ""


def read_records(path: str) -> tuple[Record, ...]:
    """Every line that is a record; none when nothing was asked."""
    try:
        with open(path, "rb", opener=_open_plain) as stream:
            data = stream.read(MAX_BYTES)
    except OSError:  # nothing was asked; or the provider put something else there, which records nothing
        return ()
    found = []
    for line in data.split(b"\n"):
        try:
            parts = json.loads(line.decode("utf-8", "replace"))
        except (ValueError, RecursionError):
            continue  # cut off when its process was ended, or forged
        if isinstance(parts, list) and len(parts) == 5 and all(isinstance(part, str) for part in parts):
            found.append(Record(*parts))
    return tuple(found)


def _open_plain(path: str, flags: int) -> int:
    """Open a regular file: a provider can put a link there, or a pipe that would be waited for."""
    number = os.open(path, flags | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    if not stat.S_ISREG(os.fstat(number).st_mode):
        os.close(number)
        raise OSError(f"{path}: no regular file")
    return number
