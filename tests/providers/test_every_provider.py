"""What holds for each of our providers alike: one table of what a user may force, and the contract's promises."""

from __future__ import annotations

import importlib
import re
import sys
from typing import TYPE_CHECKING

import pytest

from support.first_party import FIRST_PARTY, OVERRIDES
from support.interpreters import run_alone

if TYPE_CHECKING:
    from types import ModuleType

MODULES = {provider.namespace: importlib.import_module(provider.package) for provider in FIRST_PARTY.values()}
OVERRIDDEN = [(namespace, variables) for namespace, sets in OVERRIDES.items() for variables in sets]
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
    assert set(OVERRIDES) == set(MODULES)
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
    for name, value in OVERRIDES[namespace][0].items():
        monkeypatch.setenv(name, value)
    provider = MODULES[namespace]
    plugin = importlib.import_module(provider.__name__ + ".plugin")
    (name,) = plugin.__all__
    assert provider.get_supported_configs()
    assert getattr(plugin, name).namespace == namespace
    for function in provider.__all__:
        answer = repr(getattr(provider, function)())
        assert repr(getattr(getattr(plugin, name), function)()) == answer
        assert repr(getattr(getattr(plugin, name)(), function)()) == answer
