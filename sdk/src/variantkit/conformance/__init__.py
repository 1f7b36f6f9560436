"""Conformance: the whole contract of a provider, checked on fake machines, with every clause that it breaks."""

from __future__ import annotations

from variantkit.conformance.check import Options, Report, check_provider
from variantkit.conformance.findings import ConformanceWarning, Finding
from variantkit.conformance.laws import GROUPS, LAWS, Law

__all__ = ["GROUPS", "LAWS", "ConformanceWarning", "Finding", "Law", "Options", "Report", "check_provider"]
