"""The reference tool's own loader, given the published wheels unchanged."""

from __future__ import annotations

import importlib
import os

import pytest

from support.first_party import FIRST_PARTY, build_provider

pytest.importorskip("hatchling")
loader = pytest.importorskip("variantlib.plugins.loader")

PLUGINS = {provider.namespace: importlib.import_module(provider.package) for provider in FIRST_PARTY.values()}
ENDPOINTS = {provider.namespace: provider.endpoint for provider in FIRST_PARTY.values()}


@pytest.fixture(autouse=True)
def _wheels_on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loader, "VARIANT_PROVIDER_CACHE_TABLE", {})
    wheels = [build_provider(folder) for folder in FIRST_PARTY]
    for wheel in wheels:
        monkeypatch.syspath_prepend(wheel)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(wheels))


@pytest.mark.parametrize("function", ["get_supported_configs", "get_all_configs"])
def test_it_finds_all_by_entry_point_and_gets_their_answers(function: str) -> None:
    with loader.EntryPointPluginLoader() as plugins:
        answers = getattr(plugins, function)()
        assert plugins.plugin_api_values == ENDPOINTS
    for namespace, plugin in PLUGINS.items():
        expected = [(config.name, config.values, config.multi_value) for config in getattr(plugin, function)()]
        found = answers[namespace].configs if namespace in answers else []  # nothing supported: not in its answer
        assert [(c.name, c.values, c.multi_value) for c in found] == expected


@pytest.mark.parametrize(
    ("endpoint", "features"),
    [
        ("blas_lapack_variant_provider", ["library"]),
        ("blas_lapack_variant_provider.alias", ["library", "provider"]),
    ],
)
def test_it_accepts_the_blas_provider_for_static_properties(endpoint: str, features: list[str]) -> None:
    with loader.DictPluginLoader({"blas_lapack": endpoint}) as plugins:
        answer = plugins.get_supported_configs(require_fixed=True)
    assert [config.name for config in answer["blas_lapack"].configs] == features


def test_it_refuses_the_x86_64_provider_for_static_properties() -> None:
    with (
        loader.DictPluginLoader({"x86_64": "x86_64_variant_provider"}) as plugins,
        pytest.raises(loader.PluginError, match="do not declare having all their valid properties compatible"),
    ):
        plugins.get_supported_configs(require_fixed=True)


def test_a_disabled_provider_is_a_namespace_without_properties(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("X86_64_VARIANT_PROVIDER_DISABLE", "1")
    with loader.DictPluginLoader({"x86_64": "x86_64_variant_provider"}) as plugins:
        assert plugins.get_supported_configs() == {}
