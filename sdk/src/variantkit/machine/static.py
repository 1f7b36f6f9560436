"""Static files: supported properties written down, so that nothing runs (PEP 850 "Providers", step 3)."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NamedTuple

from variantkit.errors import DocumentError, InputError, Problem, UndeterminedError
from variantkit.variants.grammar import Feature, is_name, is_value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SCHEMA = "variantkit.static/1"
MAX_BYTES = 1 << 20
_KEYS = frozenset({"schema", "created", "expires", "machine", "list-serial", "providers", "namespaces"})


class StaticFile(NamedTuple):
    """What one file says: namespace -> features, best first, and until when (unix seconds) it may be believed."""

    namespaces: Mapping[str, tuple[Feature, ...]]
    expires: int | None
    where: str


def parse_static(text: str, where: str) -> StaticFile:
    """Read a static file; raise DocumentError with every problem in it.

    The form, in which the order of features and of values is the order of preference:

        schema = "variantkit.static/1"
        expires = 2027-01-01T00:00:00Z          # optional

        [[namespaces.x86_64]]
        feature = "level"
        values = ["v3", "v2", "v1"]
    """
    document = _parse_toml(text, where)
    problems = [Problem(key, "unknown key") for key in sorted(document.keys() - _KEYS)]
    if document.get("schema") != SCHEMA:
        problems.append(Problem("schema", f"expected {SCHEMA!r}, found {document.get('schema')!r}"))
    tables = document.get("namespaces")
    namespaces: dict[str, tuple[Feature, ...]] = {}
    if not isinstance(tables, dict):
        problems.append(Problem("namespaces", "expected a table of namespaces"))
        tables = {}
    for namespace, entries in tables.items():
        path = f"namespaces.{namespace}"
        if not is_name(namespace):
            problems.append(Problem(path, "a namespace consists of a-z 0-9 _"))
        namespaces[namespace] = _read_features(entries, path, problems)
    expires = _read_time(document.get("expires"), problems)
    if problems:
        raise DocumentError(where, problems)
    return StaticFile(namespaces, expires, where)


def decode(data: bytes, where: str) -> str:
    """Decode the bytes of a static file; raise DocumentError when they are not UTF-8."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DocumentError(where, [Problem("", f"not UTF-8 text: {error.reason} at byte {error.start}")]) from None


def _parse_toml(text: str, where: str) -> dict[str, object]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise DocumentError(where, [Problem("", f"not a TOML document: {error}")]) from None


def _read_features(entries: object, path: str, problems: list[Problem]) -> tuple[Feature, ...]:
    if not isinstance(entries, list):
        problems.append(Problem(path, f"expected an array of tables: [[{path}]]"))
        return ()
    features: dict[str, Feature] = {}
    for index, entry in enumerate(entries):
        feature = _read_feature(entry, f"{path}[{index}]", problems)
        if feature and feature.name in features:
            problems.append(Problem(f"{path}[{index}].feature", f"{feature.name!r} stands twice"))
        elif feature:
            features[feature.name] = feature
    return tuple(features.values())


def _read_feature(entry: object, path: str, problems: list[Problem]) -> Feature | None:
    before = len(problems)
    if not isinstance(entry, dict):
        problems.append(Problem(path, "expected a table with the keys feature and values"))
        return None
    for key in sorted(entry.keys() - {"feature", "values", "multi-value"}):
        problems.append(Problem(f"{path}.{key}", "unknown key"))
    name, values, multi = entry.get("feature"), entry.get("values"), entry.get("multi-value", False)
    if not isinstance(name, str) or not is_name(name):
        problems.append(Problem(f"{path}.feature", f"expected a name made of a-z 0-9 _, found {name!r}"))
    if not isinstance(values, list) or not values:
        problems.append(Problem(f"{path}.values", "expected a list of one or more values, best first"))
        values = []
    for index, value in enumerate(values):
        if not isinstance(value, str) or not is_value(value):
            problems.append(
                Problem(f"{path}.values[{index}]", f"expected a value made of a-z 0-9 _ ., found {value!r}")
            )
        elif value in values[:index]:
            problems.append(Problem(f"{path}.values[{index}]", f"{value!r} stands twice"))
    if not isinstance(multi, bool):
        problems.append(Problem(f"{path}.multi-value", f"expected true or false, found {multi!r}"))
    return Feature(str(name), tuple(values), bool(multi)) if len(problems) == before else None


def _read_time(value: object, problems: list[Problem]) -> int | None:
    if value is None:
        return None
    # tomllib gives datetime objects; asking for `timestamp` spares the import of datetime here.
    timestamp = getattr(value, "timestamp", None)
    if timestamp is None or getattr(value, "tzinfo", None) is None:
        problems.append(Problem("expires", "expected a TOML date-time with an offset, such as 2027-01-01T00:00:00Z"))
        return None
    return int(timestamp())


def require_current(static: StaticFile, now: int) -> StaticFile:
    """Return `static`, or raise UndeterminedError once `now` (unix seconds) is past its `expires`."""
    if static.expires is not None and now > static.expires:
        raise UndeterminedError(
            f"{static.where}: this static file expired (at {static.expires}, now is {now}, in unix seconds); write "
            "a new one on the machine it describes"
        )
    return static


def combine_static(files: Sequence[StaticFile]) -> dict[str, tuple[Feature, ...]]:
    """Unite several files; raise InputError where two of them speak for one namespace."""
    united: dict[str, tuple[Feature, ...]] = {}
    source: dict[str, str] = {}
    for file in files:
        for namespace, features in file.namespaces.items():
            if namespace in united:
                raise InputError(f"{file.where}: namespace {namespace} is already given by {source[namespace]}")
            united[namespace], source[namespace] = features, file.where
    return united
