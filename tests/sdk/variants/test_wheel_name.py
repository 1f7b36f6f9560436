"""A wheel's file name (PEP 825 "Variant label")."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from variantkit.errors import InputError
from variantkit.variants.grammar import normalized_name
from variantkit.variants.wheel import WheelName, parse_wheel_name

COMPONENT = st.from_regex(r"[0-9A-Za-z_.]{1,8}", fullmatch=True)
NAMES = st.builds(
    WheelName,
    name=COMPONENT,
    version=st.from_regex(r"[0-9][0-9A-Za-z_.!+]{0,6}", fullmatch=True),
    build=st.just("") | st.from_regex(r"[0-9][0-9A-Za-z_.]{0,4}", fullmatch=True),
    python=st.from_regex(r"[A-Za-z_][0-9A-Za-z_.]{0,6}", fullmatch=True),
    abi=COMPONENT,
    platform=COMPONENT,
    label=st.none() | st.from_regex(r"[0-9a-z_.]{1,20}", fullmatch=True),
)


@given(NAMES)
def test_reading_a_written_name_gives_it_back(name: WheelName) -> None:
    assert parse_wheel_name(name.text) == name


@given(NAMES)
def test_the_plain_text_is_the_text_of_the_same_name_without_label(name: WheelName) -> None:
    assert parse_wheel_name(name.plain_text) == name._replace(label=None)


@pytest.mark.parametrize(
    ("filename", "build", "label"),
    [
        ("numpy-2.3.2-cp313-cp313t-musllinux_1_2_x86_64.whl", "", None),
        ("numpy-2.3.2-cp313-cp313t-musllinux_1_2_x86_64-x86_64_v3.whl", "", "x86_64_v3"),
        ("numpy-2.3.2-cp313-cp313t-musllinux_1_2_x86_64-null.whl", "", "null"),
        ("numpy-2.3.2-1-cp313-cp313t-musllinux_1_2_x86_64.whl", "1", None),
        ("numpy-2.3.2-1_local-cp313-cp313t-musllinux_1_2_x86_64-1abc.whl", "1_local", "1abc"),
        ("numpy-2.3.2-cp313-cp313-any-1.whl", "", "1"),
    ],
    ids=["plain", "label", "null", "build", "build and label that begin with digits", "label of a digit"],
)
def test_a_build_tag_and_a_label_are_told_apart(filename: str, build: str, label: str | None) -> None:
    name = parse_wheel_name(filename)
    assert (name.build, name.label) == (build, label)


@pytest.mark.parametrize(
    "filename",
    [
        "numpy-2.3.2-cp313-cp313t-any-X86_V3.whl",
        "numpy-2.3.2-cp313-cp313t-any-.whl",
        "numpy-2.3.2-1-2-cp313-cp313t-any.whl",
        "numpy-2.3.2-313-cp313t-any.whl",
        "numpy-2.3.2-cp313-any.whl",
        "numpy-2.3.2-1-cp313-cp313-any-a-b.whl",
        "../numpy-2.3.2-cp313-cp313-any.whl",
        "numpy-2.3.2-cp313-cp313-any.whl\n",
        "numpy-2.3.2-cp313-cp313-any.zip",
        "numpy-2.3.2-cp313-cp313-a\u0664.whl",
        "",
    ],
    ids=[
        "upper-case label",
        "empty label",
        "two build tags",
        "Python tag of digits",
        "too few parts",
        "too many parts",
        "path",
        "newline",
        "other suffix",
        "digit outside ASCII",
        "empty",
    ],
)
def test_any_other_name_is_refused_in_one_sentence(filename: str) -> None:
    with pytest.raises(InputError, match=r"expected 'name-version") as caught:
        parse_wheel_name(filename)
    assert "\n" not in str(caught.value)


def test_spellings_of_a_project_compare_equal_when_normalized() -> None:
    assert {normalized_name(name) for name in ("Foo.Bar", "foo_bar", "FOO--bar", "foo-bar")} == {"foo-bar"}
