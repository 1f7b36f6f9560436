"""The main job from a fresh clone: build one package in several builds, and install the one for this machine.

    python3 examples/hello-variants/install.py

Every step is an ordinary command, printed before it runs. All of it happens below `build-out/` beside this file:
`tool/` holds variantkit, `wheels/` the index, `env/` the environment that gets the package.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
OUT = os.path.join(HERE, "build-out")
PIP = ("-m", "pip", "--quiet", "--disable-pip-version-check")
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


def install_tool(out: str) -> str:
    """Install variantkit from this clone into an environment of its own; return its command."""
    tool = os.path.join(out, "tool")
    run(sys.executable, "-m", "venv", tool)
    run(os.path.join(tool, SCRIPTS, "python"), *PIP, "install", os.path.join(ROOT, "sdk"))
    return os.path.join(tool, SCRIPTS, "variantkit")


def main() -> None:
    """Make the index and the environment anew, then install."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--variantkit", metavar="COMMAND", help="one that is installed already")
    parser.add_argument("--out", metavar="DIR", default=OUT, help="where everything happens; emptied first")
    args = parser.parse_args()
    shutil.rmtree(args.out, ignore_errors=True)
    variantkit = args.variantkit or install_tool(args.out)
    plain, wheels, env = (os.path.join(args.out, name) for name in ("plain", "wheels", "env"))
    run(os.path.join(os.path.dirname(variantkit), "python"), *PIP, "wheel", "--no-deps", "--wheel-dir", plain, HERE)
    wheel = os.path.join(plain, "hello_variants-1.0-py3-none-any.whl")
    run(variantkit, "wheel", "label", wheel, "--all", "--metadata", os.path.join(HERE, "pyproject.toml"), "-o", wheels)
    shutil.copy(wheel, wheels)
    run(variantkit, "index", wheels)
    run(sys.executable, "-m", "venv", env)
    run(variantkit, "install", "--python", env, "--index-url", wheels, "hello-variants")
    run(os.path.join(env, SCRIPTS, "python"), "-m", "hello_variants")


if __name__ == "__main__":
    main()
