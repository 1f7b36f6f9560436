"""Generated releases: variant wheels, a variants.json and perhaps a plain wheel, all from one seed."""

from __future__ import annotations

import json
import os
import random
from typing import TYPE_CHECKING, Any, NamedTuple

from support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Sequence

SCHEMA = "https://variants-schema.wheelnext.dev/peps/850/v0.2.0.json"
FOREIGN_TAG = "cp39-cp39-win32"
LEVELS = ("v1", "v2", "v3", "v4")


class Release(NamedTuple):
    """A generated release: where its files are, its document, and what was generated (for messages)."""

    project: str
    directory: str
    document: dict[str, Any]
    labels: tuple[str, ...]
    has_plain: bool


def make_release(
    directory: str, seed: int, tags: Sequence[str], *, x86: bool = True, always_installable: bool = False
) -> Release:
    """Write the release of `seed` below `directory`; `tags` are wheel tags the target interpreter supports."""
    choose = random.Random(seed)
    project = f"probe{seed}"
    os.makedirs(directory, exist_ok=True)
    providers = _providers(choose, x86)
    variants = _variants(choose, providers)
    namespaces = list(providers)
    choose.shuffle(namespaces)
    document: dict[str, Any] = {
        "$schema": SCHEMA,
        "default-priorities": {"namespace": namespaces},
        "providers": providers,
        "variants": variants,
    }
    has_plain = always_installable or choose.random() < 0.6
    missing = set(choose.sample(sorted(variants), k=len(variants) // 6))
    for label, properties in variants.items():
        one = {**document, "variants": {label: properties}}
        wanted = choose.sample(tags, k=min(len(tags), choose.choice((1, 1, 2))))
        wanted = [FOREIGN_TAG] if choose.random() < 0.2 else wanted
        for tag in [] if label in missing else wanted:
            make_wheel(directory, project, tag=tag, label=label, variant=one)
    if choose.random() < 0.2:  # a wheel whose label the variants.json does not know
        make_wheel(
            directory, project, tag=tags[0], label="stranger", variant={**document, "variants": {"stranger": {}}}
        )
    if has_plain:
        make_wheel(directory, project, tag="py3-none-any" if always_installable else choose.choice(tags))
    with open(os.path.join(directory, f"{project}-1.0-variants.json"), "w", encoding="utf-8") as stream:
        json.dump(document, stream, indent=1)
    return Release(project, directory, document, tuple(sorted(set(variants) - missing)), has_plain)


def _providers(choose: random.Random, x86: bool) -> dict[str, Any]:
    providers: dict[str, Any] = {}
    if x86 and choose.random() < 0.7:
        providers["x86_64"] = {
            "requires": [choose.choice(("x86-64-variant-provider", "x86-64-variant-provider>=0.2.1,<1"))]
        }
    for name in choose.sample(("alpha", "beta", "gamma"), k=choose.randint(0 if providers else 1, 3)):
        features = {
            f"f{index}": choose.sample("abcdef", k=choose.randint(1, 5)) for index in range(choose.randint(1, 3))
        }
        providers[name] = {"static-properties": features}
        if len(features) > 1:
            order = list(features)
            choose.shuffle(order)
            providers[name]["feature-order"] = order
        if choose.random() < 0.2:
            providers[name]["optional"] = True
    return providers


def _variants(choose: random.Random, providers: dict[str, Any]) -> dict[str, Any]:
    variants: dict[str, Any] = {}
    for index in range(choose.randint(1, 7)):
        properties = _properties(choose, providers)
        variants[choose.choice("abyz") + f"{index}"] = properties
        if choose.random() < 0.15:  # a tie, which the label decides
            variants[choose.choice("cx") + f"{index}"] = properties
    if choose.random() < 0.4:
        variants["null"] = {}
    return variants


def _properties(choose: random.Random, providers: dict[str, Any]) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    for namespace in choose.sample(list(providers), k=choose.randint(0, len(providers))):
        if namespace == "x86_64":
            properties[namespace] = {"level": sorted(choose.sample(LEVELS, k=choose.choice((1, 1, 1, 2))))}
            continue
        features = providers[namespace]["static-properties"]
        for feature in choose.sample(list(features), k=choose.randint(1, len(features))):
            supported = choose.sample(features[feature], k=min(len(features[feature]), choose.randint(1, 2)))
            foreign = ["zzz"] if choose.random() < 0.5 else []
            chosen = foreign if foreign and choose.random() < 0.5 else [*supported, *foreign]
            properties.setdefault(namespace, {})[feature] = sorted(set(chosen))
    return properties
