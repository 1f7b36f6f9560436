"""The answer for one namespace: what is supported, who said so, and why nothing is."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from variantkit.trust.gate import Foreseen
    from variantkit.variants.grammar import Feature
    from variantkit.variants.metadata import Metadata

PRESENT = "present"
ABSENT = "absent"
UNDETERMINED = "undetermined"
DENIED = "denied"
DISABLED = "disabled"
STATIC = "static"
OVERRIDE = "override"


class ProviderRef(NamedTuple):
    """The exact provider that answered: canonical package name, version, sha256 of its wheel in hex."""

    package: str
    version: str
    sha256: str


class NamespaceSupport(NamedTuple):
    """What one namespace supports on this machine, best first, and how that was decided.

    `status` is one of present, absent (asked, nothing there), undetermined (timed out, crashed, unreadable),
    denied, disabled, static, override. `source` is provider, author (static properties in the wheel's metadata),
    static-file, override, environment (installed dependencies) or none. `list_state` is true when the approved
    list itself, not this provider, is the reason for a denial. `all_compatible` is the provider's promise that it
    answers the same on every machine. `foreseen` is set for a provider that the system's list will deny once it
    enforces.
    """

    status: str
    source: str = "none"
    features: tuple[Feature, ...] = ()
    code: str = ""
    detail: str = ""
    provider: ProviderRef | None = None
    isolation: str = ""
    diagnostics: tuple[tuple[str, str], ...] = ()
    list_state: bool = False
    all_compatible: bool = False
    foreseen: Foreseen | None = None


class Machine(Protocol):
    """Anything that can say what a machine supports."""

    def support(self, metadata: Metadata) -> Mapping[str, NamespaceSupport]:
        """Answer for exactly the namespaces that `metadata.variants` use."""
        ...


def supported_features(support: Mapping[str, NamespaceSupport]) -> dict[str, tuple[Feature, ...]]:
    """Reduce answers to what ordering needs: namespace -> features, best first."""
    return {namespace: answer.features for namespace, answer in support.items()}
