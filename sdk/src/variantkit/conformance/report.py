"""A report as JSON, as lines of text and as JUnit XML; printing is the command line's."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from xml.sax.saxutils import escape, quoteattr

from variantkit.conformance.laws import ERROR, GROUPS, LAWS
from variantkit.provider.foreign import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from variantkit.conformance.check import Report
    from variantkit.conformance.findings import Finding
    from variantkit.conformance.laws import Law

SCHEMA = "variantkit.conformance/1"
MACHINES_SHOWN = 3
MESSAGES_SHOWN = 6
LENGTH = 400


class Broken(NamedTuple):
    """One law with what breaks it: each message and place once, with the machines where it was seen."""

    law: Law
    cases: tuple[tuple[str, str, tuple[str, ...]], ...]


def broken_laws(findings: Sequence[Finding]) -> list[Broken]:
    """The findings by law, in the order of LAWS."""
    found: dict[str, dict[tuple[str, str], list[str]]] = {}
    for finding in findings:
        cases = found.setdefault(finding.clause, {})
        machines = cases.setdefault((shown(finding.message, LENGTH), shown(finding.place, 120)), [])
        if finding.machine:
            machines.append(shown(finding.machine, 80))
    return [
        Broken(law, tuple((*case, tuple(machines)) for case, machines in found[clause].items()))
        for clause, law in LAWS.items()
        if clause in found
    ]


def summary(report: Report) -> str:
    """One line: the verdict, and on how many machines and Pythons it rests."""
    broken = broken_laws(report.findings)
    errors = sum(item.law.severity == ERROR for item in broken)
    verdict = "conforms" if report.passed else f"breaks {errors} law{'s' if errors > 1 else ''}"
    warnings = (
        f", {len(broken) - errors} warning{'s' if len(broken) - errors > 1 else ''}" if len(broken) > errors else ""
    )
    start = f", {report.start_ratio:.1f} × a bare interpreter" if report.start_ratio is not None else ""
    versions = ", ".join(python.version for python in report.pythons)
    subject = report.subject
    return (
        f"{subject.package} {subject.version} ({subject.endpoint}): {verdict}{warnings}; "
        f"{len(report.runs)} machines on Python {versions}{start}, {report.seconds:.1f} s"
    )


def text_lines(report: Report) -> Iterator[str]:
    """For people: each broken law, where it was seen, and how to keep it."""
    for broken in broken_laws(report.findings):
        law, cases = broken
        yield f"{law.severity} {law.clause}: {law.statement} [{law.source}]"
        if law.quote:
            yield f'  "{law.quote}"'
        for message, place, machines in cases[:MESSAGES_SHOWN]:
            yield f"  {message}" + (f" ({place})" if place and place not in message else "")
            if machines:
                yield f"    on {_listed(machines)}"
        if len(cases) > MESSAGES_SHOWN:
            yield f"  and {len(cases) - MESSAGES_SHOWN} more cases (all of them with --json)"
        yield f"  fix: {law.fix}"
    yield summary(report)


def _listed(machines: Sequence[str]) -> str:
    named = ", ".join(f"'{machine}'" for machine in machines[:MACHINES_SHOWN])
    more = len(machines) - MACHINES_SHOWN
    return f"{named} and {more} more machines" if more > 0 else named


def as_document(report: Report) -> dict[str, object]:
    """The object of `--json`."""
    subject, start = report.subject, report.start_ratio
    return {
        "schema": SCHEMA,
        "wheel": subject.where,
        "sha256": subject.sha256,
        "package": subject.package,
        "version": subject.version,
        "namespace": subject.namespace,
        "endpoint": subject.endpoint,
        "passed": report.passed,
        "pythons": [python.version for python in report.pythons],
        "machines": [
            {
                "name": run.machine.name,
                "python": run.python,
                "status": run.answer.status,
                "code": run.code,
                "seconds": round(run.seconds, 3),
            }
            for run in report.runs
        ],
        "broken": [_broken_object(broken) for broken in broken_laws(report.findings)],
        "needs": {kind: list(need) if isinstance(need, tuple) else need for kind, need in _needs(report)},
        "wanted": [need._asdict() for need in report.needs.needs],
        "start_ratio": round(start, 2) if start is not None else None,
        "seconds": round(report.seconds, 2),
    }


def _needs(report: Report) -> Iterator[tuple[str, tuple[str, ...] | bool]]:
    yield from report.needs.granted()._asdict().items()


def _broken_object(broken: Broken) -> dict[str, object]:
    law, cases = broken
    seen = [{"message": message, "place": place, "machines": list(machines)} for message, place, machines in cases]
    return {**law._asdict(), "cases": seen}


def as_junit(report: Report) -> str:
    """JUnit XML with one test case a law; a warning is a case that passes and says so."""
    broken = {item.law.clause: item for item in broken_laws(report.findings)}
    failures = sum(item.law.severity == ERROR for item in broken.values())
    name = quoteattr(_printable(f"{report.subject.package} {report.subject.version}"))
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        f'<testsuites><testsuite name={name} tests="{len(LAWS)}" failures="{failures}" errors="0" skipped="0" '
        f'time="{report.seconds:.3f}">',
    ]
    for group, laws in GROUPS.items():
        for law in laws:
            case = f'<testcase classname="variantkit.conformance.{group}" name="{law.clause}" time="0"'
            lines.append(f"{case}{_junit_body(broken.get(law.clause))}")
    return "\n".join([*lines, "</testsuite></testsuites>", ""])


def _junit_body(broken: Broken | None) -> str:
    if broken is None:
        return "/>"
    text = _printable("\n".join(case_lines(broken)))
    if broken.law.severity == ERROR:
        return f"><failure message={quoteattr(broken.law.statement)}>{escape(text)}</failure></testcase>"
    return f"><system-out>{escape('warning: ' + text)}</system-out></testcase>"


def case_lines(broken: Broken) -> list[str]:
    """A broken law in lines, for a test report."""
    law, cases = broken
    lines = [f"{law.clause}: {law.statement} [{law.source}]"]
    for message, place, machines in cases[:20]:
        lines.append(
            f"- {message}" + (f" ({place})" if place else "") + (f" on {_listed(machines)}" if machines else "")
        )
    return [*lines, f"fix: {law.fix}"]


def _printable(text: str) -> str:
    """Without what XML cannot hold even escaped: controls, lone surrogates and the two non-characters."""
    return "".join(
        character
        if character in "\t\n" or (character >= " " and character.isprintable())
        else f"\\x{ord(character):02x}"
        for character in text
    )
