"""Variant markers gate the dependencies of the wheel that was selected (PEP 825 "Environment markers")."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from variantkit.errors import InputError
from variantkit.variants.grammar import Property
from variantkit.variants.markers import VariantContext, applicable_requirements, uses_variant_markers

FOOBAR = VariantContext("foobar", frozenset({Property("foo", "bar", "baz"), Property("foo", "other", "1.0")}))
NULL = VariantContext("null")
PLAIN = VariantContext()

# marker -> holds for the foobar variant, the null variant, the plain wheel
TABLE = [
    ("variant_label == 'foobar'", True, False, False),
    ("'foobar' == variant_label", True, False, False),
    ("variant_label != 'null'", True, False, True),
    ("variant_label == ''", False, False, True),
    ("'foo' in variant_label", True, False, False),
    ("variant_label not in 'null foobar'", False, False, False),
    ("'foo' in variant_namespaces", True, False, False),
    ("'foo' not in variant_namespaces", False, True, True),
    ("'foo :: bar' in variant_features", True, False, False),
    ("'foo::bar' in variant_features", True, False, False),
    ("'foo  ::bar' in variant_features", True, False, False),
    ("'foo :: bar :: baz' in variant_properties", True, False, False),
    ("'foo::bar::baz' in variant_properties", True, False, False),
    ("'foo :: bar :: no' in variant_properties", False, False, False),
    ("'foo :: bar' in variant_properties", False, False, False),
    ("'x' in variant_namespaces or 'foo' in variant_namespaces", True, False, False),
    ("('foo' in variant_namespaces) and variant_label != 'x'", True, False, False),
    ("python_version >= '3' and 'foo' in variant_namespaces", True, False, False),
    ("'foo' in variant_namespaces and python_version < '3'", False, False, False),
    ("os_name == 'variant_label'", False, False, False),
]


def holds(marker: str, context: VariantContext) -> bool:
    return applicable_requirements([f"dep ; {marker}"], context) == ["dep"]


@pytest.mark.parametrize(("marker", "foobar", "null", "plain"), TABLE)
def test_a_marker_holds_for_the_wheels_it_should(marker: str, foobar: bool, null: bool, plain: bool) -> None:
    assert [holds(marker, context) for context in (FOOBAR, NULL, PLAIN)] == [foobar, null, plain]


@pytest.mark.parametrize(
    "marker",
    [
        "variant_namespaces == 'foo'",
        "variant_namespaces in 'foo'",
        "variant_label > 'a'",
        "variant_label ~= 'a'",
        "variant_label == os_name",
        "variant_label",
        "'foo' in",
        "'foo' in variant_spaces",
        "variant_label == 'a",
    ],
)
def test_a_comparison_that_the_pep_does_not_have_is_refused(marker: str) -> None:
    with pytest.raises(InputError, match="requirement"):
        applicable_requirements([f"dep ; {marker}"], FOOBAR)


@pytest.mark.parametrize(
    ("requirement", "uses"),
    [
        ("dep", False),
        ("dep ; python_version > '3'", False),
        ("dep ; 'x' in variant_namespaces", True),
        ("dep;variant_label!='null'", True),
        ("dep ; os_name == 'variant_label'", False),
        ("variant_label ; os_name == 'nt'", False),
        ("dep @ https://index.test/a;variant_label/x.whl", False),
        ("dep @ https://index.test/a;b/x.whl ; variant_label == ''", True),
        ("dep[variant_label]>=1", False),
    ],
)
def test_variant_markers_are_found_where_they_are_markers(requirement: str, uses: bool) -> None:
    assert uses_variant_markers(requirement) == uses


def test_the_marker_goes_and_the_rest_stays() -> None:
    found = applicable_requirements(
        ["a>=1,<2 ; variant_label == 'foobar'", "b[x] @ https://index.test/b.whl ; 'foo' in variant_namespaces", "c"],
        FOOBAR,
    )
    assert [text.replace(" ", "") for text in found] == ["a<2,>=1", "b[x]@https://index.test/b.whl", "c"]


def test_the_environment_and_extras_of_the_target_decide() -> None:
    requires = [
        "a ; python_version < '3'",
        "b ; extra == 'fast' and 'foo' in variant_namespaces",
        "c ; extra == 'slow'",
    ]
    environment = {"python_version": "2.7", "python_full_version": "2.7.18"}
    assert applicable_requirements(requires, FOOBAR, environment=environment, extras=frozenset({"fast"})) == ["a", "b"]
    assert applicable_requirements(requires, FOOBAR, environment=environment) == ["a"]


def test_a_broken_requirement_is_one_sentence() -> None:
    with pytest.raises(InputError, match=r"requirement '>>>x'") as caught:
        applicable_requirements([">>>x"], FOOBAR)
    assert "\n" not in str(caught.value)


NAME = st.text("abz_019", min_size=1, max_size=6)


@given(st.frozensets(st.tuples(NAME, NAME, NAME).map(lambda parts: Property(*parts)), max_size=5), NAME, NAME, NAME)
def test_membership_is_that_of_the_supported_properties(
    properties: frozenset[Property], namespace: str, feature: str, value: str
) -> None:
    context = VariantContext("label", properties)
    asked = Property(namespace, feature, value)
    assert holds(f"'{asked}' in variant_properties", context) == (asked in properties)
    assert holds(f"'{namespace}' in variant_namespaces", context) == any(p.namespace == namespace for p in properties)
    for found in properties:
        assert holds(f"'{found.namespace}::{found.feature}' in variant_features", context)
