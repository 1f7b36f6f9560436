"""Examination of one wheel: what it contains and what it could do, without running anything of it."""

from __future__ import annotations

import configparser
import hashlib
from typing import TYPE_CHECKING, NamedTuple

from variantkit.errors import InputError
from variantkit.provider.foreign import shown
from variantkit.trust.members import STDLIB_NAMES, check_content, check_names
from variantkit.variants.grammar import normalized_name
from variantkit_allowlist.inspection.bill import Bill, check_record, read_bill
from variantkit_allowlist.inspection.contents import Contents, read_contents, read_headers
from variantkit_allowlist.inspection.known import KINDS
from variantkit_allowlist.inspection.reading import Fact, Used, read_facts
from variantkit_allowlist.inspection.source import Module, read_modules
from variantkit_allowlist.inspection.tables import literal_problems

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

SCHEMA = "variantkit.inspection/1"
MOST_NAMES = 2000
"""How many things of one kind are kept; more are cut, and the examination says so."""

PLACES = 5
GROUP = "variant_plugins"


class File(NamedTuple):
    """A member; `kind` is module, metadata, native, startup, installed or data."""

    path: str
    sha256: str
    size: int
    kind: str


class Imported(NamedTuple):
    """A module that is imported somewhere; `origin` is stdlib, own or foreign; `typing`: by type checkers alone."""

    name: str
    origin: str
    typing: bool
    places: tuple[str, ...]


class Named(NamedTuple):
    """Something that the source names or does, and the first of the places where it does."""

    kind: str
    detail: str
    places: tuple[str, ...]
    times: int


class Table(NamedTuple):
    """A module that holds, or seems meant to hold, data alone; `reasons` say why it is more than literals."""

    path: str
    literal: bool
    reasons: tuple[str, ...]


class Inspection(NamedTuple):
    """What a wheel contains and could do. All texts are safe to print.

    `canonical` is why it is no canonical wheel, "" when it is one. `capabilities` have a kind of KINDS, the most
    telling first; `names` the kinds variable, path, program and library. `record` are the faults of RECORD, `unread`
    what could not be read; `cut` says that there was more than is kept.
    """

    filename: str
    package: str
    version: str
    sha256: str
    size: int
    canonical: str
    capabilities: tuple[Named, ...]
    entry_points: tuple[tuple[str, str, str], ...]
    files: tuple[File, ...]
    imports: tuple[Imported, ...]
    names: tuple[Named, ...]
    tables: tuple[Table, ...]
    bill: Bill
    record: tuple[str, ...]
    metadata: tuple[str, ...]
    unread: tuple[tuple[str, str], ...]
    cut: bool

    def of(self, kind: str) -> list[str]:
        """The details of one kind of `names`."""
        return [item.detail for item in self.names if item.kind == kind]


def inspect_wheel(data: bytes, filename: str, published: Mapping[str, bytes] = {}) -> Inspection:
    """Examine a wheel's bytes; nothing is run. `published` are wheels that it may vendor, by file name.

    InputError when it has no wheel's name or is no zip archive; nothing else, whatever the bytes are.
    """
    contents = read_contents(data, filename)
    return examine(contents, read_modules(contents.files), published)


def examine(contents: Contents, modules: Mapping[str, Module], published: Mapping[str, bytes] = {}) -> Inspection:
    """The same for contents and modules that were read before."""
    facts, imports = _read_all(modules, contents.packages)
    kept = {kind: _gather(facts, kind) for kind in {fact.kind for _, fact in facts}}
    holds = [Named(kind, shown(path), (), 1) for kind, path in _holdings(contents.files)]
    odd = [Named("odd-source", shown(f"{m.path}: {text}"), (), 1) for m in modules.values() for text in _oddities(m)]
    powers = [item for kind in KINDS for item in kept.get(kind, ())]
    order = [*KINDS]
    capabilities = sorted([*holds, *odd, *_foreign(imports), *powers], key=lambda item: order.index(item.kind))
    names = [item for kind in ("variable", "path", "program", "library") for item in kept.get(kind, ())]
    return Inspection(
        filename=contents.filename,
        package=contents.package,
        version=contents.version,
        sha256=contents.sha256,
        size=len(contents.data),
        canonical=contents.canonical or "",
        capabilities=tuple(capabilities[:MOST_NAMES]),
        entry_points=tuple(_entry_points(contents)),
        files=tuple(_files(contents)),
        imports=tuple(imports[:MOST_NAMES]),
        names=tuple(names[:MOST_NAMES]),
        tables=tuple(_tables(modules)),
        bill=read_bill(contents, published),
        record=tuple(check_record(contents)[:MOST_NAMES]),
        metadata=tuple(_metadata_problems(contents)),
        unread=(*contents.unread, *((shown(m.path), m.problem) for m in modules.values() if m.tree is None)),
        cut=max(len(capabilities), len(names), len(imports)) > MOST_NAMES,
    )


def _read_all(modules: Mapping[str, Module], own: frozenset[str]) -> tuple[list[tuple[str, Fact]], list[Imported]]:
    facts: list[tuple[str, Fact]] = []
    used: list[tuple[str, Used]] = []
    for path, module in modules.items():
        if module.tree is not None:
            found, imported = read_facts(module.tree, path)
            facts += [(path, fact) for fact in found]
            used += [(path, item) for item in imported]
    return facts, _gather_imports(used, own)


def _gather(facts: Iterable[tuple[str, Fact]], kind: str) -> list[Named]:
    """The facts of a kind, each detail once."""
    places: dict[str, list[str]] = {}
    for path, fact in facts:
        if fact.kind == kind:
            places.setdefault(shown(fact.detail, 200), []).append(shown(f"{path}:{fact.line}"))
    return [Named(kind, detail, tuple(found[:PLACES]), len(found)) for detail, found in sorted(places.items())]


def _gather_imports(used: Iterable[tuple[str, Used]], own: frozenset[str]) -> list[Imported]:
    places: dict[str, list[str]] = {}
    at_run_time: set[str] = set()
    for path, item in used:
        places.setdefault(item.name, []).append(shown(f"{path}:{item.line}"))
        at_run_time |= set() if item.typing else {item.name}
    return [
        Imported(shown(name, 200), _origin(name, own), name not in at_run_time, tuple(found[:PLACES]))
        for name, found in sorted(places.items())
    ]


def _origin(name: str, own: frozenset[str]) -> str:
    top = name.partition(".")[0]
    return "own" if top in own else "stdlib" if top.casefold() in STDLIB_NAMES else "foreign"


def _foreign(imports: Iterable[Imported]) -> Iterator[Named]:
    for item in imports:
        if item.origin == "foreign" and not item.typing:
            yield Named("foreign-import", f"imports {item.name}", item.places, len(item.places))


def _holdings(files: Mapping[str, bytes]) -> Iterator[tuple[str, str]]:
    for path, data in sorted(files.items()):
        kind = _kind_of(path, data)
        if kind in ("native", "startup", "installed"):
            yield {"native": "native-code", "startup": "startup-hook", "installed": "installed-data"}[kind], path


def _kind_of(path: str, data: bytes) -> str:
    top, last = path.partition("/")[0].casefold(), path.rpartition("/")[2].casefold()
    if last.endswith(".pth"):
        return "startup"
    if top.endswith(".data"):
        return "installed"
    if top.endswith(".dist-info"):
        return "metadata"
    try:
        check_content("", data)
        check_names([f"x/{last}", *(f"x.dist-info/{name}" for name in ("METADATA", "WHEEL", "RECORD"))])
    except InputError as error:
        if "native code" in str(error):
            return "native"
    return "module" if last.endswith((".py", ".pyi", ".pyw")) else "data"


def _files(contents: Contents) -> Iterator[File]:
    for path, data in sorted(contents.files.items()):
        yield File(shown(path), hashlib.sha256(data).hexdigest(), len(data), _kind_of(path, data))


def _oddities(module: Module) -> tuple[str, ...]:
    return (*module.odd, *([f"not read: {module.problem}"] if module.tree is None else []))


def _tables(modules: Mapping[str, Module]) -> Iterator[Table]:
    """The modules of literals, and those whose name says that they hold tables."""
    for path, module in modules.items():
        reasons = [module.problem] if module.tree is None else literal_problems(module.tree)
        if not reasons or "table" in path.rpartition("/")[2]:
            yield Table(shown(path), not reasons, tuple(reasons[:20]))


def _entry_points(contents: Contents) -> Iterator[tuple[str, str, str]]:
    parser = configparser.RawConfigParser(delimiters=("=",), strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    try:
        parser.read_string((contents.read_info("entry_points.txt") or b"").decode("utf-8", "replace"))
        for group in parser.sections():
            for name, reference in parser.items(group):
                yield shown(group, 200), shown(name, 200), shown(reference.strip(), 200)
    except (configparser.Error, ValueError, AttributeError):
        yield "?", "?", "entry_points.txt cannot be read"


def _metadata_problems(contents: Contents) -> Iterator[str]:
    """Where the wheel contradicts its own file name, or asks for more than itself."""
    headers, _ = read_headers(contents.read_info("METADATA"))
    for name, expected in (("Name", contents.package), ("Version", contents.version)):
        found = [value for header, value in headers if header.lower() == name.lower()]
        plain = [normalized_name(value) if name == "Name" else value for value in found]
        if plain != [expected]:
            yield f"METADATA has {name} {shown(', '.join(found), 100) or 'missing'}; the file name says {expected}"
    yield from (
        f"METADATA asks for {shown(value, 120)}" for header, value in headers if header.lower() == "requires-dist"
    )
    tags = [value for header, value in read_headers(contents.read_info("WHEEL"))[0] if header.lower() == "tag"]
    if tags != ["py3-none-any"]:
        yield f"WHEEL has the tag {shown(', '.join(tags), 100) or 'missing'}; a provider's is py3-none-any"


def find_endpoint(inspection: Inspection) -> str:
    """The plugin that the wheel's first entry point of the group `variant_plugins` names; "" without one."""
    found = (reference for group, _, reference in inspection.entry_points if group == GROUP)
    return next(found, "").partition("[")[0].strip()
