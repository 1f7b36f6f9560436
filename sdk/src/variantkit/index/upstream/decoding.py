"""Decoding of answers: identity and gzip, with a cap on what comes out."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from variantkit.errors import InputError, UndeterminedError
from variantkit.index.upstream.alarm import Alarm
from variantkit.index.upstream.origin import redacted

if TYPE_CHECKING:
    from variantkit.index.upstream.exchange import Reply

_CHUNK = 1 << 16


def read_body(reply: Reply, cap: int, seconds: float) -> bytes:
    """The whole decoded body of at most `cap` bytes, within `seconds`; the connection is let go in any case.

    The cap holds for what is read and for what comes out of it, at every step: a bomb is never unpacked first.
    """
    try:
        with Alarm(seconds, reply.abort):
            return _read(reply, cap)
    finally:
        reply.close()


def _read(reply: Reply, cap: int) -> bytes:
    coding = reply.headers.get("content-encoding", "identity").strip().lower()
    if coding not in {"identity", "", "gzip", "x-gzip"}:
        raise InputError(f"{redacted(reply.url)}: expected the content encoding gzip or none, found {coding!r}")
    unpack = Gunzip(cap, redacted(reply.url)) if "gzip" in coding else None
    body, taken = bytearray(), 0
    while chunk := reply.read(_CHUNK):
        taken += len(chunk)
        body += unpack.feed(chunk, len(body)) if unpack else chunk
        # Incompressible content is a little longer as gzip; a stream that yields nothing must end as well.
        if len(body) > cap or taken > cap + cap // 8 + 4096:
            raise InputError(f"{redacted(reply.url)}: expected at most {cap} bytes, found more")
    if unpack and not unpack.complete:
        raise UndeterminedError(f"{redacted(reply.url)}: the compressed answer ends too early; try again")
    return bytes(body)


class Gunzip:
    """An incremental reader of gzip, of one member or several, that never yields much more than the cap."""

    def __init__(self, cap: int, where: str) -> None:
        self._cap = cap
        self._where = where
        self._member = zlib.decompressobj(16 + zlib.MAX_WBITS)
        self._fed = False

    @property
    def complete(self) -> bool:
        """Whether what was fed so far ends with the end of a member."""
        return self._member.eof or not self._fed

    def feed(self, chunk: bytes, have: int) -> bytes:
        """What a chunk decodes to, cut off one byte past the cap when there are `have` bytes already."""
        out = bytearray()
        while chunk and have + len(out) <= self._cap:
            if self._member.eof:
                self._member = zlib.decompressobj(16 + zlib.MAX_WBITS)
            self._fed = True
            try:
                out += self._member.decompress(chunk, self._cap + 1 - have - len(out))
            except zlib.error as error:
                raise InputError(f"{self._where}: expected gzip, found something else ({error})") from error
            chunk = self._member.unused_data or self._member.unconsumed_tail
        return bytes(out)
