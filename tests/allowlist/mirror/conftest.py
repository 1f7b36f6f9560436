"""A mirror of tests: a published list, its mirror, and a machine that has no list and no memory of its own."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from support.curation import world
from support.published_lists import NOW, first_root, make_published_list
from variantkit.trust import levels
from variantkit_allowlist import cli

if TYPE_CHECKING:
    from pathlib import Path

    from support.curation import Curation


class Said(NamedTuple):
    """What a command said."""

    exit: int
    printed: dict[str, Any]
    told: str

    @property
    def codes(self) -> set[str]:
        """The codes of the problems, by which tests tell them apart."""
        return {problem["code"] for problem in self.printed.get("problems", [])}


class Mirrored(NamedTuple):
    """A list and its mirror at `path`."""

    curation: Curation
    path: Path
    capsys: pytest.CaptureFixture[str]

    @property
    def root(self) -> bytes:
        with open(first_root(self.curation), "rb") as stream:
            return stream.read()

    @property
    def files(self) -> Path:
        return self.path / "files"

    def run(self, *arguments: str) -> Said:
        self.capsys.readouterr()
        code = cli.main(["mirror", *arguments, "--json"], world(NOW))
        printed = self.capsys.readouterr()
        assert "Traceback" not in printed.err
        return Said(code, json.loads(printed.out) if printed.out else {}, printed.err)

    def write(self, *arguments: str) -> Said:
        return self.run(str(self.path), "--list", self.curation.path, *arguments)

    def verify(self, *arguments: str) -> Said:
        """Verify from the right root's digest, unless another anchor is given."""
        pinned = () if any(word.startswith("--root") for word in arguments) else self.pin
        return self.run("verify", str(self.path), *pinned, *arguments)

    @property
    def pin(self) -> tuple[str, str]:
        return "--root-sha256", hashlib.sha256(self.root).hexdigest()


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which the machine's own list may be laid as `approved.json`."""
    folder = tmp_path / "machine"
    folder.mkdir()
    monkeypatch.setattr(levels, "memory_path", lambda: str(folder / "serials"))
    monkeypatch.setattr(levels, "user_path", lambda: str(folder / "approved.json"))
    monkeypatch.setattr(levels, "system_path", lambda: str(folder / "none.json"))
    return folder


@pytest.fixture
def mirrored(tmp_path: Path, machine: Path, capsys: pytest.CaptureFixture[str]) -> Mirrored:
    """A list with three wheels, each with another form of attestation beside it, and its mirror."""
    forms = (".provenance", ".publish.attestation", ".sigstore.json")
    made = Mirrored(make_published_list(tmp_path, wheels=forms), tmp_path / "mirror", capsys)
    assert made.write().exit == 0
    return made
