"""Inspection: what a wheel contains and could do, and what changed between two; nothing is run but by the catalogue."""

from __future__ import annotations

from variantkit_allowlist.inspection.change import Change, compare_wheels
from variantkit_allowlist.inspection.examination import Inspection, find_endpoint, inspect_wheel
from variantkit_allowlist.inspection.request import Request, read_request, write_request

__all__ = [
    "Change",
    "Inspection",
    "Request",
    "compare_wheels",
    "find_endpoint",
    "inspect_wheel",
    "read_request",
    "write_request",
]
