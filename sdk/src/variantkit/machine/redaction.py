"""What identifies a machine or a person, taken out of text: serial numbers, UUIDs, addresses, names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_UUID = re.compile(r"(?<![0-9A-Za-z])[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}(?![0-9A-Za-z])")
_ADDRESS = re.compile(
    r"(?<![0-9A-Za-z:.-])(?:[0-9A-Fa-f]{2}(?:([:-])[0-9A-Fa-f]{2})(?:\1[0-9A-Fa-f]{2}){4}(?:\1[0-9A-Fa-f]{2}){0,2}"
    r"|[0-9A-Fa-f]{4}(?::[0-9A-Fa-f]{4}){3})(?![0-9A-Za-z:.-])"
)
"""Hardware addresses of six or eight bytes, and InfiniBand's in four groups; a PCI address is neither."""

_LABELLED = re.compile(
    r"(?im)^([^\n:=]*?(?:serial(?:[ _-]?(?:number|num|no))?|"
    r"(?<![a-z])(?:(?:unique|hive|[nv]?die)[ _-]?id|asset[ _-]?tag|uuid|s/?n(?=[ \t]*[:=])))"
    r"(?![a-z])(?:[^\n:=]*[:=][ \t]*|[ \t]+(?=\S*\d)))(\S[^\n]*)$"
)
_SECRET_FILE = re.compile(
    r"(?:^|[/_-])(?:serial(?:_number)?|s/?n|uuid|unique_id|asset_tag|machine-id|boot_id|hostname|nodename|node_guid|"
    r"sys_image_guid|address)$"
)
_HOME = re.compile(
    r"((?:^|(?<=[\s\"'=:;,(]))(?:/[^/\\\s:;\"',]+){0,2}/(?:home|Users)/|[A-Za-z]:[\\/]Users[\\/])([^/\\\s:;\"',]+)"
)

_NOBODY = frozenset({"root", "user", "admin", "administrator", "runner", "build", "builder", "nobody", "ubuntu"})
_NOWHERE = frozenset({"localhost", "host", "linux", "ubuntu", "debian", "fedora", "server", "node"})


class Redactor:
    """Takes out the same thing in the same way wherever it stands, and counts what was taken out by kind.

    `users`, `hosts` and `homes` are those of this machine; a name in `kept`, the words that an answer consists of, or
    of fewer than three letters, is left: to replace it would change what the machine says of its hardware.
    """

    def __init__(
        self, users: Iterable[str] = (), hosts: Iterable[str] = (), homes: Iterable[str] = (), kept: Iterable[str] = ()
    ) -> None:
        words = {word.lower() for word in kept}
        self.counts: dict[str, int] = {}
        self._stand_ins: dict[tuple[str, str], str] = {}
        self._homes = [home.rstrip("/\\") for home in homes if home.count("/") + home.count("\\") > 1]
        self._words = [
            *((_word(name), "user name", "user") for name in _worth(users, words | _NOBODY)),
            *((_word(name), "host name", "host") for name in _worth(hosts, words | _NOWHERE)),
        ]

    def path(self, path: str) -> str:
        """A path, or the value of a variable, without homes and names."""
        return self._names(path)

    def source(self, path: str, text: str) -> tuple[str, str]:
        """What was read from `path`: a file that holds but a serial number keeps its length alone."""
        if text.strip() and _SECRET_FILE.search(path):
            self._count("serial number")
            return self.path(path), _blank(text)
        return self.path(path), self.text(text)

    def text(self, text: str) -> str:
        """Text with stand-ins for what identifies: of the same form, and different for different things."""
        text = _UUID.sub(lambda match: self._stand_in("UUID", match.group()), text)
        text = _ADDRESS.sub(lambda match: self._stand_in("hardware address", match.group()), text)
        return self._names(_LABELLED.sub(self._label, text))

    def _label(self, match: re.Match[str]) -> str:
        label, value = match.groups()
        if not re.search(r"[1-9A-Za-z]", value) or _UUID.search(value):  # nothing there, or redacted before
            return match.group()
        self._count("serial number")
        return label + _blank(value)

    def _names(self, text: str) -> str:
        for home in self._homes:
            if home in text:
                self._count("home directory")
                text = re.sub(re.escape(home) + r"(?![^/\\\s:;\"',])", "/home/user", text)
        text = _HOME.sub(self._home, text)
        for word, kind, stand_in in self._words:
            text, count = word.subn(stand_in, text)
            self._count(kind, count)
        return text

    def _home(self, match: re.Match[str]) -> str:
        if match.group(2) != "user":
            self._count("home directory")
        return match.group(1) + "user"

    def _stand_in(self, kind: str, found: str) -> str:
        digits = [digit for digit in found if digit not in "-:"]
        if len({digit.lower() for digit in digits}) == 1:  # all zeros or ones: nobody's
            return found
        key = (kind, found.lower())
        if key not in self._stand_ins:
            number = f"{sum(known == kind for known, _ in self._stand_ins) + 1:0{len(digits)}x}"
            rest = iter(number)
            self._stand_ins[key] = "".join(character if character in "-:" else next(rest) for character in found)
        if found != self._stand_ins[key]:
            self._count(kind)
        return self._stand_ins[key]

    def _count(self, kind: str, count: int = 1) -> None:
        if count:
            self.counts[kind] = self.counts.get(kind, 0) + count


def _word(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![0-9A-Za-z]){re.escape(name)}(?![0-9A-Za-z])", re.IGNORECASE)


def _worth(names: Iterable[str], kept: Iterable[str]) -> list[str]:
    words = frozenset(kept)
    return [name for name in dict.fromkeys(names) if len(name) >= 3 and name.lower() not in words]


def _blank(text: str) -> str:
    return re.sub(r"[0-9A-Za-z]", "0", text)
