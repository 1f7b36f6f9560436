"""Provider wheels at hand: what is read of a directory, and what is not waited for."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from variantkit.errors import InputError
from variantkit.machine.wheels import MAX_WHEEL_BYTES, read_wheel

if TYPE_CHECKING:
    from pathlib import Path

posix = pytest.mark.skipif(os.name != "posix", reason="named pipes and devices are files on POSIX alone")


def test_a_wheel_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / "a.whl").write_bytes(b"x" * 100_000)
    assert read_wheel(str(tmp_path / "a.whl")) == b"x" * 100_000


@posix
def test_a_named_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.whl")
    with pytest.raises(InputError, match="no regular file"):
        read_wheel(str(tmp_path / "a.whl"))


@posix
def test_a_link_to_a_device_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "a.whl").symlink_to("/dev/zero")
    with pytest.raises(InputError, match="no regular file"):
        read_wheel(str(tmp_path / "a.whl"))


@pytest.mark.parametrize("make", ["directory", "nothing", "huge"])
def test_what_cannot_be_a_wheel_is_one_sentence(tmp_path: Path, make: str) -> None:
    path = tmp_path / "a.whl"
    if make == "directory":
        path.mkdir()
    elif make == "huge":
        with path.open("wb") as stream:
            stream.truncate(MAX_WHEEL_BYTES + 1)
    with pytest.raises(InputError) as caught:
        read_wheel(str(path))
    assert str(caught.value).startswith(f"{path}: ")
