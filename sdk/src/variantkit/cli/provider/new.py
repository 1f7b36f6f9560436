"""`provider new`: a working project to start from."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from variantkit.cli.help import add_parser
from variantkit.cli.options import add_common_options
from variantkit.cli.terminal import print_json, print_line, print_note

if TYPE_CHECKING:
    import argparse

EXAMPLES = """\
examples:
  variantkit provider new acme                 ./acme-variant-provider, which answers for namespace acme
  variantkit provider new acme -o providers/acme
  variantkit provider new acme --package acme-npu-variant-provider --namespace acme_npu

The project works as it is: its example is an accelerator that is seen in /sys/class and asked through the
vendor's library. Its tests pass, it builds, and `variantkit provider check` has nothing to say against it.
Then make its four files say what is true of your hardware: _tables, _probe, _parse, _rules.
"""


def add_action(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the action to the verb `provider`."""
    parser = add_parser(actions, "new", "write a working provider project to start from", EXAMPLES)
    parser.add_argument("name", metavar="NAME", help="what the hardware is called, such as acme")
    parser.add_argument("--namespace", metavar="NS", help="the namespace of its properties; default: NAME")
    parser.add_argument("--package", metavar="NAME", help="the distribution; default: NAME-variant-provider")
    parser.add_argument("-o", "--output", metavar="DIR", help="the directory to make; default: ./PACKAGE")
    add_common_options(parser)
    parser.set_defaults(run=new)


def new(args: argparse.Namespace) -> int:
    """`provider new`: write the project, say what comes next."""
    from variantkit.provider.project import choose_names, render_project, write_project
    from variantkit.trust.members import STDLIB_NAMES

    names = choose_names(args.name, args.namespace, args.package, STDLIB_NAMES)
    directory = args.output or names.package
    files = render_project(names)
    write_project(files, directory)
    taken = _who_answers(names.namespace)
    if taken:
        print_note(
            f"variantkit: warning: namespace {names.namespace} is already answered by {taken}; of two providers a "
            "wheel asks the one that it names, so choose another namespace unless yours is to take its place"
        )
    if args.json:
        project = {"directory": os.path.abspath(directory), **names._asdict(), "files": list(files)}
        print_json({"schema": "variantkit.project/1", **project})
        return 0
    print_line(f"{directory}: {len(files)} files, {names.package}, for namespace {names.namespace}")
    for line in (
        f"cd {directory}",
        "python -m pip install --group dev -e .       with pip 25.1 or newer, in a virtual environment",
        "pytest                                       its own tests, on captured machines",
        "python -m pip wheel . --no-deps -w dist      the wheel, with a bill of materials",
        "variantkit provider check dist/*.whl         the whole contract, on fake machines",
    ):
        print_line(f"  {line}")
    return 0


def _who_answers(namespace: str) -> str:
    """The provider that the approved lists of this machine name for a namespace; "" when none, or no list is here."""
    import time

    from variantkit.errors import VariantkitError
    from variantkit.machine.settings import read_approved_lists
    from variantkit.trust.union import entries_written

    try:
        approvals = read_approved_lists(None, os.environ, int(time.time()))
    except VariantkitError:
        return ""
    return next((entry.package for entry in entries_written(approvals) if entry.namespace == namespace), "")
