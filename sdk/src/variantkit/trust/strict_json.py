"""Strict JSON: text that every reader reads the same and any terminal may show."""

from __future__ import annotations

import json
import re
from typing import NoReturn

MAX_DEPTH = 12

# Control characters, surrogates, and what hides or reorders text: an identity or a note is read by people.
_HIDDEN = (
    "[\\x00-\\x1f\\x7f-\\x9f\\xad\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180e\\u200b-\\u200f\\u2028-\\u202f"
    "\\u2060-\\u206f\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff9-\\ufffb\\ud800-\\udfff\\U000e0000-\\U000e0fff]"
)


def load_strict(data: bytes) -> dict[str, object]:
    """Parse a JSON object; raise ValueError, with the end of a sentence, for anything doubtful.

    Doubtful are: bytes that are not UTF-8, a repeated key, NaN and Infinity, numbers of more than 18 digits, nesting
    deeper than MAX_DEPTH, and control, bidirectional or invisible characters in any string.
    """
    try:
        text = data.decode("utf-8")
        document = json.loads(
            text,
            object_pairs_hook=_unique,
            parse_constant=_refuse_constant,
            parse_int=_short_int,
            parse_float=_short_float,
        )
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except UnicodeDecodeError:
        raise ValueError("expected UTF-8") from None
    except json.JSONDecodeError as error:
        raise ValueError(
            f"expected JSON, found a fault at line {error.lineno} column {error.colno}: {error.msg}"
        ) from None
    if not isinstance(document, dict):
        raise ValueError("expected a JSON object")
    # Every string stands in the text as it is, and JSON lets no control below DEL stand there: no need to see each.
    _require_plain(document, strings=not text.isascii() or "\\" in text or "\x7f" in text)
    return document


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) != len(pairs):
        names = [name for name, _ in pairs]
        repeated = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {ascii(repeated)[:60]} stands twice in one object")
    return made


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _short_int(digits: str) -> int:
    if len(digits) > 18:
        raise ValueError("a number of more than 18 digits")
    return int(digits)


def _short_float(digits: str) -> float:
    number = float(digits)
    if len(digits) > 40 or number in (float("inf"), float("-inf")):
        raise ValueError("a number too large or too long")
    return number


def _require_plain(document: object, *, strings: bool) -> None:
    """Walk without recursion: the depth, and where there is a doubt every string and key."""
    level = [document]
    for _ in range(MAX_DEPTH):
        if strings:
            texts = [node for node in level if isinstance(node, str)]
            texts += [key for node in level if isinstance(node, dict) for key in node]
            hidden = next((text for text in texts if not _is_shown(text)), None)
            if hidden is not None:
                raise ValueError(f"a control or invisible character in {ascii(hidden)[:80]}")
        deeper: list[object] = []
        for node in level:
            if isinstance(node, (dict, list)):
                deeper.extend(node.values() if isinstance(node, dict) else node)
        level = deeper
    if level:
        raise ValueError(f"nested deeper than {MAX_DEPTH} levels")


def _is_shown(text: str) -> bool:
    """Whether all of a text is visible; the pattern is compiled for text beyond ASCII alone."""
    return text.isprintable() if text.isascii() else not re.search(_HIDDEN, text)
