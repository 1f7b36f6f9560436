"""The package as the plugin that other tools load, and what it costs where there is no NVIDIA driver."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import nvidia_variant_provider as provider
from nvidia_variant_provider._machine import Machine
from nvidia_variant_provider._probe import find_place, probe_machine
from nvidia_variant_provider.plugin import NvidiaVariantPlugin
from support.interpreters import INTERPRETERS
from support.nvidia_drivers import add_file

if TYPE_CHECKING:
    from pathlib import Path

SOURCES = os.path.dirname(os.path.dirname(os.path.abspath(provider.__file__)))
ABSENT = not find_place(Machine())
needs_absence = pytest.mark.skipif(not ABSENT, reason="this machine has an NVIDIA driver")
HEAVY = "ctypes subprocess re json dataclasses typing pathlib enum logging inspect select"


def ask(python: str, code: str, **variables: str) -> str:
    script = f"import sys; sys.path.insert(0, {SOURCES!r}); {code}"
    environment = {"PATH": os.defpath, **variables}
    command = [python, "-I", "-S", "-B", "-c", script]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout


def test_the_class_answers_as_the_package_does() -> None:
    for name in provider.__all__:
        assert repr(getattr(NvidiaVariantPlugin, name)()) == repr(getattr(provider, name)())
        assert repr(getattr(NvidiaVariantPlugin(), name)()) == repr(getattr(provider, name)())


def test_importing_does_nothing() -> None:
    code = (
        "before = set(sys.modules); import nvidia_variant_provider.plugin; "
        "print(*sorted(set(sys.modules) - before - {'__future__'}))"
    )
    assert ask(sys.executable, code) == "nvidia_variant_provider nvidia_variant_provider.plugin\n"


@needs_absence
@pytest.mark.parametrize("python", INTERPRETERS)
def test_without_a_driver_no_child_is_started_and_nothing_heavy_imported(python: str) -> None:
    code = (
        "import os; os.fork = None; import nvidia_variant_provider.plugin as p; p = p.NvidiaVariantPlugin; "
        "print(p.get_supported_configs(), p.get_diagnostics(), p.get_evidence(), len(p.get_all_configs()), "
        f"*[name for name in {HEAVY!r}.split() if name in sys.modules])"
    )
    assert ask(python, code) == "[] [] [] 4\n"


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


@pytest.mark.parametrize(
    "variables",
    [
        {"NV_VARIANT_PROVIDER_FORCE_SM_ARCH": "9.0"},
        {"NV_VARIANT_PROVIDER_FORCE_CUDA_DRIVER_VERSION": "16.25"},
        {"NV_VARIANT_PROVIDER_GPU_POLICY": "min", "NV_VARIANT_PROVIDER_TIMEOUT": "0"},
    ],
    ids=str,
)
def test_all_configs_do_not_depend_on_the_environment(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    before = repr(provider.get_all_configs())
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    provider.get_supported_configs()
    assert repr(provider.get_all_configs()) == before


def test_every_interpreter_gives_the_same_answer() -> None:
    code = (
        "import nvidia_variant_provider as p; "
        "print(p.get_supported_configs(), p.get_all_configs(), p.get_diagnostics())"
    )
    forced = {
        "NV_VARIANT_PROVIDER_FORCE_SM_ARCH": "10.3",
        "NV_VARIANT_PROVIDER_FORCE_CUDA_DRIVER_VERSION": "12.8rc1",
    }
    assert len({ask(python, code.replace("'", '"'), **forced) for python in INTERPRETERS}) == 1


def test_variantlib_loads_the_class_that_uv_asks_for() -> None:
    loader = pytest.importorskip("variantlib.plugins.loader")
    with loader.DictPluginLoader({"nvidia": "nvidia_variant_provider.plugin:NvidiaVariantPlugin"}) as plugins:
        answer = plugins.get_all_configs()["nvidia"]
    found = [(config.name, config.values, config.multi_value) for config in answer.configs]
    assert found == [(config.name, config.values, config.multi_value) for config in provider.get_all_configs()]
