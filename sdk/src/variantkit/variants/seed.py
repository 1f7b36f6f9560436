"""The metadata that a project's variant wheels are made with, from pyproject.toml or a variant document."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from variantkit.errors import InputError
from variantkit.variants.metadata import SCHEMA_850, metadata_from_object, parse_metadata

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from variantkit.variants.grammar import Feature
    from variantkit.variants.metadata import Metadata

    Populate: TypeAlias = Callable[[str, tuple[str, ...], str | None], tuple[Feature, ...]]

SEED_CAP = 32 << 20


def load_seed(path: str, populate: Populate | None = None) -> Metadata:
    """Read the `[variant]` table of a pyproject.toml, or a variant.json or variants.json file.

    `populate(namespace, build requirements, plugin-api)` asks a provider that the table wants asked at build time
    (draft "Building", `build-requires`) and returns its features, best first; without it such a table is refused.
    Raises InputError, DocumentError with all problems of the table.
    """
    data = _read(path)
    if not path.endswith(".toml"):
        return parse_metadata(data, path)
    table = _variant_table(data, path)
    table.setdefault("$schema", SCHEMA_850)
    table.setdefault("variants", {})
    providers = table.get("providers")
    if isinstance(providers, dict):
        for namespace, info in providers.items():
            if isinstance(info, dict) and "build-requires" in info:
                providers[namespace] = _populated(namespace, info, path, populate)
    return metadata_from_object(table, f"{path}: [variant]")


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as stream:
            data = stream.read(SEED_CAP + 1)
    except OSError as error:
        raise InputError(f"{path}: expected a pyproject.toml or variants.json file ({error.strerror})") from None
    if len(data) > SEED_CAP:
        raise InputError(f"{path}: expected at most {SEED_CAP >> 20} MiB, found more")
    return data


def _variant_table(data: bytes, path: str) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib  # type: ignore[import-not-found,unused-ignore]
    try:
        document = tomllib.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: expected TOML in UTF-8, found: {error}") from None
    table = document.get("variant")
    if not isinstance(table, dict):
        raise InputError(f"{path}: expected a table [variant], found none; see 'variantkit wheel label --help'")
    return table


def _populated(namespace: str, info: dict[str, Any], path: str, populate: Populate | None) -> dict[str, Any]:
    """Draft "Populating static properties from provider plugins", steps 2 and 4 to 6."""
    place = f"{path}: variant.providers.{namespace}"
    requires = info["build-requires"]
    if not isinstance(requires, list) or not requires or not all(isinstance(text, str) for text in requires):
        raise InputError(f"{place}.build-requires: expected a list of requirements")
    clash = next((key for key in ("requires", "static-properties") if key in info), None)
    if clash is not None:
        raise InputError(f"{place}: expected 'build-requires' without {clash!r}, found both")
    if populate is None:
        raise InputError(f"{place}: 'build-requires' needs its provider asked; write 'static-properties' instead")
    features = {
        feature.name: [*feature.values] for feature in populate(namespace, (*requires,), info.get("plugin-api"))
    }
    if not features:
        raise InputError(f"{place}: expected its provider to give static properties, found none")
    kept = {key: value for key, value in info.items() if key not in ("build-requires", "plugin-api")}
    return {**kept, "static-properties": features, "feature-order": [*features]}
