"""What is known of AMD's GPU architectures and ROCm's versions, and where a machine says which it has."""

from __future__ import annotations

NAMESPACE = "amd"
FORCE_ARCH = "AMD_VARIANT_PROVIDER_FORCE_GFX_ARCH"
FORCE_ROCM = "AMD_VARIANT_PROVIDER_FORCE_ROCM_VERSION"
TIMEOUT = "AMD_VARIANT_PROVIDER_TIMEOUT"
PREFERRED_ARCHS = "AMD_PREFERRED_GFX_ARCHS"
BOOTSTRAP_FORCE = "ROCM_BOOTSTRAP_FORCE_GFX_ARCH"
BOOTSTRAP_DISABLE = "ROCM_BOOTSTRAP_DISABLE_DETECTION"
ROCM_PATH = "ROCM_PATH"
VARIABLES = (
    "AMD_VARIANT_PROVIDER_FORCE_GFX_ARCH",
    "AMD_VARIANT_PROVIDER_FORCE_ROCM_VERSION",
    "AMD_VARIANT_PROVIDER_TIMEOUT",
    "AMD_PREFERRED_GFX_ARCHS",
    "ROCM_BOOTSTRAP_FORCE_GFX_ARCH",
    "ROCM_BOOTSTRAP_DISABLE_DETECTION",
    "ROCM_PATH",
)

NODES = "/sys/class/kfd/kfd/topology/nodes"
KFD = "/dev/kfd"
DRIVER = "/sys/module/amdgpu"
DXG = "/dev/dxg"  # WSL's GPU device, whoever made the GPU
ROCMINFO = ("/opt/rocm/bin/rocminfo", "/opt/rocm/core/bin/rocminfo", "/usr/bin/rocminfo")
HIP_LIBRARIES = (
    "amdhip64_10.dll",
    "amdhip64_9.dll",
    "amdhip64_8.dll",
    "amdhip64_7.dll",
    "amdhip64_6.dll",
    "amdhip64.dll",
)
HIP_NO_DEVICE = "100"  # hipErrorNoDevice
VERSION_FILE = ".info/version"
ROCM_PLACES = ("/opt/rocm", "/opt/rocm/core")  # the second from ROCm 7.12 on

KNOWN = """
gfx600 gfx601 gfx602 gfx700 gfx701 gfx702 gfx703 gfx704 gfx705 gfx801 gfx802 gfx803 gfx805 gfx810
gfx900 gfx902 gfx904 gfx906 gfx908 gfx909 gfx90a gfx90c gfx940 gfx941 gfx942 gfx950
gfx1010 gfx1011 gfx1012 gfx1013 gfx1030 gfx1031 gfx1032 gfx1033 gfx1034 gfx1035 gfx1036
gfx1100 gfx1101 gfx1102 gfx1103 gfx1150 gfx1151 gfx1152 gfx1153 gfx1154 gfx1170 gfx1171 gfx1172
gfx1200 gfx1201 gfx1250 gfx1250_strict gfx1251 gfx1310
"""
"""LLVM's processors from GFX6 on, '-' written as '_'. Source: LLVM's list of ELF machine flags, November 2026."""

FAMILIES = ("90", "94", "95", "101", "103", "110", "115", "117", "120", "125", "130", "131", "135")
"""Major and minor version of families that may grow: every stepping of them is a value, known to LLVM or not."""
STEPPINGS = "0123456789abcdef"

INTEGRATED = """
gfx700 gfx705 gfx801 gfx810 gfx902 gfx909 gfx90c gfx1013 gfx1033 gfx1035 gfx1036 gfx1037 gfx1103
gfx1150 gfx1151 gfx1152 gfx1153 gfx1154 gfx1170 gfx1171 gfx1172
"""
"""Architectures that exist on a processor's die alone. Source: LLVM's AMDGPU guide, column "dGPU/APU"."""

GENERIC = {
    "gfx9_generic": "gfx900 gfx902 gfx904 gfx906 gfx909 gfx90c",
    "gfx9_4_generic": "gfx940 gfx941 gfx942 gfx950",
    "gfx10_1_generic": "gfx1010 gfx1011 gfx1012 gfx1013",
    "gfx10_3_generic": "gfx1030 gfx1031 gfx1032 gfx1033 gfx1034 gfx1035 gfx1036",
    "gfx11_generic": "gfx1100 gfx1101 gfx1102 gfx1103 gfx1150 gfx1151 gfx1152 gfx1153",
    "gfx11_7_generic": "gfx1170 gfx1171 gfx1172",
    "gfx12_generic": "gfx1200 gfx1201",
    "gfx12_5_generic": "gfx1250 gfx1251",
    "gfx13_generic": "gfx1310",
}
"""LLVM's generic processors, '-' written as '_' since values cannot have it, and their members. Source: as above."""

ROCM_MAJORS = (20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5)
# fmt: off
ROCM_MINORS = (
    30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15,
    14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0,
)
# fmt: on
"""Versions that are values; 5.0 to 10.0 exist (8 and 9 were left out)."""
