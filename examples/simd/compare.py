"""What the chosen build gains over the plain one, on this machine.

    python3 examples/simd/compare.py [ROUNDS]

makes two environments from `build-out/wheels` (run build.py first): `plain/`, where pip alone installs, and
`chosen/`, where `variantkit install` does. Then both are timed in turn, and each round gives one ratio.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from statistics import median
from typing import Any

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
OUT = os.path.join(HERE, "build-out")
WHEELS = os.path.join(OUT, "wheels")
SCRIPTS = "Scripts" if os.name == "nt" else "bin"
ROUNDS = 15


def run(*command: str) -> None:
    """Print and run one command from the root of the clone; end with its exit code when it fails."""
    shown = [os.path.relpath(part, ROOT) if part.startswith(ROOT + os.sep) else part for part in command]
    print("$", " ".join(shown), flush=True)
    done = subprocess.run(command, cwd=ROOT, check=False)
    if done.returncode:
        sys.exit(done.returncode)


def python_of(name: str) -> str:
    """The interpreter of an environment below `build-out/`."""
    return os.path.join(OUT, name, SCRIPTS, "python")


def make_environments() -> None:
    """Install the package twice: as any pip does, and as this machine deserves."""
    for name in ("plain", "chosen"):
        shutil.rmtree(os.path.join(OUT, name), ignore_errors=True)
        run(sys.executable, "-m", "venv", os.path.join(OUT, name))
    run(python_of("plain"), "-m", "pip", "--quiet", "install", "--no-index", "--find-links", WHEELS, "simd-example")
    variantkit = os.path.join(OUT, "tool", SCRIPTS, "variantkit")
    run(variantkit, "install", "--python", os.path.join(OUT, "chosen"), "--index-url", WHEELS, "simd-example")


def time_build(name: str) -> dict[str, Any]:
    """Check and time the build of one environment, in a process of its own."""
    command = [python_of(name), "-m", "simd_example", "--json"]
    measured: dict[str, Any] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return measured


def print_table(rounds: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
    """Print the medians of both builds, and the median of the rounds' ratios."""
    plain, chosen = rounds[0]
    print(f"\nplain was built for {plain['level']}, chosen for {chosen['level']}; medians of {len(rounds)} rounds")
    print(f"{'':14}{'plain':>12}{'chosen':>12}{'speed-up':>12}")
    for kernel in plain["seconds"]:
        times = [(one["seconds"][kernel], other["seconds"][kernel]) for one, other in rounds]
        slow, fast = (median(column) * 1e6 for column in zip(*times, strict=True))
        print(f"{kernel:14}{slow:9.0f} us{fast:9.0f} us{median(one / other for one, other in times):11.2f}x")


def main() -> None:
    """Install, time in turn, print."""
    if not os.path.isdir(WHEELS):
        sys.exit(f"{WHEELS}: expected the example's wheels, found nothing; run: python3 examples/simd/build.py")
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    make_environments()
    print_table([(time_build("plain"), time_build("chosen")) for _ in range(rounds)])


if __name__ == "__main__":
    main()
