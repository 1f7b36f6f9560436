"""The OpenMP runtimes that a wheel can be built against, in order of preference."""

from __future__ import annotations

NAMESPACE = "openmp"
FEATURE = "library"
ALIAS = "provider"

# gnu (libgomp), intel (libiomp5), llvm (libomp): the order of the first provider for this namespace (0.0.2, 2025).
# msvc is Microsoft's vcomp140, nvidia the NVHPC compilers' libnvomp. AMD's, Arm's and Homebrew's runtimes are builds
# of LLVM's. There is no `apple`: Apple's compiler comes without a runtime, and wheels for macOS carry LLVM's.
# Checked 2026-11.
LIBRARIES = ("gnu", "intel", "llvm", "msvc", "nvidia")
