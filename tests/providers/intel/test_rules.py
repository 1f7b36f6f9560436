"""IP versions, PCI devices and overrides of Intel, as tables and laws."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intel_variant_provider._machine import Machine
from intel_variant_provider._parse import parse_facts
from intel_variant_provider._pci import DEVICES, find_ip
from intel_variant_provider._probe import Evidence, Node, probe_machine
from intel_variant_provider._reports import parse_level_zero, parse_xe
from intel_variant_provider._rules import decide_answer, decide_everything, describe, diagnose, list_values, why_not
from intel_variant_provider._tables import BASES, DISCRETE_RELEASES, FORCE_IP, TIMEOUT
from intel_variant_provider._versions import find_base, format_ip, parse_ip, unpack_ip

PUBLISHED = """
35.11.0 35.10.4 30.5.4 30.4.4 30.3.1 30.1.0 30.0.4 20.4.4 20.2.0 20.1.0 12.74.4 12.71.4 12.70.4 12.60.7 12.57.0 12.56.5
12.55.8 12.10.0 12.4.0 12.3.0 12.2.0 12.1.0 12.0.0
"""
"""What the first provider for this namespace answers (0.0.3), in its order."""


def test_every_value_of_the_first_provider_is_one_in_the_same_order() -> None:
    values = list_values()
    assert [value for value in values if value in PUBLISHED.split()] == PUBLISHED.split()
    versions = [parse_ip(value) for value in values]
    assert versions == sorted(versions, key=lambda ip: ip or (0, 0, 0), reverse=True)
    assert len(values) == len(set(values)) < 600


def test_tables_name_values_alone() -> None:
    values = set(list_values())
    assert set(DEVICES) | {format_ip(base) for _, _, base in BASES} <= values
    listed = [device for devices in DEVICES.values() for device in devices.split()]
    assert len(listed) == len(set(listed))
    assert all(re.fullmatch("[0-9a-f]{4}", device) for device in listed)
    assert all(any(value.startswith(f"{major}.{minor}.") for value in values) for major, minor in DISCRETE_RELEASES)


@pytest.mark.parametrize(
    ("number", "text", "base"),
    [
        (0x05008000, "20.2.0", "20.1.0"),
        (0x05004000, "20.1.0", None),
        (0x05004001, "20.1.1", "20.1.0"),
        (0x05010004, "20.4.4", "20.1.0"),
        (0x07804001, "30.1.1", "30.0.4"),
        (0x07800000, "30.0.0", None),
        (0x030E4000, "12.57.0", "12.55.8"),
        (0x030E0005, "12.56.5", "12.55.8"),
        (0x030DC000, "12.55.0", None),
        (0x0311C004, "12.71.4", "12.70.4"),
        (0x03128004, "12.74.4", None),
        (0x030F4007, "12.61.7", None),
        (0x08C2C000, "35.11.0", None),
        (0x03000000, "12.0.0", None),
    ],
)
def test_a_number_is_a_version_with_its_base(number: int, text: str, base: str | None) -> None:
    ip = unpack_ip(number)
    found = find_base(ip)
    assert (format_ip(ip), found and format_ip(found)) == (text, base)
    assert parse_ip(text) == ip


@pytest.mark.parametrize("text", ["", "20.1", "20.1.0.0", "a.b.c", "20.1.", "٢.1.0", "99999.0.0", "-1.0.0"])
def test_other_texts_are_no_versions(text: str) -> None:
    assert parse_ip(text) is None


@pytest.mark.parametrize(
    ("device", "ip"),
    [("0xe20b", "20.1.0"), ("0xE20B", "20.1.0"), ("0x56a0", "12.55.8"), ("0x1234", ""), ("", ""), ("0x", "")],
)
def test_a_pci_device_is_a_version(device: str, ip: str) -> None:
    assert find_ip(device) == ip


@pytest.mark.parametrize(
    ("text", "values", "codes"),
    [
        ("20.2.0", ["20.2.0", "20.1.0"], []),
        ("12.55.8,20.4.4", ["12.55.8", "20.4.4", "20.1.0"], []),
        ("12.55.8 20.4.4;12.55.8", ["12.55.8", "20.4.4", "20.1.0"], []),
        ("20.2.0,nonsense", ["20.2.0", "20.1.0"], ["override-ignored"]),
        ("020.2.0", ["20.2.0", "20.1.0"], []),
        ("99.1.0", [], ["override-ignored"]),
        ("bmg", [], ["override-ignored"]),
        ("", [], []),
        (" ", [], []),
    ],
)
def test_an_override_is_a_list_of_values(text: str, values: list[str], codes: list[str]) -> None:
    facts = parse_facts(Evidence(), {FORCE_IP: text})
    assert [value for _, found, _ in decide_answer(facts) for value in found] == values
    assert [code for code, _ in diagnose(facts)] == codes
    if values:
        assert why_not(facts, "device_ip", "12.50.4").startswith(f"{FORCE_IP} says ")


@pytest.mark.parametrize("platform", ["darwin", "win32", "freebsd14", "cygwin"])
def test_other_systems_have_no_gpu_and_nothing_to_say(platform: str, tmp_path: object) -> None:
    facts = parse_facts(probe_machine(Machine(str(tmp_path), live=True), {}, platform), {})
    assert (decide_answer(facts), diagnose(facts)) == ([], [])


@pytest.mark.parametrize("seconds", ["forever", "0.01", "61", "nan"])
def test_a_time_limit_that_makes_no_sense_is_reported(seconds: str) -> None:
    assert [code for code, _ in diagnose(parse_facts(Evidence(), {TIMEOUT: seconds}))] == ["override-ignored"]
    assert diagnose(parse_facts(Evidence(), {TIMEOUT: "0.1"})) == []


@pytest.mark.parametrize(
    ("path", "notes"),
    [
        ("/sys/class/drm", ["undetermined"]),
        ("/sys/class/drm/renderD128/device/vendor", ["undetermined"]),
        ("/dev/dxg", []),
    ],
)
def test_a_list_of_render_nodes_that_may_not_be_read_is_ignorance(path: str, notes: list[str]) -> None:
    evidence = Evidence()
    evidence.refused = [(path, "Permission denied")]
    assert [code for code, _ in diagnose(parse_facts(evidence, {}))] == notes


@pytest.mark.parametrize(
    ("denied", "notes"),
    [([], ["ip-unknown"]), (["/dev/dri/renderD128"], ["node-denied", "ip-unknown", "undetermined"])],
)
def test_level_zero_that_may_not_open_a_gpu_and_so_finds_none_is_ignorance(denied: list[str], notes: list[str]) -> None:
    evidence = Evidence()
    evidence.place, evidence.denied, evidence.nodes = "linux", denied, [Node("renderD128", "0x1234", "i915", True)]
    evidence.reports = {"level-zero": "library x\ninit zeInitDrivers 78000001\ninit zeInit 78000001\n"}
    assert [code for code, _ in diagnose(parse_facts(evidence, {}))] == notes


def test_reports_that_make_no_sense_tell_nothing() -> None:
    for report in ("device 0 0 8086", "device 0 0 8086 x 0 1", "device 0 0 8086 e20b 0 123456789", "device", "\x00"):
        assert parse_level_zero(report) == []
    for report in ("gt /dev/dri/renderD128 20 1", "gt x a b c", "gt x 0 0 0", "gt x ٢ 1 0"):
        assert parse_xe(report) == {}


words = st.one_of(st.sampled_from(["8086", "e20b", "56a0", "0", "5004000", "7858000", "ffffffff"]), st.text(max_size=6))
lines = st.one_of(
    st.builds("device 0 0 8086 {} 0 {}".format, words, words),
    st.builds("gt /dev/dri/renderD{} {} {} {}".format, *[st.integers(0, 300)] * 4),
    st.sampled_from(["!timeout", "!signal 11", "init zeInit 78000001", "lost 0 0 70000001", "missing x", "unusable y"]),
    st.text(max_size=20),
)
reports = st.lists(lines, max_size=5).map("\n".join)
nodes = st.builds(
    Node,
    st.sampled_from(["renderD128", "renderD129"]),
    st.one_of(st.sampled_from(["0xe20b", "0x56a0", "0x1234"]), st.text(max_size=5)),
    st.sampled_from(["xe", "i915", ""]),
    st.booleans(),
)
overrides = st.one_of(
    st.just(""),
    st.lists(st.sampled_from([*PUBLISHED.split(), "x", "20.99.0"]), max_size=3).map(",".join),
    st.text(max_size=8),
)


@given(st.sampled_from(["", "linux", "wsl"]), st.lists(nodes, max_size=3), reports, reports, overrides)
def test_laws(place: str, found: list[Node], level_zero: str, xe: str, forced: str) -> None:
    evidence = Evidence()
    evidence.place, evidence.nodes, evidence.reports = place, found, {"level-zero": level_zero, "xe": xe}
    facts = parse_facts(evidence, {FORCE_IP: forced})
    everything = list_values()
    assert decide_everything() == [("device_ip", everything, True)]
    answer = decide_answer(facts)
    for name, values, multi in answer:
        assert (name, multi) == ("device_ip", True)
        assert set(values) <= set(everything)
        assert values
        assert len(set(values)) == len(values)
        assert why_not(facts, name, values[0]) == ""
    for code, sentence in diagnose(facts):
        assert re.fullmatch(r"[a-z0-9-]+", code)
        assert sentence.endswith(".")
    assert all(len(row) == 3 for row in describe(facts))
    supported = answer[0][1] if answer else []
    missing = next(value for value in everything if value not in supported)
    assert why_not(facts, "device_ip", missing).endswith(".")
