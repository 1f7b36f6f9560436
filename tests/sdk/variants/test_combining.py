"""Several documents of one release as one (PEP 825 "Metadata consistency")."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.documents import NAMESPACES, metadata, plain_metadata, provider_infos, variant_tables
from variantkit.errors import DocumentError, InputError
from variantkit.variants.metadata import (
    SCHEMA_825,
    SCHEMA_850,
    Metadata,
    ProviderInfo,
    canonical_properties,
    combine_metadata,
    dump_metadata,
    label_metadata,
    parse_metadata,
)

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

ASKED = ProviderInfo(requires=("p",))
OTHER = ProviderInfo(requires=("q",))


def with_providers(found: Metadata, **providers: ProviderInfo) -> Metadata:
    return found._replace(schema=SCHEMA_850, providers=providers)


@st.composite
def releases(draw: st.DrawFn) -> list[tuple[str, Metadata]]:
    """The documents of one release, consistent by construction: parts of one whole, in any order."""
    order = draw(st.permutations(NAMESPACES))
    infos = draw(st.none() | st.fixed_dictionaries({namespace: provider_infos() for namespace in NAMESPACES}))
    table = draw(variant_tables())
    parts = []
    for number in range(draw(st.integers(1, 4))):
        mine = [label for label in table if draw(st.booleans())]
        used = {namespace for label in mine for namespace in table[label]}
        shortest = max([order.index(namespace) + 1 for namespace in used], default=1)
        names = order[: draw(st.integers(shortest, len(order)))]
        chosen = {} if infos is None else {namespace: infos[namespace] for namespace in names}
        schema = SCHEMA_825 if infos is None else SCHEMA_850
        parts.append(
            (f"wheel {number}", Metadata(schema, tuple(names), chosen, {label: table[label] for label in mine}))
        )
    return parts


@given(releases(), st.randoms())
def test_the_order_of_the_sources_does_not_matter(parts: list[tuple[str, Metadata]], chance: random.Random) -> None:
    turned = [*parts]
    chance.shuffle(turned)
    assert combine_metadata(turned) == combine_metadata(parts)
    assert list(combine_metadata(turned).variants) == list(combine_metadata(parts).variants)


@given(metadata())
def test_one_source_alone_or_repeated_is_itself(found: Metadata) -> None:
    assert combine_metadata([("a", found)]) == found
    assert combine_metadata([("a", found), ("b", found)]) == found


@given(releases())
def test_combining_a_part_again_changes_nothing(parts: list[tuple[str, Metadata]]) -> None:
    whole = combine_metadata(parts)
    assert combine_metadata([("whole", whole), *parts]) == whole


@given(releases())
def test_the_whole_has_the_union_of_labels_and_the_longest_namespaces(parts: list[tuple[str, Metadata]]) -> None:
    whole = combine_metadata(parts)
    assert whole.variants.keys() == {label for _, part in parts for label in part.variants}
    assert whole.namespaces == max((part.namespaces for _, part in parts), key=len)


@given(releases())
def test_the_whole_of_sound_parts_is_sound(parts: list[tuple[str, Metadata]]) -> None:
    whole = combine_metadata(parts)
    assert parse_metadata(dump_metadata(whole), "whole").variants.keys() == whole.variants.keys()


@given(metadata())
def test_a_release_cut_into_labels_is_put_together_again(found: Metadata) -> None:
    pieces = [(label, label_metadata(found, label)) for label in found.variants]
    assert combine_metadata([*pieces, ("head", found._replace(variants={}))]) == found


def test_no_source_is_refused() -> None:
    with pytest.raises(InputError, match="at least one source"):
        combine_metadata([])


def test_the_same_set_of_values_in_two_orders_is_one_set() -> None:
    one = plain_metadata({"v": {"alpha": {"f1": ["v2", "v1"]}}})
    other = plain_metadata({"v": {"alpha": {"f1": ["v1", "v2"]}, "beta": {}}})
    for sources in ([("a", one), ("b", other)], [("b", other), ("a", one)]):
        assert combine_metadata(sources).variants == {"v": {"alpha": {"f1": ["v1", "v2"]}}}


def test_canonical_properties_are_equal_exactly_for_equal_sets() -> None:
    assert canonical_properties({"a": {"f": ["y", "x"]}, "b": {}}) == canonical_properties({"a": {"f": ["x", "y"]}})
    assert canonical_properties({"a": {"f": ["x"]}}) != canonical_properties({"a": {"f": ["x", "y"]}})


CLASHES: dict[str, tuple[Sequence[tuple[str, Metadata]], str, str]] = {
    "namespaces in another order": (
        [("a.whl", plain_metadata({}, ["x", "y"])), ("b.whl", plain_metadata({}, ["y", "x"]))],
        "default-priorities.namespace",
        r"a\.whl has \[x, y\], b\.whl has \[y, x\]",
    ),
    "namespaces that begin alike and then part": (
        [("a.whl", plain_metadata({}, ["x", "y", "z"])), ("b.whl", plain_metadata({}, ["x", "z"]))],
        "default-priorities.namespace",
        r"a\.whl has \[x, y, z\], b\.whl has \[x, z\]",
    ),
    "one label for two sets of properties": (
        [
            ("a.whl", plain_metadata({"v": {"alpha": {"f1": ["v1"]}}})),
            ("b.whl", plain_metadata({"v": {"alpha": {"f1": ["v1", "v2"]}}})),
        ],
        "variants.v",
        r"a\.whl and b\.whl differ",
    ),
    "two providers for a namespace": (
        [
            ("a.whl", with_providers(plain_metadata({}, ["x"]), x=ASKED)),
            ("b.whl", with_providers(plain_metadata({}, ["x"]), x=OTHER)),
        ],
        "providers.x",
        r"a\.whl and b\.whl differ",
    ),
    "a provider that is optional in one place": (
        [
            ("a.whl", with_providers(plain_metadata({}, ["x"]), x=ASKED)),
            ("b.whl", with_providers(plain_metadata({}, ["x"]), x=ASKED._replace(optional=True))),
        ],
        "providers.x",
        r"a\.whl and b\.whl differ",
    ),
    "a namespace that only a source without providers has": (
        [
            ("a.whl", with_providers(plain_metadata({}, ["x"]), x=ASKED)),
            ("b.whl", plain_metadata({}, ["x", "y"])),
        ],
        "providers.y",
        r"a\.whl has providers; b\.whl uses",
    ),
    "two draft orders of features": (
        [
            ("a.whl", plain_metadata({})._replace(feature_priorities={"alpha": ("f1",)})),
            ("b.whl", plain_metadata({})._replace(feature_priorities={"alpha": ("f2",)})),
        ],
        "default-priorities.feature.alpha",
        r"a\.whl and b\.whl differ",
    ),
}


@pytest.mark.parametrize(("sources", "path", "both"), CLASHES.values(), ids=CLASHES)
def test_inconsistent_sources_are_refused_and_both_are_named(
    sources: Sequence[tuple[str, Metadata]], path: str, both: str
) -> None:
    with pytest.raises(DocumentError, match=both) as error:
        combine_metadata(sources)
    assert [problem.path for problem in error.value.problems] == [path]
    with pytest.raises(DocumentError):
        combine_metadata([*reversed(sources)])


def test_a_source_without_providers_agrees_with_one_that_has_them() -> None:
    found = with_providers(plain_metadata({}, ["x"]), x=ASKED)
    whole = combine_metadata([("a", plain_metadata({"null": {}}, ["x"])), ("b", found)])
    assert (whole.schema, whole.providers, [*whole.variants]) == (SCHEMA_850, {"x": ASKED}, ["null"])


def test_all_disagreements_are_reported_together() -> None:
    one = plain_metadata({"v": {"x": {"f1": ["v1"]}}, "w": {"x": {"f1": ["v1"]}}}, ["x", "y"])
    other = plain_metadata({"v": {}, "w": {}}, ["y"])
    with pytest.raises(DocumentError) as error:
        combine_metadata([("a", one), ("b", other)])
    assert [problem.path for problem in error.value.problems] == [
        "default-priorities.namespace",
        "variants.v",
        "variants.w",
    ]
