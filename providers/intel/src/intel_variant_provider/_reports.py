"""What Level Zero and the xe driver said -> GPUs."""

from __future__ import annotations

from ._versions import unpack_ip

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._versions import Ip

INTEL = 0x8086


class Gpu:
    """One GPU: its PCI device such as `0xe20b`, its IP version where it is known, and who says so."""

    __slots__ = ("device", "integrated", "ip", "source")

    def __init__(self, device: str, ip: Ip | None, source: str, integrated: bool = False) -> None:
        self.device = device
        self.ip = ip
        self.source = source
        self.integrated = integrated


def parse_level_zero(report: str) -> list[Gpu]:
    """Intel's GPUs in Level Zero's order; a version of nothing is one that its driver does not tell."""
    gpus = []
    for row in map(str.split, report.splitlines()):
        if len(row) == 7 and row[0] == "device":
            vendor, device, flags, ip = (_hexadecimal(word) for word in row[3:])
            if vendor == INTEL and device is not None and ip is not None:
                gpus.append(Gpu(f"0x{device:04x}", unpack_ip(ip) if ip else None, "Level Zero", bool(flags)))
    return gpus


def parse_xe(report: str) -> dict[str, Ip]:
    """IP versions by render node (`renderD128`); a kernel that does not know one says zeros."""
    found = {}
    for row in map(str.split, report.splitlines()):
        if len(row) == 5 and row[0] == "gt" and all(word.isascii() and word.isdecimal() for word in row[2:]):
            ip = (int(row[2]), int(row[3]), int(row[4]))
            if ip[0]:
                found[row[1].rpartition("/")[2]] = ip
    return found


def find_ending(report: str) -> str:
    """The line that says how a report came to a bad end, such as `!timeout`; nothing after a good one."""
    last = report.rstrip("\n").rpartition("\n")[2]
    return last if last.startswith("!") else ""


def _hexadecimal(word: str) -> int | None:
    plain = word if word.isascii() and word.isalnum() and len(word) <= 8 else "x"
    try:
        return int(plain, 16)
    except ValueError:
        return None
