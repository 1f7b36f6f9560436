"""The list that a directory keeps, as `status` shows it: entries, what waits, whose signatures are missing."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from variantkit_allowlist.curation.pending import read_queue
from variantkit_allowlist.curation.report import BUSY_DAYS, ListReport, report_list
from variantkit_allowlist.statements import read_reviews
from variantkit_allowlist.store import open_list

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from variantkit_allowlist.curation.report import EntryReport, PendingReport
    from variantkit_allowlist.imports import ImportedList
    from variantkit_allowlist.repository.standing import Standing
    from variantkit_allowlist.statements import Review
    from variantkit_allowlist.store import ListDirectory


class Shown(NamedTuple):
    """A kept list: what it says, how it stands published, its imports, and the files in it that cannot be read."""

    report: ListReport
    standing: Standing
    imports: Mapping[str, ImportedList]
    unreadable: tuple[str, ...]


def read_kept_list(path: str, now: int) -> Shown:
    """Read all that a list's directory says of itself."""
    from variantkit_allowlist.imports import foreign_revocations, load_imports
    from variantkit_allowlist.repository.standing import read_standing

    directory = open_list(path)
    foreign = foreign_revocations(directory)
    queue = read_queue(directory, now, foreign)
    standing = read_standing(directory, now)
    report = report_list(directory.ledger, queue.pending, _reviews(directory), standing.approved, now, foreign)
    return Shown(report, standing, load_imports(directory), queue.unreadable)


def _reviews(directory: ListDirectory) -> Iterator[Review]:
    folder = os.path.join(directory.path, "reviews")
    for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else ():
        yield from (kept.review for kept in read_reviews(directory, name).reviews)


def exit_code_of(shown: Shown) -> int:
    """1 when something of the list has ended: an approval, or the signatures of what is published."""
    return 1 if shown.report.counters.expired or shown.standing.ended else 0


def as_json(shown: Shown) -> dict[str, object]:
    report, standing = shown.report, shown.standing
    counters = report.counters._asdict()
    return {
        "id": report.id,
        "entries": [_plain(item._asdict()) for item in report.entries],
        "pending": [_plain(item._asdict()) for item in report.pending],
        "revocations": [_plain(item._asdict()) for item in report.revocations],
        "imports": [
            {
                "name": name,
                "id": item.approved.id,
                "serial": item.approved.serial,
                "entries": len(item.approved.entries),
                "revocations": len(item.approved.revoked),
            }
            for name, item in shown.imports.items()
        ],
        "counters": {**counters, "busy": dict(report.counters.busy)},
        "roles": [_plain(role._asdict()) for role in standing.roles],
        "published": standing.published,
        "signatures-end": standing.ends,
        "staged": standing.staged,
        "root": standing.root,
        "root-sha256": standing.root_sha256,
        "missing": [_plain(lack._asdict()) for lack in standing.missing],
        "unreadable": list(shown.unreadable),
    }


def _plain(values: dict[str, object]) -> dict[str, object]:
    return {key.replace("_", "-"): list(value) if isinstance(value, tuple) else value for key, value in values.items()}


def lines_of(shown: Shown) -> list[str]:
    """The same for a person."""
    report, counters = shown.report, shown.report.counters
    lines = [f"{report.id}: {counters.approved} approved, {counters.revoked} revoked, {counters.pending} pending"]
    lines += [line for item in report.entries for line in _entry_lines(item)]
    lines += [line for item in report.pending for line in _pending_lines(item)]
    lines += [f"  revoked {item.since} by {item.who}: {item.what}: {item.reason}" for item in report.revocations]
    lines += [
        f"  import {name}: {item.approved.id} serial {item.approved.serial}, "
        f"{len(item.approved.entries)} approved, {len(item.approved.revoked)} revoked"
        for name, item in shown.imports.items()
    ]
    lines += [f"cannot be read: {sentence}" for sentence in shown.unreadable]
    lines += _standing_lines(shown.standing)
    if counters.busy:
        told = ", ".join(f"{who} {count}" for who, count in counters.busy)
        lines.append(f"reviews of the last {BUSY_DAYS} days: {told}")
    return lines


def _entry_lines(item: EntryReport) -> list[str]:
    notes = [] if item.state in ("ok", "revoked") else [item.state]
    notes += ["UNATTESTED"] if item.evidence == "none" else [item.evidence]
    notes += ["superseded"] if item.superseded else []
    notes += ["not published yet"] if item.published is False and item.state in ("ok", "expiring") else []
    if item.state == "revoked":
        return [f"  {item.package} {item.version}: REVOKED"]
    told = f"until {item.expires}, by {', '.join(item.who)} ({', '.join(item.criteria)}); {', '.join(notes)}"
    return [f"  {item.package} {item.version}: {told}"]


def _pending_lines(item: PendingReport) -> list[str]:
    when = f"{item.days} days left" if item.days >= 0 else f"{-item.days} days late"
    lines = [f"  waiting {item.position}. {item.filename}: since {item.since}, answer by {item.target} ({when})"]
    lines += [f"     cooldown until {item.cooldown} at the latest"] if item.cooldown else []
    lines += [f"     {sentence}" for sentence in (*item.reviews, *item.others)]
    return lines if len(lines) > 1 else [*lines, f"     run: {item.approval}"]


def _standing_lines(standing: Standing) -> list[str]:
    lines = [f"{role.name}: {role.threshold} of {', '.join(role.keyholders)}" for role in standing.roles]
    if standing.published is None:
        lines.append("nothing is published yet; run: variantkit-allowlist publish --key REF")
    else:
        ends = "ended" if standing.ended else "end"
        lines.append(f"serial {standing.published} is published; its signatures {ends} {standing.ends}")
        lines.append(f"machines start from metadata/{standing.root}.root.json, sha256 {standing.root_sha256}")
    if standing.staged is not None:
        lines.append(f"serial {standing.staged} is staged; still needed:")
        lines += [f"  {lack.role}: {lack.needed} of {', '.join(lack.names)}" for lack in standing.missing]
    return lines
