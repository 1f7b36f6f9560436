"""Metadata of several wheels as one (PEP 825 "Metadata consistency")."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

from variantkit.errors import DocumentError, InputError, Problem
from variantkit.variants.jsontext import key_path
from variantkit.variants.metadata import SCHEMA_825, SCHEMA_850, Metadata, canonical_properties
from variantkit.variants.shape import ABI_NAMESPACE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from variantkit.variants.metadata import Properties, ProviderInfo

    Parts = list[tuple[str, Metadata]]
    Entry = TypeVar("Entry")


def combine_metadata(parts: Iterable[tuple[str, Metadata]]) -> Metadata:
    """Combine the metadata of one release's sources, each given with its name; their order does not matter.

    Namespaces: the longest list, which every other list must begin. Variants: the union, where a label is the same
    set of properties everywhere. Providers and draft priorities: the union, the same for a namespace everywhere.
    Raises DocumentError that names both sources of every disagreement, InputError when there is no source.
    """
    sources = [*parts]
    if not sources:
        raise InputError("variant metadata: expected at least one source to combine, found none")
    problems: list[Problem] = []
    namespaces = _combine_namespaces(sources, problems)
    variants = _combine_variants(sources, problems)
    providers = _union(sources, "providers", lambda part: part.providers, problems)
    _check_every_namespace_has_provider(sources, namespaces, providers, problems)
    path = "default-priorities"
    features = _union(sources, f"{path}.feature", lambda part: part.feature_priorities, problems)
    values = _union(sources, f"{path}.property", lambda part: part.property_priorities, problems)
    if problems:
        raise DocumentError("combined variant metadata", problems)
    schemas = {part.schema for _, part in sources}
    schema = schemas.pop() if len(schemas) == 1 else SCHEMA_850 if providers else SCHEMA_825
    return Metadata(schema, namespaces, providers, variants, features, values)


def _combine_namespaces(sources: Parts, problems: list[Problem]) -> tuple[str, ...]:
    longest_source, longest = max(sources, key=lambda source: len(source[1].namespaces))
    for source, part in sources:
        if part.namespaces != longest.namespaces[: len(part.namespaces)]:
            found = f"{longest_source} has {_listed(longest.namespaces)}, {source} has {_listed(part.namespaces)}"
            message = f"expected the longer list to begin with the shorter one; {found}"
            problems.append(Problem("default-priorities.namespace", message))
    return longest.namespaces


class _Known(NamedTuple):
    source: str
    properties: Properties
    canonical: Properties


def _combine_variants(sources: Parts, problems: list[Problem]) -> dict[str, Properties]:
    known: dict[str, _Known] = {}
    for source, part in sources:
        for label, properties in part.variants.items():
            first = known.get(label)
            if first is None:
                known[label] = _Known(source, properties, canonical_properties(properties))
            elif properties != first.properties:
                canonical = canonical_properties(properties)
                if canonical != first.canonical:
                    message = f"expected the same properties in every source; {first.source} and {source} differ"
                    problems.append(Problem(key_path("variants", label), message))
                # The same set, written in two ways: neither source may decide which one stays.
                known[label] = first._replace(properties=first.canonical)
    return {label: known[label].properties for label in sorted(known)}


def _union(
    sources: Parts, path: str, entries_of: Callable[[Metadata], Mapping[str, Entry]], problems: list[Problem]
) -> dict[str, Entry]:
    known: dict[str, tuple[str, Entry]] = {}
    for source, part in sources:
        for name, entry in entries_of(part).items():
            first, expected = known.setdefault(name, (source, entry))
            if entry != expected:
                message = f"expected the same in every source; {first} and {source} differ"
                problems.append(Problem(key_path(path, name), message))
    return {name: known[name][1] for name in sorted(known)}


def _check_every_namespace_has_provider(
    sources: Parts, namespaces: tuple[str, ...], providers: Mapping[str, ProviderInfo], problems: list[Problem]
) -> None:
    """PEP 850: one provider per namespace of a release, so a source without providers leaves no gap behind."""
    for namespace in namespaces if providers else ():
        if namespace not in providers and namespace != ABI_NAMESPACE:
            named = next(source for source, part in sources if part.providers)
            lacking = next(source for source, part in sources if namespace in part.namespaces)
            message = f"expected a provider, as {named} has providers; {lacking} uses the namespace without one"
            problems.append(Problem(key_path("providers", namespace), message))


def _listed(namespaces: tuple[str, ...]) -> str:
    return "[" + ", ".join(namespaces) + "]"
