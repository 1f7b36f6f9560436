"""The facts, where each came from, and the answer."""

from __future__ import annotations

import argparse
import json
import sys

from ._parse import parse_facts, parse_rows
from ._probe import probe_machine, probe_root, probe_variables
from ._rules import decide_answer, diagnose, explain_absence, find_obstacle, level_requirements

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._parse import Facts, Row
    from ._probe import Evidence

SCHEMA = "x86_64_variant_provider/1"


class Report:
    """One reading of a machine, ready to be printed in either form."""

    def __init__(self, evidence: Evidence, facts: Facts, rows: dict[str, Row], why_not: str | None) -> None:
        self.facts = {
            "interpreter": evidence.machine,
            "kernel": evidence.kernel,
            "cpuid": f"not read: {facts.refusal}" if facts.bits is None else f"{len(facts.bits)} known extensions",
            "xcr0": "" if facts.bits is None else f"{facts.xcr0:#x}",
            "cpuinfo": "no flags" if facts.flags is None else f"{len(facts.flags)} flags on every processor",
        }
        self.answer = [(name, values, name_sources(name, facts, rows)) for name, values in decide_answer(facts, rows)]
        self.diagnostics = diagnose(facts, rows)
        self.why_not = why_not
        self.reasons = explain_absence(why_not, facts, rows) if why_not else []

    def as_json(self) -> str:
        features = [
            {"name": name, "values": values, "multi_value": False, "sources": sources}
            for name, values, sources in self.answer
        ]
        notes = [{"code": code, "message": message} for code, message in self.diagnostics]
        report: dict[str, object] = {
            "schema": SCHEMA,
            "facts": self.facts,
            "features": features,
            "diagnostics": notes,
        }
        if self.why_not:
            report["why_not"] = {"value": self.why_not, "supported": not self.reasons, "reasons": self.reasons}
        return json.dumps(report, indent=2) + "\n"

    def as_text(self) -> str:
        lines = [f"{name:12} {text or '-'}" for name, text in self.facts.items()]
        lines += ["", *(f"{name:20} {', '.join(values):14}  {', '.join(sources)}" for name, values, sources in self.answer)]
        lines += ["", *(f"{code}: {message}" for code, message in self.diagnostics)] if self.diagnostics else []
        if self.why_not:
            lines += ["", *(self.reasons or [f"{self.why_not} is supported."])]
        return "\n".join(lines) + "\n"


def name_sources(name: str, facts: Facts, rows: dict[str, Row]) -> list[str]:
    """The sources that agree on a feature of the answer; `forced` or `assumed` where none does."""
    if name == "level":
        if facts.forced is not None:
            return ["forced"]
        read = [source for source, said in (("cpuid", facts.bits), ("cpuinfo", facts.flags)) if said is not None]
        return read or ["assumed"]
    row = rows[name]
    if find_obstacle(row, facts):
        return ["forced"]
    sources = ["cpuid"] if facts.bits is not None and row.register else []
    sources += ["xcr0"] if sources and row.xcr0 else []
    return sources + (["cpuinfo"] if facts.flags is not None and row.flag in facts.flags else [])


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m x86_64_variant_provider", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--why-not", metavar="VALUE", help="say what is missing for v1..v4 or an extension")
    parser.add_argument("--root", metavar="DIR", help="read DIR/proc/cpuinfo: another machine's files, without CPUID")
    options = parser.parse_args(arguments)
    rows = parse_rows()
    if options.why_not and options.why_not not in rows and not level_requirements(options.why_not):
        parser.error(f"--why-not {options.why_not!r}: expected v1, v2, v3, v4 or one of {', '.join(rows)}")
    evidence = probe_machine() if options.root is None else probe_root(options.root)
    report = Report(evidence, parse_facts(evidence, probe_variables(), rows), rows, options.why_not)
    sys.stdout.write(report.as_json() if options.json else report.as_text())
    return 0


if __name__ == "__main__":
    sys.exit(main())
