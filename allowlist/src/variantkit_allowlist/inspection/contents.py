"""Contents of a wheel, as one reader shows them: its files, its name, and whether every reader shows the same."""

from __future__ import annotations

import email.parser
import hashlib
import io
import zipfile
from typing import TYPE_CHECKING, NamedTuple

from variantkit.errors import InputError
from variantkit.provider.foreign import shown
from variantkit.trust import check_wheel
from variantkit.trust.canonical import MAX_CONTENT_BYTES, MAX_MEMBERS, MAX_WHEEL_BYTES
from variantkit.variants.archive import BROKEN
from variantkit.variants.grammar import normalized_name
from variantkit.variants.wheel import parse_wheel_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_UNREADABLE = (*BROKEN, OSError, MemoryError, OverflowError, LookupError, TypeError, AttributeError)
"""What `zipfile` has been seen to raise for bytes that somebody spoilt on purpose."""


class Contents(NamedTuple):
    """A wheel's files by name; `info` is its .dist-info folder, "" when it has none.

    `canonical` says why readers may differ on it, None when they cannot. `unread` are (name, reason) of members that
    could not be read. `package` is normalised and, like `version`, the file name's word, which the gate goes by.
    """

    filename: str
    data: bytes
    files: Mapping[str, bytes]
    info: str
    package: str
    version: str
    canonical: str | None
    unread: tuple[tuple[str, str], ...]

    @property
    def sha256(self) -> str:
        """The digest of the wheel's own bytes."""
        return hashlib.sha256(self.data).hexdigest()

    def read_info(self, name: str) -> bytes | None:
        """A file of the .dist-info folder; None when there is none."""
        return self.files.get(f"{self.info}/{name}") if self.info else None

    @property
    def packages(self) -> frozenset[str]:
        """The top-level import names."""
        tops = [name.partition("/") for name in self.files if ".dist-info/" not in name]
        return frozenset(top if slash else top[:-3] for top, slash, _ in tops if slash or top.endswith(".py"))


def read_contents(data: bytes, filename: str) -> Contents:
    """Read a wheel's bytes; InputError when the name is no wheel's or nothing can be read as a zip archive."""
    name = parse_wheel_name(filename)
    if len(data) > MAX_WHEEL_BYTES:
        raise InputError(
            f"{filename}: expected a provider of at most {MAX_WHEEL_BYTES >> 20} MiB, found {len(data)} bytes"
        )
    files: dict[str, bytes] = {}
    unread: list[tuple[str, str]] = []
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for member, content, reason in _read_members(archive):
                if reason or member in files:
                    unread.append((shown(member), reason or "the name is there twice; the first one is shown"))
                else:
                    files[member] = content
    except _UNREADABLE as error:
        raise InputError(
            f"{filename}: expected a wheel, found a broken zip archive ({shown(str(error), 100)})"
        ) from None
    infos = sorted(
        {part for part, slash, _ in (name.partition("/") for name in files) if slash and part.endswith(".dist-info")}
    )
    return Contents(
        filename=filename,
        data=data,
        files=files,
        info=infos[0] if len(infos) == 1 else "",
        package=normalized_name(name.name),
        version=name.version,
        canonical=check_wheel(data),
        unread=tuple(unread),
    )


def _read_members(archive: zipfile.ZipFile) -> Iterator[tuple[str, bytes, str]]:
    """Every file's name, bytes, and why it has none; together never more than a canonical wheel may hold."""
    left = MAX_CONTENT_BYTES
    for number, member in enumerate(archive.infolist()):
        if number >= MAX_MEMBERS:
            yield member.filename, b"", f"one of more than {MAX_MEMBERS} members"
            return
        if member.is_dir():
            continue
        try:
            with archive.open(member) as stream:
                content = stream.read(left + 1)
        except _UNREADABLE as error:
            yield member.filename, b"", shown(f"{type(error).__name__}: {error}", 120)
            continue
        if len(content) > left:
            yield member.filename, b"", f"the files are over {MAX_CONTENT_BYTES >> 20} MiB together"
            return
        left -= len(content)
        yield member.filename, content, ""


def read_headers(text: bytes | None) -> tuple[tuple[tuple[str, str], ...], str]:
    """The headers of METADATA or WHEEL in their order, and what stands below them."""
    message = email.parser.Parser().parsestr((text or b"").decode("utf-8", "replace"))
    body = message.get_payload()
    return tuple((name, str(value)) for name, value in message.items()), body if isinstance(body, str) else ""
