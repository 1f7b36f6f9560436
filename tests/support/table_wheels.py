"""Provider wheels with a module of tables, for tests of what changes between two versions."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Mapping

PACKAGE = "acme_variant_provider"

TABLES = '''"""What is known."""

from __future__ import annotations

__version__ = "1.0"

# Newest first.
GENERATIONS = ("g2", "g1")
CHIPS = {"0x20": "g2", "0x10": "g1"}
LIMIT = -3
DEVICES = ("/sys/class/acme",)
LIBRARY = "libacme.so.1"
TOOLS = ["acme-smi"]
WORDS: tuple[str, ...] = ("no device answers",)
"""Said to people."""
'''

PLUGIN = '''"""Answers for acme."""

from __future__ import annotations

from ._tables import GENERATIONS

__version__ = "1.0"


class Feature:
    def __init__(self, name: str, values: list[str]) -> None:
        self.name, self.values, self.multi_value = name, values, False


def get_all_configs():
    return [Feature("generation", list(GENERATIONS))]


def get_supported_configs():
    return []
'''


def tables_of(version: str) -> str:
    """The module of tables of a version."""
    return TABLES.replace('"1.0"', f'"{version}"')


def acme_files(version: str = "1.0") -> dict[str, str | bytes]:
    """The files of a version."""
    return {
        f"{PACKAGE}/__init__.py": PLUGIN.replace('"1.0"', f'"{version}"'),
        f"{PACKAGE}/_tables.py": tables_of(version),
        f"{PACKAGE}-{version}.dist-info/entry_points.txt": f"[variant_plugins]\nacme = {PACKAGE}\n",
    }


def acme_wheel(
    directory: str | os.PathLike[str],
    version: str = "1.0",
    *,
    tables: str | None = None,
    files: Mapping[str, str | bytes | None] | None = None,
) -> str:
    """Write a version of the acme provider and return its path; `files` replace members, None takes one away."""
    os.makedirs(directory, exist_ok=True)
    members: dict[str, str | bytes | None] = {**acme_files(version), **(files or {})}
    if tables is not None:
        members[f"{PACKAGE}/_tables.py"] = tables
    present = {name: data for name, data in members.items() if data is not None}
    return make_wheel(directory, "acme-variant-provider", version, files=present)
