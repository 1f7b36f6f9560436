"""Fields of a JSON object, read with every problem collected under its key path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from variantkit.errors import Problem
from variantkit.trust.dates import parse_date

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MAX_ITEMS = 4096


class Fields:
    """One JSON object being read; `problems` is shared by all objects of a document.

    A field that is absent and not required reads as its safe default; one of another type is a problem.
    """

    def __init__(self, table: dict[str, object], path: str, problems: list[Problem]) -> None:
        self.table = table
        self.path = path
        self.problems = problems

    def refuse(self, key: str, message: str) -> None:
        """Note that the value of `key` is unusable."""
        self.problems.append(Problem(self._join(key), message))

    def _value(self, key: str, required: bool) -> object:
        value = self.table.get(key)
        if value is None and (required or key in self.table):
            self.refuse(key, "expected a value, found none")
        return value

    def _refuse_items(self, key: str, what: str, items: list[object], matches: Callable[[str], object]) -> None:
        for place, item in enumerate(items):
            if not isinstance(item, str) or not matches(item):
                self.refuse(f"{key}[{place}]", f"expected {what}, found {ascii(item)[:80]}")
            elif item in items[:place]:
                self.refuse(f"{key}[{place}]", "stands twice")

    def text(self, key: str, what: str, matches: Callable[[str], object], *, required: bool = False) -> str | None:
        """Read a string for which `matches` is true; `what` says what was expected."""
        value = self._value(key, required)
        if value is None:
            return None
        if not isinstance(value, str) or not matches(value):
            self.refuse(key, f"expected {what}, found {ascii(value)[:80]}")
            return None
        return value

    def texts(
        self, key: str, what: str, matches: Callable[[str], object], *, required: bool = False
    ) -> tuple[str, ...]:
        """Read an array of different strings; a required one must not be empty."""
        value = self._value(key, required)
        if value is None:
            return ()
        if not isinstance(value, list) or len(value) > MAX_ITEMS or (required and not value):
            self.refuse(key, f"expected an array of {what}")
            return ()
        strings = [item for item in value if isinstance(item, str)]
        if len(strings) < len(value) or not all(map(matches, strings)) or len(set(strings)) < len(strings):
            self._refuse_items(key, what, value, matches)
        return tuple(strings)

    def flag(self, key: str) -> bool:
        """Read true or false; absent is false."""
        value = self._value(key, False)
        if value is not None and not isinstance(value, bool):
            self.refuse(key, f"expected true or false, found {ascii(value)[:80]}")
        return value is True

    def count(self, key: str) -> int:
        """Read a required integer that is not negative; true and 1.0 are none."""
        value = self._value(key, True)
        if value is not None and (type(value) is not int or value < 0):
            self.refuse(key, f"expected an integer of at least 0, found {ascii(value)[:80]}")
        return value if type(value) is int else 0

    def date(self, key: str, *, required: bool = False) -> int | None:
        """Read an ISO 8601 date as unix seconds."""
        value = self._value(key, required)
        if value is None:
            return None
        try:
            return parse_date(value if isinstance(value, str) else "")
        except ValueError as error:
            self.refuse(key, f"{error}, found {ascii(value)[:80]}")
            return None

    def child(self, key: str) -> Fields:
        """Read an object; absent is an empty one."""
        value = self._value(key, False)
        if value is not None and not isinstance(value, dict):
            self.refuse(key, "expected an object")
        return Fields(value if isinstance(value, dict) else {}, self._join(key), self.problems)

    def children(self, key: str) -> Iterator[Fields]:
        """Read an array of objects; absent is an empty one."""
        value = self._value(key, False)
        if value is not None and (not isinstance(value, list) or len(value) > MAX_ITEMS):
            self.refuse(key, f"expected an array of at most {MAX_ITEMS} objects")
        for place, item in enumerate(value if isinstance(value, list) else []):
            if isinstance(item, dict):
                yield Fields(item, self._join(f"{key}[{place}]"), self.problems)
            else:
                self.refuse(f"{key}[{place}]", "expected an object")

    def _join(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key
