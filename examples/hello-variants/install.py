"""The main job from a fresh clone: build one package in several builds, and install the one for this machine.

    python3 examples/hello-variants/install.py

Every step is an ordinary command, printed before it runs. All of it happens below `build-out/` beside this file:
`tool/` holds variantkit, `wheels/` the index, `env/` the environment that gets the package.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
OUT = os.path.join(HERE, "build-out")
SCRIPTS = "Scripts" if os.name == "nt" else "bin"


def run(*command: str) -> None:
    """Print and run one command from the root of the clone; end with its exit code when it fails."""
    print("$", " ".join(_shown(part) for part in command), flush=True)
    done = subprocess.run(command, cwd=ROOT, check=False)
    if done.returncode:
        sys.exit(done.returncode)


def _shown(part: str) -> str:
    """A word as one would type it in the root of the clone."""
    return os.path.relpath(part, ROOT) if os.path.isabs(part) and part.startswith(ROOT) else part


def main() -> None:
    """Make the tool, the index and the environment anew, then install."""
    if sys.version_info < (3, 10):
        sys.exit(f"{sys.executable} is Python {sys.version.split()[0]}; variantkit needs 3.10 or newer")
    shutil.rmtree(OUT, ignore_errors=True)
    tool, env = os.path.join(OUT, "tool"), os.path.join(OUT, "env")
    plain, wheels = os.path.join(OUT, "plain"), os.path.join(OUT, "wheels")
    variantkit = os.path.join(tool, SCRIPTS, "variantkit")
    pip = (os.path.join(tool, SCRIPTS, "python"), "-m", "pip", "--quiet", "--disable-pip-version-check")
    run(sys.executable, "-m", "venv", tool)
    run(*pip, "install", os.path.join(ROOT, "sdk"))
    run(*pip, "wheel", "--no-deps", "--wheel-dir", plain, HERE)
    wheel = os.path.join(plain, "hello_variants-1.0-py3-none-any.whl")
    run(variantkit, "wheel", "label", wheel, "--all", "--metadata", os.path.join(HERE, "pyproject.toml"), "-o", wheels)
    shutil.copy(wheel, wheels)
    run(variantkit, "index", wheels)
    run(sys.executable, "-m", "venv", env)
    run(variantkit, "install", "--python", env, "--index-url", wheels, "hello-variants")
    run(os.path.join(env, SCRIPTS, "python"), "-m", "hello_variants")


if __name__ == "__main__":
    main()
