"""Reports of an inspection and of a change: as the object of `--json`, and as lines for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from variantkit_allowlist.inspection.bill import STATES
from variantkit_allowlist.inspection.examination import SCHEMA
from variantkit_allowlist.inspection.known import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from variantkit_allowlist.inspection.change import Change
    from variantkit_allowlist.inspection.examination import Imported, Inspection, Named
    from variantkit_allowlist.inspection.parts import Part

SHOWN = 8
"""Things of one kind that a person is shown; all of them are in the JSON."""

_NAMED = (
    ("environment variables", "variable"),
    ("absolute paths", "path"),
    ("programs", "program"),
    ("libraries", "library"),
)


def as_document(found: Inspection) -> dict[str, object]:
    """The object of `inspect --json`."""
    return {
        "schema": SCHEMA,
        "filename": found.filename,
        "package": found.package,
        "version": found.version,
        "sha256": found.sha256,
        "size": found.size,
        "canonical": not found.canonical,
        "canonical_reason": found.canonical,
        "capabilities": [{**item._asdict(), "means": KINDS[item.kind]} for item in found.capabilities],
        "entry_points": [dict(zip(("group", "name", "reference"), item, strict=True)) for item in found.entry_points],
        "environment": _objects(found, "variable"),
        "paths": _objects(found, "path"),
        "programs": _objects(found, "program"),
        "libraries": _objects(found, "library"),
        "imports": [item._asdict() for item in found.imports],
        "tables": [item._asdict() for item in found.tables],
        "sbom": {
            "documents": list(found.bill.documents),
            "packages": [item._asdict() for item in found.bill.packages],
            "files": [item._asdict() for item in found.bill.files],
            "problems": list(found.bill.problems),
        },
        "record_problems": list(found.record),
        "metadata_problems": list(found.metadata),
        "unread": [{"path": path, "reason": reason} for path, reason in found.unread],
        "cut": found.cut,
        "files": [item._asdict() for item in found.files],
    }


def _objects(found: Inspection, kind: str) -> list[dict[str, object]]:
    return [
        {"name": item.detail, "places": list(item.places), "times": item.times}
        for item in found.names
        if item.kind == kind
    ]


def inspection_lines(found: Inspection) -> Iterator[str]:
    """The short report: what it could do first, then whether it is in order, then what it names."""
    yield f"{found.filename}: {found.package} {found.version}, {found.size} bytes, {len(found.files)} files"
    yield f"sha256 {found.sha256}"
    yield from _capability_lines(found.capabilities)
    yield f"canonical: {'no: ' + found.canonical if found.canonical else 'yes'}"
    yield from _listed("RECORD", found.record or ("agrees with every file",))
    yield from _bill_lines(found)
    yield from _listed("metadata", found.metadata) if found.metadata else ()
    for group, name, reference in found.entry_points:
        yield f"entry point: [{group}] {name} = {reference}"
    for title, kind in _NAMED:
        if names := [item.detail for item in found.names if item.kind == kind]:
            yield from _listed(title, names)
    yield from _import_lines(found.imports)
    for table in found.tables:
        yield f"{table.path}: {'literals alone' if table.literal else 'more than literals: ' + table.reasons[0]}"
    yield from _listed("not read", [f"{path}: {reason}" for path, reason in found.unread]) if found.unread else ()
    if found.cut:
        yield "it names more than is kept: a person has to read it"


def _capability_lines(items: Sequence[Named]) -> Iterator[str]:
    yield "capabilities:" if items else "capabilities: none that can be seen; it computes"
    for kind, meaning in KINDS.items():
        of_kind = [item for item in items if item.kind == kind]
        if of_kind:
            yield f"  {kind}: {meaning}"
            yield from (f"    {_placed(item)}" for item in of_kind[:SHOWN])
            yield from _more(len(of_kind), "    ")


def _placed(item: Named) -> str:
    if not item.places:
        return item.detail
    more = f" and {item.times - 1} more" if item.times > 1 else ""
    return f"{item.detail} ({item.places[0]}{more})"


def _more(count: int, indent: str) -> list[str]:
    return [f"{indent}and {count - SHOWN} more (all of them with --json)"] if count > SHOWN else []


def _listed(title: str, items: Sequence[str]) -> Iterator[str]:
    if len(items) == 1:
        yield f"{title}: {items[0]}"
        return
    yield f"{title}:"
    yield from (f"  {item}" for item in items[:SHOWN])
    yield from _more(len(items), "  ")


def _bill_lines(found: Inspection) -> Iterator[str]:
    bill = found.bill
    if not (bill.documents or bill.files):
        yield "vendored: nothing"
        return
    for package in bill.packages:
        given = {"matches": ", which was given", "differs": ", NOT the file that was given"}.get(package.published, "")
        yield f"vendored: {package.purl} of {package.wheel} sha256 {package.sha256}{given}"
    states = [file.state for file in bill.files]
    for state, meaning in STATES.items():
        if state in states:
            yield f"  {states.count(state)} files: {meaning}"
    yield from (f"  fault: {problem}" for problem in bill.problems[:SHOWN])


def _import_lines(imports: Sequence[Imported]) -> Iterator[str]:
    for origin in ("foreign", "stdlib"):
        names = [item.name for item in imports if item.origin == origin and not item.typing]
        if names:
            yield f"imports, {origin}: {', '.join(names[:60])}{', …' if len(names) > 60 else ''}"


def change_lines(change: Change) -> Iterator[str]:
    """What changed, for people: capabilities first, then whether it is data alone, then the texts."""
    yield f"{change.old.filename} ({change.old.sha256[:12]}…) -> {change.new.filename} ({change.new.sha256[:12]}…)"
    if change.identical:
        yield "identical: the same bytes"
        return
    for title, items in (("gained", change.gained), ("lost", change.lost)):
        yield f"{title}:" if items else f"{title}: no capability, no name"
        yield from (f"  {item.kind}: {_placed(item)}" for item in items)
    yield from _verdict_lines(change)
    for title, parts in _parts(change):
        yield f"{title}:" if parts else f"{title}: unchanged"
        for part in parts:
            yield f"  {part.path}: {part.state}" + ("" if part.reasons else ", as data alone may")
            # RECORD follows from the other files; where it does not, that is a reason.
            yield from (f"    {line}" for line in (() if part.path.endswith("/RECORD") else part.lines))


def _parts(change: Change) -> list[tuple[str, tuple[Part, ...]]]:
    return [
        ("code", change.code),
        ("tables", change.tables),
        ("metadata", change.metadata),
        ("other files", change.data),
    ]


def _verdict_lines(change: Change) -> Iterator[str]:
    if change.data_only:
        yield "data only: yes; the change is in tables of literals, and get_all_configs only grows"
    elif change.undetermined:
        yield f"data only: undetermined: {change.undetermined}"
    else:
        yield "data only: no, the whole change has to be reviewed:"
        yield from (f"  {reason}" for reason in change.reasons)
