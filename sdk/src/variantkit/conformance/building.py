"""The wheel of a path: itself, the one in a directory of wheels, or a project's own, built for this check.

Building runs the project's build backend, as checking runs the provider: nothing here is for code that is not trusted.
"""

from __future__ import annotations

import glob
import importlib.metadata
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple

from variantkit.errors import InputError, UndeterminedError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# Asks a backend as a frontend does (PEP 517), in the environment that is here; what it lacks ends it.
_HOOKS = """
import importlib, importlib.metadata, os, re, sys
backend, path, out = sys.argv[1:]
sys.path[:0] = [os.path.abspath(entry) for entry in path.split(os.pathsep) if entry]
module, _, name = backend.partition(":")
hooks = importlib.import_module(module)
for part in name.split(".") if name else ():
    hooks = getattr(hooks, part)
for wanted in getattr(hooks, "get_requires_for_build_wheel", lambda settings: [])(None):
    importlib.metadata.distribution(re.match(r"[A-Za-z0-9._-]+", wanted)[0])
hooks.build_wheel(out)
"""
_SECONDS = 600


class _System(NamedTuple):
    """The `[build-system]` table of a pyproject.toml."""

    requires: tuple[str, ...]
    backend: str
    paths: tuple[str, ...]


def find_wheel(path: str, out: str, on_build: Callable[[str], None] = lambda how: None) -> str:
    """The wheel to check for what a user named; one that has to be built is written to the directory `out`.

    `on_build` hears how it is built. InputError for a URL, a name, or a directory that leads to no wheel.
    """
    if "://" in path:
        raise InputError(f"{path}: expected a local wheel or directory, found a URL; download it first")
    if os.path.isfile(path):
        if not path.endswith(".whl"):
            raise InputError(f"{path}: expected a wheel (.whl) or a directory, found another file")
        return path
    if not os.path.isdir(path):
        raise InputError(
            f"{path}: expected a local wheel or directory, found nothing there; no package is fetched by name"
        )
    if os.path.isfile(os.path.join(path, "pyproject.toml")):
        return _build(path, out, on_build)
    wheels = sorted(glob.glob(os.path.join(glob.escape(path), "*.whl")))
    if len(wheels) != 1:
        found = ", ".join(map(os.path.basename, wheels)) or "no wheel and no pyproject.toml"
        raise InputError(f"{path}: expected a project with pyproject.toml or a directory with one wheel, found {found}")
    return wheels[0]


def _build(project: str, out: str, on_build: Callable[[str], None]) -> str:
    system = _read_system(project)
    commands: dict[str, list[str]] = {}
    if all(map(_is_installed, system.requires)):
        paths = os.pathsep.join(system.paths)
        commands[f"{system.backend}, which is installed here"] = [
            sys.executable,
            "-c",
            _HOOKS,
            system.backend,
            paths,
            out,
        ]
    for name, command in _frontends(out).items():
        commands[name] = command
    complaint = "no frontend is here"
    for how, command in commands.items():
        on_build(how)
        try:
            done = subprocess.run(
                command, cwd=project, capture_output=True, text=True, errors="replace", timeout=_SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            complaint = f"no wheel within {_SECONDS} seconds"
            continue
        wheels = glob.glob(os.path.join(glob.escape(out), "*.whl"))
        if done.returncode == 0 and len(wheels) == 1:
            return wheels[0]
        complaint = (done.stderr.strip() or done.stdout.strip() or "no wheel").splitlines()[-1][:300]
    raise UndeterminedError(
        f"{project}: its wheel could not be built ({complaint}); build it yourself and check dist/*.whl"
    )


def _frontends(out: str) -> dict[str, list[str]]:
    """Those that are here, and how each builds a wheel of the current directory."""
    beside = os.path.join(os.path.dirname(sys.executable), "uv")
    uv = shutil.which("uv") or (beside if os.access(beside, os.X_OK) else None)
    found = {"uv build": [uv, "build", "--wheel", "--quiet", "--out-dir", out, "."]} if uv else {}
    found["python -m pip wheel"] = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", out, "."]
    return found


def _read_system(project: str) -> _System:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib

    path = os.path.join(project, "pyproject.toml")
    try:
        with open(path, "rb") as stream:
            table = tomllib.load(stream).get("build-system", {})
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{path}: cannot be read: {error}") from None
    texts = {key: table.get(key, []) for key in ("requires", "backend-path")} if isinstance(table, dict) else {}
    if not all(isinstance(value, list) and all(isinstance(text, str) for text in value) for value in texts.values()):
        raise InputError(f"{path}: [build-system]: expected lists of texts")
    backend = str(table.get("build-backend", "setuptools.build_meta"))
    requires: Sequence[str] = texts["requires"] if "requires" in table else ["setuptools"]
    return _System(tuple(requires), backend, tuple(texts["backend-path"]))


def _is_installed(requirement: str) -> bool:
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        wanted = Requirement(requirement)
        if wanted.marker is not None and not wanted.marker.evaluate():
            return True
        return wanted.specifier.contains(importlib.metadata.version(wanted.name), prereleases=True)
    except (InvalidRequirement, importlib.metadata.PackageNotFoundError):
        return False
