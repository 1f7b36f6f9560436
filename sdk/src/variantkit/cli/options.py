"""The options that every deciding verb shares, and the machine they describe."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

from variantkit.cli.terminal import print_note

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from variantkit.machine.decision import ThisMachine
    from variantkit.machine.target import Target
    from variantkit.machine.wheels import WheelSource


def add_common_options(parser: argparse.ArgumentParser) -> None:
    """Add what every verb has: --json and --debug."""
    parser.add_argument("--json", action="store_true", help="print one JSON object with a `schema` key")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")


def add_deciding_options(parser: argparse.ArgumentParser) -> None:
    """Add the options by which what is supported is decided."""
    group = parser.add_argument_group("what decides")
    group.add_argument(
        "--approved",
        metavar="FILE",
        help="an approved list, in place of $VARIANTKIT_APPROVED and the embedded one",
    )
    group.add_argument(
        "--provider-wheels", metavar="DIR", action="append", default=[], help="a directory of provider wheels"
    )
    group.add_argument(
        "--static",
        metavar="FILE",
        action="append",
        default=[],
        help="supported properties written down; also $VARIANTKIT_STATIC",
    )
    group.add_argument("--no-exec", action="store_true", help="run no provider at all; also $VARIANTKIT_NO_EXEC=1")
    group.add_argument(
        "--override",
        metavar="'NS :: FEATURE :: V1,V2'",
        action="append",
        default=[],
        help="what a namespace supports, best first; also $VARIANTKIT_OVERRIDE_<NAMESPACE>='FEATURE :: V1,V2'",
    )
    group.add_argument("--enable", metavar="NS", action="append", default=[], help="use an optional provider")
    group.add_argument("--disable", metavar="NS", action="append", default=[], help="treat a namespace as empty")


def add_prefer_option(parser: argparse.ArgumentParser) -> None:
    """Add --prefer, which every verb that chooses a wheel has."""
    parser.add_argument(
        "--prefer",
        metavar="'NS :: FEATURE :: VALUE'",
        action="append",
        default=[],
        help="move a supported value to the front",
    )


def read_machine(
    args: argparse.Namespace,
    target: Target | None = None,
    *,
    directory: str | None = None,
    sources: Sequence[WheelSource] = (),
) -> ThisMachine:
    """The machine as the options, the environment and the clock describe it; warnings go to stderr once.

    `target` (None: the running interpreter) runs the providers, and what is installed in it, or in `directory`, is
    what `abi_dependency` is compared with; `sources` are asked for provider wheels after all others.
    """
    from variantkit.machine.settings import this_machine

    places = [directory] if directory else [target.purelib, target.platlib] if target else sys.path
    machine = this_machine(
        approved=args.approved,
        provider_wheels=args.provider_wheels,
        more_sources=sources,
        static=args.static,
        no_exec=args.no_exec,
        overrides=args.override,
        enable=args.enable,
        disable=args.disable,
        environ=os.environ,
        now=int(time.time()),
        python=target.python if target else sys.executable,
        installed=lambda: _installed(places),
        on_warning=_warn,
    )
    args.at_end = lambda: _warn_of_enforcement(machine)
    return machine


def _warn(sentence: str) -> None:
    print_note(f"variantkit: warning: {sentence}")


def _warn_of_enforcement(machine: ThisMachine) -> None:
    """Say once, when all is answered, what the system's list will deny when it no longer only warns."""
    if any(answer.foreseen for answer in machine.answers.values()):
        from variantkit.machine.report import foreseen_sentence

        _warn(foreseen_sentence(machine.answers))


def _installed(paths: Sequence[str]) -> dict[str, str]:
    from variantkit.variants.abi import installed_versions

    return installed_versions(paths)
