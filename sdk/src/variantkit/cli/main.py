"""The program `variantkit`: which room answers a verb, and how every error leaves."""

from __future__ import annotations

import argparse
import gc
import importlib
import os
import sys
from typing import TYPE_CHECKING

from variantkit import __version__
from variantkit.cli.help import HelpFormatter
from variantkit.cli.terminal import neutralise, print_note, print_traceback
from variantkit.errors import VariantkitError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from _typeshed import SupportsWrite

VERBS = {
    "detect": ("choose", "what this machine supports, and who says so"),
    "select": ("choose", "the best compatible variant of a release"),
    "explain": ("choose", "why that variant, and why not the others"),
    "install": ("deliver", "install with your own pip or uv the build for this machine"),
    "serve": ("deliver", "an index through this machine's answers, for any installer"),
    "doctor": ("health", "what is set up here, what is missing, what to do"),
    "wheel": ("vendors", "label, unlabel or show a variant wheel"),
    "provider": ("provider", "start, check, vendor or capture a provider"),
    "index": ("vendors", "write the variants.json files and simple-index pages of a directory of wheels"),
}
LONG_VERBS = (["install"], ["serve"])
EXAMPLES = """\
examples:
  variantkit install numpy                     your own pip or uv; the build for this machine
  variantkit detect                            what this machine supports
  variantkit explain ./wheels numpy            which build, why, and why not the others
  variantkit select numpy-2.4.0-variants.json --json

exit codes: 0 fine · 1 no, denied or nothing compatible · 2 wrong usage or broken input · 3 could not determine
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code."""
    argv = list(sys.argv[1:] if arguments is None else arguments)
    collected = gc.isenabled()
    if argv[:1] not in LONG_VERBS:
        # Such a command lives for milliseconds and makes no cycles worth collecting, which can cost half of them.
        gc.disable()
    try:
        return _run(argv)
    finally:
        if collected:
            gc.enable()


def _run(argv: list[str]) -> int:
    if not argv:
        _parser(argv).print_help(sys.stderr)
        return 2
    try:
        args = _parse(argv)
    except SystemExit as leaving:  # --help, --version and wrong usage: argparse has said why
        return int(leaving.code or 0)
    try:
        code = _run_verb(args)
    except VariantkitError as error:
        if args.debug:
            print_traceback()
        else:
            print_note(f"variantkit: {error}")
        return error.exit_code
    except BrokenPipeError:
        # The reader went away (`| head`); nobody is left to tell. Keep the interpreter's own flush quiet too.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # noqa: BLE001 - whatever it is, it leaves as one sentence
        if args.debug:
            print_traceback()
        else:
            told = f"{type(error).__name__}: {error}"
            print_note(f"variantkit: internal error: {told}; run again with --debug and report it")
        return 3
    return code


def _run_verb(args: argparse.Namespace) -> int:
    """Run the verb; what a room has left in `at_end` is said last, once, whatever the outcome."""
    try:
        code = int(args.run(args))
        sys.stdout.flush()
        return code
    finally:
        getattr(args, "at_end", lambda: None)()


class _Parser(argparse.ArgumentParser):
    """A parser whose complaints quote the arguments harmlessly: a shell's `*` makes them of foreign file names."""

    def _print_message(self, message: str, file: SupportsWrite[str] | None = None) -> None:
        super()._print_message(neutralise(message), file)


def _parse(argv: list[str]) -> argparse.Namespace:
    """Read the arguments; what stands after `--` in `install` is the installer's and not ours to read."""
    own, rest = argv, []
    if argv[:1] == ["install"] and "--" in argv:
        cut = argv.index("--")
        own, rest = argv[:cut], argv[cut + 1 :]
    parser = _parser(own)
    args, unknown = parser.parse_known_args(own)
    if unknown:
        hint = "; what your installer takes goes behind --" if own[:1] == ["install"] else ""
        parser.error(f"unrecognized arguments: {' '.join(unknown)}{hint}")
    if rest:
        args.installer_args = tuple(rest)
    return args


def _parser(argv: list[str]) -> argparse.ArgumentParser:
    """Build the parser of the verb in `argv`, or of all of them when there is none."""
    parser = _Parser(
        prog="variantkit",
        description="Pick the right build of a Python package for a machine (PEP 825 wheel variants).",
        epilog=EXAMPLES,
        formatter_class=HelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"variantkit {__version__}")
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True, prog="variantkit")
    wanted = [argv[0]] if argv and argv[0] in VERBS else list(VERBS)
    for verb in wanted:
        room, summary = VERBS[verb]
        module = importlib.import_module(f"variantkit.cli.{room}")
        module.add_verb(verbs, verb, summary)
    return parser


if __name__ == "__main__":
    sys.exit(main())
