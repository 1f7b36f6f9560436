"""The same provider for projects whose wheels say `provider` where the specification says `library`."""

from __future__ import annotations

from . import get_evidence
from ._rules import FeatureConfig, list_configs
from ._tables import ALIAS, FEATURE

__all__ = ["all_properties_compatible", "get_all_configs", "get_evidence", "get_supported_configs"]

all_properties_compatible = True


def get_supported_configs() -> list[FeatureConfig]:
    """`library`, then its older name `provider`, with the same values."""
    return list_configs(FEATURE, ALIAS)


def get_all_configs() -> list[FeatureConfig]:
    """The same as `get_supported_configs`."""
    return get_supported_configs()
