"""What a provider lists is asked in a child, and may only grow; asking never happens where nothing may run."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.hostile_wheels import sentinel_provider
from support.table_wheels import PACKAGE, acme_wheel
from variantkit.errors import InputError, RefusedError, UndeterminedError
from variantkit.provider.clauses import configs_digest
from variantkit.variants.grammar import Feature
from variantkit_allowlist.inspection.catalogue import (
    Catalogue,
    ask_catalogue,
    catalogue_grows,
    require_endpoint,
    require_running,
)

if TYPE_CHECKING:
    from pathlib import Path


def catalogue(*features: Feature) -> Catalogue:
    return Catalogue(configs_digest(features), features)


A, B = Feature("a", ("2", "1"), False), Feature("b", ("x",), True)
GROWN = {
    "nothing": (A, B),
    "a newer value first": (Feature("a", ("3", "2", "1"), False), B),
    "an older value last": (Feature("a", ("2", "1", "0"), False), B),
    "a value between": (Feature("a", ("2", "1.5", "1"), False), B),
    "a new feature first": (Feature("c", ("x",), False), A, B),
    "a new feature between": (A, Feature("c", ("x",), False), B),
}
SHRUNK = {
    "a value less": (Feature("a", ("2",), False), B),
    "another value": (Feature("a", ("2", "0"), False), B),
    "values in another order": (Feature("a", ("1", "2"), False), B),
    "a feature less": (A,),
    "features in another order": (B, A),
    "another kind": (A, Feature("b", ("x",), False)),
    "nothing any more": (),
}


@pytest.mark.parametrize("later", GROWN.values(), ids=GROWN)
def test_a_catalogue_may_grow_anywhere(later: tuple[Feature, ...]) -> None:
    assert catalogue_grows(catalogue(A, B), catalogue(*later)) == []


@pytest.mark.parametrize("later", SHRUNK.values(), ids=SHRUNK)
def test_what_was_listed_stays_in_its_order(later: tuple[Feature, ...]) -> None:
    assert catalogue_grows(catalogue(A, B), catalogue(*later)) != []


values = st.lists(st.sampled_from("abcdef"), unique=True, min_size=1).map(tuple)


@given(values, values, values)
def test_growing_is_transitive_and_reflexive(
    first: tuple[str, ...], second: tuple[str, ...], third: tuple[str, ...]
) -> None:
    one, two, three = (catalogue(Feature("f", items, False)) for items in (first, second, third))
    assert catalogue_grows(one, one) == []
    if not catalogue_grows(one, two) and not catalogue_grows(two, three):
        assert catalogue_grows(one, three) == []


def test_a_provider_is_asked_for_all_that_it_lists(tmp_path: Path) -> None:
    with open(acme_wheel(tmp_path), "rb") as stream:
        found = ask_catalogue(stream.read(), PACKAGE)
    assert found.features == (Feature("generation", ("g2", "g1"), False),)
    assert found.sha256 == hashlib.sha256(b"variantkit.configs/1\ngeneration single g1 g2\n").hexdigest()


def test_a_provider_that_gives_no_answer_leaves_it_undetermined(tmp_path: Path) -> None:
    path = acme_wheel(tmp_path, files={f"{PACKAGE}/__init__.py": "1 / 0\n"})
    with open(path, "rb") as stream, pytest.raises(UndeterminedError, match="raised"):
        ask_catalogue(stream.read(), PACKAGE)


def test_a_wheel_that_is_not_canonical_is_not_run(tmp_path: Path) -> None:
    sentinel = tmp_path / "trace"
    with open(sentinel_provider(tmp_path, "acme-variant-provider", "1.0", sentinel), "rb") as stream:
        data = stream.read()
    with pytest.raises(RefusedError, match="canonical"):
        ask_catalogue(data + b"x", "acme_variant_provider")
    assert not sentinel.exists()
    ask_catalogue(data, "acme_variant_provider")
    assert "get_all_configs" in sentinel.read_text()


@pytest.mark.parametrize("value", ["1", "true", "yes", "2", " ON "])
def test_nothing_is_run_in_no_exec_mode(value: str) -> None:
    with pytest.raises(RefusedError, match="VARIANTKIT_NO_EXEC"):
        require_running({"VARIANTKIT_NO_EXEC": value}, "diff --run")


@pytest.mark.parametrize("environ", [{}, {"VARIANTKIT_NO_EXEC": ""}, {"VARIANTKIT_NO_EXEC": "0"}])
def test_it_is_run_otherwise(environ: dict[str, str]) -> None:
    require_running(environ, "diff --run")


def test_a_wheel_without_an_entry_point_needs_an_endpoint() -> None:
    assert require_endpoint("a.b:c", "x.whl") == "a.b:c"
    with pytest.raises(InputError, match="--endpoint"):
        require_endpoint("", "x.whl")
