"""`provider vendor`: the lock and the working copy, from a directory or through the user's own pip."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from support.uv import UV
from support.vendoring import FILES, PACKAGE, environment, write_project, write_thing
from variantkit.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def project(tmp_path: Path) -> Path:
    write_thing(tmp_path / "wheels")
    return write_project(tmp_path / "project")


def vendor(project: Path, *options: str) -> int:
    return main(["provider", "vendor", "--from", str(project.parent / "wheels"), *options, str(project)])


def stamps(project: Path) -> dict[Path, tuple[int, int, int]]:
    """What changes when something is written, anywhere below the project."""
    found = {path: path.stat() for path in project.rglob("*")}
    return {path: (state.st_ino, state.st_mtime_ns, state.st_size) for path, state in found.items()}


def test_it_writes_the_lock_and_fills_the_working_copy(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert vendor(project) == 0
    digest = hashlib.sha256(
        (project.parent / "wheels" / "vendored_thing-2.0-py3-none-any.whl").read_bytes()
    ).hexdigest()
    assert capsys.readouterr().out.splitlines() == [
        f"vendored-thing==2.0 (MIT): 2 of its files, 2 in _vendor/, wheel sha256 {digest}",
        "vendor.lock: written",
        "_vendor/: written",
    ]
    assert f'sha256 = "{digest}"' in (project / "vendor.lock").read_text()
    assert (project / "src" / PACKAGE / "_vendor" / "thing.py").exists()


def test_a_second_time_changes_nothing(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    vendor(project)
    before = stamps(project)
    capsys.readouterr()
    assert vendor(project) == 0
    assert capsys.readouterr().out.splitlines()[1:] == ["vendor.lock: current", "_vendor/: current"]
    assert stamps(project) == before


def test_its_json_says_what_is_vendored(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert vendor(project, "--json") == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["schema"], answer["lock"], answer["_vendor"]) == ("variantkit.vendor/1", "written", "written")
    (package,) = answer["packages"]
    assert (package["name"], package["version"], package["license"]) == ("vendored-thing", "2.0", "MIT")
    assert package["files"] == package["outputs"] == ["thing.py", "thing_tables.py"]


CHANGES: dict[str, tuple[Callable[[Path], object], int, str]] = {
    "nothing": (lambda root: None, 0, "vendor.lock: current"),
    "no working copy": (lambda root: shutil.rmtree(root / "src" / PACKAGE / "_vendor"), 0, "_vendor/: absent"),
    "no lock": (lambda root: (root / "vendor.lock").unlink(), 1, "vendor.lock: missing"),
    "other files in the table": (
        lambda root: edit(root / "pyproject.toml", '"*.py"', '"thing.py"'),
        1,
        "vendor.lock: not what pyproject.toml and the wheels give",
    ),
    "a lock in another form": (
        lambda root: edit(root / "vendor.lock", "schema = ", "schema  = "),
        1,
        "vendor.lock: not in its canonical form",
    ),
    "an edited working copy": (
        lambda root: (root / "src" / PACKAGE / "_vendor" / "thing.py").write_text("ANSWER = 43\n"),
        1,
        "thing.py: edited, added or deleted by hand",
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_check_says_what_is_not_current_and_writes_nothing(
    project: Path, capsys: pytest.CaptureFixture[str], change: str
) -> None:
    vendor(project)
    capsys.readouterr()
    spoil, code, line = CHANGES[change]
    spoil(project)
    before = stamps(project)
    assert vendor(project, "--check") == code
    assert line in capsys.readouterr().out
    assert stamps(project) == before


def test_it_mends_what_check_complains_of(project: Path) -> None:
    vendor(project)
    (project / "src" / PACKAGE / "_vendor" / "thing.py").write_text("ANSWER = 43\n")
    assert vendor(project) == 0
    assert vendor(project, "--check") == 0


def test_other_bytes_under_a_locked_version_are_refused(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    vendor(project)
    before = (project / "vendor.lock").read_bytes()
    write_thing(project.parent / "wheels", {**FILES, "thing_tables.py": b"ANSWER = 43\n"})
    assert vendor(project) == 2
    said = capsys.readouterr().err
    assert "vendored-thing==2.0 is locked as vendored_thing-2.0-py3-none-any.whl with sha256" in said
    assert "delete vendor.lock and run again" in said
    assert (project / "vendor.lock").read_bytes() == before


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        pytest.param(
            lambda root: (root.parent / "wheels" / "vendored_thing-2.0-py3-none-any.whl").unlink(),
            "expected one pure wheel (*-none-any.whl) of vendored-thing==2.0, found none",
            id="no wheel",
        ),
        pytest.param(
            lambda root: (root.parent / "wheels" / "vendored_thing-2.0-py3-none-any.whl").write_bytes(b"PK"),
            "not a readable wheel",
            id="no zip file",
        ),
        pytest.param(lambda root: (root / "pyproject.toml").unlink(), "pyproject.toml: cannot be read", id="no file"),
        pytest.param(
            lambda root: edit(root / "pyproject.toml", "files = ", "fils = "),
            "tool.variantkit.vendor.packages[0].fils is an unknown key; expected files, license,",
            id="unknown key",
        ),
        pytest.param(
            lambda root: edit(root / "pyproject.toml", 'version = "2.0"', 'version = ">=2"'),
            "tool.variantkit.vendor.packages[0].version must be an exact version, found '>=2'",
            id="a range",
        ),
        pytest.param(
            lambda root: (root / "vendor.lock").write_text("schema = 1\n"), "vendor.lock: schema must be", id="no lock"
        ),
    ],
)  # fmt: skip
def test_broken_input_is_one_sentence(
    project: Path, capsys: pytest.CaptureFixture[str], spoil: Callable[[Path], object], sentence: str
) -> None:
    spoil(project)
    assert vendor(project) == 2
    said = capsys.readouterr().err
    assert sentence in said
    assert len(said.splitlines()) == 1


def test_without_variantkit_build_it_says_what_to_install(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "variantkit_build", None)
    assert vendor(project) == 3
    assert "python -m pip install 'variantkit[vendor]'" in capsys.readouterr().err


def run_with(installer: str, project: Path, links: Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the verb without --from; the user's pip, or uv, is set up to know one directory and no index."""
    settings = {**environment(project.parent), "PIP_FIND_LINKS": str(links), "UV_FIND_LINKS": str(links)}
    settings["PATH"] = os.pathsep.join([os.path.dirname(UV), settings["PATH"]])
    without_pip = (
        "import importlib.util as u; f = u.find_spec; u.find_spec = lambda n, *a: n != 'pip' and f(n, *a) or None"
    )
    code = f"import sys\ndel sys.path[0]\n{without_pip if installer == 'uv' else ''}\n"
    code += "import variantkit.cli.main as m\nsys.exit(m.main())"
    command = [sys.executable, "-c", code, "provider", "vendor", str(project)]
    return subprocess.run(command, env=settings, cwd=cwd, capture_output=True, text=True, check=False)


def test_a_module_where_the_user_stands_is_not_taken_for_pip(project: Path, tmp_path: Path) -> None:
    here = tmp_path / "downloads"
    here.mkdir()
    for name in ("pip.py", "runpy.py", "pathlib.py"):
        (here / name).write_text(f"open({str(here / 'ran')!r}, 'w')\n")
    done = run_with("pip", project, project.parent / "wheels", here)
    assert (done.returncode, done.stderr) == (0, "")
    assert not (here / "ran").exists()


@pytest.mark.parametrize("installer", ["pip", "uv"])
def test_the_user_s_own_installer_fetches_with_its_own_settings(project: Path, installer: str) -> None:
    done = run_with(installer, project, project.parent / "wheels")
    assert (done.returncode, done.stderr) == (0, "")
    assert "vendor.lock: written" in done.stdout


def test_pip_and_uv_give_the_same_lock(project: Path) -> None:
    run_with("pip", project, project.parent / "wheels")
    by_pip = (project / "vendor.lock").read_bytes()
    (project / "vendor.lock").unlink()
    run_with("uv", project, project.parent / "wheels")
    assert (project / "vendor.lock").read_bytes() == by_pip
    assert vendor(project, "--check") == 0


@pytest.mark.parametrize("installer", ["pip", "uv"])
def test_what_cannot_be_fetched_is_undetermined(project: Path, tmp_path: Path, installer: str) -> None:
    (tmp_path / "empty").mkdir()
    done = run_with(installer, project, tmp_path / "empty")
    assert done.returncode == 3
    assert "could not fetch vendored-thing==2.0" in done.stderr
    assert "--from DIR" in done.stderr
    assert sorted(os.listdir(project)) == ["pyproject.toml", "src"]


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
