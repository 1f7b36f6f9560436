"""Filter and order by variantlib, on objects that are already built. Arguments: directory of stopwatch.py, FILE."""

from __future__ import annotations

import json
import sys

from variantlib.models.variant import VariantDescription, VariantProperty  # type: ignore[import-untyped]
from variantlib.resolver.lib import sort_and_filter_supported_variants  # type: ignore[import-untyped]
from variantlib.variants_json import VariantsJson  # type: ignore[import-untyped]

sys.path.append(sys.argv[1])
from stopwatch import serve  # type: ignore[import-not-found]

with open(sys.argv[2], encoding="utf-8") as stream:
    document = VariantsJson(json.load(stream))
supported = [
    VariantProperty(namespace, feature, value)
    for namespace, provider in document.providers.items()
    for feature, values in provider.static_properties.items()
    for value in values
]
variants = list(document.variants.values())


def order() -> list[VariantDescription]:
    """What `get_variants_by_priority` does once everything is read and every provider has answered."""
    ordered: list[VariantDescription] = sort_and_filter_supported_variants(
        variants,
        supported,
        namespace_priorities=document.namespace_priorities,
        feature_priorities={name: provider.feature_order for name, provider in document.providers.items()},
        property_priorities={},
        filter_values=True,
    )
    return ordered


serve({"labels": [variant.label for variant in order()]}, {"order": order})
