"""Names, versions and overrides of Ascend, as tables and laws."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascend_variant_provider._machine import Machine
from ascend_variant_provider._names import expand_type, find_type, order_types
from ascend_variant_provider._parse import Facts, parse_facts
from ascend_variant_provider._probe import Evidence, probe_machine
from ascend_variant_provider._reports import parse_chips, parse_mapping, parse_table, parse_tool_version
from ascend_variant_provider._rules import (
    decide_answer,
    decide_everything,
    describe,
    diagnose,
    list_bounds,
    list_versions,
    why_not,
)
from ascend_variant_provider._tables import (
    CANNS,
    DRIVERS,
    FAMILIES,
    FORCE_CANN,
    FORCE_DRIVER,
    FORCE_TYPE,
    HOME_PATH,
    PCI_TYPES,
    TIMEOUT,
    TOOLKIT_HOME,
    TYPES,
    VARIABLES,
)
from ascend_variant_provider._versions import drop_later, format_version, has_value, parse_version
from support.trees import write_tree

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("name", "npu", "pci", "expected"),
    [
        ("910B4-1", "", [], "910b"),
        ("Ascend 910B3", "", [], "910b"),
        ("ascend910b2c", "", [], "910b"),
        ("910B", "", [], "910a"),  # the name of a first-generation model
        ("Ascend910", "", [], "a3"),
        ("Ascend910", "9362", ["910a"], "a3"),
        ("Ascend910", "Ascend910_9362", ["910a"], "a3"),
        ("Ascend910", "", ["910a", "910a"], "910a"),
        ("Ascend910", "", ["910a", "a3"], "a3"),
        ("Ascend910", "", ["310p"], "a3"),
        ("910_9362", "", [], "a3"),
        ("Ascend910_9391", "", [], "a3"),
        ("910C", "", [], "a3"),
        ("910ProA", "", [], "910proa"),
        ("910PremiumA", "", [], "910premiuma"),
        ("910A", "", [], "910a"),
        ("310P3", "", [], "310p"),
        ("310P3vir02", "", [], "310p"),
        ("310B4", "", [], "310b4"),
        ("310B9", "", [], "310b"),
        ("Ascend 310", "", [], "310"),
        ("950PR", "", [], "950pr"),
        ("Ascend950DT", "", [], "950dt"),
        ("Ascend950X", "", [], "950"),
        ("910X", "", [], ""),
        ("H100", "", [], ""),
        ("", "", ["910b"], ""),
        ("\x00Ascend", "", [], ""),
    ],
)
def test_a_name_is_a_type(name: str, npu: str, pci: list[str], expected: str) -> None:
    assert find_type(name, npu, pci) == expected


def test_every_type_is_a_value_and_follows_what_it_widens() -> None:
    assert all(value in TYPES for name in TYPES for value in expand_type(name))
    assert set(PCI_TYPES.values()) | set(FAMILIES.values()) <= set(TYPES)
    assert order_types(TYPES) == list(TYPES)
    assert all(TYPES.index(name) < TYPES.index(wider) for name, wider in FAMILIES.items())


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("24.1.rc3", "24.1.rc3"),
        ("24.1.RC3.7", "24.1.rc3"),
        ("25.2.1", "25.2.1"),
        ("24.1.0.1", "24.1.0"),
        ("8.5.0.alpha002", "8.5.0"),
        ("8.2.RC1.alpha003", "8.2.rc1"),
        ("9.1.0-beta.1", "9.1.0"),
        ("9.2.0~weekly.20260814", "9.2.0"),
        ("7.6.0.1.220:8.0.0", "8.0.0"),
        ("8.0", "8.0"),
        ("8", None),
        ("", None),
        ("V100R001C21", None),
        ("8.x.0", None),
        ("8.5.zero", None),
        ("٨.5.0", None),
        ("99999.1.0", None),
    ],
)
def test_a_version_is_a_value(text: str, value: str | None) -> None:
    version = parse_version(text)
    assert (version and format_version(version)) == value


def test_versions_stand_in_their_order() -> None:
    for majors in (DRIVERS, CANNS):
        texts = list_versions(majors)
        versions = [parse_version(text) for text in texts]
        assert all(one is not None and other is not None and one > other for one, other in pairwise(versions))
        assert all(version and has_value(majors, version) for version in versions)
        bounds = list_bounds(majors)
        assert bounds == [text for text in texts if text in set(bounds)]
        assert [text for text in texts if text not in bounds] == [
            text for text in texts if re.fullmatch(r"[0-9]+\.[0-9]+\.[1-9][0-9]*", text)
        ]


def test_the_catalogue_is_small_since_every_answer_carries_it() -> None:
    assert sum(len(values) for _, values, _ in decide_everything()) < 900


@pytest.mark.parametrize(
    ("feature", "versions"),
    [
        ("driver_version", "21.0.4 22.0.3 23.0.rc3 23.0.6 24.1.rc3 24.1.0 25.0.rc1 25.2.3 25.3.rc1 25.5.2 26.0.rc1"),
        ("cann_version", "5.0.4 5.1.rc2 6.0.1 6.3.rc3 7.0.1 8.0.rc3 8.0.1 8.2.rc2 8.3.rc2 8.5.2 9.0.0"),
    ],
)
def test_versions_that_were_seen_are_values(feature: str, versions: str) -> None:
    everything = {name: values for name, values, _ in decide_everything()}
    assert set(versions.split()) <= set(everything[feature])


@pytest.mark.parametrize(
    ("text", "first", "lacks"),
    [
        ("8.3.rc1", "8.3.rc1", "8.3.rc2"),
        ("8.3.0", "8.3.0", "8.4"),
        ("8.3", "8.3", "8.3.rc1"),
        ("8.5.0.alpha002", "8.5.rc3", "8.5.0"),  # an early build is not yet what it leads to
        ("8.3.2", "8.3.0", "8.4"),
        ("8.3.17", "8.3.0", "8.4"),
        ("8.3.rc9", "8.3.rc3", "8.3.0"),
        ("20.0.0", "10.5.0", "x"),
    ],
)
def test_bounds_are_what_a_version_is_not_below(text: str, first: str, lacks: str) -> None:
    version = parse_version(text)
    assert version is not None
    bounds = drop_later(list_bounds(CANNS), version)
    assert bounds[0] == first
    assert bounds[-1] == "5.0"
    assert lacks not in bounds
    assert drop_later(list_bounds(CANNS), (1, 0, 0, 0)) == []


def files(driver: str = "", cann: str = "") -> Evidence:
    evidence = Evidence()
    evidence.driver, evidence.cann = driver, ("/usr/local/Ascend/cann/x", cann)
    return evidence


CANN = "package_name=Ascend-cann-toolkit\nversion={}\n"


@pytest.mark.parametrize(
    ("variables", "installed", "expected"),
    [
        ({}, {"/usr/local/Ascend/ascend-toolkit/latest/aarch64-linux": "8.2.RC1"}, "8.2.rc1"),
        ({}, {"/usr/local/Ascend/cann/x86_64-linux": "9.0.0"}, "9.0.0"),
        (
            {},
            {
                "/usr/local/Ascend/cann-8.5.0/x86_64-linux": "8.5.0",
                "/usr/local/Ascend/cann-8.10.0/x86_64-linux": "8.10.0",
            },
            None,
        ),
        (
            {},
            {
                "/usr/local/Ascend/cann-8.3.RC2/x86_64-linux": "8.3.RC2",
                "/usr/local/Ascend/cann-8.3.RC1/x86_64-linux": "8.3.RC1",
            },
            "8.3.rc2",
        ),
        (
            {TOOLKIT_HOME: "/opt/cann/"},
            {"/opt/cann/x86_64-linux": "8.1.0", "/usr/local/Ascend/cann/x86_64-linux": "9.0.0"},
            "8.1.0",
        ),
        ({HOME_PATH: "/opt/cann"}, {"/opt/cann/x86_64-linux": "8.1.0"}, "8.1.0"),
        ({TOOLKIT_HOME: "/nowhere"}, {"/usr/local/Ascend/cann/x86_64-linux": "9.0.0"}, "9.0.0"),
        ({TOOLKIT_HOME: "opt/cann"}, {"/opt/cann/x86_64-linux": "8.1.0"}, None),
        ({TOOLKIT_HOME: "/opt/../etc"}, {"/etc/x86_64-linux": "8.1.0"}, None),
        ({TOOLKIT_HOME: ""}, {}, None),
    ],
)
def test_cann_is_found_without_its_settings_and_by_them(
    tmp_path: Path, variables: dict[str, str], installed: dict[str, str], expected: str | None
) -> None:
    """The first provider finds it by its settings alone, which nobody has sourced when packages are installed."""
    files = {f"{place}/ascend_toolkit_install.info": CANN.format(version) for place, version in installed.items()}
    facts = parse_facts(probe_machine(Machine(str(write_tree(tmp_path, files))), variables), variables)
    assert values_of(facts).get("cann_version") == expected


def values_of(facts: Facts) -> dict[str, str]:
    return {name: values[0] for name, values, _ in decide_answer(facts)}


def test_the_driver_package_counts_before_its_parts() -> None:
    facts = parse_facts(files("Version=7.35.23\npackage_version=26.0.rc1\n"), {})
    assert values_of(facts) == {"driver_version": "26.0.rc1", "driver_version_lower_bound": "26.0.rc1"}


def test_the_order_of_features_is_that_of_the_first_provider_with_bounds_after_it() -> None:
    facts = parse_facts(files("Version=25.2.1", "version=8.3.RC1"), {FORCE_TYPE: "a3"})
    order = ["npu_type", "driver_version", "cann_version", "driver_version_lower_bound", "cann_version_lower_bound"]
    assert list(values_of(facts)) == order == [name for name, _, _ in decide_everything()]


@pytest.mark.parametrize(
    ("text", "features", "codes"),
    [
        ("Version=25.2.1", ["driver_version", "driver_version_lower_bound"], ["driver-without-npu"]),
        ("Version=25.2.77", ["driver_version_lower_bound"], ["driver-without-npu", "driver-version-unknown"]),
        ("Version=77.1.0", ["driver_version_lower_bound"], ["driver-without-npu", "driver-version-unknown"]),
        ("Version=1.0.0", [], ["driver-without-npu", "driver-version-unknown"]),
        ("Version=garbage\x1b[2J", [], ["driver-without-npu", "driver-version-unknown"]),
        ("\x00\x00", [], []),
        ("", [], []),
    ],
)
def test_a_version_that_is_no_value_is_reported(text: str, features: list[str], codes: list[str]) -> None:
    facts = parse_facts(files(text), {})
    assert list(values_of(facts)) == features
    assert [code for code, _ in diagnose(facts)] == codes
    assert all("\x1b" not in sentence for _, sentence in diagnose(facts))


@pytest.mark.parametrize(
    ("variable", "text", "value"),
    [
        (FORCE_TYPE, "910B", "910b"),
        (FORCE_TYPE, " a3 ", "a3"),
        (FORCE_TYPE, "Ascend910B3", "910b"),
        (FORCE_TYPE, "310B4", "310b4"),
        (FORCE_TYPE, "h100", None),
        (FORCE_TYPE, "910b,a3", None),
        (FORCE_DRIVER, "25.2.RC1", "25.2.rc1"),
        (FORCE_DRIVER, "25.2.77", None),
        (FORCE_DRIVER, "8.3.0", None),
        (FORCE_CANN, "8.3.RC1", "8.3.rc1"),
        (FORCE_CANN, "newest", None),
        (FORCE_CANN, "", None),
        (TIMEOUT, "forever", None),
        (TIMEOUT, "0.01", None),
        (TIMEOUT, "nan", None),
        (TOOLKIT_HOME, "opt/cann", None),
        (HOME_PATH, "/opt/../etc", None),
    ],
)
def test_an_override_is_the_first_value_or_is_reported(variable: str, text: str, value: str | None) -> None:
    facts = parse_facts(Evidence(), {variable: text})
    feature = variable.rpartition("FORCE_")[2].lower()
    assert values_of(facts).get(feature) == value
    expected = ["override-ignored"] if text and value is None else []
    assert [code for code, _ in diagnose(facts)] == expected


@pytest.mark.parametrize(
    ("manager", "nodes", "refused", "notes"),
    [
        (True, [], [], ["no-npu-node"]),
        (False, ["/dev/davinci0"], [], ["no-manager-node"]),
        (False, [], ["/dev/davinci_manager"], ["undetermined"]),
        (True, [], ["/dev/davinci0"], ["no-npu-node", "undetermined"]),
        (False, [], ["/usr/local/Ascend"], []),
    ],
)
def test_nodes_that_are_not_here_are_absence_and_those_that_may_not_be_looked_at_are_not(
    manager: bool, nodes: list[str], refused: list[str], notes: list[str]
) -> None:
    evidence = Evidence()
    evidence.manager, evidence.nodes = manager, nodes
    evidence.refused = [(path, "Permission denied") for path in refused]
    assert [code for code, _ in diagnose(parse_facts(evidence, {}))] == notes
    assert diagnose(parse_facts(evidence, {FORCE_TYPE: "a3"})) == []


@pytest.mark.parametrize(
    ("variables", "question", "sentence"),
    [
        ({}, ("npu_type", "910b"), "There is no /dev/davinci_manager, so no NPU that a program could use."),
        ({FORCE_TYPE: "a3"}, ("npu_type", "910b"), f"{FORCE_TYPE} says a3."),
        ({}, ("driver_version", "25.2.1"), "No driver version is said in /usr/local/Ascend/driver/version.info."),
        ({FORCE_CANN: "8.2.0"}, ("cann_version_lower_bound", "8.3"), f"8.2.0, {FORCE_CANN} is set and says."),
        ({FORCE_TYPE: "a3"}, ("npu_type", "a3"), ""),
    ],
)
def test_why_not_names_the_source(variables: dict[str, str], question: tuple[str, str], sentence: str) -> None:
    said = why_not(parse_facts(Evidence(), variables), *question)
    assert said.endswith(sentence)
    assert bool(said) is bool(sentence)


def test_reports_of_the_tool() -> None:
    assert parse_mapping("NPU ID  Chip Name\n0       Ascend 310P3\nx       Ascend 910\n\n1\n") == [("Ascend 310P3", "")]
    assert parse_mapping("no heading\n0  0  Ascend 310P3\n") == []
    assert parse_table("garbage\n| 0 | 1 |\n") == []
    assert parse_tool_version({"smi-version": "npu-smi version: 25.2.0\n"}) == "25.2.0"
    assert parse_tool_version({"smi": "| npu-smi 24.1.rc2    Version: 24.1.rc2   |\n"}) == "24.1.rc2"
    assert parse_tool_version({"smi-version": "version:"}) == ""
    assert parse_chips({"dcmi": "device 0 0 Mcu -\n", "smi-mapping": ""}) == []


names = st.one_of(st.sampled_from(["910B3", "Ascend910", "310P3", "950PR", "Mcu", "-"]), st.text(max_size=12))
lines = st.one_of(
    st.builds("device 0 0 {} {}".format, names, names),
    st.builds("lost 0 0 {}".format, st.integers(-9000, 0)),
    st.sampled_from(["!timeout", "!signal 11", "init dcmi_init -8005", "unusable /x y", "lacks dcmi_init", ""]),
    st.text(max_size=30),
)
version_texts = st.one_of(
    st.builds(
        "{}.{}.{}".format, st.integers(0, 40), st.integers(0, 12), st.sampled_from(["0", "rc1", "rc7", "12", "x"])
    ),
    st.text(max_size=12),
)
overrides = st.dictionaries(
    st.sampled_from(VARIABLES), st.one_of(version_texts, st.sampled_from([*TYPES, "910B", ""]), st.text(max_size=8))
)
evidences = st.builds(
    lambda manager, nodes, reports, pci, driver, cann: (manager, nodes, reports, pci, driver, cann),
    st.booleans(),
    st.lists(st.just("/dev/davinci0"), max_size=1),
    st.dictionaries(
        st.sampled_from(["dcmi", "smi-mapping", "smi", "smi-version"]), st.lists(lines, max_size=5).map("\n".join)
    ),
    st.lists(st.tuples(st.just("/sys/bus/pci/devices/x"), st.sampled_from([*PCI_TYPES, "0x1711", ""])), max_size=3),
    version_texts.map("Version={}".format),
    st.tuples(st.just("/cann"), version_texts.map("version={}".format)),
)


@given(evidences, overrides)
def test_laws(
    parts: tuple[bool, list[str], dict[str, str], object, str, tuple[str, str]], given_: dict[str, str]
) -> None:
    evidence = Evidence()
    for name, value in zip(("manager", "nodes", "reports", "pci", "driver", "cann"), parts, strict=True):
        setattr(evidence, name, value)
    facts = parse_facts(evidence, given_)
    everything = {name: (values, multi) for name, values, multi in decide_everything()}
    for name, values, multi in decide_answer(facts):
        assert set(values) <= set(everything[name][0])
        assert multi == everything[name][1]
        assert values
        assert len(set(values)) == len(values)
        assert all(re.fullmatch(r"[a-z0-9_.]+", value) for value in values)
        assert why_not(facts, name, values[0]) == ""
    for code, sentence in diagnose(facts):
        assert re.fullmatch(r"[a-z0-9-]+", code)
        assert sentence.endswith(".")
    assert all(len(row) == 3 for row in describe(facts))
    supported = {name: values for name, values, _ in decide_answer(facts)}
    for feature, (values, _) in everything.items():
        missing = next((value for value in values if value not in supported.get(feature, ())), None)
        assert missing is None or why_not(facts, feature, missing).endswith(".")
