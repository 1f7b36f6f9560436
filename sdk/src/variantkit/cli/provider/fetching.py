"""Pinned packages through the user's own pip or uv: index, credentials, proxy and cache are the user's business."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from variantkit.errors import UndeterminedError
from variantkit_build.fields import parse_toml
from variantkit_build.sources import find_in_directory
from variantkit_build.update import PinnedSource, find_wheel

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from variantkit_build.settings import PackageSettings


# `-m pip` would run the pip.py of whatever directory the user stands in.
_PIP = """\
import sys
sys.path[:] = filter(None, sys.path)
import runpy
runpy.run_module("pip", run_name="__main__", alter_sys=True)
"""


def fetch(requirements: Sequence[str], scratch: str) -> Callable[[PackageSettings], PinnedSource]:
    """Fetch exact requirements into the directory `scratch`; return what finds each there."""
    if not requirements:  # a project that vendors nothing: pip would call that an error
        return partial(find_wheel, scratch)
    if pip := _find_pip():
        command = [*pip, "download", "--quiet", "--no-deps", "--only-binary", ":all:", "--dest", scratch]
        _run([*command, *requirements], requirements)
        return partial(find_wheel, scratch)
    if uv := shutil.which("uv"):
        return _fetch_with_uv(uv, requirements, scratch)
    raise UndeterminedError("there is no pip and no uv here to fetch the pinned wheels with; --from DIR needs neither")


def _find_pip() -> list[str]:
    """Return the command that runs this interpreter's pip, or else, where there is no uv, the one on PATH."""
    import importlib.util

    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-c", _PIP]
    found = None if shutil.which("uv") else shutil.which("pip")
    return [found] if found else []


def _fetch_with_uv(uv: str, requirements: Sequence[str], scratch: str) -> Callable[[PackageSettings], PinnedSource]:
    """uv downloads no wheel as a file. So it says which one it takes, by sha256, and then installs exactly that one."""
    asked, locked, pinned = (os.path.join(scratch, name) for name in ("asked.txt", "pylock.toml", "pinned.txt"))
    _write(asked, requirements)
    common = ["--quiet", "--no-deps", "--only-binary", ":all:"]
    _run([uv, "pip", "compile", *common, "--format", "pylock.toml", "--output-file", locked, asked], requirements)
    wheels = _read_wheels(locked)
    lines = [f"{one} --hash=sha256:{wheels[one][1]}" for one in requirements if one in wheels]
    if len(lines) != len(requirements):
        raise UndeterminedError(f"uv knows no pure wheel (*-none-any.whl) with a sha256 for each of {requirements}")
    _write(pinned, lines)
    target = os.path.join(scratch, "installed")
    install = [uv, "pip", "install", *common, "--require-hashes", "--python", sys.executable, "--target", target]
    _run([*install, "--requirements", pinned], requirements)

    def find(package: PackageSettings) -> PinnedSource:
        return PinnedSource(find_in_directory(target, package.requirement), *wheels[package.requirement])

    return find


def _read_wheels(path: str) -> dict[str, tuple[str, str]]:
    """Read a pylock.toml (PEP 751): requirement -> file name and sha256 of its pure wheel."""
    with open(path, encoding="utf-8") as stream:
        document = parse_toml(stream.read(), path)
    found = {}
    packages = document.get("packages")
    for package in packages if isinstance(packages, list) else ():
        for wheel in package.get("wheels", ()):
            name = unquote(urlsplit(wheel.get("url") or wheel.get("path") or "").path).rpartition("/")[2]
            if name.endswith("-none-any.whl") and "sha256" in wheel.get("hashes", {}):
                found[f"{package['name']}=={package['version']}"] = (name, wheel["hashes"]["sha256"])
    return found


def _write(path: str, lines: Sequence[str]) -> None:
    with open(path, "w", encoding="utf-8") as stream:
        stream.writelines(f"{line}\n" for line in lines)


def _run(command: Sequence[str], requirements: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["it said nothing"]
        raise UndeterminedError(
            f"{os.path.basename(command[0])} could not fetch {', '.join(requirements)}: {last[0].strip()}; "
            f"--from DIR takes wheels that are here already"
        )
