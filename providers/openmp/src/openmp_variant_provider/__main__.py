"""The constant answer, printed."""

from __future__ import annotations

import argparse
import json
import os
import sys

from . import get_supported_configs
from ._tables import FEATURE, LIBRARIES, NAMESPACE


def main(arguments: list[str] | None = None) -> int:
    """Print the report; 0, or 2 for a value that does not exist or a directory that is none."""
    parser = argparse.ArgumentParser(prog=f"python -m {__package__}", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--why-not", metavar="VALUE", help="say what is missing for a value: here, never anything")
    parser.add_argument("--root", metavar="DIR", default="/", help="another machine's files: here, none is read")
    options = parser.parse_args(arguments)
    if not os.path.isdir(options.root):
        parser.error(f"--root {options.root}: expected a directory")
    asked = ""
    if options.why_not is not None:
        feature, _, asked = (part.strip() for part in options.why_not.rpartition("::"))
        if asked not in LIBRARIES or feature.rpartition("::")[2].strip() not in ("", FEATURE):
            parser.error(f"--why-not {options.why_not!r}: expected a value of {FEATURE} ({', '.join(LIBRARIES)})")
    sys.stdout.write(json.dumps(_report(asked), indent=2) + "\n" if options.json else _as_text(asked))
    return 0


def _report(asked: str) -> dict[str, object]:
    """The same keys as the providers that read a machine have."""
    report: dict[str, object] = {
        "schema": "variant-provider.report/1",
        "namespace": NAMESPACE,
        "facts": [],
        "features": [
            {"name": config.name, "values": config.values, "multi_value": config.multi_value}
            for config in get_supported_configs()
        ],
        "diagnostics": [],
        "sources": [],
        "refused": [],
    }
    if asked:
        report["why_not"] = [{"property": f"{NAMESPACE} :: {FEATURE} :: {asked}", "supported": True, "reason": ""}]
    return report


def _as_text(asked: str) -> str:
    lines = [f"{NAMESPACE} :: {config.name} :: {', '.join(config.values)}" for config in get_supported_configs()]
    if asked:
        lines.append(f"{NAMESPACE} :: {FEATURE} :: {asked}: is supported")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
