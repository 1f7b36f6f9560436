"""Static laws: what the wheel itself shows, without running anything of it."""

from __future__ import annotations

import ast
import re
import sys
from typing import TYPE_CHECKING

from variantkit.conformance.findings import Finding
from variantkit.conformance.subject import GROUP, find_object
from variantkit.runner.process import is_endpoint
from variantkit.trust.canonical import check_wheel
from variantkit.trust.stdlib_names import OTHER_STDLIB_NAMES
from variantkit.variants.grammar import is_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from variantkit.conformance.subject import Subject

MAX_BYTES = 1 << 20
RESERVED = frozenset({"abi_dependency"})
NETWORK = frozenset({
    "socket", "_socket", "ssl", "_ssl", "http", "urllib.request", "ftplib", "smtplib", "imaplib", "poplib", "nntplib",
    "telnetlib", "xmlrpc", "socketserver", "asyncio", "webbrowser",
})  # fmt: skip
OBSOLETE = ("dynamic", "is_build_plugin", "is_aot_plugin")
_STDLIB = sys.stdlib_module_names | OTHER_STDLIB_NAMES | {"__future__"}
_is_clutter = re.compile(
    r"(.*/)?(tests?|testing|docs?|examples?|benchmarks|\.github|\.circleci)/.*"
    r"|(.*/)?(\.git.*|\.readthedocs.*|tox\.ini|Dockerfile|Makefile|conftest\.py|setup\.(py|cfg)|pyproject\.toml)"
).fullmatch


def check_statically(subject: Subject, max_bytes: int = MAX_BYTES) -> Iterator[Finding]:
    """Every law that the bytes, the metadata and the source break."""
    yield from _check_archive(subject, max_bytes)
    yield from _check_metadata(subject)
    yield from _check_endpoints(subject)
    for path, tree in subject.modules.items():
        if isinstance(tree, SyntaxError):
            yield Finding("unreadable-source", f"{tree.msg}", place=f"{path}:{tree.lineno or 0}")
        else:
            yield from _check_imports(subject, path, tree)
            yield from _check_modules_table(path, tree)


def _check_archive(subject: Subject, max_bytes: int) -> Iterator[Finding]:
    reason = check_wheel(subject.data)
    if reason is not None:
        yield Finding("wheel-not-canonical", reason)
    if subject.tag != "py3-none-any" or not subject.pure:
        yield Finding("not-for-every-python", f"the wheel's tag is {subject.tag!r}, pure: {subject.pure}")
    if len(subject.data) > max_bytes:
        yield Finding("too-large", f"{len(subject.data)} bytes; the budget is {max_bytes}")
    clutter = sorted(name for name in subject.members if ".dist-info/" not in name and _is_clutter(name))
    if clutter:
        yield Finding("ships-clutter", f"{len(clutter)} of {len(subject.members)} files, such as {clutter[0]}")
    if len(subject.packages) > 1:
        yield Finding("several-top-levels", f"the wheel has {', '.join(sorted(subject.packages))}")


def _check_metadata(subject: Subject) -> Iterator[Finding]:
    metadata = subject.metadata
    for requirement in metadata.get("requires-dist", ()):
        yield Finding("requires-dist", f"METADATA has Requires-Dist: {requirement}")
    if not (metadata.get("license-expression") or metadata.get("license")) or not metadata.get("license-file"):
        yield Finding("missing-licence", "METADATA lacks License-Expression or License-File")
    if not subject.description.strip():
        yield Finding("missing-readme", "METADATA has no description")
    if not metadata.get("requires-python"):
        yield Finding("missing-requires-python", "METADATA has no Requires-Python")
    if not is_name(subject.namespace) or subject.namespace in RESERVED:
        yield Finding("bad-namespace", f"the namespace is {subject.namespace!r}")


def _check_endpoints(subject: Subject) -> Iterator[Finding]:
    if not any(group == GROUP for group, _, _ in subject.entry_points):
        yield Finding("missing-entry-point", f"the wheel has no entry point in the group {GROUP}")
    for group, name, reference in subject.entry_points:
        problem = _resolve(subject, reference)
        if problem:
            yield Finding("entry-point-broken", f"[{group}] {name} = {reference}: {problem}")
    module, _, path = subject.endpoint.partition(":")
    found = _module(subject, module)
    plugin = find_object(found[1], path) if found and isinstance(found[1], ast.Module) else None
    if found and plugin is not None:
        yield from _check_plugin(found[0], plugin)


def _module(subject: Subject, name: str) -> tuple[str, ast.Module | SyntaxError] | None:
    stem = name.replace(".", "/")
    paths = (path for path in (f"{stem}.py", f"{stem}/__init__.py") if path in subject.modules)
    return next(((path, subject.modules[path]) for path in paths), None)


def _resolve(subject: Subject, reference: str) -> str:
    """Why an object reference names nothing in the wheel; a name that is not a plain definition is believed."""
    if not is_endpoint(reference):
        return "expected MODULE or MODULE:OBJECT"
    module, _, path = reference.partition(":")
    found = _module(subject, module)
    if found is None:
        return f"the wheel has no module {module}"
    first = path.partition(".")[0]
    if first and isinstance(found[1], ast.Module) and first not in _bound_names(found[1]):
        return f"{found[0]} defines no {first}"
    return ""


def _bound_names(tree: ast.Module) -> set[str]:
    """The names that a module binds somewhere; all of them when it has a star import or __getattr__."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names.update((alias.asname or alias.name).partition(".")[0] for alias in node.names)
    return names if not names & {"*", "__getattr__"} else _Everything()


class _Everything(set[str]):
    def __contains__(self, _name: object) -> bool:
        return True


def _check_plugin(path: str, plugin: ast.AST) -> Iterator[Finding]:
    """The plugin as its source has it: found even where it cannot be imported."""
    if isinstance(plugin, ast.ClassDef):
        methods = {node.name: node for node in plugin.body if isinstance(node, ast.FunctionDef)}
        bound = _bound_names(ast.Module(plugin.body, []))
        for name in ("get_supported_configs", "get_all_configs"):
            if name not in bound and not plugin.bases:
                yield Finding(
                    f"missing-{name.replace('_', '-')}", f"class {plugin.name} does not define it", place=path
                )
            elif name in methods and _needs_arguments(methods[name]):
                place = f"{path}:{methods[name].lineno}"
                text = f"{plugin.name}.{name} is called on the class itself, without arguments"
                yield Finding("not-callable-without-arguments", text, place=place)
    for statement in getattr(plugin, "body", ()):
        for target in statement.targets if isinstance(statement, ast.Assign) else ():
            if isinstance(target, ast.Name) and target.id in OBSOLETE:
                yield Finding("obsolete-attribute", f"the plugin has {target.id}", place=f"{path}:{target.lineno}")


def _needs_arguments(function: ast.FunctionDef) -> bool:
    decorators = {getattr(node, "id", getattr(node, "attr", "")) for node in function.decorator_list}
    required = len(function.args.posonlyargs) + len(function.args.args) - len(function.args.defaults)
    known = decorators <= {"classmethod", "staticmethod", "cache", "lru_cache"}
    return known and required > (1 if "classmethod" in decorators else 0)


def _check_imports(subject: Subject, path: str, tree: ast.Module) -> Iterator[Finding]:
    for line, name in _imports(tree):
        top = name.partition(".")[0]
        if top not in _STDLIB and top not in subject.packages:
            yield Finding("foreign-import", f"imports {name}", place=f"{path}:{line}")
        elif top in NETWORK or name in NETWORK:
            yield Finding("network-import", f"imports {name}", place=f"{path}:{line}")


def _imports(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """The absolute modules that are imported at run time: what only type checkers read does not count."""
    skipped: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and getattr(node.test, "id", getattr(node.test, "attr", "")) == "TYPE_CHECKING":
            skipped.update(child for statement in node.body for child in ast.walk(statement))
    for node in ast.walk(tree):
        if node in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.lineno, node.module


def _check_modules_table(path: str, tree: ast.Module) -> Iterator[Finding]:
    """`sys.modules[…] = …`, found where no import reaches it."""
    for node in ast.walk(tree):
        targets = node.targets if isinstance(node, (ast.Assign, ast.Delete)) else ()
        for target in targets:
            table = target.value if isinstance(target, ast.Subscript) else None
            if isinstance(table, ast.Attribute) and table.attr == "modules" and getattr(table.value, "id", "") == "sys":
                yield Finding("edits-modules", "assigns to sys.modules", place=f"{path}:{target.lineno}")
