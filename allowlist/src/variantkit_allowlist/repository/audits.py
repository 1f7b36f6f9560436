"""Audits of an edition: what its signed audits.json says of each wheel. Pure."""

from __future__ import annotations

import json

from variantkit.trust.strict_json import load_strict
from variantkit_allowlist.model import Approval


def read_audits(data: bytes) -> dict[str, Approval]:
    """The approvals of an edition by the sha256 of their wheels; one that cannot be read says nothing.

    Approvals that were taken over from other lists are not among them: their teams' own audits speak of those.
    """
    try:
        document = load_strict(data)
    except ValueError:
        return {}
    items = document.get("audits")
    found: dict[str, Approval] = {}
    for item in items if isinstance(items, list) else []:
        try:
            approval = Approval.model_validate_json(json.dumps(item))
        except ValueError:  # pydantic's is one
            continue
        found.update(dict.fromkeys(approval.sha256, approval))
    return found
