"""Both vendors' variables: what each does, which wins, and that nonsense in them is ignored and reported."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from amd_variant_provider._machine import Machine
from amd_variant_provider._parse import Facts, parse_facts
from amd_variant_provider._probe import probe_machine
from amd_variant_provider._rules import decide_answer, diagnose
from amd_variant_provider._tables import (
    BOOTSTRAP_DISABLE,
    BOOTSTRAP_FORCE,
    FORCE_ARCH,
    FORCE_ROCM,
    GENERIC,
    KFD,
    NODES,
    PREFERRED_ARCHS,
    ROCM_PATH,
    TIMEOUT,
)
from support.trees import write_tree

if TYPE_CHECKING:
    from pathlib import Path

MACHINE = {
    KFD: "",
    f"{NODES}/1/properties": "simd_count 192\nsimd_per_cu 2\ngfx_target_version 110000\n",
    f"{NODES}/2/properties": "simd_count 4\nsimd_per_cu 2\ngfx_target_version 100306\n",
    "/opt/rocm/.info/version": "6.3.1-48\n",
    "/usr/lib/rocm-7/.info/version": "7.1.0\n",
    "/usr/lib/rocm-5/.info/version": "5.7.1\n",
}


def read(root: Path, **variables: str) -> tuple[list[str], list[str], list[str]]:
    """The exact architectures, the versions and the diagnostics' codes of `MACHINE` under `variables`."""
    machine = Machine(str(write_tree(root, MACHINE)))
    facts: Facts = parse_facts(probe_machine(machine, variables, "linux"), variables)
    answer = {name: values for name, values, _ in decide_answer(facts)}
    exact = [arch for arch in answer.get("gfx_arch", []) if arch not in GENERIC]
    return exact, answer.get("rocm_version", []), [code for code, _ in diagnose(facts)]


@pytest.mark.parametrize(
    ("value", "archs", "notes"),
    [
        ("gfx90a", ["gfx90a"], []),
        ("gfx90a,gfx942", ["gfx90a", "gfx942"], []),
        ("gfx942 gfx90a", ["gfx942", "gfx90a"], []),
        (" gfx942 ; gfx90a;", ["gfx942", "gfx90a"], []),
        ("gfx942,gfx942", ["gfx942"], []),
        ("GFX90A", ["gfx90a"], []),
        ("gfx90a:xnack+", ["gfx90a"], []),
        ("gfx90a:sramecc+:xnack-,gfx90a", ["gfx90a"], []),
        ("gfx1250-strict", ["gfx1250_strict"], []),
        ("gfx1207", ["gfx1207"], []),
        ("gfx90a,banana", ["gfx90a"], ["override-ignored"]),
        ("banana", ["gfx1100", "gfx1036"], ["override-ignored"]),
        ("gfx9", ["gfx1100", "gfx1036"], ["override-ignored"]),
        ("gfx000", ["gfx1100", "gfx1036"], ["override-ignored"]),
        ("gfx90ä", ["gfx1100", "gfx1036"], ["override-ignored"]),
        ("x y z u v w", ["gfx1100", "gfx1036"], ["override-ignored"] * 3),
        ("", ["gfx1100", "gfx1036"], []),
        (" , ;", ["gfx1100", "gfx1036"], []),
    ],
)
@pytest.mark.parametrize("name", [FORCE_ARCH, BOOTSTRAP_FORCE])
def test_forced_architectures(tmp_path: Path, name: str, value: str, archs: list[str], notes: list[str]) -> None:
    assert read(tmp_path, **{name: value}) == (archs, ["6.3", "6.2", "6.1", "6.0"], notes)


def test_a_forced_generic_target_is_one(tmp_path: Path) -> None:
    variables = {FORCE_ARCH: "gfx9-4-generic"}
    facts = parse_facts(probe_machine(Machine(str(tmp_path)), variables, "linux"), variables)
    assert decide_answer(facts) == [("gfx_arch", ["gfx9_4_generic"], True)]


def test_our_variable_wins_over_rocms_own(tmp_path: Path) -> None:
    assert read(tmp_path, **{FORCE_ARCH: "gfx906", BOOTSTRAP_FORCE: "gfx908"})[0] == ["gfx906"]
    assert read(tmp_path, **{FORCE_ARCH: "banana", BOOTSTRAP_FORCE: "gfx908"})[0] == ["gfx908"]


def test_disabled_detection_wins_over_everything(tmp_path: Path) -> None:
    forced = {FORCE_ARCH: "gfx906", BOOTSTRAP_FORCE: "gfx908", FORCE_ROCM: "6.0"}
    assert read(tmp_path, **{BOOTSTRAP_DISABLE: "1"}, **forced) == ([], [], ["disabled"])
    assert read(tmp_path, **{BOOTSTRAP_DISABLE: "0"})[0] == ["gfx1100", "gfx1036"]
    assert read(tmp_path, **{BOOTSTRAP_DISABLE: ""})[0] == ["gfx1100", "gfx1036"]


def test_disabled_detection_reads_nothing(tmp_path: Path) -> None:
    machine = Machine(str(write_tree(tmp_path, MACHINE)))
    probe_machine(machine, {BOOTSTRAP_DISABLE: "1"}, "linux")
    assert (machine.sources, machine.refused) == ([], [])


@pytest.mark.parametrize(
    ("value", "versions", "notes"),
    [
        ("7.0", ["7.0"], []),
        ("7.2.1", ["7.2", "7.1", "7.0"], []),
        ("10.0", ["10.0"], []),
        ("7", ["6.3", "6.2", "6.1", "6.0"], ["override-ignored"]),
        ("seven", ["6.3", "6.2", "6.1", "6.0"], ["override-ignored"]),
        ("99.1", ["6.3", "6.2", "6.1", "6.0"], ["override-ignored"]),
        ("7.x", ["6.3", "6.2", "6.1", "6.0"], ["override-ignored"]),
        ("", ["6.3", "6.2", "6.1", "6.0"], []),
    ],
)
def test_a_forced_rocm_version(tmp_path: Path, value: str, versions: list[str], notes: list[str]) -> None:
    assert read(tmp_path, **{FORCE_ROCM: value})[1:] == (versions, notes)


@pytest.mark.parametrize(
    ("value", "archs", "notes"),
    [
        ("gfx1036", ["gfx1036", "gfx1100"], []),
        ("gfx1036,gfx1100", ["gfx1036", "gfx1100"], []),
        ("gfx90a", ["gfx1100", "gfx1036"], []),
        ("gfx90a,gfx1036", ["gfx1036", "gfx1100"], []),
        ("banana", ["gfx1100", "gfx1036"], ["override-ignored"]),
    ],
)
def test_preferred_architectures_order_what_is_there(
    tmp_path: Path, value: str, archs: list[str], notes: list[str]
) -> None:
    found, _, codes = read(tmp_path, **{PREFERRED_ARCHS: value})
    assert (found, codes) == (archs, notes)


def test_forced_architectures_keep_their_own_order(tmp_path: Path) -> None:
    assert read(tmp_path, **{FORCE_ARCH: "gfx906,gfx908", PREFERRED_ARCHS: "gfx908"})[0] == ["gfx906", "gfx908"]


@pytest.mark.parametrize(
    ("value", "highest", "notes"),
    [
        ("/usr/lib/rocm-7", "7.1", []),
        ("/usr/lib/rocm-7/", "7.1", []),
        ("/usr/lib/rocm-5", "5.7", []),
        ("/nowhere", "6.3", ["rocm-path-empty"]),
        ("usr/lib/rocm-7", "6.3", ["override-ignored"]),
        ("/usr/../usr/lib/rocm-7", "6.3", ["override-ignored"]),
        ("/usr/lib/rocm 7", "6.3", ["override-ignored"]),
        ("/" + "x" * 300, "6.3", ["override-ignored"]),
        ("", "6.3", []),
    ],
)
def test_rocm_path_is_read_for_a_version_alone(tmp_path: Path, value: str, highest: str, notes: list[str]) -> None:
    _, versions, codes = read(tmp_path, **{ROCM_PATH: value})
    assert (versions[0], codes) == (highest, notes)


@pytest.mark.parametrize(
    ("value", "notes"),
    [
        ("2", []),
        ("0.1", []),
        ("60", []),
        ("", []),
        *((text, ["override-ignored"]) for text in ("0", "61", "soon", "nan")),
    ],
)
def test_a_senseless_time_is_reported(tmp_path: Path, value: str, notes: list[str]) -> None:
    assert read(tmp_path, **{TIMEOUT: value})[2] == notes
