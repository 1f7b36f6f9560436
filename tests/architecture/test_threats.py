"""docs/security.md: every threat has its row, and every test that a row names exists and is named for it."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from support.imports import ROOT

PAGE = Path(ROOT, "docs", "security.md")
THREATS = [f"T{number}" for number in range(1, 31)]
ATTACKS = [f"A{number}" for number in (*range(1, 19), 27, *range(34, 46))]


class Row(NamedTuple):
    """A line of the table: what it is about, the tests that it names, and what it does not promise."""

    name: str
    control: str
    tests: str
    promise: str


def rows_of(page: str) -> list[Row]:
    table = page.partition("<!-- threats -->")[2].partition("<!-- /threats -->")[0]
    lines = [line for line in table.splitlines() if re.match(r"\| [TA][0-9]", line)]
    return [Row(*map(str.strip, line.removeprefix("|").removesuffix("|").split("|"))) for line in lines]


class Found(NamedTuple):
    """A test function of the tree: its docstring, and every text of its file, in which its cases are named."""

    described: str
    texts: frozenset[str]


@cache
def the_tests() -> dict[str, Found]:
    found = {}
    for path in sorted(Path(ROOT, "tests").rglob("test_*.py")):
        nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        constants = [node.value for node in nodes if isinstance(node, ast.Constant)]
        texts = frozenset(value for value in constants if isinstance(value, str))
        for node in nodes:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                found[node.name] = Found(ast.get_docstring(node) or "", texts)
    return found


def named_tests(row: Row) -> list[tuple[str, str]]:
    """The tests of a row, each with its case, "" for all."""
    return re.findall(r"`(test_\w+)(?:\[([^`]*)\])?`", row.tests)


def is_named_for(threat: str, named: str) -> bool:
    """Whether a name, a case or a docstring bears a threat's number."""
    kind = "t" if threat[0] == "T" else "(?:attack|row)[_ ]?"
    return re.search(rf"(?<![a-z]){kind}{threat[1:]}(?![0-9])", named.lower()) is not None


def faults_of(row: Row, tests: dict[str, Found]) -> list[str]:
    threat, named = row.name.split()[0], named_tests(row)
    later = row.tests.startswith("later") or row.promise.startswith("later")
    faults = [f"{test}: there is no such test" for test, _ in named if test not in tests]
    faults += [
        f"{test}: no case {case}" for test, case in named if test in tests and case not in ("", *tests[test].texts)
    ]
    words = [f"{test.removeprefix('test_')} {case} {tests[test].described}" for test, case in named if test in tests]
    if not later and not any(is_named_for(threat, one) for one in words):
        faults.append("no test bears its name, and it is not said to be of later work")
    return faults


ROWS = rows_of(PAGE.read_text(encoding="utf-8"))


def test_every_threat_has_one_row() -> None:
    assert [row.name.split()[0] for row in ROWS] == [*THREATS, *ATTACKS]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name.split()[0])
def test_the_tests_of_a_threat_exist_and_bear_its_name(row: Row) -> None:
    assert faults_of(row, the_tests()) == []


def test_a_test_named_for_a_threat_names_one_that_there_is() -> None:
    numbers = {
        f"{kind[0].upper()}{number}"
        for test in the_tests()
        for kind, number in re.findall(r"^test_(t|attack_)([0-9]+)_", test)
    }
    assert numbers <= {*THREATS, *ATTACKS, *(f"A{number}" for number in range(1, 47))}


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("| T1 x | y | `test_t1_that_nobody_wrote` | |", "there is no such test"),
        ("| T1 x | y | `test_t1_real[a case]` | |", "no case a case"),
        ("| T1 x | y | | |", "no test bears its name"),
        ("| T1 x | y | MISSING | |", "no test bears its name"),
        ("| T1 x | y | `test_t10_real` | |", "no test bears its name"),
        ("| A1 x | y | `test_attack_10_real` | |", "no test bears its name"),
    ],
)
def test_a_planted_fault_is_found(line: str, fault: str) -> None:
    known = ("test_t1_real", "test_t10_real", "test_attack_10_real")
    (row,) = rows_of(f"<!-- threats -->\n{line}\n<!-- /threats -->")
    assert fault in "; ".join(faults_of(row, dict.fromkeys(known, Found("", frozenset({"another case"})))))
