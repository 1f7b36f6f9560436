"""docs/sharing-a-list.md: its commands are typed as they stand, and each does what the page says."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from support.curation import make_list_directory, world
from support.published_lists import NOW, first_root, make_published_list, publish_again, read_json
from variantkit.trust import levels
from variantkit_allowlist import cli

if TYPE_CHECKING:
    import pytest

PAGE = Path(__file__).parents[2].joinpath("docs", "sharing-a-list.md").read_text(encoding="utf-8")
COMMANDS = [shlex.split(line) for line in re.findall(r"^    \$ (.*)$", PAGE, re.MULTILINE)]


def write_import(partner: str) -> str:
    """The page's [imports.partner] with the digest that it leaves open."""
    import hashlib

    block = re.search(r"^    \[imports\.partner\]\n(?:    .*\n)+", PAGE, re.MULTILINE)
    assert block is not None
    digest = hashlib.sha256(Path(partner).read_bytes()).hexdigest()
    return re.sub(r"^    ", "", block[0], flags=re.MULTILINE).replace("…", digest)


def test_the_page_is_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("memory_path", "user_path", "system_path"):
        monkeypatch.setattr(levels, name, lambda: str(tmp_path / "nowhere"))
    curation = make_published_list(tmp_path)
    shutil.copy(first_root(curation), "root.json")
    os.symlink("list", "partner")
    (tmp_path / "own").mkdir()
    ours = make_list_directory(tmp_path / "own", write_import("root.json"))
    text = Path(ours.path, "providers.toml").read_text().replace("example.org/providers", "example.com/ours")
    Path(ours.path, "providers.toml").write_text(text)
    os.rename(ours.path, "ours")
    said = ""
    for program, *words in COMMANDS:
        assert program == "variantkit-allowlist"
        assert cli.main(words, world(NOW)) == 0, (words, capsys.readouterr().err)
        said += capsys.readouterr().out
    assert len(COMMANDS) == 4
    assert "verified: example.org/providers serial 1" in said
    assert "taken: acme-variant-provider 1.0 for acme" in said
    assert os.path.exists("catalogue/index.html")
    kept = read_json("ours/imports/partner/lock.json")
    assert kept["serial"] == 1
    publish_again(ours._replace(path="ours"))


def test_what_the_page_says_of_a_mirrors_parts_is_what_it_has(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    curation = make_published_list(tmp_path)
    assert cli.main(["mirror", str(tmp_path / "m"), "--list", curation.path], world(NOW)) == 0
    named = re.findall(r"^\| `([a-z_.]+)/?` \|", PAGE, re.MULTILINE)
    assert sorted(named) == sorted(name for name in os.listdir(tmp_path / "m") if name != "variantkit-mirror.json")
