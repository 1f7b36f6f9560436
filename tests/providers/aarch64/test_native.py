"""The real ctypes path, against stubs: a C library with macOS's function, and Windows' library object."""

from __future__ import annotations

import ctypes
import json
import sys
from typing import TYPE_CHECKING

import pytest

from aarch64_variant_provider import _native
from aarch64_variant_provider._machine import Machine
from aarch64_variant_provider._parse import parse_facts
from aarch64_variant_provider._probe import Evidence, probe_machine
from aarch64_variant_provider._rules import decide_answer
from support.stub_drivers import compile_library, needs_compiler, run_python

if TYPE_CHECKING:
    from pathlib import Path

# An M2 of macOS 13: integers of four bytes, a string with its end, and names it does not have.
SYSCTL = r"""
#include <errno.h>
#include <string.h>
#include <stddef.h>
static const char *yes[] = {"hw.optional.arm.FEAT_LSE", "hw.optional.arm.FEAT_RDM", "hw.optional.arm.FEAT_CRC32",
    "hw.optional.arm.FEAT_BF16", "hw.optional.armv8_crc32", 0};
static const char *no[] = {"hw.optional.arm.FEAT_SME", "hw.optional.arm.FEAT_DIT", 0};
int sysctlbyname(const char *name, void *value, size_t *size, void *set, size_t set_size) {
    int number = -1;
    if (set || set_size) { errno = EPERM; return -1; }
    if (!strcmp(name, "machdep.cpu.brand_string")) {
        if (*size < 9) { errno = ENOMEM; return -1; }
        memcpy(value, "Apple M2", 9);
        *size = 9;
        return 0;
    }
    for (const char **at = yes; *at; at++) if (!strcmp(name, *at)) number = 1;
    for (const char **at = no; *at; at++) if (!strcmp(name, *at)) number = 0;
    if (number < 0) { errno = ENOENT; return -1; }
    memcpy(value, &number, 4);
    *size = 4;
    return 0;
}
"""
ASK = """
import json, aarch64_variant_provider as provider
from aarch64_variant_provider import _interpreter, _probe
_interpreter.name_interpreter = _probe.name_interpreter = lambda: "aarch64 darwin\\n"
print(json.dumps([[(c.name, c.values) for c in provider.get_supported_configs()], provider.get_evidence()]))
"""


@needs_compiler
def test_sysctls_are_asked_in_process_and_only_known_ones_are_kept(tmp_path: Path) -> None:
    library = compile_library(tmp_path, "libstub-sysctl.so", SYSCTL)
    answer, evidence = json.loads(run_python(ASK, variables={"LD_PRELOAD": str(library)}))
    found = dict(answer)
    assert found["version"] == ["8.3a", "8.2a", "8.1a", "8a"]  # DIT is denied; what this M2 does not name is assumed
    assert {"atomics", "bf16", "jscvt", "paca"} <= set(found)
    assert not {"dit", "sme", "i8mm"} & set(found)
    (_, (path, text)) = evidence
    assert path == "/reports/sysctl"
    assert text.splitlines()[:2] == ["machdep.cpu.brand_string: Apple M2", "hw.optional.armv8_crc32: 1"]
    assert "hw.optional.arm.FEAT_DIT: 0" in text.splitlines()
    assert len(text.splitlines()) == 8


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS has the function")
def test_a_system_without_the_function_is_an_unreadable_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aarch64_variant_provider._probe.name_interpreter", lambda: "aarch64 darwin\n")
    assert decide_answer(parse_facts(probe_machine(Machine()), {})) == [("version", ["8a"], False)]


class Function:
    """IsProcessorFeaturePresent of a Snapdragon X."""

    argtypes: tuple[object, ...] = ()
    restype: object = None

    def __call__(self, number: int) -> int:
        assert self.argtypes == (ctypes.c_uint32,)
        return int(number in {30, 31, 34, 43, 44, 45, 62, 64, 67, 89})


class Library:
    def __init__(self, name: str) -> None:
        assert name == "kernel32"
        self.IsProcessorFeaturePresent = Function()


def test_windows_is_asked_for_every_number_of_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "WinDLL", Library, raising=False)
    evidence = Evidence()
    evidence.interpreter, evidence.features = "aarch64 win32", _native.read_features()
    numbers = (30, 31, 34, 43, 44, 45, 62, 64, 67)
    assert evidence.features == "".join([f"feature {number}\n" for number in numbers])
    answer = {name: values for name, values, _ in decide_answer(parse_facts(evidence, {}))}
    assert answer["version"] == ["8.2a", "8.1a", "8a"]
    assert {"uscat", "sha3", "fphp", "asimdhp", "dcpop", "asimdrdm"} <= set(answer)
