"""Nearest-neighbour search over float32 vectors and over bit codes, in C.

    nearest(queries, vectors, dimension)     per query the row with the greatest dot product
    nearest_codes(queries, codes, size)      per query the row that differs in the fewest bits

Arguments are buffers (`array("f", …)`, `bytes`, a numpy array) of whole rows, one after the other; of equal rows the
first is found. `LEVEL` is the x86-64 level that this build's compiler was allowed to use, "" on other processors.
"""

from __future__ import annotations

from simd_example._kernels import LEVEL, dot, hamming, nearest, nearest_codes

__all__ = ["LEVEL", "dot", "hamming", "nearest", "nearest_codes"]
