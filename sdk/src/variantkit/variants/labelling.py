"""Variant wheels made of plain ones, and the plain ones got back."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from variantkit.errors import InputError
from variantkit.variants.archive import Rewrite, WheelContents, open_wheel, replacing, rewrite_wheel
from variantkit.variants.grammar import NULL_LABEL, normalized_name, require_label
from variantkit.variants.metadata import canonical_properties, dump_metadata
from variantkit.variants.record import add_to_record, read_record, record_problems, remove_from_record
from variantkit.variants.shape import ABI_NAMESPACE
from variantkit.variants.wheel import parse_wheel_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from variantkit.variants.grammar import Property
    from variantkit.variants.metadata import Metadata, Properties
    from variantkit.variants.wheel import WheelName

VARIANT_JSON = "variant.json"


def label_wheel(source: str, out_dir: str, label: str, properties: Sequence[Property], seed: Metadata) -> str:
    """Make the variant wheel of a plain wheel, in `out_dir`; return its path.

    `seed` gives the priorities and the providers; where its `variants` list the label, they must agree. Every
    other member keeps its bytes; the result is the same for the same input. Raises InputError for a source that
    is no intact plain wheel and for properties that the seed does not allow; nothing is written then.
    """
    name = parse_wheel_name(os.path.basename(source))
    if name.label is not None:
        raise InputError(
            f"{source}: expected a plain wheel, found label {name.label!r}; run 'variantkit wheel unlabel'"
        )
    document = variant_document(label, properties, seed)
    data = dump_metadata(document).encode()
    with open_wheel(source) as contents:
        record = _require_intact(contents, name)
        variant_json, record_name = contents.info_name(VARIANT_JSON), contents.info_name("RECORD")
        if variant_json in contents.archive.NameToInfo:
            raise InputError(f"{source}: expected a plain wheel, found {variant_json} in it under a plain file name")
        rewrite = Rewrite(
            replaced={record_name: add_to_record(record, record_name, variant_json, data)},
            added={record_name: (variant_json, data)},
        )
        return _write(contents, out_dir, name._replace(label=label).text, rewrite)


def unlabel_wheel(source: str, out_dir: str) -> str:
    """Make the plain wheel that a variant wheel was made of, in `out_dir`; return its path.

    Raises InputError for a source that is no intact variant wheel; nothing is written then.
    """
    name = parse_wheel_name(os.path.basename(source))
    if name.label is None:
        raise InputError(f"{source}: expected a variant wheel, found no label in its file name")
    with open_wheel(source) as contents:
        record = _require_intact(contents, name)
        variant_json = contents.info_name(VARIANT_JSON)
        if variant_json not in contents.archive.NameToInfo:
            raise InputError(f"{source}: expected {variant_json} in a variant wheel, found none")
        rewrite = Rewrite(
            removed=frozenset({variant_json}),
            replaced={contents.info_name("RECORD"): remove_from_record(record, variant_json)},
        )
        return _write(contents, out_dir, name.plain_text, rewrite)


def _write(contents: WheelContents, out_dir: str, filename: str, rewrite: Rewrite) -> str:
    path = os.path.join(out_dir, filename)
    with replacing(path, os.stat(contents.where).st_mode & 0o777) as target:
        rewrite_wheel(contents, target, rewrite)
    return path


def _require_intact(contents: WheelContents, name: WheelName) -> bytes:
    """Return RECORD, or raise InputError for a wheel that is broken already or would be by a change."""
    where = contents.where
    found = contents.info.removesuffix(".dist-info").partition("-")[0]
    if normalized_name(found) != normalized_name(name.name):
        raise InputError(f"{where}: expected the .dist-info directory of {name.name!r}, found {contents.info!r}")
    names = {*contents.names()}
    for needed in ("METADATA", "WHEEL"):
        if contents.info_name(needed) not in names:
            raise InputError(f"{where}: expected {contents.info_name(needed)}, found none; rebuild the wheel")
    for signature in ("RECORD.jws", "RECORD.p7s"):
        if contents.info_name(signature) in names:
            raise InputError(f"{where}: expected no signature of RECORD, which a change breaks, found {signature}")
    record = read_record(contents)
    problem = next(record_problems(contents, record), None)
    if problem is not None:
        raise InputError(f"{where}: expected RECORD to match the members, found: {problem}; rebuild the wheel")
    return record


def variant_document(label: str, properties: Sequence[Property], seed: Metadata) -> Metadata:
    """Build the metadata of a wheel's variant.json; InputError for what the seed or PEP 825 does not allow."""
    require_label(label)
    found = group_properties(properties)
    if label == NULL_LABEL and found:
        raise InputError(f"variant label 'null': expected no property, found {properties[0]}; choose another label")
    if label != NULL_LABEL and not found:
        raise InputError(f"variant label {label!r}: expected at least one property; without any, the label is 'null'")
    if not seed.namespaces:
        raise InputError("variant metadata: expected a namespace in default-priorities.namespace, found none")
    for wanted in properties:
        _require_governed(wanted, seed)
    _require_listed(label, found, seed.variants)
    return seed._replace(variants={label: found})


def group_properties(properties: Sequence[Property]) -> dict[str, dict[str, list[str]]]:
    """Group properties as a variant.json has them: namespace -> feature -> sorted values."""
    grouped: dict[str, dict[str, list[str]]] = {}
    for namespace, feature, value in sorted({*properties}):
        grouped.setdefault(namespace, {}).setdefault(feature, []).append(value)
    return grouped


def _require_governed(wanted: Property, seed: Metadata) -> None:
    """PEP 850 "Providers": every namespace used is listed and has a provider, and static ones allow the property."""
    if wanted.namespace == ABI_NAMESPACE:
        return
    if wanted.namespace not in seed.namespaces:
        known = ", ".join(seed.namespaces)
        raise InputError(
            f"property '{wanted}': expected a namespace of default-priorities.namespace ({known}); add it there"
        )
    provider = seed.providers.get(wanted.namespace)
    if provider is None:
        raise InputError(
            f"property '{wanted}': expected a provider for its namespace; add providers.{wanted.namespace}"
        )
    if provider.static is None:
        return
    allowed = {feature.name: feature.values for feature in provider.static}
    if wanted.value not in allowed.get(wanted.feature, ()):
        listed = ", ".join(allowed.get(wanted.feature, ())) or "none"
        place = f"providers.{wanted.namespace}.static-properties.{wanted.feature}"
        raise InputError(f"property '{wanted}': expected a value of {place} ({listed})")


def _require_listed(label: str, found: Properties, variants: Mapping[str, Properties]) -> None:
    """PEP 825 "Variant label": one label, one set of properties, in both directions."""
    wanted = canonical_properties(found)
    for other, properties in variants.items():
        same = canonical_properties(properties) == wanted
        if other == label and not same:
            raise InputError(f"variant label {label!r}: expected the properties that the metadata's variants give it")
        if other != label and same:
            raise InputError(f"variant label {label!r}: expected {other!r}, which the metadata gives these properties")
