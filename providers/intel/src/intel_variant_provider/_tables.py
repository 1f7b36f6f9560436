"""What is known of Intel's graphics IP: its versions, which run each other's code, and where GPUs show."""

from __future__ import annotations

NAMESPACE = "intel"
FORCE_IP = "INTEL_VARIANT_PROVIDER_FORCE_DEVICE_IP"
TIMEOUT = "INTEL_VARIANT_PROVIDER_TIMEOUT"
VARIABLES = (
    "INTEL_VARIANT_PROVIDER_FORCE_DEVICE_IP",
    "INTEL_VARIANT_PROVIDER_TIMEOUT",
)

OPEN_ARCHITECTURES = (35, 30, 20)
OPEN_RELEASES = (15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)
OPEN_REVISIONS = (7, 6, 5, 4, 3, 2, 1, 0)
"""Xe3P, Xe3 and Xe2 may grow: every release and revision in these ranges is a value, known or not."""

XE_AND_BEFORE = """
12.74.4 12.74.0 12.71.4 12.71.0 12.70.4 12.70.0 12.61.7 12.60.7 12.60.6 12.60.5 12.60.3 12.60.1 12.60.0
12.57.0 12.56.5 12.56.4 12.56.0 12.55.8 12.55.4 12.55.1 12.55.0 12.50.4 12.10.0 12.4.0 12.3.0 12.2.0 12.1.0 12.0.0
"""
"""Architecture 12 has come to its end. Source: Intel's compute runtime, the versions it compiles for ahead of time
(its pre-production steppings included), November 2026."""

BASES = (
    # architecture, first and last release, the base whose code they run
    (30, (0, 255), (30, 0, 4)),
    (20, (0, 255), (20, 1, 0)),
    (12, (70, 71), (12, 70, 4)),
    (12, (55, 57), (12, 55, 8)),
)
"""Code for a base runs on the versions above it. Source: the first provider for this namespace (Intel's, 0.0.3,
2026-04), widened from its list of releases to all of an architecture, as Intel describes ahead-of-time targets."""

DISCRETE_RELEASES = ((12, 10), (12, 50), (12, 55), (12, 56), (12, 57), (12, 60), (12, 61), (20, 1), (20, 2))
"""Those of cards; without Level Zero, whose order is kept, they come before processors' own GPUs."""

VENDOR = "0x8086"
DRIVERS = ("xe", "i915")
DRM = "/sys/class/drm"
NODES = "/dev/dri"
DXG = "/dev/dxg"  # WSL's GPU device, whoever made the GPU
LOADER = "libze_loader.so.1"
LOADER_PLACES = (
    "/usr/lib/x86_64-linux-gnu/libze_loader.so.1",
    "/usr/lib64/libze_loader.so.1",
    "/usr/lib/libze_loader.so.1",
    "/usr/local/lib/libze_loader.so.1",
)
WINDOWS_LOADER = "System32\\ze_loader.dll"
