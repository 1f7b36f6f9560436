"""Approved lists for tests: a list that admits given wheels, as the enforcement file and as read."""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING, Any

from variantkit.trust.levels import load_approvals

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from variantkit.trust.union import Approvals

NOW = 1_800_000_000
"""2027-01-15T08:00:00Z."""


def approve(path: str, namespace: str = "example", **more: Any) -> dict[str, Any]:
    """The entry that approves the provider wheel at `path`; `more` replaces or adds keys."""
    name, version = os.path.basename(path).split("-")[:2]
    with open(path, "rb") as stream:
        digest = hashlib.sha256(stream.read()).hexdigest()
    entry: dict[str, Any] = {
        "namespace": namespace,
        "package": name.replace("_", "-"),
        "version": version,
        "sha256": [digest],
        "plugin-api": [name],
    }
    return entry | {key.replace("_", "-"): value for key, value in more.items()}


def write_list(path: str | os.PathLike[str], entries: Sequence[Mapping[str, Any]], **more: Any) -> str:
    """Write an enforcement file that only its owner can change, and return its path."""
    document = {"schema": "variantkit.approved/1", "serial": 1, "expires": "2030-01-01", "providers": list(entries)}
    document |= {key.replace("_", "-"): value for key, value in more.items()}
    with open(path, "w", encoding="utf-8") as stream:
        json.dump(document, stream)
    os.chmod(path, 0o644)
    return str(path)


def read_lists(flag: str | None, *, system: str | None = None, now: int = NOW, memory: str | None = None) -> Approvals:
    """What is approved when `flag` is given as `--approved` and `system` is the machine's own list."""
    return load_approvals(
        flag=flag, variable=None, user_path=None, system_path=system, embedded=None, now=now, memory_dir=memory
    )
