"""The one form of `providers.toml`: keys in the model's order, names and entries sorted, comments kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from variantkit.errors import InputError
from variantkit.trust.versions import version_identity
from variantkit_allowlist.model import Ledger
from variantkit_allowlist.store.comments import Annotated, Remarks, annotate
from variantkit_allowlist.store.ledger import parse_ledger, read_ledger
from variantkit_allowlist.store.rendering import Renderer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from variantkit_allowlist.model import Approval, Revoked
    from variantkit_allowlist.store.comments import Lines
    from variantkit_allowlist.store.layout import Path


def tidy(text: str, where: str = "providers.toml") -> str:
    """Return the file in its one form; raise DocumentError with all its problems when it is not valid.

    The form of a tidy file is itself. Every comment stays, byte for byte, with what it is about.
    """
    text = text.replace("\r\n", "\n")
    reading = read_ledger(text, where)
    taken = annotate(text)
    made = _render(reading.tables, reading.ledger, taken)
    require_same(parse_ledger(made, where), reading.ledger, where)
    return made


def dumps(ledger: Ledger) -> str:
    """Write a ledger that was made in memory; what has its default is left out."""
    return _render(plain(ledger), ledger, Annotated((), {}, {}, (), ()))


def _render(tables: Mapping[str, object], ledger: Ledger, taken: Annotated) -> str:
    tables, taken = _sorted(tables, ledger, taken)
    renderer = Renderer(taken.remarks, taken.closing)
    renderer.table((), tables)
    sections = [*renderer.sections]
    rest = [line for line in (*renderer.take_pending(), *left_over(renderer)) if line]
    footer = "\n".join([*rest, *taken.footer]).strip("\n")
    head = "\n".join(taken.head).strip("\n")
    return "\n\n".join(part for part in (head, *sections, footer) if part) + "\n"


def left_over(renderer: Renderer) -> list[str]:
    """Comments about things that were not rendered."""
    lines: list[str] = []
    for said in renderer.remarks.values():
        lines += [*said.lead, *([said.trailing] if said.trailing else [])]
    for closing in renderer.closing.values():
        lines += closing
    return [line for line in lines if line]


def _sorted(tables: Mapping[str, object], ledger: Ledger, taken: Annotated) -> tuple[dict[str, object], Annotated]:
    """Sort the entries, and what is said of them with them."""
    made = dict(tables)
    orders: dict[str, list[int]] = {}
    approved = sorted(range(len(ledger.approved)), key=lambda at: approval_order(ledger.approved[at]))
    revoked = sorted(range(len(ledger.revoked)), key=lambda at: revocation_order(ledger.revoked[at]))
    for name, order in (("approved", approved), ("revoked", revoked)):
        items = made.get(name)
        if isinstance(items, list):
            made[name] = [items[at] for at in order]
            orders[name] = [order.index(at) for at in range(len(order))]

    def moved(path: Path) -> Path:
        if len(path) > 1 and path[0] in orders and isinstance(path[1], int) and path[1] < len(orders[str(path[0])]):
            return (path[0], orders[str(path[0])][path[1]], *path[2:])
        return path

    remarks: dict[Path, Remarks] = {moved(path): said for path, said in taken.remarks.items()}
    closing: dict[Path, Lines] = {moved(path): lines for path, lines in taken.closing.items()}
    return made, taken._replace(remarks=remarks, closing=closing)


def approval_order(item: Approval) -> tuple[str, object, tuple[str, ...]]:
    """By package, then by version, oldest first."""
    from packaging.version import Version

    return item.package, (Version(item.version), item.version), item.sha256


def revocation_order(item: Revoked) -> tuple[str, str, str, tuple[str, ...]]:
    """By date, so that the newest is appended."""
    version = version_identity(item.version) if item.version else ""
    return item.since.isoformat(), item.package or "", version, item.sha256


def plain(value: object) -> dict[str, object]:
    """A model's table as TOML has it: lists for tuples, what has its default left out."""
    from pydantic import BaseModel

    assert isinstance(value, BaseModel)
    dumped = value.model_dump(by_alias=True, exclude_none=True, exclude_defaults=True)
    if isinstance(value, Ledger):
        dumped = {"schema": value.schema_, **dumped}
    table = listed(dumped)
    assert isinstance(table, dict)
    return table


def listed(value: object) -> object:
    if isinstance(value, dict):
        return {key: listed(item) for key, item in value.items()}
    return [listed(item) for item in value] if isinstance(value, (tuple, list)) else value


def in_order(ledger: Ledger) -> Ledger:
    """The same ledger with its entries in their one order, for comparing."""
    return ledger.model_copy(
        update={
            "approved": tuple(sorted(ledger.approved, key=approval_order)),
            "revoked": tuple(sorted(ledger.revoked, key=revocation_order)),
        }
    )


def require_same(made: Ledger, meant: Ledger, where: str) -> None:
    """The last look before a file is written: it must say what it said before, or what was to be added."""
    if in_order(made) != in_order(meant):
        raise InputError(f"{where}: cannot be written in another form without a change of meaning; nothing was changed")
