"""The verb of hardware vendors: `provider new|check|vendor|capture`, one room for each action."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from variantkit.cli.help import add_parser

if TYPE_CHECKING:
    import argparse

ACTIONS = ("new", "check", "vendor", "capture")
EXAMPLES = """\
A provider is a small Python package that says what a machine supports in one namespace. In order:

  variantkit provider new acme                      a working project to start from
  variantkit provider check acme-variant-provider   the whole contract, on fake machines
  variantkit provider capture acme -o FILE          what it read on this machine, to replay as a test
  variantkit provider vendor                        pin what it carries of other projects, by hash
"""


def add_verb(verbs: argparse._SubParsersAction[argparse.ArgumentParser], verb: str, summary: str) -> None:
    """Add `provider` and its actions to the program."""
    parser = add_parser(verbs, verb, summary, EXAMPLES)
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    for action in ACTIONS:
        importlib.import_module(f"variantkit.cli.provider.{action}").add_action(actions)
