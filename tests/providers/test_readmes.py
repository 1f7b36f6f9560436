"""What the READMEs of all providers say, and how: one order, and nothing that the code does otherwise."""

from __future__ import annotations

import ast
import importlib
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from support.first_party import FIRST_PARTY, PROVIDERS

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

HEADINGS = [
    "What it answers",
    "Where the answer comes from",
    "Overrides",
    "When something is wrong",
    "Asking by hand",
    "As a plugin",
]
STATIC = {"blas", "openmp"}
DYNAMIC = [folder for folder in FIRST_PARTY if folder not in STATIC]

# Words with a dash that are no diagnostics: reports, programs, names of things, beginnings.
OTHER_WORDS = {
    *("utf-8", "npu-smi", "nvidia-smi", "smi-gpus", "smi-mapping", "smi-version", "level-zero", "processor-features"),
    *("cann-", "core-", "driver-"),
}
SHORT_CODES = {"disabled", "undetermined", "unreadable"}
SHARED = {"_machine", "_child", "__main__"}

UV_EMULATES = {"x86_64": "0.2.1", "aarch64": "0.2.0", "nvidia": "0.0.1", "tpu": "0.1.0"}
"""The versions that uv 0.13 answers as by itself: a `requires` that leaves them out makes uv skip the build."""

every = pytest.mark.parametrize("folder", FIRST_PARTY)
detecting = pytest.mark.parametrize("folder", DYNAMIC)


def read(folder: str, name: str) -> str:
    return Path(PROVIDERS, folder, name).read_text(encoding="utf-8")


def section(folder: str, title: str) -> str:
    return read(folder, "README.md").partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def column(folder: str, title: str, number: int) -> list[str]:
    """The words in backticks of one column of a section's first table."""
    rows = [line.split(" | ") for line in section(folder, title).split("\n") if line.startswith("| ")][1:]
    return [word for row in rows for word in re.findall("`([^`]+)`", row[number])]


def package_of(folder: str) -> Path:
    file = importlib.import_module(FIRST_PARTY[folder].package).__file__
    assert file
    return Path(file).parent


def variables_of(folder: str) -> set[str]:
    tables = importlib.import_module(f"{FIRST_PARTY[folder].package}._tables")
    return set(getattr(tables, "VARIABLES", ()))


def codes_of(folder: str) -> set[str]:
    """Every constant in the provider's own modules that has the look of a code."""
    words = set()
    for path in package_of(folder).glob("*.py"):
        if path.stem not in SHARED:
            tree = ast.parse(path.read_text(encoding="utf-8"))
            words |= {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    texts = {word for word in words if isinstance(word, str)}
    dashed = {word for word in texts if "-" in word and re.fullmatch("[a-z][a-z0-9-]*", word)}
    return (dashed - OTHER_WORDS) | (texts & SHORT_CODES)


def project(folder: str) -> dict[str, Any]:
    table: dict[str, Any] = tomllib.loads(read(folder, "pyproject.toml"))["project"]
    return table


@every
def test_the_sections_are_the_same_in_the_same_order(folder: str) -> None:
    text = re.sub("```.*?```", "", read(folder, "README.md"), flags=re.DOTALL)
    assert re.findall("^## (.*)$", text, re.MULTILINE) == HEADINGS
    assert text.startswith(
        f"# {project(folder)['name']}\n\nAnswers for namespace `{FIRST_PARTY[folder].namespace}` of "
    )


@every
def test_the_overrides_are_those_of_the_code(folder: str) -> None:
    assert set(column(folder, "Overrides", 0)) == variables_of(folder)
    named = set(re.findall("[A-Z0-9_]+_VARIANT_PROVIDER_[A-Z_]+", read(folder, "README.md")))
    assert named - variables_of(folder) <= {"AMD_VARIANT_PROVIDER_LOGLEVEL"}
    assert folder not in STATIC or section(folder, "Overrides").strip() == "None."


@every
def test_every_diagnostic_is_named_and_none_besides(folder: str) -> None:
    assert set(column(folder, "When something is wrong", -1)) == codes_of(folder)


def run_module(folder: str, *arguments: str, **variables: str) -> str:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **variables}
    command = [sys.executable, "-m", FIRST_PARTY[folder].package, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, ""), (command, done.stderr)
    return done.stdout


@detecting
def test_an_override_that_makes_no_sense_is_said_and_changes_nothing(folder: str, tmp_path: Path) -> None:
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports/interpreter").write_text("aarch64 linux\n" if folder == "aarch64" else "x86_64\n")
    without = json.loads(run_module(folder, "--json", "--root", str(tmp_path)))
    for name in variables_of(folder) - {"TPU_VARIANT_PROVIDER_FORCE_PRESENT"}:
        report = json.loads(run_module(folder, "--json", "--root", str(tmp_path), **{name: "?!"}))
        said = [row["message"] for row in report["diagnostics"] if row["code"] == "override-ignored"]
        assert any(message.startswith(name) for message in said), name
        assert report["features"] == without["features"], name
        empty = json.loads(run_module(folder, "--json", "--root", str(tmp_path), **{name: ""}))
        assert {key: empty[key] for key in ("features", "diagnostics")} == {
            key: without[key] for key in ("features", "diagnostics")
        }


@every
def test_the_commands_work(folder: str, tmp_path: Path) -> None:
    (block,) = re.findall("```\n(.*?)```", section(folder, "Asking by hand"), re.DOTALL)
    commands = [shlex.split(line, comments=True) for line in block.strip().split("\n")]
    assert [command[3:4] for command in commands] == [[], ["--json"], ["--why-not"], ["--root"]]
    for command in commands:
        assert command[:3] == ["python", "-m", FIRST_PARTY[folder].package]
        assert run_module(folder, *[str(tmp_path) if word == "DIR" else word for word in command[3:]])


@every
def test_what_a_project_writes_is_what_loads(folder: str) -> None:
    provider, version = FIRST_PARTY[folder], Version(project(folder)["version"])
    blocks = [
        tomllib.loads(text) for text in re.findall("```toml\n(.*?)```", section(folder, "As a plugin"), re.DOTALL)
    ]
    assert blocks
    for block in blocks:
        ((namespace, entry),) = block["variant"]["providers"].items()
        assert namespace == provider.namespace
        (text,) = entry["build-requires" if folder in STATIC else "requires"]
        requirement = Requirement(text)
        assert (requirement.name, requirement.marker, requirement.extras) == (project(folder)["name"], None, set())
        assert requirement.specifier.contains(version)
        assert requirement.specifier.contains(UV_EMULATES.get(folder, str(version)))
        module, _, name = entry.get("plugin-api", provider.package).partition(":")
        loaded = importlib.import_module(module)
        assert (getattr(loaded, name) if name else loaded).get_all_configs()


@every
def test_the_changelog_begins_with_the_version_that_is_published(folder: str) -> None:
    assert re.findall("^## (.*)$", read(folder, "CHANGELOG.md"), re.MULTILINE)[0] == project(folder)["version"]
