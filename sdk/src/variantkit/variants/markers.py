"""Variant environment markers, evaluated for the wheel that was selected (PEP 825 "Evaluating variant markers").

Only comparisons with a variant marker are ours: each becomes a comparison that always or never holds, and
`packaging` parses and evaluates what remains.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from variantkit.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from variantkit.variants.grammar import Property

LABEL = "variant_label"
SETS = ("variant_properties", "variant_features", "variant_namespaces")
NAMES = frozenset({LABEL, *SETS})

_ALWAYS, _NEVER = "python_version >= '0'", "python_version < '0'"
_KEYWORDS = frozenset({"and", "or", "not", "in", "(", ")"})
_token = re.compile(r"""\s+|"[^"]*"|'[^']*'|[A-Za-z0-9_.]+|===|[<>=!~]=|[<>()]""").match
_url_requirement = re.compile(r"\s*[A-Za-z0-9._-]+\s*(?:\[[^\]]*\]\s*)?@\s*\S+").match


class VariantContext(NamedTuple):
    """The selected wheel: its label, "" for a plain one, and those of its properties that the machine supports."""

    label: str = ""
    properties: frozenset[Property] = frozenset()


def uses_variant_markers(requirement: str) -> bool:
    """Whether the marker of a requirement compares with one of PEP 825's variables."""
    _, marker = _split(requirement)
    return not NAMES.isdisjoint(_tokens(marker))


def applicable_requirements(
    requires_dist: Iterable[str],
    context: VariantContext,
    *,
    environment: Mapping[str, str] | None = None,
    extras: frozenset[str] = frozenset(),
) -> list[str]:
    """Return the requirements that hold for the selected wheel, without their markers.

    `environment` replaces values of the running interpreter's marker environment. Raises InputError for a
    requirement that cannot be parsed, or a variant marker used with an operator it does not have.
    """
    from packaging.markers import UndefinedComparison, UndefinedEnvironmentName
    from packaging.requirements import InvalidRequirement, Requirement

    holding = []
    for text in requires_dist:
        specification, marker = _split(text)
        decided = f"{specification} ; {_decide(marker, context, text)}" if marker.strip() else specification
        try:
            requirement = Requirement(decided)
            holds = requirement.marker is None or any(
                requirement.marker.evaluate({**(environment or {}), "extra": extra}) for extra in extras or {""}
            )
        except (InvalidRequirement, UndefinedComparison, UndefinedEnvironmentName) as error:
            raise InputError(f"requirement {text!r}: {str(error).splitlines()[0]}") from None
        if holds:
            requirement.marker = None
            holding.append(str(requirement))
    return holding


def _split(requirement: str) -> tuple[str, str]:
    """Cut a requirement into what is required and its marker; a URL may itself hold a semicolon."""
    url = _url_requirement(requirement)
    start = url.end() if url else 0
    cut = requirement.find(";", start)
    return (requirement, "") if cut < 0 else (requirement[:cut], requirement[cut + 1 :])


def _tokens(marker: str) -> list[str]:
    """The tokens of a marker without blanks; from the first character that starts none, the rest is one token."""
    found = []
    position = 0
    while position < len(marker):
        match = _token(marker, position)
        text = match[0] if match else marker[position:]
        position += len(text)
        if not text.isspace():
            found.append(text)
    return found


def _decide(marker: str, context: VariantContext, requirement: str) -> str:
    """Replace every comparison with a variant marker by one that always or never holds."""
    tokens = _tokens(marker)
    decided = []
    position = 0
    while position < len(tokens):
        comparison = [] if tokens[position] in _KEYWORDS else _comparison_at(tokens, position)
        if NAMES.isdisjoint(comparison):
            decided += comparison or [tokens[position]]
        else:
            decided.append(_ALWAYS if _holds(comparison, context, requirement) else _NEVER)
        position += len(comparison) or 1
    return " ".join(decided)


def _comparison_at(tokens: list[str], start: int) -> list[str]:
    """The tokens of the comparison that starts here: two operands, and between them `not in` or one operator."""
    return tokens[start : start + (4 if tokens[start + 1 : start + 3] == ["not", "in"] else 3)]


def _holds(comparison: list[str], context: VariantContext, requirement: str) -> bool:
    left, *operators, right = comparison if len(comparison) > 2 else (*comparison, "", "")
    operator = " ".join(operators)
    if right in SETS and operator in ("in", "not in") and _is_literal(left):
        return (_spaced(left[1:-1]) in _members(right, context)) == (operator == "in")
    if LABEL in (left, right) and (_is_literal(left) or _is_literal(right)):
        first, second = (context.label if side == LABEL else side[1:-1] for side in (left, right))
        if operator in ("==", "!="):
            return (first == second) == (operator == "==")
        if operator in ("in", "not in"):
            return (first in second) == (operator == "in")
    raise InputError(
        f"requirement {requirement!r}: PEP 825 has no comparison {' '.join(comparison)!r}; expected "
        "'text' in variant_properties (or _features, _namespaces), or variant_label == 'text'"
    )


def _members(name: str, context: VariantContext) -> set[str]:
    """The elements of one of the three set-valued markers."""
    if name == "variant_namespaces":
        return {found.namespace for found in context.properties}
    if name == "variant_features":
        return {f"{found.namespace} :: {found.feature}" for found in context.properties}
    return {str(found) for found in context.properties}


def _is_literal(token: str) -> bool:
    return len(token) > 1 and token[0] in "'\"" and token[-1] == token[0]


def _spaced(text: str) -> str:
    """The one spelling of a feature or property: blanks around `::` do not matter (PEP 825 "Environment markers")."""
    return " :: ".join(part.strip() for part in text.split("::"))
