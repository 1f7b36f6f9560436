"""The interpreters that a provider is asked on: this one, and one of every other version that is here."""

from __future__ import annotations

import glob
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple

from variantkit.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

MINORS = range(9, 20)
"""The runner's child runs on Python 3.9 and later."""

_QUERY = "import sys; print('%d.%d.%d' % sys.version_info[:3])"


class Interpreter(NamedTuple):
    """A Python: its version, `3.12.1`, and where it is."""

    version: str
    path: str


def find_interpreters(named: Sequence[str], requires_python: str) -> list[Interpreter]:
    """Those that are named, else this one and the others of PATH and pyenv, as far as `requires_python` admits them.

    InputError for a named one that does not run, or is too old.
    """
    if named:
        found = [_require(path) for path in named]
        return [found[0], *(other for other in found[1:] if _admits(requires_python, other.version))]
    this = Interpreter(".".join(map(str, sys.version_info[:3])), sys.executable)
    others: dict[str, Interpreter] = {}
    root = os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv")
    for path in [*_on_path(), *sorted(glob.glob(os.path.join(glob.escape(root), "versions", "3.*", "bin", "python")))]:
        version = _version_of(path)
        if version and _minor(version) in MINORS and _admits(requires_python, version):
            others.setdefault(version.rpartition(".")[0], Interpreter(version, path))
    others.pop(this.version.rpartition(".")[0], None)
    return [this, *(others[minor] for minor in sorted(others, key=lambda minor: int(minor.split(".")[1])))]


def _on_path() -> list[str]:
    found = (shutil.which(f"python3.{minor}") for minor in MINORS)
    return [path for path in found if path]


def _version_of(python: str) -> str:
    try:
        done = subprocess.run(
            [python, "-I", "-S", "-c", _QUERY], capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _require(python: str) -> Interpreter:
    path = shutil.which(python) or python
    version = _version_of(path)
    if not version or _minor(version) not in MINORS:
        raise InputError(f"--python {python}: expected a Python 3.9 or later that runs, found {version or 'none'}")
    return Interpreter(version, path)


def _minor(version: str) -> int:
    major, minor = version.split(".")[:2]
    return int(minor) if major == "3" else 0


def _admits(requires_python: str, version: str) -> bool:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        return SpecifierSet(requires_python).contains(version, prereleases=True)
    except InvalidSpecifier:
        return True
