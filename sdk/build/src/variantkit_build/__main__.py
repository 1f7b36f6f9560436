"""`python -m variantkit_build sbom WHEEL -o FILE`: the bill of materials of a finished wheel, for its release."""

from __future__ import annotations

import argparse
import sys

from variantkit_build.describe import describe_wheel
from variantkit_build.errors import VendorError


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return its exit code: 0, or 2 when the wheel cannot be read."""
    parser = argparse.ArgumentParser(prog="python -m variantkit_build", description=__doc__)
    parser.add_argument("command", choices=["sbom"])
    parser.add_argument("wheel")
    parser.add_argument("-o", "--output", required=True, metavar="FILE")
    options = parser.parse_args(arguments)
    try:
        text = describe_wheel(options.wheel)
    except VendorError as error:
        sys.stderr.write(f"variantkit_build: {error}\n")
        return 2
    with open(options.output, "w", encoding="utf-8", newline="\n") as stream:
        stream.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
