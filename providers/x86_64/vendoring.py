"""archspec's microarchitecture data as the table that this provider reads; run at build time, by hash.

`compile_archspec` turns archspec's JSON (locked in vendor.lock) into `_vendor/microarchitectures.txt`: one line for
each x86-64 micro-architecture of a vendor, best first, of blank-separated words

    name  vendor  parents  feature…

`parents` are names of lower lines, joined by commas, `-` for none; a line lists the features that its parents do not
require. Generic levels (x86_64_v2 …), which the feature `level` is for, are folded into the lines that descend from
them. Best first is archspec's own order: more ancestors, then more features, then the name.
"""

from __future__ import annotations

import json
import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    Targets = dict[str, dict[str, object]]

SOURCE = "archspec/json/cpu/microarchitectures.json"
RESULT = "microarchitectures.txt"
FAMILY = "x86_64"
_is_word = re.compile(r"[a-z0-9_.]+").fullmatch
_is_vendor = re.compile(r"[A-Za-z0-9]+").fullmatch


def compile_archspec(files: Mapping[str, bytes]) -> Mapping[str, bytes]:
    """The locked files of archspec -> the files below `_vendor/`; the same bytes for the same input."""
    targets = json.loads(files[SOURCE])["microarchitectures"]
    ancestors = {name: find_ancestors(targets, name) for name in targets}
    family = [name for name in targets if FAMILY in ancestors[name] and targets[name]["vendor"] != "generic"]
    needs = {name: find_needs(targets, (name, *ancestors[name])) for name in family}
    family.sort(key=lambda name: (-len(ancestors[name]), -len(targets[name]["features"]), name))
    lines = [write_line(name, targets, ancestors, needs) for name in family]
    return {RESULT: "".join(lines).encode("ascii")}


def find_ancestors(targets: Targets, name: str) -> list[str]:
    """Every name above `name`, each once, nearest first."""
    found: list[str] = []
    level = list(names_of(targets[name]["from"]))
    while level:
        found += [parent for parent in dict.fromkeys(level) if parent not in found]
        level = [above for parent in level for above in names_of(targets[parent]["from"])]
    return found


def find_needs(targets: Targets, names: tuple[str, ...]) -> set[str]:
    """All features that any of these lists: what runs here must run everything above it, too."""
    return {feature for name in names for feature in names_of(targets[name]["features"])}


def write_line(name: str, targets: Targets, ancestors: dict[str, list[str]], needs: dict[str, set[str]]) -> str:
    vendor = str(targets[name]["vendor"])
    above = [parent for parent in ancestors[name] if parent in needs]
    # Parents of parents follow from these.
    parents = sorted(parent for parent in above if not any(parent in ancestors[other] for other in above))
    more = needs[name].difference(*(needs[parent] for parent in parents))
    if not _is_vendor(vendor) or not all(map(_is_word, [name, *parents, *more])):
        raise ValueError(f"{SOURCE}: {name}: expected names of a-z, 0-9, '_' and '.', found {[vendor, *sorted(more)]}")
    return " ".join([name, vendor, ",".join(parents) or "-", *sorted(more)]) + "\n"


def names_of(value: object) -> list[str]:
    """A JSON list of texts."""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError(f"{SOURCE}: expected a list of names, found {value!r}")
    return value
