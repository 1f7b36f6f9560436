"""Known machines: each capture's file name is the expected answer (captures/README.md says where they come from)."""

from __future__ import annotations

import glob
import json
import os
import re
from typing import TYPE_CHECKING

import pytest

from nvidia_variant_provider.__main__ import main
from nvidia_variant_provider._machine import Machine
from nvidia_variant_provider._parse import Facts, parse_facts
from nvidia_variant_provider._probe import probe_machine
from nvidia_variant_provider._rules import decide_answer, diagnose
from support.nvidia_drivers import MODULE, VERSION_FILE, add_file, add_libcuda, add_nvml, ask_machine
from support.stub_drivers import needs_compiler

if TYPE_CHECKING:
    from pathlib import Path

CAPTURES = sorted(glob.glob(os.path.join(os.path.dirname(__file__), "captures", "*.json")))


def write_tree(directory: Path, capture: dict[str, str]) -> str:
    directory.mkdir(exist_ok=True)
    for path, text in capture.items():
        add_file(directory, path, text)
    return str(directory)


def read(root: str) -> Facts:
    return parse_facts(probe_machine(Machine(root), {}, "linux"), {})


def summary(answer: list[tuple[str, list[str], bool]]) -> str:
    """`cuda12_4-sm89-r550`: what the names of captures say."""
    features = {name: values for name, values, _ in answer}
    parts = []
    if "cuda_version_lower_bound" in features:
        parts.append("cuda" + features["cuda_version_lower_bound"][0].replace(".", "_"))
    if "sm_arch" in features:
        targets = [value[:-5] for value in features["sm_arch"] if re.fullmatch("[0-9]+_real", value)]
        best = {target[:-1]: target for target in reversed(targets)}
        parts.append("sm" + "+".join(sorted(best.values(), key=int, reverse=True)))
    if "driver_branch_lower_bound" in features:
        parts.append("r" + features["driver_branch_lower_bound"][0])
    return "-".join(parts) or "nothing"


@pytest.mark.parametrize("path", CAPTURES, ids=os.path.basename)
def test_the_answer_is_the_one_in_the_file_name(path: str, tmp_path: Path) -> None:
    with open(path, encoding="utf-8") as stream:
        capture = json.load(stream)
    _, expected, _ = os.path.basename(path).removesuffix(".json").split(".")
    facts = read(write_tree(tmp_path / "root", capture))
    assert summary(decide_answer(facts)) == expected
    remarked = {code for code, _ in diagnose(facts)}
    assert bool(remarked) == ((expected == "nothing" and bool(facts.place)) or is_remarkable(path))


def is_remarkable(path: str) -> bool:
    """Machines that get an answer and have something to report as well."""
    name = os.path.basename(path).partition(".")[0]
    return name in {
        "mixed-hopper-ada-turing",
        "lost-gpu",
        "jetson-orin-jetpack5",
        "compute-only-container",
        "geforce-with-cuda-compat",
        "smi-only",
    }


@pytest.mark.parametrize("path", CAPTURES, ids=os.path.basename)
def test_the_command_line_reads_a_capture_below_a_directory(
    path: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with open(path, encoding="utf-8") as stream:
        root = write_tree(tmp_path / "root", json.load(stream))
    assert main(["--json", "--root", root, "--why-not", "sm_arch :: 159_real"]) == 0
    report = json.loads(capsys.readouterr().out)
    answer = [(feature["name"], feature["values"], feature["multi_value"]) for feature in report["features"]]
    assert summary(answer) == os.path.basename(path).split(".")[1]
    assert report["why_not"][0]["reason"]


@needs_compiler
@pytest.mark.parametrize(
    "stub", [{"GPUS": "8.9,7.5"}, {"GPUS": "9.0,15@handle"}, {"RC_nvmlInitWithFlags": "18"}], ids=str
)
def test_what_was_read_on_a_live_machine_answers_the_same_as_a_capture(tmp_path: Path, stub: dict[str, str]) -> None:
    add_file(tmp_path / "live", VERSION_FILE, MODULE.format("550.54.14"))
    add_nvml(tmp_path / "lib")
    add_libcuda(tmp_path / "lib")
    live = ask_machine(tmp_path / "live", tmp_path / "lib", stub)
    capture = {"/" + VERSION_FILE: MODULE.format("550.54.14")}
    capture.update({"/reports/" + name: text for name, text in live.reports.items()})
    facts = read(write_tree(tmp_path / "captured", capture))
    assert {name: values for name, values, _ in decide_answer(facts)} == live.features
    assert dict(diagnose(facts)) == live.diagnostics
