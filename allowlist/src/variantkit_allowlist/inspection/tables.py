"""Tables: modules that hold literals and nothing else, and what between two of them is more than data.

A change of tables alone may be approved by its data, so whatever Python would do more than bind plain values to plain
names is no table: a call, a decorator, an f-string, a walrus, a comprehension, an annotation that is evaluated, a
star, an attribute or an item as target, a concatenation, a name that steers Python itself.
"""

from __future__ import annotations

import ast
import math
from typing import TYPE_CHECKING

from variantkit.provider.foreign import shown
from variantkit.trust.members import STDLIB_NAMES
from variantkit_allowlist.inspection.known import is_library, is_path, is_program, is_variable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

LONGEST_TEXT = 200
MOST_BITS = 128
VERSION = "__version__"

# fmt: off
_NODES = {
    ast.JoinedStr: "an f-string", ast.Call: "a call", ast.NamedExpr: "a walrus", ast.Lambda: "a lambda",
    ast.ListComp: "a comprehension", ast.SetComp: "a comprehension", ast.DictComp: "a comprehension",
    ast.GeneratorExp: "a comprehension", ast.Starred: "a star", ast.BinOp: "an operation", ast.BoolOp: "an operation",
    ast.UnaryOp: "an operation", ast.Compare: "a comparison", ast.IfExp: "a condition", ast.Attribute: "an attribute",
    ast.Subscript: "an item of something", ast.Name: "another name's value", ast.Await: "an await",
    ast.Yield: "a yield", ast.YieldFrom: "a yield",
}
_STATEMENTS = {
    ast.FunctionDef: "a function", ast.AsyncFunctionDef: "a function", ast.ClassDef: "a class", ast.Import: "an import",
    ast.ImportFrom: "an import", ast.AugAssign: "an assignment to what is there", ast.Delete: "a deletion",
    ast.If: "a condition", ast.For: "a loop", ast.While: "a loop", ast.With: "a with block", ast.Try: "a try block",
    ast.Expr: "an expression that is evaluated", ast.Assert: "an assertion", ast.Raise: "a raise",
    ast.Global: "a global", ast.Return: "a return",
}
_ANNOTATION = (ast.Name, ast.Subscript, ast.Tuple, ast.Constant, ast.Load, ast.BinOp, ast.BitOr)
# fmt: on


def literal_problems(tree: ast.Module) -> list[str]:
    """Why a module is more than literal assignments: sentences with lines; none for a table."""
    problems, bound = [], set[str]()
    for statement in tree.body:
        problem = _statement_problem(statement)
        for name in _names(statement) if not problem else ():
            problem = problem or _name_problem(name, bound)
            bound.add(name)
        if problem:
            problems.append(f"line {statement.lineno}: {problem}")
    return problems


def _statement_problem(node: ast.stmt) -> str:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
        return ""  # a text that stands alone is for people
    if _is_future(node):
        return ""
    if isinstance(node, ast.Assign):
        return next(filter(None, map(_target_problem, node.targets)), "") or _value_problem(node.value)
    if isinstance(node, ast.AnnAssign):
        if node.value is None:
            return "an annotation without a value"
        return _target_problem(node.target) or _annotation_problem(node.annotation) or _value_problem(node.value)
    return _STATEMENTS.get(type(node), f"a statement of the kind {type(node).__name__}")


def _is_future(node: ast.stmt) -> bool:
    """`from __future__ import annotations`, which does nothing but say that annotations are not evaluated."""
    return isinstance(node, ast.ImportFrom) and ast.dump(node) == _FUTURE


_FUTURE = ast.dump(ast.parse("from __future__ import annotations").body[0])


def _target_problem(target: ast.expr) -> str:
    if isinstance(target, ast.Name):
        return ""
    return f"the target is {_what(target)}, no plain name"


def _what(node: ast.expr) -> str:
    return "several names" if isinstance(node, (ast.Tuple, ast.List)) else _NODES.get(type(node), type(node).__name__)


def _annotation_problem(node: ast.expr) -> str:
    odd = next((child for child in ast.walk(node) if not isinstance(child, _ANNOTATION)), None)
    return f"the annotation holds {_what(odd)}" if isinstance(odd, ast.expr) else ""


def _value_problem(value: ast.expr) -> str:
    for node in ast.walk(value):
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.UAdd, ast.USub)):
            if not (isinstance(node.operand, ast.Constant) and type(node.operand.value) in (int, float)):
                return "the value holds an operation"
        elif type(node) in _NODES:
            return f"the value holds {_NODES[type(node)]}"
        elif isinstance(node, ast.Dict) and None in node.keys:
            return "the value holds a star"
        elif isinstance(node, ast.Dict) and len({key.value for key in _plain(node.keys)}) < len([*_plain(node.keys)]):
            return "a key stands there twice, of which Python takes the last"
        elif isinstance(node, ast.Constant) and (problem := _constant_problem(node.value)):
            return problem
    try:
        ast.literal_eval(value)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return "the value is no literal"
    return ""


def _plain(keys: Iterable[ast.expr | None]) -> Iterator[ast.Constant]:
    return (key for key in keys if isinstance(key, ast.Constant))


def _constant_problem(value: object) -> str:
    if isinstance(value, int) and value.bit_length() > MOST_BITS:
        return f"an integer of more than {MOST_BITS} bits"
    if isinstance(value, float) and not math.isfinite(value):
        return "a number that is not finite"
    if isinstance(value, (bytes, complex)) or value is Ellipsis:
        return f"a value of the kind {type(value).__name__}"
    return ""


def _names(node: ast.stmt) -> list[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _name_problem(name: str, bound: set[str]) -> str:
    if name in bound:
        return f"{shown(name, 80)} is bound twice"
    if name.startswith("__") and name != VERSION:
        return f"{shown(name, 80)} steers Python itself"
    return f"{shown(name, 80)} is a name beyond ASCII" if not name.isascii() else ""


def compare_tables(old: ast.Module, new: ast.Module, outward: Mapping[str, str] = {}) -> list[str]:
    """Why a change between two tables is more than data: sentences; none when it is data.

    `outward` are names whose values reach a file, a program or a library, with the place where they do.
    """
    if _shape(old) != _shape(new):
        return ["its imports or annotations changed"]
    before, after = _values(old), _values(new)
    if before.keys() != after.keys():
        names = sorted(before.keys() ^ after.keys())
        return [f"the name {shown(name, 80)} was {'added' if name in after else 'removed'}" for name in names[:20]]
    changed = [name for name in after if not _same(before[name], after[name])]
    problems = [f"{name}: {text}" for name in changed for text in _value_changes(name, before[name], after[name])]
    led = [name for name in changed if name in outward and _may_lead(before[name], after[name])]
    return problems + [f"{name} leads to a file, a program or a library, at {outward[name]}" for name in led]


def _may_lead(old: ast.expr, new: ast.expr) -> bool:
    """Whether a change could be one of a name: of a text, or of numbers in a row, which spell one as bytes."""
    return _texts(old) != _texts(new) or not all(isinstance(node, (ast.Constant, ast.UnaryOp)) for node in (old, new))


def _same(old: ast.expr, new: ast.expr) -> bool:
    return ast.dump(old) == ast.dump(new)


def _shape(tree: ast.Module) -> list[str]:
    """What of a table is neither its values nor text for people."""
    kept = [ast.dump(node) for node in tree.body if isinstance(node, ast.ImportFrom)]
    kept += sorted(f"{names} are one value" for node in tree.body if len(names := _names(node)) > 1)
    return kept + sorted(
        f"{_names(node)} {ast.dump(node.annotation)}" for node in tree.body if isinstance(node, ast.AnnAssign)
    )


def bound_names(tree: ast.Module) -> set[str]:
    """The names that a table binds."""
    return {name for node in tree.body for name in _names(node)}


def _values(tree: ast.Module) -> Mapping[str, ast.expr]:
    return {
        name: node.value
        for node in tree.body
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None
        for name in _names(node)
    }


def _value_changes(name: str, old: ast.expr, new: ast.expr) -> Iterator[str]:
    if name == VERSION:
        return  # held against the metadata where the wheels are compared
    before, after = ast.literal_eval(old), ast.literal_eval(new)
    if type(before) is not type(after):
        yield f"was of the kind {type(before).__name__}, is now {type(after).__name__}"
    for text in (*_texts(old), *_texts(new)):
        if reason := _why_outside(text):
            yield f"changed, and {shown(text, 60)!a} in it {reason}"
            return
    known = {*_texts(old)}
    for text in _texts(new):
        if text not in known and (reason := _why_odd(text)):
            yield f"the new text {shown(text, 60)!a} {reason}"
            return


def _texts(node: ast.expr) -> list[str]:
    return [item.value for item in ast.walk(node) if isinstance(item, ast.Constant) and isinstance(item.value, str)]


def _why_outside(text: str) -> str:
    """Whether a text names something outside the wheel: then any change beside it may lead elsewhere."""
    lower = text.lower()
    if "/" in text or "\\" in text or is_path(text):
        return "is a path, or part of one"
    if is_library(text) or any(ending in lower for ending in (".so", ".dll", ".dylib")):
        return "names a library"
    if is_program(text):
        return "names a program"
    return "names an environment variable" if is_variable(text) else ""


def _why_odd(text: str) -> str:
    """Why a text that was not there before is more than a value or a sentence."""
    if len(text) > LONGEST_TEXT:
        return f"has more than {LONGEST_TEXT} characters"
    if not (text.isascii() and text.isprintable()):
        return "has characters that are not shown as they are"
    if {*"{}%$`|;&<>"} & {*text}:
        return "may be a template or a command"
    if text.startswith("__") or text.partition(".")[0].casefold() in STDLIB_NAMES:
        return "names a module, or something of Python itself"
    return ""
