"""Comments of a TOML file: to which table, key or list item each belongs, so that they move with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from variantkit_allowlist.store.layout import scan

if TYPE_CHECKING:
    from variantkit_allowlist.store.layout import Path, Statement

Lines = tuple[str, ...]


class Remarks(NamedTuple):
    """What is said about one thing: `lead` are lines above it ("" for a blank one), `trailing` stands behind it."""

    lead: Lines = ()
    trailing: str = ""


class Place(NamedTuple):
    """A statement with what belongs to it: `start` is where its lead begins, `end` where its closing lines end."""

    statement: Statement
    table: Path
    start: int
    end: int


class Annotated(NamedTuple):
    """A file taken apart: its statements with their reach, and every comment by what it is about.

    `head` opens the file, `footer` ends it, `closing` are comments after the last key of a table.
    """

    places: tuple[Place, ...]
    remarks: dict[Path, Remarks]
    closing: dict[Path, Lines]
    head: Lines
    footer: Lines


def annotate(text: str) -> Annotated:
    """Take a valid file apart. A comment is about what follows it, unless only a blank line follows."""
    statements = scan(text)
    remarks: dict[Path, Remarks] = {}
    closing: dict[Path, Lines] = {}
    places: list[Place] = []
    head: Lines = ()
    table: Path = ()
    end = 0  # of what belongs to the statement before
    for at, statement in enumerate(statements):
        gap = text[end : statement.start]
        belonging = _closing(gap) if at and statement.kind != "key" else ""
        if belonging:
            closing[table] = closing.get(table, ()) + _squeezed(belonging)
            places[-1] = places[-1]._replace(end=end + len(belonging))
        start = end + len(belonging) + _blank_start(gap[len(belonging) :])
        lead = _squeezed(gap[len(belonging) :])
        if at == 0:
            head, lead = _split_head(lead)
        if statement.kind != "key":
            table = statement.path
        _add(remarks, statement.path, Remarks(lead, statement.trailing))
        _add_inside(remarks, statement)
        places.append(Place(statement, table, start, statement.end))
        end = statement.end
    rest = text[end:]
    belonging = _closing(f"{rest.rstrip()}\n\n") if statements else ""
    belonging = belonging if rest.startswith(belonging) else rest
    if belonging:
        closing[table] = closing.get(table, ()) + _squeezed(belonging)
        places[-1] = places[-1]._replace(end=end + len(belonging))
    return Annotated(tuple(places), remarks, closing, head, _squeezed(rest[len(belonging) :]))


def _closing(gap: str) -> str:
    """The comments right below a table's last key, when a blank line or the end of the file follows them."""
    taken = 0
    lines = gap.splitlines(keepends=True)
    for line in lines:
        if not line.strip():
            return gap[:taken]
        taken += len(line)
    return ""


def _blank_start(gap: str) -> int:
    """How much of a gap is blank lines, before the first comment or the statement itself."""
    blank = 0
    for line in gap.splitlines(keepends=True):
        if line.strip():
            break
        blank += len(line)
    return blank


def _squeezed(gap: str) -> Lines:
    """The comments of a gap: indentation dropped, blank lines at its start dropped, others at most one together."""
    lines: list[str] = []
    for line in gap.split("\n")[:-1] if gap.endswith("\n") else gap.split("\n"):
        comment = line.lstrip(" \t")
        if comment or (lines and lines[-1]):
            lines.append(comment)
    return tuple(lines)


def _split_head(lead: Lines) -> tuple[Lines, Lines]:
    """What stands above the last blank line of the first comments speaks of the file."""
    if "" not in lead:
        return (), lead
    last = len(lead) - 1 - lead[::-1].index("")
    return lead[:last], lead[last + 1 :]


def _add(remarks: dict[Path, Remarks], path: Path, more: Remarks) -> None:
    """Add what is said of a path; two comments behind one thing become one of them a line above it."""
    known = remarks.get(path, Remarks())
    if known.trailing and more.trailing:
        more = Remarks((*more.lead, more.trailing))
    remarks[path] = Remarks(known.lead + more.lead, known.trailing or more.trailing)


def _add_inside(remarks: dict[Path, Remarks], statement: Statement) -> None:
    for comment in statement.comments:
        said = Remarks((comment.text,)) if comment.own else Remarks(trailing=comment.text)
        _add(remarks, (*statement.path, comment.item), said)
