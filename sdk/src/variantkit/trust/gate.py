"""The gate: whether a provider may be fetched and run, under lists that enforce or only warn. Pure.

While such a list warns, what is approved without it is judged in a second look: without that list's approvals, but
with its revocations.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from variantkit.trust import judgement
from variantkit.trust.approved import entry_identity
from variantkit.trust.judgement import REFUSALS, Foreseen, Verdict, endpoint_for, judge_offer
from variantkit.trust.union import entries_in_force, without_warning_list

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from variantkit.trust.approved import Entry
    from variantkit.trust.union import Approvals

__all__ = ["REFUSALS", "Foreseen", "Verdict", "endpoint_for", "judge_offer", "judge_request", "judge_wheel"]


def judge_request(
    approvals: Approvals,
    namespace: str,
    requires: Sequence[str],
    plugin_api: str | None,
    now: int,
    *,
    index: str | None = None,
    environment: Mapping[str, str] | None = None,
) -> tuple[Verdict, tuple[Entry, ...]]:
    """Judge what wheel metadata asks for, before any byte of it is fetched; see `judgement.judge_request`.

    While the system's list only warns, what is approved without it comes last, so that nothing but what the warning
    names changes when that list enforces.
    """
    verdict, entries = judgement.judge_request(
        approvals, namespace, requires, plugin_api, now, index=index, environment=environment
    )
    lenient = without_warning_list(approvals, now)
    if lenient is None:
        return verdict, entries
    without, until = lenient
    allowed, more = judgement.judge_request(
        without, namespace, requires, plugin_api, now, index=index, environment=environment
    )
    if entries:
        return verdict, entries + tuple(entry for entry in more if entry not in entries)
    if not more:
        return (allowed if allowed.code == "revoked" else verdict), ()
    return allowed._replace(foreseen=Foreseen(verdict.code, until)), more


def judge_wheel(
    approvals: Approvals,
    entry: Entry,
    filename: str,
    data: bytes,
    now: int,
    index: str | None = None,
    *,
    endpoint: str | None = None,
) -> Verdict:
    """Judge the very bytes that will run, for one of the candidates that `judge_request` gave.

    `endpoint` is the object reference that will be called, by default any that the entry approves; its module must
    be in the wheel.
    """
    lenient = without_warning_list(approvals, now)
    if lenient is None or entry in entries_in_force(approvals, now):
        return judgement.judge_wheel(approvals, entry, filename, data, now, index, endpoint=endpoint)
    without, until = lenient
    verdict = judgement.judge_wheel(without, entry, filename, data, now, index, endpoint=endpoint)
    return verdict._replace(foreseen=Foreseen(_foresee(approvals, entry, now), until)) if verdict.allowed else verdict


def _foresee(approvals: Approvals, entry: Entry, now: int) -> str:
    """With which code the bytes of an entry will be refused that no list in force approves."""
    listed = [other for other in entries_in_force(approvals, now) if other.package == entry.package]
    if any(entry_identity(other) == entry_identity(entry) for other in listed):
        return "hash-mismatch"
    return "version-not-approved" if listed else "not-listed"
