"""A wheel's RECORD: the list of its files with digest and size."""

from __future__ import annotations

import base64
import csv
import hashlib
from typing import TYPE_CHECKING

from variantkit.errors import InputError
from variantkit.variants.archive import CHUNK

if TYPE_CHECKING:
    import zipfile
    from collections.abc import Iterator

    from variantkit.variants.archive import WheelContents

RECORD_CAP = 64 << 20
UNLISTED = ("RECORD", "RECORD.jws", "RECORD.p7s")
"""Files of the dist-info directory whose digest RECORD cannot hold."""

ALGORITHMS = ("sha256", "sha384", "sha512")
"""What the wheel format allows: sha256 or better."""


def read_record(contents: WheelContents) -> bytes:
    """Return the bytes of RECORD; InputError when there is none."""
    data = contents.read_info("RECORD", RECORD_CAP)
    if data is None:
        raise InputError(f"{contents.where}: expected {contents.info_name('RECORD')}, found none; rebuild the wheel")
    return data


def record_problems(contents: WheelContents, data: bytes) -> Iterator[str]:
    """Yield what RECORD and the members disagree on, each as a phrase that names the member."""
    try:
        rows = [row for row in csv.reader(data.decode("utf-8").splitlines()) if row]
    except (UnicodeDecodeError, csv.Error):
        yield "RECORD is no CSV text in UTF-8"
        return
    listed: dict[str, list[str]] = {}
    for row in rows:
        if len(row) != 3 or row[0] in listed:
            yield f"RECORD has a line for {row[0]!r} that is repeated or has not three fields"
        listed[row[0]] = [*row[1:], "", ""][:2]
    members = {member.filename: member for member in contents.archive.infolist() if not member.is_dir()}
    exempt = {contents.info_name(name) for name in UNLISTED}
    yield from (f"RECORD lists {name!r}, which is not there" for name in listed if name not in members)
    for name, member in members.items():
        if name not in exempt:
            yield from _member_problems(contents, member, listed.get(name))


def _member_problems(contents: WheelContents, member: zipfile.ZipInfo, row: list[str] | None) -> Iterator[str]:
    if row is None:
        yield f"RECORD does not list {member.filename!r}"
        return
    algorithm, _, expected = row[0].partition("=")
    if algorithm not in ALGORITHMS:
        yield f"RECORD gives {member.filename!r} no digest of {', '.join(ALGORITHMS)}"
        return
    digest = hashlib.new(algorithm)
    with contents.archive.open(member) as stream:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
    if row[1] != str(member.file_size) or expected.rstrip("=") != _encode(digest.digest()):
        yield f"{member.filename!r} is not the file that RECORD describes"


def _encode(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def add_to_record(record: bytes, record_name: str, name: str, data: bytes) -> bytes:
    """Return RECORD with a line for `name` before its own line (first when it has none), the others unchanged."""
    newline = b"\r\n" if b"\r\n" in record else b"\n"
    line = f"{name},sha256={_encode(hashlib.sha256(data).digest())},{len(data)}".encode() + newline
    lines = record.splitlines(keepends=True)
    at = next((at for at, other in enumerate(lines) if other.startswith(record_name.encode() + b",")), 0)
    return b"".join([*lines[:at], line, *lines[at:]])


def remove_from_record(record: bytes, name: str) -> bytes:
    """Return RECORD without the line for `name`, the others unchanged."""
    prefix = name.encode() + b","
    return b"".join(line for line in record.splitlines(keepends=True) if not line.startswith(prefix))
