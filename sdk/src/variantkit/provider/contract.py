"""The provider contract: what a provider plugin offers to whoever asks it.

The words are those of the providers draft (PEP 850 draft, "Variant feature config class" and "Plugin interface")
and of the building draft ("Extensions to provider plugin API"). A plugin is whatever its API endpoint names, a
module with functions or a class with class or static methods; it imports nothing from here. These Protocols are
for type checkers: a module or class that satisfies `Provider` can be asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence


class VariantFeatureConfig(Protocol):
    """One feature with its values: at run time `values` is a list of text, best first, without duplicates."""

    @property
    def name(self) -> str:
        """The feature's name, of a-z 0-9 _."""

    @property
    def values(self) -> Sequence[str]:
        """A list of values, each of a-z 0-9 _ . ; best first in `get_supported_configs`, any order otherwise."""

    @property
    def multi_value(self) -> bool:
        """Whether one variant wheel may list several values of this feature."""


class Provider(Protocol):
    """What every plugin must offer; both callables take no arguments and return a list."""

    def get_supported_configs(self) -> Sequence[VariantFeatureConfig]:
        """The features and values that this machine can use, best first; empty where the hardware is absent."""

    def get_all_configs(self) -> Sequence[VariantFeatureConfig]:
        """Every valid feature and value: the same on every machine for one version of the plugin."""


class StaticProvider(Provider, Protocol):
    """A plugin whose answer is the same everywhere, so that a build may write it into the wheel's metadata."""

    all_properties_compatible: bool
    """True promises that `get_supported_configs` and `get_all_configs` return the same, order apart."""


class DiagnosingProvider(Provider, Protocol):
    """A plugin that explains its answer; an extension of variantkit's that other tools ignore.

    The providers draft ("Future extensions") lets tools ignore attributes that they do not know.
    """

    def get_diagnostics(self) -> Sequence[tuple[str, str]]:
        """A list of (code, message): why something is absent, of a-z 0-9 - and one sentence. Asked last.

        The code `undetermined` beside an empty answer says that the hardware may be there: its driver hung, crashed
        or refused. Such an answer counts as undetermined, never as absent, and is not remembered.
        """


class RecountingProvider(Provider, Protocol):
    """A plugin that tells what its answer was read from, so that a machine can be captured; variantkit's extension."""

    def get_evidence(self) -> Sequence[tuple[str, str]]:
        """A list of (path, text), word for word, for the last answer: a capture replays it on another machine.

        `/a/b` is a file, or with empty text something that exists; `/a/` a directory, one name a line; `/a@` a link,
        with the last name of its target; `/reports/NAME` what native code or a program said.
        """
