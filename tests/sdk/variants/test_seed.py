"""The metadata that variant wheels are made with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from variantkit.errors import InputError
from variantkit.variants.grammar import Feature
from variantkit.variants.metadata import SCHEMA_850, ProviderInfo, dump_metadata
from variantkit.variants.seed import load_seed

if TYPE_CHECKING:
    from pathlib import Path

PROJECT = """
[project]
name = "foo"

[variant.default-priorities]
namespace = ["x86_64", "blas"]
feature.blas = ["threads"]

[variant.providers.x86_64]
requires = ["x86-64-variant-provider"]

[variant.providers.blas]
KIND

[variant.variants.v3_mkl]
x86_64.level = ["v3"]
blas.library = ["mkl"]
"""
STATIC = 'static-properties = {library = ["mkl", "openblas"]}'
ASKED = 'build-requires = ["blas-lapack-variant-provider"]\nplugin-api = "blas:Plugin"\noptional = true'
FEATURES = (Feature("library", ("openblas", "mkl")), Feature("threads", ("openmp",)))


def write_project(directory: Path, kind: str = STATIC) -> str:
    path = directory / "pyproject.toml"
    path.write_text(PROJECT.replace("KIND", kind))
    return str(path)


def test_the_variant_table_of_a_project_is_a_document_without_schema(tmp_path: Path) -> None:
    seed = load_seed(write_project(tmp_path))
    assert seed.schema == SCHEMA_850
    assert seed.namespaces == ("x86_64", "blas")
    assert seed.providers == {
        "x86_64": ProviderInfo(requires=("x86-64-variant-provider",)),
        "blas": ProviderInfo(static=(Feature("library", ("mkl", "openblas")),)),
    }
    assert seed.variants == {"v3_mkl": {"x86_64": {"level": ["v3"]}, "blas": {"library": ["mkl"]}}}


def test_the_table_needs_no_variants(tmp_path: Path) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text(PROJECT.replace("KIND", STATIC).partition("[variant.variants")[0])
    assert load_seed(str(path)).variants == {}


def test_a_variants_json_is_a_seed_too(tmp_path: Path) -> None:
    seed = load_seed(write_project(tmp_path))
    path = tmp_path / "foo-1.0-variants.json"
    path.write_text(dump_metadata(seed))
    assert load_seed(str(path)).providers == seed.providers


def test_build_requires_become_static_properties(tmp_path: Path) -> None:
    asked = []

    def populate(namespace: str, requires: tuple[str, ...], plugin_api: str | None) -> tuple[Feature, ...]:
        asked.append((namespace, requires, plugin_api))
        return FEATURES

    seed = load_seed(write_project(tmp_path, ASKED), populate)
    assert asked == [("blas", ("blas-lapack-variant-provider",), "blas:Plugin")]
    assert seed.providers["blas"] == ProviderInfo(static=FEATURES, optional=True)


def test_build_requires_without_a_way_to_ask_name_the_fix(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"variant\.providers\.blas: 'build-requires' needs .* write 'static-properties'"
    ):
        load_seed(write_project(tmp_path, ASKED))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[project]\nname = 'foo'\n", r"expected a table \[variant\], found none"),
        ("variant = 1", r"expected a table \[variant\], found none"),
        ("= broken", "expected TOML in UTF-8"),
        (PROJECT.replace("KIND", "build-requires = 1"), "expected a list of requirements"),
        (PROJECT.replace("KIND", f"{ASKED}\n{STATIC}"), "without 'static-properties', found both"),
        (PROJECT.replace("KIND", "requires = 1"), "variant.*providers.blas.requires: expected a list"),
        (PROJECT.replace("KIND", "install-time = true"), "providers.blas: expected exactly one of"),
    ],
    ids=["no table", "no table but a number", "no TOML", "requirement", "both", "wrong type", "no kind"],
)
def test_a_broken_table_is_refused_in_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=sentence):
        load_seed(str(path), lambda *_: FEATURES)


def test_a_provider_that_gives_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected its provider to give static properties, found none"):
        load_seed(write_project(tmp_path, ASKED), lambda *_: ())


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere.toml: expected a pyproject.toml or variants.json file"):
        load_seed(str(tmp_path / "nowhere.toml"))
