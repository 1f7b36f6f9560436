"""Which values in which order: the order of the other implementations of this namespace, and what ours adds to it."""

from __future__ import annotations

import re
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nvidia_variant_provider._capabilities import list_values
from nvidia_variant_provider._parse import Facts
from nvidia_variant_provider._rules import branches, decide_answer, decide_everything, diagnose, why_not

Pair = tuple[int, int]

pairs = st.tuples(st.integers(0, 99), st.integers(0, 99))
capabilities = st.lists(st.tuples(st.integers(1, 20), st.integers(0, 9)), max_size=4)
REAL_GPUS = [(5, 2), (6, 0), (6, 1), (7, 0), (7, 5), (8, 0), (8, 6), (8, 9), (9, 0), (10, 0), (10, 3), (12, 0), (12, 1)]
"""Capabilities of GPUs that are not Tegra's."""


def facts(
    cuda: Pair | None = None,
    gpus: list[Pair] | None = None,
    driver: str = "",
    policy: str = "union",
    forced: tuple[Pair | None, Pair | None] = (None, None),
) -> Facts:
    made = Facts("driver")
    made.cuda, made.capabilities, made.driver, made.policy = cuda, gpus or [], driver, policy
    made.forced_cuda, made.forced_capability = forced
    return made


def answer(made: Facts) -> dict[str, list[str]]:
    return {name: values for name, values, _ in decide_answer(made)}


def common_lower(cuda: Pair) -> list[str]:
    """The list as other implementations make it, written down a second time."""
    major, minor = cuda
    values = [f"{major}.{number}" for number in reversed(range(minor + 1))] + [str(major)]
    for lower in range(major - 1, 10, -1):
        values += [f"{lower}.{number}" for number in reversed(range(21))] + [str(lower)]
    return values


def common_upper(cuda: Pair) -> list[str]:
    major, minor = cuda
    values = []
    for higher in range(15, major, -1):
        values += [f"{higher}.{number}" for number in reversed(range(21))] + [str(higher)]
    return values + [f"{major}.{number}" for number in range(20, minor, -1)]


def common_sm(capability: Pair) -> list[str]:
    major, minor = capability
    return [f"{major}{number}_real" for number in range(minor, -1, -1)] + [f"{major}0_virtual"]


@pytest.mark.parametrize("cuda", list(product(range(11, 16), (0, 1, 9, 20))), ids=str)
def test_cuda_bounds_are_the_common_lists_and_later_majors_after_them(cuda: Pair) -> None:
    found = answer(facts(cuda, [(8, 9)]))
    assert found["cuda_version_lower_bound"] == common_lower(cuda)
    upper = found["cuda_version_upper_bound"]
    known = len(common_upper(cuda))
    assert upper[:known] == common_upper(cuda)
    assert {value.partition(".")[0] for value in upper[known:]} == {"16", "17", "18", "19", "20"}


@pytest.mark.parametrize("capability", REAL_GPUS, ids=str)
def test_capabilities_keep_the_common_order_and_its_first_choice(capability: Pair) -> None:
    values = list_values([capability])
    assert values[0] == common_sm(capability)[0]
    assert [value for value in values if value in common_sm(capability)] == common_sm(capability)
    assert [value for value in values if value.endswith("_real") and value[:-5].isdigit()] == common_sm(capability)[:-1]


def test_hopper_word_for_word() -> None:
    values = list_values([(9, 0)])
    assert values[:6] == ["90_real", "90_virtual", "90a_real", "90a_virtual", "89_virtual", "88_virtual"]
    assert values[-1] == "50_virtual"
    assert len(values) == 4 + 40


@pytest.mark.parametrize(
    ("capability", "suffixed"),
    [
        ((8, 9), []),
        ((9, 0), ["90a"]),
        ((10, 0), ["100a", "100f"]),
        ((10, 3), ["103a", "103f", "100f"]),
        ((10, 1), ["101a", "101f"]),
        ((11, 0), ["110a", "110f"]),
        ((12, 0), ["120a", "120f"]),
        ((12, 1), ["121a", "121f", "120f"]),
        ((13, 2), ["132a", "132f"]),
    ],
    ids=str,
)
def test_suffixes_are_exact_or_of_the_family(capability: Pair, suffixed: list[str]) -> None:
    values = [value for value in list_values([capability]) if re.search("[af]_", value)]
    assert values == [f"{name}_{kind}" for kind in ("real", "virtual") for name in suffixed]


@pytest.mark.parametrize("capability", [(5, 3), (6, 2), (7, 2), (8, 7), (10, 1), (11, 0)], ids=str)
def test_tegra_has_one_plain_binary_target(capability: Pair) -> None:
    major, minor = capability
    plain = [value for value in list_values([capability]) if re.fullmatch("[0-9]+_real", value)]
    assert plain == [f"{major}{minor}_real"]
    assert f"{major}0_virtual" in list_values([capability])


def test_mixed_gpus_are_the_lists_of_each_best_first() -> None:
    mixed = answer(facts((12, 4), [(7, 5), (9, 0), (8, 9)]))["sm_arch"]
    apart = [value for capability in [(9, 0), (8, 9), (7, 5)] for value in list_values([capability])]
    assert mixed == list(dict.fromkeys(apart))


@pytest.mark.parametrize(
    ("driver", "expected"),
    [
        ("580.65.06", ["580", "575", "570", "565", "560", "555", "550"]),
        ("582.10", ["580", "575"]),
        ("450.80.02", ["450"]),
        ("440.33", []),
        ("35.4.1", []),
        ("1200.1", ["995", "990"]),
        ("", []),
        ("unknown", []),
    ],
)
def test_branches_count_down_from_the_drivers(driver: str, expected: list[str]) -> None:
    assert branches(driver)[: len(expected)] == expected
    assert bool(branches(driver)) == bool(expected)


@given(
    cuda=st.none() | pairs,
    gpus=capabilities,
    driver=st.sampled_from(["", "450.1", "580.65.06", "9999.1", "35.1"]),
    policy=st.sampled_from(["union", "max", "min"]),
    forced=st.tuples(st.none() | pairs, st.none() | pairs),
)
def test_whatever_the_machine_the_answer_is_part_of_everything(
    cuda: Pair | None, gpus: list[Pair], driver: str, policy: str, forced: tuple[Pair | None, Pair | None]
) -> None:
    made = facts(cuda, gpus, driver, policy, forced)
    everything = {name: (values, multi) for name, values, multi in decide_everything()}
    names = [name for name, _, _ in decide_answer(made)]
    assert names == [name for name in everything if name in names]
    for name, values, multi in decide_answer(made):
        assert values
        assert multi == everything[name][1]
        assert len(set(values)) == len(values)
        assert set(values) <= set(everything[name][0])
        assert all(not why_not(made, name, value) for value in values)
    assert all(re.fullmatch("[a-z0-9-]+", code) and text.endswith(".") for code, text in diagnose(made))


def test_everything_fits_the_limits_and_the_grammar() -> None:
    assert [name for name, _, _ in decide_everything()] == [
        "cuda_version_lower_bound",
        "cuda_version_upper_bound",
        "sm_arch",
        "driver_branch_lower_bound",
    ]
    for _, values, _ in decide_everything():
        assert len(set(values)) == len(values) <= 4096
        assert all(re.fullmatch(r"[a-z0-9_.]+", value) for value in values)


def test_all_values_of_the_other_implementations_are_known() -> None:
    everything = {name: set(values) for name, values, _ in decide_everything()}
    bounds = {f"{major}.{minor}" for major in range(11, 16) for minor in range(21)} | {str(m) for m in range(11, 16)}
    assert bounds <= everything["cuda_version_lower_bound"]
    assert bounds <= everything["cuda_version_upper_bound"]
    plain = {f"{number}_{kind}" for number in range(50, 130) for kind in ("real", "virtual")}
    assert plain <= everything["sm_arch"]


@given(older=st.sampled_from(REAL_GPUS), newer=st.sampled_from(REAL_GPUS))
def test_ptx_for_an_older_gpu_runs_on_every_newer_one(older: Pair, newer: Pair) -> None:
    assert (f"{older[0]}{older[1]}_virtual" in list_values([newer])) == (older <= newer)


@given(lower=pairs, higher=pairs)
def test_a_newer_driver_satisfies_every_lower_bound_of_an_older_one(lower: Pair, higher: Pair) -> None:
    lower, higher = min(lower, higher), max(lower, higher)
    older, newer = answer(facts(lower, [(8, 9)])), answer(facts(higher, [(8, 9)]))
    assert set(older.get("cuda_version_lower_bound", [])) <= set(newer.get("cuda_version_lower_bound", []))
    assert set(newer.get("cuda_version_upper_bound", [])) <= set(older.get("cuda_version_upper_bound", []))


@pytest.mark.parametrize(
    ("feature", "value", "says"),
    [
        ("cuda_version_lower_bound", "13.0", "a driver for at least CUDA 13.0, and libcuda says 12.4"),
        ("cuda_version_upper_bound", "12", "a driver for less than CUDA 12, and libcuda says 12.4"),
        ("sm_arch", "90_real", "same major from that minor on (on Tegra: on 9.0 alone), and NVML says 8.9"),
        ("sm_arch", "90a_real", "on compute capability 9.0 alone, and NVML says 8.9"),
        ("sm_arch", "100f_real", "10.0 and later ones of its family alone, and NVML says 8.9"),
        ("sm_arch", "90_virtual", "every later compute capability, and NVML says 8.9"),
        ("driver_branch_lower_bound", "580", "of branch 580 or later, and NVML says 550.54.14"),
    ],
)
def test_a_no_names_the_source_that_says_so(feature: str, value: str, says: str) -> None:
    made = facts((12, 4), [(8, 9)], "550.54.14")
    made.cuda_source, made.capabilities_source, made.driver_source = "libcuda", "NVML", "NVML"
    assert says in why_not(made, feature, value)


def test_without_a_driver_the_no_says_what_was_looked_for() -> None:
    for name, values, _ in decide_everything():
        assert "/proc/driver/nvidia/version" in why_not(Facts(""), name, values[0])
