"""The program `variantkit-allowlist`; the only printing, the only clock, the only exit codes."""

from __future__ import annotations

from variantkit_allowlist.cli.main import main

__all__ = ["main"]
