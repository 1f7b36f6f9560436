"""Known machines, replayed: what was read of one answers again, through the module and through its command."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.trees import write_tree

if TYPE_CHECKING:
    from collections.abc import Mapping

HERE = Path(__file__).parent
MACHINES = [(name, path) for name in ("ascend", "intel") for path in sorted(HERE.glob(f"{name}/captures/*.json"))]
each = pytest.mark.parametrize(("name", "path"), MACHINES, ids=lambda part: getattr(part, "stem", part))

Answer = list[tuple[str, list[str], bool]]


def read(name: str, root: Path, capture: Mapping[str, str]) -> tuple[list[tuple[str, str]], Answer]:
    """What the provider reads of a capture written out below `root`, and what it answers."""
    package = f"{name}_variant_provider"
    machine = importlib.import_module(f"{package}._machine").Machine(str(write_tree(root, capture)))
    evidence = importlib.import_module(f"{package}._probe").probe_machine(machine, {})
    facts = importlib.import_module(f"{package}._parse").parse_facts(evidence, {})
    answer: Answer = importlib.import_module(f"{package}._rules").decide_answer(facts)
    return machine.sources, answer


@each
def test_what_was_read_of_a_machine_answers_again(name: str, path: Path, tmp_path: Path) -> None:
    first = read(name, tmp_path / "first", json.loads(path.read_text(encoding="utf-8")))
    assert read(name, tmp_path / "second", dict(first[0])) == first


@each
def test_the_command_reads_a_capture_below_a_directory(
    name: str, path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    provider = importlib.import_module(f"{name}_variant_provider")
    main = importlib.import_module(f"{name}_variant_provider.__main__").main
    _, answer = read(name, tmp_path, json.loads(path.read_text(encoding="utf-8")))
    first = provider.get_all_configs()[0]
    value = first.values[-1]
    assert main(["--root", str(tmp_path), "--json", "--why-not", f"{name} :: {first.name} :: {value}"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert [(feature["name"], feature["values"], feature["multi_value"]) for feature in report["features"]] == answer
    (reason,) = report["why_not"]
    assert reason["supported"] is (value in {feature: values for feature, values, _ in answer}.get(first.name, []))
    assert reason["reason"].endswith(".") is not reason["supported"]
    assert main(["--root", str(tmp_path)]) == 0
    assert name in capsys.readouterr().out
