"""Answers as lines of text: what `detect` and `explain` print for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from variantkit.machine.supported import NamespaceSupport
    from variantkit.variants.grammar import Feature

VALUES_SHOWN = 8


def namespace_lines(support: Mapping[str, NamespaceSupport]) -> Iterator[str]:
    """Every namespace in a few lines: how it was decided, and what it supports."""
    for namespace, answer in support.items():
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
    if switches:
        yield f"  on: {' '.join(switches)}"
