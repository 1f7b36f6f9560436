"""variantkit: the right build of a Python package for a machine (PEP 825 wheel variants).

For installers: build a machine once, then ask it per release.

    machine = variantkit.this_machine()
    metadata = variantkit.parse_metadata(text, "numpy-2.4.0-variants.json")
    selection = variantkit.select_variant(metadata, machine)
    selection.label, selection.ranking.rejected, selection.support

Names are loaded when they are first used: importing the package does nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from variantkit.errors import (
        DocumentError,
        InputError,
        Problem,
        RefusedError,
        UndeterminedError,
        VariantkitError,
    )
    from variantkit.machine.decision import Settings, ThisMachine
    from variantkit.machine.ranking import Selection, select_variant
    from variantkit.machine.settings import this_machine
    from variantkit.machine.supported import Machine, NamespaceSupport, ProviderRef, supported_features
    from variantkit.variants.grammar import Feature, Property, parse_property
    from variantkit.variants.markers import VariantContext, applicable_requirements, uses_variant_markers
    from variantkit.variants.metadata import (
        Metadata,
        ProviderInfo,
        combine_metadata,
        dump_metadata,
        parse_metadata,
    )
    from variantkit.variants.ordering import Ranking, Rejection, rank_variants, supported_properties
    from variantkit.variants.wheel import WheelName, parse_wheel_name, read_variant_json

__version__ = "0.1.0"

_HOMES = {
    "variantkit.errors": (
        "DocumentError",
        "InputError",
        "Problem",
        "RefusedError",
        "UndeterminedError",
        "VariantkitError",
    ),
    "variantkit.machine.ranking": ("Selection", "select_variant"),
    "variantkit.machine.decision": ("Settings", "ThisMachine"),
    "variantkit.machine.settings": ("this_machine",),
    "variantkit.machine.supported": ("Machine", "NamespaceSupport", "ProviderRef", "supported_features"),
    "variantkit.variants.grammar": ("Feature", "Property", "parse_property"),
    "variantkit.variants.markers": ("VariantContext", "applicable_requirements", "uses_variant_markers"),
    "variantkit.variants.metadata": (
        "Metadata",
        "ProviderInfo",
        "combine_metadata",
        "dump_metadata",
        "parse_metadata",
    ),
    "variantkit.variants.ordering": ("Ranking", "Rejection", "rank_variants", "supported_properties"),
    "variantkit.variants.wheel": ("WheelName", "parse_wheel_name", "read_variant_json"),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "DocumentError",
    "Feature",
    "InputError",
    "Machine",
    "Metadata",
    "NamespaceSupport",
    "Problem",
    "Property",
    "ProviderInfo",
    "ProviderRef",
    "Ranking",
    "RefusedError",
    "Rejection",
    "Selection",
    "Settings",
    "ThisMachine",
    "UndeterminedError",
    "VariantContext",
    "VariantkitError",
    "WheelName",
    "__version__",
    "applicable_requirements",
    "combine_metadata",
    "dump_metadata",
    "parse_metadata",
    "parse_property",
    "parse_wheel_name",
    "rank_variants",
    "read_variant_json",
    "select_variant",
    "supported_features",
    "supported_properties",
    "this_machine",
    "uses_variant_markers",
]


def __getattr__(name: str) -> object:
    """Load a public name from its home the first time it is used."""
    if name not in _HOME_OF:
        raise AttributeError(f"module 'variantkit' has no attribute {name!r}")
    module = __import__(_HOME_OF[name], fromlist=[name])
    return globals().setdefault(name, getattr(module, name))


def __dir__() -> list[str]:
    return sorted(__all__)
