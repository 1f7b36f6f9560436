"""Canonical wheels: zip files that every reader reads the same, with nothing in them but readable source.

`zipfile`, which a reviewer uses, and `zipimport`, which runs a provider, take different code from one file as soon
as its two sets of headers disagree, a compressed stream is longer than declared, a name holds a NUL, or compiled code
lies beside the source. So a wheel is accepted only when its local headers and its central directory describe the
same members in the same order with no byte between them, and each member is what the headers say.
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, NamedTuple

from variantkit.errors import InputError
from variantkit.trust.members import check_content, check_names

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_WHEEL_BYTES = 16 << 20
"""The largest wheel that is looked at; first-party providers have some 20 kB."""

MAX_CONTENT_BYTES = 64 << 20
"""The most bytes that all members may have together, unpacked."""

MAX_MEMBERS = 4096

_END = struct.Struct("<4s4H2IH")
_CENTRAL = struct.Struct("<16x3IH12xI")
_KIND = struct.Struct("<4sxB3H4HI")
_LOCAL_SIZE = 30
_END_MARK, _CENTRAL_MARK, _LOCAL_MARK = b"PK\x05\x06", b"PK\x01\x02", b"PK\x03\x04"
_OTHER_MARKS = (_END_MARK, b"PK\x06\x06", b"PK\x06\x07")

_STORED, _DEFLATED = 0, 8
_FAT, _UNIX = 0, 3
_FILE_TYPE, _REGULAR, _PERMISSIONS = 0o170000, 0o100000, 0o777
_HARMLESS_DOS_BITS = 0x21  # read-only, archive


class Member(NamedTuple):
    """One member as its central header describes it; `start` is where its bytes begin in the wheel."""

    name: str
    method: int
    crc: int
    packed: int
    size: int
    start: int


def check_wheel(data: bytes) -> str | None:
    """Say why these bytes are no canonical wheel; None when they are one."""
    try:
        require_canonical(data)
    except InputError as error:
        return str(error)
    return None


def require_canonical(data: bytes) -> tuple[str, ...]:
    """Return the names of the members of a canonical wheel; raise InputError with the reason when it is none."""
    try:
        members = _read_members(data)
        check_names([member.name for member in members])
        for member in members:
            check_content(member.name, _unpack(data, member))
    except UnicodeDecodeError:
        raise InputError("a name beyond ASCII") from None
    except (struct.error, zlib.error, MemoryError, OverflowError) as error:
        raise InputError(f"damaged zip file: {error}") from None
    return tuple(member.name for member in members)


def _read_members(data: bytes) -> list[Member]:
    count, directory = _read_end(data)
    members = list(_walk(data, count, directory))
    total = sum(member.size for member in members)
    if total > MAX_CONTENT_BYTES:
        raise InputError(f"{total} bytes unpacked; at most {MAX_CONTENT_BYTES} are accepted")
    return members


def _read_end(data: bytes) -> tuple[int, int]:
    """Return the number of members and the offset of the central directory."""
    if len(data) > MAX_WHEEL_BYTES:
        raise InputError(f"{len(data)} bytes; at most {MAX_WHEEL_BYTES} are accepted")
    if len(data) < _END.size:
        raise InputError("too short for a zip file")
    end = len(data) - _END.size
    mark, disk, first_disk, here, count, length, offset, comment = _END.unpack_from(data, end)
    if mark != _END_MARK or comment:
        raise InputError("the end record is not the last 22 bytes: bytes after it, or a comment")
    # A reader that looks for these marks from the front, or at other places, must find nothing else. In compressed
    # data they turn up by chance once in a billion bytes; then the wheel is built anew.
    if any(data.rfind(mark, 0, end) >= 0 for mark in _OTHER_MARKS):  # from behind: it takes half the time
        raise InputError("a second end record, or one of ZIP64")
    if disk or first_disk or here != count:
        raise InputError("the end record speaks of several disks or of another number of members")
    if not 0 < count <= MAX_MEMBERS:
        raise InputError(f"{count} members; expected 1 to {MAX_MEMBERS}")
    if offset + length != end:
        raise InputError("the central directory does not end where the end record begins")
    return count, offset


def _walk(data: bytes, count: int, directory: int) -> Iterator[Member]:
    """Walk central and local headers together; both must cover their part of the file without a gap."""
    central, local = directory, 0
    methods: dict[bytes, int] = {}  # by what the headers of most members have in common, so that it is judged once
    for _ in range(count):
        crc, packed, size, name_length, header = _CENTRAL.unpack_from(data, central)
        fixed, end = central + _CENTRAL.size, central + _CENTRAL.size + name_length
        name = data[fixed:end].decode("ascii")
        kind = data[central : central + 12] + data[central + 30 : central + 42]
        method = methods.get(kind)
        if method is None:
            method = methods[kind] = _require_kind(name, kind)
        if method == _STORED and packed != size:
            raise InputError(f"{name!a}: stored in another size")
        if header != local:
            raise InputError(f"{name!a}: not right behind the member before it: bytes that no reader agrees on")
        start = header + _LOCAL_SIZE + name_length
        # From "version needed" to the lengths of name and extra field the two headers have the same layout.
        if data[header:start] != _LOCAL_MARK + data[central + 6 : central + 32] + data[fixed:end]:
            raise InputError(f"{name!a}: the local header says something else than the central directory")
        yield Member(name, method, crc, packed, size, start)
        central, local = end, start + packed
    if central != len(data) - _END.size:
        raise InputError("the central directory has another number of members than the end record says")
    if local != directory:
        raise InputError("bytes between the last member and the central directory")


def _require_kind(name: str, kind: bytes) -> int:
    """Return the method of a member; `kind` is its central header without time, sizes, name and place."""
    mark, system, needed, flags, method, extra, comment, disk, internal, external = _KIND.unpack(kind)
    if mark != _CENTRAL_MARK:
        raise InputError("the central directory is damaged")
    if extra or comment or disk:
        raise InputError(f"{name!a}: an extra field, a comment or a second disk")
    if flags:
        raise InputError(f"{name!a}: flag bits {flags:#x} (encryption, data descriptor or other), expected none")
    if needed > 20 or method not in (_STORED, _DEFLATED):
        raise InputError(f"{name!a}: needs a reader of version {needed} for method {method}")
    if internal > 1 or not _is_regular(system, external):
        raise InputError(f"{name!a}: not a regular file (system {system}, attributes {external:#x})")
    return int(method)


def _is_regular(system: int, external: int) -> bool:
    mode, dos = external >> 16, external & 0xFFFF
    regular = mode & _FILE_TYPE in (0, _REGULAR) and not mode & ~(_FILE_TYPE | _PERMISSIONS)
    return system in (_FAT, _UNIX) and regular and not dos & ~_HARMLESS_DOS_BITS


def _unpack(data: bytes, member: Member) -> bytes:
    name, method, crc, packed, size, start = member
    content = data[start : start + packed]
    if len(content) != packed:
        raise InputError(f"{name!a}: cut off")
    if method == _DEFLATED:
        inflate = zlib.decompressobj(-15)
        content = inflate.decompress(content, size + 1)
        if not inflate.eof or inflate.unused_data or len(content) != size:
            raise InputError(f"{name!a}: the compressed stream is not exactly as long as declared")
    if zlib.crc32(content) != crc:
        raise InputError(f"{name!a}: wrong CRC")
    return content
