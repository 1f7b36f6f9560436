"""Answers and rejections as the JSON objects that programs rely on (design section 9)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from variantkit.machine.supported import NamespaceSupport
    from variantkit.trust.union import Approvals
    from variantkit.variants.ordering import Rejection


def list_objects(approvals: Approvals) -> list[dict[str, Any]]:
    """The approved lists that were read, highest level first."""
    return [
        {
            "level": item.level,
            "where": item.approved.where,
            "id": item.approved.id,
            "serial": item.approved.serial,
            "origin": item.approved.origin,
            "sha256": item.approved.sha256,
            "mode": "enforce" if item.approved.warn_until is None else "warn",
        }
        for item in approvals.lists
    ]


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
    shown |= _foreseen_object(answer)
    shown["diagnostics"] = [{"code": code, "message": message} for code, message in answer.diagnostics]
    return shown


def namespace_summary(answer: NamespaceSupport) -> dict[str, Any]:
    """One namespace as `select --json` prints it: how it was decided, without its features."""
    shown: dict[str, Any] = {"status": answer.status, "source": answer.source}
    if answer.code:
        shown["code"] = answer.code
    if answer.detail and answer.code:
        shown["detail"] = answer.detail
    return shown | _foreseen_object(answer)


def foreseen_sentence(support: Mapping[str, NamespaceSupport]) -> str:
    """What the system's list will deny once it enforces, in one sentence; "" when that is nothing."""
    from variantkit.trust.dates import format_date

    foreseen = {namespace: answer for namespace, answer in support.items() if answer.foreseen and answer.provider}
    if not foreseen:
        return ""
    since = min(answer.foreseen.since for answer in foreseen.values() if answer.foreseen)
    named = ", ".join(
        f"{namespace} ({answer.provider.package} {answer.provider.version}: {answer.foreseen.code})"
        for namespace, answer in foreseen.items()
        if answer.foreseen and answer.provider
    )
    return f"from {format_date(since)} on the system's approved list denies what it only warns of now: {named}"


def _foreseen_object(answer: NamespaceSupport) -> dict[str, Any]:
    if answer.foreseen is None:
        return {}
    from variantkit.trust.dates import format_date

    return {"foreseen": {"code": answer.foreseen.code, "since": format_date(answer.foreseen.since)}}


def rejection_object(rejection: Rejection) -> dict[str, str]:
    """One rejected label as `select --json` prints it."""
    shown = {"label": rejection.label, "reason": rejection.reason}
    if rejection.property is not None:
        shown["property"] = str(rejection.property)
    return shown
