"""The best compatible variant of one metadata document on a machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from variantkit.machine.supported import supported_features
from variantkit.variants.ordering import Ranking, rank_variants

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from variantkit.machine.supported import Machine, NamespaceSupport
    from variantkit.variants.grammar import Property
    from variantkit.variants.metadata import Metadata


class Selection(NamedTuple):
    """The best label (None when none is compatible), the order of the rest, and what every namespace said."""

    label: str | None
    ranking: Ranking
    support: Mapping[str, NamespaceSupport]


def select_variant(metadata: Metadata, machine: Machine, *, prefer: Sequence[Property] = ()) -> Selection:
    """Filter and order the variants of `metadata` for `machine` (PEP 825 "Variant ordering").

    Asks the namespaces that the variants use, and no other. `prefer` moves properties to the front, among the
    supported ones only.
    """
    support = machine.support(metadata)
    ranking = rank_variants(metadata, supported_features(support), prefer=prefer)
    return Selection(ranking.labels[0] if ranking.labels else None, ranking, support)
