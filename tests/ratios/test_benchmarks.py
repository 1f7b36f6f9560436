"""The benchmarks' own arithmetic; what they measure is measured by running them."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from variantkit.variants.metadata import metadata_from_object

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.rows import Row

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """`benchmarks` is a folder of the root, not an installed package."""
    monkeypatch.syspath_prepend(ROOT)


def a_row(*, stretch: float | None = 0.2, gated: bool = True) -> Row:
    from benchmarks.rows import Row, select_provider

    return Row("a row", "its peer", 0.4, stretch, select_provider, gated=gated)


@pytest.mark.parametrize(
    ("ratio", "expected"),
    [(0.2, "stretch"), (0.21, "target"), (0.4, "target"), (0.41, "missed"), (0.6, "missed"), (0.61, "failed")],
)
def test_a_row_fails_past_one_and_a_half_of_its_target(ratio: float, expected: str) -> None:
    from benchmarks.report import verdict

    assert verdict(a_row(), ratio) == expected


def test_a_row_that_is_not_gated_never_fails() -> None:
    from benchmarks.report import verdict

    assert verdict(a_row(gated=False), 100) == "missed"


def test_a_row_without_a_stretch_only_reaches_its_target() -> None:
    from benchmarks.report import verdict

    assert verdict(a_row(stretch=None), 0.001) == "target"


def test_the_ratio_is_the_median_of_the_rounds_after_the_first_and_the_sides_alternate() -> None:
    from benchmarks.measure import take_pairs

    taken: list[str] = []

    def side(name: str, *figures: float) -> Callable[[], float]:
        remaining = iter(figures)

        def take() -> float:
            taken.append(name)
            return next(remaining)

        return take

    series = take_pairs(side("o", 99, 1, 6, 3), side("p", 1, 1, 2, 1.5), 3)
    assert series.ratios == (1.0, 3.0, 2.0)
    assert series.ratio == 2.0
    assert "".join(taken) == "op" + "po" + "op" + "po"


def test_what_both_sides_share_is_taken_off_both() -> None:
    from benchmarks.measure import take_pairs_net

    assert take_pairs_net(lambda: 5.0, lambda: 9.0, lambda: 1.0, 2).ratios == (0.5, 0.5)


@pytest.mark.parametrize("count", [10, 500])
def test_a_document_has_distinct_variants_of_four_features_and_is_sound(count: int) -> None:
    from benchmarks.documents import static_document

    metadata = metadata_from_object(static_document(count), "generated")
    assert len(metadata.variants) == count
    assert metadata.variants["null"] == {}
    found = [sum(map(len, properties.values())) for properties in metadata.variants.values()]
    assert sorted(found) == [0] + [4] * (count - 1)
    assert len({str(properties) for properties in metadata.variants.values()}) == count
    supported = sum(len(f.values) for provider in metadata.providers.values() for f in provider.static or ())
    assert supported == 448


def test_fewer_than_fifteen_pairs_are_refused() -> None:
    command = [sys.executable, "-m", "benchmarks", "--pairs", "14", "--list"]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert (done.returncode, "expected at least 15, found 14" in done.stderr) == (2, True)
