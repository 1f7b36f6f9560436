"""Other processors, by qemu's user emulation: their CPUID is real, /proc/cpuinfo is the host's."""

from __future__ import annotations

import json
import os

import pytest

import x86_64_variant_provider
from support.qemu import run_under

SOURCES = os.path.dirname(os.path.dirname(os.path.abspath(x86_64_variant_provider.__file__)))

# The level is what GCC's __builtin_cpu_supports("x86-64-vN") says under the same model of qemu 7.2 (of Dhyana, whose
# vendor GCC does not know, what its bits say). qemu 7.2 emulates no AVX-512: a v4 answer can only be the host's.
LEVELS = {
    "Opteron_G1": "v1",
    "Opteron_G2": "v1",
    "Opteron_G3": "v1",
    "phenom": "v1",
    "kvm64": "v1",
    "qemu64": "v1",
    "Conroe": "v1",
    "core2duo": "v1",
    "Penryn": "v1",
    "Opteron_G4": "v2",
    "Opteron_G5": "v2",
    "Nehalem": "v2",
    "Westmere": "v2",
    "SandyBridge": "v2",
    "IvyBridge": "v2",
    "Denverton": "v2",
    "Snowridge": "v2",
    "Haswell": "v3",
    "Broadwell": "v3",
    "Skylake-Client": "v3",
    "EPYC": "v3",
    "EPYC-Rome": "v3",
    "EPYC-Milan": "v3",
    "Dhyana": "v3",
}
# Where the emulator has all that archspec asks for: vendor and features are the model's, not the host's.
MICROARCHITECTURES = {
    "Penryn": "core2",
    "Nehalem": "nehalem",
    "Westmere": "westmere",
    "SandyBridge": "sandybridge",
    "IvyBridge": "ivybridge",
    "Haswell": "haswell",
}
CODE = (
    f"import sys; sys.path.insert(0, {SOURCES!r}); import x86_64_variant_provider as p; import json; "
    "print(json.dumps([{c.name: c.values for c in p.get_supported_configs()}, p.get_diagnostics()]))"
)


@pytest.mark.parametrize("model", LEVELS)
def test_an_emulated_model_answers_its_own_level(model: str) -> None:
    answer, diagnostics = json.loads(run_under(model, CODE))
    assert answer["level"][0] == LEVELS[model]
    assert diagnostics == []
    if model in MICROARCHITECTURES:
        assert answer["microarchitecture"][0] == MICROARCHITECTURES[model]


@pytest.mark.parametrize(("change", "level"), [("-avx2", "v2"), ("-xsave", "v2"), ("-cx16", "v1"), ("-bmi2", "v2")])
def test_a_model_without_one_extension_answers_the_level_below(change: str, level: str) -> None:
    answer, _ = json.loads(run_under(f"Haswell,{change}", CODE))
    assert answer["level"][0] == level
    assert change[1:] not in answer
