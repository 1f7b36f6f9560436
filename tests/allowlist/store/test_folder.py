"""A folder that a command writes is written whole, and over nothing but what the same command wrote before."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from variantkit.errors import InputError, RefusedError
from variantkit_allowlist.store import folder
from variantkit_allowlist.store.folder import files_below, replace_folder

if TYPE_CHECKING:
    from pathlib import Path

MARKER, SCHEMA = "made.json", "test.made/1"
FILES = {"index.html": b"one", "a/b.html": b"two"}


def write(path: Path, files: dict[str, bytes]) -> None:
    replace_folder(str(path), files, MARKER, SCHEMA)


def test_a_folder_holds_exactly_what_was_written_last(tmp_path: Path) -> None:
    write(tmp_path / "made", FILES)
    write(tmp_path / "made", {"index.html": b"three"})
    assert files_below(str(tmp_path / "made")) == ["index.html", MARKER]
    assert (tmp_path / "made/index.html").read_bytes() == b"three"
    assert os.listdir(tmp_path) == ["made"]


def test_an_empty_directory_is_filled(tmp_path: Path) -> None:
    (tmp_path / "made").mkdir()
    write(tmp_path / "made", FILES)
    assert (tmp_path / "made/a/b.html").read_bytes() == b"two"


def test_everybody_may_read_what_a_web_server_is_to_serve(tmp_path: Path) -> None:
    write(tmp_path / "made", FILES)
    assert (tmp_path / "made").stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize(
    "lay",
    [
        lambda made: (made.mkdir(), (made / "letter.txt").write_text("mine")),
        lambda made: (made.mkdir(), (made / "sub").mkdir()),
        lambda made: made.write_text("a file"),
        lambda made: made.symlink_to(made.parent),
        lambda made: write(made, FILES) or (made / "CNAME").write_text("mine"),  # type: ignore[func-returns-value]
        lambda made: write(made, FILES) or (made / "link").symlink_to("/"),  # type: ignore[func-returns-value]
        lambda made: replace_folder(str(made), FILES, MARKER, "another.thing/1"),
        lambda made: (made.mkdir(), (made / MARKER).write_text('{"schema": "test.made/1"}')),
        lambda made: (made.mkdir(), (made / MARKER).write_text("[" * 100_000)),
    ],
    ids=[
        "letter",
        "folder",
        "file",
        "link",
        "added-file",
        "added-link",
        "other-command",
        "marker-alone",
        "deep-marker",
    ],
)
def test_what_another_laid_there_is_never_lost(tmp_path: Path, lay: object) -> None:
    made = tmp_path / "made"
    lay(made)  # type: ignore[operator]
    before = files_below(str(tmp_path))
    with pytest.raises(RefusedError, match="name a new or empty directory"):
        write(made, {"index.html": b"new"})
    assert files_below(str(tmp_path)) == before


def test_a_full_disk_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "made", FILES)

    def full(path: str, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(folder, "_write", full)
    with pytest.raises(InputError, match="No space left on device; nothing there was changed"):
        write(tmp_path / "made", {"index.html": b"new"})
    assert (tmp_path / "made/index.html").read_bytes() == b"one"
    assert os.listdir(tmp_path) == ["made"]


def test_a_folder_that_cannot_take_its_place_gives_it_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "made", FILES)
    rename = os.rename

    def once(source: str, target: str) -> None:
        if target.endswith("made") and not source.endswith(".old"):
            raise OSError(13, "Permission denied")
        rename(source, target)

    monkeypatch.setattr(os, "rename", once)
    with pytest.raises(InputError, match="nothing there was changed"):
        write(tmp_path / "made", {"index.html": b"new"})
    assert (tmp_path / "made/index.html").read_bytes() == b"one"
