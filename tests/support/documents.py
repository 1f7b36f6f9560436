"""Variant metadata for tests: one sound document, and Hypothesis strategies for sound ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from variantkit.variants.grammar import Feature
from variantkit.variants.metadata import SCHEMA_825, SCHEMA_850, Metadata, ProviderInfo

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NAMESPACES = ("alpha", "beta", "gamma")
FEATURES = ("f1", "f2", "f3")
VALUES = ("v1", "v2", "v3", "v4")
LABELS = ("a", "b.1", "c_2", "d", "e", "m", "z", "zz")


def document(**changes: object) -> dict[str, Any]:
    """A sound document of schema 850, one provider of each kind; `changes` replace top-level keys (`_` for `-`)."""
    made: dict[str, Any] = {
        "$schema": SCHEMA_850,
        "default-priorities": {"namespace": ["x86_64", "blas"]},
        "providers": {
            "x86_64": {"requires": ["x86-64-provider >=1; python_version >= '3'"], "plugin-api": "x86_provider:Plugin"},
            "blas": {
                "static-properties": {"library": ["openblas", "mkl"], "threads": ["omp"]},
                "feature-order": ["library", "threads"],
                "optional": True,
            },
        },
        "variants": {
            "null": {},
            "v3_mkl": {"x86_64": {"level": ["v3", "v2"]}, "blas": {"library": ["mkl"]}},
        },
    }
    made.update({("$schema" if key == "schema" else key.replace("_", "-")): value for key, value in changes.items()})
    return made


def plain_metadata(
    variants: Mapping[str, Mapping[str, Mapping[str, Sequence[str]]]], namespaces: Sequence[str] = NAMESPACES
) -> Metadata:
    """Metadata of schema 825: these variants, no provider."""
    return Metadata(SCHEMA_825, tuple(namespaces), {}, variants)


def feature_lists(min_values: int = 0) -> st.SearchStrategy[tuple[Feature, ...]]:
    """Features of one namespace with their values, in any order of preference."""
    feature = st.builds(
        Feature,
        name=st.sampled_from(FEATURES),
        values=st.lists(st.sampled_from(VALUES), unique=True, min_size=min_values).map(tuple),
        multi_value=st.just(False),
    )
    return st.lists(feature, unique_by=lambda found: found.name, max_size=3).map(tuple)


def supports() -> st.SearchStrategy[dict[str, tuple[Feature, ...]]]:
    """What a machine supports, best first."""
    return st.fixed_dictionaries({namespace: feature_lists() for namespace in NAMESPACES})


def properties(min_size: int = 0) -> st.SearchStrategy[dict[str, dict[str, list[str]]]]:
    """One variant: namespace -> feature -> values in any order, namespaces without features left out."""
    values = st.lists(st.sampled_from(VALUES), unique=True, min_size=1, max_size=3)
    features = st.dictionaries(st.sampled_from(FEATURES), values, min_size=1, max_size=3)
    return st.dictionaries(st.sampled_from(NAMESPACES), features, min_size=min_size, max_size=3)


def variant_tables(min_properties: int = 0) -> st.SearchStrategy[dict[str, dict[str, dict[str, list[str]]]]]:
    """Labels with their properties, sometimes with the null variant."""
    labelled = st.dictionaries(st.sampled_from(LABELS), properties(min_properties), max_size=7)
    return st.builds(lambda table, null: {**table, **({"null": {}} if null else {})}, labelled, st.booleans())


def provider_infos() -> st.SearchStrategy[ProviderInfo]:
    """Providers that are asked, and static ones."""
    asked = st.builds(
        ProviderInfo,
        requires=st.lists(st.sampled_from(["p", "q >=1", "r; python_version < '3.9'"]), min_size=1, max_size=2).map(
            tuple
        ),
        plugin_api=st.sampled_from([None, "p", "p.q:R"]),
        static=st.none(),
        builtin=st.none(),
        optional=st.booleans(),
    )
    static = st.builds(
        lambda features, optional: ProviderInfo(static=features, optional=optional),
        feature_lists(min_values=1).filter(lambda found: found != ()),
        st.booleans(),
    )
    return st.one_of(asked, static)


def metadata() -> st.SearchStrategy[Metadata]:
    """Sound metadata in its canonical form, with one provider a namespace or with none."""

    def build(order: list[str], providers: dict[str, ProviderInfo] | None, variants: Any) -> Metadata:
        for found in variants.values():
            for features in found.values():
                features.update({name: sorted(values) for name, values in features.items()})
        return Metadata(SCHEMA_850 if providers else SCHEMA_825, tuple(order), providers or {}, variants)

    whole = st.fixed_dictionaries({namespace: provider_infos() for namespace in NAMESPACES})
    return st.builds(build, st.permutations(NAMESPACES), st.none() | whole, variant_tables())
