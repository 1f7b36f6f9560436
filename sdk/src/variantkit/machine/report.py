"""Answers and rejections as the JSON objects that programs rely on (design section 9)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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
