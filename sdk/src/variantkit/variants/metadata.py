"""Variant metadata: variants.json and variant.json, read, written and combined."""

from __future__ import annotations

import json
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from variantkit.errors import DocumentError, InputError, Problem
from variantkit.variants.grammar import Feature
from variantkit.variants.jsontext import count_colons, decode_json_text, key_path, load_json, repeated_keys
from variantkit.variants.shape import (
    ABI_NAMESPACE,
    draft_feature_order,
    head_problems,
    listed_namespaces,
    take_census,
    variants_problems,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import TypeAlias, TypeVar

    from variantkit.variants.shape import Census

    Values: TypeAlias = Sequence[str]
    Properties: TypeAlias = Mapping[str, Mapping[str, Values]]
    Entry = TypeVar("Entry")

SCHEMA_825 = "https://variants-schema.wheelnext.dev/peps/825/v0.1.1.json"
SCHEMA_850 = "https://variants-schema.wheelnext.dev/peps/850/v0.2.0.json"

MOST_PROBLEMS = 1000
"""More problems than this are counted off as one: a hostile document must not fill the memory."""


class ProviderInfo(NamedTuple):
    """Who answers for one namespace (PEP 850 "Provider information").

    Exactly one of three: `requires` (requirements as written, unfiltered; asked through `plugin_api`, as written),
    `static` (features in order of preference, not None), `builtin` ("abi_dependency": the environment answers).
    """

    requires: tuple[str, ...] = ()
    plugin_api: str | None = None
    static: tuple[Feature, ...] | None = None
    builtin: str | None = None
    optional: bool = False


class Metadata(NamedTuple):
    """The variants of one release, or of one wheel, and what is needed to order them.

    `schema` is the URL as found; `variants` maps label -> namespace -> feature -> values. `feature_priorities`
    and `property_priorities` come from drafts of PEP 850 and are empty otherwise. The tables are not to be changed.
    """

    schema: str
    namespaces: tuple[str, ...]
    providers: Mapping[str, ProviderInfo]
    variants: Mapping[str, Properties]
    feature_priorities: Mapping[str, tuple[str, ...]] = {}
    property_priorities: Mapping[str, Mapping[str, tuple[str, ...]]] = {}


def parse_metadata(data: bytes | str, where: str) -> Metadata:
    """Read a variants.json or variant.json; `where` names it in messages.

    Raises DocumentError with all problems of the document, each with its key path.
    """
    text = decode_json_text(data, where)
    document = load_json(text, where)
    problems, census = _survey(document)
    if census is None or not _keys_are_distinct(text, document, census):
        problems = [*islice(chain(repeated_keys(text), problems), MOST_PROBLEMS)]
    return _build(document, problems, where)


def metadata_from_object(obj: object, where: str) -> Metadata:
    """Read metadata from a parsed JSON or TOML document, as `parse_metadata` does."""
    return _build(obj, _survey(obj)[0], where)


def _survey(document: object) -> tuple[list[Problem], Census | None]:
    """Return the problems of a document, and the census of its variants when there is no problem."""
    census = take_census(document.get("variants")) if isinstance(document, dict) else None
    found = head_problems(document)
    if isinstance(document, dict) and (census is None or not census.namespaces <= listed_namespaces(document)):
        found = chain(found, variants_problems(document))
    problems = [*islice(found, MOST_PROBLEMS)]
    return problems, None if problems else census


def _keys_are_distinct(text: str, document: object, census: Census) -> bool:
    """Tell for certain that no object of a sound document repeats a key; False only means "look closely".

    Every key is followed by one colon, so a dropped key leaves more colons in the text than the document explains.
    That costs a tenth of watching every key while parsing. Escapes could write colons otherwise: look closely.
    """
    if "\\" in text or not isinstance(document, dict):
        return False
    rest = {key: value for key, value in document.items() if key != "variants"}
    return text.count(":") == census.keys + 1 + count_colons(rest)


def _build(document: object, problems: list[Problem], where: str) -> Metadata:
    if problems:
        if len(problems) == MOST_PROBLEMS:
            problems[-1] = Problem("", "and more; these are the first")
        raise DocumentError(where, problems)
    sound = cast("dict[str, Any]", document)
    priorities = sound["default-priorities"]
    return Metadata(
        schema=sound["$schema"],
        namespaces=tuple(priorities["namespace"]),
        providers={name: _provider(name, info, sound) for name, info in (sound.get("providers") or {}).items()},
        variants=sound["variants"],
        feature_priorities={name: tuple(order) for name, order in priorities.get("feature", {}).items()},
        property_priorities={
            name: {feature: tuple(values) for feature, values in features.items()}
            for name, features in priorities.get("property", {}).items()
        },
    )


def _provider(namespace: str, info: dict[str, Any], document: dict[str, Any]) -> ProviderInfo:
    static = info.get("static-properties")
    if static is not None:
        order = info.get("feature-order") or [*draft_feature_order(document, namespace), *static]
        static = tuple(Feature(name, tuple(static[name])) for name in dict.fromkeys(order) if name in static)
    return ProviderInfo(
        requires=tuple(info.get("requires", ())),
        plugin_api=info.get("plugin-api"),
        static=static,
        builtin=info.get("builtin"),
        optional=info.get("optional", False),
    )


def dump_metadata(metadata: Metadata) -> str:
    """Write the canonical JSON text of `metadata`: the one form that both uv 0.13 and variantlib 0.2.2 read.

    - Schema 850 with providers, else 825. Labels, namespaces and features are sorted, and so are values
      (PEP 825 "Variants"); the order of namespaces, and static features and values, is preference and stays.
    - A used `abi_dependency` is listed last among the namespaces and as a `builtin` provider: both tools refuse
      the form of the draft, where it is listed nowhere. It orders the same.
    - `default-priorities.feature` and `.property` are not written, as both tools refuse them and PEP 825 dropped
      them. What they say of static properties is kept, by writing those in that order.
    """
    namespaces = [*metadata.namespaces]
    used = any(ABI_NAMESPACE in properties for properties in metadata.variants.values())
    if ABI_NAMESPACE not in namespaces and (used or ABI_NAMESPACE in metadata.providers):
        namespaces.append(ABI_NAMESPACE)
    document: dict[str, object] = {"$schema": SCHEMA_850 if metadata.providers else SCHEMA_825}
    document["default-priorities"] = {"namespace": namespaces}
    if metadata.providers:
        providers = dict(metadata.providers)
        if ABI_NAMESPACE in namespaces:
            providers.setdefault(ABI_NAMESPACE, ProviderInfo(builtin=ABI_NAMESPACE))
        document["providers"] = {name: _provider_object(name, providers[name], metadata) for name in sorted(providers)}
    variants = sorted(metadata.variants.items())
    document["variants"] = {label: canonical_properties(properties) for label, properties in variants}
    return json.dumps(document, indent=2) + "\n"


def canonical_properties(properties: Properties) -> dict[str, dict[str, list[str]]]:
    """Sort names and values, and leave out namespaces without features: equal exactly for equal sets of properties."""
    return {
        namespace: {feature: sorted(values) for feature, values in sorted(features.items())}
        for namespace, features in sorted(properties.items())
        if features
    }


def _provider_object(namespace: str, info: ProviderInfo, metadata: Metadata) -> dict[str, object]:
    from variantkit.variants.priorities import prioritized

    made: dict[str, object] = {}
    if info.builtin is not None:
        made["builtin"] = info.builtin
    elif info.static is not None:
        # A feature without values supports nothing, and variantlib refuses it.
        static = [feature for feature in prioritized(info.static, namespace, metadata) if feature.values]
        made["static-properties"] = {feature.name: [*feature.values] for feature in static}
        if len(static) > 1:
            made["feature-order"] = [feature.name for feature in static]
    else:
        made["requires"] = [*info.requires]
    if info.plugin_api is not None:
        made["plugin-api"] = info.plugin_api
    if info.optional:
        made["optional"] = True
    return made


def label_metadata(metadata: Metadata, label: str) -> Metadata:
    """Return the metadata of one label, as a wheel's variant.json holds it.

    Raises InputError when the label is not there.
    """
    if label not in metadata.variants:
        known = ", ".join(sorted(metadata.variants)) or "none"
        raise InputError(f"variant label {label!r}: expected one of the metadata's labels ({known})")
    return metadata._replace(variants={label: metadata.variants[label]})


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


def _combine_namespaces(sources: list[tuple[str, Metadata]], problems: list[Problem]) -> tuple[str, ...]:
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


def _combine_variants(sources: list[tuple[str, Metadata]], problems: list[Problem]) -> dict[str, Properties]:
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
    sources: list[tuple[str, Metadata]],
    path: str,
    entries_of: Callable[[Metadata], Mapping[str, Entry]],
    problems: list[Problem],
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
    sources: list[tuple[str, Metadata]],
    namespaces: tuple[str, ...],
    providers: Mapping[str, ProviderInfo],
    problems: list[Problem],
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
