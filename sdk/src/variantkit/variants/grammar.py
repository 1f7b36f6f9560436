"""The grammar of properties and labels (PEP 825 "Variant properties", "Variant label")."""

from __future__ import annotations

import re
from typing import NamedTuple

from variantkit.errors import InputError

NULL_LABEL = "null"
"""The reserved label of the variant without properties, compatible everywhere (PEP 825 "Variant label")."""

is_name = re.compile(r"[a-z0-9_]+").fullmatch
"""Matches a namespace or a feature name."""

is_value = re.compile(r"[a-z0-9_.]+").fullmatch
"""Matches a feature value; a label has the same alphabet."""

is_label = is_value

_separators = re.compile(r"[-_.]+")


class Property(NamedTuple):
    """One property, `namespace :: feature :: value`."""

    namespace: str
    feature: str
    value: str

    def __str__(self) -> str:
        return f"{self.namespace} :: {self.feature} :: {self.value}"


class Feature(NamedTuple):
    """A feature and its values, best first; `multi_value` says a variant may list several of them.

    The same three facts as PEP 850 "Variant feature config class".
    """

    name: str
    values: tuple[str, ...]
    multi_value: bool = False


def parse_property(text: str) -> Property:
    """Read `namespace :: feature :: value`; blanks around `::` are free.

    Raises InputError when a component is missing or has a character outside its alphabet.
    """
    parts = [part.strip(" \t") for part in text.split("::")]
    if len(parts) != 3:
        raise InputError(f"property {text!r}: expected 'namespace :: feature :: value', found {len(parts)} parts")
    require_components(f"property {text!r}", *parts)
    return Property(*parts)


def require_components(subject: str, namespace: str, feature: str, value: str) -> None:
    """Raise InputError, beginning with `subject`, for the first component with a character outside its alphabet."""
    checks = (("namespace", namespace, is_name), ("feature", feature, is_name), ("value", value, is_value))
    for what, part, matches in checks:
        if not matches(part):
            alphabet = "a-z 0-9 _ ." if what == "value" else "a-z 0-9 _"
            raise InputError(f"{subject}: the {what} must consist of {alphabet}, found {part!r}")


def require_label(label: str) -> str:
    """Return `label`, or raise InputError when it has a character outside PEP 825's alphabet."""
    if not is_label(label):
        raise InputError(f"variant label {label!r}: expected one or more of a-z 0-9 _ . (PEP 825 'Variant label')")
    return label


def normalized_name(name: str) -> str:
    """Return the form of a project's name by which two spellings are compared (PEP 503)."""
    return _separators.sub("-", name).lower()
