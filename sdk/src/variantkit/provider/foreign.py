"""Text written by others, made safe to show: capped, and without characters that steer a terminal."""

from __future__ import annotations

DEFAULT_LENGTH = 300


def _escaped(character: str) -> str:
    # Everything that is not printable: C0 and C1 controls, escapes, bidirectional marks, lone surrogates.
    return character if character.isprintable() else character.encode("unicode_escape").decode("ascii")


def shown(text: str, length: int = DEFAULT_LENGTH) -> str:
    """Return `text` on one line: at most `length` characters of it, with unprintable ones escaped."""
    cut = text if len(text) <= length else text[:length] + "…"
    return cut if cut.isprintable() else "".join(map(_escaped, cut))
