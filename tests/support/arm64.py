"""A 64-bit Arm Python under emulation, as `tests/corpora/arm64_python.sh` makes one; tests skip without it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

VARIABLE = "VARIANTKIT_AARCH64_PYTHON"
MODELS = ("cortex-a53", "cortex-a57", "cortex-a72", "cortex-a76", "neoverse-n1", "a64fx", "max")
"""Processors that qemu 7.2's user emulation knows; later ones know more."""


def arm64_python() -> Path:
    """The interpreter; the running test is skipped when there is none."""
    path = os.environ.get(VARIABLE, "")
    if not path:
        pytest.skip(f"{VARIABLE} names no interpreter; make one with: tests/corpora/arm64_python.sh FOLDER")
    return Path(path)


def emulation(model: str, root: Path | None = None) -> dict[str, str]:
    """The environment in which that interpreter has this processor and, from `root`, other files."""
    return {"PATH": os.defpath, "QEMU_CPU": model, **({"VARIANTKIT_AARCH64_ROOT": str(root)} if root else {})}


def with_cpuinfo(directory: Path, cpuinfo: str) -> Path:
    """A root that differs from the interpreter's own in /proc/cpuinfo, which is otherwise the host's."""
    (directory / "proc").mkdir(parents=True)
    (directory / "proc" / "cpuinfo").write_text(cpuinfo)
    for entry in (arm64_python().parent / "root").iterdir():
        if entry.name != "proc":
            (directory / entry.name).symlink_to(entry)
    return directory


def run_arm64(code: str, environment: dict[str, str]) -> str:
    command = [str(arm64_python()), "-I", "-S", "-B", "-c", code]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout
