"""Modules are read as text, within bounds: nothing in them can end the process, run, or take for ever."""

from __future__ import annotations

import subprocess

import pytest

from support.interpreters import BY_VERSION
from variantkit_allowlist.inspection.lexing import check_depth, odd_names
from variantkit_allowlist.inspection.source import MAX_MODULE_BYTES, read_module, read_modules

MANY = 150_000
DEEP = {
    "attributes": "a" + ".b" * MANY,
    "attributes over lines": "a" + ".\\\nb" * MANY,
    "calls": "a" + "()" * MANY,
    "items": "a" + "[0]" * MANY,
    "minus signs": "-" * MANY + "1",
    "nots": "not " * MANY + "1",
    "a sum": "1" + "+1" * MANY,
    "a power": "2" + "**2" * MANY,
    "open brackets": "(" * MANY,
    "brackets": "(" * 150 + ")" * 150,
    "minus signs in brackets": ("(" + "-" * 1500) * 79 + "1" + ")" * 79,
    "lambdas": "lambda:" * (MANY // 2) + "1",
    "lambdas with commas": "lambda a,b:" * (MANY // 2) + "1",
    "conditions": "1 if 1 else " * (MANY // 2) + "1",
    "elifs": "if 1:\n pass\n" + "elif 1:\n pass\n" * 50_000,
    "awaits": "async def f():\n " + "await " * MANY + "x",
    "minus signs in an f-string": "f'''{" + "-" * MANY + "1}'''",
    "attributes in an f-string": 'F"{a' + ".b" * MANY + '}"',
}


@pytest.mark.parametrize("text", DEEP.values(), ids=DEEP)
def test_what_would_end_the_parser_is_not_given_to_it(text: str) -> None:
    module = read_module("deep.py", text.encode())
    assert module.tree is None
    assert "too deep" in module.problem


FINE = {
    "a table of 100,000 lines": "X = (\n" + '    "a",\n' * 100_000 + ")\n",
    "a text of 100,000 lines": "X = (\n" + '    "a"\n' * 100_000 + ")\n",
    "a dictionary": "X = {" + '"a": ("b", -1),' * 10_000 + "}",
    "a long sum": "X = 1" + "+1" * 900,
    "many elifs": "if 1:\n pass\n" + "elif 1:\n pass\n" * 400,
    "a line of a million characters": "X = '" + "a" * 1_000_000 + "'",
    "brackets in texts": "X = '" + "(" * 1000 + "'\n# " + "(" * 1000 + "\n" + 'Y = """\n' + "((\n" * 100 + '"""\n',
}


@pytest.mark.parametrize("text", FINE.values(), ids=FINE)
def test_what_is_only_long_is_read(text: str) -> None:
    assert read_module("long.py", text.encode()).tree is not None


@pytest.mark.parametrize("version", BY_VERSION)
def test_the_most_that_is_given_to_the_parser_ends_it_on_no_python(version: str) -> None:
    most = {
        "minus": "-" * 1990 + "1",
        "attributes": "a" + ".b" * 990,
        "calls": "a" + "()" * 600,
        "lambdas": "lambda:" * 199 + "1",
        "conditions": "1 if 1 else " * 390 + "1",
        "elifs": "if 1:\n pass\n" + "elif 1:\n pass\n" * 499,
        "f-string": 'f"{' + "-" * 3900 + '1}"',
        "brackets": "[" * 78 + "]" * 78,
        "braces": "{" * 78 + ":",
    }
    assert [name for name, text in most.items() if check_depth(text)] == []
    code = (
        "import ast, sys\n"
        f"for text in {list(most.values())!r}:\n"
        "    try:\n"
        "        ast.parse(text)\n"
        "    except (SyntaxError, RecursionError, MemoryError):\n"
        "        pass\n"
    )
    done = subprocess.run([BY_VERSION[version], "-I", "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"x = 1\0", "a NUL character"),
        (b"x = '\xff'", "not UTF-8"),
        (b"x = '\xed\xa0\x80'", "not UTF-8"),
        (b"def", "no Python that this interpreter reads"),
        (b"x = " + b"9" * 10_000, "no Python"),
        (b"#" * (MAX_MODULE_BYTES + 1), "over 1 MiB"),
    ],
    ids=["NUL", "latin-1", "a surrogate", "a fragment", "a huge number", "a huge module"],
)
def test_what_cannot_be_read_is_told_not_raised(content: bytes, problem: str) -> None:
    module = read_module("x.py", content)
    assert module.tree is None
    assert problem in module.problem


@pytest.mark.parametrize(
    ("content", "odd"),
    [
        (b"# coding: utf-7\nx = 1\n", "a coding line"),
        (b"#!/x\n# vim: set fileencoding=latin-1 :\nx = 1\n", "a coding line"),
        ("x = 1 # \u202e\n".encode(), "direction character"),
        (b"x = 1 #\rimport os\n", "a lone carriage return"),
        ("\u0435val = 1\n".encode(), "'\\u0435val'"),
        ("\uff45xec(x)\n".encode(), "'\\uff45xec'"),
    ],
    ids=["utf-7", "latin-1", "bidi", "a lone return", "a homoglyph", "full width"],
)
def test_source_that_is_not_what_it_looks_like_is_reported(content: bytes, odd: str) -> None:
    module = read_module("x.py", content)
    assert any(odd in text for text in module.odd)


def test_a_byte_order_mark_and_foreign_words_in_texts_are_nothing_odd() -> None:
    module = read_module("x.py", "\ufeff# Größe\nx = 'Größe'\n".encode())
    assert module.tree is not None
    assert module.odd == ()
    assert odd_names("'\u0435val'  # \u0435val") == ()


def test_many_modules_are_read_up_to_a_sum() -> None:
    modules = read_modules({f"m{number:02}.py": b"#" * (1 << 20) for number in range(6)})
    assert [module.tree is not None for module in modules.values()] == [True] * 4 + [False] * 2
