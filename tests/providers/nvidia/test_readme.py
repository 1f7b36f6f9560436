"""The README's examples are answers of the code (what holds for every README is in ../test_readmes.py)."""

from __future__ import annotations

import re
from pathlib import Path

import nvidia_variant_provider
from nvidia_variant_provider._capabilities import list_values
from nvidia_variant_provider._rules import upper_bounds
from nvidia_variant_provider._tables import BRANCH, LOWER_BOUND, SM_ARCH, UPPER_BOUND

SOURCES = Path(nvidia_variant_provider.__file__).parent
README = (SOURCES.parents[1] / "README.md").read_text(encoding="utf-8")


def test_the_features_and_examples_are_those_of_the_code() -> None:
    rows = dict(re.findall(r"^\| `([a-z_]+)`[^|]*\|[^|]*\|([^|]*)\|", README, re.MULTILINE))
    assert list(rows) == [LOWER_BOUND, UPPER_BOUND, SM_ARCH, BRANCH]
    hopper = re.findall("`([^`]*)`", rows[SM_ARCH])
    assert [value for value in list_values([(9, 0)]) if value in hopper] == hopper
    bounds = re.findall("`([^`]*)`", rows[UPPER_BOUND])
    assert [value for value in upper_bounds((12, 4)) if value in bounds] == bounds
