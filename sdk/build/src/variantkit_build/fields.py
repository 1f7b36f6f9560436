"""Tables of a TOML document, read strictly: every key is known and every value has its kind."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from variantkit_build.errors import VendorError

if sys.version_info >= (3, 11):
    import tomllib
else:  # hatchling brings it there
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_PACKAGE = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9.!+_-]*")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_FUNCTION = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PATH = re.compile(r"[A-Za-z0-9_.+ ,()@-]+(?:/[A-Za-z0-9_.+ ,()@-]+)*")
_PATTERN = re.compile(r"[A-Za-z0-9_.+ ,()@*?\[\]!/-]+")
_LICENSE = re.compile(r"[A-Za-z0-9.+() -]+")


class Kind:
    """What a text may look like, and how an error calls it."""

    def __init__(self, what: str, matches: Callable[[str], object]) -> None:
        self.what = what
        self.matches = matches


def is_inner_path(text: str) -> bool:
    """Whether this is a relative path in plain ASCII that climbs nowhere."""
    return bool(_PATH.fullmatch(text)) and all(part.strip(". ") and part[-1] not in ". " for part in text.split("/"))


PACKAGE = Kind("a package name in lower case with hyphens", _PACKAGE.fullmatch)
VERSION = Kind("an exact version", _VERSION.fullmatch)
SHA256 = Kind("64 lower-case hexadecimal digits", _SHA256.fullmatch)
FUNCTION = Kind("the name of a function in vendoring.py", _FUNCTION.fullmatch)
PATH = Kind("a relative path without '..'", is_inner_path)
PATTERN = Kind("a path inside the package, in which * and ? match", _PATTERN.fullmatch)
LICENSE = Kind("an SPDX licence expression", _LICENSE.fullmatch)


class Fields:
    """One table; `key` is its dotted path in the document `where`."""

    def __init__(self, table: dict[str, object], where: str, key: str, known: Iterable[str]) -> None:
        self._table, self._where, self._key = table, where, key
        known = sorted(known)
        for name in table:
            if name not in known:
                raise VendorError(f"{where}: {self._dotted(name)} is an unknown key; expected {', '.join(known)}")

    def text(self, name: str, kind: Kind, default: str | None = None) -> str:
        """Return a text of this kind; raise VendorError when there is none and no default."""
        value = self._table.get(name, default)
        if value == default and isinstance(value, str):
            return value
        return self._require(name, value, kind)

    def texts(self, name: str, kind: Kind, *, required: bool) -> tuple[str, ...]:
        """Return a list of texts of this kind, none twice."""
        values = self._table.get(name, [])
        if not isinstance(values, list) or (required and not values):
            raise VendorError(f"{self._where}: {self._dotted(name)} must be a list of {kind.what}, found {values!r}")
        texts = tuple(self._require(f"{name}[{index}]", value, kind) for index, value in enumerate(values))
        self.require_distinct(name, texts)
        return texts

    def tables(self, name: str, known: Iterable[str], *, required: bool = True) -> list[Fields]:
        """Return a list of tables with these keys."""
        values = self._table.get(name, [])
        if not isinstance(values, list) or (required and not values):
            raise VendorError(f"{self._where}: {self._dotted(name)} must be one or more tables, found {values!r}")
        known = tuple(known)
        return [self._inner(f"{name}[{index}]", value, known) for index, value in enumerate(values)]

    def require_distinct(self, name: str, values: Iterable[str]) -> None:
        """Raise VendorError for a value that is there twice, case aside: some file systems know no case."""
        seen = set[str]()
        for value in values:
            if value.casefold() in seen:
                raise VendorError(f"{self._where}: {self._dotted(name)} names {value!r} twice")
            seen.add(value.casefold())

    def _inner(self, name: str, value: object, known: tuple[str, ...]) -> Fields:
        if not isinstance(value, dict):
            raise VendorError(f"{self._where}: {self._dotted(name)} must be a table, found {value!r}")
        return Fields(value, self._where, self._dotted(name), known)

    def _require(self, name: str, value: object, kind: Kind) -> str:
        if not isinstance(value, str) or not kind.matches(value):
            raise VendorError(f"{self._where}: {self._dotted(name)} must be {kind.what}, found {value!r}")
        return value

    def _dotted(self, name: str) -> str:
        return f"{self._key}.{name}" if self._key else name


def parse_toml(text: str, where: str) -> dict[str, object]:
    """Read a TOML document; raise VendorError when it is none."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise VendorError(f"{where}: not a TOML document: {error}") from None
