"""Answers as JSON objects and as lines of text: what `detect`, `select` and `explain` print."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from variantkit.machine.supported import NamespaceSupport
    from variantkit.variants.grammar import Feature
    from variantkit.variants.ordering import Rejection

VALUES_SHOWN = 8


def namespace_object(answer: NamespaceSupport) -> dict[str, Any]:
    """One namespace as `detect --json` prints it."""
    shown: dict[str, Any] = {"status": answer.status, "source": answer.source}
    if answer.code:
        shown["code"] = answer.code
    if answer.detail:
        shown["detail"] = answer.detail
    if answer.provider:
        shown["provider"] = answer.provider._asdict()
    if answer.isolation:
        shown["isolation"] = answer.isolation
    shown["features"] = [
        {"name": feature.name, "values": list(feature.values), "multi_value": feature.multi_value}
        for feature in answer.features
    ]
    shown["diagnostics"] = [{"code": code, "message": message} for code, message in answer.diagnostics]
    return shown


def namespace_summary(answer: NamespaceSupport) -> dict[str, Any]:
    """One namespace as `select --json` prints it: how it was decided, without its features."""
    shown: dict[str, Any] = {"status": answer.status, "source": answer.source}
    if answer.code:
        shown["code"] = answer.code
    if answer.detail and answer.code:
        shown["detail"] = answer.detail
    return shown


def rejection_object(rejection: Rejection) -> dict[str, str]:
    """One rejected label as `select --json` prints it."""
    shown = {"label": rejection.label, "reason": rejection.reason}
    if rejection.property is not None:
        shown["property"] = str(rejection.property)
    return shown


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
