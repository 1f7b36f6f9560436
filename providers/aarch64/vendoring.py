"""How archspec's data becomes the provider's own table; runs when the wheel is built, never on a user's machine."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

SOURCE = "archspec/json/cpu/microarchitectures.json"
TARGET = "microarchitectures.py"
FAMILY = "aarch64"
UNKNOWN_PART = "Unknown"
_is_word = re.compile(r"[a-z0-9_.]+").fullmatch
_is_core = re.compile(r"0x[0-9a-f]+:0x[0-9a-f]+|-").fullmatch

HEADER = '''\
"""The 64-bit Arm microarchitectures of archspec, best first: compiled from its microarchitectures.json."""

# SPDX-License-Identifier: Apache-2.0 OR MIT
# Copyright Lawrence Livermore National Security, LLC and other Archspec Project Developers.
#
# name, the cores it is (implementer:part), its ancestors best first, the features it requires; "-" for none.
TABLE = """
'''


def compile_archspec(files: Mapping[str, bytes]) -> Mapping[str, bytes]:
    """The vendored module, from the one file of archspec that it needs; the same bytes for the same bytes."""
    data = json.loads(next(content for path, content in files.items() if path.endswith(SOURCE)))
    targets: dict[str, dict[str, Any]] = data["microarchitectures"]
    implementers = {name: code for code, name in data["conversions"]["arm_vendors"].items()}
    ancestors = {name: _find_ancestors(name, targets) for name in targets}
    named = [name for name in targets if FAMILY in ancestors[name] and targets[name]["vendor"] != "generic"]
    # A descendant has one ancestor more than any of its ancestors, so this puts it before all of them.
    named.sort(key=lambda name: (-len(ancestors[name]), -len(targets[name]["features"]), name))
    lines = [_format_line(name, targets[name], implementers, ancestors[name] & set(named), named) for name in named]
    return {TARGET: (HEADER + "".join(lines) + '"""\n').encode("ascii")}


def _find_ancestors(name: str, targets: Mapping[str, dict[str, Any]]) -> set[str]:
    parents = set(targets[name]["from"])
    return parents.union(*(_find_ancestors(parent, targets) for parent in parents))


def _format_line(
    name: str, target: Mapping[str, Any], implementers: Mapping[str, str], ancestors: set[str], order: list[str]
) -> str:
    part = target.get("cpupart", UNKNOWN_PART)
    parts = "-" if part == UNKNOWN_PART else f"{implementers[target['vendor']]}:{part}".lower()
    if not all(map(_is_word, [name, *target["features"]])) or not target["features"] or not _is_core(parts):
        raise ValueError(
            f"{SOURCE}: {name}: expected words of a-z, 0-9, '_' and '.' and hexadecimal parts, found others"
        )
    descent = ",".join(other for other in order if other in ancestors) or "-"
    return f"{name} {parts} {descent} {','.join(sorted(target['features']))}\n"
