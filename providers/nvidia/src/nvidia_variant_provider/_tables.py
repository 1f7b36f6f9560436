"""What there is: versions of CUDA, compute capabilities, driver branches and error codes, each with its source."""

from __future__ import annotations

NAMESPACE = "nvidia"

FORCE_CUDA = "NV_VARIANT_PROVIDER_FORCE_CUDA_DRIVER_VERSION"
FORCE_CAPABILITY = "NV_VARIANT_PROVIDER_FORCE_SM_ARCH"
GPU_POLICY = "NV_VARIANT_PROVIDER_GPU_POLICY"
TIMEOUT = "NV_VARIANT_PROVIDER_TIMEOUT"
VARIABLES = (
    "NV_VARIANT_PROVIDER_FORCE_CUDA_DRIVER_VERSION",
    "NV_VARIANT_PROVIDER_FORCE_SM_ARCH",
    "NV_VARIANT_PROVIDER_GPU_POLICY",
    "NV_VARIANT_PROVIDER_TIMEOUT",
)
POLICIES = ("union", "max", "min")

LOWER_BOUND = "cuda_version_lower_bound"
UPPER_BOUND = "cuda_version_upper_bound"
SM_ARCH = "sm_arch"
BRANCH = "driver_branch_lower_bound"

# CUDA 11.0 is the first whose minor versions are compatible with each other. Installers that answer for this
# namespace by themselves know the majors up to 15; the later ones are ours, and come after those.
FIRST_MAJOR = 11
LAST_COMMON_MAJOR = 15
LAST_MAJOR = 20
LAST_MINOR = 20

# Maxwell is the oldest that any driver for CUDA 11 and later can run.
FIRST_CAPABILITY = (5, 0)
LAST_CAPABILITY = (15, 9)

# CUDA C++ Programming Guide, "Feature Set Compiler Targets" (CUDA 13.1, December 2025): suffix `a` since 9.0, for
# that one capability; suffix `f` since 10.0, for the capability and the later ones of its family. A capability in no
# row is a family of its own until that guide says otherwise.
FIRST_ARCHITECTURE_SPECIFIC = (9, 0)
FIRST_FAMILY_SPECIFIC = (10, 0)
FAMILIES = (((10, 0), (10, 3)), ((12, 0), (12, 1)))

# NVIDIA's list of compute capabilities, column "Jetson" (2026-11), and DRIVE's Thor as CUDA 12 names it. Binary code
# is not compatible between these and the others.
TEGRA = ((5, 3), (6, 2), (7, 2), (8, 7), (10, 1), (11, 0))

# Every fifth number from the first branch with CUDA 11: past branches are among them, future ones most likely.
FIRST_BRANCH = 450
LAST_BRANCH = 995
BRANCH_STEP = 5

# CUDA release notes, table "CUDA Toolkit and Corresponding Driver Versions" (2025-12): the CUDA version that a
# branch came with, newest first. Used where no library tells its version, and where it is refused.
CUDA_OF_BRANCH = (
    (590, (13, 1)), (580, (13, 0)), (575, (12, 9)), (570, (12, 8)), (565, (12, 7)), (560, (12, 6)), (555, (12, 5)),
    (550, (12, 4)), (545, (12, 3)), (535, (12, 2)), (530, (12, 1)), (525, (12, 0)), (520, (11, 8)), (515, (11, 7)),
    (510, (11, 6)), (495, (11, 5)), (470, (11, 4)), (465, (11, 3)), (460, (11, 2)), (455, (11, 1)), (450, (11, 0)),
)  # fmt: skip

# nvml.h, nvmlReturn_t (driver 580).
NVML_NOT_SUPPORTED = 3
NVML_NO_PERMISSION = 4
NVML_NOT_FOUND = 6
NVML_NOT_LOADED = 9
NVML_NO_FUNCTION = 13
NVML_LOST = 15
NVML_MISMATCH = 18
NVML_FAILURES = {
    4: ("driver-no-permission", "may not open the driver's device nodes (error 4): add this user to "
                         "the group that owns /dev/nvidiactl, or give the container the GPU"),
    6: ("no-gpu", "finds no GPU (error 6)"),
    9: ("driver-not-loaded", "says that the kernel driver is not loaded (error 9)"),
    18: ("driver-version-mismatch", "is of another version than the kernel driver (error 18): a driver "
                    "update waits for a reboot"),
}  # fmt: skip
"""Failures of nvmlInit that no other source could know better."""

PLAIN_ABSENCE = {"driver-library-missing", "driver-not-loaded", "no-gpu", "stub-library-ignored"}
"""Remarks that explain why no GPU is usable; any other leaves open whether there is one."""

# cuda.h, CUresult.
CUDA_MISMATCH = 803
CUDA_COMPAT_REFUSED = 804

LIBRARIES = {
    "nvml": "libnvidia-ml.so.1",
    "libcuda": "libcuda.so.1",
}
# Ahead of the loader's own search on WSL, where a distribution's package may bring a library that only looks right;
# the second is where Kubernetes nodes without a package manager have the driver.
WSL_DIRECTORY = "/usr/lib/wsl/lib"
NODE_DIRECTORY = "/usr/local/nvidia"
PROGRAMS = (
    "/usr/bin/nvidia-smi",
    "/usr/local/bin/nvidia-smi",
    "/usr/local/nvidia/bin/nvidia-smi",
    "/usr/lib/wsl/lib/nvidia-smi",
)

VERSION_FILE = "/proc/driver/nvidia/version"
MODULE_VERSION_FILE = "/sys/module/nvidia/version"
CONTROL_NODE = "/dev/nvidiactl"
TEGRA_NODES = ("/dev/nvhost-gpu", "/dev/nvhost-ctrl-gpu", "/dev/nvgpu", "/dev/nvmap")
WSL_NODE = "/dev/dxg"

MOST_DEVICES = 256  # more GPUs than a machine has; a driver that counts more is not believed
