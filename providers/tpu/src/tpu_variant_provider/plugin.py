"""The endpoint that other tools ask for: `tpu_variant_provider.plugin:TpuVariantPlugin`."""

from __future__ import annotations

from . import get_all_configs, get_diagnostics, get_evidence, get_supported_configs
from ._tables import NAMESPACE

__all__ = ["TpuVariantPlugin"]


class TpuVariantPlugin:
    """The package's functions as those of a class that needs no instance."""

    namespace = NAMESPACE
    get_all_configs = staticmethod(get_all_configs)
    get_diagnostics = staticmethod(get_diagnostics)
    get_evidence = staticmethod(get_evidence)
    get_supported_configs = staticmethod(get_supported_configs)
