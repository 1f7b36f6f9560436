"""Drivers that fail, each as a stub library behind the real ctypes path: every row of the README's table of faults."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest

from support.interpreters import INTERPRETERS
from support.nvidia_drivers import MODULE, VERSION_FILE, add_file, add_libcuda, add_nvml, ask_machine
from support.stub_drivers import needs_compiler, write_program

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = needs_compiler

SMI = r"""
case "$*" in
*query-gpu=*) echo "8.9, 550.54.14" ;;
*) printf 'Driver Version                            : 550.54.14\n%s : 12.4\n' "CUDA Version  " ;;
esac
"""


class Bench(NamedTuple):
    """A machine under construction: its files, and where its driver's libraries are."""

    root: Path
    libraries: Path


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    add_file(tmp_path / "root", "/dev/nvidiactl")
    return Bench(tmp_path / "root", tmp_path / "lib")


@pytest.fixture
def driver(bench: Bench) -> Bench:
    """A driver with both libraries, as it is when all is well."""
    add_nvml(bench.libraries)
    add_libcuda(bench.libraries)
    return bench


def test_a_healthy_driver_answers_every_feature_and_has_nothing_to_report(driver: Bench) -> None:
    outcome = ask_machine(*driver, {"GPUS": "8.9"})
    assert list(outcome.features) == [
        "cuda_version_lower_bound",
        "cuda_version_upper_bound",
        "sm_arch",
        "driver_branch_lower_bound",
    ]
    assert outcome.features["cuda_version_lower_bound"][0] == "12.4"
    assert outcome.features["sm_arch"][:2] == ["89_real", "88_real"]
    assert outcome.features["driver_branch_lower_bound"][:2] == ["550", "545"]
    assert outcome.diagnostics == {}
    assert set(outcome.reports) == {"nvml", "libcuda"}


@pytest.mark.parametrize(
    ("stub", "code", "says"),
    [
        ({"RC_nvmlInitWithFlags": "9"}, "driver-not-loaded", "kernel driver is not loaded"),
        ({"RC_nvmlInitWithFlags": "18"}, "driver-version-mismatch", "reboot"),
        ({"RC_nvmlInitWithFlags": "4"}, "driver-no-permission", "device nodes"),
        ({"RC_nvmlInitWithFlags": "6"}, "no-gpu", "finds no GPU"),
        ({"RC_nvmlInitWithFlags": "999", "RC_cuInit": "999"}, "driver-failed", "error 999"),
        ({"GPUS": ""}, "no-gpu", "shows no GPU"),
        ({"GPUS": "999@capability,999@handle"}, "gpu-unreadable", "GPU 1"),
        ({"GPUS": "15@handle"}, "gpu-lost", "GPU 0"),
        ({"RC_nvmlDeviceGetCount_v2": "999", "RC_cuInit": "100"}, "gpu-unknown", "no GPU could be read"),
    ],
    ids=lambda value: " ".join(f"{name}={text}" for name, text in value.items()) if isinstance(value, dict) else "",
)
def test_a_driver_without_a_usable_gpu_supports_nothing_and_says_which_way(
    driver: Bench, stub: dict[str, str], code: str, says: str
) -> None:
    outcome = ask_machine(*driver, {"GPUS": "8.9", **stub})
    assert outcome.features == {}
    assert says in outcome.diagnostics[code]
    assert ("undetermined" in outcome.diagnostics) == (code not in ("driver-not-loaded", "no-gpu"))


def test_without_libraries_nothing_is_supported(bench: Bench) -> None:
    outcome = ask_machine(*bench)
    assert outcome.features == {}
    assert "cannot be found" in outcome.diagnostics["driver-library-missing"]
    assert "undetermined" not in outcome.diagnostics


@pytest.mark.parametrize("content", [b"", b"not a library at all\n" * 40, b"\x7fELF\x01\x01\x01" + bytes(200)])
def test_a_library_that_is_none_is_named(bench: Bench, content: bytes) -> None:
    bench.libraries.mkdir()
    for soname in ("libnvidia-ml.so.1", "libcuda.so.1"):
        (bench.libraries / soname).write_bytes(content)
    outcome = ask_machine(*bench)
    assert outcome.features == {}
    assert outcome.diagnostics.keys() & {"driver-library-unusable", "driver-library-missing"}


@pytest.mark.parametrize("lost", ["15@handle", "15@capability", "4@handle"])
def test_one_bad_gpu_of_three_leaves_the_others(driver: Bench, lost: str) -> None:
    outcome = ask_machine(*driver, {"GPUS": f"8.9,{lost},9.0"})
    assert outcome.features["sm_arch"][0] == "90_real"
    assert "89_real" in outcome.features["sm_arch"]
    (remark,) = (text for code, text in outcome.diagnostics.items() if code in ("gpu-lost", "gpu-unreadable"))
    assert remark.startswith("GPU 1 ")
    assert remark.endswith("left out.")


def test_a_driver_version_that_cannot_be_had_costs_the_branch_alone(driver: Bench) -> None:
    outcome = ask_machine(*driver, {"GPUS": "8.9", "RC_nvmlSystemGetDriverVersion": "999"})
    assert set(outcome.features) == {"cuda_version_lower_bound", "cuda_version_upper_bound", "sm_arch"}


def test_libcuda_tells_the_version_that_nvml_does_not(driver: Bench) -> None:
    failing = {"RC_nvmlSystemGetCudaDriverVersion_v2": "999", "RC_nvmlSystemGetCudaDriverVersion": "999"}
    outcome = ask_machine(*driver, {"GPUS": "8.9", "CUDA": "12060", **failing})
    assert outcome.features["cuda_version_lower_bound"][0] == "12.6"


def test_nvml_tells_the_version_where_libcuda_is_missing(bench: Bench) -> None:
    add_nvml(bench.libraries)
    outcome = ask_machine(*bench, {"GPUS": "8.9", "RC_nvmlSystemGetCudaDriverVersion_v2": "999", "NVML_CUDA": "12020"})
    assert outcome.features["cuda_version_lower_bound"][0] == "12.2"


def test_the_branch_tells_the_version_that_nobody_else_does(bench: Bench) -> None:
    add_nvml(bench.libraries)
    add_file(bench.root, VERSION_FILE, MODULE.format("535.183.01"))
    failing = {"RC_nvmlSystemGetCudaDriverVersion_v2": "999", "RC_nvmlSystemGetCudaDriverVersion": "999"}
    outcome = ask_machine(*bench, {"GPUS": "8.9", **failing})
    assert outcome.features["cuda_version_lower_bound"][0] == "12.2"
    assert "535.183.01" in outcome.diagnostics["cuda-version-guessed"]


@pytest.mark.parametrize(
    ("version", "first_lower", "first_upper"),
    [
        ("16020", "16.2", "20.20"),
        ("15200", "15.20", "20.20"),
        ("13010", "13.1", "15.20"),
        ("12990", "12.20", "15.20"),
        ("10020", None, "15.20"),
        ("11000", "11.0", "15.20"),
    ],
)
def test_versions_at_the_edges_keep_what_is_true_of_them(
    driver: Bench, version: str, first_lower: str | None, first_upper: str
) -> None:
    outcome = ask_machine(*driver, {"GPUS": "8.9", "CUDA": version, "NVML_CUDA": version})
    assert outcome.features.get("cuda_version_lower_bound", [None])[0] == first_lower
    assert outcome.features["cuda_version_upper_bound"][0] == first_upper
    assert "sm_arch" in outcome.features


@pytest.mark.parametrize("version", ["0", "7", "-5", "2147483647"])
def test_a_version_that_cannot_be_is_none(driver: Bench, version: str) -> None:
    outcome = ask_machine(
        *driver, {"GPUS": "8.9", "CUDA": version, "NVML_CUDA": version, "RC_nvmlSystemGetDriverVersion": "999"}
    )
    assert set(outcome.features) == {"sm_arch"}
    assert "cuda-version-unknown" in outcome.diagnostics


@pytest.mark.parametrize(
    "function", ["nvmlInitWithFlags", "nvmlDeviceGetCount_v2", "nvmlDeviceGetCudaComputeCapability"]
)
def test_a_hanging_nvml_is_ended_and_reported(driver: Bench, function: str) -> None:
    write_program(driver.root / "usr/bin/nvidia-smi", SMI)
    outcome = ask_machine(*driver, {"GPUS": "8.9", "HANG": function}, seconds=0.4)
    assert outcome.features == {}
    assert "NV_VARIANT_PROVIDER_TIMEOUT" in outcome.diagnostics["driver-hung"]
    assert set(outcome.reports) == {"nvml"}, "nobody else is asked: it would hang as well"


@pytest.mark.parametrize(("gpu", "code"), [("0@hang", "driver-hung"), ("0@crash", "driver-crashed")])
def test_a_gpu_that_hangs_or_crashes_leaves_those_that_answered_before(driver: Bench, gpu: str, code: str) -> None:
    outcome = ask_machine(*driver, {"GPUS": f"8.9,{gpu}"}, seconds=1.5)
    assert outcome.features["sm_arch"][0] == "89_real"
    assert code in outcome.diagnostics


def test_a_hanging_libcuda_leaves_nvml_to_answer(driver: Bench) -> None:
    outcome = ask_machine(*driver, {"GPUS": "8.9", "HANG": "cuDriverGetVersion"}, seconds=1.5)
    assert outcome.features["sm_arch"][0] == "89_real"
    assert outcome.features["cuda_version_lower_bound"][0] == "12.4"
    assert "driver-hung" in outcome.diagnostics


@pytest.mark.parametrize("function", ["nvmlInitWithFlags", "nvmlDeviceGetHandleByIndex_v2"])
def test_a_crashing_nvml_ends_its_child_alone(bench: Bench, function: str) -> None:
    add_nvml(bench.libraries)
    outcome = ask_machine(*bench, {"GPUS": "8.9", "CRASH": function})
    assert outcome.features == {}
    assert "signal 11" in outcome.diagnostics["driver-crashed"]


def test_a_crashing_nvml_leaves_libcuda_to_answer(driver: Bench) -> None:
    outcome = ask_machine(*driver, {"GPUS": "8.9,8.6", "CRASH": "nvmlInitWithFlags"})
    assert outcome.features["sm_arch"][0] == "89_real"
    assert outcome.features["cuda_version_lower_bound"][0] == "12.4"
    assert "driver-crashed" in outcome.diagnostics


def test_a_crashing_libcuda_leaves_nvml_to_answer(driver: Bench) -> None:
    outcome = ask_machine(*driver, {"GPUS": "8.9", "CRASH": "cuDriverGetVersion", "NVML_CUDA": "12060"})
    assert outcome.features["cuda_version_lower_bound"][0] == "12.6"
    assert "driver-crashed" in outcome.diagnostics


def test_nvidia_smi_answers_where_no_library_does(bench: Bench) -> None:
    write_program(bench.root / "usr/bin/nvidia-smi", SMI)
    outcome = ask_machine(*bench)
    assert outcome.features["sm_arch"][0] == "89_real"
    assert outcome.features["cuda_version_lower_bound"][0] == "12.4"
    assert outcome.features["driver_branch_lower_bound"][0] == "550"


def test_a_hanging_nvidia_smi_is_ended(bench: Bench) -> None:
    write_program(bench.root / "usr/bin/nvidia-smi", "exec sleep 60\n")
    outcome = ask_machine(*bench, seconds=0.4)
    assert outcome.features == {}
    assert "nvidia-smi" in outcome.diagnostics["driver-hung"]


def test_the_deadline_is_one_for_all_questions_together(bench: Bench) -> None:
    add_libcuda(bench.libraries)
    write_program(bench.root / "usr/bin/nvidia-smi", "exec sleep 60\n")
    outcome = ask_machine(*bench, {"HANG": "cuInit"}, seconds=0.5)
    assert outcome.reports["devices"].endswith("!timeout\n")
    assert outcome.reports["smi"] == outcome.reports["smi-gpus"] == "!timeout\n", "no time was left for it"
    assert outcome.features == {}


@pytest.mark.parametrize(
    ("without", "stub"),
    [
        (("nvmlInitWithFlags",), {}),
        (("nvmlSystemGetCudaDriverVersion_v2",), {}),
        (("nvmlDeviceGetCount_v2",), {}),
        (("nvmlInitWithFlags", "nvmlInit_v2"), {}),
    ],
    ids="".join,
)
def test_an_old_nvml_without_a_function_does_not_take_the_rest_with_it(
    bench: Bench, without: tuple[str, ...], stub: dict[str, str]
) -> None:
    add_nvml(bench.libraries, without=without)
    add_libcuda(bench.libraries)
    outcome = ask_machine(*bench, {"GPUS": "8.9", **stub})
    assert outcome.features["sm_arch"][0] == "89_real"
    assert outcome.features["cuda_version_lower_bound"][0] == "12.4"


def test_a_failing_shutdown_does_not_matter(driver: Bench) -> None:
    assert ask_machine(*driver, {"GPUS": "8.9", "RC_nvmlShutdown": "999", "CRASH": "nvmlShutdown"}).diagnostics == {}


@pytest.mark.parametrize("python", INTERPRETERS)
def test_every_interpreter_reads_the_same_of_a_driver(driver: Bench, python: str) -> None:
    stub = {"GPUS": "9.0,15@handle,8.9", "CUDA": "12080", "RC_cuInit": "804"}
    outcome = ask_machine(*driver, stub, python=python)
    assert outcome == ask_machine(*driver, stub)
    assert outcome.features["sm_arch"][0] == "90_real"


def test_a_python_without_ctypes_asks_nvidia_smi(driver: Bench) -> None:
    write_program(driver.root / "usr/bin/nvidia-smi", SMI)
    outcome = ask_machine(*driver, {"GPUS": "9.0"}, prelude="import sys; sys.modules['_ctypes'] = None\n")
    assert outcome.features["sm_arch"][0] == "89_real"
    assert "ctypes" in outcome.diagnostics["driver-failed"]


def test_where_no_child_may_be_started_the_libraries_are_asked_all_the_same(driver: Bench) -> None:
    """A sandbox without the right to fork: what is lost is the protection against hanging and crashing."""
    prelude = "import os\ndef refuse(): raise PermissionError(1, 'refused')\nos.fork = refuse\n"
    outcome = ask_machine(*driver, {"GPUS": "9.0"}, prelude=prelude)
    assert outcome.features["sm_arch"][0] == "90_real"
    assert outcome.features["cuda_version_lower_bound"][0] == "12.4"


# --- machines that are not one plain GPU


def test_mixed_gpus_are_all_listed_best_first(driver: Bench) -> None:
    values = ask_machine(*driver, {"GPUS": "7.5,9.0,8.9"}).features["sm_arch"]
    order = [values.index(name) for name in ("90_real", "90_virtual", "89_real", "80_real", "75_real", "70_real")]
    assert order == sorted(order)


@pytest.mark.parametrize(("policy", "first"), [("max", "90_real"), ("min", "75_real"), ("union", "90_real")])
def test_a_policy_chooses_among_mixed_gpus(driver: Bench, policy: str, first: str) -> None:
    outcome = ask_machine(*driver, {"GPUS": "8.9,9.0,7.5"}, overrides={"NV_VARIANT_PROVIDER_GPU_POLICY": policy})
    values = outcome.features["sm_arch"]
    assert values[0] == first
    assert ("89_real" in values) == (policy == "union")
    assert "7.5" in outcome.diagnostics["mixed-gpus"]


@pytest.mark.parametrize(("own", "other"), [("8.7", "86_real"), ("7.2", "70_real"), ("11.0", "100_real")])
def test_tegra_runs_its_own_binaries_alone(bench: Bench, own: str, other: str) -> None:
    """A Jetson before JetPack 6 has no NVML: libcuda tells."""
    (bench.root / "dev/nvidiactl").unlink()
    add_file(bench.root, "/dev/nvhost-gpu")
    add_libcuda(bench.libraries)
    outcome = ask_machine(*bench, {"GPUS": own})
    name = own.replace(".", "")
    assert outcome.features["sm_arch"][:2] == [f"{name}_real", f"{name}_virtual"]
    assert other not in outcome.features["sm_arch"]
    assert "80_virtual" in outcome.features["sm_arch"] or own == "7.2"
    assert outcome.features["cuda_version_lower_bound"][0] == "12.4"


def test_tegra_with_an_nvml_that_supports_half_of_it_is_asked_through_libcuda(driver: Bench) -> None:
    outcome = ask_machine(*driver, {"GPUS": "11.0", "RC_nvmlDeviceGetCudaComputeCapability": "3"})
    assert outcome.features["sm_arch"][:2] == ["110_real", "110_virtual"]


def test_a_hidden_gpu_is_there_for_the_installer(bench: Bench) -> None:
    """CUDA_VISIBLE_DEVICES is about a run, often empty in CI, and an installation outlives it."""
    add_libcuda(bench.libraries)
    assert ask_machine(*bench, {"GPUS": "8.9", "CUDA_VISIBLE_DEVICES": ""}).features["sm_arch"][0] == "89_real"


def test_on_wsl_its_own_directory_comes_before_the_loader(tmp_path: Path) -> None:
    """A distribution's package may have put an NVML that does not work there in the loader's way."""
    root = tmp_path / "root"
    add_file(root, "/dev/dxg")
    add_libcuda(root / "usr/lib/wsl/lib")
    add_nvml(root / "usr/lib/wsl/lib")
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib/libnvidia-ml.so.1").write_bytes(b"not NVML")
    outcome = ask_machine(root, tmp_path / "lib", {"GPUS": "8.9", "DRIVER": "581.29"})
    assert outcome.features["sm_arch"][0] == "89_real"
    assert outcome.features["driver_branch_lower_bound"][0] == "580"
    assert outcome.diagnostics == {}


def test_a_wsl_without_nvidia_is_no_such_machine(tmp_path: Path) -> None:
    add_file(tmp_path / "root", "/dev/dxg")
    outcome = ask_machine(tmp_path / "root", tmp_path / "lib")
    assert (outcome.features, outcome.diagnostics, outcome.reports) == ({}, {}, {})


def test_the_toolkits_library_for_linking_is_ignored(bench: Bench) -> None:
    add_libcuda(bench.libraries / "stubs")
    outcome = ask_machine(bench.root, bench.libraries / "stubs", {"GPUS": "8.9"})
    assert outcome.features == {}
    assert "/stubs/" in outcome.diagnostics["stub-library-ignored"]


def test_a_container_without_the_gpu_supports_nothing_though_libcuda_is_installed(bench: Bench) -> None:
    """The kernel's file shows through into every container; cuda-compat brings a libcuda of its own."""
    (bench.root / "dev/nvidiactl").unlink()
    add_file(bench.root, VERSION_FILE, MODULE.format("550.54.14"))
    add_libcuda(bench.libraries)
    outcome = ask_machine(*bench, {"GPUS": "8.9", "RC_cuInit": "100"})
    assert outcome.features == {}
    assert "gpu-unknown" in outcome.diagnostics


def test_without_device_nodes_an_installed_libcuda_is_not_even_loaded(bench: Bench) -> None:
    (bench.root / "dev/nvidiactl").unlink()
    add_libcuda(bench.libraries)
    outcome = ask_machine(*bench, {"GPUS": "8.9"})
    assert (outcome.features, outcome.reports) == ({}, {})


@pytest.mark.parametrize(
    ("status", "first"),
    [("804", "12.2"), ("803", "12.2"), ("0", "12.8"), ("100", "12.8")],
)
def test_a_newer_libcuda_counts_only_where_it_starts(driver: Bench, status: str, first: str) -> None:
    """Forward compatibility: cuda-compat's libcuda is refused by GeForce with 803 or 804."""
    outcome = ask_machine(*driver, {"GPUS": "8.9", "CUDA": "12080", "NVML_CUDA": "12020", "RC_cuInit": status})
    assert outcome.features["cuda_version_lower_bound"][0] == first
    assert ("forward-compat-refused" in outcome.diagnostics) == (first == "12.2")


@pytest.mark.parametrize("status", ["0", "804"])
def test_the_name_of_the_installed_libcuda_tells_it_from_the_drivers(bench: Bench, status: str) -> None:
    """NVML tells the version of whatever libcuda is found, so that the two agree: the kernel's version is older."""
    add_nvml(bench.libraries)
    add_libcuda(bench.libraries, "libcuda.so.560.35.03")
    (bench.libraries / "libcuda.so.1").symlink_to("libcuda.so.560.35.03")
    add_file(bench.root, VERSION_FILE, MODULE.format("535.183.01"))
    outcome = ask_machine(*bench, {"GPUS": "8.9", "CUDA": "12060", "NVML_CUDA": "12060", "RC_cuInit": status})
    assert outcome.features["cuda_version_lower_bound"][0] == ("12.6" if status == "0" else "12.2")
    assert outcome.features["driver_branch_lower_bound"][0] == "535"


@pytest.mark.parametrize("bad", [{"HANG": "cuInit"}, {"CRASH": "cuInit"}])
def test_a_newer_libcuda_that_does_not_survive_its_start_does_not_count(driver: Bench, bad: dict[str, str]) -> None:
    outcome = ask_machine(*driver, {"GPUS": "8.9", "CUDA": "12080", "NVML_CUDA": "12020", **bad}, seconds=2.0)
    assert outcome.features["cuda_version_lower_bound"][0] == "12.2"


def test_mig_instances_are_their_parents_capability(driver: Bench) -> None:
    outcome = ask_machine(*driver, {"GPUS": "9.0"})
    assert outcome.features["sm_arch"][0] == "90_real"


def test_a_newer_gpu_than_any_known_one_keeps_to_the_catalogue(driver: Bench) -> None:
    assert ask_machine(*driver, {"GPUS": "13.0"}).features["sm_arch"][0] == "130_real"
    outcome = ask_machine(*driver, {"GPUS": "17.0"})
    assert outcome.features["sm_arch"][0] == "159_virtual"
    assert "sm-arch-out-of-range" in outcome.diagnostics


# --- overrides


def test_what_is_forced_is_not_asked_so_that_it_helps_where_the_driver_hangs(driver: Bench) -> None:
    forced = {
        "NV_VARIANT_PROVIDER_FORCE_CUDA_DRIVER_VERSION": "12.8",
        "NV_VARIANT_PROVIDER_FORCE_SM_ARCH": "9.0",
    }
    outcome = ask_machine(*driver, {"HANG": "nvmlInitWithFlags"}, overrides=forced)
    assert outcome.reports == {}
    assert outcome.features["cuda_version_lower_bound"][0] == "12.8"
    assert outcome.features["sm_arch"][0] == "90_real"


def test_a_forced_version_leaves_the_gpus_as_detected(driver: Bench) -> None:
    forced = {"NV_VARIANT_PROVIDER_FORCE_CUDA_DRIVER_VERSION": "13"}
    outcome = ask_machine(*driver, {"GPUS": "8.9"}, overrides=forced)
    assert outcome.features["cuda_version_lower_bound"][0] == "13.0"
    assert outcome.features["sm_arch"][0] == "89_real"
    assert "libcuda" not in outcome.reports


def test_a_forced_capability_leaves_the_version_as_detected(driver: Bench) -> None:
    outcome = ask_machine(
        *driver, {"GPUS": "8.9", "CUDA": "12060"}, overrides={"NV_VARIANT_PROVIDER_FORCE_SM_ARCH": "9.0"}
    )
    assert outcome.features["cuda_version_lower_bound"][0] == "12.6"
    assert outcome.features["sm_arch"][0] == "90_real"
