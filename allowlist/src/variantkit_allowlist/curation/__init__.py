"""Curation: what enters the list, what leaves it, and the file that machines enforce. Decisions are pure."""

from __future__ import annotations

from variantkit_allowlist.curation.approval import make_approval, rule_to_pin
from variantkit_allowlist.curation.candidate import Base, Candidate
from variantkit_allowlist.curation.decision import Case, decide_approval
from variantkit_allowlist.curation.enforcement import Enforcement, draft_enforcement

__all__ = [
    "Base",
    "Candidate",
    "Case",
    "Enforcement",
    "decide_approval",
    "draft_enforcement",
    "make_approval",
    "rule_to_pin",
]
