"""Approved lists for tests: complete and valid by default, so that a test spoils exactly what it is about."""

from __future__ import annotations

import json
import os

from variantkit.trust import Approvals, load_approvals
from variantkit.trust.dates import parse_date

NOW = parse_date("2026-11-21T12:00:00Z")
DIGEST = "ab" * 32
OTHER_DIGEST = "cd" * 32


def make_entry(**changes: object) -> dict[str, object]:
    """One `providers` entry; a key given as None is left out, `_` in a key stands for `-`."""
    entry: dict[str, object] = {
        "namespace": "acme",
        "package": "acme-variant-provider",
        "version": "0.3.0",
        "sha256": [DIGEST],
        "plugin-api": ["acme_variant_provider"],
    }
    return _changed(entry, changes)


def make_list(*entries: dict[str, object], **changes: object) -> dict[str, object]:
    """An enforcement file as an object; a key given as None is left out, `_` in a key stands for `-`."""
    document: dict[str, object] = {
        "schema": "variantkit.approved/1",
        "id": "example.org/providers",
        "serial": 5,
        "issued": "2026-11-01",
        "renew-by": "2027-11-01",
        "expires": "2029-11-01",
        "providers": list(entries),
    }
    return _changed(document, changes)


def encode(document: object) -> bytes:
    return json.dumps(document).encode()


def write_list(directory: str | os.PathLike[str], document: object, name: str = "approved.json") -> str:
    """Write a list that only its owner may write, and return its path."""
    path = os.path.join(directory, name)
    with open(path, "wb") as stream:
        stream.write(document if isinstance(document, bytes) else encode(document))
    os.chmod(path, 0o600)
    return path


def load_levels(
    *,
    system: str | None = None,
    user: str | None = None,
    flag: str | None = None,
    variable: str | None = None,
    embedded: object = None,
    memory: str | None = None,
    now: int = NOW,
) -> Approvals:
    """`load_approvals` with levels that are absent by default."""
    return load_approvals(
        flag=flag,
        variable=variable,
        user_path=user,
        system_path=system,
        embedded=encode(embedded) if isinstance(embedded, dict) else None,
        now=now,
        memory_dir=memory,
    )


def _changed(document: dict[str, object], changes: dict[str, object]) -> dict[str, object]:
    renamed = {key.replace("_", "-"): value for key, value in changes.items()}
    return {key: value for key, value in {**document, **renamed}.items() if value is not None}
