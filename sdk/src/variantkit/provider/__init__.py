"""What a provider is: the contract it fulfils, and the check of what it answers."""

from __future__ import annotations

from variantkit.provider.clauses import Limits, Violation, check_answer, configs_digest

__all__ = ["Limits", "Violation", "check_answer", "configs_digest"]
