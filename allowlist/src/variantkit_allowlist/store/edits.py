"""Edits of `providers.toml`: one entry added or changed, every other byte of the file kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from variantkit.errors import InputError, UndeterminedError
from variantkit_allowlist.store.comments import annotate
from variantkit_allowlist.store.directory import ListDirectory, decode
from variantkit_allowlist.store.files import locked, read_file, write_whole
from variantkit_allowlist.store.ledger import MAX_LEDGER_BYTES, parse_ledger, read_ledger
from variantkit_allowlist.store.rendering import Renderer
from variantkit_allowlist.store.tidying import (
    approval_order,
    left_over,
    listed,
    plain,
    require_same,
    revocation_order,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from variantkit_allowlist.model import Approval, IdentityRule, Ledger, Revoked, Table
    from variantkit_allowlist.store.layout import Path

TIDY_FIRST = "run: variantkit-allowlist tidy, then try again"


def add_approval(directory: ListDirectory, approval: Approval) -> ListDirectory:
    """Add an entry in its place; raise DocumentError when the file with it would not be valid."""
    ledger = directory.ledger
    following = [at for at, item in enumerate(ledger.approved) if approval_order(item) > approval_order(approval)]
    meant = ledger.model_copy(update={"approved": (*ledger.approved, approval)})
    return _write(directory, _inserted(directory, "approved", plain(approval), following), meant)


def add_revocation(directory: ListDirectory, revoked: Revoked) -> ListDirectory:
    """Add a revocation; none is ever changed or removed."""
    ledger = directory.ledger
    following = [at for at, item in enumerate(ledger.revoked) if revocation_order(item) > revocation_order(revoked)]
    meant = ledger.model_copy(update={"revoked": (*ledger.revoked, revoked)})
    return _write(directory, _inserted(directory, "revoked", plain(revoked), following), meant)


def replace_approval(directory: ListDirectory, old: Approval, new: Approval) -> ListDirectory:
    """Write an entry anew, in the same place and with its comments."""
    ledger = directory.ledger
    if old not in ledger.approved:
        raise InputError(f"{directory.ledger_path}: has no such entry of {old.package} {old.version} any more")
    at = ledger.approved.index(old)
    approved = (*ledger.approved[:at], new, *ledger.approved[at + 1 :])
    text = _replaced(directory, ("approved", at), new)
    return _write(directory, text, ledger.model_copy(update={"approved": approved}))


def pin_identity(directory: ListDirectory, package: str, old: IdentityRule, new: IdentityRule) -> ListDirectory:
    """Write one identity rule of a package anew, such as with the numeric ids of its first approval."""
    ledger = directory.ledger
    found = ledger.packages.get(package)
    if found is None or old not in found.identity:
        raise InputError(f"{directory.ledger_path}: has no such identity rule of {package} any more")
    at = found.identity.index(old)
    rules = (*found.identity[:at], new, *found.identity[at + 1 :])
    packages = {**ledger.packages, package: found.model_copy(update={"identity": rules})}
    text = _replaced(directory, ("packages", package, "identity", at), new)
    return _write(directory, text, ledger.model_copy(update={"packages": packages}))


def _write(directory: ListDirectory, text: str, meant: Ledger) -> ListDirectory:
    """Write the file when it says what was meant, and nobody has written it since it was read."""
    path = directory.ledger_path
    made = parse_ledger(text, path)
    require_same(made, meant, path)
    with locked(directory.path):
        if read_file(path, MAX_LEDGER_BYTES) != directory.data:
            raise UndeterminedError(f"{path}: was changed meanwhile; nothing was written, try again")
        write_whole(path, text.encode())
    return ListDirectory(directory.path, made, text.encode())


def _inserted(directory: ListDirectory, name: str, table: Mapping[str, object], following: list[int]) -> str:
    """The file with one more `[[name]]`: before the first of its kind that comes after it, else behind the last."""
    text = decode(directory.data, directory.ledger_path)
    text += "" if text.endswith("\n") or not text else "\n"
    places = annotate(text).places
    entry = _section((name, 0), table)
    own = [place for place in places if place.statement.path[0] == name]
    if any(place.statement.path == (name,) for place in own):
        raise InputError(f"{directory.ledger_path}: {name} is written as one list in brackets; {TIDY_FIRST}")
    if following:
        at = next(place.start for place in own if place.statement.path == (name, following[0]))
        return f"{text[:at]}{entry}\n{text[at:]}"
    later = [place.start for place in places if name == "approved" and place.statement.path[0] == "revoked"]
    if own or not later:
        at = own[-1].end if own else max((place.end for place in places), default=0)
        return f"{text[:at]}\n{entry}{text[at:]}"
    return f"{text[: later[0]]}{entry}\n{text[later[0] :]}"


def _section(path: Path, table: Mapping[str, object]) -> str:
    renderer = Renderer({}, {})
    renderer.table(path, table, "array")
    return "\n\n".join(renderer.sections) + "\n"


def _replaced(directory: ListDirectory, path: Path, new: Table) -> str:
    """The file with the table at `path` written anew; its comments stay, those of keys that are gone at its end."""
    text = decode(directory.data, directory.ledger_path)
    taken = annotate(text)
    inside = [at for at, place in enumerate(taken.places) if place.statement.path[: len(path)] == path]
    header = taken.places[inside[0]] if inside else None
    if header is None or header.statement.kind != "array" or inside != list(range(inside[0], inside[-1] + 1)):
        raise InputError(f"{directory.ledger_path}: {path[0]} is not written one table after another; {TIDY_FIRST}")
    tables = read_ledger(text, directory.ledger_path).tables
    before = _at(tables, path)
    renderer = Renderer(
        {key: said for key, said in taken.remarks.items() if key[: len(path)] == path},
        {key: lines for key, lines in taken.closing.items() if key[: len(path)] == path},
    )
    lead = renderer.remarks[path]
    renderer.remarks[path] = lead._replace(lead=())
    renderer.table(path, _with_written_defaults(before, new), "array")
    rest = "".join(f"{line}\n" for line in (*renderer.take_pending(), *left_over(renderer)) if line)
    start, end = header.statement.start, taken.places[inside[-1]].end
    written = "\n\n".join(renderer.sections) + "\n"
    return text[:start] + written + rest + text[end:]


def _at(tables: object, path: Path) -> dict[str, object]:
    for part in path:
        tables = tables[part]  # type: ignore[index]
    assert isinstance(tables, dict)
    return tables


def _with_written_defaults(before: Mapping[str, object], new: Table) -> dict[str, object]:
    """The new table; a default that somebody wrote down stays written down."""
    full = listed(new.model_dump(by_alias=True))
    assert isinstance(full, dict)
    kept = {key: value for key, value in before.items() if full[key] == value}
    return {**kept, **plain(new)}
