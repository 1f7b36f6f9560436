"""Trust: which provider bytes may run (approved lists, their levels, the gate, canonical wheels)."""

from __future__ import annotations

from variantkit.trust.approved import ApprovedList, Entry, ListError, Revocation, parse_approved
from variantkit.trust.canonical import check_wheel
from variantkit.trust.gate import (
    REFUSALS,
    Foreseen,
    Verdict,
    endpoint_for,
    judge_offer,
    judge_request,
    judge_wheel,
)
from variantkit.trust.levels import load_approvals, memory_path, system_path, user_path
from variantkit.trust.needs import Needs
from variantkit.trust.union import Approvals, LevelList, ListProblem, entries_in_force, state_of

__all__ = [
    "REFUSALS",
    "Approvals",
    "ApprovedList",
    "Entry",
    "Foreseen",
    "LevelList",
    "ListError",
    "ListProblem",
    "Needs",
    "Revocation",
    "Verdict",
    "check_wheel",
    "endpoint_for",
    "entries_in_force",
    "judge_offer",
    "judge_request",
    "judge_wheel",
    "load_approvals",
    "memory_path",
    "parse_approved",
    "state_of",
    "system_path",
    "user_path",
]
