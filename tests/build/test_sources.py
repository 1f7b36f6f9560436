"""Packages that are vendored come from others: what their lists of files say is no order to read this machine's."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

from variantkit_build.sources import Wheel, find_in_directory

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ("thing/good.py", "../secret", "thing/../../secret", "/etc/passwd", "C:/secret", "thing/__pycache__/x.pyc")


def test_a_record_names_no_file_outside_of_its_package(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    info = tmp_path / "site" / "thing-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.4\nName: thing\nVersion: 1.0\n")
    (info / "RECORD").write_text("".join(f"{name},,\n" for name in NAMES))
    assert find_in_directory(str(tmp_path / "site"), "thing==1.0").names() == ["thing/good.py"]


def test_nor_does_a_wheel(tmp_path: Path) -> None:
    path = tmp_path / "thing-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name in NAMES:
            archive.writestr(name, b"x")
    assert Wheel(str(path)).names() == ["thing/good.py"]
