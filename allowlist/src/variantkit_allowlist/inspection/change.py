"""Change between two wheels of a provider: code, tables and metadata apart, and whether it is data alone."""

from __future__ import annotations

import ast
import difflib
from typing import TYPE_CHECKING, NamedTuple

from packaging.version import InvalidVersion, Version

from variantkit.provider.foreign import shown
from variantkit.trust.strict_json import load_strict
from variantkit_allowlist.inspection.contents import Contents, read_contents, read_headers
from variantkit_allowlist.inspection.examination import Inspection, examine
from variantkit_allowlist.inspection.source import Module, read_module
from variantkit_allowlist.inspection.tables import VERSION, compare_tables, literal_problems

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from variantkit_allowlist.inspection.examination import Named

SCHEMA = "variantkit.diff/1"
MOST_LINES = 20_000
"""Lines of a file from which no text difference is made: finding one takes their square."""
LONGEST_LINE = 400
MOST_REASONS = 100
NOT_ASKED = "nobody asked both wheels for get_all_configs, since that runs their code: `diff --run` does"
_INFO = "*.dist-info"
_MARK = "\0version\0"


class Part(NamedTuple):
    """One member that differs. `kind` is code, table, metadata or data; `state` added, removed or changed.

    `lines` is the difference as text, safe to print; `reasons` why it is more than data.
    """

    path: str
    kind: str
    state: str
    lines: tuple[str, ...]
    reasons: tuple[str, ...]


class Change(NamedTuple):
    """What differs between two wheels.

    `gained` and `lost` are capabilities, and names such as paths, that only one has. `reasons` say why the change is
    more than data; `undetermined` why that is not known although nothing else speaks against it.
    """

    old: Inspection
    new: Inspection
    gained: tuple[Named, ...]
    lost: tuple[Named, ...]
    code: tuple[Part, ...]
    tables: tuple[Part, ...]
    metadata: tuple[Part, ...]
    data: tuple[Part, ...]
    reasons: tuple[str, ...]
    undetermined: str

    @property
    def data_only(self) -> bool:
        """Whether the change is known to be data alone, and may take the fast lane."""
        return not self.reasons and not self.undetermined

    @property
    def identical(self) -> bool:
        """Whether the two are the same bytes."""
        return self.old.sha256 == self.new.sha256


def compare_wheels(
    old: bytes, new: bytes, old_name: str, new_name: str, *, grows: Sequence[str] | None = None
) -> Change:
    """Compare two wheels, by their file names too; nothing is run.

    `grows` is what `catalogue_grows` found: () when get_all_configs only grows, None when nobody asked.
    InputError when one is no wheel.
    """
    before, after = read_contents(old, old_name), read_contents(new, new_name)
    first, second = examine(before), examine(after)
    parts = list(_parts(before, after))
    reasons = (
        []
        if first.sha256 == second.sha256
        else [*_whole_reasons(before, after, first, second), *_doc_reasons(parts, after)]
    )
    reasons += [f"{part.path}: {reason}" for part in parts for reason in part.reasons]
    reasons += list(grows or ())
    asked = grows is not None or first.sha256 == second.sha256
    return Change(
        old=first,
        new=second,
        gained=tuple(_only_in(second, first)),
        lost=tuple(_only_in(first, second)),
        code=tuple(part for part in parts if part.kind == "code"),
        tables=tuple(part for part in parts if part.kind == "table"),
        metadata=tuple(part for part in parts if part.kind == "metadata"),
        data=tuple(part for part in parts if part.kind == "data"),
        reasons=tuple(reasons[:MOST_REASONS]),
        undetermined="" if reasons or asked else NOT_ASKED,
    )


def _only_in(one: Inspection, other: Inspection) -> Iterator[Named]:
    known = {(item.kind, item.detail) for item in (*other.capabilities, *other.names)}
    for item in (*one.capabilities, *one.names):
        if (item.kind, item.detail) not in known:
            yield item


def _whole_reasons(before: Contents, after: Contents, first: Inspection, second: Inspection) -> Iterator[str]:
    """What speaks against data alone for the wheels as a whole."""
    if before.package != after.package:
        yield f"the packages are {before.package} and {after.package}"
    for contents, inspection in ((before, first), (after, second)):
        if inspection.canonical:
            yield f"{inspection.filename} is no canonical wheel: {inspection.canonical}"
        yield from (f"{inspection.filename}: {fault}" for fault in (*inspection.record, *inspection.bill.problems))
        yield from (f"{inspection.filename}: {path} was not read: {why}" for path, why in inspection.unread)
        if inspection.cut:
            yield f"{inspection.filename} names more than is kept"
        stem = inspection.filename.split("-")[0]
        if contents.info != f"{stem}-{contents.version}.dist-info":
            yield f"{inspection.filename} has no folder {stem}-{contents.version}.dist-info of its own"
    if not _is_later(before.version, after.version):
        yield f"version {after.version} is no later one than {before.version}"
    for item in second.capabilities:
        if item.kind in ("dynamic-code", "odd-source"):
            yield f"data may become code there: {item.detail}" + (f" ({item.places[0]})" if item.places else "")


def _is_later(old: str, new: str) -> bool:
    try:
        return Version(new) > Version(old)
    except InvalidVersion:
        return False


def _parts(before: Contents, after: Contents) -> Iterator[Part]:
    old, new = _by_place(before), _by_place(after)
    for path in sorted(old.keys() | new.keys()):
        if old.get(path) == new.get(path):
            continue
        name = shown(path.replace(_INFO, after.info or _INFO, 1))
        if path not in old or path not in new:
            state = "removed" if path in old else "added"
            lines = tuple(_difference(old.get(path, b""), new.get(path, b""), name))
            yield Part(name, _kind(path), state, lines, (f"the file was {state}",))
        else:
            yield _changed(path, name, (before, old[path]), (after, new[path]))


def _by_place(contents: Contents) -> dict[str, bytes]:
    """The files by a name that the version is not part of."""
    prefix = f"{contents.info}/"
    return {
        f"{_INFO}/{name[len(prefix) :]}" if contents.info and name.startswith(prefix) else name: data
        for name, data in contents.files.items()
    }


def _kind(path: str) -> str:
    if path.startswith(f"{_INFO}/"):
        return "metadata"
    return "code" if path.casefold().endswith((".py", ".pyi", ".pyw")) else "data"


def _changed(path: str, name: str, old: tuple[Contents, bytes], new: tuple[Contents, bytes]) -> Part:
    lines = tuple(_difference(old[1], new[1], name))
    kind = _kind(path)
    if kind == "code":
        first, second = read_module(path, old[1]), read_module(path, new[1])
        if _is_table(path, first, second):
            return Part(
                name, "table", "changed", lines, tuple(_table_reasons(first, second, (old[0].version, new[0].version)))
            )
        same = _without_version(first, old[0].version) == _without_version(second, new[0].version) is not None
        return Part(name, "code", "changed", lines, () if same else ("code changed",))
    if kind == "metadata":
        return Part(name, "metadata", "changed", lines, tuple(_metadata_reasons(path, old, new)))
    return Part(name, kind, "changed", lines, ("the file changed; data is what tables of literals hold",))


def _is_table(path: str, old: Module, new: Module) -> bool:
    """Whether a module counts as a table: it was one, it is one, or its name says so."""
    literal = [module.tree is not None and not literal_problems(module.tree) for module in (old, new)]
    return any(literal) or "table" in path.rpartition("/")[2]


def _table_reasons(old: Module, new: Module, versions: tuple[str, str]) -> Iterator[str]:
    for which, module in (("old", old), ("new", new)):
        problems = [module.problem] if module.tree is None else [*module.odd, *literal_problems(module.tree)]
        yield from (f"the {which} one is no table: {problem}" for problem in problems[:20])
    if old.tree is None or new.tree is None or literal_problems(old.tree) or literal_problems(new.tree):
        return
    yield from compare_tables(old.tree, new.tree)
    found = tuple(_said_version(module.tree) for module in (old, new) if module.tree)
    if found not in ((None, None), versions):
        yield f"its {VERSION} is not the wheel's version"


def _said_version(tree: ast.Module) -> str | None:
    node = _version_node(tree)
    return None if node is None else str(node.value)


def _version_node(tree: ast.Module) -> ast.Constant | None:
    """The text that a module binds to `__version__`, where it does so once and in one line."""
    found = [
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and [getattr(target, "id", "") for target in node.targets] == [VERSION]
    ]
    node = found[0] if len(found) == 1 else None
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.lineno == node.end_lineno:
        return node
    return None


def _without_version(module: Module, version: str) -> bytes | None:
    """A module's bytes with its `__version__`, which must be the wheel's, marked out; None when there is none."""
    node = _version_node(module.tree) if module.tree is not None else None
    if node is None or node.value != version or module.odd:
        return None
    lines = module.content.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    line = lines[node.lineno - 1]
    lines[node.lineno - 1] = line[: node.col_offset] + _MARK.encode() + line[node.end_col_offset :]
    return b"\n".join(lines)


def _metadata_reasons(path: str, old: tuple[Contents, bytes], new: tuple[Contents, bytes]) -> Iterator[str]:
    name = path.partition("/")[2]
    if name == "RECORD":
        return  # its faults are the wheel's; without any it follows from the files
    first: object
    second: object
    if name == "METADATA":
        first, second = (_metadata_without_version(data, contents.version) for contents, data in (old, new))
    elif name.startswith("sboms/"):
        first, second = (_bill_without_version(data, contents) for contents, data in (old, new))
    else:
        yield "the file changed"
        return
    if first is None or first != second:
        yield "more than the version changed"


def _metadata_without_version(data: bytes, version: str) -> list[bytes] | None:
    """METADATA by lines, its one Version header marked out; None when that is not the wheel's version."""
    said = [value for name, value in read_headers(data)[0] if name.lower() == "version"]
    lines = data.split(b"\n")
    end = lines.index(b"") if b"" in lines else len(lines)
    found = [number for number, line in enumerate(lines[:end]) if line == b"Version: " + version.encode()]
    if said != [version] or len(found) != 1:
        return None
    return [*lines[: found[0]], _MARK.encode(), *lines[found[0] + 1 :]]


def _bill_without_version(data: bytes, contents: Contents) -> object:
    """A bill of materials as values, the wheel's own version marked out; None when it is not this wheel's."""
    try:
        document = load_strict(data)
        metadata = document["metadata"]
        component = metadata["component"] if isinstance(metadata, dict) else None
        if not isinstance(component, dict) or component.get("version") != contents.version:
            return None
        reference = f"pkg:pypi/{contents.package}@{contents.version}"
        component["version"] = _MARK
        return _replaced(document, reference, _MARK)
    except (ValueError, KeyError):
        return None


def _replaced(value: object, text: str, by: str) -> object:
    """The same values with every string that is `text` replaced; no deeper than strict JSON is."""
    if isinstance(value, dict):
        return {key: _replaced(item, text, by) for key, item in value.items()}
    if isinstance(value, list):
        return [_replaced(item, text, by) for item in value]
    return by if value == text else value


def _doc_reasons(parts: Sequence[Part], after: Contents) -> Iterator[str]:
    """Texts for people may change, unless the code reads another module's."""
    if not any(part.kind == "table" for part in parts):
        return
    for path, data in sorted(after.files.items()):
        tree = read_module(path, data).tree if _kind(path) == "code" else None
        for node in ast.walk(tree) if tree is not None else ():
            if isinstance(node, ast.Attribute) and node.attr == "__doc__":
                yield f"a docstring may become data there: {shown(path)}:{node.lineno}"
                return


def _difference(old: bytes, new: bytes, name: str) -> Iterator[str]:
    """A unified difference, each line safe to print and not longer than a reader bears."""
    try:
        first, second = old.decode().splitlines(), new.decode().splitlines()
    except UnicodeDecodeError:
        yield f"no text: {len(old)} and {len(new)} bytes"
        return
    if max(len(first), len(second)) > MOST_LINES:
        yield f"too long for a difference: {len(first)} and {len(second)} lines"
        return
    for line in difflib.unified_diff(first, second, f"old/{name}", f"new/{name}", lineterm=""):
        yield shown(line, LONGEST_LINE)


def as_document(change: Change) -> dict[str, object]:
    """The object of `diff --json`."""
    verdict = "undetermined" if change.undetermined else change.data_only
    return {
        "schema": SCHEMA,
        **{which: _side(one) for which, one in (("old", change.old), ("new", change.new))},
        "identical": change.identical,
        "data_only": verdict,
        "reasons": [*change.reasons, *([change.undetermined] if change.undetermined else [])],
        "capabilities": {
            "gained": [item._asdict() for item in change.gained],
            "lost": [item._asdict() for item in change.lost],
        },
        **{
            kind: [part._asdict() for part in parts]
            for kind, parts in (
                ("code", change.code),
                ("tables", change.tables),
                ("metadata", change.metadata),
                ("data", change.data),
            )
        },
    }


def _side(one: Inspection) -> Mapping[str, str]:
    return {"filename": one.filename, "package": one.package, "version": one.version, "sha256": one.sha256}
