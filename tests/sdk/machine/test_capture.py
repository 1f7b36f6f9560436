"""Captures: taken through the gate, in the runner, without what identifies; refused in one sentence."""

from __future__ import annotations

import getpass
import json
import os
from typing import TYPE_CHECKING

import pytest

from support.approvals import approve, write_list
from support.providers import PLUGIN, make_provider
from variantkit.cli.main import main
from variantkit.machine.capture import MAX_TEXT

if TYPE_CHECKING:
    from pathlib import Path

TELLING = PLUGIN + (
    "def get_evidence():\n"
    "    cards = ('/proc/acme', 'cards 2\\nSerial : A1B2\\n')\n"
    "    return [cards, ('/home/jane/acme', ''), cards]\n"
    "def get_diagnostics():\n"
    "    return [('note', 'read /home/jane/acme')]\n"
)


@pytest.fixture
def capture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Capture:
    return Capture(tmp_path, capsys)


class Capture:
    """`provider capture example -o capture.json`, of a provider with this source."""

    def __init__(self, directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.directory, self.capsys = directory, capsys
        self.path = directory / "capture.json"

    def __call__(self, source: str, *words: str, approved: bool = True) -> tuple[int, str, str]:
        wheel = make_provider(self.directory, source)
        mine = write_list(self.directory / "mine.json", [approve(wheel)] if approved else [])
        options = ("--approved", mine, "--provider-wheels", str(self.directory))
        code = main(["provider", "capture", "example", "-o", str(self.path), *options, *words])
        out, err = self.capsys.readouterr()
        return code, out, err


def test_a_capture_holds_what_was_read_what_was_answered_and_nobody(
    capture: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EXAMPLE_VARIANT_PROVIDER_HOME", "/home/jane/acme")
    monkeypatch.setenv("SECRET_TOKEN", "hunter2")
    code, out, _ = capture(TELLING)
    assert code == 0
    document = json.loads(capture.path.read_text())
    assert list(document) == [
        "schema", "namespace", "provider", "created", "python", "platform", "variables", "sources", "answer",
    ]  # fmt: skip
    assert document["sources"] == [
        {"path": "/proc/acme", "text": "cards 2\nSerial : 0000\n"},
        {"path": "/home/user/acme", "text": ""},
    ]
    assert document["variables"]["EXAMPLE_VARIANT_PROVIDER_HOME"] == "/home/user/acme"
    assert document["answer"] == {
        "features": [{"name": "level", "values": ["v2", "v1"], "multi_value": False}],
        "diagnostics": [{"code": "note", "message": "read /home/user/acme"}],
    }
    assert document["provider"]["package"] == "example-variant-provider"
    assert len(document["provider"]["sha256"]) == 64
    assert "jane" not in capture.path.read_text()
    assert "hunter2" not in capture.path.read_text()
    assert "/proc/acme (22 characters)" in out
    assert "taken out: " in out


def test_the_summary_is_an_object_for_programs(capture: Capture) -> None:
    code, out, _ = capture(TELLING, "--json")
    document = json.loads(out)
    assert code == 0
    assert document["schema"] == "variantkit.captured/1"
    assert document["sources"][0] == {"path": "/proc/acme", "characters": 22}
    assert document["redacted"] == {"serial number": 1, "home directory": 2}


FAILURES: dict[str, tuple[str, int, str]] = {
    "no evidence": (PLUGIN, 3, "it has no get_evidence()"),
    "evidence of another kind": (PLUGIN + "def get_evidence(): return ['/proc/acme']\n", 3, "bad-evidence"),
    "evidence that is no list": (PLUGIN + "def get_evidence(): return 1\n", 3, "bad-evidence"),
    "evidence that raises": (PLUGIN + "def get_evidence(): raise ValueError('no')\n", 3, "ValueError: no"),
    "no answer": ("def get_all_configs(): return 1\ndef get_supported_configs(): return 1\n", 3, "contract-violated"),
}


@pytest.mark.parametrize(("source", "expected", "reason"), FAILURES.values(), ids=FAILURES)
def test_what_cannot_be_captured_is_said_in_one_sentence(
    capture: Capture, source: str, expected: int, reason: str
) -> None:
    code, out, err = capture(source)
    assert (code, out) == (expected, "")
    assert reason in err
    assert err.count("\n") == 1
    assert not capture.path.exists()


def test_a_machine_whose_driver_hangs_is_the_one_to_capture(capture: Capture) -> None:
    ignorant = "def get_supported_configs(): return []\ndef get_diagnostics(): return [('undetermined', 'It hangs.')]\n"
    code, _, _ = capture(TELLING + ignorant)
    assert code == 0
    document = json.loads(capture.path.read_text())
    assert document["answer"] == {
        "features": [],
        "diagnostics": [{"code": "undetermined", "message": "It hangs."}],
    }
    assert document["sources"]


def test_an_unapproved_provider_is_not_run(capture: Capture) -> None:
    code, out, err = capture(TELLING, approved=False)
    assert (code, out) == (1, "")
    assert "not-listed" in err


def test_no_exec_runs_nothing(capture: Capture) -> None:
    code, out, err = capture(TELLING, "--no-exec")
    assert (code, out) == (1, "")
    assert "no-exec" in err


def test_evidence_without_end_is_cut_and_said_to_be(capture: Capture) -> None:
    source = PLUGIN + "def get_evidence(): return [(f'/proc/{n}', chr(233) * 50_000) for n in range(100)]\n"
    code, _, err = capture(source)
    assert code == 0
    sources = json.loads(capture.path.read_text())["sources"]
    assert [source["path"] for source in sources] == [f"/proc/{n}" for n in range(len(sources))]
    assert 0 < len(sources) < 100
    assert f"{100 - len(sources)} sources are left out" in err


def test_a_source_is_cut_where_a_capture_would_not_be_read(capture: Capture) -> None:
    code, _, _ = capture(PLUGIN + f"def get_evidence(): return [('/proc/acme', 'a' * {MAX_TEXT + 9})]\n")
    assert code == 0
    (source,) = json.loads(capture.path.read_text())["sources"]
    assert source["text"] == "a" * MAX_TEXT


def test_a_user_named_like_a_feature_changes_no_answer(capture: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(getpass, "getuser", lambda: "level")
    evidence = "def get_evidence(): return [('/proc/acme', 'level 2')]\n"
    code, out, _ = capture(PLUGIN + evidence)
    assert code == 0
    assert json.loads(capture.path.read_text())["sources"] == [{"path": "/proc/acme", "text": "level 2"}]
    assert "user name" not in out


def test_nothing_is_overwritten_and_nothing_half_is_left(capture: Capture) -> None:
    capture.path.write_text("mine")
    code, _, err = capture(TELLING)
    assert (code, capture.path.read_text()) == (2, "mine")
    assert "overwrites nothing" in err
    assert not [name for name in os.listdir(capture.directory) if name.startswith(".capture-")]


@pytest.mark.parametrize(
    "words",
    [(), ("acme",), ("-o", "x"), ("--unpack", "a", "b", "acme"), ("--unpack", "a", "b", "-o", "x")],
    ids=" ".join,
)
def test_words_that_do_not_belong_together_are_wrong_usage(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["provider", "capture", *words]) == 2
    assert "expected" in capsys.readouterr().err


def test_a_capture_is_unpacked_or_refused_in_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "capture.json"
    source = {"path": "/proc/acme", "text": "cards 2\n"}
    path.write_text(json.dumps({"schema": "variantkit.capture/1", "namespace": "acme", "sources": [source]}))
    assert main(["provider", "capture", "--unpack", str(path), str(tmp_path / "tree")]) == 0
    assert (tmp_path / "tree/proc/acme").read_text() == "cards 2\n"
    assert "1 source(s) of a machine" in capsys.readouterr().out
    for words in ((str(path), str(tmp_path / "tree")), (str(tmp_path / "absent"), str(tmp_path / "other"))):
        assert main(["provider", "capture", "--unpack", *words]) == 2
        assert capsys.readouterr().err.count("\n") == 1
    assert main(["provider", "capture", "--unpack", str(path), str(tmp_path / "third"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["schema"] == "variantkit.unpacked/1"
