"""The wheels of ascend and intel where they are used: in the runner's child, in the reference tool, on every Python."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

import ascend_variant_provider
import intel_variant_provider

pytest.importorskip("hatchling")

from support.ascend_drivers import add_dcmi, add_nodes, add_smi
from support.first_party import build_provider
from support.interpreters import INTERPRETERS
from support.stub_drivers import needs_compiler, run_python
from variantkit.provider.clauses import configs_digest
from variantkit.runner import Answer, Question, ask
from variantkit.trust.needs import Needs
from variantkit.variants.grammar import Feature

if TYPE_CHECKING:
    from types import ModuleType


class Case(NamedTuple):
    """A provider, its class for other tools, an override and the first feature that it makes."""

    plugin: ModuleType
    endpoint: str
    override: dict[str, str]
    feature: Feature


CASES = {
    "ascend": Case(
        ascend_variant_provider,
        "ascend_variant_provider.plugin:AscendVariantPlugin",
        {"ASCEND_VARIANT_PROVIDER_FORCE_NPU_TYPE": "910B", "ASCEND_VARIANT_PROVIDER_FORCE_CANN_VERSION": "x"},
        Feature("npu_type", ("910b",), False),
    ),
    "intel": Case(
        intel_variant_provider,
        "intel_variant_provider.plugin:IntelVariantPlugin",
        {"INTEL_VARIANT_PROVIDER_FORCE_DEVICE_IP": "20.2.0,x"},
        Feature("device_ip", ("20.2.0", "20.1.0"), True),
    ),
}
cases = pytest.mark.parametrize("name", CASES)


def ask_wheel(name: str, endpoint: str, python: str = sys.executable, **variables: str) -> Answer:
    wheel = Path(build_provider(name)).read_bytes()
    question = Question(name, endpoint, wheel, hashlib.sha256(wheel).hexdigest(), Needs())
    (answer,) = ask([question], deadline=60, python=python, environ={"PATH": os.defpath, **variables})
    return answer


@cases
@pytest.mark.parametrize("python", INTERPRETERS)
def test_every_interpreter_gets_the_answers_of_the_source(name: str, python: str) -> None:
    case = CASES[name]
    for endpoint in (case.plugin.__name__, case.endpoint):
        answer = ask_wheel(name, endpoint, python)
        everything = tuple(Feature(c.name, tuple(c.values), c.multi_value) for c in case.plugin.get_all_configs())
        assert answer.everything == everything
        assert [feature.name for feature in answer.features] == [c.name for c in case.plugin.get_supported_configs()]


@cases
def test_an_override_reaches_the_child_and_changes_no_catalogue(name: str) -> None:
    case = CASES[name]
    answer = ask_wheel(name, case.endpoint, **case.override)
    assert answer.status == "present"
    assert answer.features[0] == case.feature
    assert "override-ignored" in dict(answer.diagnostics)
    assert configs_digest(answer.everything) == configs_digest(ask_wheel(name, case.endpoint).everything)


@cases
def test_the_reference_tool_loads_the_wheel(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    loader = pytest.importorskip("variantlib.plugins.loader")
    monkeypatch.setattr(loader, "VARIANT_PROVIDER_CACHE_TABLE", {})
    wheel, case = build_provider(name), CASES[name]
    monkeypatch.syspath_prepend(wheel)
    monkeypatch.setenv("PYTHONPATH", wheel)
    for variable, value in case.override.items():
        monkeypatch.setenv(variable, value)
    with loader.DictPluginLoader({name: case.endpoint}) as plugins:
        found = plugins.get_supported_configs()[name].configs[0]
        known = plugins.get_all_configs()[name].configs
    assert (found.name, tuple(found.values), found.multi_value) == case.feature
    assert [config.name for config in known] == [config.name for config in case.plugin.get_all_configs()]


ASK_ASCEND = """
import sys
from ascend_variant_provider._machine import Machine
from ascend_variant_provider._parse import parse_facts
from ascend_variant_provider._probe import probe_machine
from ascend_variant_provider._rules import decide_answer
machine = Machine(sys.argv[1], live=True)
print(*decide_answer(parse_facts(probe_machine(machine, {}), {}))[0][1])
"""


@needs_compiler
@pytest.mark.parametrize("python", INTERPRETERS)
def test_every_interpreter_asks_the_driver_and_the_tool(python: str, tmp_path: Path) -> None:
    root = add_nodes(tmp_path)
    add_dcmi(root)
    add_smi(root, {"info -m": "NPU ID  Chip Name\n0       Ascend 310P3"})
    assert run_python(ASK_ASCEND, str(root), variables={"DCMI_CHIPS": "910B3"}, python=python) == "910b\n"
    assert run_python(ASK_ASCEND, str(root), variables={"DCMI_CRASH": "dcmiv2_init"}, python=python) == "310p\n"
