"""The verbs `wheel` and `index`, as they are typed."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from support.wheels import make_wheel
from variantkit.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

PROJECT = """
[variant.default-priorities]
namespace = ["blas"]

[variant.providers.blas]
static-properties = {library = ["mkl", "openblas"]}

[variant.variants.mkl]
blas.library = ["mkl"]

[variant.variants.openblas]
blas.library = ["openblas"]
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project's directory with its pyproject.toml and a plain wheel in `dist`; the commands run in it."""
    (tmp_path / "dist").mkdir()
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    make_wheel(tmp_path / "dist", "foo", requires=["bar>=1"])
    monkeypatch.chdir(tmp_path)
    return tmp_path


PLAIN = "dist/foo-1.0-py3-none-any.whl"
MKL = "dist/foo-1.0-py3-none-any-mkl.whl"


def read_json(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_a_label_of_the_project_brings_its_properties(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["wheel", "label", PLAIN, "--label", "mkl"]) == 0
    assert capsys.readouterr().out == f"{MKL}\n"
    assert main(["wheel", "show", MKL, "--json"]) == 0
    found = read_json(capsys)
    assert (found["schema"], found["label"]) == ("variantkit.wheel/1", "mkl")
    assert found["properties"] == ["blas :: library :: mkl"]
    assert found["requires_dist"] == ["bar>=1"]
    static = [{"name": "library", "values": ["mkl", "openblas"]}]
    assert found["providers"] == {"blas": {"optional": False, "static": static}}


def test_properties_may_be_given(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "pyproject.toml").write_text(PROJECT.partition("[variant.variants")[0])
    wanted = ["--property", "blas::library::mkl", "--property", "blas :: library :: openblas"]
    assert main(["wheel", "label", PLAIN, "--label", "any_blas", *wanted, "-o", "out"]) == 0
    assert main(["wheel", "show", "out/foo-1.0-py3-none-any-any_blas.whl", "--json"]) == 0
    shown = capsys.readouterr().out.partition("\n")[2]
    assert json.loads(shown)["properties"] == ["blas :: library :: mkl", "blas :: library :: openblas"]


def test_all_makes_one_wheel_for_each_label(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["wheel", "label", PLAIN, "--all", "-o", "house", "--json"]) == 0
    found = read_json(capsys)
    assert found["schema"] == "variantkit.wheels/1"
    assert [wheel["path"] for wheel in found["wheels"]] == [
        "house/foo-1.0-py3-none-any-mkl.whl",
        "house/foo-1.0-py3-none-any-openblas.whl",
    ]


def test_the_null_label_needs_no_entry(project: Path) -> None:
    assert main(["wheel", "label", PLAIN, "--label", "null", "-o", "house"]) == 0
    assert os.listdir("house") == ["foo-1.0-py3-none-any-null.whl"]


def test_unlabel_gives_the_plain_wheel_back(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["wheel", "label", PLAIN, "--label", "mkl"])
    capsys.readouterr()
    assert main(["wheel", "unlabel", MKL, "-o", "plain"]) == 0
    assert capsys.readouterr().out == "plain/foo-1.0-py3-none-any.whl\n"
    assert (project / "plain" / "foo-1.0-py3-none-any.whl").read_bytes() == (project / PLAIN).read_bytes()


def test_show_tells_the_variant_in_lines(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["wheel", "label", PLAIN, "--label", "mkl"])
    capsys.readouterr()
    assert main(["wheel", "show", MKL]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:6] == [
        "wheel:     foo-1.0-py3-none-any-mkl.whl",
        "label:     mkl",
        "property:  blas :: library :: mkl",
        "provider:  blas: static, library mkl openblas",
        "tags:      py3-none-any",
        "requires:  bar>=1",
    ]


def test_show_of_a_wheel_that_contradicts_itself_is_a_no(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["wheel", "label", PLAIN, "--label", "mkl"])
    os.rename(MKL, "dist/foo-1.0-py3-none-any-openblas.whl")
    capsys.readouterr()
    assert main(["wheel", "show", "dist/foo-1.0-py3-none-any-openblas.whl"]) == 1
    found = capsys.readouterr().out
    assert "problem:   its name has the label 'openblas', but variant.json describes 'mkl'" in found


def test_show_makes_escape_sequences_of_a_wheel_harmless(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = make_wheel(tmp_path, "foo", requires=["bar; extra == '\x1b[31m\u202e'"])
    main(["wheel", "show", path])
    found = capsys.readouterr().out
    assert "\x1b" not in found
    assert "\u202e" not in found
    assert "requires:  bar" in found


def test_index_counts_and_writes_only_what_changed(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["wheel", "label", PLAIN, "--all"])
    capsys.readouterr()
    assert main(["index", "dist"]) == 0
    first = capsys.readouterr().out
    assert first == "dist: 1 project(s), 3 wheel(s), 1 variants.json; 8 file(s) written\n  foo-1.0-variants.json\n"
    assert main(["index", "dist", "--json"]) == 0
    found = read_json(capsys)
    assert (found["schema"], found["projects"], found["written"]) == ("variantkit.index/1", ["foo"], [])


def test_index_tells_what_it_removed_and_what_is_stale(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_wheel(project / "dist", "bar")
    main(["wheel", "label", PLAIN, "--label", "mkl"])
    main(["index", "dist"])
    os.unlink(MKL)
    os.unlink("dist/bar-1.0-py3-none-any.whl")
    capsys.readouterr()
    assert main(["index", "dist"]) == 0
    notes = capsys.readouterr().err
    assert "removed simple/bar/index.html" in notes
    assert "foo-1.0-variants.json describes no wheel that is here" in notes


def test_preferences_that_no_installer_reads_are_told(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = PROJECT.replace('static-properties = {library = ["mkl", "openblas"]}', 'requires = ["blas"]')
    (project / "pyproject.toml").write_text(text + '\n[variant.default-priorities.feature]\nblas = ["library"]\n')
    assert main(["wheel", "label", PLAIN, "--label", "mkl"]) == 0
    assert "default-priorities.feature and .property of blas are left out" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["wheel", "label", PLAIN, "--label", "atlas"],
            "expected a label of [variant.variants] in pyproject",
        ),
        (["wheel", "label", PLAIN, "--label", "v", "--property", "blas"], "expected 'namespace :: feature :: value'"),
        (["wheel", "label", PLAIN, "--all", "--property", "blas :: library :: mkl"], "found --property too"),
        (["wheel", "label", PLAIN, "--label", "mkl", "--metadata", "no.toml"], "no.toml: expected a pyproject.toml"),
        (["wheel", "label", PLAIN, "--label", "mkl", "-o", "no/where"], "expected to write it"),
        (["wheel", "label", "dist/foo.whl", "--label", "mkl"], "expected 'name-version"),
        (["wheel", "label", "bar-1.0-py3-none-any.whl", "--label", "mkl"], "found no readable file"),
        (["wheel", "unlabel", PLAIN], "found no label in its file name"),
        (["wheel", "show", "no-1.0-py3-none-any.whl"], "found no readable file"),
        (["index", "nowhere"], "expected a directory of wheels"),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, list) else "",
)
def test_bad_input_is_one_sentence_and_exit_2(
    project: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    before = sorted(map(str, project.rglob("*")))
    assert main(arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert sentence in said.err
    assert said.err.startswith("variantkit: ")
    assert said.err.count("\n") == 1
    assert sorted(map(str, project.rglob("*"))) == before


def test_a_label_that_cannot_be_made_stops_all_of_them(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "pyproject.toml").write_text(PROJECT + '\n[variant.variants.zlib]\nblas.library = ["zlib"]\n')
    assert main(["wheel", "label", PLAIN, "--all", "-o", "house"]) == 2
    assert "static-properties.library (mkl, openblas)" in capsys.readouterr().err
    assert not os.path.exists("house")


@pytest.mark.parametrize(
    ("arguments", "example"),
    [
        (["wheel", "--help"], "[variant.variants.x86_64_v3]"),
        (["wheel", "label", "--help"], "variantkit wheel label foo-1.0-py3-none-any.whl --label mkl"),
        (["wheel", "unlabel", "--help"], "variantkit wheel unlabel foo-1.0"),
        (["wheel", "show", "--help"], "variantkit wheel show foo-1.0"),
        (["index", "--help"], "--find-links wheelhouse"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_help_teaches_by_example(arguments: list[str], example: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 0
    assert example in capsys.readouterr().out
