"""The release a choosing verb is about: a variants.json, a directory of wheels, or an index, and the choice in it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from variantkit.errors import InputError, RefusedError
from variantkit.machine.ranking import select_variant
from variantkit.variants.grammar import parse_property
from variantkit.variants.metadata import parse_metadata

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from variantkit.index.selection import VersionChoice
    from variantkit.index.upstream import Upstream
    from variantkit.machine.decision import ThisMachine
    from variantkit.machine.supported import NamespaceSupport
    from variantkit.variants.grammar import Property
    from variantkit.variants.metadata import Metadata
    from variantkit.variants.ordering import Ranking

    Opener = Callable[[str | None], ThisMachine]


class Choice(NamedTuple):
    """What was chosen: `label` is empty for the plain wheel, and means nothing unless `found`."""

    name: str
    found: bool
    label: str
    ranking: Ranking
    support: Mapping[str, NamespaceSupport]
    project: str | None = None
    version: str | None = None
    filename: str | None = None
    notes: tuple[tuple[str, str], ...] = ()


def choose_release(
    source: str, requirement: str | None, python: str | None, prefer: Sequence[str], open_machine: Opener
) -> Choice:
    """Choose in `source`, for the interpreter `python`; raise InputError for a source that cannot be used."""
    preferred = tuple(parse_property(text) for text in prefer)
    if os.path.isfile(source):
        if source.endswith(".whl"):
            raise InputError(f"{source}: a single wheel offers no choice; see it with `variantkit wheel show {source}`")
        with open(source, "rb") as stream:
            metadata = parse_metadata(stream.read(), source)
        return _choose_metadata(os.path.basename(source), metadata, preferred, open_machine(python))
    if not os.path.isdir(source) and "://" not in source:
        raise InputError(f"{source}: expected a variants.json file, a directory of wheels or a URL; there is no such file")
    if source.endswith(".json"):
        metadata = parse_metadata(_fetch(source), source)
        return _choose_metadata(source.rsplit("/", 1)[-1], metadata, preferred, open_machine(python))
    return _choose_in_index(source, requirement, python, preferred, open_machine)


def _choose_metadata(name: str, metadata: Metadata, prefer: Sequence[Property], machine: ThisMachine) -> Choice:
    label, ranking, support = select_variant(metadata, machine, prefer=prefer)
    return Choice(name, label is not None, label or "", ranking, support)
