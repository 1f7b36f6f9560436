"""`inspect`: what a wheel contains and could do, capabilities first, and its exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from support.hostile_wheels import sentinel_provider
from support.table_wheels import PACKAGE, acme_wheel
from support.wheels import make_wheel
from variantkit_allowlist import cli

if TYPE_CHECKING:
    from pathlib import Path


def test_capabilities_come_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plugin = "import os, socket\nfrom . import _tables\nos.system('/usr/bin/acme-smi -L')\nos.environ['ACME_ROOT']\n"
    assert cli.main(["inspect", acme_wheel(tmp_path, files={f"{PACKAGE}/__init__.py": plugin})]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("acme_variant_provider-1.0-py3-none-any.whl: acme-variant-provider 1.0, ")
    assert lines[2:10] == [
        "capabilities:",
        "  processes: starts programs",
        f"    os.system ({PACKAGE}/__init__.py:3)",
        "  network: can open network connections",
        f"    imports socket ({PACKAGE}/__init__.py:1)",
        "  environment: reads the environment",
        f"    os.environ ({PACKAGE}/__init__.py:4)",
        "canonical: yes",
    ]
    assert "environment variables: ACME_ROOT" in lines
    assert f"{PACKAGE}/_tables.py: literals alone" in lines


def test_a_wheel_that_only_computes_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["inspect", make_wheel(tmp_path, "acme")]) == 0
    assert "capabilities: none that can be seen; it computes" in capsys.readouterr().out


def test_the_json_holds_everything(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["inspect", acme_wheel(tmp_path), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == "variantkit.inspection/1"
    assert {*document} == {
        "schema", "filename", "package", "version", "sha256", "size", "canonical", "canonical_reason", "capabilities",
        "entry_points", "environment", "paths", "programs", "libraries", "imports", "tables", "sbom", "record_problems",
        "metadata_problems", "unread", "cut", "files",
    }  # fmt: skip
    assert document["entry_points"] == [{"group": "variant_plugins", "name": "acme", "reference": PACKAGE}]
    assert [item["name"] for item in document["libraries"]] == ["libacme.so.1"]
    assert {"path", "sha256", "size", "kind"} == {*document["files"][0]}


def test_nothing_of_the_wheel_is_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sentinel = tmp_path / "trace"
    wheel = sentinel_provider(tmp_path, "acme-variant-provider", "1.0", sentinel)
    assert cli.main(["inspect", wheel]) == 0
    assert cli.main(["diff", wheel, wheel]) == 0
    assert not sentinel.exists()
    assert "writes: creates, changes or deletes files" in capsys.readouterr().out


def test_a_wheel_that_can_never_be_approved_exits_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = acme_wheel(tmp_path)
    with open(path, "ab") as stream:
        stream.write(b"x")
    assert cli.main(["inspect", path]) == 1
    assert "canonical: no: the end record is not the last 22 bytes" in capsys.readouterr().out


def test_what_it_vendors_is_held_against_a_wheel_that_is_given(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    published = make_wheel(tmp_path, "thing", "2.0", files={"thing.py": "ANSWER = 42\n"})
    vendored: dict[str, str | bytes | None] = {f"{PACKAGE}/_vendor/thing.py": "ANSWER = 42\n"}
    assert cli.main(["inspect", acme_wheel(tmp_path, files=vendored), "--vendored", published]) == 1
    assert "in no bill of materials" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["none-1.0-py3-none-any.whl", "text.whl", "acme-1.0-py3-none-any.whl", "."])
def test_what_is_no_wheel_is_one_sentence(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "text.whl").write_text("x")
    (tmp_path / "acme-1.0-py3-none-any.whl").write_text("x")
    assert cli.main(["inspect", str(tmp_path / name)]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert len(printed.err.splitlines()) == 1
    assert printed.err.startswith("variantkit-allowlist inspect: ")


def test_attack_44_names_in_a_wheel_cannot_steer_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = "import os\nos.system('\\x1b]0;owned\\x07\\u202e')\nX = '/\\x1b[2J'\n"
    points = "[variant_plugins]\n\x1b[2J = \u202eacme\n"
    files: dict[str, str | bytes | None] = {
        f"{PACKAGE}/run.py": source,
        f"{PACKAGE}-1.0.dist-info/entry_points.txt": points,
    }
    path = acme_wheel(tmp_path, files=files)
    assert cli.main(["inspect", path]) == 0
    assert cli.main(["inspect", path, "--json"]) == 0
    assert cli.main(["diff", acme_wheel(tmp_path / "old"), path]) == 1
    printed = capsys.readouterr().out
    assert "\x1b" not in printed
    assert "\u202e" not in printed


def test_looking_at_a_wheel_does_not_load_what_verifies(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from variantkit_allowlist.cli import main\n"
        f"assert main(['inspect', {acme_wheel(tmp_path)!r}, '--json']) == 0\n"
        "print([name for name in ('sigstore', 'tuf', 'cryptography') if name in sys.modules], file=sys.stderr)\n"
    )
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environ)
    assert done.stderr == "[]\n"
