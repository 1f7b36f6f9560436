"""Versions of Ascend software: `M.m`, `M.m.p` and `M.m.rcN`."""

from __future__ import annotations

from ._tables import LAST_CANDIDATE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Version = tuple[int, int, int, int]  # major, minor, stage (0: none, N: rcN, 100 + p: p), -1 for an early build
    Majors = Mapping[int, tuple[int, int]]  # major version -> its last minor version, and the last patch of each

EARLY = ("alpha", "beta", "weekly", "dev")


def parse_version(text: str) -> Version | None:
    """`25.2.RC1.6` -> (25, 2, 1, 0): what follows the third part makes no difference but for early builds.

    Of `7.6.0.1.220:8.0.0`, a component's version and its product's, the latter counts.
    """
    words = text.strip().lower().rpartition(":")[2].replace("-", ".").replace("~", ".").split(".")
    early = -1 if any(word.startswith(EARLY) for word in words) else 0
    numbers = [_number(word) for word in words[:2]]
    if len(numbers) < 2 or numbers[0] is None or numbers[1] is None:
        return None
    third = words[2] if len(words) > 2 else ""
    patch, candidate = _number(third), _number(third[2:]) if third[:2] == "rc" else None
    if third and patch is None and candidate is None and not third.startswith(EARLY):
        return None
    return numbers[0], numbers[1], 100 + patch if patch is not None else candidate or 0, early


def format_version(version: Version) -> str:
    """The value for exactly this version; an early build has that of the release it leads to."""
    major, minor, stage, _ = version
    return f"{major}.{minor}" + (f".{stage - 100}" if stage >= 100 else f".rc{stage}" if stage else "")


def has_value(majors: Majors, version: Version) -> bool:
    """Whether exactly this version is a value."""
    major, minor, stage, _ = version
    last_minor, last_patch = majors.get(major, (-1, -1))
    return minor <= last_minor and (stage <= LAST_CANDIDATE or 100 <= stage <= 100 + last_patch)


def drop_later(values: Sequence[str], version: Version) -> list[str]:
    """Those of `values`, newest first, that are not above the version."""
    for position, value in enumerate(values):
        if (parse_version(value) or version) <= version:
            return list(values[position:])
    return []


def _number(word: str) -> int | None:
    return int(word) if word.isascii() and word.isdecimal() and len(word) < 5 else None
