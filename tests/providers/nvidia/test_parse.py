"""Reports and overrides as text: what is taken from them, and that nothing in them can do harm."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import InvalidVersion, Version

from nvidia_variant_provider._overrides import parse_capability_override, parse_cuda_override
from nvidia_variant_provider._parse import parse_facts
from nvidia_variant_provider._reports import parse_module_version, parse_report, parse_smi
from nvidia_variant_provider._rules import decide_answer, decide_everything, diagnose
from nvidia_variant_provider._sources import find_cuda_of_branch
from nvidia_variant_provider._tables import CUDA_OF_BRANCH

CUDA, SM = "NV_VARIANT_PROVIDER_FORCE_CUDA_DRIVER_VERSION", "NV_VARIANT_PROVIDER_FORCE_SM_ARCH"
POLICY, TIMEOUT = "NV_VARIANT_PROVIDER_GPU_POLICY", "NV_VARIANT_PROVIDER_TIMEOUT"
HEALTHY = {
    "place": "driver",
    "module": "",
    "nvml": "library /usr/lib/libnvidia-ml.so.550.54.14\ninit 0\ndriver 550.54.14\ncuda 12040\ncount 1\ndevice 0 8 9\n",
    "libcuda": "library /usr/lib/libcuda.so.550.54.14\ncuda 12040\n",
}


def ask(evidence: dict[str, str], **variables: str) -> dict[str, list[str]]:
    return {name: values for name, values, _ in decide_answer(parse_facts(evidence, variables))}


def codes(evidence: dict[str, str], **variables: str) -> list[str]:
    return [code for code, _ in diagnose(parse_facts(evidence, variables))]


@pytest.mark.parametrize(
    ("text", "version"),
    [
        (
            "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.14  Thu Feb 22 01:44:30 UTC 2024\n"
            "GCC version:  gcc version 12.3.0 (Ubuntu 12.3.0-1ubuntu1~22.04)\n",
            "550.54.14",
        ),
        (
            "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.65.06  Release Build  (root@)\n",
            "580.65.06",
        ),
        ("NVRM version: NVIDIA UNIX Open Kernel Module for aarch64  540.3.0  Release Build\n", "540.3.0"),
        ("535.183.01\n", "535.183.01"),
        ("GCC version:  gcc version 12.3.0\n", ""),
        ("", ""),
        ("\x00\ufffd NVRM", ""),
    ],
)
def test_the_kernel_drivers_version_is_found_in_its_file(text: str, version: str) -> None:
    assert parse_module_version(text) == version


@pytest.mark.parametrize(
    "overview",
    [
        "Driver Version                            : 550.54.14\nCUDA Version                              : 12.4\n",
        "Driver Version : 610.10\nCUDA Version : [Deprecated, see CUDA UMD Version]\nCUDA UMD Version : 12.4\n",
        "Driver Version : 610.10\nCUDA UMD Version : 12.4\nCUDA Version : N/A\n",
    ],
)
def test_nvidia_smi_is_understood_under_both_labels(overview: str) -> None:
    reading = parse_smi(overview, "8.9, 550.54.14\n[N/A], 550.54.14\n9.0, 550.54.14\n")
    assert reading.cuda == (12, 4)
    assert reading.capabilities == [(8, 9), (9, 0)]
    assert [index for index, _ in reading.lost] == [1]


@pytest.mark.parametrize(
    "gpus",
    [
        "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.\n!exit 9\n",
        'Field "compute_cap" is not a valid field to query.\n!exit 2\n',
        "No devices were found\n!exit 6\n",
        "!timeout\n",
        "",
    ],
)
def test_an_nvidia_smi_that_fails_knows_no_gpu(gpus: str) -> None:
    assert parse_smi("", gpus).capabilities == []


@given(st.text(alphabet=st.sampled_from("device init count cuda lost lacks 0123456789 -\n!\u0663"), max_size=200))
def test_no_report_can_raise_or_leave_the_catalogue(text: str) -> None:
    parse_report(text)
    evidence = {"place": "driver", "module": text, "nvml": text, "libcuda": text, "smi": text, "smi-gpus": text}
    everything = {name: set(values) for name, values, _ in decide_everything()}
    for name, values in ask(evidence).items():
        assert set(values) <= everything[name]
    assert all(message.endswith(".") for _, message in diagnose(parse_facts(evidence, {})))


@pytest.mark.parametrize("branch", [branch for branch, _ in CUDA_OF_BRANCH])
def test_a_branch_has_the_cuda_of_its_release_and_so_have_drivers_after_it(branch: int) -> None:
    expected = dict(CUDA_OF_BRANCH)[branch]
    assert find_cuda_of_branch(f"{branch}.65.06") == expected
    assert find_cuda_of_branch(f"{branch + 2}.10") == expected


def test_the_table_of_branches_falls_in_both_columns() -> None:
    assert list(CUDA_OF_BRANCH) == sorted(CUDA_OF_BRANCH, reverse=True)
    assert [cuda for _, cuda in CUDA_OF_BRANCH] == sorted({cuda for _, cuda in CUDA_OF_BRANCH}, reverse=True)
    assert find_cuda_of_branch("440.33") is None
    assert find_cuda_of_branch("none") is None


# --- overrides


@pytest.mark.parametrize(
    "text",
    ["12", "12.8", "v12.8", "12.8.1", " 12.8 ", "12.8rc1", "12.8.post1", "12.8.dev0+local.1", "1!12.8", "012.08"],
)
def test_a_forced_version_is_read_as_version_specifiers_define_it(text: str) -> None:
    release = (*Version(text).release, 0)
    assert parse_cuda_override(text) == (release[0], release[1])


@given(st.text(alphabet="0123456789.v!abcrdepost+-_ \u0663", max_size=12))
def test_what_is_no_version_forces_none(text: str) -> None:
    try:
        release = (*Version(text).release, 0)
    except InvalidVersion:
        assert parse_cuda_override(text) is None
    else:
        plausible = all(number < 1_000_000 for number in release[:2])
        assert not plausible or parse_cuda_override(text) == (release[0], release[1])


@pytest.mark.parametrize(("text", "pair"), [("9.0", (9, 0)), ("12.1", (12, 1)), (" 8.9 ", (8, 9))])
def test_a_forced_capability_is_two_numbers(text: str, pair: tuple[int, int]) -> None:
    assert parse_capability_override(text) == pair


@pytest.mark.parametrize(
    "variables",
    [
        {SM: "9"},
        {SM: "9.0a"},
        {SM: "sm_90"},
        {SM: "9.0,8.9"},
        {SM: "٩.٠"},
        {CUDA: "abc"},
        {CUDA: "12.x"},
        {CUDA: "12,8"},
        {POLICY: "best"},
        {TIMEOUT: "soon"},
        {TIMEOUT: "1000"},
        {TIMEOUT: "nan"},
    ],
    ids=str,
)
def test_a_bad_override_changes_nothing_but_is_reported(variables: dict[str, str]) -> None:
    assert ask(HEALTHY, **variables) == ask(HEALTHY)
    assert ask({"place": ""}, **variables) == {}
    (name,) = variables
    ((code, text),) = diagnose(parse_facts(HEALTHY, variables))
    assert (code, name in text) == ("override-ignored", True)


def test_an_empty_override_is_an_unset_one() -> None:
    empty = {CUDA: "", SM: "", POLICY: "", TIMEOUT: ""}
    assert ask(HEALTHY, **empty) == ask(HEALTHY)
    assert codes(HEALTHY, **empty) == []


def test_a_forced_version_without_a_gpu_gives_no_capabilities() -> None:
    assert set(ask({"place": ""}, **{CUDA: "12.8"})) == {"cuda_version_lower_bound", "cuda_version_upper_bound"}
    assert codes({"place": ""}, **{CUDA: "12.8"}) == ["cuda-forced"]


def test_a_forced_capability_without_a_driver_gives_no_version() -> None:
    assert set(ask({"place": ""}, **{SM: "9.0"})) == {"sm_arch"}
    assert codes({"place": ""}, **{SM: "9.0"}) == ["sm-arch-forced"]


@pytest.mark.parametrize(
    ("variables", "first"),
    [
        ({CUDA: "16.25"}, {"cuda_version_lower_bound": "16.20", "cuda_version_upper_bound": "20.20"}),
        ({CUDA: "99"}, {"cuda_version_lower_bound": "20.20"}),
        ({CUDA: "10.2"}, {"cuda_version_upper_bound": "15.20"}),
        ({SM: "16.0"}, {"sm_arch": "159_virtual"}),
        ({SM: "8.15"}, {"sm_arch": "89_real"}),
        ({SM: "4.0"}, {}),
    ],
    ids=str,
)
def test_a_forced_value_outside_the_catalogue_is_clamped(variables: dict[str, str], first: dict[str, str]) -> None:
    assert {name: values[0] for name, values in ask({"place": ""}, **variables).items()} == first
    assert any(code.endswith("out-of-range") for code in codes({"place": ""}, **variables))
