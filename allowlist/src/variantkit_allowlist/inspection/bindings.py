"""Bindings: which names an expression holds, and what a statement binds to what."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Name(NamedTuple):
    """A name in an expression; only a bare one may be a function's own."""

    text: str
    bare: bool


class TooLargeError(Exception):
    """The steps are used up."""


class Steps:
    """The steps that are left: counted, not timed, so that the same wheels always give the same answer."""

    def __init__(self, left: int) -> None:
        self.left = left

    def walk(self, node: ast.AST) -> Iterator[ast.AST]:
        """Every node from this one on, each for one step."""
        for found in ast.walk(node):
            self.left -= 1
            if self.left < 0:
                raise TooLargeError
            yield found


def names_in(expressions: Iterable[ast.expr], steps: Steps) -> Iterator[Name]:
    """The names in expressions, and texts that may be names, as `getattr` takes them."""
    for expression in expressions:
        for node in steps.walk(expression):
            if isinstance(node, ast.Name):
                yield Name(node.id, True)
            elif isinstance(node, ast.Attribute):
                yield Name(node.attr, False)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
                yield Name(node.value, False)


def last_name(node: ast.AST) -> str:
    """`run` of `subprocess.run`; "" of what is neither a name nor an attribute."""
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def parameters_of(said: ast.arguments) -> list[str]:
    """The names of a function's parameters, `self` aside, so that a call's arguments stand in the same order."""
    named = [argument.arg for argument in (*said.posonlyargs, *said.args)]
    more = [argument.arg for argument in (said.vararg, *said.kwonlyargs, said.kwarg) if argument is not None]
    return [*(named[1:] if named[:1] in (["self"], ["cls"]) else named), *more]


def defaults_of(said: ast.arguments) -> Iterator[tuple[str, ast.expr]]:
    """Each parameter that has a default, with the default."""
    named = [*said.posonlyargs, *said.args]
    positional = named[len(named) - len(said.defaults) :]
    for argument, default in (
        *zip(positional, said.defaults, strict=True),
        *zip(said.kwonlyargs, said.kw_defaults, strict=True),
    ):
        if default is not None:
            yield argument.arg, default


def fields_of(node: ast.ClassDef) -> list[str]:
    """The annotated names of a class, which its constructor may take in this order."""
    return [
        item.target.id for item in node.body if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name)
    ]


def bound_by(node: ast.AST, steps: Steps) -> tuple[list[Name], ast.expr | None]:
    """The names that a statement binds, and to what."""
    if isinstance(node, ast.Match):
        return list(_captures(node)), node.subject
    targets, value = _assigned(node)
    return list(names_in(targets, steps)), value


def _assigned(node: ast.AST) -> tuple[list[ast.expr], ast.expr | None]:
    if isinstance(node, ast.Assign):
        return node.targets, node.value
    if isinstance(node, (ast.AnnAssign, ast.AugAssign, ast.NamedExpr)):
        return [node.target], node.value
    if isinstance(node, (ast.For, ast.AsyncFor, ast.comprehension)):
        return [node.target], node.iter
    if isinstance(node, ast.withitem) and node.optional_vars is not None:
        return [node.optional_vars], node.context_expr
    return [], None


def _captures(node: ast.Match) -> Iterator[Name]:
    """The names that the patterns of a match bind."""
    for case in node.cases:
        for pattern in ast.walk(case.pattern):
            text = getattr(pattern, "name", None) or getattr(pattern, "rest", None)
            if isinstance(text, str):
                yield Name(text, True)
