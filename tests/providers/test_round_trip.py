"""The law of captures: captured here, unpacked, and read with --root, a machine gets the same answer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

pytest.importorskip("hatchling")

from support.approvals import approve, write_list
from support.first_party import OVERRIDES, PROVIDERS, build_provider
from variantkit.cli.main import main


class Provider(NamedTuple):
    namespace: str
    module: str
    source: Path


def _provider(folder: str) -> Provider:
    source = Path(PROVIDERS, folder, "src").resolve()
    (package,) = [path for path in source.iterdir() if (path / "__init__.py").exists()]
    lines = Path(PROVIDERS, folder, "pyproject.toml").read_text(encoding="utf-8").splitlines()
    at = lines.index("[project.entry-points.variant_plugins]")
    return Provider(lines[at + 1].partition(" = ")[0], package.name, source)


FOLDERS = sorted(path.parents[2].name for path in Path(PROVIDERS).glob("*/src/*/_machine.py"))


@pytest.mark.skipif(os.name == "nt", reason="links need a right that few have on Windows")
@pytest.mark.parametrize("folder", FOLDERS)
@pytest.mark.parametrize("forced", [False, True], ids=["as it is", "with an override"])
def test_a_captured_machine_answers_the_same_from_its_tree(
    folder: str, forced: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = _provider(folder)
    for name, value in OVERRIDES[provider.namespace][0].items() if forced else ():
        monkeypatch.setenv(name, value)
    wheel = build_provider(folder)
    options = ("--provider-wheels", os.path.dirname(wheel))
    approved = write_list(tmp_path / "mine.json", [approve(wheel, provider.namespace, plugin_api=[provider.module])])
    capture = str(tmp_path / "capture.json")
    assert main(["provider", "capture", provider.namespace, "-o", capture, "--approved", approved, *options]) == 0
    assert main(["provider", "capture", "--unpack", capture, str(tmp_path / "tree")]) == 0
    document = json.loads(Path(capture).read_text(encoding="utf-8"))
    done = subprocess.run(
        [sys.executable, "-m", provider.module, "--root", str(tmp_path / "tree"), "--json"],
        env={"PYTHONPATH": str(provider.source), "PYTHONDONTWRITEBYTECODE": "1", **document["variables"]},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    assert json.loads(done.stdout)["features"] == document["answer"]["features"]
