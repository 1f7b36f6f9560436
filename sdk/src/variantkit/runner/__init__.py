"""How a provider is asked: in a child of its own, under a deadline, from the verified bytes."""

from __future__ import annotations

from variantkit.runner.answers import Answer
from variantkit.runner.process import Question, ask

__all__ = ["Answer", "Question", "ask"]
