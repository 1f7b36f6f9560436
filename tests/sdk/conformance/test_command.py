"""`variantkit provider check`, as it is typed."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import pytest

from support.laboratory import METADATA, make_subject
from support.providers import MODULE, PLUGIN
from variantkit.cli.main import main
from variantkit.conformance.interpreters import Interpreter

if TYPE_CHECKING:
    from pathlib import Path

CHECK = ["provider", "check", "--python", sys.executable, "--deadline", "3", "--start-ratio", "0"]

BACKEND = """\
import os, shutil
def get_requires_for_build_wheel(settings=None):
    return []
def build_wheel(out, settings=None, metadata=None):
    name = os.path.basename(os.environ["BUILT_WHEEL"])
    return os.path.basename(shutil.copy(os.environ["BUILT_WHEEL"], os.path.join(out, name)))
"""
PROJECT = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'

VARIANTS = {
    "$schema": "https://variants-schema.wheelnext.dev/peps/850/v0.2.0.json",
    "default-priorities": {"namespace": ["example"]},
    "providers": {"example": {"requires": ["example-variant-provider"]}},
    "variants": {
        "v1": {"example": {"level": ["v1"]}},
        "v2": {"example": {"level": ["v2"]}},
        "v3": {"example": {"level": ["v3"]}},
        "null": {},
    },
}


@pytest.fixture
def wheel(tmp_path: Path) -> str:
    return make_subject(tmp_path, PLUGIN)


def read_json(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_a_provider_that_conforms_is_0_and_one_line(wheel: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*CHECK, wheel]) == 0
    said = capsys.readouterr()
    assert said.out.startswith(f"example-variant-provider 1.0 ({MODULE}): conforms; ")
    assert said.err == f"variantkit: running the code of {wheel} in child processes of this user, without a sandbox\n"


def test_one_that_breaks_a_law_is_1_and_says_how_to_keep_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wheel = make_subject(tmp_path, PLUGIN + "print('\\x1b[31mhello')\n")
    junit = tmp_path / "report.xml"
    assert main([*CHECK, wheel, "--junit", str(junit)]) == 1
    said = capsys.readouterr().out
    assert said.startswith("error prints: Nothing goes to standard output or error.")
    assert "\n  fix: use get_diagnostics\n" in said
    assert "\x1b" not in said
    assert ElementTree.parse(junit).getroot()[0].get("failures") == "1"


def test_a_warning_fails_only_when_strict(tmp_path: Path) -> None:
    wheel = make_subject(tmp_path, PLUGIN, metadata=METADATA.replace("Requires-Python: >=3.9\n", ""))
    assert main([*CHECK, wheel]) == 0
    assert main([*CHECK, wheel, "--strict"]) == 1


def test_json_is_one_object_with_what_to_grant(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wheel = make_subject(tmp_path)
    assert main([*CHECK, wheel, "--json", "--propose-needs"]) == 0
    found = read_json(capsys)
    assert (found["schema"], found["passed"], found["namespace"]) == ("variantkit.conformance/1", True, "example")
    assert found["needs"]["programs"] == ["/usr/bin/example-smi"]
    assert {need["place"].rpartition(" ")[2] for need in found["wanted"]} == {
        "_kinds",
        "_read",
        "_ask_child",
        "_ask_tool",
    }


def test_propose_needs_prints_the_block_to_paste(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wheel = make_subject(tmp_path)
    assert main([*CHECK, wheel, "--propose-needs"]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("[providers.needs]\n")
    assert f'  "libexample.so.1",  # {MODULE}/__init__.py:' in said.out
    assert "conforms" in said.err


def test_what_propose_needs_prints_is_a_file_for_needs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wheel = make_subject(tmp_path)
    assert main([*CHECK, wheel, "--propose-needs"]) == 0
    needs = tmp_path / "needs.toml"
    needs.write_text(capsys.readouterr().out)
    assert main([*CHECK, wheel, "--needs", str(needs)]) == 0


def test_select_takes_a_release_with_this_provider_alone(
    tmp_path: Path, wheel: str, capsys: pytest.CaptureFixture[str]
) -> None:
    release = tmp_path / "x-1-variants.json"
    release.write_text(json.dumps(VARIANTS))
    assert main([*CHECK, wheel, "--select", str(release), "--json"]) == 0
    assert read_json(capsys)["selection"]["labels"] == ["v2", "v1", "null"]
    assert main([*CHECK, wheel, "--select", str(release)]) == 0
    assert "\nwith example alone: v2\n  v2\n  v1\n  null\n  not v3: unsupported-property\n" in capsys.readouterr().out


def test_nothing_compatible_is_1(tmp_path: Path, wheel: str) -> None:
    release = tmp_path / "x-1-variants.json"
    release.write_text(json.dumps({**VARIANTS, "variants": {"v3": {"example": {"level": ["v3"]}}}}))
    assert main([*CHECK, wheel, "--select", str(release)]) == 1


def test_a_machine_of_ones_own_is_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wheel = make_subject(tmp_path)
    machine = tmp_path / "one-card.json"
    machine.write_text(json.dumps({"files": {"/sys/class/example/card0/kind": "narf\n"}}))
    assert main([*CHECK, wheel, "--machine", str(machine), "--json"]) == 0
    statuses = {run["name"]: run["status"] for run in read_json(capsys)["machines"]}
    assert (statuses["this"], statuses["one-card.json"]) == ("absent", "present")


@pytest.mark.parametrize(
    ("argument", "words"),
    [
        ("https://index.example/x.whl", "expected a local wheel or directory, found a URL; download it first"),
        ("acme-variant-provider", "found nothing there; no package is fetched by name"),
        ("{tmp}/notes.txt", "expected a wheel (.whl) or a directory, found another file"),
        ("{tmp}/empty", "expected a project with pyproject.toml or a directory with one wheel, found no wheel"),
        ("{tmp}/two", "a directory with one wheel, found a.whl, b.whl"),
        ("{tmp}/broken.whl", "expected a wheel, found a broken zip archive"),
    ],
)
def test_attack_35_what_is_no_local_wheel_is_refused_in_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], argument: str, words: str
) -> None:
    for name in ("empty", "two"):
        (tmp_path / name).mkdir()
    for name in ("notes.txt", "broken.whl", "two/a.whl", "two/b.whl"):
        (tmp_path / name).write_text("x")
    assert main([*CHECK, argument.format(tmp=tmp_path)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert words in said.err.splitlines()[-1]


@pytest.mark.parametrize("how", ["option", "variable"])
def test_attack_35_no_exec_mode_refuses(
    wheel: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    if how == "variable":
        monkeypatch.setenv("VARIANTKIT_NO_EXEC", "1")
    assert main([*CHECK, wheel, *(["--no-exec"] if how == "option" else [])]) == 1
    said = capsys.readouterr()
    assert said.err == f"variantkit: {wheel}: checking a provider runs it, and no provider runs in no-exec mode\n"
    assert said.out == ""


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--deadline", "0"], "expected 0.1 to 600 seconds"),
        (["--machine", "{tmp}/none.json"], "cannot be read as JSON"),
        (["--select", "{tmp}/none.json"], "--select {tmp}/none.json: cannot be read: No such file"),
        (["--junit", "{tmp}/none/report.xml"], "cannot be written: No such file"),
    ],
)
def test_wrong_usage_is_2_and_a_sentence(
    tmp_path: Path, wheel: str, capsys: pytest.CaptureFixture[str], options: list[str], words: str
) -> None:
    assert main([*CHECK, wheel, *(option.format(tmp=tmp_path) for option in options)]) == 2
    assert words.format(tmp=tmp_path) in capsys.readouterr().err


def test_a_directory_with_one_wheel_is_that_wheel(wheel: str) -> None:
    assert main([*CHECK, os.path.dirname(wheel)]) == 0


def test_a_project_is_built_by_its_own_backend(
    tmp_path: Path, wheel: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "pyproject.toml").write_text(PROJECT)
    (project / "backend.py").write_text(BACKEND)
    monkeypatch.setenv("BUILT_WHEEL", wheel)
    assert main([*CHECK, str(project)]) == 0
    assert f"variantkit: building {project} with backend, which is installed here\n" in capsys.readouterr().err
    assert sorted(os.listdir(project)) in (
        ["backend.py", "pyproject.toml"],
        ["__pycache__", "backend.py", "pyproject.toml"],
    )


def test_a_project_that_cannot_be_built_is_3(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    (tmp_path / "backend.py").write_text("def build_wheel(out):\n    raise OSError('no compiler')\n")
    monkeypatch.setattr("variantkit.conformance.building._frontends", lambda out: {})
    assert main([*CHECK, str(tmp_path)]) == 3
    assert "its wheel could not be built (OSError: no compiler); build it yourself" in capsys.readouterr().err


def test_an_interpreter_that_starts_no_child_is_3(
    wheel: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = [Interpreter("3.11.7", "/nonexistent/python")]
    monkeypatch.setattr("variantkit.conformance.check.find_interpreters", lambda named, requires: gone)
    assert main(["provider", "check", wheel]) == 3
    assert "/nonexistent/python: the child could not be started: " in capsys.readouterr().err
