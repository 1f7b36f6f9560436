"""The laws as tests of a vendor's own project."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from support.laboratory import METADATA, make_subject
from support.providers import PLUGIN as PROVIDER
from variantkit.conformance import LAWS

if TYPE_CHECKING:
    from pathlib import Path

PLUGIN = "variantkit.conformance.pytest_plugin"


def run_pytest(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    return subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False, env=environ)


def test_every_law_is_a_test(tmp_path: Path) -> None:
    wheel = make_subject(tmp_path, PROVIDER)
    done = run_pytest(tmp_path, "-p", PLUGIN, "--provider-wheel", wheel)
    assert done.returncode == 0, done.stdout
    assert f"{len(LAWS)} passed" in done.stdout


def test_a_broken_law_fails_and_shows_the_finding_alone(tmp_path: Path) -> None:
    wheel = make_subject(tmp_path, PROVIDER + "def get_all_configs(): return [Feature('a', [])]\n")
    done = run_pytest(tmp_path, "-p", PLUGIN, "--provider-wheel", wheel, "--provider-deadline", "3")
    assert done.returncode == 1
    assert "- get_all_configs: feature 'a' has no valid value on 'this', 'absent'" in done.stdout
    assert f"1 failed, {len(LAWS) - 1} passed" in done.stdout
    assert "pytest_plugin.py" not in done.stdout


def test_a_law_of_severity_warning_warns(tmp_path: Path) -> None:
    wheel = make_subject(tmp_path, PROVIDER, metadata=METADATA.replace("Requires-Python: >=3.9\n", ""))
    options = ["-p", PLUGIN, "--provider-wheel", wheel, "--provider-deadline", "3", "-k", "requires-python"]
    assert "1 passed" in (said := run_pytest(tmp_path, *options).stdout)
    assert "1 warning" in said


def test_a_project_asks_for_the_laws_in_its_settings(tmp_path: Path) -> None:
    make_subject(tmp_path, PROVIDER)
    (tmp_path / "conftest.py").write_text(f"pytest_plugins = [{PLUGIN!r}]\n")
    settings = "provider_wheel = .\nprovider_deadline = 3\nfilterwarnings =\n    error\n"
    (tmp_path / "pytest.ini").write_text(
        f"[pytest]\n{settings}    default::variantkit.conformance.ConformanceWarning\n"
    )
    (tmp_path / "test_own.py").write_text("def test_own():\n    pass\n")
    done = run_pytest(tmp_path)
    assert done.returncode == 0, done.stdout
    assert f"{len(LAWS) + 1} passed" in done.stdout


def test_warnings_that_are_errors_fail_and_one_setting_keeps_them_warnings(tmp_path: Path) -> None:
    wheel = make_subject(tmp_path, PROVIDER, metadata=METADATA.replace("Requires-Python: >=3.9\n", ""))
    options = ["-p", PLUGIN, "--provider-wheel", wheel, "-k", "requires-python", "-W", "error"]
    failed = run_pytest(tmp_path, *options)
    assert failed.returncode == 1
    assert "- METADATA has no Requires-Python" in failed.stdout
    assert "Traceback" not in failed.stdout
    kept = run_pytest(tmp_path, *options, "-W", "default::variantkit.conformance.ConformanceWarning")
    assert (kept.returncode, "1 warning" in kept.stdout) == (0, True)


@pytest.mark.parametrize("options", [[], ["--provider-wheel", "none.whl"]], ids=["no wheel", "no such wheel"])
def test_without_a_wheel_nothing_passes_by_itself(tmp_path: Path, options: list[str]) -> None:
    done = run_pytest(tmp_path, "-p", PLUGIN, *options)
    assert not re.search(r"\d passed", done.stdout)
    assert done.returncode == (1 if options else pytest.ExitCode.NO_TESTS_COLLECTED)
