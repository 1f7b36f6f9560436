"""Reading `providers.toml`: text -> Ledger, or every problem in it at once, each with its key path and line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from pydantic import ValidationError
from tomlkit import parse

from variantkit.errors import DocumentError, Problem
from variantkit_allowlist.model import Ledger, frozen
from variantkit_allowlist.store.agreement import check_agreement
from variantkit_allowlist.store.layout import LayoutError, scan
from variantkit_allowlist.store.texts import check_text, check_values

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pydantic_core import ErrorDetails

    from variantkit_allowlist.store.layout import Path

MAX_LEDGER_BYTES = 8 << 20


class Reading(NamedTuple):
    """A file as read: the value, and the plain TOML tables that it was made from."""

    ledger: Ledger
    tables: dict[str, object]


def parse_ledger(text: str, where: str, today: int | None = None) -> Ledger:
    """Read the text of `providers.toml`; raise DocumentError with all that is wrong with it.

    `today` (unix seconds), where given, bounds what may not lie too far ahead.
    """
    return read_ledger(text, where, today).ledger


def read_ledger(text: str, where: str, today: int | None = None) -> Reading:
    problems = check_text(text)
    if problems:
        raise DocumentError(where, problems)
    try:
        tables = parse(text).unwrap()
    except Exception as error:  # noqa: BLE001 - its own errors, KeyError, AssertionError: a key twice is no ParseError
        raise DocumentError(where, [Problem("", f"expected TOML, found a fault: {_one_sentence(error)}")]) from None
    lines = _lines(text, where)
    found = check_values(tables)
    ledger, more = _validate(tables)
    found += more
    if ledger is not None:
        found += check_agreement(ledger, today)
    if found or ledger is None:
        raise DocumentError(where, [_placed(path, message, lines) for path, message in found])
    return Reading(ledger, tables)


def _lines(text: str, where: str) -> dict[Path, int]:
    try:
        return {statement.path: statement.line for statement in scan(text)}
    except LayoutError as error:
        raise DocumentError(where, [Problem("", str(error))]) from None


def _one_sentence(error: Exception) -> str:
    return str(error).partition("\n")[0][:200] or type(error).__name__


def _validate(tables: Mapping[str, object]) -> tuple[Ledger | None, list[tuple[Path, str]]]:
    try:
        # by_name=False: `warn_until` for `warn-until` would be a second spelling of one key.
        return Ledger.model_validate(frozen(tables), by_alias=True, by_name=False), []
    except ValidationError as error:
        return None, [_sentence(detail) for detail in error.errors(include_url=False, include_context=True)]


_EXPECTED = {
    "missing": "is missing",
    "extra_forbidden": "is no key of this table",
    "tuple_type": "expected a list",
    "string_type": "expected a text in quotes",
    "int_type": "expected a whole number",
    "bool_type": "expected true or false",
    "date_type": "expected a date such as 2027-06-01, without quotes",
    "model_type": "expected a table",
    "dict_type": "expected a table",
}


def _sentence(detail: ErrorDetails) -> tuple[Path, str]:
    """One of pydantic's findings as a path of our own and a sentence."""
    path: Sequence[str | int] = [part for part in detail["loc"] if part != "[key]"]
    kind, context = detail["type"], detail.get("ctx", {})
    message = _EXPECTED.get(kind)
    if message is None and kind == "literal_error":
        message = f"expected {context.get('expected')}"
    elif message is None and kind == "string_pattern_mismatch":
        message = "expected a sha256 in lower-case hex" if "64" in str(context.get("pattern")) else "is misspelt"
    elif message is None:
        message = re.sub(r"^Input should be ", "expected ", detail["msg"])
    if kind not in ("missing", "extra_forbidden"):
        message += f", found {ascii(_thawed(detail['input']))[:80]}"
    return tuple(path), message


def _thawed(value: object) -> object:
    return [_thawed(item) for item in value] if isinstance(value, tuple) else value


def _placed(path: Path, message: str, lines: Mapping[Path, int]) -> Problem:
    """A problem with the line of the nearest thing that is written down."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return Problem(shown_path(path), f"{message} (line {lines[path[:length]]})")
    return Problem(shown_path(path), message)


def shown_path(path: Iterable[str | int]) -> str:
    """`packages.acme-variant-provider.identity[0].workflow`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            plain = part if re.fullmatch("[A-Za-z0-9_-]+", part) else ascii(part)
            text += f".{plain}" if text else plain
    return text
