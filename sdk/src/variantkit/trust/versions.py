"""Versions of approved providers: canonical PEP 440 text, compared without `packaging` where plain numbers allow it.

Importing `packaging` costs more than the rest of the gate together, so it is imported only for pre-releases, `~=`,
wildcards and the like.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_NUMBER = r"(?:0|[1-9][0-9]*)"

# PEP 440 "Summary of permitted suffixes and relative ordering", in the normal form alone.
_CANONICAL = (
    rf"(?:[1-9][0-9]*!)?{_NUMBER}(?:\.{_NUMBER})*(?:(?:a|b|rc){_NUMBER})?(?:\.post{_NUMBER})?(?:\.dev{_NUMBER})?"
    rf"(?:\+(?:{_NUMBER}|[0-9]*[a-z][a-z0-9]*)(?:\.(?:{_NUMBER}|[0-9]*[a-z][a-z0-9]*))*)?"
)
_TRAILING_ZEROS = r"((?:[1-9][0-9]*!)?[0-9]+(?:\.[0-9]+)*?)(?:\.0)*(?![.0-9])(.*)"
_CLAUSE = r"[ \t]*(==|!=|>=|<=|>|<)[ \t]*([0-9]{1,9}(?:\.[0-9]{1,9}){0,9})[ \t]*"


def is_version(text: str) -> bool:
    """Whether this is a version in PEP 440's canonical form; `0.3` and `0.3.0` both are, and equal."""
    if _is_release(text):
        return all(part == "0" or part[0] != "0" for part in text.split("."))
    return len(text) <= 128 and re.fullmatch(_CANONICAL, text) is not None


def version_identity(version: str) -> str:
    """Return the text that a canonical version shares with its equals alone (PEP 440: trailing zeros do not count)."""
    if _is_release(version):
        return ".".join(map(str, _numbers(version)))
    parts = re.fullmatch(_TRAILING_ZEROS, version)
    return parts[1] + parts[2] if parts else version


def same_version(left: str, right: str) -> bool:
    """Whether two canonical versions are equal."""
    return left == right or version_identity(left) == version_identity(right)


def newest_first(versions: Iterable[str]) -> list[str]:
    """Sort canonical versions, newest first."""
    listed = list(versions)
    if all(_is_release(version) for version in listed):
        return sorted(listed, key=_numbers, reverse=True)
    from packaging.version import Version

    return sorted(listed, key=Version, reverse=True)


def admits(specifier: str, version: str) -> bool:
    """Whether a PEP 440 specifier, possibly empty, admits a canonical version, pre-releases included.

    Raises ValueError when it is no specifier.
    """
    clauses = [re.fullmatch(_CLAUSE, clause) for clause in specifier.split(",")] if specifier else []
    if _is_release(version) and all(clauses):
        return all(_holds(version, clause[1], clause[2]) for clause in clauses if clause)
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        return SpecifierSet(specifier).contains(version, prereleases=True)
    except InvalidSpecifier as error:
        raise ValueError(str(error)) from None


def _is_release(version: str) -> bool:
    """Whether this is plain numbers, few and short enough to compare as integers."""
    parts = version.split(".")
    return version.isascii() and len(parts) <= 10 and all(part.isdigit() and len(part) <= 9 for part in parts)


def _holds(version: str, operator: str, bound: str) -> bool:
    left, right = _numbers(version), _numbers(bound)
    outcomes = {"==": left == right, "!=": left != right, ">=": left >= right, "<=": left <= right}
    return outcomes.get(operator, left > right if operator == ">" else left < right)


def _numbers(version: str) -> list[int]:
    numbers = [int(part) for part in version.split(".")]
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers.pop()
    return numbers
