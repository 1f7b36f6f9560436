"""The variant provider for namespace `openmp`: the runtime that a wheel is built against."""

from __future__ import annotations

from ._rules import FeatureConfig, list_configs
from ._tables import FEATURE

__all__ = ["all_properties_compatible", "get_all_configs", "get_evidence", "get_supported_configs"]

# Building draft, "Extensions to provider plugin API": every value is compatible everywhere, so both functions
# answer the same, and the answer is written into the wheel when it is built.
all_properties_compatible = True


def get_supported_configs() -> list[FeatureConfig]:
    """The one feature, `library`, its values best first; the same on every machine."""
    return list_configs(FEATURE)


def get_all_configs() -> list[FeatureConfig]:
    """The same as `get_supported_configs`."""
    return get_supported_configs()


def get_evidence() -> list[tuple[str, str]]:
    """What was read for the answer: nothing, ever."""
    return []
