"""Agreement with variantlib 0.2.2, PEP 825's reference implementation: where both define an order it is the same.

Where the two part, DIFFERENCES says how and why, and a test shows each difference on both sides.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from variantlib.api import get_variants_by_priority  # type: ignore[import-untyped]
from variantlib.errors import ValidationError  # type: ignore[import-untyped]
from variantlib.models.variant import VariantDescription, VariantProperty  # type: ignore[import-untyped]
from variantlib.resolver.lib import sort_and_filter_supported_variants  # type: ignore[import-untyped]
from variantlib.variants_json import VariantsJson  # type: ignore[import-untyped]

from support.documents import NAMESPACES, document, feature_lists, metadata, plain_metadata, supports, variant_tables
from variantkit.errors import DocumentError
from variantkit.variants.abi import abi_features
from variantkit.variants.metadata import (
    SCHEMA_825,
    SCHEMA_850,
    Metadata,
    ProviderInfo,
    dump_metadata,
    parse_metadata,
)
from variantkit.variants.ordering import rank_variants
from variantkit.variants.shape import ABI_NAMESPACE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from variantkit.variants.grammar import Feature
    from variantkit.variants.ordering import Supported

    Table = Mapping[str, Mapping[str, Mapping[str, Sequence[str]]]]


def variantlib_order(table: Table, namespaces: Sequence[str], supported: Supported) -> list[str]:
    """Labels as variantlib orders them; supported properties are handed over in the order of their namespaces."""
    offered = [
        VariantProperty(namespace, feature.name, value)
        for namespace in namespaces
        for feature in supported.get(namespace, ())
        for value in feature.values
    ]
    descriptions = [VariantDescription.from_dict(found, label) for label, found in table.items()]
    ordered = sort_and_filter_supported_variants(descriptions, offered, [*namespaces], filter_values=True)
    return [description.label for description in ordered]


@settings(max_examples=100)
@given(variant_tables(min_properties=1), st.permutations(NAMESPACES), supports())
def test_both_order_any_variants_alike_on_any_machine(table: Table, order: list[str], supported: Supported) -> None:
    assume("null" in table)  # else variantlib adds it: see DIFFERENCES
    found = rank_variants(plain_metadata(table, order), supported)
    assert list(found.labels) == variantlib_order(table, order, supported)


@settings(max_examples=60)
@given(
    variant_tables(min_properties=1),
    st.permutations(NAMESPACES),
    st.fixed_dictionaries(dict.fromkeys(NAMESPACES, feature_lists(min_values=1).filter(lambda found: found != ()))),
)
def test_both_read_what_we_write_and_order_it_alike(
    table: Table, order: list[str], static: dict[str, tuple[Feature, ...]]
) -> None:
    providers = {namespace: ProviderInfo(static=features) for namespace, features in static.items()}
    text = dump_metadata(Metadata(SCHEMA_850, tuple(order), providers, {"null": {}, **table}))
    ours = rank_variants(parse_metadata(text, "doc"), static).labels
    theirs = get_variants_by_priority(variants_json=json.loads(text))
    assert list(ours) == [description.label for description in theirs]


@settings(max_examples=60)
@given(metadata())
def test_variantlib_reads_what_we_write(found: Metadata) -> None:
    assume(found.providers)
    assume(all(found.variants[label] for label in found.variants if label != "null"))
    read = VariantsJson(json.loads(dump_metadata(found)))
    assert {label: description.to_dict() for label, description in read.variants.items()} == found.variants
    assert read.namespace_priorities == [*found.namespaces]
    for namespace, info in found.providers.items():
        theirs = read.providers[namespace]
        assert (tuple(theirs.requires), theirs.plugin_api, theirs.optional) == (*info[:2], info.optional)
        assert theirs.static_properties == {feature.name: [*feature.values] for feature in info.static or ()}


@settings(max_examples=60)
@given(metadata())
def test_we_read_what_variantlib_writes(found: Metadata) -> None:
    assume(found.providers)
    assume(all(found.variants[label] for label in found.variants if label != "null"))
    theirs = VariantsJson(json.loads(dump_metadata(found))).to_str()
    assert parse_metadata(theirs, "doc")._replace(schema=found.schema) == found


def test_variantlib_reads_abi_dependency_as_we_write_it() -> None:
    table = {"t": {ABI_NAMESPACE: {"torch": ["2.9"]}}}
    text = dump_metadata(parse_metadata(json.dumps(document(variants=table)), "doc"))
    assert VariantsJson(json.loads(text)).namespace_priorities == ["x86_64", "blas", ABI_NAMESPACE]


class Difference(NamedTuple):
    """One case in which the two part: what we do, what variantlib 0.2.2 does, and the sentence that decides."""

    case: str
    ours: str
    variantlib: str
    sentence: str


DIFFERENCES = (
    Difference(
        "no-null-variant",
        "orders the labels of the document",
        "adds `null`, though no wheel has that label",
        'PEP 825 "Variant ordering": "The groups of variant wheels MUST then be ordered", and there is no such group',
    ),
    Difference(
        "label-without-properties",
        "accepts it; beside `null` the label decides",
        "refuses the document unless the label is `null`",
        'PEP 825 "Variant wheel": a label is mapped "to zero or more variant properties"',
    ),
    Difference(
        "no-providers",
        "accepts a document of schema 825 without `providers`",
        "refuses the document",
        'PEP 825 "Variant metadata": its structure has no `providers`',
    ),
    Difference(
        "unknown-major-version",
        "refuses the document",
        "does not look at `$schema`",
        'PEP 825 "Variant metadata": "Tools MUST reject metadata with a major version number that they do not support"',
    ),
    Difference(
        "newer-minor-version",
        "passes over keys it does not know",
        "refuses keys it does not know",
        'PEP 825 "Variant metadata": tools "SHOULD accept metadata with a newer minor version number"',
    ),
    Difference(
        "no-schema",
        "refuses the document",
        "accepts it",
        'PEP 825 "Schema": "Its value MUST be the URL of a JSON schema"',
    ),
    Difference(
        "draft-priorities",
        "reads `default-priorities.feature` and `.property`, and orders by them",
        "refuses the document",
        'draft providers PEP, "Provider information": the order "MUST be specified in default-priorities.feature"',
    ),
    Difference(
        "draft-abi-dependency",
        "accepts `abi_dependency` that is listed nowhere",
        "refuses the document",
        'draft providers PEP, "ABI Dependency": it "MUST NOT be listed in the provider information dictionary"',
    ),
    Difference(
        "abi-dependency-order",
        "prefers the more exact of two matching versions",
        "prefers the less exact",
        'PEP 825 "Variant ordering" leaves the order of compatible values to whoever supplies them',
    ),
    Difference(
        "abi-dependency-epoch",
        "supports no version with an epoch",
        "drops the epoch and matches the rest",
        'draft providers PEP, "ABI Dependency": "Versions with nonzero epoch are not supported"',
    ),
    Difference(
        "namespace-listed-twice",
        "refuses the document",
        "accepts it",
        "PEP 825, schema of the format: default-priorities.namespace has unique items",
    ),
    Difference(
        "empty-static-properties",
        "accepts a provider that supports nothing",
        "refuses the document",
        'draft providers PEP, "Variant metadata": a feature\'s list may be empty, and uv accepts it',
    ),
    Difference(
        "empty-value-list",
        "refuses the document",
        "accepts it, and takes the feature for absent",
        "PEP 825, schema of the format: a feature has at least one value",
    ),
    Difference(
        "unlisted-support",
        "ignores what is supported in a namespace that is not listed",
        "raises an error",
        'PEP 825 "Variant ordering", step 1: the namespaces are those of default-priorities.namespace',
    ),
)


def ours_reads(found: object) -> bool:
    try:
        parse_metadata(json.dumps(found), "doc")
    except DocumentError:
        return False
    return True


def variantlib_reads(found: Any) -> bool:
    try:
        VariantsJson(json.loads(json.dumps(found)))
    except ValidationError:
        return False
    return True


def reads(found: object) -> tuple[bool, bool]:
    """Whether we read a document, and whether variantlib does."""
    return ours_reads(found), variantlib_reads(found)


def one_provider(info: object) -> dict[str, Any]:
    return document(default_priorities={"namespace": ["x"]}, providers={"x": info}, variants={"null": {}})


def show_no_null_variant(_: pytest.MonkeyPatch) -> None:
    table = {"v": {"alpha": {"f1": ["v1"]}}}
    assert rank_variants(plain_metadata(table), {}).labels == ()
    assert variantlib_order(table, NAMESPACES, {}) == ["null"]


def show_label_without_properties(_: pytest.MonkeyPatch) -> None:
    table: Table = {"null": {}, "aempty": {}, "zempty": {}}
    assert rank_variants(plain_metadata(table), {}).labels == ("aempty", "null", "zempty")
    assert reads(document(variants=table)) == (True, False)


def show_no_providers(_: pytest.MonkeyPatch) -> None:
    assert reads({k: v for k, v in document(schema=SCHEMA_825).items() if k != "providers"}) == (True, False)


def show_unknown_major_version(_: pytest.MonkeyPatch) -> None:
    assert reads(document(schema=SCHEMA_850.replace("v0.2.0", "v7.0.0"))) == (False, True)


def show_newer_minor_version(_: pytest.MonkeyPatch) -> None:
    novelty = document(schema=SCHEMA_850.replace("v0.2.0", "v0.3.0"))
    novelty["default-priorities"]["novelty"] = []
    assert reads(novelty) == (True, False)


def show_no_schema(_: pytest.MonkeyPatch) -> None:
    assert reads({k: v for k, v in document().items() if k != "$schema"}) == (False, True)


def show_draft_priorities(_: pytest.MonkeyPatch) -> None:
    drafted = document()
    drafted["default-priorities"]["feature"] = {"blas": ["threads"]}
    assert reads(drafted) == (True, False)


def show_draft_abi_dependency(_: pytest.MonkeyPatch) -> None:
    assert reads(document(variants={"t": {ABI_NAMESPACE: {"torch": ["2.9"]}}})) == (True, False)


ABI_TABLE: Table = {
    "null": {},
    "major": {ABI_NAMESPACE: {"torch": ["2"]}},
    "minor": {ABI_NAMESPACE: {"torch": ["2.9"]}},
}


def orders_with_torch(version: str, monkeypatch: pytest.MonkeyPatch) -> tuple[list[str], list[str]]:
    monkeypatch.setenv("VARIANT_ABI_DEPENDENCY", f"torch=={version}")
    installed = {ABI_NAMESPACE: abi_features({"torch": ["2", "2.9"]}, {"torch": version})}
    ours = rank_variants(plain_metadata(ABI_TABLE), installed).labels
    return [*ours], variantlib_order(ABI_TABLE, NAMESPACES, {})


def show_abi_dependency_order(monkeypatch: pytest.MonkeyPatch) -> None:
    assert orders_with_torch("2.9.1", monkeypatch) == (["minor", "major", "null"], ["major", "minor", "null"])


def show_abi_dependency_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    assert orders_with_torch("1!2.9.1", monkeypatch) == (["null"], ["major", "minor", "null"])


def show_namespace_listed_twice(_: pytest.MonkeyPatch) -> None:
    assert reads(document(default_priorities={"namespace": ["blas", "x86_64", "blas"]})) == (False, True)


def show_empty_static_properties(_: pytest.MonkeyPatch) -> None:
    assert reads(one_provider({"static-properties": {}})) == (True, False)
    assert reads(one_provider({"static-properties": {"f": []}})) == (True, False)


def show_empty_value_list(_: pytest.MonkeyPatch) -> None:
    table = {"v": {"blas": {"library": ["mkl"], "threads": []}}}
    assert reads(document(variants=table)) == (False, True)


def show_unlisted_support(_: pytest.MonkeyPatch) -> None:
    table: Table = {"null": {}, "v": {"alpha": {"f1": ["v1"]}}}
    supported = {"alpha": abi_features({"f1": ["1"]}, {"f1": "1"}), "beta": abi_features({"f1": ["1"]}, {"f1": "1"})}
    assert rank_variants(plain_metadata(table, ["alpha"]), supported).labels == ("null",)
    offered = [VariantProperty("beta", "f1", "1")]
    with pytest.raises(ValidationError, match="Missing namespace_priorities"):
        sort_and_filter_supported_variants([VariantDescription()], offered, ["alpha"])


SHOWN: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    name.removeprefix("show_").replace("_", "-"): show
    for name, show in list(globals().items())
    if name.startswith("show_")
}


@pytest.mark.parametrize("difference", DIFFERENCES, ids=[found.case for found in DIFFERENCES])
def test_each_difference_is_as_the_table_says(difference: Difference, monkeypatch: pytest.MonkeyPatch) -> None:
    SHOWN[difference.case](monkeypatch)


def test_every_difference_that_is_shown_is_in_the_table() -> None:
    assert sorted(SHOWN) == sorted(found.case for found in DIFFERENCES)
    assert all(all(found) for found in DIFFERENCES)
