"""The approved list's keeper: what a security team does with it."""

from __future__ import annotations

from variantkit_allowlist.levels import ListStatus, Status, describe_lists

__version__ = "0.1.0"

__all__ = ["ListStatus", "Status", "__version__", "describe_lists"]
