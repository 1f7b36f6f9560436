"""`provider new`: names, files that appear at once or not at all, and projects that are in order as they are."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.interpreters import BY_VERSION
from support.lists import make_entry, make_list, write_list
from variantkit.cli.main import main
from variantkit.errors import InputError
from variantkit.provider.project import LONGEST, Names, choose_names, render_project, write_project

ROOT = Path(__file__).parents[4]
LONG = "abcdefghij_klmnopqrs_123"


@pytest.mark.parametrize(
    ("given", "names"),
    [
        (("acme",), Names("acme", "acme-variant-provider", "acme_variant_provider")),
        (("Acme-NPU",), Names("acme_npu", "acme-npu-variant-provider", "acme_npu_variant_provider")),
        (("acme-variant-provider",), Names("acme", "acme-variant-provider", "acme_variant_provider")),
        (("a..b",), Names("a_b", "a-b-variant-provider", "a_b_variant_provider")),
        (("acme", "other"), Names("other", "acme-variant-provider", "acme_variant_provider")),
        (("acme", None, "Foo_Bar"), Names("acme", "foo-bar", "foo_bar")),
        ((LONG,), Names(LONG, LONG.replace("_", "-") + "-variant-provider", LONG + "_variant_provider")),
    ],
)
def test_one_name_gives_the_three_that_a_provider_has(given: tuple[str | None, ...], names: Names) -> None:
    assert choose_names(*given) == names  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "given",
    [
        ("",), ("3dfx",), ("-x",), ("x-",), ("ä",), ("a b",), ("../x",), ("a/b",), ("x\n",), ("x" * (LONGEST + 1),),
        ("abi-dependency",), ("acme", "Acme"), ("acme", "a-b"), ("acme", ""), ("acme", None, "json"),
        ("acme", None, "zipimport"), ("acme", None, "class"), ("acme", None, "captured"), ("acme", None, "x y"),
        ("acme", None, ""), ("acme", None, "../x"),
    ],
    ids=repr,
)  # fmt: skip
def test_names_that_could_not_be_used_are_refused_in_one_sentence(given: tuple[str | None, ...]) -> None:
    with pytest.raises(InputError) as caught:
        choose_names(*given)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
    assert "expected" in str(caught.value) or "give" in str(caught.value)


def test_a_module_of_another_pythons_standard_library_is_taken_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for module in ("tomllib", "annotationlib", "imp"):
        assert main(["provider", "new", "acme", "--package", module, "-o", str(tmp_path / module)]) == 2
        assert f"--package {module}-variant-provider" in capsys.readouterr().err
    assert os.listdir(tmp_path) == []


def test_a_project_is_the_same_for_the_same_names_and_holds_no_others() -> None:
    files = render_project(choose_names("zeta"))
    assert files == render_project(choose_names("zeta"))
    text = b"\n".join([path.encode() + b"\n" + data for path, data in files.items()]).lower()
    assert b"acme" not in text
    assert b".in\n" not in text
    assert "src/zeta_variant_provider/py.typed" in files
    assert files["LICENSE"] == (ROOT / "sdk/LICENSE").read_bytes()
    assert files["tests/captured.py"] == (ROOT / "sdk/src/variantkit/provider/replay.py").read_bytes()
    template = ROOT / "sdk/src/variantkit/provider/template/package"
    for name in ("_machine.py", "_child.py", "__main__.py"):
        assert files[f"src/zeta_variant_provider/{name}"] == (template / name).read_bytes()


def test_the_versions_that_a_project_pins_are_those_of_this_workspace() -> None:
    project = render_project(choose_names("acme"))["pyproject.toml"].decode()
    build = (ROOT / "sdk/build/pyproject.toml").read_text(encoding="utf-8")
    version = next(line for line in build.splitlines() if line.startswith("version = ")).split('"')[1]
    hatchling = next(line for line in build.splitlines() if line.startswith("requires = ")).split('"')[1]
    assert f'requires = ["{hatchling}", "variantkit-build=={version}"]' in project


def _actions(text: str) -> set[str]:
    return {line.split("uses:")[1].strip() for line in text.splitlines() if "uses:" in line}


def test_a_projects_workflows_use_the_actions_that_ours_do_pinned_by_hash() -> None:
    ours = {action for path in (ROOT / ".github/workflows").glob("*.yml") for action in _actions(path.read_text())}
    files = render_project(choose_names("acme"))
    theirs = set[str]().union(*(_actions(data.decode()) for path, data in files.items() if path.endswith(".yml")))
    assert len(theirs) >= 6
    assert theirs <= ours
    assert all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v[0-9.]+", action) for action in theirs)


@pytest.mark.skipif(shutil.which("zizmor") is None, reason="zizmor is not installed here")
def test_a_projects_workflows_have_nothing_that_zizmor_knows_to_be_unsafe(project: Path) -> None:
    command = ["zizmor", "--offline", "--no-progress", "--persona", "pedantic", ".github"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_nothing_is_overwritten_and_nothing_half_is_left(tmp_path: Path) -> None:
    target = tmp_path / "there"
    target.mkdir()
    with pytest.raises(InputError, match="overwrites nothing"):
        write_project({"a": b""}, str(target))
    (tmp_path / "link").symlink_to("nowhere")
    with pytest.raises(InputError, match="overwrites nothing"):
        write_project({"a": b""}, str(tmp_path / "link"))
    with pytest.raises(InputError, match="cannot be written"):
        write_project({"a": b"", "a/b": b""}, str(tmp_path / "half"))
    with pytest.raises(InputError, match="nothing can be written here"):
        write_project({"a": b""}, str(tmp_path / "absent" / "project"))
    assert sorted(os.listdir(tmp_path)) == ["link", "there"]
    assert list(target.iterdir()) == []


def test_the_verb_says_what_it_wrote(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["provider", "new", "acme", "-o", str(tmp_path / "p"), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == "variantkit.project/1"
    assert (document["namespace"], document["package"]) == ("acme", "acme-variant-provider")
    written = sorted(str(path.relative_to(tmp_path / "p")) for path in (tmp_path / "p").rglob("*") if path.is_file())
    assert sorted(document["files"]) == written
    assert main(["provider", "new", "acme", "-o", str(tmp_path / "p")]) == 2
    assert "overwrites nothing" in capsys.readouterr().err


def test_a_namespace_that_somebody_answers_for_is_warned_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VARIANTKIT_APPROVED", write_list(tmp_path, make_list(make_entry())))
    assert main(["provider", "new", "acme", "-o", str(tmp_path / "p")]) == 0
    assert "already answered by acme-variant-provider" in capsys.readouterr().err


@pytest.fixture(scope="module", params=["z", "acme", LONG])
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("new") / "project"
    write_project(render_project(choose_names(request.param)), str(target))
    return target


def run(project: Path, *command: str) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "PYTHONPATH"))}
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=project,
        env=environment | {"PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_new_project_passes_its_own_tests(project: Path) -> None:
    out = run(project, "pytest", "-q", "-p", "no:cacheprovider")
    assert "failed" not in out
    assert int(out.strip().splitlines()[-1].split()[0]) > 500


@pytest.mark.parametrize(
    "command", ["ruff check --no-cache", "ruff format --check --no-cache", "mypy --cache-dir=/dev/null"]
)
def test_a_new_project_is_clean(project: Path, command: str) -> None:
    name, *arguments = command.split()
    pytest.importorskip(name)
    run(project, name, *arguments)


@pytest.mark.parametrize("version", BY_VERSION)
def test_a_new_provider_answers_on_every_python(project: Path, version: str) -> None:
    module = next((project / "src").iterdir()).name
    variable = module.removesuffix("_variant_provider").upper() + "_VARIANT_PROVIDER_FORCE_GENERATION"
    done = subprocess.run(
        [BY_VERSION[version], "-B", "-m", module, "--json"],
        cwd=project / "src",
        env={variable: "g2"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    assert json.loads(done.stdout)["features"] == [{"name": "generation", "values": ["g2"], "multi_value": False}]


def test_a_project_that_vendors_nothing_has_a_lock_that_is_current(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_project(render_project(choose_names("acme")), str(tmp_path / "p"))
    lock = (tmp_path / "p" / "vendor.lock").read_bytes()
    assert main(["provider", "vendor", "--check", str(tmp_path / "p")]) == 0
    assert "vendor.lock: current" in capsys.readouterr().out
    assert main(["provider", "vendor", str(tmp_path / "p")]) == 0
    assert (tmp_path / "p" / "vendor.lock").read_bytes() == lock
