"""The Python interpreters present here: those on PATH by version, and those of version managers."""

from __future__ import annotations

import glob
import os
import shutil
import subprocess
import sys

VERSIONS = ("3.9", "3.10", "3.11", "3.12", "3.13")


def _version_of(python: str) -> str | None:
    query = "import sys; print('%d.%d' % sys.version_info[:2])"
    done = subprocess.run([python, "-I", "-c", query], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else None


def _find() -> dict[str, str]:
    found = {f"{sys.version_info[0]}.{sys.version_info[1]}": os.path.realpath(sys.executable)}
    root = os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv")
    managed = sorted(glob.glob(os.path.join(root, "versions", "3.*", "bin", "python")))
    on_path = [path for version in VERSIONS if (path := shutil.which(f"python{version}"))]
    for candidate in [*managed, *on_path]:
        version = _version_of(candidate)
        if version in VERSIONS:
            found.setdefault(version, candidate)
    return dict(sorted(found.items(), key=lambda item: VERSIONS.index(item[0]) if item[0] in VERSIONS else 99))


BY_VERSION = _find()
"""`3.11` -> the path of that interpreter, oldest first; the running one is always there."""

INTERPRETERS = list(BY_VERSION.values())
