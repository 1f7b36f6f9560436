"""What a child is started with: its command, its environment, and its descriptors by number."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

RESULT = 3
"""The one line that is the answer; moved away from 0-2, which the provider may print to or close."""

WHEEL = 4
"""The sealed memory file with the verified wheel."""


class Launch(NamedTuple):
    """One child to start: `wheel` is a descriptor of this process that the child gets as WHEEL, or -1 for none."""

    python: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    wheel: int = -1


def above_targets(number: int) -> int:
    """Return `number`, or its replacement above those of the child.

    A program that closed its own 0-4 gets such low numbers for new pipes; duplicating one of them onto another's
    place in the child would overwrite a third.
    """
    if number > WHEEL:
        return number
    import fcntl
    import os

    moved = fcntl.fcntl(number, fcntl.F_DUPFD_CLOEXEC, WHEEL + 1)
    os.close(number)
    return moved
