"""The constant answer, printed."""

from __future__ import annotations

import argparse
import json
import sys

from . import get_supported_configs

SCHEMA = "blas_lapack_variant_provider/1"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m blas_lapack_variant_provider", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(arguments)
    features = [
        {"name": config.name, "values": config.values, "multi_value": config.multi_value}
        for config in get_supported_configs()
    ]
    if options.json:
        text = json.dumps({"schema": SCHEMA, "features": features}, indent=2)
    else:
        text = "\n".join(f"{config.name}  {', '.join(config.values)}" for config in get_supported_configs())
    sys.stdout.write(text + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
