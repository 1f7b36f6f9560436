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
