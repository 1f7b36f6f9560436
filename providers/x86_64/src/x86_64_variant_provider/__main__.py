"""The facts, where each came from, and the answer."""

from __future__ import annotations

import argparse
import json
import sys

from ._parse import parse_facts, parse_rows
from ._probe import probe_machine, probe_root, probe_variables
from ._rules import decide_answer, diagnose, find_obstacle
from ._tables import LEVELS

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
        lines.append("")
        for name, values, sources in self.answer:
            lines.append(f"{name:20} {', '.join(values):14}  {', '.join(sources)}")
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


def explain_absence(value: str, facts: Facts, rows: dict[str, Row]) -> list[str]:
    """Why `value` (v1..v4 or an extension) is not supported, a sentence a reason; empty when it is."""
    answer = dict(decide_answer(facts, rows))
    if value in answer or value in answer.get("level", ()):
        return []
    if facts.disabled:
        return ["X86_64_VARIANT_PROVIDER_DISABLE is set."]
    if not facts.x86_64:
        return ["This interpreter is not a 64-bit x86 one."]
    required = [value] if value in rows else level_requirements(value)
    if not required:
        return [f"{value} is neither a level (v1 to v4) nor an extension that this provider knows."]
    reasons = [text for name in required for text in explain_row(rows[name], facts, rows)]
    if facts.forced is not None and any(rows[name].level > facts.forced for name in required):
        reasons.insert(0, f"X86_64_VARIANT_PROVIDER_FORCE_LEVEL limits the level to v{facts.forced}.")
    return list(dict.fromkeys(reasons))


def level_requirements(value: str) -> list[str]:
    """Every extension a level requires; none for a word that is no level."""
    wanted = {"v1": 1, "v2": 2, "v3": 3, "v4": 4}.get(value, 0)
    return [name for number in range(1, wanted + 1) for name in LEVELS[number]]


def explain_row(row: Row, facts: Facts, rows: dict[str, Row]) -> list[str]:
    where = f"CPUID leaf {row.leaf:#x}.{row.subleaf} {row.register} bit {row.bit}"
    if row.leaf == 0x24:
        where = f"CPUID leaf 0x24.0 ebx (AVX10 version, at least {row.bit})"
    text = {
        "cpuid": f"{row.name}: {where} is not set.",
        "xcr0": f"{row.name}: the system did not enable it, XCR0 is {facts.xcr0:#x} and needs {row.xcr0:#x}.",
        "cpuinfo": f"{row.name}: /proc/cpuinfo does not name {row.flag} (on every processor).",
        "kernel": f"{row.name}: this kernel does not let programs use it.",
        "unknown": f"{row.name}: no source that could be read tells ({facts.refusal or 'no kernel flags'}).",
    }
    obstacle = find_obstacle(row, facts)
    reasons = [text[obstacle]] if obstacle else []
    return reasons + (explain_row(rows[row.needs], facts, rows) if row.needs else [])


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
