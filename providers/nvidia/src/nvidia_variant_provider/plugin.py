"""The endpoint that installers ask for by name: `nvidia_variant_provider.plugin:NvidiaVariantPlugin`."""

from __future__ import annotations

from . import get_all_configs, get_diagnostics, get_evidence, get_supported_configs

__all__ = ["NvidiaVariantPlugin"]


class NvidiaVariantPlugin:
    """The package's functions as those of a class that needs no instance."""

    get_supported_configs = staticmethod(get_supported_configs)
    get_all_configs = staticmethod(get_all_configs)
    get_diagnostics = staticmethod(get_diagnostics)
    get_evidence = staticmethod(get_evidence)
