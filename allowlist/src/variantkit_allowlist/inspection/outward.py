"""Outward names: those whose values reach a file, a program, a library or an import, as far as the source shows.

A table's text may be a program's name without looking like one. So names are followed backwards, from the arguments of
calls that lead out of the process, through assignments, results and the parameters of the wheel's own functions.
Neither order nor conditions are looked at, and an attribute or a module's name is one and the same in all modules: a
name too many costs a review, a name too few would cost more.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from variantkit_allowlist.inspection.bindings import (
    Name,
    Steps,
    TooLargeError,
    bound_by,
    defaults_of,
    fields_of,
    last_name,
    names_in,
    parameters_of,
)
from variantkit_allowlist.inspection.known import LOADERS, SYSTEM_CALLS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

# fmt: off
_OF_PATHS = frozenset({
    "open", "read_text", "read_bytes", "iterdir", "rglob", "glob", "exists", "is_file", "is_dir", "stat", "lstat",
    "readlink", "touch",
})
"""Methods whose own object may name the file."""

_PLAIN_SINKS = LOADERS | SYSTEM_CALLS | _OF_PATHS | {
    "run", "Popen", "check_output", "check_call", "getoutput", "getstatusoutput", "scandir", "listdir", "Path",
    "PosixPath", "WindowsPath", "import_module", "__import__", "exec", "eval", "getenv", "putenv", "attrgetter",
    "methodcaller",
}
_COMMON = frozenset({
    "program", "report", "read", "names", "call", "link", "access", "load", "loads", "write", "writev", "pwrite",
    "replace", "remove", "rename", "truncate", "getattr", "setattr", "compile", "stat", "lstat", "exists", "touch",
    "kill", "glob",
})
"""Names that other things have as well: their arguments lead outwards, but no function's result is followed to them."""

_SINKS = _PLAIN_SINKS | _COMMON
"""The last names of calls whose arguments lead outwards; `program`, `read` and their like are the template's own."""

_FILLING = frozenset({"append", "appendleft", "add", "insert", "extend", "update", "setdefault", "put", "push"})
"""Methods that put their arguments into what they are called on."""

_BY_NAME = frozenset({"environ", "environb", "modules", "__dict__", "globals", "locals", "vars"})
"""What is asked for things of the process by their names."""

_RESULTS = (ast.Return, ast.Yield, ast.YieldFrom)
_FOLLOWED = (
    ast.Call, ast.Assign, ast.AnnAssign, ast.AugAssign, ast.NamedExpr, ast.For, ast.AsyncFor, ast.comprehension,
    ast.withitem, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.ImportFrom, ast.Lambda, ast.Match,
    ast.Subscript, *_RESULTS,
)
# fmt: on

MOST_ROUNDS = 40
MOST_STEPS = 10_000_000
"""Nodes that are looked at; our own providers take less than a twentieth of that."""
_Function = ast.FunctionDef | ast.AsyncFunctionDef


class _Region(NamedTuple):
    """A module's own level, or one of its functions: its nodes, the names that are its alone, and what was found.

    `outside` is what was found of names that are no function's own; all regions share it. `held` are the names whose
    values go into a plain sink as they are.
    """

    path: str
    function: str
    nodes: Sequence[ast.AST]
    own: frozenset[str]
    found: dict[str, str]
    outside: dict[str, str]
    held: set[str]

    def place(self, name: Name) -> str | None:
        """Where a name's value leads outwards; None when it was not found to."""
        return self._known(name).get(name.text)

    def add(self, name: Name, place: str) -> None:
        if name.text not in ("self", "cls"):
            self._known(name).setdefault(name.text, place)

    def _known(self, name: Name) -> dict[str, str]:
        return self.found if name.bare and name.text in self.own else self.outside


class _Functions(NamedTuple):
    """The wheel's functions and classes by name: their parameters in order, and which of them lead outwards.

    `sinks` are names that were bound to a call that leads outwards, such as `go` in `go = subprocess.run`; `results`
    those of functions whose results lead outwards, with the place where one does.
    """

    parameters: dict[str, list[list[str]]]
    outward: dict[str, set[str]]
    properties: set[str]
    sinks: set[str]
    results: dict[str, str]

    def is_sink(self, name: str) -> bool:
        return name in _SINKS or name in self.sinks

    def is_plain_sink(self, name: str) -> bool:
        return name not in _COMMON and self.is_sink(name)


def outward_names(trees: Mapping[str, ast.Module]) -> dict[str, str] | None:
    """The names of modules whose values lead outwards, each with the first place where one does.

    None where there is too much to follow.
    """
    functions, outside, steps = _Functions({}, {}, set(), set(), {}), dict[str, str](), Steps(MOST_STEPS)
    try:
        regions = [region for path, tree in trees.items() for region in _regions(path, tree, functions, outside, steps)]
        for _ in range(MOST_ROUNDS):
            before = _size(regions, functions, outside)
            for region in regions:
                for node in region.nodes:
                    _follow(node, region, functions, steps)
            if _size(regions, functions, outside) == before:
                return outside
    except TooLargeError:
        return None
    return None


def _size(regions: Sequence[_Region], functions: _Functions, outside: Mapping[str, str]) -> int:
    found = len(outside) + sum(len(region.found) + len(region.held) for region in regions)
    return found + sum(map(len, functions.outward.values())) + len(functions.sinks) + len(functions.results)


def _regions(
    path: str, tree: ast.Module, functions: _Functions, outside: dict[str, str], steps: Steps
) -> Iterator[_Region]:
    """Each function with all that is inside it, then the module's own level."""
    inner = [node for node in steps.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    inside: set[int] = set()
    for function in inner:
        nodes = [node for statement in function.body for node in steps.walk(statement)]
        inside.update(map(id, nodes))
        parameters = parameters_of(function.args)
        if any("property" in last_name(item) for item in function.decorator_list):
            functions.properties.add(function.name)
        functions.parameters.setdefault(function.name, []).append(parameters)
        stored = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        shared = {name for node in nodes if isinstance(node, (ast.Global, ast.Nonlocal)) for name in node.names}
        followed = [function, *(node for node in nodes if isinstance(node, _FOLLOWED))]
        own = frozenset({*parameters, *stored} - shared)
        yield _Region(path, function.name, followed, own, {}, outside, set())
    rest = [node for node in steps.walk(tree) if isinstance(node, _FOLLOWED) and id(node) not in inside]
    nodes = [node for node in rest if not isinstance(node, _Function)]
    yield _Region(path, "", nodes, frozenset(), {}, outside, set())


def _follow(node: ast.AST, region: _Region, functions: _Functions, steps: Steps) -> None:
    if isinstance(node, ast.Call):
        _follow_call(node, region, functions, steps)
    elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        outward = {name for name in parameters_of(node.args) if name in region.found}
        functions.outward.setdefault(node.name, set()).update(outward)
        _follow_defaults(node.args, region, steps)
    elif isinstance(node, ast.Lambda):
        _follow_defaults(node.args, region, steps)
    elif isinstance(node, ast.ClassDef):
        functions.parameters.setdefault(node.name, [fields_of(node)])
        functions.outward.setdefault(node.name, set()).update(region.outside.keys() & {*fields_of(node)})
    elif isinstance(node, ast.ImportFrom):
        _follow_import(node, region, functions)
    elif isinstance(node, ast.Subscript):
        if any(name.text in _BY_NAME for name in names_in([node.value], steps)):
            _lead([node.slice], f"{region.path}:{node.lineno}", region, steps)
    elif isinstance(node, _RESULTS):
        found = functions.results.get(region.function)
        if found is not None and node.value is not None:
            _lead([node.value], found, region, steps)
            _hold([node.value], found, region, functions, steps)
    else:
        _follow_binding(node, region, functions, steps)


def _follow_call(node: ast.Call, region: _Region, functions: _Functions, steps: Steps) -> None:
    place = f"{region.path}:{node.lineno}"
    arguments = _outward_arguments(node, region, functions, steps)
    _lead(arguments, place, region, steps)
    if functions.is_plain_sink(last_name(node.func)):
        _hold(arguments, place, region, functions, steps)


def _lead(expressions: Sequence[ast.expr], place: str, region: _Region, steps: Steps) -> None:
    """Note all that is named in expressions whose values lead outwards."""
    for name in names_in(expressions, steps):
        region.add(name, place)


def _hold(expressions: Sequence[ast.expr], place: str, region: _Region, functions: _Functions, steps: Steps) -> None:
    """Note the functions and properties whose results are such values, and the names that hold them for a while."""
    for expression in expressions:
        for node in steps.walk(expression):
            name = last_name(node.func if isinstance(node, ast.Call) else node)
            if isinstance(node, ast.Call) or name in functions.properties:
                functions.results.setdefault(name, place)
            elif name:
                region.held.add(name)


def _follow_defaults(said: ast.arguments, region: _Region, steps: Steps) -> None:
    """A default is the value of its parameter, and is evaluated outside."""
    for parameter, default in defaults_of(said):
        place = region.place(Name(parameter, True))
        for name in names_in([default], steps) if place is not None else ():
            region.outside.setdefault(name.text, str(place))


def _follow_import(node: ast.ImportFrom, region: _Region, functions: _Functions) -> None:
    for alias in node.names:
        found = region.place(Name(alias.asname or alias.name, True))
        if found is not None:
            region.outside.setdefault(alias.name, found)
        if alias.asname and functions.is_plain_sink(alias.name):
            functions.sinks.add(alias.asname)


def _follow_binding(node: ast.AST, region: _Region, functions: _Functions, steps: Steps) -> None:
    targets, value = bound_by(node, steps)
    if value is None:
        return
    here = f"{region.path}:{value.lineno}"
    found = (here if name.text in _BY_NAME else region.place(name) for name in targets)
    place = next((place for place in found if place is not None), None)
    if place is not None:
        _lead([value], place, region, steps)
    if isinstance(value, ast.Call) and any(name.text in region.held for name in targets):
        functions.results.setdefault(last_name(value.func), here)
    if _lends(value, functions, steps):
        functions.sinks.update(name.text for name in targets[:1])


def _lends(value: ast.expr, functions: _Functions, steps: Steps) -> bool:
    """Whether this is itself a call that leads outwards, as `subprocess.run` is, or a lambda or a table of such."""
    if isinstance(value, ast.Lambda):
        calls = (item.func for item in steps.walk(value) if isinstance(item, ast.Call))
        return any(functions.is_plain_sink(last_name(function)) for function in calls)
    inner: Sequence[ast.expr] = ()
    if isinstance(value, (ast.Tuple, ast.List)):
        inner = value.elts
    elif isinstance(value, ast.Dict):
        inner = value.values
    elif isinstance(value, ast.Call) and last_name(value.func) == "partial":
        inner = value.args[:1]
    return functions.is_plain_sink(last_name(value)) or any(_lends(item, functions, steps) for item in inner)


def _outward_arguments(node: ast.Call, region: _Region, functions: _Functions, steps: Steps) -> list[ast.expr]:
    """The arguments of a call that lead outwards, and the object of a method that opens it."""
    name = last_name(node.func)
    everything = [*node.args, *(word.value for word in node.keywords)]
    if isinstance(node.func, ast.Attribute):
        before = list(names_in([node.func.value], steps))
        if name in _OF_PATHS:
            return [*everything, node.func.value]
        if any(word.text in _BY_NAME or (name in _FILLING and region.place(word) is not None) for word in before):
            return everything
    elif not name and any(functions.is_sink(word.text) for word in names_in([node.func], steps)):
        return everything
    if functions.is_sink(name) or any(_lends(argument, functions, steps) for argument in everything):
        return everything
    return _by_parameters(node, functions.outward.get(name, set()), functions.parameters.get(name, []), region)


def _by_parameters(node: ast.Call, outward: set[str], known: list[list[str]], region: _Region) -> list[ast.expr]:
    """The arguments that stand for parameters, or for fields, that lead outwards."""
    chosen = [word.value for word in node.keywords if word.arg in outward or word.arg in region.outside]
    if not outward:
        return chosen
    if any(isinstance(item, ast.Starred) for item in node.args) or any(word.arg is None for word in node.keywords):
        return [*node.args, *(word.value for word in node.keywords)]
    for parameters in known:
        for position, argument in enumerate(node.args):
            at = min(position, len(parameters) - 1)
            if parameters and parameters[at] in outward:
                chosen.append(argument)
    return chosen
