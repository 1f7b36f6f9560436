"""The approved list's keeper: what a security team does with it."""

from __future__ import annotations

from variantkit_allowlist.levels import ListStatus, Status, describe_lists

__all__ = ["ListStatus", "Status", "describe_lists"]
