"""The first-party providers as the wheels that are published."""

from __future__ import annotations

import atexit
import functools
import glob
import os
import shutil
import subprocess
import sys
import tempfile
from typing import NamedTuple


class FirstParty(NamedTuple):
    """One of our providers: its import package, its namespace, and the endpoint that its entry point names."""

    package: str
    namespace: str
    endpoint: str


def _provider(namespace: str, plugin: str = "") -> FirstParty:
    package = f"{namespace}_variant_provider"
    return FirstParty(package, namespace, package + plugin)


FIRST_PARTY = {
    "x86_64": _provider("x86_64"),
    "aarch64": _provider("aarch64"),
    "nvidia": _provider("nvidia", ".plugin:NvidiaVariantPlugin"),
    "amd": _provider("amd"),
    "ascend": _provider("ascend"),
    "intel": _provider("intel"),
    "tpu": _provider("tpu"),
    "blas": _provider("blas_lapack"),
    "openmp": _provider("openmp"),
}
"""By folder below `providers/`."""

OVERRIDES: dict[str, tuple[dict[str, str], ...]] = {
    "x86_64": (
        {"X86_64_VARIANT_PROVIDER_FORCE_LEVEL": "v1"},
        {"X86_64_VARIANT_PROVIDER_FORCE_LEVEL": "v4"},
        {"X86_64_VARIANT_PROVIDER_FORCE_LEVEL": "x"},
        {"X86_64_VARIANT_PROVIDER_DISABLE": "1"},
    ),
    "aarch64": (
        {"AARCH64_VARIANT_PROVIDER_FORCE_VERSION": "8a"},
        {"AARCH64_VARIANT_PROVIDER_FORCE_VERSION": "9.2a"},
        {"AARCH64_VARIANT_PROVIDER_MAX_VERSION": "8.1a"},
        {"AARCH64_VARIANT_PROVIDER_DISABLE": "1"},
    ),
    "nvidia": (
        {"NV_VARIANT_PROVIDER_FORCE_SM_ARCH": "9.0"},
        {"NV_VARIANT_PROVIDER_FORCE_CUDA_DRIVER_VERSION": "16.25"},
        {"NV_VARIANT_PROVIDER_GPU_POLICY": "min", "NV_VARIANT_PROVIDER_TIMEOUT": "0"},
    ),
    "amd": (
        {"AMD_VARIANT_PROVIDER_FORCE_GFX_ARCH": "gfx90a:xnack+,x"},
        {"AMD_VARIANT_PROVIDER_FORCE_ROCM_VERSION": "7.99.1"},
        {"ROCM_BOOTSTRAP_DISABLE_DETECTION": "1"},
    ),
    "ascend": (
        {"ASCEND_VARIANT_PROVIDER_FORCE_NPU_TYPE": "910B"},
        {"ASCEND_VARIANT_PROVIDER_FORCE_DRIVER_VERSION": "25.2.1"},
        {"ASCEND_VARIANT_PROVIDER_FORCE_CANN_VERSION": "8.3.RC1"},
    ),
    "intel": ({"INTEL_VARIANT_PROVIDER_FORCE_DEVICE_IP": "20.2.0 12.55.8"},),
    "tpu": ({"TPU_VARIANT_PROVIDER_FORCE_GENERATION": "v4"}, {"TPU_VARIANT_PROVIDER_FORCE_PRESENT": ""}),
    "blas_lapack": ({},),
    "openmp": ({},),
}
"""By namespace: what a user may force, the first such that a machine without the hardware supports something."""

PROVIDERS = os.path.join(os.path.dirname(__file__), "..", "..", "providers")


@functools.cache
def build_provider(folder: str) -> str:
    """Build `providers/<folder>` with its own build backend, once in a run, and return the wheel's path."""
    out = tempfile.mkdtemp(prefix=f"wheel-{folder}-")
    atexit.register(shutil.rmtree, out, ignore_errors=True)
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", out]
    subprocess.run(command, cwd=os.path.join(PROVIDERS, folder), check=True, capture_output=True)
    (wheel,) = glob.glob(os.path.join(out, "*.whl"))
    return wheel
