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
            value = _Value(text, at + 1)
            value.walk()
            trailing, at = _read_rest(text, value.at)
            found.append(Statement("key", (*table, *names), start, at, line, trailing, tuple(value.comments)))
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


class _Value:
    """The walk over one value: where it ends, and the comments in it.

    `item` counts the items of the outermost list; `filled` says whether the current one has begun.
    """

    def __init__(self, text: str, at: int) -> None:
        self.text = text
        self.at = _skip_blanks(text, at)
        self.comments: list[Comment] = []
        self.brackets: list[str] = []
        self.item = 0
        self.filled = False

    def walk(self) -> None:
        while self.at < len(self.text) and not self._step(self.text[self.at]):
            pass

    def _step(self, sign: str) -> bool:
        """Take one sign, string or comment; return whether the value ends with it, or ended before it."""
        if sign in "\"'":
            self.at, self.filled = _skip_string(self.text, self.at), True
            return not self.brackets
        if not self.brackets and sign in " \t\n#":
            return True
        if sign == "#":
            self._take_comment()
            return False
        if sign in "[{":
            self.filled = bool(self.brackets)
            self.brackets.append(sign)
        elif sign in "]}":
            self.brackets.pop()
        elif sign == "," and len(self.brackets) == 1:
            self.item, self.filled = self.item + 1, False
        elif sign not in " \t\n,":
            self.filled = True
        self.at += 1
        return sign in "]}" and not self.brackets

    def _take_comment(self) -> None:
        if self.brackets != ["["]:
            raise LayoutError("a comment inside an inline table or a list of lists")
        end = self.text.index("\n", self.at)
        own = not self.text[self.text.rfind("\n", 0, self.at) + 1 : self.at].strip()
        # An own line speaks of what follows it; a comment behind an item, or behind its comma, of that item.
        item = self.item + self.filled if own else self.item - (not self.filled)
        self.comments.append(Comment(self.text[self.at : end], own or item < 0, max(item, 0)))
        self.at = end


def _read_rest(text: str, at: int) -> tuple[str, int]:
    """Return the comment behind a header or value, byte for byte, and the offset of the next line."""
    end = text.find("\n", at)
    end = len(text) if end < 0 else end
    comment = text.find("#", at, end)
    return "" if comment < 0 else text[comment:end], min(end + 1, len(text))
