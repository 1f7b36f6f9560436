"""Vendoring at build time: pinned files of pinned packages, each checked against its locked sha256."""

from variantkit_build.errors import VendorError
from variantkit_build.lock import LicenseFile, LockedFile, LockedPackage, VendorLock, parse_lock, render_lock
from variantkit_build.settings import PackageSettings, Settings, load_settings, parse_settings
from variantkit_build.version import __version__

__all__ = [
    "LicenseFile",
    "LockedFile",
    "LockedPackage",
    "PackageSettings",
    "Settings",
    "VendorError",
    "VendorLock",
    "__version__",
    "load_settings",
    "parse_lock",
    "parse_settings",
    "render_lock",
]
