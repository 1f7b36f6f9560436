"""Dependencies of the selected wheel (PEP 825 "Evaluating variant markers")."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement

from variantkit.errors import InputError
from variantkit.variants.grammar import Property, parse_property
from variantkit.variants.markers import VariantContext, applicable_requirements, uses_variant_markers

if TYPE_CHECKING:
    from collections.abc import Mapping

FOO = VariantContext("foobar", frozenset({parse_property("foo :: bar :: baz"), parse_property("foo :: arch :: 1.2")}))
NULL = VariantContext("null")
PLAIN = VariantContext()

MARKERS = {  # marker -> holds for FOO, NULL, PLAIN
    'variant_label == "foobar"': (True, False, False),
    "variant_label == 'foobar'": (True, False, False),
    '"foobar" == variant_label': (True, False, False),
    'variant_label != "null"': (True, False, True),
    'variant_label == ""': (False, False, True),
    'variant_label != ""': (True, True, False),
    '"oob" in variant_label': (True, False, False),
    '"oob" not in variant_label': (False, True, True),
    'variant_label in "foobar null"': (True, True, True),
    'variant_label not in "foobar"': (False, True, False),
    '"foo" in variant_namespaces': (True, False, False),
    '"fo" in variant_namespaces': (False, False, False),
    '"foo" not in variant_namespaces': (False, True, True),
    '"foo"   not   in variant_namespaces': (False, True, True),
    '"foo :: bar" in variant_features': (True, False, False),
    '"foo::bar" in variant_features': (True, False, False),
    '"foo" in variant_features': (False, False, False),
    '"foo :: bar :: baz" in variant_properties': (True, False, False),
    '"foo::bar::baz" in variant_properties': (True, False, False),
    '" foo  ::bar\t:: baz " in variant_properties': (True, False, False),
    '"foo :: arch :: 1.2" in variant_properties': (True, False, False),
    '"foo :: arch :: 1.3" in variant_properties': (False, False, False),
    '"foo :: bar" in variant_properties': (False, False, False),
    'os_name == "test" and variant_label == "foobar"': (True, False, False),
    'variant_label == "foobar" and os_name == "other"': (False, False, False),
    'os_name == "other" or "foo" in variant_namespaces': (True, False, False),
    '(os_name == "test") and ("foo" in variant_namespaces or variant_label == "")': (True, False, True),
    'variant_label == "null" or os_name == "other" and variant_label == ""': (False, True, False),
    '((variant_label=="foobar"))': (True, False, False),
    'os_name != "variant_label"': (True, True, True),
    "os_name != '\"foo\" in variant_namespaces'": (True, True, True),
    'variant_label == "variant_label"': (False, False, False),
    'variant_label == "; os_name == \'x\'"': (False, False, False),
}  # fmt: skip


@pytest.mark.parametrize(("marker", "holds"), MARKERS.items(), ids=MARKERS)
def test_a_requirement_applies_when_its_marker_holds(marker: str, holds: tuple[bool, ...]) -> None:
    found = tuple(
        applicable_requirements([f"dep; {marker}"], context, environment={"os_name": "test"}) == ["dep"]
        for context in (FOO, NULL, PLAIN)
    )
    assert found == holds


REQUIREMENTS = {
    "a name": ("dep", "dep"),
    "extras and versions": ("dep [b, a] >=1,<2 ; variant_label == 'foobar'", "dep[a,b]<2,>=1"),
    "a URL": ("dep @ https://h/x.whl ; variant_label == 'foobar'", "dep@ https://h/x.whl"),
    "a URL with a semicolon": ("dep@https://h/x;variant_label ; 'foo' in variant_namespaces", "dep@ https://h/x;variant_label"),
    "a URL with a semicolon and no marker": ("dep @ https://h/x;variant_label=='no'", "dep@ https://h/x;variant_label=='no'"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "left"), REQUIREMENTS.values(), ids=REQUIREMENTS)
def test_what_is_required_is_kept_without_the_marker(text: str, left: str) -> None:
    [found] = applicable_requirements([text], FOO)
    assert Requirement(found) == Requirement(left)
    assert Requirement(found).marker is None


@pytest.mark.parametrize(
    ("text", "uses"),
    [
        ("dep", False),
        ("dep; python_version > '3'", False),
        ("dep; variant_label == 'x'", True),
        ("dep; os_name == 'x' and ('y' not in variant_features)", True),
        ("dep; 'a::b::c' in variant_properties", True),
        ("dep; os_name == 'variant_label'", False),
        ("dep; os_name == \"a 'in' variant_namespaces\"", False),
        ("variant_label", False),
        ("variant_label[variant_features] >=1; os_name == 'x'", False),
        ("dep @ https://h/x;variant_label=='y'", False),
        ("dep @ https://h/x; variant_label=='y'", False),
        ("dep @ https://h/x ; variant_label=='y'", True),
        ("dep; variant_labels == 'x'", False),
        ("dep; my_variant_label == 'x'", False),
        ("dep; variant_label == 'unterminated", True),
    ],
)
def test_only_the_variables_of_a_marker_count_as_use(text: str, uses: bool) -> None:
    assert uses_variant_markers(text) is uses


BROKEN = [
    "dep; variant_label > 'x'",
    "dep; variant_label >= 'x'",
    "dep; variant_label ~= 'x'",
    "dep; variant_label === 'x'",
    "dep; variant_label",
    "dep; variant_label ==",
    "dep; == variant_label",
    "dep; variant_label == variant_label",
    "dep; variant_label in variant_namespaces",
    "dep; variant_label == os_name",
    "dep; os_name in variant_namespaces",
    "dep; variant_namespaces == 'x'",
    "dep; 'x' == variant_namespaces",
    "dep; variant_namespaces in 'x'",
    "dep; variant_label not 'x'",
    "dep; variant_label and os_name == 'x'",
    "dep; not variant_label == 'x'",
    "dep; variant_label == 'x",
    "dep; variant_label == 'x' os_name == 'y'",
    "dep; (variant_label == 'x'",
    "dep; variant_color == 'x'",
    "dep; os_name ~= 'x' and variant_label == ''",
    "dep >> 1; variant_label == 'x'",
    "",
]


@pytest.mark.parametrize("text", BROKEN)
def test_a_comparison_that_the_pep_does_not_have_is_refused_by_name(text: str) -> None:
    with pytest.raises(InputError) as error:
        applicable_requirements([text], PLAIN)
    assert repr(text) in str(error.value)
    assert "\n" not in str(error.value)


@given(st.text(alphabet="variant_label properties in not and or ()'\"=!<>~;@:.\t", max_size=60))
def test_any_text_has_an_answer_or_an_input_error(tail: str) -> None:
    for text in (f"dep; {tail}", f"dep; variant_label {tail}", f"dep @ u {tail}"):
        uses_variant_markers(text)
        try:
            applicable_requirements([text], FOO)
        except InputError:
            continue


@pytest.mark.parametrize(
    ("extras", "found"),
    [((), ["always"]), (("fast",), ["always", "quick"]), (("fast", "slow"), ["always", "quick", "lazy"])],
    ids=["none", "one", "two"],
)
def test_extras_bring_their_requirements(extras: tuple[str, ...], found: list[str]) -> None:
    requires = ["always", "quick; extra == 'fast' and variant_label == 'foobar'", "lazy; extra == 'slow'"]
    assert applicable_requirements(requires, FOO, extras=frozenset(extras)) == found


@pytest.mark.parametrize(
    ("environment", "found"),
    [({"sys_platform": "win32"}, ["w"]), ({"sys_platform": "linux", "python_version": "3.9"}, ["old"])],
    ids=["platform", "python"],
)
def test_the_environment_is_the_target_s(environment: Mapping[str, str], found: list[str]) -> None:
    requires = ["w; sys_platform == 'win32'", "old; python_version < '3.10' and 'foo' in variant_namespaces"]
    whole = {"python_version": "3.12", **environment}
    assert applicable_requirements(requires, FOO, environment=whole) == found


PARTS = {
    "variant_label == 'foobar'": True,
    "'foo' in variant_namespaces": True,
    "'x' in variant_features": False,
    "variant_label == ''": False,
    "os_name == 'test'": True,
    "os_name == 'other'": False,
}
EXPRESSIONS: st.SearchStrategy[tuple[str, bool]] = st.recursive(
    st.sampled_from(sorted(PARTS.items())),
    lambda inner: st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(
        lambda found: (
            f"({found[0][0]}) {found[1]} ({found[2][0]})",
            (found[0][1] and found[2][1]) if found[1] == "and" else (found[0][1] or found[2][1]),
        )
    ),
    max_leaves=6,
)


@given(EXPRESSIONS)
def test_variant_markers_combine_with_the_others_as_truth_does(found: tuple[str, bool]) -> None:
    marker, holds = found
    assert bool(applicable_requirements([f"d; {marker}"], FOO, environment={"os_name": "test"})) is holds


NAMES = st.sampled_from(["a", "b", "a_b", "0"])
PROPERTIES = st.builds(Property, NAMES, NAMES, NAMES)


@given(st.frozensets(PROPERTIES, max_size=5), PROPERTIES)
def test_membership_is_that_of_the_supported_properties(having: frozenset[Property], asked: Property) -> None:
    namespace, feature, _ = asked
    requires = [
        f"p; '{asked}' in variant_properties",
        f"f; '{namespace}::{feature}' in variant_features",
        f"n; '{namespace}' in variant_namespaces",
    ]
    expected = [
        *(["p"] if asked in having else []),
        *(["f"] if (namespace, feature) in {found[:2] for found in having} else []),
        *(["n"] if namespace in {found.namespace for found in having} else []),
    ]
    assert applicable_requirements(requires, VariantContext("label", having)) == expected
