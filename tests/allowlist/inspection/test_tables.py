"""A table does nothing but bind constants: what the compiler makes of one holds no call, no name and no jump."""

from __future__ import annotations

import ast
import dis
from typing import TYPE_CHECKING

from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from variantkit_allowlist.inspection.tables import compare_tables, literal_problems

if TYPE_CHECKING:
    from types import CodeType

TARGETS = st.sampled_from(["A", "B", "C", "__version__", "__all__", "A.x", "A[0]", "A, B", "*A", "(A)", "A = B"])
LEAVES = st.sampled_from([
    "1", "-1", "+1.5", "~1", "not 1", "True", "None", "...", "1e999", "1j", "'a'", "'b' 'c'", "b'a'", "f'{A}'", "A",
    "()", "print", "print()", "(yield)", "lambda: 1", "(x := 1)", "[*A]", "{**A}", "{A: 1}", "A.b", "A[0]",
    "1 if 2 else 3",
    "1 + 2", "'a' + 'b'", "'%s' % 1", "[x for x in A]", "0x" + "f" * 40, "2 ** 9", "1 < 2", "1 and 2",
])  # fmt: skip
PLAIN = st.sampled_from(["1", "-1", "0.5", "'a'", "'b'", "'g1'", "True", "None"])


def containers(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    items = st.lists(inner, max_size=3)
    return st.one_of(
        items.map(lambda found: f"[{', '.join(found)}]"),
        items.map(lambda found: f"({', '.join(found)},)" if found else "()"),
        st.lists(inner, min_size=1, max_size=3).map(lambda found: f"{{{', '.join(found)}}}"),
        items.map(lambda found: "{" + ", ".join(f"'k{number}': {text}" for number, text in enumerate(found)) + "}"),
    )


VALUES = st.one_of(st.recursive(PLAIN, containers, max_leaves=4), st.recursive(LEAVES, containers, max_leaves=3))
STATEMENTS = st.one_of(
    st.builds("{} = {}".format, TARGETS, VALUES),
    st.builds("{}: int = {}".format, st.sampled_from("AB"), VALUES),
    st.builds("A: {} = 1".format, LEAVES),
    st.sampled_from(["'''text'''", "f'{A}'", "import os", "del A", "A += 1", "pass", "def f(): ..."]),
)
SOURCES = st.lists(STATEMENTS, min_size=1, max_size=4).map(
    lambda lines: "\n".join(["from __future__ import annotations", *lines])
)
BINDS_CONSTANTS = (
    "LOAD_CONST", "LOAD_SMALL_INT", "STORE_NAME", "BUILD_", "LIST_EXTEND", "SET_UPDATE", "DICT_UPDATE", "DICT_MERGE",
    "UNARY_NEGATIVE", "UNARY_POSITIVE", "CALL_INTRINSIC_1", "RETURN_", "RESUME", "NOP", "POP_TOP", "SETUP_ANNOTATIONS",
    "COPY", "DUP_TOP", "EXTENDED_ARG", "CACHE", "IMPORT_NAME", "IMPORT_FROM", "STORE_SUBSCR", "LIST_APPEND", "SET_ADD",
    "MAP_ADD", "LOAD_NAME",
)  # fmt: skip
"""Instructions of a module of literals; `LOAD_NAME` for its `__annotations__` alone, the import for the future's."""


def does_nothing_else(code: CodeType) -> bool:
    for instruction in dis.get_instructions(code):
        if not instruction.opname.startswith(BINDS_CONSTANTS):
            return False
        if instruction.opname == "LOAD_NAME" and instruction.argval != "__annotations__":
            return False
        if instruction.opname == "IMPORT_NAME" and instruction.argval != "__future__":
            return False
    return not any(hasattr(constant, "co_code") for constant in code.co_consts)


@settings(max_examples=600, deadline=None)
@given(SOURCES)
def test_what_counts_as_a_table_compiles_to_bindings_of_constants(source: str) -> None:
    try:
        tree = ast.parse(source)
    except SyntaxError:
        assume(False)
    problems = literal_problems(tree)
    event(f"table: {not problems}")
    if not problems:
        assert does_nothing_else(compile(source, "table.py", "exec"))


@given(SOURCES)
def test_a_table_does_not_differ_from_itself(source: str) -> None:
    try:
        tree = ast.parse(source)
    except SyntaxError:
        assume(False)
    if not literal_problems(tree):
        assert compare_tables(tree, ast.parse(source)) == []


def test_the_oracle_sees_what_runs() -> None:
    for source in ("print(1)", "A = [print]", "def f(): ...", "import os", "A = f'{1}{B}'", "A = 1\nB = A"):
        assert not does_nothing_else(compile(source, "x.py", "exec"))
