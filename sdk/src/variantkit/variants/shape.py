"""The shape of variant metadata: what is wrong in a document, each problem with its key path.

Shape as uv 0.13 is strict about it, versions as PEP 825 "Variant metadata" says. Problems are found by the
functions named `..._problems`; `take_census` is the quick way to learn that a `variants` table has none.
"""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from variantkit.errors import Problem
from variantkit.variants.grammar import NULL_LABEL, is_label, is_name, is_value
from variantkit.variants.jsontext import key_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ABI_NAMESPACE = "abi_dependency"
"""Reserved: governed by the environment, not by a provider (PEP 850 "ABI Dependency Variant Provider")."""

MAJOR, NEWEST_MINOR = 0, 2
"""The major version read, and the newest minor version known key by key."""

PROVIDERS_SINCE_MINOR = 2

_TOP_KEYS = frozenset({"$schema", "default-priorities", "providers", "variants"})
_PRIORITY_KEYS = frozenset({"namespace", "feature", "property"})
_PROVIDER_KINDS = ("static-properties", "requires", "builtin")
_PROVIDER_KEYS = frozenset({*_PROVIDER_KINDS, "feature-order", "optional", "plugin-api"})

_schema_version = re.compile(r"\S*/v([0-9]{1,9})\.([0-9]{1,9})\.([0-9]{1,9})\.json").fullmatch
_is_object_reference = re.compile(r"[\w.]+(?: *: *[\w.]+)?").fullmatch


class Census(NamedTuple):
    """What a sound `variants` table holds: the number of its keys, and each distinct namespace."""

    keys: int
    namespaces: frozenset[str]


def take_census(variants: Any) -> Census | None:
    """Count a `variants` table, or return None when anything in it may be wrong.

    Each distinct name is checked once, so that 10,000 variants cost little more than parsing them.
    """
    try:
        # These methods refuse anything but a dict or a list, so that no further look at types is needed.
        by_label = [*dict.values(variants)]
        by_namespace = [*chain.from_iterable(map(dict.values, by_label))]
        lists = [*chain.from_iterable(map(dict.values, by_namespace))]
        lengths = [*map(list.__len__, lists)]
        namespaces = frozenset(chain.from_iterable(by_label))
        names = namespaces.union(chain.from_iterable(by_namespace))
        sound = (
            all(map(is_name, names))
            and all(map(is_value, {*chain.from_iterable(lists)}))
            and (not variants or (is_label("".join(variants)) and "" not in variants))
            and 0 not in lengths
            and (sum(lengths) == len(lists) or all(len(values) == len({*values}) for values in lists))
            and not any(variants.get(NULL_LABEL, {}).values())
        )
    except TypeError:  # a table or a list where none should be, or a name that is not a string
        return None
    return Census(len(by_label) + sum(map(len, by_label)) + len(lists), namespaces) if sound else None


def head_problems(document: object) -> Iterator[Problem]:
    """Yield the problems of everything but the variants: schema, priorities and providers."""
    if not isinstance(document, dict):
        yield Problem("", f"expected a JSON object, found {_found(document)}")
        return
    version = schema_version(document.get("$schema"))
    yield from _schema_problems(document, version)
    if version is not None and version[0] != MAJOR:
        return  # PEP 825: "Tools MUST reject metadata with a major version number that they do not support"
    lenient = version is not None and version[1] > NEWEST_MINOR
    if not lenient:
        yield from _unknown_keys("", document, _TOP_KEYS)
    yield from _required("", document, "default-priorities", "variants")
    if "default-priorities" in document:
        yield from _priorities_problems(document["default-priorities"], lenient)
    yield from _providers_problems(document, lenient)
    required = version is not None and version[1] >= PROVIDERS_SINCE_MINOR
    if required and document.get("providers") is None:
        yield Problem("providers", f"expected one provider a namespace in schema {document['$schema']!r}, found none")


def schema_version(schema: object) -> tuple[int, int, int] | None:
    """Read the format version out of a schema URL that ends in `/vX.Y.Z.json`; None when it has none."""
    match = _schema_version(schema) if isinstance(schema, str) else None
    return None if match is None else (int(match[1]), int(match[2]), int(match[3]))


def listed_namespaces(document: object) -> frozenset[str]:
    """Return the namespaces that variants may name, as far as they can be read; the reserved one is among them."""
    priorities = document.get("default-priorities") if isinstance(document, dict) else None
    listed = priorities.get("namespace") if isinstance(priorities, dict) else None
    names = listed if isinstance(listed, list) else []
    return frozenset({ABI_NAMESPACE, *(name for name in names if isinstance(name, str))})


def variants_problems(document: dict[str, object]) -> Iterator[Problem]:
    """Yield the problems of the `variants` table, looking at every entry."""
    if "variants" not in document:
        return  # reported as missing by `head_problems`
    variants = document["variants"]
    yield from _table_problems("variants", variants)
    known = listed_namespaces(document)
    for label, properties in _items(variants):
        path = key_path("variants", label)
        yield from _name_problems(path, label, is_label, "a label", "a-z 0-9 _ .")
        yield from _table_problems(path, properties)
        for namespace, features in _items(properties):
            yield from _namespace_problems(key_path(path, namespace), namespace, features, known)
        if label == NULL_LABEL and any(features for _, features in _items(properties)):
            yield Problem(path, "expected no properties for the reserved label 'null', found some")


def _namespace_problems(path: str, namespace: object, features: object, known: frozenset[str]) -> Iterator[Problem]:
    yield from _name_problems(path, namespace, is_name, "a namespace", "a-z 0-9 _")
    if isinstance(namespace, str) and is_name(namespace) and namespace not in known:
        yield Problem(path, "expected a namespace of default-priorities.namespace, found one not listed there")
    yield from _features_problems(path, features)


def _features_problems(path: str, features: object, *, may_be_empty: bool = False) -> Iterator[Problem]:
    yield from _table_problems(path, features)
    for feature, values in _items(features):
        inner = key_path(path, feature)
        yield from _name_problems(inner, feature, is_name, "a feature name", "a-z 0-9 _")
        yield from _list_problems(inner, values, is_value, "a value", "a-z 0-9 _ .", may_be_empty=may_be_empty)


def _schema_problems(document: dict[str, object], version: tuple[int, int, int] | None) -> Iterator[Problem]:
    schema = document.get("$schema")
    if "$schema" not in document:
        yield Problem("$schema", "expected the URL of the schema, found nothing")
    elif version is None:
        yield Problem("$schema", f"expected a URL that ends in /vX.Y.Z.json, found {_found(schema)}")
    elif version[0] != MAJOR:
        found = ".".join(map(str, version))
        yield Problem("$schema", f"expected major version {MAJOR}, found version {found}; update variantkit")


def _priorities_problems(priorities: object, lenient: bool) -> Iterator[Problem]:
    path = "default-priorities"
    yield from _table_problems(path, priorities)
    if not isinstance(priorities, dict):
        return
    if not lenient:
        yield from _unknown_keys(path, priorities, _PRIORITY_KEYS)
    yield from _required(path, priorities, "namespace")
    if "namespace" in priorities:
        names = priorities["namespace"]
        yield from _list_problems(f"{path}.namespace", names, is_name, "a namespace", "a-z 0-9 _")
    for name in ("feature", "property"):
        yield from _table_problems(f"{path}.{name}", priorities.get(name, {}))
    for namespace, names in _items(priorities.get("feature")):
        inner = key_path(f"{path}.feature", namespace)
        yield from _name_problems(inner, namespace, is_name, "a namespace", "a-z 0-9 _")
        yield from _list_problems(inner, names, is_name, "a feature name", "a-z 0-9 _", may_be_empty=True)
    for namespace, features in _items(priorities.get("property")):
        inner = key_path(f"{path}.property", namespace)
        yield from _name_problems(inner, namespace, is_name, "a namespace", "a-z 0-9 _")
        yield from _features_problems(inner, features, may_be_empty=True)


def _providers_problems(document: dict[str, object], lenient: bool) -> Iterator[Problem]:
    providers = document.get("providers")
    if providers is None:
        return
    yield from _table_problems("providers", providers)
    if not isinstance(providers, dict):
        return
    for namespace, info in providers.items():
        path = key_path("providers", namespace)
        yield from _name_problems(path, namespace, is_name, "a namespace", "a-z 0-9 _")
        yield from _table_problems(path, info)
        if isinstance(info, dict):
            yield from _provider_problems(path, namespace, info, document, lenient)
    listed = listed_namespaces(document) - {ABI_NAMESPACE}
    for namespace in sorted(listed - providers.keys()):
        yield Problem(key_path("providers", namespace), "expected a provider for this namespace, found none")
    for namespace in sorted(map(str, providers.keys() - listed - {ABI_NAMESPACE})):
        found = "expected a namespace of default-priorities.namespace, found one not listed there"
        yield Problem(key_path("providers", namespace), found)


def _provider_problems(
    path: str, namespace: object, info: dict[str, object], document: dict[str, object], lenient: bool
) -> Iterator[Problem]:
    kinds = [kind for kind in _PROVIDER_KINDS if kind in info]
    if len(kinds) != 1:
        found = " and ".join(kinds) or "none"
        yield Problem(path, f"expected exactly one of {', '.join(_PROVIDER_KINDS)}, found {found}")
    if not lenient:
        yield from _unknown_keys(path, info, _PROVIDER_KEYS)
    if not isinstance(info.get("optional", False), bool):
        yield Problem(f"{path}.optional", f"expected true or false, found {_found(info['optional'])}")
    if (namespace == ABI_NAMESPACE) != ("builtin" in info):
        yield Problem(path, f"expected 'builtin' for the reserved namespace {ABI_NAMESPACE} and for no other")
    if info.get("builtin", ABI_NAMESPACE) != ABI_NAMESPACE:
        yield Problem(f"{path}.builtin", f"expected {ABI_NAMESPACE!r}, found {_found(info['builtin'])}")
    yield from _requires_problems(path, info)
    yield from _static_problems(path, namespace, info, document)


def _requires_problems(path: str, info: dict[str, object]) -> Iterator[Problem]:
    requires = info.get("requires", [])
    if not isinstance(requires, list):
        yield Problem(f"{path}.requires", f"expected a list of requirements, found {_found(requires)}")
    for index, requirement in enumerate(requires if isinstance(requires, list) else []):
        if not isinstance(requirement, str) or not requirement or not requirement.isprintable():
            inner = f"{path}.requires[{index}]"
            yield Problem(inner, f"expected a requirement on one line, found {_found(requirement)}")
    endpoint = info.get("plugin-api")
    if endpoint is None:
        return
    if "requires" not in info:
        yield Problem(f"{path}.plugin-api", "expected 'plugin-api' only beside 'requires', found it alone")
    if not isinstance(endpoint, str) or not _is_object_reference(endpoint):
        expected = "expected an object reference such as package.module:Class"
        yield Problem(f"{path}.plugin-api", f"{expected}, found {_found(endpoint)}")


def _static_problems(
    path: str, namespace: object, info: dict[str, object], document: dict[str, object]
) -> Iterator[Problem]:
    if "feature-order" in info and "static-properties" not in info:
        yield Problem(f"{path}.feature-order", "expected 'feature-order' only beside 'static-properties'")
    if "static-properties" not in info:
        return
    static = info["static-properties"]
    yield from _features_problems(f"{path}.static-properties", static, may_be_empty=True)
    if "feature-order" in info:
        order = info["feature-order"]
        yield from _list_problems(
            f"{path}.feature-order", order, is_name, "a feature name", "a-z 0-9 _", may_be_empty=True
        )
        if isinstance(order, list) and isinstance(static, dict) and {*map(str, order)} != {*map(str, static)}:
            yield Problem(f"{path}.feature-order", "expected each feature of static-properties, found other names")
    elif isinstance(static, dict) and len(static) > 1:
        # The draft of PEP 850 keeps the order outside the provider; uv and variantlib keep it inside.
        drafted = draft_feature_order(document, namespace)
        if not {*map(str, static)} <= {*drafted}:
            found = "expected 'feature-order' to list every feature, as there is more than one, found none"
            yield Problem(path, found)


def draft_feature_order(document: dict[str, object], namespace: object) -> list[str]:
    """Return `default-priorities.feature.{namespace}`, or an empty list when it is absent or unreadable."""
    priorities = document.get("default-priorities")
    features = priorities.get("feature") if isinstance(priorities, dict) else None
    order = features.get(namespace) if isinstance(features, dict) else None
    return [name for name in order if isinstance(name, str)] if isinstance(order, list) else []


def _items(table: object) -> list[tuple[object, object]]:
    return [*table.items()] if isinstance(table, dict) else []


def _table_problems(path: str, table: object) -> Iterator[Problem]:
    if not isinstance(table, dict):
        yield Problem(path, f"expected an object, found {_found(table)}")


def _required(path: str, table: dict[str, object], *keys: str) -> Iterator[Problem]:
    for key in keys:
        if key not in table:
            yield Problem(key_path(path, key), "expected this key, found nothing")


def _unknown_keys(path: str, table: dict[str, object], known: frozenset[str]) -> Iterator[Problem]:
    for key in table:
        if key not in known:
            yield Problem(key_path(path, key), f"expected one of {', '.join(sorted(known))}, found an unknown key")


def _name_problems(
    path: str, name: object, matches: Callable[[str], object], what: str, alphabet: str
) -> Iterator[Problem]:
    if not isinstance(name, str) or not matches(name):
        yield Problem(path, f"expected {what} of {alphabet}, found {_found(name)}")


def _list_problems(
    path: str,
    names: object,
    matches: Callable[[str], object],
    what: str,
    alphabet: str,
    *,
    may_be_empty: bool = False,
) -> Iterator[Problem]:
    if not isinstance(names, list):
        yield Problem(path, f"expected a list, found {_found(names)}")
        return
    if not names and not may_be_empty:
        yield Problem(path, "expected at least one entry, found an empty list")
    seen: set[str] = set()
    for index, name in enumerate(names):
        yield from _name_problems(f"{path}[{index}]", name, matches, what, alphabet)
        if isinstance(name, str):
            if name in seen:
                yield Problem(f"{path}[{index}]", f"expected each entry once, found {_found(name)} again")
            seen.add(name)


def _found(value: object) -> str:
    """Name what stands in the document: short strings in full, anything else by its kind."""
    if isinstance(value, str):
        return ascii(value if len(value) <= 60 else value[:57] + "...")
    for kind, name in ((bool, "true or false"), (dict, "an object"), (list, "a list"), (int, "a number")):
        if isinstance(value, kind):
            return name
    return "null" if value is None else "a number" if isinstance(value, float) else type(value).__name__
