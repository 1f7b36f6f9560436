"""Real capability words: the provider on a 64-bit Arm Python under qemu's user emulation, one processor at a time."""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import aarch64_variant_provider as provider
from aarch64_variant_provider._everything import CORES
from aarch64_variant_provider._rules import list_contained
from support.arm64 import MODELS, emulation, run_arm64, with_cpuinfo

SOURCES = os.path.dirname(os.path.dirname(os.path.abspath(provider.__file__)))
CAPTURES = Path(__file__).parent / "captures"
ASK = f"""
import json, sys
sys.path.insert(0, {SOURCES!r})
import aarch64_variant_provider as provider
answer = {{config.name: config.values for config in provider.get_supported_configs()}}
loaded = "ctypes" in sys.modules
from aarch64_variant_provider import _machine, _probe
file = _probe.read_hwcap(_machine.Machine())
_probe.AUXV = "/nowhere"
library = _probe.read_hwcap(_machine.Machine())
print(json.dumps([answer, provider.get_diagnostics(), provider.get_evidence(), loaded, file, library]))
"""


@cache  # an emulated interpreter takes a second to start
def ask(model: str, root: Path | None = None) -> Any:
    return json.loads(run_arm64(ASK, emulation(model, root)))


def words_of(text: str) -> dict[str, int]:
    return {name: int(word, 16) for name, word in map(str.split, text.splitlines()) if name != "source"}


@pytest.mark.parametrize("model", MODELS)
def test_the_file_tells_what_the_c_library_tells_and_ctypes_is_not_loaded(model: str) -> None:
    _, diagnostics, evidence, loaded, file, library = ask(model)
    assert evidence[:2] == [["/reports/interpreter", "aarch64 linux\n"], ["/reports/hwcap", file]]
    assert (file.split()[1], library.split()[1]) == ("auxv", "getauxval")
    assert {"hwcap3": 0, **words_of(file)} == words_of(library)
    assert diagnostics == []
    assert not loaded


@pytest.mark.parametrize("model", MODELS)
def test_a_later_emulator_takes_nothing_away_from_a_processor(model: str) -> None:
    (capture,) = CAPTURES.glob(f"*-qemu-{model}.hwcap")
    answer, _, _, _, file, _ = ask(model)
    captured = list_contained(capture.name.partition("-")[0])
    assert answer["version"] == captured or (model == "max" and set(captured) < set(answer["version"]))
    for name, word in words_of(capture.read_text()).items():
        assert word & ~words_of(file)[name] == 0


@pytest.mark.skipif(not CORES, reason="archspec's data is not vendored into this tree")
def test_the_core_comes_from_cpuinfo_and_the_extensions_do_not(tmp_path: Path) -> None:
    root = with_cpuinfo(tmp_path / "root", (CAPTURES / "9.1a-neoverse-v2-ssbs-hidden.cpuinfo").read_text())
    answer, *_ = ask("neoverse-n1", root)
    assert answer["version"] == ["8.2a", "8.1a", "8a"]
    assert "sve2" not in answer
    assert answer["microarchitecture"] == ["neoverse_n1", "cortex_a72"]
