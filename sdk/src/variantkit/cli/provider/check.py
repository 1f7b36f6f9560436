"""`provider check`: the whole contract of one provider, on fake machines."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from variantkit.cli.help import add_parser
from variantkit.cli.options import add_common_options
from variantkit.cli.terminal import BOLD, GREEN, RED, YELLOW, print_json, print_line, print_note, print_styled
from variantkit.errors import InputError, RefusedError

if TYPE_CHECKING:
    import argparse

    from variantkit.conformance import Options, Report
    from variantkit.trust.needs import Needs
    from variantkit.variants.ordering import Ranking

EXAMPLES = """\
examples:
  variantkit provider check dist/acme_variant_provider-1.0-py3-none-any.whl
  variantkit provider check .                         the project here: its wheel is built first
  variantkit provider check dist --json --junit report.xml
  variantkit provider check . --propose-needs         what an approved list has to grant it, and which line asked
  variantkit provider check . --select numpy-2.4.0-variants.json
  variantkit provider check . --machine two-cards.json
      one more machine: {"files": {"/proc/acme": "…"}, "programs": {"acme-smi": "its output"}, "variables": {}}

This RUNS the provider, and for a project its build: check what you trust. docs/conformance.md has every law.
exit codes: 0 it conforms · 1 it breaks a law (or --select finds nothing) · 2 wrong usage · 3 it could not be run
"""


def add_action(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the action to the verb `provider`."""
    parser = add_parser(actions, "check", "check a provider against the whole contract, on fake machines", EXAMPLES)
    parser.add_argument("wheel", metavar="WHEEL_OR_DIR", help="a wheel, a directory with one, or a project's directory")
    parser.add_argument("--endpoint", metavar="MODULE:OBJECT", help="the plugin; default: the first in variant_plugins")
    parser.add_argument("--namespace", metavar="NS", help="the namespace it answers for; default: what it says")
    parser.add_argument("--python", metavar="PY", action="append", default=[], help="an interpreter; repeatable")
    parser.add_argument("--machine", metavar="FILE", action="append", default=[], help="one more machine; repeatable")
    parser.add_argument("--deadline", metavar="SECONDS", type=float, default=5.0, help="for an answer; default: 5")
    parser.add_argument("--max-bytes", metavar="N", type=int, help="the budget of the wheel's size; default: 1 MiB")
    parser.add_argument(
        "--start-ratio", metavar="R", type=float, help="the budget of its start, 0 for none; default: 3"
    )
    parser.add_argument("--strict", action="store_true", help="let warnings fail too")
    parser.add_argument("--junit", metavar="FILE", help="write JUnit XML there")
    parser.add_argument(
        "--needs", metavar="FILE", help="hold it to the needs of this TOML file: what --propose-needs prints"
    )
    parser.add_argument("--propose-needs", action="store_true", help="print the needs block of an approved entry")
    parser.add_argument("--select", metavar="FILE", help="select in this variants.json with this provider alone")
    parser.add_argument(
        "--no-exec", action="store_true", help="run no provider at all: refuses; also $VARIANTKIT_NO_EXEC=1"
    )
    add_common_options(parser)
    parser.set_defaults(run=check)


def check(args: argparse.Namespace) -> int:
    """Check, print, and answer with the exit code."""
    import tempfile

    from variantkit.conformance import check_provider
    from variantkit.conformance.building import find_wheel

    _require_exec(args)
    options = _read_options(args)
    with tempfile.TemporaryDirectory(prefix="variantkit-check-", ignore_cleanup_errors=True) as out:
        wheel = find_wheel(args.wheel, out, lambda how: print_note(f"variantkit: building {args.wheel} with {how}"))
        print_note(f"variantkit: running the code of {wheel} in child processes of this user, without a sandbox")
        report = check_provider(wheel, options, _progress)
        _clear_progress()
        selected = _select(args.select, report) if args.select else None
    if args.junit:
        _write_junit(args.junit, report)
    _print(args, report, selected)
    failed = not report.passed or (args.strict and report.findings) or (selected is not None and selected[0] is None)
    return 1 if failed else 0


def _require_exec(args: argparse.Namespace) -> None:
    from variantkit.machine.settings import is_set

    if args.no_exec or is_set(os.environ, "VARIANTKIT_NO_EXEC"):
        raise RefusedError(f"{args.wheel}: checking a provider runs it, and no provider runs in no-exec mode")


def _read_options(args: argparse.Namespace) -> Options:
    import json

    from variantkit.conformance import Options
    from variantkit.conformance.machines import given_machine

    if not 0.1 <= args.deadline <= 600:
        raise InputError(f"--deadline {args.deadline:g}: expected 0.1 to 600 seconds")
    machines = []
    for path in args.machine:
        try:
            with open(path, encoding="utf-8") as stream:
                document = json.load(stream)
        except (OSError, ValueError, RecursionError) as error:
            raise InputError(f"--machine {path}: cannot be read as JSON: {error}") from None
        machines.append(given_machine(os.path.basename(path), document, f"--machine {path}"))
    told = Options(args.endpoint, args.namespace, args.deadline, tuple(args.python), machines=tuple(machines))
    budget = {"max_bytes": args.max_bytes, "start_ratio": args.start_ratio, "declared": _read_needs(args.needs)}
    return told._replace(**{key: value for key, value in budget.items() if value is not None})


def _read_needs(path: str | None) -> Needs | None:
    """The needs in a file that holds them alone, or in the entry of `[providers]`."""
    if path is None:
        return None
    from variantkit.conformance.needs import parse_needs

    try:
        with open(path, "rb") as stream:
            return parse_needs(stream.read(1 << 20), f"--needs {path}")
    except OSError as error:
        raise InputError(f"--needs {path}: cannot be read: {error.strerror or error}") from None


def _progress(done: int) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\rvariantkit: {done} machines asked ")
        sys.stderr.flush()


def _clear_progress() -> None:
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")


def _select(path: str, report: Report) -> tuple[str | None, Ranking]:
    """What a machine that has only this provider's answer takes of a release."""
    from variantkit.machine.decision import Settings, ThisMachine
    from variantkit.machine.ranking import select_variant
    from variantkit.trust.union import Approvals
    from variantkit.variants.jsontext import MAX_BYTES
    from variantkit.variants.metadata import parse_metadata

    try:
        with open(path, "rb") as stream:
            metadata = parse_metadata(stream.read(MAX_BYTES + 1), path)
    except OSError as error:
        raise InputError(f"--select {path}: cannot be read: {error.strerror or error}") from None
    answers = {report.subject.namespace: report.features}
    label, ranking, _ = select_variant(metadata, ThisMachine(Settings(lambda: Approvals(()), overrides=answers)))
    return label, ranking


def _write_junit(path: str, report: Report) -> None:
    from variantkit.conformance.report import as_junit

    try:
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(as_junit(report))
    except OSError as error:
        raise InputError(f"--junit {path}: cannot be written: {error.strerror or error}") from None


def _print(args: argparse.Namespace, report: Report, selected: tuple[str | None, Ranking] | None) -> None:
    from variantkit.conformance.report import as_document, text_lines
    from variantkit.machine.report import rejection_object

    if args.json:
        document = as_document(report)
        if selected:
            label, ranking = selected
            rejected = [rejection_object(rejection) for rejection in ranking.rejected]
            document["selection"] = {"selected": label, "labels": list(ranking.labels), "rejected": rejected}
        print_json(document)
        return
    if args.propose_needs:
        _print_needs(report)
    else:
        for line in text_lines(report):
            first = line.partition(" ")[0]
            print_styled(line, {"error": RED, "warning": YELLOW}.get(first, "") or (BOLD if line[:1] != " " else ""))
    if selected:
        _print_selection(report.subject.namespace, *selected)


def _print_needs(report: Report) -> None:
    """The block alone on standard output, so that `> needs.toml` makes a file for `--needs`; the findings beside it."""
    from variantkit.conformance.report import text_lines

    for line in text_lines(report):
        print_note(line)
    for line in report.needs.as_toml().split("\n"):
        print_line(line)


def _print_selection(namespace: str, label: str | None, ranking: Ranking) -> None:
    print_line()
    taken = "nothing is compatible" if label is None else label or "the plain wheel"
    print_styled(f"with {namespace} alone: {taken}", GREEN if label else BOLD)
    for compatible in ranking.labels:
        print_line(f"  {compatible}")
    for rejection in ranking.rejected:
        print_line(f"  not {rejection.label}: {rejection.reason}")
