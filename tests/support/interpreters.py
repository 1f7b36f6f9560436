"""The Python interpreters present here, by version, on PATH and of version managers; and code run by one alone."""

from __future__ import annotations

import glob
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

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


def run_alone(python: str, package: ModuleType, code: str, **variables: str) -> str:
    """What `code` prints where `package` can be imported and nothing else was: it fails, and says, nothing besides."""
    sources = os.path.dirname(os.path.dirname(os.path.abspath(str(package.__file__))))
    done = subprocess.run(
        [python, "-I", "-S", "-B", "-c", f"import sys; sys.path.insert(0, {sources!r}); {code}"],
        env={"PATH": os.defpath, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout
