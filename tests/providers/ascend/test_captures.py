"""Known machines: each capture's file name is the expected answer (captures/README.md says where they come from)."""

from __future__ import annotations

import glob
import json
import os
from typing import TYPE_CHECKING

import pytest

from ascend_variant_provider._machine import Machine
from ascend_variant_provider._names import expand_type
from ascend_variant_provider._parse import Facts, parse_facts
from ascend_variant_provider._probe import probe_machine
from ascend_variant_provider._rules import decide_answer, diagnose
from support.trees import write_tree

if TYPE_CHECKING:
    from pathlib import Path

CAPTURES = sorted(glob.glob(os.path.join(os.path.dirname(__file__), "captures", "*.json")))
NOTES = {
    "atlas-a3-npu-smi-alone": [],
    "container-device-in-use": ["type-from-pci"],
    "container-without-pci": ["type-unknown"],
    "hung-driver": ["type-from-pci"],
    "one-of-two-lost": ["npu-unreadable"],
    "future-chip": ["chip-unknown"],
    "container-without-device": ["no-npu-node"],
}
"""What a machine has to report; all others have nothing."""


def load(path: str) -> dict[str, str]:
    with open(path, encoding="utf-8") as stream:
        capture: dict[str, str] = json.load(stream)
    return capture


def read(root: str) -> Facts:
    return parse_facts(probe_machine(Machine(root), {}), {})


def summary(answer: list[tuple[str, list[str], bool]]) -> str:
    """`910b-driver25_2_1-cann8_3_rc1`: what the names of captures say."""
    features = {name: values for name, values, _ in answer}
    types = features.get("npu_type", [])
    wider = {value for name in types for value in expand_type(name)[1:]}
    parts = ["+".join(name for name in types if name not in wider)] if types else []
    for word in ("driver", "cann"):
        if f"{word}_version" in features:
            (version,) = features[f"{word}_version"]
            parts.append(word + version.replace(".", "_"))
    return "-".join(parts) or "nothing"


@pytest.mark.parametrize("path", CAPTURES, ids=os.path.basename)
def test_the_answer_is_the_one_in_the_file_name(path: str, tmp_path: Path) -> None:
    machine, expected, _ = os.path.basename(path).removesuffix(".json").split(".")
    facts = read(str(write_tree(tmp_path, load(path))))
    assert summary(decide_answer(facts)) == expected
    assert [code for code, _ in diagnose(facts)] == NOTES.get(machine, [])
