"""Vendoring at build time: pinned files of pinned packages, each checked against its locked sha256."""

from variantkit_build.lock import LockError, VendoredFile, VendoredPackage, VendorLock, parse_lock

__all__ = ["LockError", "VendorLock", "VendoredFile", "VendoredPackage", "parse_lock"]
