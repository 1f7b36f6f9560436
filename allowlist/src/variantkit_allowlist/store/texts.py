"""Texts of the file: nothing in it may hide, reorder or forge what a reader sees on a screen."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from variantkit.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from variantkit_allowlist.store.layout import Path

PROSE = frozenset({"name", "description", "notes", "reason"})
"""Keys whose values are for people and may be beyond ASCII; all else is compared, and homoglyphs must not pass."""

# Unicode's default ignorable characters beyond category Cf, and what is drawn as nothing.
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0") | frozenset(
    map(chr, (*range(0xFE00, 0xFE10), *range(0xE0000, 0xE1000)))
)


def is_hidden(character: str) -> bool:
    """Whether a character controls, reorders or hides text: C0, C1, format, surrogates, separators of lines."""
    return unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") or character in _INVISIBLE


def check_text(text: str) -> list[Problem]:
    """Problems of the text as a whole, comments included; a tab may indent, and a line ends with \\n alone."""
    if text.isascii() and text.replace("\n", "").replace("\t", "").isprintable():
        return []
    if "\r\n" in text and not text.replace("\r\n", "").count("\r"):
        return [Problem("", "lines end with CR LF, expected LF; run: variantkit-allowlist tidy")]
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        hidden = next((sign for sign in line if sign != "\t" and is_hidden(sign)), None)
        if hidden is not None:
            found.append(Problem("", f"a control or invisible character U+{ord(hidden):04X} (line {number})"))
    return found


def check_values(tables: object) -> list[tuple[Path, str]]:
    """Problems of keys and values, whose escapes (`\\u202e`, `\\n`) the text as a whole does not show."""
    return [(path, message) for path, text, prose in _texts(tables, (), False) if (message := _fault(text, prose))]


def _fault(text: str, prose: bool) -> str:
    if any(map(is_hidden, text)):
        return f"a control or invisible character, or a line end, in {ascii(text)[:80]}"
    if not prose and not text.isascii():
        return f"expected ASCII, found {ascii(text)[:80]}"
    return ""


def _texts(value: object, path: Path, prose: bool) -> Iterator[tuple[Path, str, bool]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield (*path, key), key, False
            yield from _texts(item, (*path, key), key in PROSE and not isinstance(item, dict))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, (*path, index), prose)
    elif isinstance(value, str):
        yield path, value, prose
