"""Outward names: those whose values reach a file, a program, a library or an import, as far as the source shows.

A table's text may be a program's name without looking like one. So names are followed backwards, from the arguments of
calls that lead out of the process, through assignments, loops and the parameters of the wheel's own functions. Neither
order nor conditions are looked at: a name too many costs a review, a name too few would cost more.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from variantkit_allowlist.inspection.known import LOADERS, SYSTEM_CALLS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

# fmt: off
_SINKS = LOADERS | SYSTEM_CALLS | {
    "program", "report", "run", "Popen", "call", "check_output", "check_call", "getoutput", "getstatusoutput",
    "open", "read", "names", "exists", "link", "scandir", "listdir", "stat", "lstat", "access", "readlink", "glob",
    "import_module", "__import__", "exec", "eval", "compile", "getattr", "setattr", "getenv", "putenv", "loads", "load",
}
# fmt: on
"""The last names of calls whose arguments lead outwards; `program`, `read` and their like are the template's own."""

MOST_ROUNDS = 20
MOST_STEPS = 10_000_000
"""Nodes that are looked at; our largest provider, with all that it vendors, takes a tenth of that."""
_Function = ast.FunctionDef | ast.AsyncFunctionDef


class _Region(NamedTuple):
    """A module's own level, or one of its functions: its nodes, the names that are its alone, and what was found."""

    path: str
    nodes: Sequence[ast.AST]
    own: frozenset[str]
    found: dict[str, str]
    outside: dict[str, str]
    """What was found of names that are not the region's own: the module's, which other regions share."""


class _TooLargeError(Exception):
    """The steps are used up."""


class _Steps:
    """The steps that are left: counted, not timed, so that the same wheels always give the same answer."""

    def __init__(self) -> None:
        self.left = MOST_STEPS

    def walk(self, node: ast.AST) -> Iterator[ast.AST]:
        """Every node from this one on, each for one step."""
        for found in ast.walk(node):
            self.left -= 1
            if self.left < 0:
                raise _TooLargeError
            yield found


class _Functions(NamedTuple):
    """The wheel's functions by name: their parameters in order, and which of them lead outwards."""

    parameters: dict[str, list[list[str]]]
    outward: dict[str, set[str]]


def outward_names(trees: Mapping[str, ast.Module]) -> dict[str, str] | None:
    """The names of modules whose values lead outwards, each with the first place where one does.

    None where there is too much to follow.
    """
    try:
        return _follow_all(trees, _Functions({}, {}), _Steps())
    except _TooLargeError:
        return None


def _follow_all(trees: Mapping[str, ast.Module], functions: _Functions, steps: _Steps) -> dict[str, str] | None:
    regions = [region for path, tree in trees.items() for region in _regions(path, tree, functions, steps)]
    for _ in range(MOST_ROUNDS):
        before = _size(regions, functions)
        for region in regions:
            for node in region.nodes:
                _follow(node, region, functions, steps)
        if _size(regions, functions) == before:
            return {name: place for region in regions for name, place in region.outside.items()}
    return None


def _size(regions: Iterable[_Region], functions: _Functions) -> int:
    return sum(len(region.found) for region in regions) + sum(map(len, functions.outward.values()))


def _regions(path: str, tree: ast.Module, functions: _Functions, steps: _Steps) -> Iterator[_Region]:
    """The module's own level first, then each function with all that is inside it."""
    outside: dict[str, str] = {}
    inner = [node for node in steps.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    inside: set[int] = set()
    for function in inner:
        nodes = [node for statement in function.body for node in steps.walk(statement)]
        inside.update(map(id, nodes))
        parameters = _parameters(function)
        functions.parameters.setdefault(function.name, []).append(parameters)
        stored = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        shared = {name for node in nodes if isinstance(node, (ast.Global, ast.Nonlocal)) for name in node.names}
        followed = [function, *(node for node in nodes if isinstance(node, _FOLLOWED))]
        yield _Region(path, followed, frozenset({*parameters, *stored} - shared), {}, outside)
    rest = [node for node in steps.walk(tree) if isinstance(node, _FOLLOWED) and id(node) not in inside]
    yield _Region(path, [node for node in rest if not isinstance(node, _Function)], frozenset(), outside, outside)


_FOLLOWED = (
    ast.Call, ast.Assign, ast.AnnAssign, ast.AugAssign, ast.NamedExpr, ast.For, ast.AsyncFor, ast.comprehension,
    ast.withitem, ast.FunctionDef, ast.AsyncFunctionDef, ast.ImportFrom,
)  # fmt: skip


def _parameters(function: _Function) -> list[str]:
    """The names of a function's parameters, `self` aside, so that a call's arguments stand in the same order."""
    said = function.args
    named = [argument.arg for argument in (*said.posonlyargs, *said.args)]
    more = [argument.arg for argument in (said.vararg, *said.kwonlyargs, said.kwarg) if argument is not None]
    return [*(named[1:] if named[:1] in (["self"], ["cls"]) else named), *more]


def _follow(node: ast.AST, region: _Region, functions: _Functions, steps: _Steps) -> None:
    if isinstance(node, ast.Call):
        for name in _names(_outward_arguments(node, functions), steps):
            _add(name, f"{region.path}:{node.lineno}", region)
    elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        outward = {name for name in _parameters(node) if name in region.found}
        functions.outward.setdefault(node.name, set()).update(outward)
    elif isinstance(node, ast.ImportFrom):
        for alias in node.names:
            if alias.asname in region.found:
                _add(alias.name, region.found[alias.asname], region)
    else:
        targets, value = _bound(node)
        place = next((region.found[name] for name in _names(targets, steps) if name in region.found), None)
        if place is not None and value is not None:
            for name in _names([value], steps):
                _add(name, place, region)


def _add(name: str, place: str, region: _Region) -> None:
    region.found.setdefault(name, place)
    if name not in region.own:
        region.outside.setdefault(name, place)


def _outward_arguments(node: ast.Call, functions: _Functions) -> list[ast.expr]:
    """The arguments of a call that lead outwards."""
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    everything = [*node.args, *(word.value for word in node.keywords)]
    outward = functions.outward.get(name, set())
    if name in _SINKS:
        return everything
    if not outward:
        return []
    starred = any(isinstance(item, ast.Starred) for item in node.args) or any(
        word.arg is None for word in node.keywords
    )
    chosen = [word.value for word in node.keywords if word.arg in outward]
    for parameters in functions.parameters.get(name, []):
        for position, argument in enumerate(node.args):
            at = min(position, len(parameters) - 1)
            if parameters and parameters[at] in outward:
                chosen.append(argument)
    return everything if starred else chosen


def _bound(node: ast.AST) -> tuple[list[ast.expr], ast.expr | None]:
    """What a statement binds, and to what."""
    if isinstance(node, ast.Assign):
        return node.targets, node.value
    if isinstance(node, (ast.AnnAssign, ast.AugAssign, ast.NamedExpr)):
        return [node.target], node.value
    if isinstance(node, (ast.For, ast.AsyncFor, ast.comprehension)):
        return [node.target], node.iter
    if isinstance(node, ast.withitem) and node.optional_vars is not None:
        return [node.optional_vars], node.context_expr
    return [], None


def _names(expressions: Iterable[ast.expr], steps: _Steps) -> Iterator[str]:
    """The names in expressions, and texts that may be names, as `getattr` takes them."""
    for expression in expressions:
        for node in steps.walk(expression):
            if isinstance(node, ast.Name):
                yield node.id
            elif isinstance(node, ast.Attribute):
                yield node.attr
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
                yield node.value
