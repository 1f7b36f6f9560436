"""`diff`: what changed between two wheels, and whether it is data alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from support.hostile_wheels import sentinel_provider
from support.table_wheels import PACKAGE, acme_wheel, tables_of
from variantkit_allowlist import cli
from variantkit_allowlist.cli.world import World

if TYPE_CHECKING:
    from pathlib import Path

NEWER = ('("g2", "g1")', '("g3", "g2", "g1")')


def two(tmp_path: Path, before: str = NEWER[0], after: str = NEWER[1]) -> list[str]:
    return [acme_wheel(tmp_path, "1.0"), acme_wheel(tmp_path, "1.1", tables=tables_of("1.1").replace(before, after))]


def test_without_run_a_change_of_data_is_undetermined(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["diff", *two(tmp_path)]) == 3
    assert "data only: undetermined: nobody asked both wheels for get_all_configs" in capsys.readouterr().out
    assert cli.main(["diff", *two(tmp_path), "--json"]) == 3
    assert json.loads(capsys.readouterr().out)["data_only"] == "undetermined"


def test_with_run_both_are_asked_and_it_says_that_it_runs_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["diff", *two(tmp_path), "--run"]) == 0
    printed = capsys.readouterr()
    assert "data only: yes" in printed.out
    assert '+GENERATIONS = ("g3", "g2", "g1")' in printed.out
    assert "running the code of acme_variant_provider-1.0-py3-none-any.whl and " in printed.err


@pytest.mark.parametrize(
    ("after", "reason"),
    [
        ('("g3", "g2")', "generation: get_all_configs no longer lists g1"),
        ('("g1", "g2")', "generation: get_all_configs lists its values in another order"),
    ],
)
def test_with_run_a_catalogue_that_does_not_only_grow_is_told(
    after: str, reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["diff", *two(tmp_path, NEWER[0], after), "--run", "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["data_only"] is False
    assert document["reasons"] == [reason]


def test_run_is_refused_in_no_exec_mode(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sentinel = tmp_path / "trace"
    wheel = sentinel_provider(tmp_path, "acme-variant-provider", "1.0", sentinel)
    world = World(environ={"VARIANTKIT_NO_EXEC": "1"})
    assert cli.main(["diff", wheel, wheel, "--run"], world) == 1
    assert "VARIANTKIT_NO_EXEC" in capsys.readouterr().err
    assert not sentinel.exists()


def test_run_needs_an_endpoint(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = f"{PACKAGE}-1.0.dist-info/entry_points.txt"
    wheel = acme_wheel(tmp_path, files={name: None})
    assert cli.main(["diff", wheel, wheel, "--run"]) == 2
    assert "--endpoint" in capsys.readouterr().err
    assert cli.main(["diff", wheel, wheel, "--run", "--endpoint", PACKAGE]) == 0


def test_what_changed_is_told_capabilities_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files: dict[str, str | bytes | None] = {f"{PACKAGE}/run.py": "import socket\n"}
    assert cli.main(["diff", acme_wheel(tmp_path, "1.0"), acme_wheel(tmp_path, "1.1", files=files)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[1:3] == ["gained:", f"  network: imports socket ({PACKAGE}/run.py:1)"]
    assert lines.index("lost: no capability, no name") < lines.index(
        "data only: no, the whole change has to be reviewed:"
    )
    order = [lines.index(title) for title in ("code:", "tables:", "metadata:", "other files: unchanged")]
    assert order == sorted(order)
    assert "    +import socket" in lines


def test_the_same_bytes_are_identical(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wheel = acme_wheel(tmp_path)
    assert cli.main(["diff", wheel, wheel]) == 0
    assert "identical: the same bytes" in capsys.readouterr().out


def test_attack_38_a_program_in_a_table_is_no_data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["diff", *two(tmp_path, '["acme-smi"]', '["acme-smi", "sh"]'), "--run"]) == 1
    assert "in it names a program" in capsys.readouterr().out


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["diff", acme_wheel(tmp_path), str(tmp_path / "none.whl")]) == 2
    assert "cannot be read" in capsys.readouterr().err
