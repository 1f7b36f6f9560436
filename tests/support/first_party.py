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
