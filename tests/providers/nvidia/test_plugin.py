"""The package as the plugin that other tools load, and what it costs where there is no NVIDIA driver."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import nvidia_variant_provider as provider
from nvidia_variant_provider._machine import Machine
from nvidia_variant_provider._probe import find_place, probe_machine
from support.interpreters import INTERPRETERS, run_alone
from support.nvidia_drivers import add_file

if TYPE_CHECKING:
    from pathlib import Path

ABSENT = not find_place(Machine())
needs_absence = pytest.mark.skipif(not ABSENT, reason="this machine has an NVIDIA driver")
HEAVY = "ctypes subprocess re json dataclasses typing pathlib enum logging inspect select"


@needs_absence
@pytest.mark.parametrize("python", INTERPRETERS)
def test_without_a_driver_no_child_is_started_and_nothing_heavy_imported(python: str) -> None:
    code = (
        "import os; os.fork = None; import nvidia_variant_provider.plugin as p; p = p.NvidiaVariantPlugin; "
        "print(p.get_supported_configs(), p.get_diagnostics(), p.get_evidence(), len(p.get_all_configs()), "
        f"*[name for name in {HEAVY!r}.split() if name in sys.modules])"
    )
    assert run_alone(python, provider, code) == "[] [] [] 4\n"


def test_the_presence_test_is_a_few_looks_at_the_file_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []

    class Watched(Machine):
        def exists(self, path: str) -> bool:
            looked.append(path)
            return super().exists(path)

    assert probe_machine(Watched(str(tmp_path)), {}, "linux") == {"place": ""}
    assert len(looked) <= 8
    assert {path.split("/")[1] for path in looked} <= {"dev", "proc"}


@pytest.mark.parametrize(
    ("paths", "place"),
    [
        (["/proc/driver/nvidia/version"], "driver"),
        (["/dev/nvidiactl"], "driver"),
        (["/dev/nvhost-gpu"], "tegra"),
        (["/dev/nvgpu/igpu0/ctrl"], "tegra"),
        (["/dev/dxg", "/usr/lib/wsl/lib/libcuda.so.1"], "wsl"),
        (["/dev/dxg"], ""),
        (["/usr/lib/wsl/lib/libcuda.so.1"], ""),
        (["/usr/bin/nvidia-smi", "/usr/lib/libcuda.so.1"], ""),
        ([], ""),
    ],
)
def test_the_driver_is_known_by_what_only_it_makes(tmp_path: Path, paths: list[str], place: str) -> None:
    for path in paths:
        add_file(tmp_path, path)
    assert find_place(Machine(str(tmp_path)), "linux") == place
    assert find_place(Machine(str(tmp_path)), "darwin") == ""


@pytest.mark.parametrize(
    ("paths", "place"),
    [
        (["/win/System32/nvml.dll"], "windows"),
        (["/programs/NVIDIA Corporation/NVSMI/nvml.dll"], "windows"),
        (["/win/System32/other.dll"], ""),
    ],
)
def test_windows_drivers_are_known_by_their_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, paths: list[str], place: str
) -> None:
    for path in paths:
        add_file(tmp_path, path)
    monkeypatch.setenv("WINDIR", "/win")
    monkeypatch.setenv("PROGRAMFILES", "/programs")
    assert find_place(Machine(str(tmp_path)), "win32") == place


def test_every_interpreter_gives_the_same_answer() -> None:
    code = (
        "import nvidia_variant_provider as p; "
        "print(p.get_supported_configs(), p.get_all_configs(), p.get_diagnostics())"
    )
    forced = {
        "NV_VARIANT_PROVIDER_FORCE_SM_ARCH": "10.3",
        "NV_VARIANT_PROVIDER_FORCE_CUDA_DRIVER_VERSION": "12.8rc1",
    }
    assert len({run_alone(python, provider, code.replace("'", '"'), **forced) for python in INTERPRETERS}) == 1


def test_variantlib_loads_the_class_that_uv_asks_for() -> None:
    loader = pytest.importorskip("variantlib.plugins.loader")
    with loader.DictPluginLoader({"nvidia": "nvidia_variant_provider.plugin:NvidiaVariantPlugin"}) as plugins:
        answer = plugins.get_all_configs()["nvidia"]
    found = [(config.name, config.values, config.multi_value) for config in answer.configs]
    assert found == [(config.name, config.values, config.multi_value) for config in provider.get_all_configs()]
