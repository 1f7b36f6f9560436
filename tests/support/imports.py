"""Imports as arrows: what the modules of a folder load of each other and of the standard library, read as text."""

from __future__ import annotations

import ast
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def modules_below(folder: str) -> list[str]:
    """The paths of our own modules: vendored and compiled files are not ours."""
    found = []
    for directory, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in ("__pycache__", "_vendor")]
        found += [os.path.join(directory, name) for name in files if name.endswith(".py")]
    return sorted(found)


def read(path: str) -> str:
    with open(path, encoding="utf-8") as stream:
        return stream.read()


def statements(source: str, *, at_run_time_only: bool = False) -> Iterator[ast.Import | ast.ImportFrom]:
    """Every import statement, those inside functions included."""
    tree = ast.parse(source)
    skipped = set[ast.AST]()
    if at_run_time_only:
        for node in ast.walk(tree):
            if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
                skipped.update(child for statement in node.body for child in ast.walk(statement))
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)) and node not in skipped:
            yield node


def imported_names(source: str, *, at_run_time_only: bool = False) -> set[str]:
    """The absolute module names that `source` imports; relative imports stay inside a package and do not count."""
    names = set[str]()
    for node in statements(source, at_run_time_only=at_run_time_only):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif node.level == 0 and node.module:
            names.add(node.module)
    return names


def module_of(path: str, source_root: str) -> str:
    """`…/src/variantkit/index/view.py` -> `variantkit.index.view`; a package's face has the package's name."""
    dotted = os.path.relpath(path, source_root).removesuffix(".py").replace(os.sep, ".")
    return dotted.removesuffix(".__init__")


def arrows_between(sources: Mapping[str, str], faces: frozenset[str] = frozenset()) -> dict[str, set[str]]:
    """Each of the modules in `sources` (name -> text) with those of them that it loads; `faces` are packages.

    A face that loads its own rooms late only opens its doors: that is no arrow. Neither is what types alone need.
    """
    return {
        module: {
            used
            for node in statements(source, at_run_time_only=True)
            for used in _targets(node, module, sources, is_face=module in faces)
            if used != module and not (module in faces and node.col_offset and used.startswith(module + "."))
        }
        for module, source in sources.items()
    }


def arrows_below(source_root: str) -> dict[str, set[str]]:
    """The arrows between all modules below a `src` directory."""
    paths = {module_of(path, source_root): path for path in modules_below(source_root)}
    faces = frozenset(module for module, path in paths.items() if path.endswith("__init__.py"))
    return arrows_between({module: read(path) for module, path in paths.items()}, faces)


def _targets(
    node: ast.Import | ast.ImportFrom, module: str, known: Mapping[str, str], *, is_face: bool
) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names if alias.name in known)
        return
    parts = module.split(".")
    package = parts[: len(parts) - node.level + is_face] if node.level else []
    origin = ".".join([*package, *([node.module] if node.module else [])])
    for alias in node.names:
        name = f"{origin}.{alias.name}"
        yield from (found for found in (name if name in known else origin,) if found in known)


def find_circle(arrows: Mapping[str, set[str]]) -> list[str]:
    """Modules that load each other in a loop, as a path back to the first; nothing where there is no loop."""
    done = set[str]()
    for start in sorted(arrows):
        circle = _walk(start, arrows, [], done)
        if circle:
            return circle
    return []


def _walk(module: str, arrows: Mapping[str, set[str]], path: list[str], done: set[str]) -> list[str]:
    if module in path:
        return [*path[path.index(module) :], module]
    if module in done:
        return []
    for used in sorted(arrows.get(module, ())):
        circle = _walk(used, arrows, [*path, module], done)
        if circle:
            return circle
    done.add(module)
    return []
