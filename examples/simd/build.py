"""One package with a C extension, built once for each level of x86-64, labelled, and indexed.

    python3 examples/simd/build.py

needs a C compiler (gcc or clang). Every step is an ordinary command, printed before it runs. All of it happens below
`build-out/` beside this file: `tool/` holds variantkit, `wheels/` becomes the index.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
OUT = os.path.join(HERE, "build-out")
SCRIPTS = "Scripts" if os.name == "nt" else "bin"

# label -> what the compiler is told; the labels' properties are in pyproject.toml
CFLAGS = {
    "x86_64_v1": "-march=x86-64",
    "x86_64_v2": "-march=x86-64-v2",
    "x86_64_v3": "-march=x86-64-v3",
    "x86_64_v4": "-march=x86-64-v4",
}


def run(*command: str, environ: Mapping[str, str] | None = None) -> None:
    """Print and run one command from the root of the clone; end with its exit code when it fails."""
    settings = [f"{name}={value}" for name, value in (environ or {}).items()]
    print("$", " ".join([*settings, *map(_shown, command)]), flush=True)
    done = subprocess.run(command, cwd=ROOT, check=False, env={**os.environ, **(environ or {})})
    if done.returncode:
        sys.exit(done.returncode)


def _shown(part: str) -> str:
    """A word as one would type it in the root of the clone."""
    return os.path.relpath(part, ROOT) if part.startswith(ROOT + os.sep) else part


def build_wheel(name: str, environ: Mapping[str, str]) -> str:
    """Build the package with these settings and return the wheel; `name` keeps the builds apart.

    Each build gets the sources afresh: in one folder, a build would take the object files of the one before it.
    """
    sources, made = os.path.join(OUT, "sources", name), os.path.join(OUT, "made", name)
    shutil.copytree(os.path.join(HERE, "src"), os.path.join(sources, "src"))
    for file in ("pyproject.toml", "setup.py"):
        shutil.copy(os.path.join(HERE, file), sources)
    python = os.path.join(OUT, "tool", SCRIPTS, "python")
    run(python, "-m", "pip", "--quiet", "wheel", "--no-deps", "--wheel-dir", made, sources, environ=environ)
    return os.path.join(made, next(file for file in os.listdir(made) if file.endswith(".whl")))


def main() -> None:
    """Make the tool and the index anew."""
    if platform.machine().lower() not in ("x86_64", "amd64") or os.name == "nt":
        sys.exit(f"this example needs gcc or clang on x86-64; this is {platform.system()} on {platform.machine()}")
    shutil.rmtree(OUT, ignore_errors=True)
    tool, wheels = os.path.join(OUT, "tool"), os.path.join(OUT, "wheels")
    variantkit = os.path.join(tool, SCRIPTS, "variantkit")
    run(sys.executable, "-m", "venv", tool)
    run(os.path.join(tool, SCRIPTS, "python"), "-m", "pip", "--quiet", "install", os.path.join(ROOT, "sdk"))
    os.mkdir(wheels)
    shutil.copy(build_wheel("plain", {}), wheels)
    project = os.path.join(HERE, "pyproject.toml")
    for label, flags in CFLAGS.items():
        wheel = build_wheel(label, {"CFLAGS": flags})
        run(variantkit, "wheel", "label", wheel, "--label", label, "--metadata", project, "-o", wheels)
    run(variantkit, "index", wheels)
    for name in ("sources", "made"):
        shutil.rmtree(os.path.join(OUT, name))


if __name__ == "__main__":
    main()
