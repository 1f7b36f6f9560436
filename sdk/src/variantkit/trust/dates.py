"""Dates of approved lists: ISO 8601 text <-> unix seconds, without `datetime`, whose import costs milliseconds."""

from __future__ import annotations

DAY = 86400

_EXPECTED = "expected a date such as 2027-06-01 or 2027-06-01T12:00:00Z"
_MONTH_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def parse_date(text: str) -> int:
    """Read `2027-06-01` (its first second, UTC) or `2027-06-01T12:00:00Z` as unix seconds; raise ValueError if neither.

    Years before 1970 are refused.
    """
    day_text, separator, clock_text = text.partition("T")
    zone = clock_text[8:]
    if separator and zone not in ("Z", "+00:00"):
        raise ValueError(_EXPECTED)
    year, month, day = _numbers(day_text, "-", (4, 2, 2))
    hour, minute, second = _numbers(clock_text[:8], ":", (2, 2, 2)) if separator else (0, 0, 0)
    if year < 1970 or not 1 <= month <= 12 or not 1 <= day <= _days_of(year, month):
        raise ValueError("no such day")
    if hour > 23 or minute > 59 or second > 59:
        raise ValueError("no such time of day")
    days = _days_before_year(year) + sum(_days_of(year, earlier) for earlier in range(1, month)) + day - 1
    return days * DAY + hour * 3600 + minute * 60 + second


def _numbers(text: str, separator: str, widths: tuple[int, ...]) -> list[int]:
    parts = text.split(separator)
    if tuple(map(len, parts)) != widths or not all(part.isascii() and part.isdigit() for part in parts):
        raise ValueError(_EXPECTED)
    return [int(part) for part in parts]


def format_date(seconds: int) -> str:
    """Write unix seconds as `2027-06-01`, or with the time of day where that is not midnight."""
    days, rest = divmod(seconds, DAY)
    year = 1970 + days // 366
    while _days_before_year(year + 1) <= days:
        year += 1
    days -= _days_before_year(year)
    month = 1
    while days >= _days_of(year, month):
        days -= _days_of(year, month)
        month += 1
    clock = f"T{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}Z" if rest else ""
    return f"{year:04}-{month:02}-{days + 1:02}{clock}"


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _days_of(year: int, month: int) -> int:
    return 29 if month == 2 and _is_leap(year) else _MONTH_DAYS[month - 1]


def _days_before_year(year: int) -> int:
    """Days from 1970 to the start of `year`."""
    past = year - 1
    return (year - 1970) * 365 + (past // 4 - past // 100 + past // 400) - (1969 // 4 - 1969 // 100 + 1969 // 400)
