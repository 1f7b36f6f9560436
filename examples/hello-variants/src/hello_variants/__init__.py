"""A package that says which of its builds is installed."""

from __future__ import annotations

import json
from importlib.metadata import distribution

__all__ = ["label"]


def label() -> str:
    """The installed build's variant label, as its own `variant.json` names it; "" for the plain wheel."""
    text = distribution("hello-variants").read_text("variant.json")
    return "" if text is None else str(next(iter(json.loads(text)["variants"])))
