"""Generated variants.json documents: N variants of four features each, over 448 supported properties."""

from __future__ import annotations

import json
import os
import random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMA = "https://variants-schema.wheelnext.dev/peps/850/v0.2.0.json"
SEED = 825
NAMESPACES, FEATURES, VALUES = 4, 7, 16
FEATURES_A_VARIANT = 4
UNSUPPORTED_IN_TEN = 1
"""How many of ten variants have a value that no machine supports."""


def static_document(variants: int) -> dict[str, Any]:
    """A document whose providers are static: the order needs no machine."""
    namespaces = [f"namespace{number}" for number in range(NAMESPACES)]
    features = {f"feature{number}": [f"value{value}" for value in range(VALUES)] for number in range(FEATURES)}
    provider = {"static-properties": features, "feature-order": list(features)}
    return {
        "$schema": SCHEMA,
        "default-priorities": {"namespace": namespaces},
        "providers": dict.fromkeys(namespaces, provider),
        "variants": {**dict(_variants(variants - 1, namespaces, features)), "null": {}},
    }


def _variants(count: int, namespaces: list[str], features: dict[str, list[str]]) -> Iterator[tuple[str, Any]]:
    """Distinct variants, since variantlib drops a second one with the same properties."""
    choose = random.Random(SEED)
    pairs = [(namespace, feature) for namespace in namespaces for feature in features]
    seen = set[tuple[tuple[str, str, str], ...]]()
    while len(seen) < count:
        chosen = [(*pair, choose.choice(features[pair[1]])) for pair in choose.sample(pairs, FEATURES_A_VARIANT)]
        if choose.randrange(10) < UNSUPPORTED_IN_TEN:
            chosen[0] = (*chosen[0][:2], "unsupported")
        key = tuple(sorted(chosen))
        if key in seen:
            continue
        label = f"variant{len(seen)}"
        seen.add(key)
        properties: dict[str, dict[str, list[str]]] = {}
        for namespace, feature, value in chosen:
            properties.setdefault(namespace, {})[feature] = [value]
        yield label, properties


def provider_document(namespace: str, requirement: str) -> dict[str, Any]:
    """A document of five variants, for which one provider is asked."""
    levels = {f"{namespace}_{level}": {namespace: {"level": [level]}} for level in ("v1", "v2", "v3", "v4")}
    return {
        "$schema": SCHEMA,
        "default-priorities": {"namespace": [namespace]},
        "providers": {namespace: {"requires": [requirement]}},
        "variants": {**levels, "null": {}},
    }


def write_document(directory: str, name: str, document: dict[str, Any]) -> str:
    """Write a document as index servers do, without blanks, and return its path."""
    path = os.path.join(directory, name)
    with open(path, "w", encoding="utf-8") as stream:
        json.dump(document, stream, separators=(",", ":"))
    return path
