"""docs/vendor.md followed to the letter: its commands, in their order, as a new vendor types them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("hatchling")
pytest.importorskip("variantkit_build")

from support.uv import UV
from support.vendoring import repack_all
from support.wheels import make_wheel
from variantkit_allowlist.inspection import read_request

ROOT = Path(__file__).resolve().parents[4]
PAGE = (ROOT / "docs" / "vendor.md").read_text(encoding="utf-8")
# What needs an index, or a repository with a key to sign with.
SKIPPED = ("python -m pip install ", "git ")


def _commands() -> str:
    road = PAGE.split("## The road\n")[1].split("\n## ")[0]
    lines = [line[4:] for line in road.splitlines() if line.startswith("    ")]
    return "\n".join(line for line in lines if not line.startswith(SKIPPED)) + "\n"


def _write_shims(directory: Path) -> None:
    """The programs that the page names, as they are here."""
    directory.mkdir()
    keeper = '-c "import sys; from variantkit_allowlist.cli import main; sys.exit(main())" '
    for name in ("python", "variantkit", "variantkit-allowlist", "pytest", "ruff", "mypy"):
        module = {"python": "", "variantkit-allowlist": keeper}.get(name, f"-m {name} ")
        (directory / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {module}"$@"\n')
        (directory / name).chmod(0o755)


@pytest.mark.skipif(os.name == "nt", reason="the page is written for a POSIX shell")
def test_the_road_leads_from_an_empty_directory_to_the_first_installation(tmp_path: Path) -> None:
    from hatchling.builders.wheel import WheelBuilder

    wheels = repack_all(tmp_path / "wheels", "hatchling")
    list(WheelBuilder(str(ROOT / "sdk" / "build")).build(directory=str(wheels), versions=["standard"]))
    _write_shims(tmp_path / "bin")
    (tmp_path / "work" / "tensors" / "dist").mkdir(parents=True)
    make_wheel(tmp_path / "work" / "tensors" / "dist", "tensors")
    kept = {name: value for name, value in os.environ.items() if not re.match("PIP_|UV_|VARIANTKIT_|PYTEST", name)}
    environ = kept | {
        "HOME": str(tmp_path / "home"),
        "PATH": os.pathsep.join([str(tmp_path / "bin"), os.path.dirname(UV), os.environ["PATH"]]),
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(wheels),
        "UV_NO_CONFIG": "1",
        "UV_CACHE_DIR": str(tmp_path / "uv-cache"),
        "VIRTUAL_ENV": str(tmp_path / "venv"),
    }
    subprocess.run([UV, "venv", "-q", "--offline", "-p", sys.executable, str(tmp_path / "venv")], check=True, env=kept)
    done = subprocess.run(
        ["sh", "-e"], input=_commands(), cwd=tmp_path / "work", env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "acme :: firmware" not in done.stdout  # nothing of the kind is here
    assert "conforms" in done.stdout
    assert "took acme_g3" in done.stdout
    request = (tmp_path / "work" / "acme-variant-provider" / "request.json").read_bytes()
    assert read_request(request, "request.json").needs.libraries == ("libacme.so.1",)
    (installed,) = (tmp_path / "venv").rglob("tensors-1.0.dist-info/variant.json")
    assert "acme_g3" in installed.read_text()


def test_every_extension_and_form_of_evidence_that_the_page_names_is_in_the_contract() -> None:
    from variantkit.provider import contract

    text = Path(contract.__file__).read_text(encoding="utf-8")
    named = set(re.findall(r"`(get_\w+)\(\)`", PAGE))
    assert named == set(re.findall(r"def (get_\w+)\(", text))
    assert "all_properties_compatible" in text
