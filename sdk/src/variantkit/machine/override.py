"""Overrides: what the user says a namespace supports, in place of every other answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from variantkit.errors import InputError
from variantkit.variants.grammar import Feature, is_name, require_components

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

VARIABLE_PREFIX = "VARIANTKIT_OVERRIDE_"


def parse_overrides(options: Iterable[str], environ: Mapping[str, str]) -> dict[str, tuple[Feature, ...]]:
    """Read `--override` options and `VARIANTKIT_OVERRIDE_<NAMESPACE>` variables into namespace -> features.

    An option is `namespace :: feature :: v1,v2` (values best first); several options of one namespace add up, in the
    order given, and replace that namespace wholly. A variable holds `feature :: v1,v2`, several separated by `;`, and
    counts only where no option names its namespace. An empty variable is an unset one.
    """
    overrides: dict[str, list[Feature]] = {}
    for option in options:
        namespace, feature = _parse_option(option)
        _add(overrides.setdefault(namespace, []), feature, option)
    for variable, text in sorted(environ.items()):
        namespace = variable[len(VARIABLE_PREFIX) :].lower()
        if not variable.startswith(VARIABLE_PREFIX) or not text.strip() or namespace in overrides:
            continue
        features: list[Feature] = []
        for part in text.split(";"):
            option = f"{namespace} :: {part.strip()}"
            _add(features, _parse_option(option)[1], f"{variable}={text}")
        overrides[namespace] = features
    return {namespace: tuple(features) for namespace, features in overrides.items()}


def _parse_option(option: str) -> tuple[str, Feature]:
    parts = [part.strip() for part in option.split("::")]
    if len(parts) != 3:
        raise InputError(
            f"override {option!r}: expected 'namespace :: feature :: value[,value…]', found {len(parts)} component(s); "
            "to say that a namespace supports nothing, use --disable NAMESPACE"
        )
    namespace, name, values = parts[0], parts[1], [value.strip() for value in parts[2].split(",")]
    for value in values:
        require_components(f"override {option!r}", namespace, name, value)
    if len(set(values)) != len(values):
        raise InputError(f"override {option!r}: a value is named twice")
    return namespace, Feature(name, tuple(values), multi_value=True)


def _add(features: list[Feature], feature: Feature, source: str) -> None:
    if any(known.name == feature.name for known in features):
        raise InputError(f"override {source!r}: the feature {feature.name!r} is given twice; list its values once")
    features.append(feature)


def require_namespaces(option: str, namespaces: Iterable[str]) -> frozenset[str]:
    """Return the namespaces named by `option` (such as `--enable`), or raise InputError for an illegal one."""
    for namespace in (found := frozenset(namespaces)):
        if not is_name(namespace):
            raise InputError(f"{option} {namespace!r}: expected a namespace made of a-z 0-9 _ , such as x86_64")
    return found
