"""What the kernels compute, in Python: slow and obvious."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from array import array

__all__ = ["dot", "hamming", "nearest", "nearest_codes"]


def dot(left: array[float], right: array[float]) -> float:
    """The dot product in double precision; the kernels' only where no partial sum is rounded to float32."""
    return sum((x * y for x, y in zip(left, right, strict=True)), 0.0)


def hamming(left: bytes, right: bytes) -> int:
    """The number of bits in which two codes differ."""
    return sum(bin(x ^ y).count("1") for x, y in zip(left, right, strict=True))


def nearest(queries: array[float], vectors: array[float], dimension: int) -> list[int]:
    """Per query the first row with the greatest dot product."""
    rows = [vectors[i : i + dimension] for i in range(0, len(vectors), dimension)]
    found = []
    for i in range(0, len(queries), dimension):
        scores = [dot(queries[i : i + dimension], row) for row in rows]
        found.append(scores.index(max(scores)))
    return found


def nearest_codes(queries: bytes, codes: bytes, size: int) -> list[int]:
    """Per query the first row that differs in the fewest bits."""
    rows = [codes[i : i + size] for i in range(0, len(codes), size)]
    found = []
    for i in range(0, len(queries), size):
        distances = [hamming(queries[i : i + size], row) for row in rows]
        found.append(distances.index(min(distances)))
    return found
