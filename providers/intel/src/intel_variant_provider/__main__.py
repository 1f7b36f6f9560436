"""What this provider reads, what it makes of it, and what it answers."""

from __future__ import annotations

import argparse
import json
import os
import sys

from ._machine import Machine, seconds_allowed
from ._parse import parse_facts
from ._probe import probe_machine
from ._rules import decide_answer, decide_everything, describe, diagnose, why_not
from ._tables import NAMESPACE, VARIABLES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._parse import Facts


def main(arguments: list[str] | None = None) -> int:
    """Print the report; 0, or 2 for a value that does not exist or a directory that is none."""
    parser = argparse.ArgumentParser(prog=f"python -m {__package__}", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(
        "--why-not", metavar="VALUE", help="say what is missing for a value, or for one feature's: 'FEATURE :: VALUE'"
    )
    parser.add_argument(
        "--root", metavar="DIR", default="/", help="read another machine's files below DIR, and its DIR/reports"
    )
    options = parser.parse_args(arguments)
    if not os.path.isdir(options.root):
        parser.error(f"--root {options.root}: expected a directory")
    asked = _find_properties(options.why_not) if options.why_not else []
    if options.why_not and not asked:
        known = ", ".join(f"{name} ({values[0]} … {values[-1]})" for name, values, _ in decide_everything())
        parser.error(f"--why-not {options.why_not!r}: expected a value of {known}")
    variables = {name: os.environ[name] for name in VARIABLES if name in os.environ}
    machine = Machine(options.root, seconds=seconds_allowed(variables))
    facts = parse_facts(probe_machine(machine), variables)
    report = _report(machine, facts, asked)
    sys.stdout.write(json.dumps(report, indent=2) + "\n" if options.json else _as_text(report))
    return 0


def _find_properties(text: str) -> list[tuple[str, str]]:
    """The (feature, value) pairs that `text` can mean: a value, `feature :: value`, or a feature of one value."""
    feature, separator, value = (part.strip() for part in text.rpartition("::"))
    found = []
    for name, values, _ in decide_everything():
        if separator:
            found += [(name, value)] if name == feature.rpartition("::")[2].strip() and value in values else []
        elif value in values or (value == name and len(values) == 1):
            found.append((name, value if value in values else values[0]))
    return found


def _report(machine: Machine, facts: Facts, asked: list[tuple[str, str]]) -> dict[str, object]:
    report: dict[str, object] = {
        "schema": "variant-provider.report/1",
        "namespace": NAMESPACE,
        "facts": [{"fact": fact, "value": value, "source": source} for fact, value, source in describe(facts)],
        "features": [
            {"name": name, "values": list(values), "multi_value": multi} for name, values, multi in decide_answer(facts)
        ],
        "diagnostics": [{"code": code, "message": message} for code, message in diagnose(facts)],
        "sources": [{"path": path, "characters": len(text)} for path, text in machine.sources],
        "refused": [{"path": path, "reason": reason} for path, reason in machine.refused],
    }
    if asked:
        reasons = [(feature, value, why_not(facts, feature, value)) for feature, value in asked]
        report["why_not"] = [
            {"property": f"{NAMESPACE} :: {feature} :: {value}", "supported": not reason, "reason": reason}
            for feature, value, reason in reasons
        ]
    return report


def _as_text(report: dict[str, object]) -> str:
    def rows(key: str) -> list[dict[str, object]]:
        value = report.get(key, [])
        return value if isinstance(value, list) else []

    lines = [f"{row['fact']}: {row['value']}  [{row['source']}]" for row in rows("facts")]
    for row in rows("features"):
        values = row["values"]
        lines.append(f"{NAMESPACE} :: {row['name']} :: {', '.join(values if isinstance(values, list) else ())}")
    if not rows("features"):
        lines.append(f"{NAMESPACE}: nothing is supported here")
    lines += [f"{row['code']}: {row['message']}" for row in rows("diagnostics")]
    lines += [f"not readable: {row['path']}: {row['reason']}" for row in rows("refused")]
    lines += [f"{row['property']}: {row['reason'] or 'is supported'}" for row in rows("why_not")]
    return "".join([_shown(line) + "\n" for line in lines])


def _shown(line: str) -> str:
    """The line without what steers a terminal, as stdout can write it: a stranger may have sent what `--root` holds."""
    encoding = sys.stdout.encoding or "utf-8"
    plain = "".join([c if c.isprintable() else c.encode("unicode_escape").decode() for c in line])
    return plain.encode(encoding, "backslashreplace").decode(encoding)


if __name__ == "__main__":
    sys.exit(main())
