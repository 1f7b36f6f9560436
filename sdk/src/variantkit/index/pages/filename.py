"""The names of files that an index may list for a project."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from variantkit.errors import InputError
from variantkit.variants.grammar import normalized_name
from variantkit.variants.wheel import parse_wheel_name

if TYPE_CHECKING:
    from collections.abc import Iterator

SDIST_SUFFIXES = (".tar.gz", ".zip", ".tar.bz2", ".tgz", ".tar.xz")
VARIANTS_SUFFIX = "-variants.json"

_is_plain = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+!-]{0,254}").fullmatch
_is_version = re.compile(r"[0-9A-Za-z][0-9A-Za-z._+!-]*").fullmatch


class FileName(NamedTuple):
    """A legal file name, read: `kind` is wheel, sdist or variants; `version` is spelled as in the name."""

    kind: str
    version: str


def normalize_project(name: str) -> str:
    """Return the PEP 503 form of a project's name."""
    return normalized_name(name)


def parse_filename(filename: str, project: str) -> FileName | None:
    """Read the name of a wheel, an sdist or a variants.json of `project`; None when it is no such name.

    A name with a path in it, an escape, a NUL or a character outside ASCII is no such name: what this
    returns for is safe to join to a directory.
    """
    if not _is_plain(filename):
        return None
    if filename.endswith(".whl"):
        return _parse_wheel(filename, normalize_project(project))
    for kind, suffixes in (("variants", (VARIANTS_SUFFIX,)), ("sdist", SDIST_SUFFIXES)):
        for suffix in suffixes:
            if filename.endswith(suffix):
                return _parse_stem(kind, filename[: -len(suffix)], normalize_project(project))
    return None


def _parse_wheel(filename: str, project: str) -> FileName | None:
    try:
        name = parse_wheel_name(filename)
    except InputError:
        return None
    return FileName("wheel", name.version) if normalized_name(name.name) == project else None


def _parse_stem(kind: str, stem: str, project: str) -> FileName | None:
    # Old sdists keep the hyphens of the project's name, so every hyphen may be the one before the version.
    for name, version in _splits(stem):
        if normalized_name(name) == project and _is_version(version):
            return FileName(kind, version)
    return None


def _splits(stem: str) -> Iterator[tuple[str, str]]:
    at = stem.find("-")
    while at > 0:
        yield stem[:at], stem[at + 1 :]
        at = stem.find("-", at + 1)
