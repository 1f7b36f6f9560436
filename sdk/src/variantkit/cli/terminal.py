"""The terminal: results on stdout, everything else on stderr, and no escape sequence of foreign text in either."""

from __future__ import annotations

import json
import os
import sys

BOLD, DIM, GREEN, YELLOW, RED = "1", "2", "32", "33", "31"


def neutralise(text: str) -> str:
    """Show control and direction-changing characters of foreign text as escapes, so that they cannot act."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if c == "\n" or (c.isprintable() and not _redirects(c)) else _escaped(c) for c in text)


def _redirects(character: str) -> bool:
    """Whether the character changes the direction of the text around it (Unicode's bidirectional controls)."""
    return character in "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"


def one_line(text: str) -> str:
    """Foreign text on one line: a line end in it must not begin a line that looks like ours."""
    return neutralise(text).replace("\n", "\\n")


def print_line(text: str = "") -> None:
    """Print one line of a result."""
    sys.stdout.write(one_line(text) + "\n")


def print_note(text: str) -> None:
    """Print one line that is not a result."""
    sys.stderr.write(one_line(text) + "\n")


def print_traceback() -> None:
    """Print the error being handled, for --debug; its message holds foreign text like any other."""
    import traceback

    sys.stderr.write(neutralise(traceback.format_exc()))


def print_json(document: object) -> None:
    """Print the one object of `--json`; non-ASCII text is escaped, so no control character survives."""
    sys.stdout.write(json.dumps(document, indent=2) + "\n")


def styled(text: str, style: str) -> str:
    """`text` in an ANSI style, where stdout is a terminal that wants it (NO_COLOR, TERM=dumb)."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or not sys.stdout.isatty():
        return text
    return f"\x1b[{style}m{text}\x1b[0m"


def print_styled(text: str, style: str) -> None:
    """Print one line of a result in a style; the text itself is neutralised first."""
    sys.stdout.write(styled(one_line(text), style) + "\n")
