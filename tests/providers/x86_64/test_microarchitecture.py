"""Micro-architectures: the table that archspec's data become, and the line of descent that a processor gets."""

from __future__ import annotations

import importlib.util
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.corpora import read_table
from support.x86_64 import (
    ARCHSPEC_LEVELS,
    EVERY,
    V2,
    V4,
    Processor,
    answer_of,
    capture,
    evidence_of_archspec,
    flags_line,
    read_capture,
)
from x86_64_variant_provider._parse import ROWS, parse_facts
from x86_64_variant_provider._rules import decide_everything, decide_families, decide_usable, load_families

if TYPE_CHECKING:
    from types import ModuleType

PROJECT = Path(__file__).parents[3] / "providers" / "x86_64"
FAMILIES = load_families()
VENDORS = sorted({vendor for vendor, _, _ in FAMILIES.values()})


def load_vendoring() -> ModuleType:
    spec = importlib.util.spec_from_file_location("x86_64_vendoring", PROJECT / "vendoring.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


VENDORING = load_vendoring()


def compiled(targets: dict[str, dict[str, object]]) -> list[str]:
    data = json.dumps({"microarchitectures": targets}).encode()
    (text,) = VENDORING.compile_archspec({VENDORING.SOURCE: data}).values()
    assert isinstance(text, bytes)
    return text.decode().splitlines()


def target(vendor: str, parents: list[str], features: str) -> dict[str, object]:
    return {"vendor": vendor, "from": parents, "features": features.split(), "compilers": {}}


TARGETS = {
    "x86_64": target("generic", [], ""),
    "x86_64_v2": target("generic", ["x86_64"], "cx16 popcnt"),
    "old": target("Maker", ["x86_64"], "sse2"),
    "left": target("Maker", ["old", "x86_64_v2"], "sse2 avx popcnt cx16"),
    "right": target("Maker", ["old"], "sse2 aes"),
    "young": target("Maker", ["left", "right"], "sse2 avx aes avx2"),
    "other": target("Rival", ["x86_64"], "sse2 3dnow"),
    "arm": target("Arm", [], "neon"),
}


def test_a_line_names_what_its_parents_do_not_require_best_first() -> None:
    assert compiled(TARGETS) == [
        "young Maker left,right avx2",
        "left Maker old avx cx16 popcnt",
        "right Maker old aes",
        "other Rival - 3dnow sse2",
        "old Maker - sse2",
    ]


def test_the_order_of_archspecs_file_does_not_matter() -> None:
    backwards = dict(reversed(list(TARGETS.items())))
    assert compiled(backwards) == compiled(TARGETS)


@pytest.mark.parametrize(
    ("key", "value"),
    [("vendor", "Two Words"), ("vendor", ""), ("features", ["sse-2"]), ("features", "sse2"), ("from", [7])],
)
def test_what_is_no_name_is_refused(key: str, value: object) -> None:
    with pytest.raises(ValueError, match="expected"):
        compiled({**TARGETS, "old": {**TARGETS["old"], key: value}})


def test_the_vendored_table_is_what_the_lock_was_made_of() -> None:
    table = read_table("microarchitectures")
    assert compiled(table["microarchitectures"]) == [
        " ".join([name, vendor, ",".join(parents) or "-", *features])
        for name, (vendor, parents, features) in FAMILIES.items()
    ]


def test_every_feature_that_the_table_asks_for_is_a_row() -> None:
    assert {feature for _, _, features in FAMILIES.values() for feature in features} <= set(ROWS)


def test_parents_come_after_their_children_and_are_of_the_same_vendor() -> None:
    names = list(FAMILIES)
    for name, (vendor, parents, _) in FAMILIES.items():
        assert all(names.index(parent) > names.index(name) for parent in parents)
        assert all(FAMILIES[parent][0] == vendor for parent in parents)


def test_it_is_the_last_feature_and_names_no_level() -> None:
    name, values, multi = decide_everything()[-1]
    assert (name, multi) == ("microarchitecture", False)
    assert len(values) == len(set(values)) > 25
    assert not [value for value in values if value.startswith("x86")]


def line_of(name: str) -> set[str]:
    return {name}.union(*(line_of(parent) for parent in FAMILIES[name][1]))


def requirements(name: str) -> set[str]:
    return {feature for one in line_of(name) for feature in FAMILIES[one][2]}


@pytest.mark.parametrize("name", FAMILIES)
def test_a_processor_with_just_its_features_is_that_one(name: str) -> None:
    found = decide_families(FAMILIES[name][0], frozenset(requirements(name)))
    assert found[0] == name
    assert set(found) == line_of(name)


@pytest.mark.parametrize("name", FAMILIES)
def test_without_one_of_its_features_it_is_another(name: str) -> None:
    for feature in requirements(name):
        assert name not in decide_families(FAMILIES[name][0], frozenset(requirements(name) - {feature}))


@given(st.sampled_from([*VENDORS, "HygonGenuine", ""]), st.sets(st.sampled_from(sorted(ROWS))))
def test_whatever_is_there_the_answer_is_one_line_of_descent(vendor: str, names: set[str]) -> None:
    found = decide_families(vendor, frozenset(names))
    assert found == [name for name in FAMILIES if name in found]
    for name in found:
        assert FAMILIES[name][0] == vendor
        assert requirements(name) <= names
        assert set(found) >= set(FAMILIES[name][1])
    assert not found or set(found) == line_of(found[0])


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("v4-zen4.cpuinfo", "zen4 zen3 zen2 zen"),
        ("v3-zen3-windows.cpuid", "zen3 zen2 zen"),
        ("v3-alder-lake-windows.cpuid", "alderlake skylake broadwell haswell"),
        ("v3-coffee-lake-mac.sysctl", "skylake broadwell haswell"),
        ("v3-ice-lake-macbook-avx512-off.sysctl", "skylake broadwell haswell"),
        ("v1-phenom-k10.cpuinfo", "k10"),
        ("v2_assumed-empty.cpuinfo", ""),
        ("v2_assumed-garbage.cpuinfo", ""),
    ],
)
def test_known_machines(path: str, expected: str) -> None:
    found = answer_of(read_capture(capture(path))).get("microarchitecture", [])
    assert found[: len(expected.split())] == expected.split()


def test_the_vendor_is_cpuids_not_the_hosts_that_proc_shows() -> None:
    host = "vendor_id\t: AuthenticAMD\n" + flags_line(EVERY)
    assert answer_of(Processor(V2, vendor="GenuineIntel").facts(host))["microarchitecture"][0] == "nehalem"


def test_a_forced_level_takes_away_what_needs_a_higher_one() -> None:
    path = capture("v4-zen4.cpuinfo")
    variables = {"X86_64_VARIANT_PROVIDER_FORCE_LEVEL": "v3"}
    assert answer_of(read_capture(path, **variables))["microarchitecture"] == ["zen3", "zen2", "zen"]


def test_a_vendor_that_archspec_does_not_know_has_none() -> None:
    assert "microarchitecture" not in answer_of(Processor(V4, vendor="HygonGenuine").facts())


@pytest.mark.parametrize("name", ARCHSPEC_LEVELS)
def test_archspecs_own_rule_finds_the_same_on_its_machines(name: str) -> None:
    """Its rule, stated anew: of all targets whose features are there, that with most ancestors, then features."""
    targets: dict[str, dict[str, Any]] = read_table("microarchitectures")["microarchitectures"]
    facts = parse_facts(evidence_of_archspec(name), {})
    flags = decide_usable(facts)

    def ancestors(one: str) -> set[str]:
        return set(targets[one]["from"]).union(*(ancestors(parent) for parent in targets[one]["from"]))

    fitting = [
        one for one in FAMILIES if targets[one]["vendor"] == facts.vendor and flags.issuperset(targets[one]["features"])
    ]
    best = max(fitting, key=lambda one: (len(ancestors(one)), len(targets[one]["features"])))
    found = answer_of(facts)["microarchitecture"]
    assert found[0] == best
    assert set(found) == ({best} | ancestors(best)) & set(FAMILIES)


def test_the_bits_are_where_archspecs_table_has_them() -> None:
    table = read_table("cpuid")
    names = {"pni": "sse3", "lzcnt": "abm", "sha": "sha_ni"}
    places: dict[str, set[tuple[str, str, int]]] = {}  # AMD repeats some bits of leaf 1
    for group in (*table["flags"], *table["extension-flags"]):
        leaf = f"{group['input']['eax']:x}.{group['input']['ecx']:x}"
        for entry in group["bits"]:
            name = names.get(entry["name"], entry["name"])
            places.setdefault(name, set()).add((leaf, entry["register"], entry["bit"]))
    shared = [row for name, row in ROWS.items() if name in places and row.register >= 0]
    assert len(shared) > 50
    for row in shared:
        assert (row.leaf, f"e{'abcd'[row.register]}x", row.bit) in places[row.name]


def test_the_table_lies_beside_the_package_in_a_working_copy() -> None:
    assert os.path.isfile(PROJECT / "src" / "x86_64_variant_provider" / "_vendor" / VENDORING.RESULT)
