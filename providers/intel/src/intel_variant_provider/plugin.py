"""The endpoint that other tools ask for: `intel_variant_provider.plugin:IntelVariantPlugin`."""

from __future__ import annotations

from . import get_all_configs, get_diagnostics, get_evidence, get_supported_configs
from ._tables import NAMESPACE

__all__ = ["IntelVariantPlugin"]


class IntelVariantPlugin:
    """The package's functions as those of a class that needs no instance."""

    namespace = NAMESPACE
    get_all_configs = staticmethod(get_all_configs)
    get_diagnostics = staticmethod(get_diagnostics)
    get_evidence = staticmethod(get_evidence)
    get_supported_configs = staticmethod(get_supported_configs)
