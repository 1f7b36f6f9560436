"""Words of a module, before Python's parser sees it: how deep it nests, and which names are not what they look like.

`ast.parse` ends the whole process on some deeply nested modules (Python 3.10, a chain of 300,000 attributes), so what
would nest deeper than any module that a person reads is refused here, by words alone.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_BRACKETS = 80
MOST_PARTS = 2000
MOST_LAMBDAS = 200
MOST_ELIFS = 500
MOST_OF_AN_F_STRING = 4000
"""An f-string's expressions are inside it, so its length bounds their depth."""

_word = re.compile(
    r"""
    (?P<skip>[^\S\r\n]+|\\\r?\n|\#[^\r\n]*)
    |(?P<string>[A-Za-z]{0,2}(?:
        \"{3}[^"\\]*(?:(?:\\.|"(?!""))[^"\\]*)*\"{3}
        |'{3}[^'\\]*(?:(?:\\.|'(?!''))[^'\\]*)*'{3}
        |"[^"\\\r\n]*(?:\\(?:\r\n|.)[^"\\\r\n]*)*"
        |'[^'\\\r\n]*(?:\\(?:\r\n|.)[^'\\\r\n]*)*'))
    |(?P<name>[^\W\d]\w*)
    |(?P<line>\r\n|\r|\n)
    |(?P<open>[(\[{])
    |(?P<close>[)\]}])
    |(?P<end>[,;])
    |(?P<other>[0-9][\w.]*|.)
    """,
    re.VERBOSE | re.DOTALL,
).finditer


def check_depth(text: str) -> str:
    """Why a module is not given to the parser: it nests too deep; "" when it may be parsed."""
    parts, total, lambdas, elifs, before = [0], 0, 0, 0, ""
    for kind, word in _words(text):
        if kind == "line":
            if len(parts) == 1:
                parts, total, lambdas, before = [0], 0, 0, ""
            continue
        if kind == "end":
            total -= parts[-1]
            parts[-1] = 0
        elif kind == "close":
            total -= parts.pop() if len(parts) > 1 else 0
        elif kind != "string" or before != "string":  # strings side by side are one
            parts[-1] += 1
            total += 1
        if kind == "open":
            parts.append(0)
        lambdas += word == "lambda"
        elifs += word == "elif"
        before = kind
        long = kind == "string" and len(word) > MOST_OF_AN_F_STRING and _is_formatted(word)
        if long or len(parts) > MOST_BRACKETS or total > MOST_PARTS or lambdas > MOST_LAMBDAS or elifs > MOST_ELIFS:
            return "an expression nests too deep, or goes on for too long, to be read"
    return ""


def odd_names(text: str) -> tuple[str, ...]:
    """The names in the code with characters beyond ASCII: Python may take such a name for another (PEP 3131)."""
    if text.isascii():
        return ()
    return tuple(sorted({word for kind, word in _words(text) if kind == "name" and not word.isascii()}))


def _words(text: str) -> Iterator[tuple[str, str]]:
    for found in _word(text):
        kind = found.lastgroup or ""
        if kind != "skip":
            yield kind, found[0]


def _is_formatted(word: str) -> bool:
    prefix = re.split("[\"']", word, maxsplit=1)[0].lower()
    return "f" in prefix or "t" in prefix
