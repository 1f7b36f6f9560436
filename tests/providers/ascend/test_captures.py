"""Known machines: each capture's file name is the expected answer (captures/README.md says where they come from)."""

from __future__ import annotations

import glob
import json
import os
from typing import TYPE_CHECKING

import pytest

from ascend_variant_provider.__main__ import main
from ascend_variant_provider._machine import Machine
from ascend_variant_provider._names import expand_type
from ascend_variant_provider._parse import Facts, parse_facts
from ascend_variant_provider._probe import probe_machine
from ascend_variant_provider._rules import decide_answer, diagnose
from support.trees import write_tree

if TYPE_CHECKING:
    from collections.abc import Mapping
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


def read(root: str) -> tuple[Machine, Facts]:
    machine = Machine(root)
    return machine, parse_facts(probe_machine(machine, {}), {})


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
    _, facts = read(str(write_tree(tmp_path, load(path))))
    assert summary(decide_answer(facts)) == expected
    assert [code for code, _ in diagnose(facts)] == NOTES.get(machine, [])


@pytest.mark.parametrize("path", CAPTURES, ids=os.path.basename)
def test_what_was_read_of_a_machine_answers_again(path: str, tmp_path: Path) -> None:
    machine, facts = read(str(write_tree(tmp_path / "first", load(path))))
    evidence: Mapping[str, str] = dict(machine.sources)
    (tmp_path / "second").mkdir()
    again, facts_again = read(str(write_tree(tmp_path / "second", evidence)))
    assert decide_answer(facts_again) == decide_answer(facts)
    assert again.sources == machine.sources


@pytest.mark.parametrize("path", CAPTURES, ids=os.path.basename)
def test_the_command_reads_a_capture_below_a_directory(
    path: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = str(write_tree(tmp_path, load(path)))
    assert main(["--root", root, "--json", "--why-not", "npu_type :: 310"]) == 0
    report = json.loads(capsys.readouterr().out)
    features = [(feature["name"], feature["values"], feature["multi_value"]) for feature in report["features"]]
    assert features == decide_answer(read(root)[1])
    (reason,) = report["why_not"]
    assert reason["supported"] is ("310" in {name: values for name, values, _ in features}.get("npu_type", []))
    assert bool(reason["reason"]) is not reason["supported"]
    assert main(["--root", root]) == 0
    assert "ascend" in capsys.readouterr().out
