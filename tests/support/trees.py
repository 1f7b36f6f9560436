"""Captures as trees of files below a root."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def write_tree(root: Path, capture: Mapping[str, str]) -> Path:
    """Write out a capture: {path: text}, `path/` a directory's names one a line, `path@` a link's target.

    A name in a directory that no other path mentions becomes an empty file.
    """
    for path in capture:
        if path.endswith("/"):
            root.joinpath(path.strip("/")).mkdir(parents=True, exist_ok=True)
    for path, text in capture.items():
        target = root.joinpath(path.strip("/").removesuffix("@"))
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.endswith("@"):
            target.symlink_to(text)
        elif not path.endswith("/"):
            target.write_text(text, encoding="utf-8")
    for path, text in capture.items():
        for name in text.splitlines() if path.endswith("/") else ():
            target = root.joinpath(path.strip("/"), name)
            if not os.path.lexists(target):
                target.touch()
    return root
