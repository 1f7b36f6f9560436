"""JSON that every reader reads the same: UTF-8, no repeated keys, no NaN, bounded."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NoReturn

from variantkit.errors import DocumentError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_BYTES = 32 * 1024 * 1024

_is_plain_key = re.compile(r"[A-Za-z0-9_.$-]{1,100}").fullmatch


def key_path(path: str, key: object) -> str:
    """Extend a key path by `key`; a key that is not a plain word is quoted, escaped and cut."""
    shown = key if isinstance(key, str) and _is_plain_key(key) else json.dumps(str(key)[:100])
    return f"{path}.{shown}" if path else shown


def decode_json_text(data: bytes | str, where: str) -> str:
    """Return the text of a JSON document.

    Raises DocumentError when it is over MAX_BYTES, starts with a byte order mark or is not UTF-8.
    """
    if len(data) > MAX_BYTES:
        raise DocumentError(where, [Problem("", f"expected at most {MAX_BYTES} bytes, found more")])
    if isinstance(data, bytes):
        try:
            data = data.decode("utf-8")
        except UnicodeDecodeError as error:
            found = f"expected UTF-8, found {error.reason} at byte {error.start}"
            raise DocumentError(where, [Problem("", found)]) from None
    if data.startswith("\ufeff"):
        raise DocumentError(where, [Problem("", "expected JSON without a byte order mark, found one; remove it")])
    return data


def load_json(text: str, where: str) -> object:
    """Parse JSON; of a repeated key the last value stays, see `repeated_keys`.

    Raises DocumentError for what is not JSON: syntax, comments, NaN and Infinity, and what is nested too deeply.
    """
    try:
        loaded: object = json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        found = f"expected JSON, found a fault at line {error.lineno} column {error.colno}: {error.msg}"
    except RecursionError:
        found = "expected a shallow JSON document, found one nested too deeply to read"
    except ValueError as error:  # our own refusal, or a number of thousands of digits
        found = f"expected JSON, found {error}"
    else:
        return loaded
    raise DocumentError(where, [Problem("", found)])


def repeated_keys(text: str) -> Iterator[Problem]:
    """Yield a problem for every key that a JSON object has more than once.

    `text` is one that `load_json` accepts. It is parsed again, with a slower hook.
    """
    from collections import Counter

    # The objects themselves are kept: the identity of one that was replaced could be given out again.
    repeated: dict[int, tuple[dict[str, object], list[str]]] = {}

    def note(pairs: list[tuple[str, object]]) -> dict[str, object]:
        made = dict(pairs)
        if len(made) != len(pairs):
            times = Counter(name for name, _ in pairs)
            repeated[id(made)] = (made, [name for name in made if times[name] > 1])
        return made

    stack: list[tuple[str, object]] = [("", json.loads(text, object_pairs_hook=note))]
    while stack and repeated:
        path, node = stack.pop()
        if isinstance(node, dict):
            names = repeated[id(node)][1] if id(node) in repeated else []
            yield from (Problem(key_path(path, name), "expected the key once, found it repeated") for name in names)
            stack.extend((key_path(path, name), child) for name, child in reversed(node.items()))
        elif isinstance(node, list):
            stack.extend((f"{path}[{index}]", child) for index, child in enumerate(node))


def count_colons(root: object) -> int:
    """Count the colons that a JSON text of `root` has, between keys and values and within strings."""
    colons = 0
    stack = [root]
    while stack:
        node = stack.pop()
        if isinstance(node, str):
            colons += node.count(":")
        elif isinstance(node, dict):
            colons += len(node)
            stack.extend(node.keys())
            stack.extend(node.values())
        elif isinstance(node, list):
            stack.extend(node)
    return colons


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name}, which is not JSON")
