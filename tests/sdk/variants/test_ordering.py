"""Which labels a machine can use, best first (PEP 825 "Variant ordering")."""

from __future__ import annotations

from functools import cmp_to_key
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.documents import NAMESPACES, plain_metadata, supports, variant_tables
from variantkit.errors import InputError
from variantkit.variants.grammar import Feature, Property, parse_property
from variantkit.variants.ordering import (
    MOST_SUPPORTED,
    Ranking,
    Rejection,
    rank_variants,
    supported_properties,
)

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping, Sequence

    from variantkit.variants.metadata import Metadata
    from variantkit.variants.ordering import Supported

    Table = Mapping[str, Mapping[str, Mapping[str, Sequence[str]]]]


def variant(*properties: str) -> dict[str, dict[str, list[str]]]:
    """`"x.level=v3|v2"` as x -> level -> [v3, v2]."""
    made: dict[str, dict[str, list[str]]] = {}
    for text in properties:
        namespace, _, rest = text.partition(".")
        feature, _, values = rest.partition("=")
        made.setdefault(namespace, {})[feature] = values.split("|")
    return made


MACHINE: Supported = {
    "x": (Feature("level", ("v3", "v2", "v1")), Feature("flag", ("on",))),
    "y": (Feature("lib", ("a", "b")), Feature("arch", ("s2", "s1"), multi_value=True)),
}

ORDERS: dict[str, tuple[Table, tuple[str, ...]]] = {
    "the better value first": (
        {"low": variant("x.level=v1"), "high": variant("x.level=v3"), "mid": variant("x.level=v2")},
        ("high", "mid", "low"),
    ),
    "the better namespace before more properties": (
        {"one": variant("x.level=v1"), "two": variant("y.lib=a", "y.arch=s2")},
        ("one", "two"),
    ),
    "the better feature before the better value": (
        {"flag": variant("x.flag=on"), "level": variant("x.level=v1")},
        ("level", "flag"),
    ),
    "the longer one when one begins the other": (
        {"a": variant("x.level=v3"), "b": variant("x.level=v3", "y.lib=b")},
        ("b", "a"),
    ),
    "the first difference decides, not the number of properties": (
        {"a": variant("x.level=v3"), "b": variant("x.level=v2", "x.flag=on", "y.lib=a")},
        ("a", "b"),
    ),
    "many values count as their best": (
        {"a": variant("y.arch=s1"), "b": variant("y.arch=s1|s2"), "c": variant("y.arch=s2")},
        ("b", "c", "a"),
    ),
    "an unsupported value among others does not matter": (
        {"a": variant("y.arch=s9|s1"), "b": variant("y.arch=s2")},
        ("b", "a"),
    ),
    "the label when all else is equal": (
        {"b": variant("x.level=v3"), "a": variant("x.level=v3"), "a.1": variant("x.level=v3")},
        ("a", "a.1", "b"),
    ),
    "null last": ({"null": {}, "z": variant("y.lib=b"), "a": variant("x.flag=on")}, ("a", "z", "null")),
    "labels without properties beside null, by label": (
        {"null": {}, "zempty": {}, "aempty": {}, "x": variant("y.lib=b")},
        ("x", "aempty", "null", "zempty"),
    ),
    "the order within the document does not matter": (
        {"b": variant("y.lib=a", "x.level=v3"), "a": variant("x.level=v3", "y.lib=b")},
        ("b", "a"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("table", "labels"), ORDERS.values(), ids=ORDERS)
def test_labels_are_ordered_by_their_best_properties(table: Table, labels: tuple[str, ...]) -> None:
    assert rank_variants(plain_metadata(table, ["x", "y"]), MACHINE) == Ranking(labels, ())


@pytest.mark.parametrize(
    ("properties", "rejected"),
    [
        (variant("x.level=v4"), "x :: level :: v4"),
        (variant("x.level=v4|v5"), "x :: level :: v4"),
        (variant("x.level=v3", "x.width=512"), "x :: width :: 512"),
        (variant("x.level=v3", "y.lib=c", "y.arch=s9"), "y :: lib :: c"),
        (variant("z.any=v1"), "z :: any :: v1"),
        (variant("abi_dependency.torch=2.9"), "abi_dependency :: torch :: 2.9"),
    ],
)
def test_a_label_that_cannot_be_used_names_its_first_unsupported_property(
    properties: dict[str, dict[str, list[str]]], rejected: str
) -> None:
    ranking = rank_variants(plain_metadata({"bad": properties, "null": {}}, ["x", "y", "z"]), MACHINE)
    assert ranking == Ranking(("null",), (Rejection("bad", "unsupported-property", parse_property(rejected)),))


def test_a_feature_without_supported_values_supports_nothing() -> None:
    found = rank_variants(plain_metadata({"a": variant("x.level=v1")}, ["x"]), {"x": (Feature("level", ()),)})
    assert found.labels == ()


def test_several_values_are_enough_even_where_the_provider_allows_one() -> None:
    # PEP 825 "Variant properties": one supported value is enough; multi_value concerns building.
    found = rank_variants(plain_metadata({"a": variant("x.level=v9|v1")}, ["x"]), MACHINE)
    assert found.labels == ("a",)


def test_abi_dependency_orders_after_the_listed_namespaces() -> None:
    installed = {**MACHINE, "abi_dependency": (Feature("torch", ("2.9.1", "2.9", "2")),)}
    table = {
        "major": variant("abi_dependency.torch=2"),
        "exact": variant("abi_dependency.torch=2.9.1"),
        "minor": variant("abi_dependency.torch=2.9"),
        "listed": variant("y.arch=s1"),
        "null": {},
    }
    found = rank_variants(plain_metadata(table, ["x", "y"]), installed)
    assert found.labels == ("listed", "exact", "minor", "major", "null")


def test_a_listed_abi_dependency_orders_where_it_is_listed() -> None:
    installed = {**MACHINE, "abi_dependency": (Feature("torch", ("2",)),)}
    table = {"major": variant("abi_dependency.torch=2"), "listed": variant("y.arch=s1")}
    assert rank_variants(plain_metadata(table, ["abi_dependency", "y"]), installed).labels == ("major", "listed")


DRAFTED = plain_metadata(
    {
        "a_on": variant("x.flag=on"),
        "b_v3": variant("x.level=v3"),
        "c_v1": variant("x.level=v1"),
        "d_lib": variant("y.lib=b"),
    },
    ["x", "y"],
)


@pytest.mark.parametrize(
    ("features", "values", "labels"),
    [
        ({}, {}, ("b_v3", "c_v1", "a_on", "d_lib")),
        ({"x": ("flag",)}, {}, ("a_on", "b_v3", "c_v1", "d_lib")),
        ({"x": ("unknown", "flag")}, {}, ("a_on", "b_v3", "c_v1", "d_lib")),
        ({}, {"x": {"level": ("v9", "v1")}}, ("c_v1", "b_v3", "a_on", "d_lib")),
        ({"x": ("flag",)}, {"x": {"level": ("v1",)}}, ("a_on", "c_v1", "b_v3", "d_lib")),
    ],
    ids=["none", "a feature", "an unsupported feature is passed over", "a value", "both"],
)
def test_draft_priorities_come_first_among_what_is_supported(
    features: Mapping[str, tuple[str, ...]],
    values: Mapping[str, Mapping[str, tuple[str, ...]]],
    labels: tuple[str, ...],
) -> None:
    found = DRAFTED._replace(feature_priorities=features, property_priorities=values)
    assert rank_variants(found, MACHINE).labels == labels


def test_a_draft_priority_makes_nothing_supported() -> None:
    found = plain_metadata({"a": variant("x.level=v9")}, ["x"])._replace(
        feature_priorities={"x": ("level",)}, property_priorities={"x": {"level": ("v9",)}}
    )
    assert rank_variants(found, MACHINE).labels == ()


@pytest.mark.parametrize(
    ("prefer", "labels"),
    [
        ((), ("b_v3", "c_v1", "a_on", "d_lib")),
        (("x :: level :: v1",), ("c_v1", "b_v3", "a_on", "d_lib")),
        (("x :: flag :: on",), ("a_on", "b_v3", "c_v1", "d_lib")),
        (("y :: lib :: b",), ("d_lib", "b_v3", "c_v1", "a_on")),
        (("y :: lib :: b", "x :: level :: v1"), ("d_lib", "c_v1", "b_v3", "a_on")),
        (("x :: level :: v1", "x :: flag :: on"), ("c_v1", "b_v3", "a_on", "d_lib")),
        (("x :: level :: v9", "z :: any :: v1", "y :: none :: b"), ("b_v3", "c_v1", "a_on", "d_lib")),
    ],
    ids=["nothing", "a value", "a feature", "a namespace", "two namespaces", "two features", "nothing supported"],
)
def test_a_preferred_property_brings_its_value_feature_and_namespace_to_the_front(
    prefer: Sequence[str], labels: tuple[str, ...]
) -> None:
    wanted = [parse_property(text) for text in prefer]
    assert rank_variants(DRAFTED, MACHINE, prefer=wanted).labels == labels


def test_more_supported_properties_than_can_be_told_apart_are_refused() -> None:
    many = {"x": (Feature("level", tuple(str(number) for number in range(MOST_SUPPORTED + 1))),)}
    with pytest.raises(InputError, match=str(MOST_SUPPORTED)):
        rank_variants(plain_metadata({}, ["x"]), many)


def by_the_book(found: Metadata, supported: Supported) -> list[str]:
    """PEP 825's seven steps, word by word and comparison by comparison, without any regard to speed."""
    features = {namespace: [feature.name for feature in supported[namespace]] for namespace in found.namespaces}
    values = {(namespace, feature.name): feature.values for namespace in supported for feature in supported[namespace]}

    def keys(label: str) -> list[tuple[int, int, int]] | None:
        made = []
        for namespace, listed in found.variants[label].items():
            for name, wanted in listed.items():
                positions = [at for at, value in enumerate(values.get((namespace, name), ())) if value in wanted]
                if not positions:
                    return None
                made.append((found.namespaces.index(namespace), features[namespace].index(name), positions[0]))
        return sorted(made)

    def compare(one: str, other: str) -> int:
        left, right = keys(one) or [], keys(other) or []
        for mine, theirs in zip(left, right, strict=False):
            if mine != theirs:
                return -1 if mine < theirs else 1
        if len(left) != len(right):
            return len(right) - len(left)
        return -1 if one < other else 1

    return sorted((label for label in found.variants if keys(label) is not None), key=cmp_to_key(compare))


@settings(max_examples=200)
@given(variant_tables(), st.permutations(NAMESPACES), supports())
def test_the_order_is_that_of_the_seven_steps(table: Table, order: list[str], supported: Supported) -> None:
    found = plain_metadata(table, order)
    assert list(rank_variants(found, supported).labels) == by_the_book(found, supported)


@given(variant_tables(), supports())
def test_every_label_is_ranked_or_rejected_and_none_is_both(table: Table, supported: Supported) -> None:
    ranking = rank_variants(plain_metadata(table), supported)
    assert sorted([*ranking.labels, *(found.label for found in ranking.rejected)]) == sorted(table)


@given(variant_tables(), supports(), st.randoms())
def test_the_order_of_keys_in_the_document_does_not_matter(
    table: Table, supported: Supported, chance: random.Random
) -> None:
    def turned(found: object) -> object:
        if isinstance(found, dict):
            items = [*found.items()]
            chance.shuffle(items)
            return {key: turned(value) for key, value in items}
        return [*reversed(found)] if isinstance(found, list) else found

    other: Table = turned(dict(table))  # type: ignore[assignment]
    one, two = (rank_variants(plain_metadata(each), supported) for each in (table, other))
    assert one.labels == two.labels
    assert {found.label for found in one.rejected} == {found.label for found in two.rejected}


@given(
    variant_tables(),
    supports(),
    st.sampled_from(NAMESPACES),
    st.sampled_from(["f1", "f2"]),
    st.sampled_from(["v1", "v4"]),
)
def test_more_support_never_takes_a_label_away(
    table: Table, supported: dict[str, tuple[Feature, ...]], namespace: str, name: str, value: str
) -> None:
    found = {feature.name: feature for feature in supported[namespace]}
    old = found.get(name, Feature(name, ()))
    found[name] = old if value in old.values else old._replace(values=(value, *old.values))
    more = {**supported, namespace: tuple(found.values())}
    before, after = (rank_variants(plain_metadata(table), each).labels for each in (supported, more))
    assert {*before} <= {*after}


PROPERTIES = st.builds(
    Property, st.sampled_from(NAMESPACES), st.sampled_from(["f1", "f2", "f3"]), st.sampled_from(["v1", "v2", "v3"])
)


@given(variant_tables(), supports(), st.lists(PROPERTIES, max_size=3))
def test_a_preference_reorders_and_neither_adds_nor_removes(
    table: Table, supported: Supported, prefer: list[Property]
) -> None:
    plain, preferred = (rank_variants(plain_metadata(table), supported, prefer=each) for each in ((), prefer))
    assert sorted(plain.labels) == sorted(preferred.labels)
    assert plain.rejected == preferred.rejected


@given(variant_tables(), supports(), PROPERTIES)
def test_the_first_label_has_the_preferred_property_if_any_usable_label_has_it(
    table: Table, supported: Supported, wanted: Property
) -> None:
    labels = rank_variants(plain_metadata(table), supported, prefer=[wanted]).labels
    having = [label for label in labels if wanted in supported_properties(table[label], supported)]
    assert having == [] or labels[0] in having


@given(variant_tables(), supports())
def test_supported_properties_never_lose_a_whole_feature_of_a_usable_label(table: Table, supported: Supported) -> None:
    # PEP 825 "Evaluating variant markers", step 3
    for label in rank_variants(plain_metadata(table), supported).labels:
        kept = {(found.namespace, found.feature) for found in supported_properties(table[label], supported)}
        assert kept == {(namespace, name) for namespace, listed in table[label].items() for name in listed}


def test_supported_properties_are_those_the_machine_has() -> None:
    found = supported_properties(variant("y.arch=s1|s9", "y.lib=c", "x.level=v3", "z.any=v1"), MACHINE)
    assert found == {Property("y", "arch", "s1"), Property("x", "level", "v3")}


@given(variant_tables(), supports())
def test_ranking_changes_nothing_it_is_given(table: Table, supported: Supported) -> None:
    before = repr((table, supported))
    rank_variants(plain_metadata(table), supported, prefer=[Property("beta", "f1", "v1")])
    assert repr((table, supported)) == before
