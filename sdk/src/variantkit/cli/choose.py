"""The verbs that answer and change nothing: detect, select, explain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from variantkit.cli.help import add_parser
from variantkit.cli.options import add_common_options, add_deciding_options, add_prefer_option, read_machine
from variantkit.cli.report import namespace_lines
from variantkit.cli.terminal import BOLD, DIM, GREEN, print_json, print_line, print_note, print_styled
from variantkit.machine.report import list_objects, namespace_object, namespace_summary, rejection_object
from variantkit.machine.supported import DENIED, UNDETERMINED

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from variantkit.cli.release import Choice
    from variantkit.machine.decision import ThisMachine
    from variantkit.machine.target import Target
    from variantkit.machine.wheels import WheelSource

DETECT_EXAMPLES = """\
examples:
  variantkit detect                                    every approved provider
  variantkit detect --namespace x86_64 --json          one of them, for programs
  variantkit detect --override 'x86_64 :: level :: v2,v1'
"""
SELECT_EXAMPLES = """\
examples:
  variantkit select numpy-2.4.0-variants.json          the labels of one release
  variantkit select ./wheels numpy                     a directory of wheels
  variantkit select https://index.example/simple 'numpy<3' --json
  variantkit select numpy-2.4.0-variants.json --no-exec --static machine.toml

exit code 1: nothing is compatible
"""
REJECTIONS_SHOWN = 20


def add_verb(verbs: argparse._SubParsersAction[argparse.ArgumentParser], verb: str, summary: str) -> None:
    """Add one of this room's verbs to the program."""
    epilog = DETECT_EXAMPLES if verb == "detect" else SELECT_EXAMPLES
    parser = add_parser(verbs, verb, summary, epilog)
    run: dict[str, Callable[[argparse.Namespace], int]] = {"detect": detect, "select": select, "explain": explain}
    if verb == "detect":
        parser.add_argument("--namespace", metavar="NS", action="append", default=[], help="only this one; repeatable")
    else:
        _add_release_arguments(parser)
    add_deciding_options(parser)
    add_common_options(parser)
    parser.set_defaults(run=run[verb])


def _add_release_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", metavar="FILE_OR_DIR_OR_URL", help="a variants.json, a directory of wheels, an index")
    parser.add_argument("requirement", nargs="?", help="the project (and versions) to look for in a directory or index")
    parser.add_argument("--python", metavar="PY", help="the interpreter (or its environment) to choose for")
    add_prefer_option(parser)


def detect(args: argparse.Namespace) -> int:
    """Ask every approved provider, or those named."""
    machine = read_machine(args)
    answers = machine.detect(args.namespace)
    if args.json:
        shown = {namespace: namespace_object(answer) for namespace, answer in answers.items()}
        lists = list_objects(machine.approvals)
        print_json({"schema": "variantkit.detect/1", "namespaces": shown, "approved": lists})
        return 0
    for line in namespace_lines(answers):
        print_line(line)
    if not answers:
        print_note("variantkit: no provider is approved here; `variantkit doctor` says what is missing")
    for item in machine.approvals.lists:
        origin = f", origin: {item.approved.origin}" if item.approved.origin else ""
        print_note(f"approved by {item.approved.where} ({item.level}), serial {item.approved.serial}{origin}")
    return 0


def select(args: argparse.Namespace) -> int:
    """Print the best compatible variant."""
    choice = _choose(args)
    if args.json:
        print_json({"schema": "variantkit.select/1", **_choice_object(choice)})
    elif choice.found:
        print_line(choice.label if choice.label else "(the plain wheel)")
    else:
        print_note(
            f"variantkit: {choice.name}: no variant is compatible with this machine; `variantkit explain` says why"
        )
    _print_notes(choice)
    return 0 if choice.found else 1


def explain(args: argparse.Namespace) -> int:
    """Print why that variant, and why not the others."""
    choice = _choose(args)
    if args.json:
        shown = {namespace: namespace_object(answer) for namespace, answer in choice.support.items()}
        print_json({"schema": "variantkit.explain/1", **_choice_object(choice), "namespaces": shown})
    else:
        _print_explanation(choice)
    return 0 if choice.found else 1


def _choose(args: argparse.Namespace) -> Choice:
    from variantkit.cli.release import choose_release

    def open_machine(target: Target | None, sources: Sequence[WheelSource]) -> ThisMachine:
        return read_machine(args, target, sources=sources)

    return choose_release(args.source, args.requirement, args.python, args.prefer, open_machine)


def _choice_object(choice: Choice) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "selected": choice.label if choice.found else None,
        "labels": list(choice.ranking.labels),
        "rejected": [rejection_object(rejection) for rejection in choice.ranking.rejected],
        "namespaces": {namespace: namespace_summary(answer) for namespace, answer in choice.support.items()},
    }
    if choice.project is not None:
        shown |= {"project": choice.project, "version": choice.version, "file": choice.filename}
    if choice.notes:
        shown["notes"] = [{"code": code, "message": message} for code, message in choice.notes]
    return shown


def _print_notes(choice: Choice) -> None:
    for code, message in choice.notes:
        print_note(f"variantkit: {code}: {message}")
    for namespace, answer in choice.support.items():
        if answer.status in (DENIED, UNDETERMINED):
            reason = ": ".join(part for part in (answer.code, answer.detail) if part)
            said = reason or "; ".join(f"{code}: {message}" for code, message in answer.diagnostics)
            print_note(f"variantkit: namespace {namespace} is {answer.status}, so it supports nothing: {said}")


def _print_explanation(choice: Choice) -> None:
    from variantkit.index.selection import explain_rejection

    taken = choice.label if choice.label else "the plain wheel"
    print_styled(f"{choice.name}: {taken if choice.found else 'nothing is compatible'}", BOLD)
    if choice.filename:
        print_styled(f"  {choice.filename}", DIM)
    if choice.ranking.labels:
        print_line("compatible, best first:")
    for label in choice.ranking.labels:
        print_styled(f"  {label}", GREEN if label == choice.label else "")
    if choice.ranking.rejected:
        print_line("not compatible:")
    for rejection in choice.ranking.rejected[:REJECTIONS_SHOWN]:
        print_line(f"  {explain_rejection(rejection, choice.support)}")
    if (more := len(choice.ranking.rejected) - REJECTIONS_SHOWN) > 0:
        print_line(f"  … and {more} more (all of them with --json)")
    if choice.support:
        print_line("what was asked:")
    for line in namespace_lines(choice.support):
        print_line(f"  {line}")
    for code, message in choice.notes:
        print_line(f"{code}: {message}")
