"""`abi_dependency`: what an environment's installed versions support (PEP 850, optional section)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet

from variantkit.variants.abi import abi_features, installed_versions
from variantkit.variants.grammar import Feature

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("value", "installed", "supported"),
    [
        ("2", "2.9.1", True),
        ("2.9", "2.9.1", True),
        ("2.8.0", "2.8.0", True),
        ("2.8.0", "2.8", True),
        ("2.0", "2", True),
        ("2.0", "2.1", False),
        ("2", "20.1", False),
        ("2.9", "2.9.0rc1", True),
        ("2.9", "2.9.1+cu128", True),
        ("2.9", "1!2.9", False),
        ("2.9", "", False),
        ("2.9.1.0", "2.9.1", False),
        ("v2", "2.9", False),
    ],
)
def test_a_value_is_the_prefix_of_the_installed_release(value: str, installed: str, supported: bool) -> None:
    found = abi_features({"torch": [value]}, {"torch": installed})
    assert found == ((Feature("torch", (value,), multi_value=True),) if supported else ())


def test_the_most_exact_value_comes_first_and_features_by_name() -> None:
    found = abi_features({"torch": ["2", "2.9", "2.8.0"], "numpy": ["2"]}, {"torch": "2.9.1", "numpy": "2.4"})
    assert [(feature.name, feature.values) for feature in found] == [("numpy", ("2",)), ("torch", ("2.9", "2"))]


def test_a_dependency_that_is_not_installed_supports_nothing() -> None:
    assert abi_features({"torch": ["2"]}, {}) == ()


def test_versions_are_read_from_the_names_of_dist_info_folders(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first / "Zope.Interface-5.0.dist-info", second / "zope_interface-4.0.dist-info"):
        folder.mkdir(parents=True)
    (second / "torch-2.9.1+cpu.dist-info").mkdir()
    (second / "unrelated").mkdir()
    found = installed_versions([str(tmp_path / "gone"), str(first), str(second)])
    assert found == {"zope_interface": "5.0", "torch": "2.9.1+cpu"}


@given(
    st.lists(st.integers(0, 3), min_size=1, max_size=3).map(lambda parts: ".".join(map(str, parts))),
    st.lists(st.integers(0, 3), min_size=1, max_size=4).map(lambda parts: ".".join(map(str, parts))),
)
def test_matching_is_that_of_the_specifier(value: str, installed: str) -> None:
    assert bool(abi_features({"x": [value]}, {"x": installed})) == SpecifierSet(f"=={value}.*").contains(installed)
