"""Rust's debug text, the only form in which uv says how it is set up, as Python values."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from variantkit.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TypeAlias

    Value: TypeAlias = "str | tuple[Value, ...] | Struct"

_token = re.compile(r'"(?:[^"\\]|\\.)*"|[{}()\[\],]|[^\s{}()\[\],"]+')
_CLOSES = {"(": ")", "[": "]", "{": "}"}
_DEPTH = 100


class Struct:
    """`Name { key: value }` or `Name(value)`: `name`, `fields` and `items`; without a name, `{key: value}`."""

    def __init__(self, name: str, fields: Mapping[str, Value], items: tuple[Value, ...]) -> None:
        self.name = name
        self.fields = fields
        self.items = items


def parse_debug(text: str) -> tuple[Value, ...]:
    """The values of a text, one after the other; words such as `None`, `true`, `30s` stay text.

    `Some(value)` is the value itself. InputError when the text is no such text.
    """
    tokens = _token.findall(text)
    values: list[Value] = []
    at = 0
    while at < len(tokens):
        value, at = _parse(tokens, at, 0)
        values.append(value)
    return tuple(values)


def find_structs(value: Value, name: str) -> list[Struct]:
    """Every struct of a name within a value, in the order of the text."""
    if isinstance(value, str):
        return []
    if isinstance(value, Struct):
        inner = (*value.fields.values(), *value.items)
        return [*([value] if value.name == name else []), *find_structs(inner, name)]
    return [found for item in value for found in find_structs(item, name)]


def _parse(tokens: list[str], at: int, depth: int) -> tuple[Value, int]:
    if at >= len(tokens) or depth > _DEPTH:
        raise InputError("expected Rust's debug text, found one that ends early or is too deep")
    token = tokens[at]
    if token.startswith('"'):
        return _string(token), at + 1
    if token in _CLOSES:
        return _group(tokens, at, "", depth)
    if at + 1 < len(tokens) and tokens[at + 1] in {"{", "("}:
        return _group(tokens, at + 1, token, depth)
    return token, at + 1


def _group(tokens: list[str], at: int, name: str, depth: int) -> tuple[Value, int]:
    closing = _CLOSES[tokens[at]]
    fields: dict[str, Value] = {}
    items: list[Value] = []
    is_list = tokens[at] == "["
    at += 1
    while at < len(tokens) and tokens[at] != closing:
        key = tokens[at]
        if key == ",":
            at += 1
        elif key.endswith(":") and closing == "}":
            fields[key[:-1]], at = _parse(tokens, at + 1, depth + 1)
        else:
            item, at = _parse(tokens, at, depth + 1)
            items.append(item)
    if at >= len(tokens):
        raise InputError("expected Rust's debug text, found one that ends early")
    if is_list:
        return tuple(items), at + 1
    if name == "Some" and len(items) == 1:
        return items[0], at + 1
    return Struct(name, fields, tuple(items)), at + 1


def _string(token: str) -> str:
    try:
        return str(json.loads(token, strict=False))
    except ValueError:
        return token[1:-1]  # an escape that only Rust has, in a text that is not looked at
