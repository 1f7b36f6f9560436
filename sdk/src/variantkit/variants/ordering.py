"""The order of variants on one machine (PEP 825 "Variant ordering")."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from variantkit.errors import InputError
from variantkit.variants.grammar import Property
from variantkit.variants.priorities import prioritized, put_first
from variantkit.variants.shape import ABI_NAMESPACE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import TypeAlias

    from variantkit.variants.grammar import Feature
    from variantkit.variants.metadata import Metadata, Properties, Values

    Supported: TypeAlias = Mapping[str, Sequence[Feature]]
    Orders: TypeAlias = dict[str, dict[str, Sequence[str]]]  # each level in its order of preference
    Ranks: TypeAlias = Mapping[str, Mapping[str, Mapping[str, str]]]

UNSUPPORTED_PROPERTY = "unsupported-property"

MOST_SUPPORTED = 0x10FFFF
"""How many supported properties can be told apart: a rank is one character, and one more ends a key."""


class Rejection(NamedTuple):
    """A label that this machine cannot use; `property` is the first value of its first unsupported feature."""

    label: str
    reason: str
    property: Property | None


class Ranking(NamedTuple):
    """The compatible labels, best first, and the others in the order of the metadata."""

    labels: tuple[str, ...]
    rejected: tuple[Rejection, ...]


def rank_variants(metadata: Metadata, supported: Supported, *, prefer: Sequence[Property] = ()) -> Ranking:
    """Order the labels of `metadata` that a machine with these `supported` features can use.

    A variant is compatible when it has a supported value for each of its features. `abi_dependency`, where it is
    not listed, comes after the listed namespaces, in the order of its `supported` features. Priorities of the
    draft PEP 850 put what they name first, among what is supported. So does `prefer`, before all of them: its
    first property wins over its second, and each brings its value, its feature and its namespace to the front.
    Raises InputError for more than MOST_SUPPORTED supported properties.
    """
    ranks, count = _number_properties(_prefer(_orders(metadata, supported), prefer))
    end = chr(count)  # above all ranks: of two keys where one begins the other, the longer one comes first
    keys = []
    rejected = []
    for label, properties in metadata.variants.items():
        best = _best_ranks(properties, ranks)
        if isinstance(best, Property):
            rejected.append(Rejection(label, UNSUPPORTED_PROPERTY, best))
        else:
            # PEP 825 "Variant ordering", steps 6 and 7 in one comparison of strings; the label is the last resort.
            best.sort()
            keys.append("".join(best) + end + label)
    keys.sort()
    return Ranking(tuple([key[key.index(end) + 1 :] for key in keys]), tuple(rejected))


def _best_ranks(properties: Properties, ranks: Ranks) -> list[str] | Property:
    """Return the rank of the best supported value of each feature (step 4), or the first unsupported property."""
    best = []
    for namespace, features in properties.items():
        by_feature = ranks.get(namespace, {})
        for feature, values in features.items():
            by_value = by_feature.get(feature, {})
            rank = by_value.get(values[0]) if len(values) == 1 else _best_rank(values, by_value)
            if rank is None:
                return Property(namespace, feature, values[0])
            best.append(rank)
    return best


def _best_rank(values: Values, by_value: Mapping[str, str]) -> str | None:
    return min((by_value[value] for value in values if value in by_value), default=None)


def _orders(metadata: Metadata, supported: Supported) -> Orders:
    """Steps 1 to 3: the ordered namespaces, features and values."""
    listed = dict.fromkeys((*metadata.namespaces, ABI_NAMESPACE))
    return {
        namespace: {
            feature.name: feature.values for feature in prioritized(supported.get(namespace, ()), namespace, metadata)
        }
        for namespace in listed
    }


def _prefer(orders: Orders, prefer: Iterable[Property]) -> Orders:
    for namespace, feature, value in reversed([*prefer]):
        values = orders.get(namespace, {}).get(feature, ())
        if value in values:
            features = orders[namespace] | {feature: put_first([value], dict.fromkeys(values))}
            orders[namespace] = {name: features[name] for name in put_first([feature], features)}
            orders = {name: orders[name] for name in put_first([namespace], orders)}
    return orders


def _number_properties(orders: Orders) -> tuple[Ranks, int]:
    """Give each property one character; the characters order as step 5's (namespace, feature, value) indices do."""
    count = sum(len(values) for features in orders.values() for values in features.values())
    if count > MOST_SUPPORTED:
        raise InputError(f"supported properties: expected at most {MOST_SUPPORTED}, found {count}")
    numbers = map(chr, range(count))
    ranks = {
        namespace: {feature: {value: next(numbers) for value in values} for feature, values in features.items()}
        for namespace, features in orders.items()
    }
    return ranks, count


def supported_properties(properties: Properties, supported: Supported) -> frozenset[Property]:
    """Return those of a variant's properties that the machine supports (PEP 825 "Evaluating variant markers")."""
    known = {
        (namespace, feature.name): frozenset(feature.values)
        for namespace in properties
        for feature in supported.get(namespace, ())
    }
    return frozenset(
        Property(namespace, feature, value)
        for namespace, features in properties.items()
        for feature, values in features.items()
        for value in values
        if value in known.get((namespace, feature), ())
    )
