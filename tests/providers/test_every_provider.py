"""What holds for each of our providers alike: one table of what a user may force, and the contract's promises."""

from __future__ import annotations

import importlib
import re
import sys
from typing import TYPE_CHECKING

import pytest

from support.first_party import FIRST_PARTY
from support.interpreters import run_alone

if TYPE_CHECKING:
    from types import ModuleType

# namespace -> sets of overrides: one that is believed, one that is not, one for each way to answer
FORCED: dict[str, tuple[dict[str, str], ...]] = {
    "x86_64": (
        {"X86_64_VARIANT_PROVIDER_FORCE_LEVEL": "v1"},
        {"X86_64_VARIANT_PROVIDER_FORCE_LEVEL": "v4"},
        {"X86_64_VARIANT_PROVIDER_FORCE_LEVEL": "x"},
        {"X86_64_VARIANT_PROVIDER_DISABLE": "1"},
    ),
    "aarch64": (
        {"AARCH64_VARIANT_PROVIDER_FORCE_VERSION": "8a"},
        {"AARCH64_VARIANT_PROVIDER_FORCE_VERSION": "9.2a"},
        {"AARCH64_VARIANT_PROVIDER_MAX_VERSION": "8.1a"},
        {"AARCH64_VARIANT_PROVIDER_DISABLE": "1"},
    ),
    "nvidia": (
        {"NV_VARIANT_PROVIDER_FORCE_SM_ARCH": "9.0"},
        {"NV_VARIANT_PROVIDER_FORCE_CUDA_DRIVER_VERSION": "16.25"},
        {"NV_VARIANT_PROVIDER_GPU_POLICY": "min", "NV_VARIANT_PROVIDER_TIMEOUT": "0"},
    ),
    "amd": (
        {"AMD_VARIANT_PROVIDER_FORCE_GFX_ARCH": "gfx90a:xnack+,x"},
        {"AMD_VARIANT_PROVIDER_FORCE_ROCM_VERSION": "7.99.1"},
        {"ROCM_BOOTSTRAP_DISABLE_DETECTION": "1"},
    ),
    "ascend": (
        {"ASCEND_VARIANT_PROVIDER_FORCE_NPU_TYPE": "910B"},
        {"ASCEND_VARIANT_PROVIDER_FORCE_DRIVER_VERSION": "25.2.1"},
        {"ASCEND_VARIANT_PROVIDER_FORCE_CANN_VERSION": "8.3.RC1"},
    ),
    "intel": ({"INTEL_VARIANT_PROVIDER_FORCE_DEVICE_IP": "20.2.0 12.55.8"},),
    "tpu": ({"TPU_VARIANT_PROVIDER_FORCE_GENERATION": "v4"}, {"TPU_VARIANT_PROVIDER_FORCE_PRESENT": ""}),
    "blas_lapack": ({},),
    "openmp": ({},),
}
MODULES = {provider.namespace: importlib.import_module(provider.package) for provider in FIRST_PARTY.values()}
OVERRIDDEN = [(namespace, variables) for namespace, sets in FORCED.items() for variables in sets]
each = pytest.mark.parametrize("provider", MODULES.values(), ids=list(MODULES))


@pytest.mark.parametrize(("namespace", "variables"), OVERRIDDEN, ids=str)
def test_all_configs_do_not_depend_on_the_environment_and_hold_what_is_forced(
    monkeypatch: pytest.MonkeyPatch, namespace: str, variables: dict[str, str]
) -> None:
    provider = MODULES[namespace]
    before = repr(provider.get_all_configs())
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    everything = {config.name: config.values for config in provider.get_all_configs()}
    assert repr(provider.get_all_configs()) == before
    for config in provider.get_supported_configs():
        assert set(config.values) <= set(everything[config.name])


def test_the_table_names_variables_that_are_read() -> None:
    assert set(FORCED) == set(MODULES)
    for namespace, variables in OVERRIDDEN:
        tables = importlib.import_module(f"{MODULES[namespace].__name__}._tables")
        assert set(variables) <= set(getattr(tables, "VARIABLES", ()))


@each
def test_names_and_values_keep_to_the_grammar_and_the_limits_and_appear_once(provider: ModuleType) -> None:
    configs = provider.get_all_configs()
    assert len({config.name for config in configs}) == len(configs) <= 256
    for config in configs:
        assert re.fullmatch(r"[a-z0-9_]+", config.name)
        assert 0 < len(set(config.values)) == len(config.values) <= 4096
        assert all(re.fullmatch(r"[a-z0-9_.]+", value) for value in config.values)


@each
def test_an_answer_is_the_callers_own_copy(provider: ModuleType) -> None:
    before = repr(provider.get_all_configs())
    for config in provider.get_all_configs():
        config.values.clear()
    assert repr(provider.get_all_configs()) == before


@each
def test_importing_does_nothing(provider: ModuleType) -> None:
    name = provider.__name__
    code = f"before = set(sys.modules); import {name}; print(*sorted(set(sys.modules) - before - {{'__future__'}}))"
    # A constant answer is all there is to those two, and they have no other module.
    rooms = ["", "._rules", "._tables"] if hasattr(provider, "all_properties_compatible") else [""]
    assert run_alone(sys.executable, provider, code).split() == [name + room for room in rooms]


@pytest.mark.parametrize("namespace", ["nvidia", "amd", "ascend", "intel", "tpu"])
def test_the_class_answers_as_the_package_does(namespace: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in FORCED[namespace][0].items():
        monkeypatch.setenv(name, value)
    provider = MODULES[namespace]
    plugin = importlib.import_module(provider.__name__ + ".plugin")
    (name,) = plugin.__all__
    assert getattr(plugin, name).namespace == namespace
    for function in provider.__all__:
        answer = repr(getattr(provider, function)())
        assert repr(getattr(getattr(plugin, name), function)()) == answer
        assert repr(getattr(getattr(plugin, name)(), function)()) == answer
