"""Stub drivers: shared libraries compiled from C in the test run, and a Python that finds them as the loader would."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

COMPILER = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
needs_compiler = pytest.mark.skipif(
    COMPILER is None or not sys.platform.startswith("linux"), reason="stub drivers need Linux and a C compiler"
)


def compile_library(directory: Path, soname: str, source: str) -> Path:
    """Compile C `source` to `directory/soname`; the same source is compiled once in a run and copied from then on."""
    directory.mkdir(parents=True, exist_ok=True)
    target = directory / soname
    target.write_bytes(_compiled(soname, source))
    return target


@functools.cache
def _compiled(soname: str, source: str) -> bytes:
    import tempfile

    assert COMPILER is not None
    with tempfile.TemporaryDirectory() as directory:
        out = os.path.join(directory, soname)
        command = [COMPILER, "-shared", "-fPIC", "-O0", "-w", f"-Wl,-soname,{soname}", "-x", "c", "-", "-o", out]
        done = subprocess.run(command, input=source, text=True, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
        with open(out, "rb") as stream:
            return stream.read()


def write_program(path: Path, script: str) -> Path:
    """A fake vendor tool: an executable shell script."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n" + script, encoding="utf-8")
    path.chmod(0o755)
    return path


def run_python(
    code: str,
    *arguments: str,
    libraries: Path | None = None,
    variables: Mapping[str, str] | None = None,
    python: str = sys.executable,
) -> str:
    """What `code` prints in a fresh interpreter whose loader looks in `libraries` first.

    The loader reads LD_LIBRARY_PATH when a process starts, so that setting it in this one would do nothing. What is
    importable here is importable there, but for the standard library, which is `python`'s own; it must print nothing
    on standard error.
    """
    importable = [path for path in sys.path if path and not path.startswith(sys.base_prefix)]
    environment = {"PATH": os.defpath, "PYTHONPATH": os.pathsep.join(importable)}
    environment.update(variables or {})
    if libraries is not None:
        environment["LD_LIBRARY_PATH"] = str(libraries)
    done = subprocess.run(
        [python, "-S", "-c", code, *arguments], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, f"exit {done.returncode}: {done.stderr}"
    assert done.stderr == ""
    return done.stdout
