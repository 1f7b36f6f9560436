"""Overrides replace a whole namespace, are read strictly, and options beat variables."""

from __future__ import annotations

import pytest

from variantkit.errors import InputError
from variantkit.machine.override import parse_overrides, require_namespaces
from variantkit.variants.grammar import Feature


def feature(name: str, *values: str) -> Feature:
    return Feature(name, values, multi_value=True)


def test_options_of_one_namespace_add_up_in_their_order() -> None:
    found = parse_overrides(["nvidia :: sm_arch :: 90_real,80_real", "nvidia::cuda::12.8"], {})
    assert found == {"nvidia": (feature("sm_arch", "90_real", "80_real"), feature("cuda", "12.8"))}


def test_a_variable_names_its_namespace_and_may_hold_several_features() -> None:
    found = parse_overrides([], {"VARIANTKIT_OVERRIDE_X86_64": "level :: v2,v1; aes :: on", "PATH": "x"})
    assert found == {"x86_64": (feature("level", "v2", "v1"), feature("aes", "on"))}


def test_an_option_beats_the_variable_of_its_namespace() -> None:
    found = parse_overrides(["x86_64 :: level :: v1"], {"VARIANTKIT_OVERRIDE_X86_64": "level :: v4"})
    assert found == {"x86_64": (feature("level", "v1"),)}


def test_an_empty_variable_is_an_unset_one() -> None:
    assert parse_overrides([], {"VARIANTKIT_OVERRIDE_X86_64": " "}) == {}


@pytest.mark.parametrize(
    "option",
    ["x86_64", "x86_64 :: level", "x86_64 :: level ::", "X86 :: level :: v1", "x86_64 :: le-vel :: v1",
     "x86_64 :: level :: v1,,v2", "x86_64 :: level :: v1,v1", "x86_64 :: level :: v\n1", "a :: b :: c :: d"],
)  # fmt: skip
def test_a_malformed_override_is_refused_and_quoted(option: str) -> None:
    with pytest.raises(InputError, match="override"):
        parse_overrides([option], {})


def test_a_feature_given_twice_is_refused() -> None:
    with pytest.raises(InputError, match="given twice"):
        parse_overrides(["a :: b :: c", "a :: b :: d"], {})


def test_a_namespace_option_must_be_one() -> None:
    assert require_namespaces("--enable", ["x86_64"]) == {"x86_64"}
    with pytest.raises(InputError, match="--enable 'X86'"):
        require_namespaces("--enable", ["X86"])
