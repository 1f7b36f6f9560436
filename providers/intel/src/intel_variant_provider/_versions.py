"""IP versions: `ARCHITECTURE.RELEASE.REVISION`, packed in one number as Intel's GMDID."""

from __future__ import annotations

from ._tables import BASES

TYPE_CHECKING = False
if TYPE_CHECKING:
    Ip = tuple[int, int, int]


def unpack_ip(number: int) -> Ip:
    """Ten bits of architecture, eight of release, eight reserved, six of revision."""
    return number >> 22, number >> 14 & 0xFF, number & 0x3F


def parse_ip(text: str) -> Ip | None:
    parts = text.split(".")
    if len(parts) != 3 or not all(part.isascii() and part.isdecimal() and len(part) < 5 for part in parts):
        return None
    return int(parts[0]), int(parts[1]), int(parts[2])


def format_ip(ip: Ip) -> str:
    return f"{ip[0]}.{ip[1]}.{ip[2]}"


def find_base(ip: Ip) -> Ip | None:
    """The base below a version, whose code it runs; None when it is one itself or none is known."""
    for architecture, (first, last), base in BASES:
        if ip[0] == architecture and first <= ip[1] <= last:
            return base if ip > base else None
    return None
