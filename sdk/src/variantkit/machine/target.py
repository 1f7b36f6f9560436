"""The target interpreter: the environment that wheels are chosen for and installed into."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, NamedTuple

from variantkit.errors import InputError, UndeterminedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

DEADLINE = 30.0
"""Seconds until an interpreter that does not answer is given up: a cold network file system is slow, not broken."""

# Runs under any Python 3, so that an interpreter that is too old says so itself and not by a syntax error. Only
# `packaging` comes from our own environment: found by its finder, so that nothing else of ours becomes importable.
QUERY = """
import sys
if sys.version_info[:2] >= (3, 9):
    import importlib.machinery, importlib.util, json, os, platform, sysconfig
    def load(name, place):
        spec = importlib.machinery.PathFinder.find_spec(name, [place])
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    try:
        load("packaging", sys.argv[1])
        from packaging.markers import default_environment
        from packaging.tags import sys_tags
    except SyntaxError as error:
        print(json.dumps({"syntax": str(error)}))
    else:
        print(json.dumps({
            "version": "%d.%d.%d" % sys.version_info[:3],
            "tags": [str(tag) for tag in sys_tags()],
            "environment": default_environment(),
            "purelib": sysconfig.get_path("purelib"),
            "platlib": sysconfig.get_path("platlib"),
            "paths": sys.path,
        }))
else:
    print('{"old": "%d.%d.%d", "oldest": "3.9"}' % sys.version_info[:3])
"""


class Target(NamedTuple):
    """An interpreter and what it can install; `tags` are best first, such as `cp311-cp311-linux_x86_64`."""

    python: str
    version: str
    tags: tuple[str, ...]
    environment: Mapping[str, str]
    purelib: str
    platlib: str
    pip_version: str | None = None


def query_target(python: str | None = None) -> Target:
    """Describe an interpreter: None is the running one (asked in process), else a path, a name or an environment.

    Raises InputError when there is no such interpreter, or it cannot be used, and UndeterminedError when it
    does not answer in time.
    """
    if python is None:
        return _running_target()
    path = find_python(python)
    # Not the real path: the python of a virtual environment is a link to one that is another environment.
    return _running_target() if path == os.path.abspath(sys.executable) else _ask(path)


def find_python(python: str) -> str:
    """Return the absolute path of an interpreter given as a path, a name on PATH or an environment's directory."""
    if os.path.isdir(python):
        return _environment_python(python)
    if os.path.dirname(python):
        if os.path.lexists(python):
            return os.path.abspath(python)
        raise InputError(f"{python}: expected a Python interpreter or a virtual environment, found nothing there")
    import shutil

    found = shutil.which(python)
    if found is None:
        raise InputError(f"{python}: expected a Python interpreter, found none of that name on PATH: give its path")
    return os.path.abspath(found)


def _environment_python(directory: str) -> str:
    for place in (("bin", "python"), ("bin", "python3"), ("Scripts", "python.exe"), ("python.exe",)):
        path = os.path.join(directory, *place)
        if os.path.lexists(path):
            return os.path.abspath(path)
    raise InputError(
        f"{directory}: expected a virtual environment, found no bin/python in it: create it with "
        f"`python -m venv {directory}`"
    )


def _running_target() -> Target:
    import sysconfig

    from packaging.markers import default_environment
    from packaging.tags import sys_tags

    return Target(
        sys.executable,
        "{}.{}.{}".format(*sys.version_info[:3]),
        tuple(map(str, sys_tags())),
        {name: str(value) for name, value in default_environment().items()},
        sysconfig.get_path("purelib"),
        sysconfig.get_path("platlib"),
        find_pip_version(sys.path),
    )


def _ask(path: str) -> Target:
    answer = _run_query(path)
    if "old" in answer:
        raise InputError(
            f"{path}: expected Python {answer['oldest']} or newer, found {answer['old']}: choose a newer interpreter"
        )
    if "syntax" in answer:
        import packaging

        raise InputError(
            f"{path}: packaging {packaging.__version__}, which variantkit runs with, is written for newer Pythons than "
            f"this one ({answer['syntax']}): choose a newer interpreter"
        )
    tags, environment, paths = answer["tags"], answer["environment"], answer["paths"]
    return Target(
        path,
        str(answer["version"]),
        tuple(map(str, tags)) if isinstance(tags, list) else (),
        dict(environment) if isinstance(environment, dict) else {},
        str(answer["purelib"]),
        str(answer["platlib"]),
        find_pip_version(map(str, paths)) if isinstance(paths, list) else None,
    )


def _run_query(path: str) -> dict[str, object]:
    """Run the query in a child of `path` and return its answer, one JSON object on the last line."""
    import json
    import subprocess

    import packaging

    place = os.path.dirname(os.path.dirname(os.path.abspath(packaging.__file__)))
    # -B: no byte code of another interpreter is written among our own packages.
    command = [path, "-I", "-B", "-c", QUERY, place]
    try:
        done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, timeout=DEADLINE, check=False)
    except subprocess.TimeoutExpired as error:
        raise UndeterminedError(f"{path}: the interpreter did not answer within {DEADLINE:.0f} seconds") from error
    except OSError as error:
        raise InputError(
            f"{path}: expected a Python interpreter that can be run, found: {_why(path, error)}"
        ) from error
    lines = done.stdout.decode("utf-8", "replace").split("\n")
    try:
        answer = json.loads(next((line for line in reversed(lines) if line.strip()), ""))
    except ValueError:
        answer = None
    if done.returncode or not isinstance(answer, dict):
        raise InputError(
            f"{path}: expected a Python interpreter, found one that fails: {_complaint(done.stderr, done.returncode)}"
        )
    return answer


def _why(path: str, error: OSError) -> str:
    if os.path.islink(path) and not os.path.exists(path):
        directory = os.path.dirname(os.path.dirname(path))
        gone = os.readlink(path)
        return f"a link to {gone}, which is gone: recreate the environment with `python -m venv --clear {directory}`"
    return error.strerror or str(error)


def _complaint(stderr: bytes, returncode: int) -> str:
    lines = [line for line in stderr.decode("utf-8", "replace").splitlines() if line.strip()]
    return ascii(lines[-1].strip())[1:-1] if lines else f"no answer, exit status {returncode}"


def find_pip_version(paths: Iterable[str]) -> str | None:
    """Return the version of the pip that `import pip` would find on `paths`; pip itself is not run."""
    for directory in paths:
        try:
            names = os.listdir(directory)
        except OSError:
            continue
        for name in sorted(names):
            stem, extension = os.path.splitext(name)
            if extension in (".dist-info", ".egg-info") and stem.startswith("pip-"):
                return stem.split("-")[1]
    return None
