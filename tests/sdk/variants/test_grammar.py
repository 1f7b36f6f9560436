"""Properties and labels, as text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from variantkit.errors import InputError
from variantkit.variants.grammar import Property, is_label, is_name, is_value, parse_property, require_label

NAMES = st.from_regex(r"[a-z0-9_]+", fullmatch=True)
VALUES = st.from_regex(r"[a-z0-9_.]+", fullmatch=True)
BLANKS = st.text(" \t", max_size=3)


@given(st.builds(Property, NAMES, NAMES, VALUES))
def test_a_property_is_read_back_from_its_text(found: Property) -> None:
    assert parse_property(str(found)) == found


@given(st.builds(Property, NAMES, NAMES, VALUES), BLANKS, BLANKS)
def test_blanks_around_the_separators_are_free(found: Property, before: str, after: str) -> None:
    assert parse_property(f"{before}::{after}".join(found)) == found


@pytest.mark.parametrize(
    "text",
    ["", "x86_64", "x86_64 :: level", "a :: b :: c :: d", "a : b : c", "a::::c"],
)
def test_a_property_has_three_components(text: str) -> None:
    with pytest.raises(InputError, match="property"):
        parse_property(text)


@pytest.mark.parametrize(
    ("text", "component"),
    [
        ("X86 :: level :: v3", "namespace"),
        ("x86-64 :: level :: v3", "namespace"),
        ("x.86 :: level :: v3", "namespace"),
        (" :: level :: v3", "namespace"),
        ("x86_64 :: le.vel :: v3", "feature"),
        ("x86_64 :: lével :: v3", "feature"),
        ("x86_64 :: level :: v+3", "value"),
        ("x86_64 :: level :: ", "value"),
        ("x86_64 :: level :: v3\n", "value"),
    ],
)
def test_the_message_names_the_component_with_a_foreign_character(text: str, component: str) -> None:
    with pytest.raises(InputError, match=f"the {component} must"):
        parse_property(text)


@given(st.text())
def test_any_text_is_a_property_or_an_input_error(text: str) -> None:
    try:
        found = parse_property(text)
    except InputError:
        return
    assert is_name(found.namespace)
    assert is_name(found.feature)
    assert is_value(found.value)


@pytest.mark.parametrize("label", ["null", "x86_64_v3", "1abc", ".", "cu12.8", "x" * 60])
def test_pep_825_sets_no_limit_to_a_label_but_its_alphabet(label: str) -> None:
    assert require_label(label) == label


@pytest.mark.parametrize("label", ["", "V3", "x-y", "x+y", "x y", "x\n", "é"])
def test_a_label_outside_its_alphabet_is_refused(label: str) -> None:
    assert not is_label(label)
    with pytest.raises(InputError, match="variant label"):
        require_label(label)
