"""`python -m simd_example`: check this build against the reference, then time it; `--json` prints seconds a call."""

from __future__ import annotations

import json
import random
import sys
from array import array
from time import perf_counter
from typing import TYPE_CHECKING

import simd_example
from simd_example import reference

if TYPE_CHECKING:
    from collections.abc import Callable

DIMENSION = 256
CODE_SIZE = 256
ROWS = 256
QUERIES = 64
CHECKED_ROWS = 24
REPEATS = 5


def _floats(rows: int, choose: random.Random) -> array[float]:
    """Small whole numbers: their sums are exact in float32 as well, so the reference must agree to the last bit."""
    return array("f", [choose.randint(-8, 8) for _ in range(rows * DIMENSION)])


def _check(choose: random.Random) -> None:
    queries, vectors = _floats(4, choose), _floats(CHECKED_ROWS, choose)
    codes = choose.randbytes(CHECKED_ROWS * CODE_SIZE)
    searched, wanted = codes[::-1][: 4 * CODE_SIZE], reference.nearest(queries, vectors, DIMENSION)
    if simd_example.nearest(queries, vectors, DIMENSION) != wanted:
        sys.exit("simd_example: nearest() differs from the reference")
    if simd_example.nearest_codes(searched, codes, CODE_SIZE) != reference.nearest_codes(searched, codes, CODE_SIZE):
        sys.exit("simd_example: nearest_codes() differs from the reference")


def _best(call: Callable[[], object]) -> float:
    """The least of a few times, in seconds: what disturbs a call only ever makes it longer."""
    times = []
    for _ in range(REPEATS):
        start = perf_counter()
        call()
        times.append(perf_counter() - start)
    return min(times)


def _time(choose: random.Random) -> dict[str, float]:
    queries, vectors = _floats(QUERIES, choose), _floats(ROWS, choose)
    searched, codes = choose.randbytes(QUERIES * CODE_SIZE), choose.randbytes(ROWS * CODE_SIZE)
    return {
        "nearest": _best(lambda: simd_example.nearest(queries, vectors, DIMENSION)),
        "nearest_codes": _best(lambda: simd_example.nearest_codes(searched, codes, CODE_SIZE)),
    }


def main() -> None:
    """Check, time, print."""
    choose = random.Random(825)
    _check(choose)
    seconds = _time(choose)
    if "--json" in sys.argv[1:]:
        print(json.dumps({"level": simd_example.LEVEL, "seconds": seconds}))
        return
    print(f"built for {simd_example.LEVEL or 'a processor other than x86-64'}; agrees with the reference")
    for name, time in seconds.items():
        print(f"  {name:14} {QUERIES} queries among {ROWS} rows: {time * 1e6:8.1f} us")


if __name__ == "__main__":
    main()
