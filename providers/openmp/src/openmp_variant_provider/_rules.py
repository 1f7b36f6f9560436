"""The constant answer."""

from __future__ import annotations

from ._tables import LIBRARIES


class FeatureConfig:
    """One feature and its values, best first (PEP 850 "Variant feature config class")."""

    __slots__ = ("multi_value", "name", "values")

    def __init__(self, name: str, values: list[str]) -> None:
        self.name = name
        self.values = values
        self.multi_value = False

    def __repr__(self) -> str:
        return f"{type(self).__name__}(name={self.name!r}, values={self.values!r}, multi_value={self.multi_value!r})"


def list_configs(*features: str) -> list[FeatureConfig]:
    return [FeatureConfig(name, list(LIBRARIES)) for name in features]
