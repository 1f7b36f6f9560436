"""What the TPU provider makes of machines, each a tree of files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.trees import write_tree
from tpu_variant_provider._machine import Machine
from tpu_variant_provider._parse import Facts, parse_facts
from tpu_variant_provider._probe import Evidence, probe_machine
from tpu_variant_provider._rules import decide_answer, decide_everything, describe, diagnose, why_not
from tpu_variant_provider._tables import CHIPS, FORCE_GENERATION, FORCE_PRESENT, GENERATIONS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

GOOGLE = "0x1ae0\n"
ABSENT = [("present", ["false"], False)]
PRESENT = [("present", ["true"], False)]


def pci(*devices: tuple[str, str] | tuple[str, str, str]) -> dict[str, str]:
    """The PCI list of (vendor, device[, subsystem device])s."""
    tree = {"/sys/bus/pci/devices/": ""}
    for number, identity in enumerate(devices):
        for name, text in zip(("vendor", "device", "subsystem_device"), identity, strict=False):
            tree[f"/sys/bus/pci/devices/0000:00:{number:02x}.0/{name}"] = text + "\n"
    return tree


def tpu(device: str, subsystem: str = "0x0000") -> dict[str, str]:
    return pci(("0x8086", "0x1237"), ("0x1ae0", "0x0042"), ("0x1ae0", device, subsystem))


def read(root: Path, tree: Mapping[str, str], variables: Mapping[str, str] | None = None) -> Facts:
    return parse_facts(probe_machine(Machine(str(write_tree(root, tree)))), variables or {})


def unreadable(path: Path) -> None:
    """Make a read fail with an error, for root too: a directory cannot be read as a file."""
    path.unlink()
    path.mkdir()


def codes(facts: Facts) -> list[str]:
    return [code for code, _ in diagnose(facts)]


@pytest.mark.parametrize(
    ("device", "subsystem", "generation"),
    [
        ("0x007c", "", "8t"),
        ("0x0083", "", "8i"),
        ("0x0076", "", "7x"),
        ("0x006f", "", "v6e"),
        ("0x0062", "", "v5p"),
        ("0x0063", "", "v5e"),
        ("0x005e", "", "v4"),
        ("0x0027", "0x004f", "v3"),
        ("0x0027", "0x004e", "v2"),
    ],
)
def test_a_pci_identity_is_a_generation(tmp_path: Path, device: str, subsystem: str, generation: str) -> None:
    facts = read(tmp_path, tpu(device, subsystem))
    assert decide_answer(facts) == [*PRESENT, ("generation", [generation], False)]
    assert codes(facts) == []


@pytest.mark.parametrize("device", ["0x0056", "0x0027"])
def test_a_chip_without_a_known_generation_is_present_and_says_so(tmp_path: Path, device: str) -> None:
    facts = read(tmp_path, tpu(device))
    assert decide_answer(facts) == PRESENT
    assert codes(facts) == ["generation-unknown"]


@pytest.mark.parametrize(
    "tree",
    [
        pytest.param({}, id="nothing"),
        pytest.param(pci(("0x1ae0", "0x0042"), ("0x1ae0", "0x001f")), id="google-network-and-storage"),
        pytest.param(pci(("0x1ac1", "0x089a")), id="edge-tpu"),
        pytest.param(pci(("0x10de", "0x0063")), id="a-tpu's-number-of-another-vendor"),
        pytest.param(pci(("0x1ae0", "garbage")), id="garbage"),
        pytest.param(pci(("", "0x0063")), id="empty-vendor"),
        pytest.param({"/dev/accel/": "accel0\n"}, id="another-driver's-directory"),
    ],
)
def test_other_machines_have_no_tpu_and_nothing_to_say(tmp_path: Path, tree: dict[str, str]) -> None:
    facts = read(tmp_path, tree)
    assert decide_answer(facts) == ABSENT
    assert codes(facts) == []


def test_several_generations_come_newest_first(tmp_path: Path) -> None:
    facts = read(tmp_path, pci(("0x1ae0", "0x005e"), ("0x1ae0", "0x006f"), ("0x1ae0", "0x005e")))
    assert decide_answer(facts) == [*PRESENT, ("generation", ["v6e", "v4"], False)]


def test_an_unreadable_entry_hides_only_itself(tmp_path: Path) -> None:
    root = write_tree(tmp_path, tpu("0x0063"))
    unreadable(root / "sys/bus/pci/devices/0000:00:00.0/vendor")
    assert decide_answer(read(root, {}))[0] == PRESENT[0]
    unreadable(root / "sys/bus/pci/devices/0000:00:02.0/vendor")
    facts = read(root, {})
    assert decide_answer(facts) == ABSENT
    (note,) = diagnose(facts)
    assert note[0] == "unreadable"
    assert note[1].startswith("2 PCI entries could not be read, such as /sys/bus/pci/devices/0000:00:00.0/vendor: ")


def test_a_refused_entry_is_reported_when_no_tpu_was_found() -> None:
    evidence = Evidence()
    evidence.refused = [("/sys/bus/pci/devices/0000:00:04.0/vendor", "Operation not permitted")]
    facts = parse_facts(evidence, {})
    assert (decide_answer(facts), codes(facts)) == (ABSENT, ["unreadable"])


GROUP = "/sys/kernel/iommu_groups/3/devices/0000:00:04.0"


@pytest.mark.parametrize(
    ("tree", "answer", "expected"),
    [
        pytest.param({"/dev/accel0": "", "/dev/accel1": ""}, PRESENT, ["node-alone"], id="node-alone"),
        pytest.param(
            {"/dev/accel0": "", "/sys/class/accel/accel0/device/vendor": "0x1022\n"}, ABSENT, [], id="another's-node"
        ),
        pytest.param(
            {
                "/dev/accel0": "",
                "/sys/class/accel/accel0/device/vendor": GOOGLE,
                "/sys/class/accel/accel0/device/device": "0x005e\n",
            },
            [*PRESENT, ("generation", ["v4"], False)],
            [],
            id="node-and-its-device",
        ),
        pytest.param(
            {"/dev/vfio/": "3\nvfio\n", f"{GROUP}/vendor": GOOGLE, f"{GROUP}/device": "0x006f\n"},
            [*PRESENT, ("generation", ["v6e"], False)],
            [],
            id="vfio-group-of-a-tpu",
        ),
        pytest.param(
            {"/dev/vfio/": "3\nvfio\n", f"{GROUP}/vendor": "0x15b3\n", f"{GROUP}/device": "0xc2d5\n"},
            ABSENT,
            ["owner-unknown"],
            id="vfio-group-of-a-network-card",
        ),
        pytest.param({"/dev/vfio/": "3\nvfio\n"}, ABSENT, ["owner-unknown"], id="vfio-group-of-nobody-knows"),
        pytest.param({"/dev/vfio/": "vfio\n"}, ABSENT, [], id="vfio-without-groups"),
        pytest.param({**pci(("0x8086", "0x1237")), "/dev/accel0": ""}, ABSENT, ["node-without-chip"], id="pci-decides"),
        pytest.param({**pci(("0x8086", "0x1237")), "/dev/vfio/": "3\n"}, ABSENT, [], id="pci-decides-over-vfio"),
    ],
)
def test_device_nodes_of_a_container_that_hides_pci(
    tmp_path: Path, tree: dict[str, str], answer: object, expected: list[str]
) -> None:
    facts = read(tmp_path, tree)
    assert decide_answer(facts) == answer
    assert codes(facts) == expected


@pytest.mark.parametrize("value", ["1", "true", "TRUE", "yes", "Yes"])
def test_forced_presence(tmp_path: Path, value: str) -> None:
    facts = read(tmp_path, {}, {FORCE_PRESENT: value})
    assert (decide_answer(facts), codes(facts)) == (PRESENT, [])


@pytest.mark.parametrize(("value", "notes"), [("0", []), ("No", []), ("", 1), ("on", 1), (" true", 1), ("ja", 1)])
def test_every_other_word_and_none_at_all_force_absence(tmp_path: Path, value: str, notes: object) -> None:
    facts = read(tmp_path, tpu("0x0063"), {FORCE_PRESENT: value})
    assert decide_answer(facts) == ABSENT
    assert codes(facts) == (["override-means-absent"] if notes else [])


def test_forced_presence_keeps_the_detected_generation(tmp_path: Path) -> None:
    facts = read(tmp_path, tpu("0x0063"), {FORCE_PRESENT: "1"})
    assert decide_answer(facts) == [*PRESENT, ("generation", ["v5e"], False)]


@pytest.mark.parametrize(
    ("value", "answer", "expected"),
    [
        ("v6e", [*PRESENT, ("generation", ["v6e"], False)], []),
        ("", [*PRESENT, ("generation", ["v4"], False)], []),
        ("V6E", [*PRESENT, ("generation", ["v4"], False)], ["override-ignored"]),
        ("v99", [*PRESENT, ("generation", ["v4"], False)], ["override-ignored"]),
    ],
)
def test_forced_generation(tmp_path: Path, value: str, answer: object, expected: list[str]) -> None:
    facts = read(tmp_path, tpu("0x005e"), {FORCE_GENERATION: value})
    assert (decide_answer(facts), codes(facts)) == (answer, expected)


def test_a_forced_generation_is_a_present_one_unless_presence_is_denied(tmp_path: Path) -> None:
    assert decide_answer(read(tmp_path, {}, {FORCE_GENERATION: "v4"}))[1:] == [("generation", ["v4"], False)]
    assert decide_answer(read(tmp_path, {}, {FORCE_GENERATION: "v4", FORCE_PRESENT: "0"})) == ABSENT


@pytest.mark.parametrize(
    ("tree", "variables", "question", "sentence"),
    [
        ({}, {}, ("present", "true"), "/sys/bus/pci/devices, which shows no device, /dev/accelN and /dev/vfio."),
        (tpu("0x0042"), {}, ("generation", "v4"), "No TPU was found in /sys/bus/pci/devices."),
        (tpu("0x0063"), {}, ("present", "false"), "A TPU is present: /sys/bus/pci/devices/0000:00:02.0 (0x0063)."),
        (tpu("0x0063"), {}, ("generation", "v4"), "The generation here is v5e, says /sys/bus/pci/devices."),
        (tpu("0x0056"), {}, ("generation", "v4"), "cannot be told from /sys/bus/pci/devices/0000:00:02.0 (0x0056)."),
        (tpu("0x0063"), {FORCE_PRESENT: "0"}, ("present", "true"), f"{FORCE_PRESENT} says that no TPU is present."),
        (tpu("0x0063"), {FORCE_PRESENT: "0"}, ("generation", "v5e"), f"{FORCE_PRESENT} says that no TPU is present."),
        ({}, {FORCE_PRESENT: "1"}, ("present", "false"), f"{FORCE_PRESENT} says that a TPU is present."),
        ({}, {FORCE_PRESENT: "1"}, ("generation", "v4"), f"cannot be told from {FORCE_PRESENT}."),
        ({}, {FORCE_GENERATION: "v4"}, ("generation", "v3"), f"The generation here is v4, says {FORCE_GENERATION}."),
        ({}, {FORCE_GENERATION: "v4"}, ("present", "false"), f"A TPU is present: {FORCE_GENERATION}."),
        ({"/dev/accel0": ""}, {}, ("generation", "v4"), "The generation cannot be told from /dev/accel0."),
    ],
)
def test_why_not_names_the_source_that_denies_it(
    tmp_path: Path, tree: dict[str, str], variables: dict[str, str], question: tuple[str, str], sentence: str
) -> None:
    said = why_not(read(tmp_path, tree, variables), *question)
    assert said.endswith(sentence)


identities = st.tuples(
    st.sampled_from(["0x1ae0", "0x8086", "", "\x00", "0x1AE0"]),
    st.sampled_from([*CHIPS, "0x0042", "", "x"]),
    st.sampled_from(["0x004e", "0x004f", ""]),
)
overrides = st.dictionaries(
    st.sampled_from([FORCE_PRESENT, FORCE_GENERATION]),
    st.one_of(st.text(max_size=5), st.sampled_from(["1", "0", "true", *GENERATIONS])),
)


@given(st.lists(identities, max_size=4), st.booleans(), st.lists(st.text(max_size=4), max_size=2), overrides)
def test_laws(devices: list[tuple[str, str, str]], seen: bool, nodes: list[str], variables: dict[str, str]) -> None:
    evidence = Evidence()
    evidence.devices, evidence.pci_seen, evidence.nodes = devices, seen, nodes
    facts = parse_facts(evidence, variables)
    answer = {name: values for name, values, _ in decide_answer(facts)}
    everything = {name: values for name, values, _ in decide_everything()}
    assert next(iter(answer)) == "present"
    assert len(answer["present"]) == 1
    assert all(values and len(set(values)) == len(values) for values in answer.values())
    assert all(set(values) <= set(everything[name]) for name, values in answer.items())
    for name, values in everything.items():
        for value in values:
            assert (why_not(facts, name, value) == "") is (value in answer.get(name, ()))
    assert all(fact for fact, _, _ in describe(facts))
    assert len(diagnose(facts)) <= 5
