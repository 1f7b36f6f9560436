"""The vendored table: how it is made of archspec's data, and what a machine's cores make of it."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from aarch64_variant_provider._everything import CORES
from aarch64_variant_provider._parse import Core, Facts, parse_cores, parse_rows
from aarch64_variant_provider._rules import decide_answer, why_not
from aarch64_variant_provider._tables import SAME_CORES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType

FOLDER = Path(__file__).parents[3] / "providers" / "aarch64"
needs_cores = pytest.mark.skipif(not CORES, reason="archspec's data is not vendored into this tree")
SMALL: dict[str, Any] = {
    "conversions": {"arm_vendors": {"0x41": "ARM", "0x61": "Apple"}},
    "microarchitectures": {
        "x86_64": {"from": [], "vendor": "generic", "features": []},
        "zen4": {"from": ["x86_64"], "vendor": "AMD", "features": ["avx"]},
        "aarch64": {"from": [], "vendor": "generic", "features": []},
        "armv8.1a": {"from": ["aarch64"], "vendor": "generic", "features": []},
        "small": {"from": ["aarch64"], "vendor": "ARM", "features": ["fp", "asimd"], "cpupart": "0xd03"},
        "large": {"from": ["small", "armv8.1a"], "vendor": "ARM", "features": ["fp", "atomics"], "cpupart": "0xD0C"},
        "m9": {"from": ["aarch64"], "vendor": "Apple", "features": ["sme"], "cpupart": "Unknown"},
    },
}


@pytest.fixture(scope="module")
def vendoring() -> ModuleType:
    spec = importlib.util.spec_from_file_location("aarch64_vendoring", FOLDER / "vendoring.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def compile_small(vendoring: ModuleType, document: Mapping[str, Any] = SMALL) -> str:
    files = vendoring.compile_archspec({vendoring.SOURCE: json.dumps(document).encode()})
    assert list(files) == ["microarchitectures.py"]
    scope: dict[str, str] = {}
    exec(files["microarchitectures.py"], scope)
    return scope["TABLE"]


def test_the_table_has_each_vendors_core_before_its_ancestors_and_no_generic_name(vendoring: ModuleType) -> None:
    assert compile_small(vendoring).split("\n") == [
        "",
        "large 0x41:0xd0c small atomics,fp",
        "small 0x41:0xd03 - asimd,fp",
        "m9 - - sme",
        "",
    ]


@pytest.mark.parametrize(("key", "value"), [("features", ['a"""']), ("features", []), ("cpupart", "d0c\n")])
def test_words_that_are_none_are_refused(vendoring: ModuleType, key: str, value: object) -> None:
    small = {**SMALL["microarchitectures"]["small"], key: value}
    with pytest.raises(ValueError, match="small: expected words of a-z"):
        compile_small(vendoring, {**SMALL, "microarchitectures": {**SMALL["microarchitectures"], "small": small}})


@needs_cores
def test_the_vendored_table_is_the_locked_one() -> None:
    from aarch64_variant_provider import _everything

    place = os.path.join(os.path.dirname(_everything.__file__), "_vendor", "microarchitectures.py")
    with open(place, "rb") as stream:
        digest = hashlib.sha256(stream.read()).hexdigest()
    assert f'path = "microarchitectures.py", sha256 = "{digest}"' in (FOLDER / "vendor.lock").read_text()


@needs_cores
def test_every_core_requires_what_the_provider_knows_and_is_added_to_one_that_is() -> None:
    cores = parse_cores()
    for core in cores.values():
        assert set(core.requires) <= set(parse_rows()), core.name
        assert set(core.ancestors) <= set(cores)
        assert all(list(cores).index(core.name) < list(cores).index(other) for other in core.ancestors)
    assert {line.split()[2] for line in SAME_CORES.split("\n") if line} <= set(cores)
    parts = [part for core in cores.values() for part in core.parts]
    assert len(set(parts)) == len(parts)


def facts_with(features: set[str], *cores: str, brand: str = "") -> Facts:
    facts = Facts()
    facts.interpreter, facts.source = "aarch64 linux", "/proc/cpuinfo"
    facts.features, facts.cores, facts.brand = frozenset(features), list(cores), brand
    return facts


def cores_of(facts: Facts) -> list[str]:
    return next((values for name, values, _ in decide_answer(facts) if name == "microarchitecture"), [])


def required(name: str) -> set[str]:
    return {feature for core in (name, *parse_cores()[name].ancestors) for feature in parse_cores()[core].requires}


V2, N1, A53, A72 = "0x41:0xd4f", "0x41:0xd0c", "0x41:0xd03", "0x41:0xd08"


@needs_cores
@pytest.mark.parametrize(
    ("cores", "brand", "expected"),
    [
        ([V2], "", "neoverse_v2 neoverse_n1 cortex_a72"),
        ([V2, V2, N1], "", "neoverse_n1 cortex_a72"),
        ([N1, V2], "", "neoverse_n1 cortex_a72"),
        ([A72, V2], "", "cortex_a72"),
        ([A53, A72], "", ""),
        ([V2, "0x61:0x022"], "", ""),
        ([":"], "", ""),
        ([V2, ":"], "", ""),
        (["0x41:0xd4"], "", ""),
        (["0x61:0x000"], "", ""),
        ([], "", ""),
        (["0x61:0x023", "0x61:0x022"], "", "m1"),
        (["0x61:0x033", "0x61:0x028"], "", "m1"),
        (["0x6d:0xd49"], "", "neoverse_n2 neoverse_n1 cortex_a72"),
        ([], "Apple M3 Max", "m3 m2 m1"),
        ([], "Apple M1 (Virtual)", "m1"),
        ([], "Apple M99", ""),
        ([], "Apple processor", ""),
        ([], "Apple M", ""),
        ([], "Intel M3", ""),
    ],
)
def test_every_core_must_be_one_or_descend_from_one(cores: list[str], brand: str, expected: str) -> None:
    everything = {name for name, row in parse_rows().items() if row.word}
    assert cores_of(facts_with(everything, *cores, brand=brand)) == expected.split()


@needs_cores
@pytest.mark.parametrize(
    ("hidden", "expected"),
    [
        ("sve2", "neoverse_n1 cortex_a72"),
        ("dcpop", "cortex_a72"),
        ("crc32", ""),
        ("ssbs evtstrm cpuid", "neoverse_v2 neoverse_n1 cortex_a72"),
    ],
)
def test_a_core_whose_features_are_hidden_is_only_what_is_left_of_it(hidden: str, expected: str) -> None:
    facts = facts_with(required("neoverse_v2") - set(hidden.split()), V2)
    assert cores_of(facts) == expected.split()
    assert (why_not(facts, "microarchitecture", "neoverse_v2") == "") == ("neoverse_v2" in expected)


@needs_cores
def test_a_no_says_whether_the_core_or_a_feature_is_missing() -> None:
    facts = facts_with(required("neoverse_v2") - {"sve2", "frint"}, V2)
    said = why_not(facts, "microarchitecture", "neoverse_v2")
    assert said == "neoverse_v2 requires frint, sve2, which /proc/cpuinfo does not name."
    other = facts_with(required("neoverse_v2"), N1)
    said = why_not(other, "microarchitecture", "neoverse_v2")
    assert said == "Not every core here (0x41:0xd0c) is a neoverse_v2 or descends from it."
    nothing = facts_with(set())
    assert why_not(nothing, "microarchitecture", "m1") == "No source that could be read tells which cores there are."


def test_a_tree_without_vendored_data_has_no_cores_and_no_feature(monkeypatch: pytest.MonkeyPatch) -> None:
    from aarch64_variant_provider import _everything, _rules

    monkeypatch.setattr(_everything, "CORES", "")
    monkeypatch.setattr(_rules, "parse_cores", dict[str, Core])
    assert "microarchitecture" not in {name for name, _, _ in _everything.decide_everything()}
    assert cores_of(facts_with({"fp", "asimd"}, N1)) == []
    assert parse_cores("") == {}
