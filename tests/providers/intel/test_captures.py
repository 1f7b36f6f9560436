"""Known machines: each capture's file name is the expected answer (captures/README.md says where they come from)."""

from __future__ import annotations

import glob
import json
import os
from typing import TYPE_CHECKING

import pytest

from intel_variant_provider._machine import Machine
from intel_variant_provider._parse import Facts, parse_facts
from intel_variant_provider._probe import probe_machine
from intel_variant_provider._rules import decide_answer, diagnose
from support.trees import write_tree

if TYPE_CHECKING:
    from pathlib import Path

CAPTURES = sorted(glob.glob(os.path.join(os.path.dirname(__file__), "captures", "*.json")))
NOTES = {
    "arc-a380-without-level-zero": ["ip-without-level-zero"],
    "arc-b580-without-level-zero": ["ip-without-level-zero"],
    "flex-170-in-a-container-without-rights": ["ip-without-level-zero"],
    "one-of-two-lost": ["ip-without-level-zero"],
    "hung-level-zero": ["ip-without-level-zero"],
    "crashed-level-zero": ["ip-without-level-zero"],
    "future-chip": ["ip-unknown"],
    "old-chip": ["ip-unknown"],
    "container-without-node": ["node-missing"],
}
"""What a machine has to report; all others have nothing."""


def load(path: str) -> dict[str, str]:
    with open(path, encoding="utf-8") as stream:
        capture: dict[str, str] = json.load(stream)
    return capture


def read(root: str) -> Facts:
    return parse_facts(probe_machine(Machine(root), {}), {})


def summary(answer: list[tuple[str, list[str], bool]]) -> str:
    """`30_1_1+30_0_4`: what the names of captures say."""
    return "+".join(value.replace(".", "_") for _, values, _ in answer for value in values) or "nothing"


@pytest.mark.parametrize("path", CAPTURES, ids=os.path.basename)
def test_the_answer_is_the_one_in_the_file_name(path: str, tmp_path: Path) -> None:
    machine, expected, _ = os.path.basename(path).removesuffix(".json").split(".")
    facts = read(str(write_tree(tmp_path, load(path))))
    assert summary(decide_answer(facts)) == expected
    assert [code for code, _ in diagnose(facts)] == NOTES.get(machine, [])
