"""Approved list of a fetched edition: what it says of itself must be what was signed of it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from variantkit.trust.approved import ListError, parse_approved
from variantkit_allowlist.repository.refusal import RepositoryError

if TYPE_CHECKING:
    from variantkit.trust import ApprovedList
    from variantkit_allowlist.repository.client import Fetched

APPROVED = "approved.json"


def parse_list(data: bytes, where: str) -> ApprovedList:
    """Read an approved list; raise RepositoryError for anything else."""
    try:
        return parse_approved(data, where)
    except ListError as error:
        raise RepositoryError("list-invalid", f"{error}; nothing of it was taken over") from None


def read_edition(fetched: Fetched, where: str) -> ApprovedList:
    """The list of an edition, whose id is that of its root and whose serial that of its signatures."""
    approved = parse_list(fetched.targets[APPROVED], f"{where}: {APPROVED}")
    if not approved.id or approved.id != fetched.id:
        said = f"expected the id {fetched.id!r} of its root, found {approved.id!r}"
        raise RepositoryError("other-list", f"{where}: {said}; nothing of it was taken over")
    version = fetched.chain.targets.signed.version
    if approved.serial != version:
        said = f"expected serial {version} as its signatures say, found {approved.serial}"
        raise RepositoryError("list-invalid", f"{where}: {said}; nothing of it was taken over")
    return approved
