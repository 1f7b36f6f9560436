"""Change between two wheels of a provider: code, tables and metadata apart, and whether it is data alone."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from packaging.version import InvalidVersion, Version

from variantkit.provider.foreign import shown
from variantkit.variants.wheel import parse_wheel_name
from variantkit_allowlist.inspection.contents import Contents, read_contents
from variantkit_allowlist.inspection.examination import Inspection, examine
from variantkit_allowlist.inspection.parts import Part, read_parts
from variantkit_allowlist.inspection.source import read_modules

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from variantkit.variants.wheel import WheelName
    from variantkit_allowlist.inspection.examination import Named
    from variantkit_allowlist.inspection.source import Module

SCHEMA = "variantkit.diff/1"
MOST_REASONS = 100
NOT_ASKED = "nobody asked both wheels for get_all_configs, since that runs their code: `diff --run` does"


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
    modules = read_modules(before.files), read_modules(after.files)
    first, second = examine(before, modules[0]), examine(after, modules[1])
    parts = list(read_parts(before, after, modules))
    reasons = (
        []
        if first.sha256 == second.sha256
        else [*_whole_reasons(before, after, first, second), *_doc_reasons(parts, modules[1])]
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
    if _rest_of_name(before) != _rest_of_name(after):
        yield "the file names differ in more than the version"
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


def _rest_of_name(contents: Contents) -> WheelName:
    return parse_wheel_name(contents.filename)._replace(version="")


def _is_later(old: str, new: str) -> bool:
    try:
        return Version(new) > Version(old)
    except InvalidVersion:
        return False


_OF_TEXT = {
    "__doc__", "getdoc", "getcomments", "getsource", "getsourcelines", "get_source", "get_data", "getline", "getlines",
}  # fmt: skip
"""Names by which code reads the docstrings of a module, or the source with its comments."""


def _doc_reasons(parts: Sequence[Part], modules: Mapping[str, Module]) -> Iterator[str]:
    """Texts for people may change, unless the code reads another module's."""
    if not any(part.kind == "table" for part in parts):
        return
    for path, module in modules.items():
        for node in ast.walk(module.tree) if module.tree is not None else ():
            if _OF_TEXT.intersection(_names_in(node)):
                yield f"a docstring may become data there, or a comment: {shown(path)}:{getattr(node, 'lineno', 0)}"
                return


def _names_in(node: ast.AST) -> tuple[object, ...]:
    """What a node names: an attribute, something imported, or a text that may be a name."""
    if isinstance(node, ast.Attribute):
        return (node.attr,)
    if isinstance(node, ast.ImportFrom):
        return tuple(alias.name for alias in node.names)
    return (node.value,) if isinstance(node, ast.Constant) and isinstance(node.value, str) else ()


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
