"""Priorities of the draft providers PEP: features and values that a project puts first (`default-priorities`)."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from variantkit.variants.grammar import Feature


class Priorities(Protocol):
    """What says them: metadata."""

    @property
    def feature_priorities(self) -> Mapping[str, Sequence[str]]: ...

    @property
    def property_priorities(self) -> Mapping[str, Mapping[str, Sequence[str]]]: ...


def prioritized(features: Sequence[Feature], namespace: str, priorities: Priorities) -> tuple[Feature, ...]:
    """Put first what the drafts' `default-priorities.feature` and `.property` name, among these features."""
    first_values = priorities.property_priorities.get(namespace, {})
    by_name = {feature.name: feature for feature in features}
    ordered = put_first(priorities.feature_priorities.get(namespace, ()), by_name)
    return tuple(
        feature._replace(values=tuple(put_first(first_values.get(feature.name, ()), dict.fromkeys(feature.values))))
        for feature in map(by_name.__getitem__, ordered)
    )


def put_first(preferred: Iterable[str], names: Mapping[str, object]) -> list[str]:
    """Return `names` with those that are `preferred` first, in that order."""
    return [*dict.fromkeys(chain((name for name in preferred if name in names), names))]
