"""Records of a list's directory that the catalogue shows: the published edition, wheels, verification summaries."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

from variantkit.errors import InputError, VariantkitError
from variantkit.trust import parse_approved
from variantkit.trust.canonical import MAX_WHEEL_BYTES
from variantkit.trust.dates import format_date
from variantkit_allowlist.inspection import inspect_wheel
from variantkit_allowlist.inspection.known import KINDS
from variantkit_allowlist.site.catalogue import WheelFacts
from variantkit_allowlist.statements import read_vsa
from variantkit_allowlist.store.files import read_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from variantkit.trust import ApprovedList
    from variantkit_allowlist.inspection import Inspection
    from variantkit_allowlist.model import Approval
    from variantkit_allowlist.store import ListDirectory

SUMMARY_CAP = 1 << 20
_NAMES = {
    "variable": "Environment variables named",
    "path": "Paths named",
    "program": "Programs named",
    "library": "Libraries named",
}


def read_edition(directory: ListDirectory) -> ApprovedList | None:
    """The published enforcement file, its signatures verified; None before the first publication."""
    from variantkit_allowlist.repository.published import read_published

    published = read_published(directory.public_path)
    data = published.read_target("approved.json") if published else None
    return None if data is None else parse_approved(data, os.path.join(directory.public_path, "approved.json"))


def read_imported(directory: ListDirectory) -> Mapping[str, Sequence[Approval]]:
    """Other teams' approvals by the import's name, their signatures verified."""
    if not directory.ledger.imports:
        return {}
    from variantkit_allowlist.imports import load_import

    kept = {name: load_import(directory, name) for name in directory.ledger.imports}
    return {name: found.approvals for name, found in kept.items() if found is not None}


def read_wheels(directory: ListDirectory, approvals: Iterable[Approval]) -> Mapping[str, WheelFacts]:
    """What is known of every approved wheel, by sha256: inspected when it lies in `wheels/`, never run."""
    wanted = {sha256 for approval in approvals for sha256 in approval.sha256}
    facts = {sha256: WheelFacts(summary=_summary(directory, sha256)) for sha256 in wanted}
    for filename in _wheel_names(directory.wheels_path):
        try:
            data = read_file(directory.wheel_path(filename), MAX_WHEEL_BYTES)
        except InputError:
            continue  # too large for a provider, so none that anybody approved
        sha256 = hashlib.sha256(data).hexdigest()
        if sha256 in wanted:
            facts[sha256] = facts[sha256]._replace(
                filename=filename, size=len(data), capabilities=_capabilities(data, filename)
            )
    return facts


def _wheel_names(folder: str) -> list[str]:
    try:
        return sorted(name for name in os.listdir(folder) if name.endswith(".whl"))
    except FileNotFoundError:
        return []


def _capabilities(data: bytes, filename: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    try:
        found = inspect_wheel(data, filename)
    except InputError as error:
        return (("Cannot be read", (str(error),)),)
    return tuple((name, tuple(items)) for name, items in _groups(found) if items)


def _groups(found: Inspection) -> Iterable[tuple[str, list[str]]]:
    yield "Not canonical", [found.canonical] if found.canonical else []
    for kind, told in KINDS.items():
        yield told.capitalize(), [item.detail for item in found.capabilities if item.kind == kind]
    for kind, told in _NAMES.items():
        yield told, found.of(kind)
    yield "Imports from elsewhere", [item.name for item in found.imports if item.origin == "foreign"]
    yield "Imports of the standard library", [item.name for item in found.imports if item.origin == "stdlib"]
    yield "Entry points", [f"{group}: {name} = {target}" for group, name, target in found.entry_points]
    yield "Faults of its RECORD", list(found.record)
    yield "Could not be read", [f"{path}: {why}" for path, why in found.unread]
    yield "Files", [file.path for file in found.files]


def _summary(directory: ListDirectory, sha256: str) -> str:
    """What the verification summary says, in words; "" when there is none."""
    path = directory.vsa_path(sha256)
    if not os.path.lexists(path):
        return ""
    try:
        found = read_vsa(read_file(path, SUMMARY_CAP), path)
    except VariantkitError:
        return "cannot be read"
    if found.sha256 != sha256:
        return "speaks of another wheel"
    return f"{'PASSED' if found.passed else 'FAILED'} on {format_date(found.time)[:10]}"
