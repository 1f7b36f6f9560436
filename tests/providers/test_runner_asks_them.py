"""The runner's own child, given the published wheels: what users get of each provider."""

from __future__ import annotations

import hashlib
import importlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import x86_64_variant_provider

pytest.importorskip("hatchling")

from support.first_party import FIRST_PARTY, build_provider
from support.interpreters import INTERPRETERS
from variantkit.provider.clauses import configs_digest
from variantkit.runner import Answer, Question, ask
from variantkit.trust.needs import Needs
from variantkit.variants.grammar import Feature

if TYPE_CHECKING:
    from types import ModuleType

FORCE, DISABLE = "X86_64_VARIANT_PROVIDER_FORCE_LEVEL", "X86_64_VARIANT_PROVIDER_DISABLE"


def question(folder: str, endpoint: str = "") -> Question:
    wheel, provider = Path(build_provider(folder)).read_bytes(), FIRST_PARTY[folder]
    digest = hashlib.sha256(wheel).hexdigest()
    return Question(provider.namespace, endpoint or provider.endpoint, wheel, digest, Needs())


def ask_x86_64(**variables: str) -> Answer:
    (answer,) = ask([question("x86_64")], deadline=60, environ={"PATH": os.defpath, **variables})
    return answer


def features_of(plugin: ModuleType, function: str) -> tuple[Feature, ...]:
    configs = getattr(plugin, function)()
    return tuple(Feature(config.name, tuple(config.values), config.multi_value) for config in configs)


@pytest.mark.parametrize("python", INTERPRETERS)
def test_every_interpreter_gets_the_answers_of_the_source(python: str) -> None:
    answers = ask([question(folder) for folder in FIRST_PARTY], deadline=60, python=python)
    for answer, provider in zip(answers, FIRST_PARTY.values(), strict=True):
        plugin = importlib.import_module(provider.package)
        supported = features_of(plugin, "get_supported_configs")
        assert answer.status == ("present" if supported else "absent"), provider
        assert answer.features == supported
        assert answer.everything == features_of(plugin, "get_all_configs")
        assert answer.diagnostics == tuple(getattr(plugin, "get_diagnostics", tuple)())


def test_the_alias_is_found_in_the_wheel() -> None:
    (answer,) = ask([question("blas", "blas_lapack_variant_provider.alias")], deadline=60)
    assert [feature.name for feature in answer.features] == ["library", "provider"]
    assert answer.features == answer.everything


@pytest.mark.skipif(
    not x86_64_variant_provider.get_supported_configs(), reason="this interpreter is not a 64-bit x86 one"
)
@pytest.mark.parametrize("level", ["v1", "v2", "v3", "v4"])
def test_a_forced_level_reaches_the_child_and_is_reported(level: str) -> None:
    answer = ask_x86_64(**{FORCE: level})
    assert answer.features[0].values[0] == level
    assert "level-forced" in dict(answer.diagnostics)
    assert configs_digest(answer.everything) == configs_digest(ask_x86_64().everything)


@pytest.mark.skipif(
    not x86_64_variant_provider.get_supported_configs(), reason="this interpreter is not a 64-bit x86 one"
)
def test_a_disabled_provider_is_absent_and_says_so() -> None:
    answer = ask_x86_64(**{DISABLE: "1"})
    assert (answer.status, answer.features) == ("absent", ())
    assert "disabled" in dict(answer.diagnostics)
    assert answer.everything == features_of(x86_64_variant_provider, "get_all_configs")
