"""Answers as lines of text: what `detect` and `explain` print for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from variantkit.cli.help import terminal_width
from variantkit.machine.supported import ABSENT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from variantkit.machine.supported import NamespaceSupport
    from variantkit.variants.grammar import Feature

VALUES_SHOWN = 8


def namespace_lines(support: Mapping[str, NamespaceSupport]) -> Iterator[str]:
    """Every namespace in a few lines: how it was decided, and what it supports; plain absence on one line for all."""
    absent = [name for name, answer in support.items() if answer.status == ABSENT and not answer.diagnostics]
    for namespace, answer in support.items():
        if namespace not in absent:
            yield from _lines_of_one(namespace, answer)
    if absent:
        yield f"absent: {', '.join(absent)}"


def _lines_of_one(namespace: str, answer: NamespaceSupport) -> Iterator[str]:
    by = f" by {answer.provider.package} {answer.provider.version}" if answer.provider else ""
    contained = f", isolation: {answer.isolation}" if answer.isolation else ""
    yield f"{namespace}: {answer.status} ({answer.source}{by}{contained})"
    if answer.detail and answer.status not in ("static", "override"):
        reason = f"{answer.code}: " if answer.code else ""
        yield f"  {reason}{answer.detail}"
    yield from feature_lines(answer.features)
    for code, message in answer.diagnostics:
        yield f"  {code}: {message}"


def feature_lines(features: tuple[Feature, ...]) -> Iterator[str]:
    """Features with several values one a line; those that are merely `on` together."""
    switches = [feature.name for feature in features if feature.values == ("on",)]
    for feature in features:
        if feature.values != ("on",):
            more = len(feature.values) - VALUES_SHOWN
            tail = f" … and {more} more" if more > 0 else ""
            yield f"  {feature.name}: {' '.join(feature.values[:VALUES_SHOWN])}{tail}"
    yield from _wrapped("  on:", switches)


def _wrapped(head: str, words: Sequence[str]) -> Iterator[str]:
    """The words behind `head`, on as many lines as the terminal's width asks for; nothing without words."""
    width = terminal_width() if words else 0
    line = head
    for word in words:
        if len(line) + 1 + len(word) > width and line.strip():
            yield line
            line = " " * len(head)
        line += " " + word
    if words:
        yield line
