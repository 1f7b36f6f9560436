"""Imported list: another team's approvals as they were verified and pinned, before our own policy looks at them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from variantkit.trust import ApprovedList


class ImportedList(NamedTuple):
    """One import: its name in `[imports]`, the list itself, and by wheel sha256 the criteria that its team states.

    The criteria are in that team's words. `verified` is the sha256 of the root that the list was verified from; it must
    be the one that the ledger pins.
    """

    name: str
    approved: ApprovedList
    criteria: Mapping[str, tuple[str, ...]]
    verified: str
