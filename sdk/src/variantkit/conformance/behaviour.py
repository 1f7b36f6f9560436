"""Dynamic laws: what the runs on fake machines show."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from variantkit.conformance.findings import Finding
from variantkit.provider.clauses import CLAUSES
from variantkit.provider.foreign import shown
from variantkit.runner.environment import PROVIDER_VARIABLES, WINDOWS_VARIABLES, is_override

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from variantkit.conformance.laboratory import Run
    from variantkit.conformance.records import Record

_ENDINGS = {
    "timed-out": "hangs",
    "crashed": "crashes",
    "raised": "raises",
    "not-an-answer": "no-answer",
    "output-too-large": "answer-too-large",
    "plugin-not-in-wheel": "plugin-not-in-wheel",
}
"""Code of the runner -> the law that is broken."""

_AT_IMPORT = frozenset({
    "read", "device", "list", "exists", "execute", "link", "program", "library", "fork", "thread", "pattern", "socket",
})  # fmt: skip


def check_behaviour(runs: Sequence[Run]) -> Iterator[Finding]:
    """Every law that a run breaks, and those that show when runs are compared."""
    for run in runs:
        yield from _check_ending(run)
        yield from _check_said(run)
        for record in run.records:
            yield from _check_record(run.name, record)
    yield from _check_constant(runs)


def _check_ending(run: Run) -> Iterator[Finding]:
    for code, message in run.answer.diagnostics if run.code else ():
        if code == "contract-violated":
            clause, _, said = message.partition(": ")
            if clause in CLAUSES:
                yield Finding(clause, said.rpartition(" (")[0], run.name)
        elif code in _ENDINGS:
            yield Finding(_ENDINGS[code], message, run.name, _place_in(message))
    for code, message in run.answer.diagnostics:
        if code == "printed" and message.startswith("it printed "):
            yield Finding("prints", message, run.name)
        elif code == "diagnostics-ignored":
            yield Finding("diagnostics-ignored", message, run.name)
        elif code == "raised" and message.startswith("get_diagnostics: "):
            yield Finding("raises", message, run.name, _place_in(message))


def _place_in(message: str) -> str:
    return message.rpartition(" (")[2].removesuffix(")") if message.endswith(")") else ""


def _check_said(run: Run) -> Iterator[Finding]:
    """Violations of an answer that never counted: a child that hangs later has said this much."""
    for record in run.records:
        if record.kind == "shape":
            yield Finding(record.subject, f"{record.subject.partition('-')[2].replace('-', ' ')}", run.name)
        elif record.kind == "unstable":
            yield Finding("unstable", f"{record.subject} answered otherwise the second time", run.name)


def _check_record(machine: str, record: Record) -> Iterator[Finding]:
    kind, subject, detail, place, phase = record
    what = f"{kind} {shown(subject, 120)}"
    if kind == "socket":
        yield Finding("uses-network", "makes a socket", machine, place)
    elif kind == "write":
        yield Finding("writes-files", f"{detail} {shown(subject, 120)}", machine, place)
    elif kind == "import" and place and subject.partition(".")[0] != place.partition("/")[0]:
        yield Finding("foreign-import", f"imports {shown(subject, 80)}", machine, place)
    elif kind == "module":
        yield Finding("edits-modules", f"sys.modules[{shown(subject, 80)!r}] is not the wheel's own", machine, place)
    elif kind == "logging":
        yield Finding("configures-logging", "the root logger has a handler or a level", machine, place)
    elif kind == "change":
        yield Finding("changes-interpreter", f"{subject} was changed", machine, place)
    elif kind == "program" and not subject.startswith("/"):
        yield Finding("program-not-absolute", f"starts {shown(subject, 80)!r} ({shown(detail, 80)})", machine, place)
    elif kind == "variable" and not _is_passed(subject):
        yield Finding("variable-never-passed", f"reads {shown(subject, 80)}", machine, place)
    elif kind == "library" and "/" in subject:
        yield Finding("library-by-path", f"loads {shown(subject, 120)}", machine, place)
    if phase == "import" and kind in _AT_IMPORT:
        yield Finding("import-reads", what, machine, place)
    elif phase == "import" and kind == "variable":
        yield Finding("import-reads-variables", what, machine, place)


def _is_passed(variable: str) -> bool:
    return bool(is_override(variable)) or variable in PROVIDER_VARIABLES or variable in WINDOWS_VARIABLES


def need_of(record: Record) -> tuple[str, str] | None:
    """The kind of need that a record shows, and its text; None where nothing has to be granted."""
    kinds = {"read": "read", "list": "read", "device": "devices", "library": "libraries", "program": "programs"}
    kind = kinds.get(record.kind)
    if kind is None or (kind == "libraries" and record.subject.startswith("find_library(")):
        return None
    return kind, record.subject.rstrip("/") or "/"


def _check_constant(runs: Sequence[Run]) -> Iterator[Finding]:
    first: tuple[str, dict[str, object]] | None = None
    for run in runs:
        for record in run.records:
            if record.kind != "said" or record.subject != "get_all_configs":
                continue
            found = _as_table(record.detail)
            if found is None:
                continue
            if first is None:
                first = run.name, found
            elif found != first[1]:
                changed = sorted(key for key in {*found, *first[1]} if found.get(key) != first[1].get(key))
                text = (
                    f"{', '.join(changed)[:200]}: {_few(found, changed)} here, {_few(first[1], changed)} on {first[0]}"
                )
                yield Finding("all-configs-vary", text, run.name)


def _few(table: dict[str, object], names: list[str]) -> str:
    return shown(json.dumps(table.get(names[0], "nothing")), 100)


def _as_table(said: str) -> dict[str, object] | None:
    """The features of an answer, order apart; None for what is no answer or was cut off."""
    try:
        features = json.loads(said)
    except (ValueError, RecursionError):
        return None
    if not isinstance(features, list) or not all(isinstance(feature, dict) for feature in features):
        return None
    table: dict[str, object] = {}
    for feature in features:
        values = feature.get("values")
        ordered = sorted(map(str, values)) if isinstance(values, list) else str(values)
        table[str(feature.get("name"))] = [ordered, feature.get("multi_value")]
    return table
