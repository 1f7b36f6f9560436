"""The report: measured rows as a table for people and as an object for programs, and the verdict of each."""

from __future__ import annotations

import platform
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.rows import MEBIBYTES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.measure import Series
    from benchmarks.rows import Row

GATE = 1.5
"""Past this many times its target a row fails: two noisy cores move ratios by a fifth and more."""

_HEAD = ("row", "ours min / med", "over", "min / med", "ratio", "target", "verdict")


def verdict(row: Row, ratio: float) -> str:
    """`stretch`, `target`, `missed`, or `failed` past the gate."""
    if row.stretch is not None and ratio <= row.stretch:
        return "stretch"
    if ratio <= row.target:
        return "target"
    return "failed" if row.gated and ratio > GATE * row.target else "missed"


def as_object(row: Row, series: Series) -> dict[str, Any]:
    """A row for programs: seconds or bytes as measured."""
    return {
        "row": row.name,
        "peer": row.peer or None,
        "ratio": series.ratio,
        "target": row.target,
        "stretch": row.stretch,
        "verdict": verdict(row, series.ratio),
        "gated": row.gated,
        "unit": "bytes" if row.unit == MEBIBYTES else "seconds",
        "ours": list(series.ours),
        "theirs": list(series.peer),
        "ratios": list(series.ratios),
    }


def header(pairs: int) -> str:
    """Where and how this was measured."""
    return (
        f"{platform.python_implementation()} {platform.python_version()} on {platform.machine()}; "
        f"medians of {pairs} interleaved pairs, ratios of the same round; see benchmarks/README.md"
    )


def table(measured: Sequence[tuple[Row, Series]]) -> str:
    """The rows in columns; times in milliseconds, memory in MiB."""
    lines = [_HEAD, *(_cells(row, series) for row, series in measured)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(_HEAD))]
    return "\n".join(_line(line, widths) for line in lines)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    left = (0, 2, 6)
    padded = [
        cell.ljust(width) if column in left else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return "  ".join(padded).rstrip()


def _cells(row: Row, series: Series) -> tuple[str, ...]:
    target = f"{row.target:g}" + (f" [{row.stretch:g}]" if row.stretch is not None else "")
    ratio, unit = f"{series.ratio:.3g}", "" if row.peer else " ms"
    found = verdict(row, series.ratio) + ("" if row.gated else " (not gated)")
    return (row.name, _span(row, series.ours), row.peer, _span(row, series.peer), ratio + unit, target + unit, found)


def _span(row: Row, figures: Sequence[float]) -> str:
    if not figures:
        return ""
    scale = 2**-20 if row.unit == MEBIBYTES else 1e3
    return f"{_number(min(figures) * scale)} / {_number(median(figures) * scale)}"


def _number(figure: float) -> str:
    return f"{figure:.0f}" if figure >= 100 else f"{figure:.3g}"
