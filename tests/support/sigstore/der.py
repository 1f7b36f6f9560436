"""DER by hand: the few forms that certificates' extensions and timestamps are made of."""

from __future__ import annotations

import datetime


def encode(tag: int, *contents: bytes) -> bytes:
    """One value: its tag, its length, its contents."""
    content = b"".join(contents)
    if len(content) < 0x80:
        return bytes((tag, len(content))) + content
    length = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content


def sequence(*contents: bytes) -> bytes:
    """SEQUENCE."""
    return encode(0x30, *contents)


def set_of(*contents: bytes) -> bytes:
    """SET OF, in DER's order."""
    return encode(0x31, *sorted(contents))


def octets(content: bytes) -> bytes:
    """OCTET STRING."""
    return encode(0x04, content)


def integer(value: int) -> bytes:
    """INTEGER, not negative."""
    return encode(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def text(value: str) -> bytes:
    """UTF8String."""
    return encode(0x0C, value.encode())


def moment(seconds: int) -> bytes:
    """GeneralizedTime."""
    return encode(
        0x18, datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y%m%d%H%M%SZ").encode()
    )


def identifier(dotted: str) -> bytes:
    """OBJECT IDENTIFIER."""
    first, second, *others = (int(part) for part in dotted.split("."))
    encoded = bytearray()
    for arc in (40 * first + second, *others):
        groups = [arc & 0x7F]
        while arc := arc >> 7:
            groups.append(0x80 | (arc & 0x7F))
        encoded += bytes(reversed(groups))
    return encode(0x06, bytes(encoded))
