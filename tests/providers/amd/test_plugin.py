"""The AMD package as the plugin that other tools load, and as a program."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import amd_variant_provider as provider
from amd_variant_provider.__main__ import main
from amd_variant_provider._tables import FORCE_ARCH, FORCE_ROCM, NODES, VARIABLES
from support.interpreters import INTERPRETERS, run_alone
from support.trees import write_tree

if TYPE_CHECKING:
    from pathlib import Path

MACHINE = {
    "/dev/kfd": "",
    f"{NODES}/": "0\n1\n",
    f"{NODES}/0/properties": "cpu_cores_count 96\nsimd_count 0\n",
    f"{NODES}/1/properties": "simd_count 1216\nsimd_per_cu 4\ngfx_target_version 90402\n",
    "/opt/rocm/.info/version": "7.0.2-56\n",
}


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


def report_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, list[dict[str, object]]]:
    assert main([*arguments, "--json"]) == 0
    report: dict[str, list[dict[str, object]]] = json.loads(capsys.readouterr().out)
    return report


def test_every_interpreter_answers_with_nothing_heavy_imported_and_nothing_printed() -> None:
    code = (
        "import amd_variant_provider as p; a = p.get_supported_configs(); "
        "print(a, p.get_all_configs(), p.get_diagnostics(), [name for name in "
        "'dataclasses typing re subprocess pathlib enum json logging ctypes os'.split() if name in sys.modules])"
    )
    answers = {
        run_alone(python, provider, code, **{FORCE_ARCH: "gfx942,gfx90a", FORCE_ROCM: "6.3"}) for python in INTERPRETERS
    }
    assert len(answers) == 1
    assert answers.pop().endswith("[]\n")


def test_a_capture_answers_under_a_root(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    report = report_of(capsys, "--root", str(write_tree(tmp_path, MACHINE)), "--why-not", "gfx90a")
    assert report["features"] == [
        {"name": "gfx_arch", "values": ["gfx942", "gfx9_4_generic"], "multi_value": True},
        {"name": "rocm_version", "values": ["7.0"], "multi_value": False},
    ]
    assert {row["path"] for row in report["sources"]} == set(MACHINE)
    assert report["why_not"] == [
        {
            "property": "amd :: gfx_arch :: gfx90a",
            "supported": False,
            "reason": f"The GPUs here are gfx942, says {NODES}/1.",
        }
    ]


def test_what_was_read_is_enough_to_answer_again(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    provider.get_supported_configs()
    root = write_tree(tmp_path, dict(provider.get_evidence()))
    assert report_of(capsys, "--root", str(root))["features"] == report_of(capsys)["features"]


def test_a_report_in_words(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["--root", str(write_tree(tmp_path, MACHINE))]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"gpu: gfx942, 304 compute units, discrete  [{NODES}/1]",
        "rocm: 7.0  [/opt/rocm/.info/version]",
        "amd :: gfx_arch :: gfx942, gfx9_4_generic",
        "amd :: rocm_version :: 7.0",
    ]


def test_a_machine_without_the_hardware_costs_a_few_looks_at_the_file_system(tmp_path: Path) -> None:
    """No more than seven directories or files are tried, and no child is started."""
    from amd_variant_provider import _machine
    from amd_variant_provider._probe import probe_machine

    tried: list[str] = []

    class Counting(_machine.Machine):
        def _below(self, path: str) -> str:
            tried.append(path)
            return super()._below(path)

    evidence = probe_machine(Counting(str(tmp_path), live=True), {}, "linux")
    assert len(tried) <= 7, tried
    assert (evidence.nodes, evidence.reports) == ([], [])
