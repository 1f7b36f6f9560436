"""`python -m benchmarks`: measure every row of the design's numbers that exists so far."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile

from benchmarks.environments import make_environments
from benchmarks.measure import MeasurementError
from benchmarks.report import as_object, header, table, verdict
from benchmarks.rows import Bench, all_rows

FEWEST_PAIRS = 15
NOTE = "note: providers run in a process of their own, without the sandbox of the design's rows, which is not built yet"


def main() -> int:
    """Make the environments, measure, print; 1 with --gate when a row is past its gate."""
    args = _parser().parse_args()
    rows = [row for row in all_rows() if args.only in row.name + row.peer]
    if args.list:
        print(*(row.name for row in rows), sep="\n")
        return 0
    measured = []
    with tempfile.TemporaryDirectory(prefix="variantkit-benchmarks-") as directory:
        print("building the wheel and two environments", file=sys.stderr)
        bench = Bench(make_environments(directory), args.pairs)
        for row in rows:
            print(f"measuring {row.name}" + (f" over {row.peer}" if row.peer else ""), file=sys.stderr)
            measured.append((row, row.measure(bench)))
    if args.json:
        objects = [as_object(row, series) for row, series in measured]
        print(json.dumps({"schema": "variantkit.benchmarks/1", "pairs": args.pairs, "rows": objects}, indent=2))
    else:
        print(header(args.pairs), table(measured), NOTE, sep="\n\n")
    failed = [row.name for row, series in measured if verdict(row, series.ratio) == "failed"]
    return 1 if args.gate and failed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--pairs", type=_pairs, default=FEWEST_PAIRS, help="rounds a row; at least and by default 15")
    parser.add_argument("--only", metavar="TEXT", default="", help="only the rows whose name or peer contains TEXT")
    parser.add_argument("--list", action="store_true", help="print the names of the rows and measure nothing")
    parser.add_argument("--json", action="store_true", help="print one object with every figure")
    parser.add_argument("--gate", action="store_true", help="exit 1 when a row is past 1.5 times its target")
    return parser


def _pairs(text: str) -> int:
    if not text.isdecimal() or int(text) < FEWEST_PAIRS:
        raise argparse.ArgumentTypeError(f"expected at least {FEWEST_PAIRS}, found {text}: fewer say nothing here")
    return int(text)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except MeasurementError as failure:
        sys.exit(f"benchmarks: {failure}")
