"""The program `variantkit-allowlist`: which module answers a verb, and how every error leaves."""

from __future__ import annotations

import argparse
import importlib
import sys
from typing import TYPE_CHECKING

import variantkit
import variantkit_allowlist
from variantkit.cli.help import HelpFormatter
from variantkit.cli.terminal import print_note, print_traceback
from variantkit.errors import VariantkitError
from variantkit_allowlist.cli.world import World

if TYPE_CHECKING:
    from collections.abc import Sequence

VERBS = {
    "init": "start a list: its file, its keys' public parts, the pinned Sigstore root",
    "key": "make a private key outside the list, or show the public line of one",
    "verify": "who made this provider wheel, and may it run",
    "inspect": "what a wheel contains and could do",
    "diff": "what changed between two wheels, code and tables apart",
    "submit": "write a vendor's request for approval, in its release workflow",
    "review": "sign what you reviewed",
    "approve": "verify again and add an entry, when the policy holds",
    "revoke": "end an approval for good; it wins over every approval anywhere",
    "renew": "verify an approval again and move its end",
    "suggest": "the cheapest reviews that would let something in",
    "import": "take over another team's approvals for namespaces that you name",
    "publish": "stage the next edition of the list, or sign its timestamp anew",
    "sign": "add your signature to what is staged; the last one needed publishes it",
    "update": "fetch a published list, verify it and install it on this machine",
    "mirror": "write providers, attestations, list and revocations as a plain index",
    "status": "which lists are in force here, and what is expiring",
    "site": "write the catalogue of approved providers as static pages",
    "tidy": "put providers.toml into its one form, or check that it is",
}
"""Each verb is answered by `cli/<verb>.py`: `add_arguments(parser)` and `run(args, world) -> exit code`."""

# fmt: off
MODULES = {"import": "import_list"}
"""Verbs that are words of Python's own."""
# fmt: on

VERSION = f"variantkit-allowlist {variantkit_allowlist.__version__}, variantkit {variantkit.__version__}"

EXAMPLES = """\
a list, from nothing:
  key new     a key for each person
  init        the list, in a directory that is kept in git
  verify, inspect, review, approve     a wheel, by two persons
  publish, sign     an edition, by two of them
  update      on every machine
examples:
  variantkit-allowlist status                    which lists are in force on this machine
  variantkit-allowlist approve --help            what a verb takes, with examples
exit codes: 0 fine, allowed · 1 no, denied · 2 wrong usage or broken input · 3 could not determine"""

EXIT_CODES = "exit codes: 0 fine, allowed · 1 no, denied · 2 wrong usage or broken input · 3 could not determine"


def main(argv: Sequence[str] | None = None, world: World | None = None) -> int:
    """Run one command and return its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    verb = next((word for word in arguments if not word.startswith("-")), None)
    if not arguments:
        _parser(None)[0].print_help(sys.stderr)
        return 2
    args = parse(arguments, verb)
    try:
        return int(_module(args.verb).run(args, world or World()))
    except VariantkitError as error:
        if args.debug:
            print_traceback()
        print_note(f"variantkit-allowlist {args.verb}: {error}")
        return error.exit_code
    except KeyboardInterrupt:
        print_note(f"variantkit-allowlist {args.verb}: stopped")
        return 3
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output has gone; nothing can be told it any more
        return 3
    except OSError as error:  # a full disk, a folder that cannot be read: it is not about what was asked
        if args.debug:
            print_traceback()
        where = f"{error.filename}: " if isinstance(error.filename, str) else ""
        print_note(f"variantkit-allowlist {args.verb}: {where}{error.strerror or error}")
        return 3


def parse(arguments: Sequence[str], verb: str | None) -> argparse.Namespace:
    """The arguments of one command; what is left over is told with the usage of its own verb."""
    parser, verbs = _parser(verb)
    args, unknown = parser.parse_known_args(arguments)
    if unknown:
        verbs[args.verb].error(f"unrecognized arguments: {' '.join(unknown)}")
    return args


def _parser(wanted: str | None) -> tuple[argparse.ArgumentParser, dict[str, argparse.ArgumentParser]]:
    """The parser, and those of the verbs; only the module of the verb that was typed is loaded: some cost 0.3 s."""
    parser = argparse.ArgumentParser(
        prog="variantkit-allowlist",
        description="Keep the list of provider wheels that variantkit may run.",
        formatter_class=HelpFormatter,
        epilog=EXAMPLES,
    )
    parser.add_argument("--version", action="version", version=VERSION, help="show the version and exit")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="COMMAND")
    children = {}
    for verb, told in VERBS.items():
        module = _module(verb) if verb == wanted else None
        described = (module.__doc__ or told).partition("\n")[0] if module else told
        child = verbs.add_parser(
            verb, help=told, description=described, epilog=EXIT_CODES, formatter_class=HelpFormatter
        )
        children[verb] = child
        if module:
            module.add_arguments(child)
            child.add_argument("--json", action="store_true", help="print one JSON object")
            child.add_argument("--debug", action="store_true", help="show where an error comes from")
    return parser, children


def _module(verb: str):  # type: ignore[no-untyped-def]  # a module is its own type
    return importlib.import_module(f"variantkit_allowlist.cli.{MODULES.get(verb, verb)}")
