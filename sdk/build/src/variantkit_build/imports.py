"""Absolute imports of vendored packages become relative ones, so that no other copy on `sys.path` is ever taken."""

from __future__ import annotations

import ast
import codecs
import io
import re
import tokenize
import warnings

from variantkit_build.errors import VendorError

_FROM = re.compile(rb"from(?:\s|\\\r?\n)+")


def rewrite_imports(source: bytes, path: str, vendored: frozenset[str]) -> bytes:
    """Return the module at `path` below `_vendor/` with its imports of the top-level names `vendored` made relative.

    Statements are found in the syntax tree, so text in strings and comments stays, and so does every byte outside
    the statements. An import that is only known at run time cannot be rewritten: VendorError.
    """
    if not any(name.encode() in source for name in vendored):
        return source
    mark = codecs.BOM_UTF8 if source.startswith(codecs.BOM_UTF8) else b""
    text = source[len(mark) :]
    dots = "." * (path.count("/") + 1)
    starts = _line_starts(text)
    edits = []
    for node in ast.walk(_parse(text, path)):
        if isinstance(node, ast.Import) and any(_top(alias.name) in vendored for alias in node.names):
            begin, end = _span(node, starts)
            edits.append((begin, end, "; ".join(_import(alias, dots, vendored) for alias in node.names)))
        elif isinstance(node, ast.ImportFrom) and not node.level and _top(node.module or "") in vendored:
            found = _FROM.match(text, _span(node, starts)[0])
            if found:
                edits.append((found.end(), found.end(), dots))
        elif isinstance(node, ast.Call):
            _refuse_dynamic(node, path, vendored)
    for begin, end, new in sorted(edits, reverse=True):
        text = text[:begin] + new.encode() + text[end:]
    return mark + text


def _parse(text: bytes, path: str) -> ast.Module:
    try:
        if tokenize.detect_encoding(io.BytesIO(text).readline)[0] != "utf-8":
            raise VendorError(f"{path}: not UTF-8, so its imports cannot be rewritten")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of other people's escapes
            return ast.parse(text, path)
    except (SyntaxError, ValueError) as error:
        if isinstance(error, VendorError):
            raise
        raise VendorError(f"{path}: not Python that this interpreter reads: {error}") from None


def _import(alias: ast.alias, dots: str, vendored: frozenset[str]) -> str:
    renamed = f" as {alias.asname}" if alias.asname else ""
    if _top(alias.name) not in vendored:
        return f"import {alias.name}{renamed}"
    parent, _, last = alias.name.rpartition(".")
    if not parent or alias.asname:
        return f"from {dots}{parent} import {last}{renamed}"
    # `import a.b` loads a.b and binds a; the relative form has to say both.
    loaded = alias.name.replace(".", "_")
    return f"from {dots}{parent} import {last} as _{loaded}; from {dots} import {_top(alias.name)}"


def _refuse_dynamic(call: ast.Call, path: str, vendored: frozenset[str]) -> None:
    function = call.func
    name = function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
    if name not in ("__import__", "import_module"):
        return
    argument = next(iter([*call.args, *(keyword.value for keyword in call.keywords if keyword.arg == "name")]), None)
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str) and _top(argument.value) in vendored:
        raise VendorError(
            f"{path}, line {call.lineno}: imports {argument.value!r} at run time, which no rewriting makes relative; "
            f"leave the file out, or change it in a transform"
        )


def _top(module: str) -> str:
    return module.partition(".")[0]


def _line_starts(text: bytes) -> list[int]:
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    return starts


def _span(node: ast.stmt, starts: list[int]) -> tuple[int, int]:
    """Where a statement begins and ends; a syntax tree counts columns in bytes of UTF-8."""
    end_line, end_column = node.end_lineno or node.lineno, node.end_col_offset or node.col_offset
    return starts[node.lineno - 1] + node.col_offset, starts[end_line - 1] + end_column
