"""A finding: one law broken once, on which machine, by which line."""

from __future__ import annotations

from typing import NamedTuple

from variantkit.conformance.laws import LAWS


class ConformanceWarning(UserWarning):
    """A law of severity warning is broken: what the plugin for pytest warns with."""


class Finding(NamedTuple):
    """`machine` is empty for what the wheel itself shows; `place` is a line of the provider, where known."""

    clause: str
    message: str
    machine: str = ""
    place: str = ""

    @property
    def severity(self) -> str:
        """Error or warning, as the law says."""
        return LAWS[self.clause].severity
