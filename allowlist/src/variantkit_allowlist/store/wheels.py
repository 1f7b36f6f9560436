"""Evidence that a list keeps: the wheels it speaks of, what was published beside them, and when each was first seen."""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING

from variantkit.errors import InputError, RefusedError
from variantkit.trust.alphabet import ALNUM, consists_of, is_sha256
from variantkit.trust.canonical import MAX_WHEEL_BYTES
from variantkit.trust.dates import format_date, parse_date
from variantkit.trust.strict_json import load_strict
from variantkit_allowlist.store.files import locked, read_file, write_whole

if TYPE_CHECKING:
    from collections.abc import Mapping

    from variantkit_allowlist.store.directory import ListDirectory

MAX_SEEN_BYTES = 8 << 20
# fmt: off
ATTESTATION_SUFFIXES = (
    ".provenance", ".publish.attestation", ".slsa.attestation", ".attestation", ".sigstore.json", ".sigstore",
)
# fmt: on
"""What a wheel's attestations are called beside it: the wheel's name and one of these."""

KEY_SUFFIX = ".vendor.json"
"""What a statement signed by a vendor's own key is called."""

SUFFIXES = (*ATTESTATION_SUFFIXES, KEY_SUFFIX)
"""What may lie beside a wheel: its name, and one of these behind it."""


def keep_wheel(
    directory: ListDirectory, filename: str, data: bytes, evidence: Mapping[str, bytes] | None = None
) -> str:
    """Keep the very bytes that were judged, and the evidence beside them (suffix -> bytes); return the wheel's path.

    A wheel is never replaced by another of the same name: raises RefusedError.
    """
    if not (consists_of(filename, ALNUM + "._+!-", 250) and filename[0] in ALNUM and filename.endswith(".whl")):
        raise InputError(f"{filename!a}: expected the file name of a wheel")
    if odd := sorted({*(evidence or {})} - {*SUFFIXES}):
        raise InputError(f"{filename}{odd[0]}: expected one of {', '.join(SUFFIXES)} behind the wheel's name")
    path = directory.wheel_path(filename)
    with locked(directory.path):
        _write_once(path, data)
        for suffix, content in (evidence or {}).items():
            write_whole(path + suffix, content)
    return path


def _write_once(path: str, data: bytes) -> None:
    if os.path.lexists(path):
        kept = hashlib.sha256(read_file(path, MAX_WHEEL_BYTES)).hexdigest()
        given = hashlib.sha256(data).hexdigest()
        if kept != given:
            raise RefusedError(
                f"{path}: another wheel of this name is kept there (sha256 {kept}, given {given}); the same name with "
                "other bytes is what a replaced upload looks like: find out which one was published"
            )
    if not os.path.lexists(path) or os.path.islink(path):  # what a link leads to may be another file tomorrow
        write_whole(path, data)


def seen_at(directory: ListDirectory, sha256: str) -> int | None:
    """When this list first saw a wheel, in unix seconds; None when it never did."""
    return _read_seen(_seen_path(directory)).get(sha256)


def first_seen(directory: ListDirectory, sha256: str, now: int) -> int:
    """Return when this list first saw a wheel, and record `now` when that is now. What stands there never changes."""
    path = _seen_path(directory)
    with locked(directory.path):
        seen = _read_seen(path)
        if sha256 not in seen:
            seen[sha256] = now
            written = {digest: format_date(when) for digest, when in sorted(seen.items())}
            write_whole(path, (json.dumps(written, indent=1) + "\n").encode())
        return seen[sha256]


def _seen_path(directory: ListDirectory) -> str:
    return os.path.join(directory.path, "seen.json")


def _read_seen(path: str) -> dict[str, int]:
    if not os.path.lexists(path):
        return {}
    try:
        document = load_strict(read_file(path, MAX_SEEN_BYTES))
        if not all(is_sha256(digest) and isinstance(when, str) for digest, when in document.items()):
            raise ValueError("expected a sha256 and a date for each wheel")
        return {digest: parse_date(str(when)) for digest, when in document.items()}
    except ValueError as error:
        raise InputError(f"{path}: {error}; it says how long wheels have waited, take it from a backup") from None
