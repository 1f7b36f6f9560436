"""What is known of Ascend NPUs: their types, where they show, and which versions their software has."""

from __future__ import annotations

NAMESPACE = "ascend"
FORCE_TYPE = "ASCEND_VARIANT_PROVIDER_FORCE_NPU_TYPE"
FORCE_DRIVER = "ASCEND_VARIANT_PROVIDER_FORCE_DRIVER_VERSION"
FORCE_CANN = "ASCEND_VARIANT_PROVIDER_FORCE_CANN_VERSION"
TIMEOUT = "ASCEND_VARIANT_PROVIDER_TIMEOUT"
TOOLKIT_HOME = "ASCEND_TOOLKIT_HOME"
HOME_PATH = "ASCEND_HOME_PATH"
VARIABLES = (
    "ASCEND_VARIANT_PROVIDER_FORCE_NPU_TYPE",
    "ASCEND_VARIANT_PROVIDER_FORCE_DRIVER_VERSION",
    "ASCEND_VARIANT_PROVIDER_FORCE_CANN_VERSION",
    "ASCEND_VARIANT_PROVIDER_TIMEOUT",
    "ASCEND_TOOLKIT_HOME",
    "ASCEND_HOME_PATH",
)

TYPES = (
    "950dt", "950pr", "950", "a3", "910b",
    "910premiuma", "910prob", "910proa", "910a", "910",
    "310p", "310b4", "310b3", "310b2", "310b1", "310b", "310",
)  # fmt: skip
"""Every value of `npu_type`, newest first. `910b`, `a3`, `310p` and the names of single chips (`310b4`, `910proa`,
`950pr`) are those of the first provider for this namespace (0.0.2, 2026-06)."""

FAMILIES = {
    "950dt": "950",
    "950pr": "950",
    "910premiuma": "910a",
    "910prob": "910a",
    "910proa": "910a",
    "910a": "910",  # as CANN calls that generation
    "310b4": "310b",
    "310b3": "310b",
    "310b2": "310b",
    "310b1": "310b",
}
"""A type -> the wider one that it supports too."""

VENDOR = "0x19e5"  # Huawei; its network cards and servers' consoles have the same vendor
PCI_TYPES = {"0xd803": "a3", "0xd802": "910b", "0xd801": "910a", "0xd500": "310p", "0xd100": "310"}
"""PCI device of Huawei's -> type. Source: the log collector of CANN's tools, which tells them apart; November 2026.
The 310B is part of a board's processor and has none; that of the 950 is not public."""

PCI_LIST = "/sys/bus/pci/devices"
MANAGER = "/dev/davinci_manager"
NODE = "/dev/davinci"
MOST_NODES = 64  # as many as DCMI has room for

DRIVER_FILE = "/usr/local/Ascend/driver/version.info"
INSTALLATIONS = "/usr/local/Ascend"
CANN_PLACES = ("/usr/local/Ascend/ascend-toolkit/latest", "/usr/local/Ascend/cann")
CANN_FILES = (
    "aarch64-linux/ascend_toolkit_install.info",
    "x86_64-linux/ascend_toolkit_install.info",
    "runtime/version.info",
)
DCMI = "libdcmi.so"
DCMI_LIBRARIES = (
    "/usr/local/dcmi/libdcmi.so",
    "/usr/local/Ascend/driver/lib64/driver/libdcmi.so",
    "/usr/local/npu/driver/lib64/driver/libdcmi.so",
)
LIBRARY_PLACES = (
    "/usr/local/Ascend/driver/lib64/driver",
    "/usr/local/Ascend/driver/lib64/common",
    "/usr/local/Ascend/driver/lib64",
    "/usr/local/dcmi",
)
"""Where the driver's libraries find each other; usually LD_LIBRARY_PATH says so, which a provider does not get."""
PROGRAMS = ("/usr/local/bin/npu-smi", "/usr/local/sbin/npu-smi", "/usr/bin/npu-smi", "/usr/sbin/npu-smi")

DRIVERS = {27: (7, 3), 26: (7, 3), 25: (7, 4), 24: (1, 5), 23: (0, 9), 22: (0, 9), 21: (0, 9)}
CANNS = {10: (5, 3), 9: (5, 3), 8: (5, 5), 7: (3, 5), 6: (4, 5), 5: (1, 9)}
"""Versions that are values: major version -> its last minor version, and the last patch of each. Drivers are named
after years. Source: Huawei's tables of what goes with what (drivers 23.0 to 25.5, CANN 7.0 to 8.5) and, before and
after those, versions that users report; November 2026. There is room for the next ones, but every answer carries the
whole catalogue."""

RELEASE_STAGES = (".0", ".rc3", ".rc2", ".rc1", "")
"""What follows major and minor version, best first: 8.3.rc1 comes before 8.3.0, and 8.3 is less than both."""
LAST_CANDIDATE = 3
