"""Requirements of a provider: the unfiltered `requires` of wheel metadata -> one package name, or a refusal."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from variantkit.trust.alphabet import is_package
from variantkit.variants.grammar import normalized_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MAX_REQUIREMENTS = 16
MAX_LENGTH = 512

# A name, and clauses of plain numbers: read without `packaging`.
_SIMPLE = (
    r"[ \t]*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)[ \t]*"
    r"((?:(?:==|!=|>=|<=|>|<)[ \t]*[0-9]+(?:\.[0-9]+)*[ \t]*(?:,[ \t]*(?=[<>=!])|(?=\Z)))*)[ \t]*"
)


class Asked(NamedTuple):
    """The one package that metadata asks for: canonical name, and the specifiers its version must all satisfy."""

    name: str
    specifiers: tuple[str, ...] = ()


class UnsupportedError(ValueError):
    """A `requires` that cannot be judged, hence is refused; the message is the end of a sentence."""


class _Requirement(NamedTuple):
    name: str
    specifier: str
    holds: bool


def read_requires(requires: Sequence[str], environment: Mapping[str, str] | None = None) -> Asked:
    """Read `requires` as it stands in the metadata; nothing is filtered before it is judged.

    A package is asked for by name and specifier alone: raises UnsupportedError for a URL, an extra, two different
    names whatever their markers say, and a list of which no marker holds. Markers are evaluated in `environment`, by
    default that of the running interpreter, in which providers run.
    """
    if not requires or len(requires) > MAX_REQUIREMENTS:
        raise UnsupportedError(f"has {len(requires)} requirements, expected 1 to {MAX_REQUIREMENTS}")
    read = [_read_one(text, environment) for text in requires]
    names = sorted({requirement.name for requirement in read})
    if len(names) > 1:
        raise UnsupportedError(f"asks for more than one package: {', '.join(names)}")
    applicable = [requirement for requirement in read if requirement.holds]
    if not applicable:
        raise UnsupportedError(f"asks for {names[0]} under markers that do not hold here")
    return Asked(names[0], tuple(requirement.specifier for requirement in applicable))


def quoted(text: object) -> str:
    """Show foreign text: ASCII, escaped, and cut."""
    shown = ascii(text)
    return shown if len(shown) <= 120 else f"{shown[:117]}..."


def _read_one(text: object, environment: Mapping[str, str] | None) -> _Requirement:
    if not isinstance(text, str) or len(text) > MAX_LENGTH or not text.isascii():
        raise UnsupportedError(f"has {quoted(text)}, expected ASCII text of at most {MAX_LENGTH} characters")
    if is_package(text):
        return _Requirement(normalized_name(text), "", True)
    simple = re.fullmatch(_SIMPLE, text)
    if simple:
        return _Requirement(normalized_name(simple[1]), simple[2].strip(), True)
    return _read_with_packaging(text, environment)


def _read_with_packaging(text: str, environment: Mapping[str, str] | None) -> _Requirement:
    from packaging.markers import UndefinedComparison, UndefinedEnvironmentName
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        requirement = Requirement(text)
        if requirement.url or requirement.extras:
            raise UnsupportedError(f"has {quoted(text)}: a URL or an extra")
        marker = requirement.marker
        holds = marker is None or marker.evaluate(dict(environment) if environment is not None else None)
    except (InvalidRequirement, UndefinedComparison, UndefinedEnvironmentName, KeyError, RecursionError) as error:
        raise UnsupportedError(f"has {quoted(text)}, which cannot be read: {type(error).__name__}") from None
    return _Requirement(normalized_name(requirement.name), str(requirement.specifier), holds)
