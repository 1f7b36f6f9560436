"""Help: one form of parser for every verb, descriptions as they are written, at the terminal's width."""

from __future__ import annotations

import argparse
import os
import sys


class HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """argparse's formatter, told its width.

    argparse makes one for every argument that is added, to check it, and by itself imports shutil (2 ms, as much as
    json and typing together) to learn a width that only --help needs.
    """

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=terminal_width() - 2)


def add_parser(
    verbs: argparse._SubParsersAction[argparse.ArgumentParser], name: str, summary: str, epilog: str
) -> argparse.ArgumentParser:
    """Add a verb: its summary stands in the list of verbs and, as a sentence, above its own options."""
    return verbs.add_parser(
        name,
        help=summary,
        description=summary[0].upper() + summary[1:] + ".",
        epilog=epilog,
        formatter_class=HelpFormatter,
        allow_abbrev=False,
    )


def terminal_width() -> int:
    """The columns of the terminal, as shutil finds them: COLUMNS, then stdout's terminal, then 80."""
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns) > 0:
        return int(columns)
    try:
        return os.get_terminal_size(sys.__stdout__.fileno()).columns or 80  # type: ignore[union-attr]
    except (AttributeError, ValueError, OSError):  # no stdout, a closed one, or one that is no terminal
        return 80
