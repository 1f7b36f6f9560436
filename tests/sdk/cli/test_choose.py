"""detect, select and explain: what they print, for people and for programs, and how they end."""

from __future__ import annotations

import json
import os
import subprocess
import venv
from pathlib import Path
from typing import Any

import pytest

from support.approvals import approve, write_list
from support.providers import PACKAGE, PLUGIN, make_provider
from support.wheels import make_wheel
from variantkit.cli.main import main

SCHEMA = "https://variants-schema.wheelnext.dev/peps/850/v0.2.0.json"
VARIANTS: dict[str, Any] = {
    "v3": {"example": {"level": ["v3"]}},
    "v2": {"example": {"level": ["v2"]}},
    "mkl": {"blas_lapack": {"library": ["mkl"]}},
    "null": {},
}


def document(variants: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {
        "$schema": SCHEMA,
        "default-priorities": {"namespace": ["example", "blas_lapack"]},
        "providers": {
            "example": {"requires": [PACKAGE]},
            "blas_lapack": {"static-properties": {"library": ["openblas", "mkl"]}, "optional": True},
        },
        "variants": VARIANTS if variants is None else variants,
        **more,
    }


@pytest.fixture
def variants_json(tmp_path: Path) -> str:
    path = tmp_path / "probe-1.0-variants.json"
    path.write_text(json.dumps(document()))
    return str(path)


@pytest.fixture
def approved(tmp_path: Path) -> list[str]:
    """The options by which the example provider may run."""
    (tmp_path / "wheels").mkdir()
    wheel = make_provider(tmp_path / "wheels", PLUGIN)
    listed = write_list(tmp_path / "approved.json", [approve(wheel)])
    return ["--approved", listed, "--provider-wheels", str(tmp_path / "wheels")]


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("VARIANTKIT_APPROVED", "VARIANTKIT_STATIC", "VARIANTKIT_NO_EXEC"):
        monkeypatch.delenv(name, raising=False)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(arguments)
    out, err = capsys.readouterr()
    return code, out, err


def run_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    code, out, _ = run(capsys, *arguments, "--json")
    found: dict[str, Any] = json.loads(out)
    return code, found


def test_detect_says_what_is_supported_and_who_says_so(capsys: pytest.CaptureFixture[str], approved: list[str]) -> None:
    code, found = run_json(capsys, "detect", "--namespace", "example", *approved)
    answer = found["namespaces"]["example"]
    assert (code, found["schema"]) == (0, "variantkit.detect/1")
    assert (answer["status"], answer["source"], answer["isolation"]) == ("present", "provider", "process")
    assert answer["features"] == [{"name": "level", "values": ["v2", "v1"], "multi_value": False}]
    assert set(answer["provider"]) == {"package", "version", "sha256"}
    assert answer["diagnostics"] == []
    # attacks on who approves: whoever reads the answer sees which lists were believed.
    flag = next(item for item in found["approved"] if item["level"] == "flag")
    assert (flag["where"], flag["serial"], len(flag["sha256"])) == (approved[1], 1, 64)


def test_attack_13_detect_says_that_a_development_build_approves_itself(capsys: pytest.CaptureFixture[str]) -> None:
    code, found = run_json(capsys, "detect")
    embedded = next(item for item in found["approved"] if item["level"] == "embedded")
    assert (code, embedded["origin"]) == (0, "development")
    assert "origin: development" in run(capsys, "detect")[2]


def test_select_prints_the_best_label(
    capsys: pytest.CaptureFixture[str], variants_json: str, approved: list[str]
) -> None:
    assert run(capsys, "select", variants_json, *approved)[:2] == (0, "v2\n")


def test_select_names_every_label_and_reason(
    capsys: pytest.CaptureFixture[str], variants_json: str, approved: list[str]
) -> None:
    code, found = run_json(capsys, "select", variants_json, *approved)
    assert code == 0
    assert found["schema"] == "variantkit.select/1"
    assert (found["selected"], found["labels"]) == ("v2", ["v2", "null"])
    assert sorted(found["rejected"], key=lambda rejection: rejection["label"]) == [
        {"label": "mkl", "reason": "unsupported-property", "property": "blas_lapack :: library :: mkl"},
        {"label": "v3", "reason": "unsupported-property", "property": "example :: level :: v3"},
    ]
    assert found["namespaces"]["example"] == {"status": "present", "source": "provider"}
    assert found["namespaces"]["blas_lapack"]["code"] == "optional"


@pytest.mark.parametrize(
    ("options", "label"),
    [
        pytest.param(["--override", "example :: level :: v3,v2"], "v3", id="override"),
        pytest.param(["--no-exec"], "null", id="no-exec"),
        pytest.param(["--disable", "example"], "null", id="disable"),
        pytest.param(["--enable", "blas_lapack", "--no-exec"], "mkl", id="enable"),
        pytest.param(["--enable", "blas_lapack", "--prefer", "blas_lapack :: library :: mkl"], "mkl", id="prefer"),
    ],
)
def test_options_change_the_choice(
    capsys: pytest.CaptureFixture[str], variants_json: str, approved: list[str], options: list[str], label: str
) -> None:
    assert run(capsys, "select", variants_json, *approved, *options)[:2] == (0, f"{label}\n")


def test_a_static_file_replaces_the_provider(
    capsys: pytest.CaptureFixture[str], variants_json: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    static = tmp_path / "machine.toml"
    static.write_text('schema = "variantkit.static/1"\n[[namespaces.example]]\nfeature = "level"\nvalues = ["v3"]\n')
    static.chmod(0o644)
    assert run(capsys, "select", variants_json, "--no-exec", "--static", str(static))[1] == "v3\n"
    monkeypatch.setenv("VARIANTKIT_STATIC", str(static))
    monkeypatch.setenv("VARIANTKIT_NO_EXEC", "1")
    assert run(capsys, "select", variants_json)[1] == "v3\n"


def test_t20_a_static_file_that_others_can_write_is_refused(
    capsys: pytest.CaptureFixture[str], variants_json: str, tmp_path: Path
) -> None:
    static = tmp_path / "machine.toml"
    static.write_text('schema = "variantkit.static/1"\n[namespaces]\n')
    static.chmod(0o666)
    code, out, err = run(capsys, "select", variants_json, "--static", str(static))
    assert (code, out) == (3, "")
    assert str(static) in err


def test_a_denied_namespace_is_told_once(capsys: pytest.CaptureFixture[str], variants_json: str) -> None:
    code, out, err = run(capsys, "select", variants_json)
    assert (code, out) == (0, "null\n")
    assert err.count("namespace example is denied") == 1


def test_nothing_compatible_is_exit_1(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text(json.dumps(document({"v3": VARIANTS["v3"]})))
    code, found = run_json(capsys, "select", str(path), "--no-exec")
    assert (code, found["selected"], found["labels"]) == (1, None, [])


def test_explain_says_why_and_why_not(
    capsys: pytest.CaptureFixture[str], variants_json: str, approved: list[str]
) -> None:
    code, out, _ = run(capsys, "explain", variants_json, *approved)
    assert code == 0
    assert "v3 needs example :: level :: v3, which this machine does not support" in out
    assert "example: present (provider by example-variant-provider 1.0, isolation: process)" in out


def test_select_of_a_file_asks_the_environment_that_is_named(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, approved: list[str]
) -> None:
    """Its interpreter runs the provider, and what is installed there is what `abi_dependency` is compared with."""
    env = tmp_path / "env"
    venv.create(env, with_pip=False)
    python = env / ("Scripts" if os.name == "nt" else "bin") / "python"
    ask = [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    site = Path(subprocess.run(ask, capture_output=True, text=True, check=True).stdout.strip())
    (site / "torch-2.9.1.dist-info").mkdir()
    (site / "torch-2.9.1.dist-info" / "METADATA").touch()
    variants = {"abi": {"abi_dependency": {"torch": ["2.9"]}, "example": {"level": ["v2"]}}, "null": {}}
    path = tmp_path / "x.json"
    path.write_text(json.dumps(document(variants)))
    assert run(capsys, "select", str(path), *approved)[1] == "null\n"
    assert run(capsys, "select", str(path), *approved, "--python", str(env))[1] == "abi\n"


def make_release(directory: Path) -> None:
    for label, properties in VARIANTS.items():
        make_wheel(directory, "probe", label=label, variant=document({label: properties}))
    make_wheel(directory, "probe")
    (directory / "probe-1.0-variants.json").write_text(json.dumps(document()))


def test_a_directory_of_wheels_is_a_source(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, approved: list[str]
) -> None:
    release = tmp_path / "release"
    release.mkdir()
    make_release(release)
    for arguments in ((str(release),), (str(release), "probe>=1")):
        code, found = run_json(capsys, "select", *arguments, *approved)
        assert (code, found["selected"], found["file"]) == (0, "v2", "probe-1.0-py3-none-any-v2.whl")
        assert (found["project"], found["version"]) == ("probe", "1.0")


def test_the_plain_wheel_is_selected_when_no_variant_fits(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    make_wheel(tmp_path, "probe", label="v3", variant=document({"v3": VARIANTS["v3"]}))
    make_wheel(tmp_path, "probe")
    code, found = run_json(capsys, "select", str(tmp_path), "--no-exec")
    assert (code, found["selected"], found["file"]) == (0, "", "probe-1.0-py3-none-any.whl")


def test_a_broken_variants_json_leaves_the_plain_wheel(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    make_wheel(tmp_path, "probe", label="v3", variant=document({"v3": VARIANTS["v3"]}))
    make_wheel(tmp_path, "probe")
    (tmp_path / "probe-1.0-variants.json").write_text("{")
    code, found = run_json(capsys, "select", str(tmp_path), "--no-exec")
    assert (code, found["selected"]) == (0, "")
    assert [note["code"] for note in found["notes"]] == ["metadata-invalid"]


def test_t29_a_wheel_whose_label_and_variant_json_disagree_is_left_out(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, approved: list[str]
) -> None:
    release = tmp_path / "release"
    release.mkdir()
    make_wheel(release, "probe", label="v2", variant=document({"v3": VARIANTS["v3"]}))
    make_wheel(release, "probe")
    (release / "probe-1.0-variants.json").write_text(json.dumps(document({"v2": VARIANTS["v2"]})))
    code, found = run_json(capsys, "select", str(release), *approved)
    assert (code, found["selected"]) == (0, "")
    assert [note["code"] for note in found["notes"]] == ["metadata-mismatch"]


DEEP = "[" * 100_000
BROKEN: dict[str, bytes] = {
    "empty": b"",
    "cut off": b'{"$schema": "',
    "not UTF-8": b'{"\xff": 1}',
    "byte order mark": b"\xef\xbb\xbf{}",
    "a list": b"[]",
    "a comment": b"{} // no",
    "too deep": DEEP.encode(),
    "duplicate key": json.dumps(document()).replace('"variants":', '"variants": {}, "variants":', 1).encode(),
    "unknown major": json.dumps(document()).replace("/v0.2.0", "/v7.0.0").encode(),
    "conflicting null": json.dumps(document({"null": VARIANTS["v2"]})).encode(),
    "namespace without priority": json.dumps(document({"x": {"other": {"a": ["b"]}}})).encode(),
}


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN)
def test_a_broken_document_is_one_sentence_and_exit_2(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, data: bytes
) -> None:
    path = tmp_path / "probe-1.0-variants.json"
    path.write_bytes(data)
    code, out, err = run(capsys, "select", str(path))
    assert (code, out) == (2, "")
    assert err.startswith(f"variantkit: {path}: ")
    assert err.count("\n") == 1
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(["nothing.json"], "there is no such file", id="no such file"),
        pytest.param(["probe-1.0-py3-none-any.whl"], "wheel show", id="a single wheel"),
        pytest.param(["DIR"], "name the project", id="a directory of nothing"),
        pytest.param(["DIR", "other"], "no such project", id="no such project"),
        pytest.param(["DIR", "probe >"], "requirement", id="broken requirement"),
        pytest.param(["DIR", "probe", "--prefer", "x"], "property 'x'", id="broken property"),
        pytest.param(["DIR", "probe", "--override", "x"], "override 'x'", id="broken override"),
        pytest.param(["DIR", "probe", "--provider-wheels", "gone"], "--provider-wheels gone", id="no provider wheels"),
        pytest.param(["DIR", "probe", "--static", "gone.toml"], "gone.toml", id="no static file"),
        pytest.param(["DIR", "probe", "--python", "gone"], "gone", id="no interpreter"),
    ],
)
def test_wrong_usage_is_one_sentence_and_exit_2(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "probe-1.0-py3-none-any.whl").touch()
    (tmp_path / "DIR").mkdir()
    code, out, err = run(capsys, "select", *arguments)
    assert (code, out) == (2, "")
    assert said in err
    assert "Traceback" not in err


def test_t28_escape_sequences_of_foreign_text_are_shown_not_sent(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "x.json"
    path.write_text(json.dumps(document({"\x1b[31mred": {}})))
    _, _, err = run(capsys, "select", str(path))
    assert "\x1b" not in err
