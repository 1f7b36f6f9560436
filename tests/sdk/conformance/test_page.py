"""docs/conformance.md lists every law, as the code has it."""

from __future__ import annotations

import os
import re

from support.laboratory import make_subject
from variantkit.conformance import GROUPS
from variantkit.conformance.machines import Wanted, all_machines
from variantkit.conformance.subject import read_subject

PAGE = os.path.join(os.path.dirname(__file__), "..", "..", "..", "docs", "conformance.md")


def read_page() -> str:
    with open(PAGE, encoding="utf-8") as stream:
        return stream.read()


def test_the_page_has_every_law_in_order_and_no_other() -> None:
    listed = [line for line in read_page().partition("## Every law")[2].splitlines() if line.startswith("| `")]
    warning = {"warning": " (warning)", "error": ""}
    assert listed == [
        f"| `{law.clause}`{warning[law.severity]} | {law.statement} | {law.source} |"
        for laws in GROUPS.values()
        for law in laws
    ]


def test_the_page_has_every_machine(tmp_path: object) -> None:
    subject = read_subject(make_subject(str(tmp_path)))
    wanted = Wanted(("/dev/example0",), (), ("/usr/bin/example-smi",), ("libexample.so.1",), (), True)
    names = [machine.name for machine in all_machines(subject, wanted) if not machine.name.endswith(" alone")]
    described = set(re.findall(r"`([^`]+)`", read_page().partition("| machine |")[2].partition("\n\n")[0]))
    assert {re.sub(r" [0-9]$", "", name) for name in names} - described == set()
