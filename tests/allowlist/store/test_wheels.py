"""Evidence of a list: wheels are kept as judged, first sights never change, files are whole or not there."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import pytest

from support.curation import NOW, make_list_directory
from variantkit.errors import InputError, RefusedError, UndeterminedError
from variantkit_allowlist.model import Revoked
from variantkit_allowlist.store import (
    add_revocation,
    first_seen,
    keep_wheel,
    read_file,
    seen_at,
    write_whole,
)
from variantkit_allowlist.store.files import locked

if TYPE_CHECKING:
    from pathlib import Path

    from variantkit_allowlist.store import ListDirectory

NAME = "acme-1.0-py3-none-any.whl"
DIGEST = "ab" * 32


@pytest.fixture
def directory(tmp_path: Path) -> ListDirectory:
    return make_list_directory(tmp_path).open()


def test_a_wheel_is_kept_with_its_evidence(directory: ListDirectory) -> None:
    path = keep_wheel(directory, NAME, b"wheel", {".provenance": b"{}"})
    assert keep_wheel(directory, NAME, b"wheel") == path, "the same bytes again change nothing"
    assert read_file(directory.wheel_path(NAME), 1 << 20) == b"wheel"
    assert sorted(os.listdir(directory.wheels_path)) == [NAME, f"{NAME}.provenance"]


def test_t10_other_bytes_never_replace_a_kept_wheel(directory: ListDirectory) -> None:
    keep_wheel(directory, NAME, b"wheel")
    with pytest.raises(RefusedError, match="another wheel of this name is kept there"):
        keep_wheel(directory, NAME, b"other")
    assert read_file(directory.wheel_path(NAME), 1 << 20) == b"wheel"


def test_a_link_to_the_same_bytes_is_not_a_kept_wheel(directory: ListDirectory, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_bytes(b"wheel")
    os.makedirs(directory.wheels_path, exist_ok=True)
    os.symlink(tmp_path / "elsewhere", directory.wheel_path(NAME))
    keep_wheel(directory, NAME, b"wheel")
    (tmp_path / "elsewhere").write_bytes(b"other")
    assert read_file(directory.wheel_path(NAME), 1 << 20) == b"wheel"


def test_a_writer_waits_for_another_that_is_soon_done(directory: ListDirectory) -> None:
    """`approve` writes in several steps; of two at once both gave up where neither would wait."""
    holding = locked(directory.path)
    holding.__enter__()
    waiting = threading.Timer(0.2, holding.__exit__, (None, None, None))
    waiting.start()
    keep_wheel(directory, NAME, b"wheel")
    waiting.join()
    assert read_file(directory.wheel_path(NAME), 1 << 20) == b"wheel"


def test_two_that_keep_wheels_at_once_do_not_replace_one_anothers(directory: ListDirectory) -> None:
    with locked(directory.path), pytest.raises(UndeterminedError, match="another command is writing this list"):
        keep_wheel(directory, NAME, b"wheel")
    assert not os.path.lexists(directory.wheel_path(NAME))


@pytest.mark.parametrize("name", ["../x.whl", "a/b.whl", ".whl", "x.zip", "x\n.whl", "", "\u0430.whl"], ids=ascii)
def test_t28_a_name_that_is_a_path_or_no_wheel_is_refused(directory: ListDirectory, name: str) -> None:
    with pytest.raises(InputError, match="expected the file name of a wheel"):
        keep_wheel(directory, name, b"wheel")


def test_evidence_of_an_unknown_kind_is_refused(directory: ListDirectory) -> None:
    with pytest.raises(InputError, match="expected one of"):
        keep_wheel(directory, NAME, b"wheel", {"/../x": b""})


def test_the_first_sight_is_the_first_and_never_changes(directory: ListDirectory) -> None:
    assert seen_at(directory, DIGEST) is None
    assert first_seen(directory, DIGEST, NOW) == NOW
    assert first_seen(directory, DIGEST, NOW - 86400 * 365) == NOW, "no clock set back makes a wheel older"
    assert first_seen(directory, "cd" * 32, NOW + 1) == NOW + 1
    assert seen_at(directory, DIGEST) == NOW


@pytest.mark.parametrize(
    "text", ["[]", "{", '{"x": "2026-11-21"}', f'{{"{DIGEST}": 0}}', f'{{"{DIGEST}": "1999"}}', '{"a":"b","a":"c"}']
)
def test_first_sights_that_cannot_be_read_stop_everything(directory: ListDirectory, text: str) -> None:
    """To begin anew would make every wheel younger or older than it is."""
    write_whole(os.path.join(directory.path, "seen.json"), text.encode())
    with pytest.raises(InputError, match="take it from a backup"):
        first_seen(directory, DIGEST, NOW)


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(tmp_path / "file")
    write_whole(path, b"before")

    def fail(*given: object) -> None:
        raise OSError(28, "No space left on device")

    for broken in ("fsync", "replace"):
        with monkeypatch.context() as patch:
            patch.setattr(os, broken, fail)
            with pytest.raises(InputError, match="cannot be written: No space left"):
                write_whole(path, b"after")
        assert read_file(path, 100) == b"before"
        assert os.listdir(tmp_path) == ["file"], "nothing is left beside it"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_only_a_plain_file_within_bounds_is_read(tmp_path: Path) -> None:
    (tmp_path / "long").write_bytes(b"12345")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="expected at most 4 bytes"):
        read_file(str(tmp_path / "long"), 4)
    for name in ("pipe", "."):
        with pytest.raises(InputError, match="expected a plain file"):
            read_file(str(tmp_path / name), 4)


def test_an_edit_of_a_file_that_was_changed_meanwhile_is_not_written(directory: ListDirectory) -> None:
    import datetime

    write_whole(directory.ledger_path, directory.data + b"# mine\n")
    revoked = Revoked(sha256=(DIGEST,), since=datetime.date(2026, 11, 21), reason="bad")
    with pytest.raises(UndeterminedError, match="was changed meanwhile; nothing was written"):
        add_revocation(directory, revoked)
    assert read_file(directory.ledger_path, 1 << 20) == directory.data + b"# mine\n"


def test_an_edit_that_would_not_be_valid_is_not_written(directory: ListDirectory) -> None:
    import datetime

    revoked = Revoked(sha256=(DIGEST,), since=datetime.date(2026, 11, 21), reason="bad\n[[revoked]]")
    with pytest.raises(InputError, match=r"expected TOML|invisible character"):
        add_revocation(directory, revoked)
    assert read_file(directory.ledger_path, 1 << 20) == directory.data
