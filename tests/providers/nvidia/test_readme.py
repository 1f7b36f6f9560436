"""The README names every diagnostic and every override that the code has, and none that it has not."""

from __future__ import annotations

import re
from pathlib import Path

import nvidia_variant_provider
from nvidia_variant_provider._rules import sm_values, upper_bounds
from nvidia_variant_provider._tables import BRANCH, LOWER_BOUND, SM_ARCH, UPPER_BOUND, VARIABLES

SOURCES = Path(nvidia_variant_provider.__file__).parent
README = (SOURCES.parents[1] / "README.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    return README.partition(f"## {title}")[2].partition("\n## ")[0]


def test_the_tables_name_every_diagnostic() -> None:
    files = ("_tables.py", "_sources.py", "_troubles.py", "_reasons.py")
    text = "".join((SOURCES / name).read_text(encoding="utf-8") for name in files)
    codes = set(re.findall(r'"((?:cuda|driver|forward|gpu|mixed|no|override|sm|stub)-[a-z-]+)"', text)) - {"driver-"}
    tables = section("Faults, and what becomes of them") + section("Overrides")
    named = {name for name in re.findall(r"`([a-z]+(?:-[a-z]+)+)`", tables) if name != "nvidia-smi"}
    assert named == codes


def test_the_overrides_are_those_of_the_code() -> None:
    assert set(re.findall(r"^\| `(NV_[A-Z_]+)`", section("Overrides"), re.MULTILINE)) == set(VARIABLES)


def test_the_features_and_examples_are_those_of_the_code() -> None:
    rows = dict(re.findall(r"^\| `([a-z_]+)`[^|]*\|[^|]*\|([^|]*)\|", README, re.MULTILINE))
    assert list(rows) == [LOWER_BOUND, UPPER_BOUND, SM_ARCH, BRANCH]
    hopper = re.findall("`([^`]*)`", rows[SM_ARCH])
    assert [value for value in sm_values([(9, 0)]) if value in hopper] == hopper
    bounds = re.findall("`([^`]*)`", rows[UPPER_BOUND])
    assert [value for value in upper_bounds((12, 4)) if value in bounds] == bounds
