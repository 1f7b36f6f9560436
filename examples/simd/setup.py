"""The extension module; everything else is in pyproject.toml.

The processor to build for is not named here: CFLAGS=-march=x86-64-v3 in the environment is enough, in this project
as in any other, so that a project needs no change to be built in several variants.
"""

from __future__ import annotations

from setuptools import Extension, setup  # type: ignore[import-not-found,import-untyped,unused-ignore]

# Not -ffast-math: it would let builds differ in their results. src/simd_example/_kernels.c says how it does without.
FLAGS = ["-O3", "-ffp-contract=off"]

setup(ext_modules=[Extension("simd_example._kernels", ["src/simd_example/_kernels.c"], extra_compile_args=FLAGS)])
