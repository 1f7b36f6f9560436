"""A wheel as a zip archive: read with every member accounted for, rewritten without recompressing the others."""

from __future__ import annotations

import contextlib
import os
import re
import struct
import zipfile
import zlib
from typing import IO, TYPE_CHECKING, NamedTuple

from variantkit.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CHUNK = 1 << 20
LIMIT = 0xFFFFFFFF
INFO_CAP = 4 << 20
"""The most bytes that METADATA or WHEEL may have."""

# What zipfile and zlib raise for bytes that are no zip archive, or one that uses what wheels do not.
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, struct.error)

_is_info = re.compile(r"([^/]+)\.dist-info/[^/]+").fullmatch
_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_DESCRIPTOR_FLAG, _UTF8_FLAG = 0x8, 0x800


class WheelContents(NamedTuple):
    """An open wheel: `info` is its one top-level `*.dist-info` directory."""

    where: str
    archive: zipfile.ZipFile
    info: str

    def info_name(self, name: str) -> str:
        """The member name of a file in the dist-info directory."""
        return f"{self.info}/{name}"

    def names(self) -> list[str]:
        """The names of all members, directories included."""
        return [member.filename for member in self.archive.infolist()]

    def read_info(self, name: str, cap: int = INFO_CAP) -> bytes | None:
        """Read a file of the dist-info directory; None when it is absent. InputError when it is over `cap`."""
        member = self.info_name(name)
        if member not in self.archive.NameToInfo:
            return None
        with self.archive.open(member) as stream:
            data = stream.read(cap + 1)
        if len(data) > cap:
            raise InputError(f"{self.where}: {member}: expected at most {cap >> 20} MiB, found more")
        return data


@contextlib.contextmanager
def open_wheel(wheel: str | IO[bytes]) -> Iterator[WheelContents]:
    """Open a wheel; InputError, inside the block too, for bytes that are not a readable wheel."""
    where = wheel if isinstance(wheel, str) else str(getattr(wheel, "name", "wheel"))
    try:
        with zipfile.ZipFile(wheel) as archive:
            yield WheelContents(where, archive, _find_info(archive, where))
    except OSError as error:
        raise InputError(f"{where}: expected a wheel, found no readable file ({error.strerror or error})") from None
    except BROKEN as error:
        raise InputError(f"{where}: expected a wheel, found a broken zip archive ({error or 'truncated'})") from None


def _find_info(archive: zipfile.ZipFile, where: str) -> str:
    names = [member.filename for member in archive.infolist()]
    seen: set[str] = set()
    twice = next((name for name in names if name in seen or seen.add(name)), None)  # type: ignore[func-returns-value]
    if twice is not None:
        raise InputError(f"{where}: expected each member once, found {twice!r} more than once")
    found = sorted({match[1] for match in map(_is_info, names) if match})
    if len(found) != 1:
        listed = ", ".join(f"{name}.dist-info" for name in found) or "none"
        raise InputError(f"{where}: expected one .dist-info directory, found {listed}")
    return f"{found[0]}.dist-info"


class Rewrite(NamedTuple):
    """What becomes of members: gone, replaced, or added right before another one."""

    removed: frozenset[str] = frozenset()
    replaced: Mapping[str, bytes] = {}
    added: Mapping[str, tuple[str, bytes]] = {}
    """The member before which it goes, whose times and mode it takes -> name and content."""


class _Member(NamedTuple):
    name: str
    local: bytes
    central: bytes
    start: int
    end: int


def rewrite_wheel(contents: WheelContents, target: IO[bytes], rewrite: Rewrite) -> None:
    """Write the archive with `rewrite` applied; every other member's bytes, headers included, are copied as they are.

    The same input gives the same output, and taking away what was added gives the input back.
    """
    source = contents.archive.fp
    if source is None:
        raise ValueError("the wheel is closed")
    members = _members(contents, source)
    offsets: dict[str, tuple[int, bytes]] = {}
    for member in sorted(members, key=lambda member: member.start):
        if member.name in rewrite.removed:
            continue
        level = _level(contents, source, member) if member.name in {*rewrite.added, *rewrite.replaced} else 0
        if member.name in rewrite.added:
            name, data = rewrite.added[member.name]
            offsets[name] = target.tell(), _write_member(target, _renamed(member, name), data, level)
        if member.name in rewrite.replaced:
            data = rewrite.replaced[member.name]
            offsets[member.name] = target.tell(), _write_member(target, member, data, level)
        else:
            offsets[member.name] = target.tell(), member.central
            _copy(source, target, member.start, member.end)
    _write_directory(target, _directory_order(members, rewrite), offsets, contents)


def _members(contents: WheelContents, source: IO[bytes]) -> list[_Member]:
    """Read the members with their raw headers, in the directory's order; each owns the bytes up to the next one."""
    infos, start = contents.archive.infolist(), contents.archive.start_dir
    starts = sorted(info.header_offset for info in infos)
    if starts[0] != 0 or start > LIMIT or len(infos) >= 0xFFFF:
        raise InputError(f"{contents.where}: expected a zip archive below 4 GiB that begins with its first member")
    ends = dict(zip(starts, [*starts[1:], start], strict=True))
    members = []
    for info in infos:
        source.seek(start)
        fixed = _CENTRAL.unpack(source.read(_CENTRAL.size))
        length = _CENTRAL.size + sum(fixed[10:13])
        source.seek(start)
        central = source.read(length)
        start += length
        source.seek(info.header_offset)
        local = source.read(_LOCAL.size)
        header = _LOCAL.unpack(local)
        local += source.read(header[9] + header[10])
        end = ends[info.header_offset]
        raw_name = central[_CENTRAL.size :][: fixed[10]]
        if raw_name != local[_LOCAL.size :][: header[9]] or info.header_offset + len(local) + info.compress_size > end:
            raise InputError(f"{contents.where}: {info.filename}: expected one account of it, its two headers differ")
        members.append(_Member(info.filename, local, central, info.header_offset, end))
    return members


def _renamed(member: _Member, name: str) -> _Member:
    """The member's headers for a new file of that name: same times, mode and method, no extra field, no comment."""
    raw = name.encode()
    local, central = [*_LOCAL.unpack_from(member.local)], [*_CENTRAL.unpack_from(member.central)]
    local[9:11] = len(raw), 0
    central[10:13] = len(raw), 0, 0
    flags = 0 if name.isascii() else _UTF8_FLAG
    local[2], central[3] = flags, flags
    return member._replace(name=name, local=_LOCAL.pack(*local) + raw, central=_CENTRAL.pack(*central) + raw)


def _write_member(target: IO[bytes], member: _Member, data: bytes, level: int) -> bytes:
    """Write a member with new content under its old headers; return its directory entry."""
    local, central = [*_LOCAL.unpack_from(member.local)], [*_CENTRAL.unpack_from(member.central)]
    body = _deflate(data, level) if local[3] == zipfile.ZIP_DEFLATED else data
    facts = zlib.crc32(data), len(body), len(data)
    local[6:9], central[7:10] = facts, facts
    local[2] &= ~_DESCRIPTOR_FLAG
    central[3] &= ~_DESCRIPTOR_FLAG
    target.write(_LOCAL.pack(*local) + member.local[_LOCAL.size :])
    target.write(body)
    return _CENTRAL.pack(*central) + member.central[_CENTRAL.size :]


def _deflate(data: bytes, level: int) -> bytes:
    packer = zlib.compressobj(level, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


def _level(contents: WheelContents, source: IO[bytes], member: _Member) -> int:
    """The level a member was compressed at, so that changing it back gives the same bytes; zlib's own when unclear."""
    info = contents.archive.getinfo(member.name)
    zip64 = any(size == LIMIT for size in _LOCAL.unpack_from(member.local)[7:9])
    if info.compress_type not in (zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED) or zip64:
        raise InputError(f"{contents.where}: {member.name}: expected it stored or deflated without ZIP64 sizes")
    if info.compress_type == zipfile.ZIP_STORED:
        return 0
    source.seek(member.start + len(member.local))
    raw, data = source.read(info.compress_size), contents.archive.read(info)
    return next((level for level in (6, 9, 8, 7, 5, 4, 3, 2, 1) if _deflate(data, level) == raw), 6)


def _copy(source: IO[bytes], target: IO[bytes], start: int, end: int) -> None:
    source.seek(start)
    while start < end:
        chunk = source.read(min(CHUNK, end - start))
        if not chunk:
            raise EOFError("truncated")
        target.write(chunk)
        start += len(chunk)


def _directory_order(members: list[_Member], rewrite: Rewrite) -> list[str]:
    names: list[str] = []
    for member in members:
        if member.name not in rewrite.removed:
            names += [rewrite.added[member.name][0]] if member.name in rewrite.added else []
            names.append(member.name)
    return names


def _write_directory(
    target: IO[bytes], names: list[str], offsets: dict[str, tuple[int, bytes]], contents: WheelContents
) -> None:
    start = target.tell()
    for name in names:
        offset, central = offsets[name]
        # The offset is the last field of the fixed part.
        target.write(central[: _CENTRAL.size - 4] + struct.pack("<I", offset) + central[_CENTRAL.size :])
    size, comment = target.tell() - start, contents.archive.comment
    if start + size > LIMIT:
        raise InputError(f"{contents.where}: expected a zip archive below 4 GiB, the result would be larger")
    target.write(_END.pack(b"PK\5\6", 0, 0, len(names), len(names), size, start, len(comment)) + comment)


@contextlib.contextmanager
def replacing(path: str, mode: int = 0o644) -> Iterator[IO[bytes]]:
    """Write a file that appears under `path` only when it is complete.

    Its directory is made when only that one is missing. On any error nothing new is left behind.
    """
    import tempfile

    directory = os.path.dirname(path) or "."
    made = not os.path.isdir(directory)
    temporary = ""
    try:
        if made:
            os.mkdir(directory)
        descriptor, temporary = tempfile.mkstemp(prefix=".variantkit-", dir=directory)
        with os.fdopen(descriptor, "wb") as stream:
            yield stream
        os.chmod(temporary, mode)
        os.replace(temporary, path)
    except BaseException as error:
        with contextlib.suppress(OSError):
            if temporary:
                os.unlink(temporary)
            if made:
                os.rmdir(directory)
        if isinstance(error, OSError):
            raise InputError(f"{path}: expected to write it, found: {error.strerror or error}") from None
        raise
