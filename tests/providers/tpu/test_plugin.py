"""The TPU package as the plugin that other tools load, and as a program."""

from __future__ import annotations

import json
import re
import sys
from typing import TYPE_CHECKING

import tpu_variant_provider as provider
from support.interpreters import INTERPRETERS, run_alone
from support.trees import write_tree
from tpu_variant_provider.__main__ import main
from tpu_variant_provider._tables import FORCE_PRESENT

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

V5E = {
    "/sys/bus/pci/devices/": "0000:00:00.0\n0000:00:05.0\n",
    "/sys/bus/pci/devices/0000:00:00.0/vendor": "0x8086\n",
    "/sys/bus/pci/devices/0000:00:05.0/device": "0x0063\n",
    "/sys/bus/pci/devices/0000:00:05.0/vendor": "0x1ae0\n",
}


def report_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, list[dict[str, object]]]:
    assert main([*arguments, "--json"]) == 0
    report: dict[str, list[dict[str, object]]] = json.loads(capsys.readouterr().out)
    return report


def test_names_and_values_keep_to_the_grammar() -> None:
    configs = provider.get_all_configs()
    assert [config.name for config in configs] == ["present", "generation"]
    assert all(re.fullmatch(r"[a-z0-9_.]+", value) for config in configs for value in config.values)


def test_an_empty_variable_reaches_the_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FORCE_PRESENT, "")
    assert [config.values for config in provider.get_supported_configs()] == [["false"]]
    assert [code for code, _ in provider.get_diagnostics()] == ["override-means-absent"]


def test_every_interpreter_answers_with_nothing_heavy_imported_and_nothing_printed() -> None:
    code = (
        "import tpu_variant_provider as p; before = set(sys.modules); a = p.get_supported_configs(); "
        "print(a, p.get_all_configs(), p.get_diagnostics(), [name for name in "
        "'dataclasses typing re subprocess pathlib enum json logging ctypes os'.split() if name in sys.modules])"
    )
    answers = {run_alone(python, provider, code) for python in INTERPRETERS}
    assert len(answers) == 1
    assert answers.pop().endswith("[]\n")


def test_a_capture_answers_under_a_root(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    report = report_of(capsys, "--root", str(write_tree(tmp_path, V5E)), "--why-not", "v4")
    assert report["features"] == [
        {"name": "present", "values": ["true"], "multi_value": False},
        {"name": "generation", "values": ["v5e"], "multi_value": False},
    ]
    assert {row["path"]: row["characters"] for row in report["sources"]} == {
        path: len(text) for path, text in V5E.items()
    }
    (reason,) = report["why_not"]
    assert reason["property"] == "tpu :: generation :: v4"
    assert reason["supported"] is False


def test_what_was_read_is_enough_to_answer_again(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    provider.get_supported_configs()
    evidence = dict(provider.get_evidence())
    root = write_tree(tmp_path, evidence)
    code = "from tpu_variant_provider.__main__ import main; main"
    here = run_alone(sys.executable, provider, f"{code}(['--json'])")
    there = run_alone(sys.executable, provider, f"{code}(['--json', '--root', {str(root)!r}])")
    assert json.loads(there)["features"] == json.loads(here)["features"]


def test_a_report_in_words(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["--root", str(write_tree(tmp_path, V5E))]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "tpu: 0x0063 v5e  [/sys/bus/pci/devices/0000:00:05.0]",
        "tpu :: present :: true",
        "tpu :: generation :: v5e",
    ]
