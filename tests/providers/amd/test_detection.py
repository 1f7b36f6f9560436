"""What the AMD provider makes of machines, each a tree of files; every fault of the earlier providers is a row."""

from __future__ import annotations

import glob
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amd_variant_provider import _probe
from amd_variant_provider._machine import Machine
from amd_variant_provider._names import is_arch
from amd_variant_provider._parse import Facts, parse_facts
from amd_variant_provider._probe import Evidence, probe_machine
from amd_variant_provider._reports import parse_target
from amd_variant_provider._rules import decide_answer, decide_everything, describe, diagnose, exact_archs, why_not
from amd_variant_provider._tables import BOOTSTRAP_DISABLE, FORCE_ARCH, GENERIC, KFD, KNOWN, NODES, VARIABLES
from support.trees import write_tree

if TYPE_CHECKING:
    from collections.abc import Mapping

CAPTURES = sorted(glob.glob(os.path.join(os.path.dirname(__file__), "captures", "*.json")))


def node(version: object, simds: int = 120, per_unit: int = 2, cores: int = 0) -> str:
    """A node's properties, those that matter."""
    return (
        f"cpu_cores_count {cores}\nsimd_count {simds}\nsimd_per_cu {per_unit}\ngfx_target_version {version}\n"
        "vendor_id 4098\nlocal_mem_size 0\n"
    )


PROCESSOR = node(0, simds=0, per_unit=0, cores=32)


def kfd(*nodes: str) -> dict[str, str]:
    tree = {f"{NODES}/{number}/properties": text for number, text in enumerate(nodes)}
    return {KFD: "", **tree}


def read(root: Path, tree: Mapping[str, str], variables: Mapping[str, str] | None = None) -> Facts:
    machine = Machine(str(write_tree(root, tree)))
    return parse_facts(probe_machine(machine, variables or {}, "linux"), variables or {})


def answer(facts: Facts) -> dict[str, list[str]]:
    return {name: values for name, values, _ in decide_answer(facts)}


def exact(facts: Facts) -> list[str]:
    return [arch for arch in answer(facts).get("gfx_arch", []) if arch not in GENERIC]


def codes(facts: Facts) -> list[str]:
    return [code for code, _ in diagnose(facts)]


@pytest.mark.parametrize("path", CAPTURES, ids=os.path.basename)
def test_the_answer_is_the_one_in_the_file_name(tmp_path: Path, path: str) -> None:
    _, archs, version, _, _ = os.path.basename(path).split(".")
    facts = read(tmp_path, json.loads(Path(path).read_text()))
    assert answer(facts).get("gfx_arch", ["none"]) == archs.split("+")
    assert answer(facts).get("rocm_version", ["none"])[0] == version.replace("_", ".")
    assert codes(facts) == (["report-failed"] if "hung" in path else [])


@pytest.mark.parametrize(
    ("version", "arch"),
    [
        (90010, "gfx90a"),
        (90012, "gfx90c"),
        (90402, "gfx942"),
        (90006, "gfx906"),
        (80003, "gfx803"),
        (100306, "gfx1036"),
        (110501, "gfx1151"),
        (120500, "gfx1250"),
        (130100, "gfx1310"),
        (111515, "gfx11ff"),
        (0, ""),
        (111600, ""),
        (110016, ""),
        (999, ""),
        (1 << 32, ""),
    ],
)
def test_minor_version_and_stepping_are_hexadecimal(version: int, arch: str) -> None:
    assert parse_target(version) == arch


@pytest.mark.parametrize(
    ("nodes", "archs", "notes"),
    [
        pytest.param([PROCESSOR], [], [], id="processors-alone"),
        pytest.param([PROCESSOR, node(110000), node(100306, 4)], ["gfx1100", "gfx1036"], [], id="old-list-dropped-all"),
        pytest.param([PROCESSOR, node(100306, 999), node(110000, 8)], ["gfx1100", "gfx1036"], [], id="discrete-first"),
        pytest.param([node(110000, 9, 2, cores=8), node(110000, 2)], ["gfx1100"], [], id="the-same-twice"),
        pytest.param([node(90002, 99, 4, cores=8), node(90006, 4, 4)], ["gfx906", "gfx902"], [], id="cores-on-a-node"),
        pytest.param([node(110002, 32), node(110000, 96)], ["gfx1100", "gfx1102"], [], id="more-units-first"),
        pytest.param([node(90402, 304, 4), node(110000, 192)], ["gfx1100", "gfx942"], [], id="units-not-simds"),
        pytest.param([node(90006, 60), node(100300, 60)], ["gfx906", "gfx1030"], [], id="equals-in-the-kernel's-order"),
        pytest.param([node(80003), node(90401), node(130100)], ["gfx803", "gfx941", "gfx1310"], [], id="old-and-new"),
        pytest.param([node(210000), node(110000)], ["gfx1100"], ["arch-unknown"], id="unknown-is-skipped-alone"),
        pytest.param([node(210000)], [], ["arch-unknown"], id="unknown-alone"),
        pytest.param(["", node(110000)], ["gfx1100"], ["node-skipped"], id="empty-node"),
        pytest.param(["\x00\ufffd{}\n" * 99, node(110000)], ["gfx1100"], ["node-skipped"], id="garbled-node"),
        pytest.param([node("110016"), node(110000)], ["gfx1100"], ["node-skipped"], id="impossible-stepping"),
        pytest.param([node("x" * 50), node(110000)], ["gfx1100"], ["node-skipped"], id="version-is-no-number"),
        pytest.param([node("9" * 30), node(110000)], ["gfx1100"], ["node-skipped"], id="version-without-end"),
        pytest.param(
            ["simd_count 12\ncpu_cores_count 0\n"], [], ["node-skipped", "undetermined"], id="kernel-before-5.13"
        ),
        pytest.param([node(110000, per_unit=0)], ["gfx1100"], [], id="no-division-by-zero"),
        pytest.param([node(0, simds=12)], [], [], id="version-0-is-a-processor"),
        pytest.param(["gfx_target_version 110000\n"], [], [], id="no-simds-is-a-processor"),
        pytest.param([node(110000) * 400], ["gfx1100"], [], id="huge"),
    ],
)
def test_compute_nodes(tmp_path: Path, nodes: list[str], archs: list[str], notes: list[str]) -> None:
    facts = read(tmp_path, kfd(*nodes))
    assert (exact(facts), codes(facts)) == (archs, notes)


def test_what_a_node_says_and_what_it_leaves_out(tmp_path: Path) -> None:
    old = "simd_count 12\n"
    short = "simd_count 12\ngfx_target_version 90402\n"
    facts = read(tmp_path, kfd(node(90402, 304, 4), node(110501, 80), node(90402, 304, 4, cores=24), short, old))
    assert [(gpu.said, gpu.units, gpu.integrated) for gpu in facts.gpus] == [
        ("gfx942", 76, False),
        ("gfx1151", 40, True),
        ("gfx942", 76, True),
        ("gfx942", 12, False),
    ]
    assert facts.unclear == [(f"{NODES}/4", "it says no gfx_target_version (Linux 5.13 and later do)")]


def test_nodes_are_read_by_number_and_other_names_are_not_nodes(tmp_path: Path) -> None:
    tree = {f"{NODES}/{name}/properties": node(110000 + step) for name, step in (("10", 1), ("9", 2), ("2", 0))}
    tree |= {f"{NODES}/{name}/properties": node(90010) for name in ("x", "1x", "-1", "٣", "123456")}
    assert exact(read(tmp_path, {KFD: "", **tree})) == ["gfx1100", "gfx1102", "gfx1101"]


def test_a_node_that_may_not_be_read_is_skipped_alone(tmp_path: Path) -> None:
    root = write_tree(tmp_path, kfd(PROCESSOR, node(90402), node(90402)))
    refused = root / NODES[1:] / "1" / "properties"
    refused.unlink()
    refused.mkdir()  # the kernel's EPERM cannot be had from a tree; to be no file is as good a refusal
    facts = read(root, {})
    assert exact(facts) == ["gfx942"]
    assert diagnose(facts) == [("node-skipped", f"{NODES}/1 is left out, since its properties cannot be read.")]


def test_a_node_that_the_container_may_not_see_is_skipped_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from amd_variant_provider import _machine

    genuine = _machine._read_bytes

    def deny_all_but_the_second(path: str, limit: int) -> bytes:
        if "/nodes/" in path and "/nodes/2/" not in path:
            raise PermissionError(1, "Operation not permitted")
        return genuine(path, limit)

    monkeypatch.setattr(_machine, "_read_bytes", deny_all_but_the_second)
    facts = read(tmp_path, kfd(PROCESSOR, node(90402), node(90402), node(90402)))
    assert exact(facts) == ["gfx942"]
    (note,) = diagnose(facts)
    assert note[1] == f"{NODES}/0 is left out, since its properties cannot be read; so are 2 others."
    assert (f"{NODES}/3/properties", "Operation not permitted") in facts.evidence.refused


def test_an_absent_kfd_device_is_said_but_costs_no_answer(tmp_path: Path) -> None:
    tree = kfd(PROCESSOR, node(90402))
    del tree[KFD]
    facts = read(tmp_path, tree)
    assert exact(facts) == ["gfx942"]
    assert diagnose(facts) == [
        ("kfd-unusable", "/dev/kfd does not exist: programs started here will not reach the GPU.")
    ]


def test_an_unopenable_kfd_device_is_said_but_costs_no_answer() -> None:
    evidence = Evidence()
    evidence.nodes, evidence.kfd = [("1", node(90402))], "may not be opened by this user"
    facts = parse_facts(evidence, {})
    assert exact(facts) == ["gfx942"]
    assert codes(facts) == ["kfd-unusable"]


@pytest.mark.parametrize(("allowed", "notes"), [(True, []), (False, ["kfd-unusable"])])
def test_this_machine_is_asked_whether_kfd_may_be_opened_without_opening_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, allowed: bool, notes: list[str]
) -> None:
    write_tree(tmp_path, {"/nodes/1/properties": node(90402), "/kfd": ""})
    monkeypatch.setattr(_probe, "NODES", str(tmp_path / "nodes"))
    monkeypatch.setattr(_probe, "KFD", str(tmp_path / "kfd"))
    monkeypatch.setattr(os, "access", lambda path, mode: allowed and (path, mode) == (str(tmp_path / "kfd"), 6))
    machine = Machine()
    facts = parse_facts(probe_machine(machine, {}, "linux"), {})
    assert exact(facts) == ["gfx942"]
    assert codes(facts) == notes
    assert ((str(tmp_path / "kfd"), "may not be opened") in machine.refused) is not allowed


def test_a_driver_without_compute_is_said(tmp_path: Path) -> None:
    facts = read(tmp_path, {"/sys/module/amdgpu/version": "6.8\n"})
    assert (answer(facts), codes(facts)) == ({}, ["kfd-missing"])


AMDGPU = {"/sys/module/amdgpu/version": "6.8\n"}
ROCM = {"/opt/rocm/.info/version": "6.3.1\n"}
HIDDEN = {f"{NODES}/1/properties": "", f"{NODES}/0/properties": PROCESSOR}


@pytest.mark.parametrize(
    ("tree", "variables", "notes"),
    [
        pytest.param({}, {}, [], id="nothing"),
        pytest.param(kfd(PROCESSOR), {}, [], id="the-kernel-says-none"),
        pytest.param(AMDGPU, {}, ["kfd-missing"], id="no-compute"),
        pytest.param(HIDDEN, {}, ["node-skipped"], id="a-container-that-was-given-none"),
        pytest.param({KFD: "", **HIDDEN}, {}, ["node-skipped", "undetermined"], id="unreadable"),
        pytest.param({KFD: "", **HIDDEN, **ROCM}, {}, ["node-skipped"], id="unreadable-beside-rocm"),
        pytest.param({KFD: ""}, {}, ["gpu-unreadable", "undetermined"], id="list-hidden"),
        pytest.param({KFD: "", **AMDGPU}, {}, ["gpu-unreadable", "undetermined"], id="list-hidden-driver-shown"),
        pytest.param(kfd(node(210000)), {}, ["arch-unknown"], id="known-and-no-value"),
        pytest.param(
            kfd(node(210000), ""), {}, ["node-skipped", "arch-unknown", "undetermined"], id="no-value-and-unread"
        ),
        pytest.param(kfd(node(110000), ""), {}, ["node-skipped"], id="some-read"),
        pytest.param({KFD: ""}, {BOOTSTRAP_DISABLE: "1"}, ["disabled"], id="disabled"),
        pytest.param({KFD: ""}, {FORCE_ARCH: "gfx90a"}, [], id="forced"),
    ],
)
def test_an_empty_answer_is_absence_or_ignorance(
    tmp_path: Path, tree: dict[str, str], variables: dict[str, str], notes: list[str]
) -> None:
    facts = read(tmp_path, tree, variables)
    assert codes(facts) == notes
    if "undetermined" in notes:
        assert not answer(facts)
        assert "not known" in why_not(facts, "gfx_arch", "gfx90a") or facts.unclear


def test_a_list_of_nodes_that_may_not_be_read_is_ignorance() -> None:
    evidence = Evidence()
    evidence.refused, evidence.driver = [(NODES, "Permission denied")], True
    facts = parse_facts(evidence, {})
    assert codes(facts) == ["gpu-unreadable", "undetermined"]
    assert why_not(facts, "gfx_arch", "gfx90a").endswith(f"{NODES} could not be read (Permission denied).")


@pytest.mark.parametrize(
    ("tree", "version", "notes"),
    [
        pytest.param({"/opt/rocm/.info/version": "6.3.1-48\n"}, "6.3", [], id="installed"),
        pytest.param({"/opt/rocm/.info/version": "6.3.1.60301-48"}, "6.3", [], id="four-numbers"),
        pytest.param({"/opt/rocm/core/.info/version": "7.14.0\n"}, "7.14", [], id="core"),
        pytest.param({"/opt/rocm/core-10.0/.info/version": "10.0.0\n"}, "10.0", [], id="core-10"),
        pytest.param(
            {"/opt/rocm/core-7.12/.info/version": "7.12.1\n", "/opt/rocm/core-7.14/.info/version": "7.14.0\n"},
            "7.14",
            [],
            id="highest-of-several",
        ),
        pytest.param(
            {"/opt/rocm/.info/version": "6.4.0\n", "/opt/rocm/core-10.0/.info/version": "10.0.0\n"},
            "6.4",
            [],
            id="the-usual-place-first",
        ),
        pytest.param({"/opt/rocm/.info/version": "unknown\n"}, None, [], id="garbage"),
        pytest.param({"/opt/rocm/.info/version": ""}, None, [], id="empty"),
        pytest.param({"/opt/rocm/.info/version": "6\n"}, None, [], id="one-number"),
        pytest.param({"/opt/rocm/.info/version": "4.5.2\n"}, None, ["rocm-unknown"], id="too-old"),
        pytest.param({"/opt/rocm/.info/version": "99.0.0\n"}, None, ["rocm-unknown"], id="too-new"),
        pytest.param({"/opt/rocm/.info/version": "7.77.0\n"}, "7.30", [], id="beyond-the-last-minor-version"),
        pytest.param({}, None, [], id="absent-is-left-out"),
    ],
)
def test_the_rocm_version(tmp_path: Path, tree: dict[str, str], version: str | None, notes: list[str]) -> None:
    facts = read(tmp_path, tree)
    assert answer(facts).get("rocm_version", [None])[0] == version
    assert codes(facts) == notes


def test_a_driver_is_no_matter_where_something_was_found(tmp_path: Path) -> None:
    facts = read(tmp_path, {"/sys/module/amdgpu/version": "6.8\n", "/dev/dxg": ""})
    assert codes(facts) == []


def test_an_older_build_of_the_same_major_version_is_supported(tmp_path: Path) -> None:
    facts = read(tmp_path, {"/opt/rocm/.info/version": "6.4.1\n"})
    assert decide_answer(facts) == [("rocm_version", ["6.4", "6.3", "6.2", "6.1", "6.0"], False)]


@pytest.mark.parametrize(
    ("tree", "variables", "question", "sentence"),
    [
        ({}, {}, ("gfx_arch", "gfx942"), f"No AMD GPU was found in {NODES}."),
        (kfd(node(90402)), {}, ("gfx_arch", "gfx90a"), f"The GPUs here are gfx942, says {NODES}/0."),
        (
            kfd(node(90402)),
            {},
            ("gfx_arch", "gfx11_generic"),
            "No GPU here (gfx942) can run code for gfx11_generic.",
        ),
        (
            kfd("?"),
            {},
            ("gfx_arch", "gfx90a"),
            f"No GPU here could be identified: {NODES}/0 is left out, since its properties are garbled.",
        ),
        ({"/dev/dxg": ""}, {}, ("gfx_arch", "gfx1100"), "/dev/dxg is there, but no rocminfo of ROCm's told"),
        ({}, {VARIABLES[0]: "gfx906"}, ("gfx_arch", "gfx942"), f"{VARIABLES[0]} says gfx906."),
        ({}, {BOOTSTRAP_DISABLE: "1"}, ("gfx_arch", "gfx942"), f"{BOOTSTRAP_DISABLE} is 1: nothing was looked for."),
        (
            {},
            {},
            ("rocm_version", "6.3"),
            "No version of ROCm is said in /opt/rocm/.info/version or /opt/rocm/core/.info/version.",
        ),
        (
            {"/opt/rocm/.info/version": "6.3.0\n"},
            {},
            ("rocm_version", "6.4"),
            "ROCm is 6.3, says /opt/rocm/.info/version, which is older.",
        ),
        (
            {"/opt/rocm/.info/version": "7.0.0\n"},
            {},
            ("rocm_version", "6.4"),
            "ROCm is 7.0, says /opt/rocm/.info/version, and makes no promise across major versions.",
        ),
        ({}, {VARIABLES[1]: "6.1"}, ("rocm_version", "6.2"), f"{VARIABLES[1]} says 6.1."),
    ],
)
def test_why_not_names_the_source_that_denies_it(
    tmp_path: Path, tree: dict[str, str], variables: dict[str, str], question: tuple[str, str], sentence: str
) -> None:
    assert why_not(read(tmp_path, tree, variables), *question).startswith(sentence)


def test_every_name_that_llvm_or_an_earlier_provider_knows_is_a_value() -> None:
    everything = {name: values for name, values, _ in decide_everything()}
    official = ["gfx900", "gfx906", "gfx908", "gfx90a", "gfx942", "gfx1030", "gfx1100", "gfx1101", "gfx1102"]
    assert set(official) <= set(KNOWN.split()) <= set(everything["gfx_arch"])
    assert {"6.3", "6.4", *(f"7.{minor}" for minor in range(15)), "10.0"} <= set(everything["rocm_version"])
    assert all(is_arch(member) for members in GENERIC.values() for member in members.split())
    assert all(is_arch(arch) for arch in exact_archs())
    assert not any("-" in value for values in everything.values() for value in values)


words = st.sampled_from(["gfx90a", "gfx1100", "gfx9-4-generic", "gfx90a:xnack+", "GFX906", "gfx", "", "-", "6.3", "1"])
properties = st.builds(
    node,
    st.one_of(st.integers(0, 200000), st.sampled_from([90010, 110000, 100306, 80003]), st.text(max_size=3)),
    st.integers(0, 400),
    st.integers(0, 4),
    st.integers(0, 2),
)
reports = st.tuples(
    st.sampled_from(["rocminfo", "hip", "clinfo"]),
    st.one_of(
        st.text(max_size=60),
        st.sampled_from(
            [
                "Agent 1\nName: gfx906\nDevice Type: GPU\n",
                "device 0 gfx1100 4 1\n!signal 11\n",
                "Device Type: GPU\nName: gfx90a\n",
                "Agent 1\nDevice Type: GPU\n",
                "!timeout\n",
            ]
        ),
    ),
)


@given(
    st.lists(st.one_of(properties, st.text(max_size=40)), max_size=4),
    st.lists(reports, max_size=2),
    st.lists(st.text(max_size=8) | st.sampled_from(["6.3.1", "7.99", "10.0.0-1"]), max_size=2),
    st.dictionaries(st.sampled_from(VARIABLES), st.lists(st.one_of(words, st.text(max_size=4))).map(",".join)),
)
def test_laws(nodes: list[str], said: list[tuple[str, str]], versions: list[str], variables: dict[str, str]) -> None:
    evidence = Evidence()
    evidence.nodes = [(str(number), text) for number, text in enumerate(nodes)]
    evidence.reports, evidence.versions = said, [("/opt/rocm/.info/version", text) for text in versions]
    facts = parse_facts(evidence, variables)
    supported = answer(facts)
    everything = {name: values for name, values, _ in decide_everything()}
    assert all(values and len(set(values)) == len(values) for values in supported.values())
    assert all(set(values) <= set(everything[name]) for name, values in supported.items())
    for name, value in [("gfx_arch", "gfx90a"), ("gfx_arch", "gfx11_generic"), ("rocm_version", "6.3")]:
        assert (why_not(facts, name, value) == "") is (value in supported.get(name, ()))
    assert all(code and len(sentence) < 500 for code, sentence in diagnose(facts))
    assert all(fact and source for fact, _, source in describe(facts))
