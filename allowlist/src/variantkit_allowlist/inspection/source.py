"""Modules of a wheel as syntax trees, bounded in size and depth; nothing is ever compiled, imported or run."""

from __future__ import annotations

import ast
import warnings
from typing import TYPE_CHECKING, NamedTuple

from variantkit.errors import InputError
from variantkit.provider.foreign import shown
from variantkit.trust.members import check_content
from variantkit_allowlist.inspection.lexing import check_depth, odd_names

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_MODULE_BYTES = 1 << 20
MAX_SOURCE_BYTES = 4 << 20
"""Of all modules together; the largest one that is vendored today has 0.3 MiB."""


class Module(NamedTuple):
    """One module. `tree` is None where `problem` says why it was not read; `odd` are reasons to look closer."""

    path: str
    content: bytes
    tree: ast.Module | None
    problem: str = ""
    odd: tuple[str, ...] = ()


def read_modules(files: Mapping[str, bytes]) -> dict[str, Module]:
    """Every module of a wheel by its path, in their order."""
    modules, left = {}, MAX_SOURCE_BYTES
    for path, content in sorted(files.items()):
        if path.casefold().endswith((".py", ".pyi", ".pyw")):
            left -= len(content)
            whole = f"the modules are over {MAX_SOURCE_BYTES >> 20} MiB together"
            modules[path] = read_module(path, content) if left >= 0 else Module(path, content, None, whole)
    return modules


def read_module(path: str, content: bytes) -> Module:
    """Parse one module, whatever its bytes are."""
    odd = _odd_bytes(path, content)
    try:
        text = content.removeprefix(b"\xef\xbb\xbf").decode()
    except UnicodeDecodeError:
        return Module(path, content, None, "not UTF-8", odd)
    if len(content) > MAX_MODULE_BYTES:
        return Module(path, content, None, f"over {MAX_MODULE_BYTES >> 20} MiB", odd)
    odd += tuple(f"the name {ascii(name)[:80]}, which Python may take for another" for name in odd_names(text)[:20])
    problem = "a NUL character" if "\0" in text else check_depth(text)
    if problem:
        return Module(path, content, None, problem, odd)
    tree = _parse(text)
    return Module(path, content, None, tree, odd) if isinstance(tree, str) else Module(path, content, tree, "", odd)


def _odd_bytes(path: str, content: bytes) -> tuple[str, ...]:
    try:
        check_content(path, content)
    except InputError as error:
        return (str(error).partition(": ")[2],)
    return ()


def _parse(text: str) -> ast.Module | str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an invalid escape of the provider's is no warning of ours
        try:
            return ast.parse(text)
        except SyntaxError as error:
            return f"no Python that this interpreter reads: {shown(str(error.msg), 100)}, line {error.lineno or 0}"
        except (ValueError, OverflowError) as error:
            return f"no Python: {shown(str(error), 100)}"
        except (MemoryError, RecursionError):
            return "an expression nests too deep to be read"
