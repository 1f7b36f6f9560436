"""The libraries that implement BLAS and LAPACK, in order of preference."""

from __future__ import annotations

NAMESPACE = "blas_lapack"
FEATURE = "library"
ALIAS = "provider"

# accelerate, openblas, mkl: the order of the first provider for this namespace (0.0.3, 2025). blis, flexiblas and
# netlib as conda-forge's blas metapackages name them; aocl is AMD's, nvpl NVIDIA's, armpl Arm's, essl IBM's library.
# Vendors' libraries before the reference implementation, netlib, which is slowest everywhere. Checked 2026-11.
LIBRARIES = ("accelerate", "openblas", "mkl", "blis", "aocl", "nvpl", "armpl", "flexiblas", "essl", "netlib")
