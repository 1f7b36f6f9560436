"""Parts of a change: the members that differ between two wheels, each with why it is more than data."""

from __future__ import annotations

import ast
import difflib
import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from variantkit.provider.foreign import shown
from variantkit.trust.strict_json import load_strict
from variantkit_allowlist.inspection.contents import read_headers
from variantkit_allowlist.inspection.outward import outward_names
from variantkit_allowlist.inspection.tables import VERSION, bound_names, compare_tables, literal_problems

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import TypeAlias

    from variantkit_allowlist.inspection.contents import Contents
    from variantkit_allowlist.inspection.source import Module

    Modules: TypeAlias = Mapping[str, Module]

MOST_LINES = 40_000
"""Lines of the files whose differences are shown, of both wheels together."""
MOST_CHANGED = 6000
"""Lines between the first and the last change of a file, old and new."""
MOST_PAIRS = 8
"""Pairs of equal lines for each of those."""
CONTEXT = 3
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


def read_parts(before: Contents, after: Contents, modules: tuple[Modules, Modules]) -> Iterator[Part]:
    """Every member that one wheel has, or has otherwise, by its place: the version is no part of that.

    `modules` are those of the two wheels.
    """
    outward = outward_names({path: module.tree for path, module in modules[1].items() if module.tree is not None})
    left = MOST_LINES
    old, new = _by_place(before), _by_place(after)
    for path in sorted(old.keys() | new.keys()):
        if old.get(path) == new.get(path):
            continue
        name = shown(path.replace(_INFO, after.info or _INFO, 1))
        read, lines = difference(old.get(path, b""), new.get(path, b""), name, left)
        left -= read
        if path in old and path in new:
            both = (modules[0][path], modules[1][path]) if kind_of(path) == "code" else None
            yield _changed(path, name, lines, ((before, old[path]), (after, new[path])), both, outward)
        else:
            state = "removed" if path in old else "added"
            yield Part(name, kind_of(path), state, lines, (f"the file was {state}",))


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
    lines: tuple[str, ...],
    sides: tuple[tuple[Contents, bytes], tuple[Contents, bytes]],
    both: tuple[Module, Module] | None,
    outward: dict[str, str] | None,
) -> Part:
    old, new = sides
    kind = kind_of(path)
    if both is not None:
        versions = old[0].version, new[0].version
        if _is_table(path, *both):
            return Part(name, "table", "changed", lines, tuple(_table_reasons(both, versions, outward)))
        same = _without_version(both[0], versions[0]) == _without_version(both[1], versions[1]) is not None
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


def difference(old: bytes, new: bytes, name: str, most: int) -> tuple[int, tuple[str, ...]]:
    """A unified difference and the lines that were read for it.

    Each line is safe to print and no longer than a reader bears; there are none of files of more than `most`.
    """
    try:
        first, second = old.decode().splitlines(), new.decode().splitlines()
    except UnicodeDecodeError:
        return 0, (f"no text: {len(old)} and {len(new)} bytes",)
    read = len(first) + len(second)
    start, end = _common(first, second)
    middles = first[start : len(first) - end], second[start : len(second) - end]
    if read > most or not _is_soon_compared(*middles):
        return 0, (f"too long for a difference: {len(first)} and {len(second)} lines",)
    return read, tuple(shown(line, LONGEST_LINE) for line in _unified(first, second, name))


def _unified(first: list[str], second: list[str], name: str) -> Iterator[str]:
    """The difference of what lies between the first and the last change, with the line numbers of the whole."""
    start, end = _common(first, second)
    skipped, kept = max(start - CONTEXT, 0), max(end - CONTEXT, 0)
    old, new = first[skipped : len(first) - kept], second[skipped : len(second) - kept]
    for line in difflib.unified_diff(old, new, f"old/{name}", f"new/{name}", lineterm="", n=CONTEXT):
        if line.startswith("@@"):
            yield re.sub("([-+])([0-9]+)", lambda found: f"{found[1]}{int(found[2]) + skipped}", line)
        else:
            yield line


def _common(first: list[str], second: list[str]) -> tuple[int, int]:
    """How many lines are the same at the beginning, and at the end."""
    length = min(len(first), len(second))
    start = next((at for at in range(length) if first[at] != second[at]), length)
    end = next((at for at in range(length - start) if first[-1 - at] != second[-1 - at]), length - start)
    return start, end


def _is_soon_compared(first: list[str], second: list[str]) -> bool:
    """Whether a difference is found soon: the lines are not many, and repeat little.

    `difflib` takes the cube of the lines where each stands there a hundred times, a minute for 9,000 of them.
    """
    old, new = Counter(first), Counter(second)
    lines = len(first) + len(second)
    pairs = sum(count * new[line] for line, count in old.items() if count * new[line] <= (lines // 100) ** 2)
    return lines <= MOST_CHANGED and pairs <= MOST_PAIRS * lines
