"""Parts of a change: the members that differ between two wheels, each with why it is more than data."""

from __future__ import annotations

import ast
import difflib
from typing import TYPE_CHECKING, NamedTuple

from variantkit.provider.foreign import shown
from variantkit.trust.strict_json import load_strict
from variantkit_allowlist.inspection.contents import read_headers
from variantkit_allowlist.inspection.outward import outward_names
from variantkit_allowlist.inspection.source import read_module, read_modules
from variantkit_allowlist.inspection.tables import VERSION, bound_names, compare_tables, literal_problems

if TYPE_CHECKING:
    from collections.abc import Iterator

    from variantkit_allowlist.inspection.contents import Contents
    from variantkit_allowlist.inspection.source import Module

MOST_LINES = 20_000
"""Lines of a file from which no text difference is made: finding one takes their square."""
LONGEST_LINE = 400
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


def _outward(after: Contents) -> dict[str, str] | None:
    """The names whose values lead out of the wheel; None where its code is too much to follow."""
    trees = {path: module.tree for path, module in read_modules(after.files).items() if module.tree is not None}
    return outward_names(trees)


def read_parts(before: Contents, after: Contents) -> Iterator[Part]:
    """Every member that one wheel has, or has otherwise, by its place: the version is no part of that."""
    outward = _outward(after)
    old, new = _by_place(before), _by_place(after)
    for path in sorted(old.keys() | new.keys()):
        if old.get(path) == new.get(path):
            continue
        name = shown(path.replace(_INFO, after.info or _INFO, 1))
        if path not in old or path not in new:
            state = "removed" if path in old else "added"
            lines = tuple(_difference(old.get(path, b""), new.get(path, b""), name))
            yield Part(name, kind_of(path), state, lines, (f"the file was {state}",))
        else:
            yield _changed(path, name, ((before, old[path]), (after, new[path])), outward)


def _by_place(contents: Contents) -> dict[str, bytes]:
    """The files by a name that the version is not part of."""
    prefix = f"{contents.info}/"
    return {
        f"{_INFO}/{name[len(prefix) :]}" if contents.info and name.startswith(prefix) else name: data
        for name, data in contents.files.items()
    }


def kind_of(path: str) -> str:
    """What a member is, by its place: code, metadata or data."""
    if path.startswith(f"{_INFO}/"):
        return "metadata"
    return "code" if path.casefold().endswith((".py", ".pyi", ".pyw")) else "data"


def _changed(
    path: str,
    name: str,
    sides: tuple[tuple[Contents, bytes], tuple[Contents, bytes]],
    outward: dict[str, str] | None,
) -> Part:
    old, new = sides
    lines = tuple(_difference(old[1], new[1], name))
    kind = kind_of(path)
    if kind == "code":
        versions = old[0].version, new[0].version
        modules = read_module(path, old[1]), read_module(path, new[1])
        if _is_table(path, *modules):
            return Part(name, "table", "changed", lines, tuple(_table_reasons(modules, versions, outward)))
        same = _without_version(modules[0], versions[0]) == _without_version(modules[1], versions[1]) is not None
        return Part(name, "code", "changed", lines, () if same else ("code changed",))
    if kind == "metadata":
        return Part(name, "metadata", "changed", lines, tuple(_metadata_reasons(path, old, new)))
    return Part(name, kind, "changed", lines, ("the file changed; data is what tables of literals hold",))


def _is_table(path: str, old: Module, new: Module) -> bool:
    """Whether a module counts as a table: it was one, it is one, or its name says so."""
    literal = [module.tree is not None and not literal_problems(module.tree) for module in (old, new)]
    return any(literal) or "table" in path.rpartition("/")[2]


def _table_reasons(
    modules: tuple[Module, Module], versions: tuple[str, str], outward: dict[str, str] | None
) -> Iterator[str]:
    faults = [
        f"the {which} one is no table: {problem}"
        for which, module in zip(("old", "new"), modules, strict=True)
        for problem in ([module.problem] if module.tree is None else [*module.odd, *literal_problems(module.tree)])[:20]
    ]
    trees = [module.tree for module in modules if module.tree is not None]
    if faults or len(trees) != 2:
        yield from faults
        return
    if outward is None:
        yield "the code is too much to follow what becomes of it"
    yield from compare_tables(trees[0], trees[1], outward or {})
    said = tuple(node.value if (node := _version_node(tree)) else None for tree in trees)
    if said != versions and any(VERSION in bound_names(tree) for tree in trees):
        yield f"its {VERSION} is not the wheel's version"


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
