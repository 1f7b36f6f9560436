"""What an environment has installed, as properties of `abi_dependency` (draft PEP 850)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet

from variantkit.variants.abi import abi_features, feature_name, installed_versions
from variantkit.variants.grammar import Feature, is_name

if TYPE_CHECKING:
    from pathlib import Path

RULES = [  # value, installed version, matches
    ("2", "2.9.1", True),
    ("2.9", "2.9.1", True),
    ("2.8.0", "2.8.0", True),
    ("2.8.0", "2.8.1", False),
    ("2.0", "2", True),
    ("2.0.0", "2", True),
    ("2.0", "2.1", False),
    ("2", "2", True),
    ("2", "20.1", False),
    ("2.9", "2.90", False),
    ("2.09", "2.9", True),
    ("2.9.1", "2.9.1.4", True),
    ("2.9.1.4", "2.9.1.4", False),
    ("2.9", "2.9.0rc1", True),
    ("2.9", "2.9rc1", True),
    ("2.9", "2.9.1.post1", True),
    ("2.9", "2.9.dev3", True),
    ("2.9.1", "2.9.1+cu128", True),
    ("2.9", "v2.9", True),
    ("2", "1!2.9", False),
    ("1", "1!2.9", False),
    ("2", "0!2.9", True),
    ("2.", "2.9", False),
    (".2", "2.9", False),
    ("2_9", "2.9", False),
    ("2a", "2.9", False),
    ("2", "", False),
    ("2", "unknown", False),
]


@pytest.mark.parametrize(("value", "version", "matches"), RULES)
def test_a_value_is_a_prefix_of_the_installed_release(value: str, version: str, matches: bool) -> None:
    found = abi_features({"torch": [value]}, {"torch": version})
    assert found == ((Feature("torch", (value,), multi_value=True),) if matches else ())


RELEASES = st.lists(st.integers(0, 12), min_size=1, max_size=4).map(lambda parts: ".".join(map(str, parts)))
SUFFIXES = st.sampled_from(["", "a1", "rc2", ".post1", ".dev4", "+cu128", "rc1.post2.dev3+x.1"])
VALUES = st.lists(st.integers(0, 12), min_size=1, max_size=3).map(lambda parts: ".".join(map(str, parts)))


@given(RELEASES, SUFFIXES, st.lists(VALUES, unique=True, max_size=5))
def test_values_match_as_packaging_s_prefix_specifier_does(release: str, suffix: str, values: list[str]) -> None:
    version = release + suffix
    found = {value for feature in abi_features({"d": values}, {"d": version}) for value in feature.values}
    assert found == {value for value in values if SpecifierSet(f"=={value}.*").contains(version, prereleases=True)}


@given(st.permutations(["2", "2.0", "2.0.0", "2.00"]))
def test_the_more_exact_value_comes_first_in_any_order_of_use(values: list[str]) -> None:
    [found] = abi_features({"torch": values}, {"torch": "2.0"})
    assert found.values == ("2.0.0", "2.0", "2.00", "2")


def test_features_come_by_name_and_only_those_in_use() -> None:
    installed = {"torch": "2.9", "numpy": "2.1", "jax": "0.8"}
    found = abi_features({"torch": ["2"], "numpy": ["1", "2"], "missing": ["1"]}, installed)
    assert [(feature.name, feature.values) for feature in found] == [("numpy", ("2",)), ("torch", ("2",))]


def test_a_feature_stands_for_a_name_however_it_is_separated() -> None:
    assert abi_features({"a__b_c": ["1"]}, {"a_b_c": "1.0"}) == (Feature("a__b_c", ("1",), multi_value=True),)


@given(st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?", fullmatch=True))
def test_every_project_name_has_a_feature_name(name: str) -> None:
    assert is_name(feature_name(name))


def install(directory: Path, *folders: str) -> str:
    for folder in folders:
        (directory / folder).mkdir(parents=True)
        (directory / folder / "METADATA").write_text("Metadata-Version: 2.1\n", encoding="utf-8")
    return str(directory)


def test_installed_versions_come_from_the_names_of_folders(tmp_path: Path) -> None:
    path = install(
        tmp_path, "torch-2.9.1+cu128.dist-info", "Ruamel.Yaml_clib-0.2.dist-info", "my-odd-3.dist-info", "torch"
    )
    assert installed_versions([path]) == {"torch": "2.9.1+cu128", "ruamel_yaml_clib": "0.2", "my_odd": "3"}


def test_the_first_path_wins_as_it_does_for_imports(tmp_path: Path) -> None:
    first, second = install(tmp_path / "a", "torch-1.dist-info"), install(tmp_path / "b", "torch-2.dist-info")
    assert installed_versions([first, second]) == {"torch": "1"}
    assert installed_versions([second, first]) == {"torch": "2"}


def test_what_an_interrupted_removal_left_is_not_installed(tmp_path: Path) -> None:
    path = install(tmp_path, "kept-1.dist-info")
    (tmp_path / "left-2.dist-info").mkdir()
    (tmp_path / "file-3.dist-info").write_text("", encoding="utf-8")
    (tmp_path / "nameless.dist-info").mkdir()
    (tmp_path / "nameless.dist-info" / "METADATA").write_text("", encoding="utf-8")
    assert installed_versions([path]) == {"kept": "1"}


def test_paths_that_are_not_folders_are_passed_over(tmp_path: Path) -> None:
    archive = tmp_path / "lib.zip"
    archive.write_bytes(b"")
    path = install(tmp_path / "site", "torch-1.dist-info")
    assert installed_versions([str(archive), str(tmp_path / "absent"), path]) == {"torch": "1"}
