"""What runs in a child of its own, which it may hang or end: one function for each question to the driver.

Nothing native is loaded with this module, so that a Python without ctypes can still ask `nvidia-smi`.
"""

from __future__ import annotations

from ._tables import MOST_DEVICES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Emit = Callable[[str], None]


def ask_nvml(emit: Emit, *places: str) -> None:
    """The driver's version, CUDA's, and the compute capability of every GPU that answers."""
    from ._calls import tell_nvml

    tell_nvml(emit, *places)


def ask_libcuda(emit: Emit, *places: str) -> None:
    """The version of CUDA that programs would load; nothing is initialised for it, so that no GPU is touched."""
    from ._calls import tell_libcuda

    tell_libcuda(emit, *places)


def ask_devices(emit: Emit, *places: str) -> None:
    """Whether CUDA starts, and the GPUs that it shows when nothing hides any."""
    from ._calls import tell_devices

    tell_devices(emit, *places)


def ask_pynvml(emit: Emit) -> None:
    """The same as `ask_nvml`, by NVIDIA's own bindings: late, since they take a tenth of a second to load."""
    from importlib import import_module

    nvml = import_module("._vendor.pynvml", __package__)
    try:
        nvml.nvmlInit()
    except nvml.NVMLError as error:
        emit(f"init {error.value}")
        return
    emit("init 0")
    _try(emit, "driver", nvml.NVMLError, nvml.nvmlSystemGetDriverVersion)
    _try(emit, "cuda", nvml.NVMLError, nvml.nvmlSystemGetCudaDriverVersion_v2)
    count = nvml.nvmlDeviceGetCount()
    emit(f"count {count}")
    for index in range(min(count, MOST_DEVICES)):
        try:
            major, minor = nvml.nvmlDeviceGetCudaComputeCapability(nvml.nvmlDeviceGetHandleByIndex(index))
            emit(f"device {index} {major} {minor}")
        except nvml.NVMLError as error:
            emit(f"lost {index} {error.value}")


def _try(emit: Emit, word: str, failure: type[Exception], ask: Callable[[], object]) -> None:
    try:
        told = ask()
    except failure:
        return
    emit(f"{word} {told.decode('ascii', 'replace') if isinstance(told, bytes) else told}")
