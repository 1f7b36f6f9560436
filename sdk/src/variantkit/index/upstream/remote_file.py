"""A file on a server as a file object that fetches only the blocks that are read."""

from __future__ import annotations

import io
import re
from typing import IO, TYPE_CHECKING, NamedTuple

from variantkit.errors import InputError, UndeterminedError
from variantkit.index.upstream.origin import redacted

if TYPE_CHECKING:
    from collections.abc import Callable

    from variantkit.index.upstream.exchange import Reply

BLOCK = 1 << 16
MAX_FETCHED = 64 << 20
MAX_WHOLE = 8 << 30
_content_range = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})").fullmatch


class Part(NamedTuple):
    """Bytes of a file from `start` on, with the file's size and the server's word for its content (ETag)."""

    start: int
    data: bytes
    size: int
    etag: str


def open_remote(ask: Callable[[str], Reply], where: str) -> IO[bytes]:
    """A file of which `ask(range header)` gives parts: by ranges, else whole in a file without a name.

    A server that refuses ranges, or passes over them, sends the whole file once.
    """
    part, reply = _ask(ask, f"bytes=-{BLOCK}", where)
    if part is None and reply.status == 200 and reply.headers.get("accept-ranges", "").lower() == "bytes":
        # Some servers know ranges, but not those counted from the end.
        size = _length(reply)
        if size is not None and size > BLOCK:
            reply.close()
            part, reply = _ask(ask, f"bytes={size - BLOCK}-{size - 1}", where)
    if part is not None:
        return io.BufferedReader(RangeFile(ask, part, where), BLOCK)
    if reply.status != 200:
        reply.close()
        _, reply = _ask(ask, "", where)
    return _download(reply, where)


class RangeFile(io.RawIOBase):
    """Reads blocks of a remote file as they are needed; each is fetched once."""

    def __init__(self, ask: Callable[[str], Reply], tail: Part, where: str) -> None:
        super().__init__()
        self._ask = ask
        self._tail = tail
        self._where = where
        self._position = 0
        self._fetched = len(tail.data)
        self._blocks: dict[int, bytes] = {}

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._tail.size}[whence]
        if start + offset < 0:
            raise ValueError("a position before the start of the file")
        self._position = start + offset
        return self._position

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        chunk = self._at(self._position)[: len(view)]
        view[: len(chunk)] = chunk
        self._position += len(chunk)
        return len(chunk)

    def _at(self, position: int) -> bytes:
        """Some bytes from a position on; b"" at the end of the file."""
        if position >= self._tail.size:
            return b""
        if position >= self._tail.start:
            return self._tail.data[position - self._tail.start :]
        number = position // BLOCK
        if number not in self._blocks:
            self._blocks[number] = self._fetch(number * BLOCK)
        return self._blocks[number][position - number * BLOCK :]

    def _fetch(self, start: int) -> bytes:
        end = min(start + BLOCK, self._tail.start)
        part, reply = _ask(self._ask, f"bytes={start}-{end - 1}", self._where)
        if part is None:
            reply.close()
        if part is None or part.start != start or (part.size, part.etag) != (self._tail.size, self._tail.etag):
            raise UndeterminedError(f"{self._where}: the file changed while parts of it were read; try again")
        self._fetched += len(part.data)
        if len(part.data) != end - start or self._fetched > MAX_FETCHED:
            raise InputError(f"{self._where}: expected a wheel whose directory is below {MAX_FETCHED >> 20} MiB")
        return part.data


def _ask(ask: Callable[[str], Reply], wanted: str, where: str) -> tuple[Part | None, Reply]:
    """The part that was asked for; None, with the answer unread, when the server answers something else."""
    reply = ask(wanted)
    if reply.status in {404, 410}:
        reply.close()
        raise InputError(f"{where}: its page lists the file, but the server has none (status {reply.status})")
    matched = _content_range(reply.headers.get("content-range", "")) if reply.status == 206 else None
    if matched is None:
        return None, reply
    start, end, size = (int(number) for number in matched.groups())
    length = end - start + 1
    if not 0 < length <= BLOCK or end >= size:
        reply.close()
        raise InputError(f"{where}: asked for at most {BLOCK} bytes, the server sends {length} of {size}")
    data = bytearray()
    while len(data) <= length and (chunk := reply.read(BLOCK)):
        data += chunk
    reply.close()
    if len(data) != length:
        raise UndeterminedError(f"{where}: expected {length} bytes of a range, found {len(data)}; try again")
    return Part(start, bytes(data), size, reply.headers.get("etag", "")), reply


def _length(reply: Reply) -> int | None:
    text = reply.headers.get("content-length", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _download(reply: Reply, where: str) -> IO[bytes]:
    import tempfile

    if reply.status != 200:
        reply.close()
        raise UndeterminedError(f"{redacted(reply.url)}: expected the file, found status {reply.status}; try again")
    spool = tempfile.TemporaryFile(prefix="variantkit-")  # noqa: SIM115 - the caller closes it
    total = 0
    try:
        while chunk := reply.read(BLOCK):
            total += len(chunk)
            if total > MAX_WHOLE:
                raise InputError(f"{where}: expected a wheel of at most {MAX_WHOLE >> 30} GiB, found more")
            spool.write(chunk)
        spool.seek(0)
    except BaseException:
        spool.close()
        raise
    finally:
        reply.close()
    return spool
