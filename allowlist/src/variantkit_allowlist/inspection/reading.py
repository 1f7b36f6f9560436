"""What a module does, read off its syntax tree: the names it uses, what it imports, and what its texts name."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from variantkit_allowlist.inspection.known import (
    ATTRIBUTES,
    HOOKS,
    LOADERS,
    MODULES,
    POWERS,
    SYSTEM_MODULES,
    is_library,
    is_path,
    is_program,
    is_variable,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

OPAQUE = 1000
"""Characters without a blank from which a text is data and not words."""

_MODULE_KIND = {module: kind for kind, modules in MODULES.items() for module in modules}
_COMPUTED = "(computed)"


class Fact(NamedTuple):
    """One thing seen on a line: its kind is one of KINDS, or imports, path, library, program, variable, hook."""

    kind: str
    detail: str
    line: int


class Used(NamedTuple):
    """A module that is imported: `name` is dotted and absolute; `typing` when only type checkers read it."""

    name: str
    line: int
    typing: bool


class _Scope(NamedTuple):
    """What names mean in a module, scopes aside: a name may mean several things."""

    aliases: dict[str, set[str]]
    stars: tuple[str, ...]
    docs: frozenset[int]


_TELLING = (ast.Constant, ast.Name, ast.Attribute, ast.Call, ast.Subscript, ast.Import, ast.ImportFrom, ast.Expr,
            ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)  # fmt: skip
"""The nodes that say something; a hostile module has millions of others."""


def read_facts(tree: ast.Module, path: str) -> tuple[list[Fact], list[Used]]:
    """Everything seen in a module at `path` of a wheel, in the order of its lines."""
    nodes: list[ast.AST] = [node for node in ast.walk(tree) if isinstance(node, _TELLING)]
    typing = _typing_only(tree, nodes)
    used = list(_imports(nodes, path, typing))
    scope = _Scope(_aliases(nodes), tuple(_stars(nodes)), _docstrings(nodes))
    facts = [fact for item in used if not item.typing for fact in _of_import(item)]
    for node in nodes:
        if id(node) not in typing and not (isinstance(node, ast.Name) and _is_plain(node, scope)):
            facts += _of_node(node, scope)
    return sorted(facts, key=lambda fact: (fact.line, fact.kind, fact.detail)), used


def _is_plain(node: ast.Name, scope: _Scope) -> bool:
    """Whether a name is the module's own and means nothing here, as nearly all are."""
    return node.id not in scope.aliases and node.id not in POWERS and not scope.stars


def _typing_only(tree: ast.Module, nodes: Sequence[ast.AST]) -> frozenset[int]:
    """The nodes that run for type checkers alone: below `if TYPE_CHECKING`, where nothing else binds that name."""
    bound = [node for node in nodes if isinstance(node, ast.Name) and node.id == "TYPE_CHECKING"]
    stored = sum(not isinstance(node.ctx, ast.Load) for node in bound)
    said_false = any(
        isinstance(node, ast.Assign)
        and [getattr(target, "id", "") for target in node.targets] == ["TYPE_CHECKING"]
        and isinstance(node.value, ast.Constant)
        and node.value.value is False
        for node in tree.body
    )
    origins = [
        node.module
        for node in nodes
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if "TYPE_CHECKING" in (alias.asname, alias.name)
    ]
    if not ((stored == 1 and said_false and not origins) or (stored == 0 and {*origins} == {"typing"})):
        return frozenset()
    blocks = [node.body for node in tree.body if isinstance(node, ast.If) and _is_name(node.test, "TYPE_CHECKING")]
    return frozenset(id(child) for block in blocks for statement in block for child in ast.walk(statement))


def _is_name(node: ast.AST | None, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _docstrings(nodes: Sequence[ast.AST]) -> frozenset[int]:
    """Texts that stand alone, which say something to people only."""
    return frozenset(
        id(node.value) for node in nodes if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    )


def _imports(nodes: Sequence[ast.AST], path: str, typing: frozenset[int]) -> Iterator[Used]:
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (Used(alias.name, node.lineno, id(node) in typing) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = resolve_relative(path, node.level, node.module or "")
            for alias in node.names:
                whole = base if alias.name == "*" or not _is_module_of(base, alias.name) else f"{base}.{alias.name}"
                yield Used(whole, node.lineno, id(node) in typing)


def _is_module_of(base: str, name: str) -> bool:
    """Whether `from base import name` names a module that means something here (`from urllib import request`)."""
    return f"{base}.{name}" in _MODULE_KIND


def resolve_relative(path: str, level: int, module: str) -> str:
    """The absolute name of `from ..module import`, from the module at `path`; "?" where it leads out of the wheel."""
    if not level:
        return module
    parts = path.split("/")[:-1]
    if level - 1 >= len(parts):
        return f"?.{module}".rstrip(".")
    return ".".join([*parts[: len(parts) - (level - 1)], *([module] if module else [])])


def _aliases(nodes: Sequence[ast.AST]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                found.setdefault(alias.asname or top, set()).add(alias.name if alias.asname else top)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            for alias in node.names:
                found.setdefault(alias.asname or alias.name, set()).add(f"{node.module}.{alias.name}")
    return found


def _stars(nodes: Sequence[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and not node.level and any(alias.name == "*" for alias in node.names):
            yield node.module or ""


def _of_import(item: Used) -> Iterator[Fact]:
    parts = item.name.split(".")
    for end in range(len(parts), 0, -1):
        kind = _MODULE_KIND.get(".".join(parts[:end]))
        if kind:
            yield Fact(kind, f"imports {item.name}", item.line)
            return


def _of_node(node: ast.AST, scope: _Scope) -> Iterator[Fact]:
    if isinstance(node, ast.Constant):
        if id(node) not in scope.docs:
            yield from _of_text(node)
    elif isinstance(node, (ast.Name, ast.Attribute)):
        yield from _of_name(node, scope)
    elif isinstance(node, ast.Call):
        yield from _of_call(node, scope)
    elif isinstance(node, ast.Subscript):
        yield from _of_subscript(node, scope)
    elif isinstance(node, ast.ImportFrom):
        yield from _of_from_import(node)
    elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and node.name in HOOKS:
        yield Fact("reflection", f"defines {node.name}", node.lineno)


def _of_from_import(node: ast.ImportFrom) -> Iterator[Fact]:
    """`from os import system`, and everything at once."""
    for alias in node.names:
        if alias.name == "*":
            yield Fact("reflection", f"imports everything from {'.' * node.level}{node.module or ''}", node.lineno)
        kind = None if node.level else POWERS.get(f"{node.module}.{alias.name}")
        if kind:
            yield Fact(kind, f"{node.module}.{alias.name}", node.lineno)


def _of_text(node: ast.Constant) -> Iterator[Fact]:
    value = node.value
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    if not isinstance(value, str):
        return
    if len(value) >= OPAQUE and not any(blank in value for blank in " \n\t"):
        yield Fact("opaque-data", f"a text of {len(value)} characters, {value[:24]}…", node.lineno)
        return
    if is_path(value):
        yield Fact("path", value, node.lineno)
    if is_library(value.rpartition("/")[2]):
        yield Fact("library", value, node.lineno)
    if is_variable(value):
        yield Fact("variable", value, node.lineno)
    if is_path(value) and is_program(value):
        yield Fact("program", value, node.lineno)


def _dotted(node: ast.AST) -> str:
    """`a.b.c` as text; "" for anything else, "?.c" for an attribute of something computed."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if isinstance(node, ast.Name):
        return ".".join([node.id, *reversed(parts)])
    return f"?.{parts[0]}" if parts else ""


def _meanings(dotted: str, scope: _Scope) -> set[str]:
    first, dot, rest = dotted.partition(".")
    meant = scope.aliases.get(first, {first})
    meant = meant | {f"{star}.{first}" for star in scope.stars if first not in scope.aliases}
    return {name + dot + rest for name in meant}


def _of_name(node: ast.Name | ast.Attribute, scope: _Scope) -> Iterator[Fact]:
    dotted = _dotted(node)
    known = {name: POWERS[name] for name in _meanings(dotted, scope) if name in POWERS}
    if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        return
    for name, kind in sorted(known.items()):
        yield Fact(kind, name, node.lineno)
    if isinstance(node, ast.Attribute) and not known and node.attr in ATTRIBUTES:
        yield Fact(ATTRIBUTES[node.attr], f"?.{node.attr}", node.lineno)


def _of_call(node: ast.Call, scope: _Scope) -> Iterator[Fact]:
    dotted = _dotted(node.func)
    last = dotted.rpartition(".")[2]
    meanings = _meanings(dotted, scope)
    first = node.args[0] if node.args else None
    if meanings & {"getattr", "setattr", "delattr", "operator.attrgetter", "operator.methodcaller"}:
        yield from _of_getattr(node, last)
    if meanings & {"open", "io.open", "builtins.open"} and not _only_reads(node):
        yield Fact("writes", "open for writing, or in a mode that is computed", node.lineno)
    if any(name in (f"{m}.getenv" for m in SYSTEM_MODULES) for name in meanings) or _is_environ(node.func, scope):
        yield Fact("variable", _literal(first), node.lineno)
    if last in LOADERS:
        yield Fact("library", _literal(first), node.lineno)
    if any(POWERS.get(name) == "processes" or name.startswith("subprocess.") for name in meanings):
        yield Fact("program", _program(first), node.lineno)


def _of_getattr(node: ast.Call, function: str) -> Iterator[Fact]:
    name = node.args[1] if len(node.args) > 1 else None
    if function in ("attrgetter", "methodcaller"):
        name = node.args[0] if node.args else None
    text = _literal(name)
    if text == _COMPUTED:
        yield Fact("reflection", f"{function} with a computed name", node.lineno)
    elif text in ATTRIBUTES or f"os.{text}" in POWERS or text in POWERS:
        kind = ATTRIBUTES.get(text) or POWERS.get(text) or POWERS[f"os.{text}"]
        yield Fact(kind, f"?.{text}", node.lineno)


def _of_subscript(node: ast.Subscript, scope: _Scope) -> Iterator[Fact]:
    if {"os.environ", "posix.environ", "nt.environ", "os.environb"} & _meanings(_dotted(node.value), scope):
        yield Fact("variable", _literal(node.slice), node.lineno)


def _is_environ(function: ast.AST, scope: _Scope) -> bool:
    owner = _meanings(_dotted(function.value), scope) if isinstance(function, ast.Attribute) else set()
    return bool({"os.environ", "posix.environ", "nt.environ", "os.environb"} & owner)


def _literal(node: ast.AST | None) -> str:
    value = node.value if isinstance(node, ast.Constant) else None
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    return value if isinstance(value, str) else _COMPUTED


def _program(node: ast.AST | None) -> str:
    """The program in the first argument: a text, or the first of a list."""
    if isinstance(node, (ast.List, ast.Tuple)) and node.elts:
        node = node.elts[0]
    return _literal(node)


def _only_reads(node: ast.Call) -> bool:
    mode = node.args[1] if len(node.args) > 1 else None
    mode = next((word.value for word in node.keywords if word.arg == "mode"), mode)
    if any(word.arg is None for word in node.keywords):
        return False
    return mode is None or not ({*"wax+"} & {*_literal(mode)} or _literal(mode) == _COMPUTED)
