"""The vendor lock: which files of which pinned packages travel inside a wheel."""

from __future__ import annotations

import re
import sys
from typing import NamedTuple

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_is_sha256 = re.compile(r"[0-9a-f]{64}").fullmatch
_is_package = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?").fullmatch
_is_version = re.compile(r"[A-Za-z0-9][A-Za-z0-9.!+_-]*").fullmatch


class LockError(ValueError):
    """A lock that cannot be used; the message names the file, the key, what was expected and what was found."""


class VendoredFile(NamedTuple):
    """One file: where it lies in the installed package, its sha256 in hex, where it goes below `_vendor/`."""

    path: str
    sha256: str
    to: str


class VendoredPackage(NamedTuple):
    """One pinned package and the files taken from it."""

    name: str
    version: str
    files: tuple[VendoredFile, ...]

    @property
    def requirement(self) -> str:
        """The exact build requirement that brings this package."""
        return f"{self.name}=={self.version}"


class VendorLock(NamedTuple):
    """Everything that is vendored."""

    packages: tuple[VendoredPackage, ...]


def parse_lock(text: str, where: str = "vendor.lock") -> VendorLock:
    """Read a lock; raise LockError for the first thing in it that is not as it must be."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise LockError(f"{where}: not a TOML document: {error}") from None
    _require_keys(document, {"packages"}, where, "")
    packages = tuple(
        _parse_package(package, where, f"packages[{index}]")
        for index, package in enumerate(_require_tables(document, "packages", where, ""))
    )
    _require_distinct([package.name for package in packages], where, "packages", "name")
    targets = [file.to for package in packages for file in package.files]
    _require_distinct(targets, where, "packages", "to")
    return VendorLock(packages)


def _parse_package(table: dict[str, object], where: str, key: str) -> VendoredPackage:
    _require_keys(table, {"name", "version", "files"}, where, key)
    name = _require_text(table, "name", _is_package, "a package name", where, key)
    version = _require_text(table, "version", _is_version, "an exact version", where, key)
    files = tuple(
        _parse_file(file, where, f"{key}.files[{index}]")
        for index, file in enumerate(_require_tables(table, "files", where, key))
    )
    return VendoredPackage(name, version, files)


def _parse_file(table: dict[str, object], where: str, key: str) -> VendoredFile:
    _require_keys(table, {"path", "sha256", "to"}, where, key)
    path = _require_text(table, "path", _is_inner_path, "a relative path without '..'", where, key)
    digest = _require_text(table, "sha256", _is_sha256, "64 lower-case hexadecimal digits", where, key)
    to = path if "to" not in table else _require_text(table, "to", _is_inner_path, "a relative path", where, key)
    return VendoredFile(path, digest, to)


def _is_inner_path(text: str) -> bool:
    return (
        bool(text) and "\\" not in text and ":" not in text and all(p not in ("", ".", "..") for p in text.split("/"))
    )


def _require_keys(table: dict[str, object], known: set[str], where: str, key: str) -> None:
    if unknown := sorted(table.keys() - known):
        raise LockError(f"{where}: {_dotted(key, unknown[0])} is an unknown key; expected {', '.join(sorted(known))}")


def _require_tables(table: dict[str, object], name: str, where: str, key: str) -> list[dict[str, object]]:
    value = table.get(name)
    if not isinstance(value, list) or not value or not all(isinstance(item, dict) for item in value):
        raise LockError(f"{where}: {_dotted(key, name)} must be one or more tables [[{name}]], found {value!r}")
    return value


def _require_text(table: dict[str, object], name: str, matches: object, what: str, where: str, key: str) -> str:
    value = table.get(name)
    if not isinstance(value, str) or not callable(matches) or not matches(value):
        raise LockError(f"{where}: {_dotted(key, name)} must be {what}, found {value!r}")
    return value


def _require_distinct(values: list[str], where: str, key: str, name: str) -> None:
    for value in values:
        if values.count(value) > 1:
            raise LockError(f"{where}: {key} names {name} {value!r} twice")


def _dotted(key: str, name: str) -> str:
    return f"{key}.{name}" if key else name
