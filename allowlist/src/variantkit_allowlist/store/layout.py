"""Layout of a TOML file: where each header, key and comment of it stands, which a parser's values no longer say.

Only text that a TOML parser has accepted is scanned; what is found is positions, never values.
"""

from __future__ import annotations

import re
from typing import NamedTuple

Path = tuple[str | int, ...]

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


class Comment(NamedTuple):
    """A comment from its number sign on; `own` when nothing else stands on its line; `item` of the list it is about."""

    text: str
    own: bool
    item: int


class Statement(NamedTuple):
    """A header or a key with its value.

    `path` is that of the table or key; `start` and `end` are offsets of its lines, the line end included; `line` counts
    from 1. `comments` stand inside its value; `trailing` behind it. `kind` is "table", "array" or "key".
    """

    kind: str
    path: Path
    start: int
    end: int
    line: int
    trailing: str = ""
    comments: tuple[Comment, ...] = ()


class LayoutError(ValueError):
    """A place in the file that cannot be told apart."""


def scan(text: str) -> list[Statement]:
    """Return the headers and keys of a TOML text in their order."""
    found: list[Statement] = []
    table: Path = ()
    counts: dict[Path, int] = {}
    at, line = 0, 1
    while at < len(text):
        end_of_line = text.find("\n", at) + 1 or len(text)
        content = text[at:end_of_line].strip()
        if not content or content.startswith("#"):
            at, line = end_of_line, line + 1
            continue
        start = at
        while text[at] in " \t":
            at += 1
        if text[at] == "[":
            kind = "array" if text.startswith("[[", at) else "table"
            names, at = _read_names(text, at + (2 if kind == "array" else 1))
            at += 2 if kind == "array" else 1
            table = _resolve(names, kind, counts)
            trailing, at = _read_rest(text, at)
            found.append(Statement(kind, table, start, at, line, trailing))
        else:
            names, at = _read_names(text, at)
            at, comments = _skip_value(text, at + 1)
            trailing, at = _read_rest(text, at)
            found.append(Statement("key", (*table, *names), start, at, line, trailing, tuple(comments)))
        line += text.count("\n", start, at)
    return found


def _resolve(names: list[str], kind: str, counts: dict[Path, int]) -> Path:
    """A header's names as a path: a name of an array of tables means its last item."""
    path: Path = ()
    for position, name in enumerate(names):
        path = (*path, name)
        if kind == "array" and position == len(names) - 1:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path


def _read_names(text: str, at: int) -> tuple[list[str], int]:
    """Read a possibly dotted key; return its names and the offset of what follows it."""
    names = []
    while True:
        at = _skip_blanks(text, at)
        if text[at] in "\"'":
            end = _skip_string(text, at)
            names.append(_unquoted(text[at:end]))
        else:
            bare = _BARE_KEY.match(text, at)
            if bare is None:
                raise LayoutError("a key that cannot be read")
            names.append(bare[0])
            end = bare.end()
        at = _skip_blanks(text, end)
        if at >= len(text) or text[at] != ".":
            return names, at
        at += 1


def _unquoted(quoted: str) -> str:
    from tomlkit import parse

    (value,) = parse(f"x = {quoted}").unwrap().values()
    return str(value)


def _skip_blanks(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t":
        at += 1
    return at


def _skip_string(text: str, at: int) -> int:
    """Return the offset behind the string that begins at `at`."""
    quote = text[at]
    if text.startswith(quote * 3, at):
        end = at + 3
        while not text.startswith(quote * 3, end):
            end += 2 if text[end] == "\\" and quote == '"' else 1
        end += 3
        while end < len(text) and text[end] == quote:  # one or two quotes may end the text itself
            end += 1
        return end
    end = at + 1
    while text[end] != quote:
        end += 2 if text[end] == "\\" and quote == '"' else 1
    return end + 1


def _skip_value(text: str, at: int) -> tuple[int, list[Comment]]:
    """Return the offset behind a value, and the comments inside it."""
    comments: list[Comment] = []
    open_brackets: list[str] = []
    index = 0
    filled = False  # whether the current item of the outermost list has begun
    at = _skip_blanks(text, at)
    while at < len(text):
        sign = text[at]
        if sign in "\"'":
            at, filled = _skip_string(text, at), True
            if not open_brackets:
                return at, comments
            continue
        if sign == "#" and open_brackets:
            if len(open_brackets) > 1 or open_brackets[0] == "{":
                raise LayoutError("a comment inside an inline table or a list of lists")
            end = text.index("\n", at)
            own = not text[text.rfind("\n", 0, at) + 1 : at].strip()
            # An own line speaks of what follows it; a comment behind an item, or behind its comma, of that item.
            item = index + filled if own else index - (not filled)
            comments.append(Comment(text[at:end], own or item < 0, max(item, 0)))
            at = end
            continue
        if sign in "[{":
            filled = bool(open_brackets)
            open_brackets.append(sign)
        elif sign in "]}":
            open_brackets.pop()
            if not open_brackets:
                return at + 1, comments
        elif sign == "," and len(open_brackets) == 1:
            index, filled = index + 1, False
        elif not open_brackets and sign in " \t\n#":
            return at, comments
        elif sign not in " \t\n,":
            filled = True
        at += 1
    return at, comments


def _read_rest(text: str, at: int) -> tuple[str, int]:
    """Return the comment behind a header or value, byte for byte, and the offset of the next line."""
    end = text.find("\n", at)
    end = len(text) if end < 0 else end
    comment = text.find("#", at, end)
    return "" if comment < 0 else text[comment:end], min(end + 1, len(text))
