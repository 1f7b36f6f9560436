"""The release a choosing verb is about: a variants.json, a directory of wheels, or an index, and the choice in it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from variantkit.errors import InputError
from variantkit.machine.ranking import select_variant
from variantkit.variants.grammar import parse_property
from variantkit.variants.jsontext import MAX_BYTES
from variantkit.variants.metadata import parse_metadata

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from variantkit.machine.decision import ThisMachine
    from variantkit.machine.supported import NamespaceSupport
    from variantkit.machine.target import Target
    from variantkit.machine.wheels import WheelSource
    from variantkit.variants.grammar import Property
    from variantkit.variants.metadata import Metadata
    from variantkit.variants.ordering import Ranking

    # Opens the machine for a target (None: the running interpreter), with further sources of provider wheels.
    Opener = Callable[[Target | None, Sequence[WheelSource]], ThisMachine]


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
            metadata = parse_metadata(stream.read(MAX_BYTES + 1), source)
        return _choose_metadata(os.path.basename(source), metadata, preferred, open_machine(_target(python), ()))
    if not os.path.isdir(source) and "://" not in source:
        raise InputError(
            f"{source}: expected a variants.json file, a directory of wheels or a URL; there is no such file"
        )
    if source.endswith(".json"):
        from variantkit.index.upstream.origin import redacted

        metadata = parse_metadata(_fetch(source), redacted(source))
        return _choose_metadata(source.rsplit("/", 1)[-1], metadata, preferred, open_machine(_target(python), ()))
    return _choose_in_index(source, requirement or _implied_project(source), python, preferred, open_machine)


def _target(python: str | None) -> Target | None:
    """The interpreter that was named; nothing is asked of the running one, which only a directory needs described."""
    if python is None:
        return None
    from variantkit.machine.target import query_target

    return query_target(python)


def _choose_metadata(name: str, metadata: Metadata, prefer: Sequence[Property], machine: ThisMachine) -> Choice:
    label, ranking, support = select_variant(metadata, machine, prefer=prefer)
    return Choice(name, label is not None, label or "", ranking, support)


def _choose_in_index(
    source: str, requirement: str, python: str | None, prefer: tuple[Property, ...], open_machine: Opener
) -> Choice:
    from variantkit.index.newest import choose_newest
    from variantkit.index.provider_wheels import IndexWheels
    from variantkit.index.upstream import open_upstream
    from variantkit.index.view import ViewSettings
    from variantkit.machine.target import query_target

    target = query_target(python)
    # We evaluate variant markers ourselves, so a wheel that uses them is a candidate here.
    location = source if os.path.isdir(source) or not _is_project_page(source, requirement) else _parent(source)
    upstream = open_upstream(location)
    wheels = IndexWheels()
    wheels.look_in([upstream])
    settings = ViewSettings(open_machine(target, [wheels]), target, prefer, parses_variant_markers=True)
    newest = choose_newest(upstream, requirement, settings)
    return Choice(
        f"{newest.project} {newest.version}",
        newest.file is not None,
        newest.label or "",
        newest.choice.ranking,
        newest.choice.support,
        newest.project,
        newest.version,
        newest.file.filename if newest.file else None,
        newest.choice.notes,
    )


def _implied_project(source: str) -> str:
    """The project that a source is about without being told: its only one, or the last part of a page's URL."""
    if os.path.isdir(source):
        from variantkit.index.newest import only_project

        return only_project(source)
    return source.rstrip("/").rsplit("/", 1)[-1]


def _is_project_page(url: str, requirement: str) -> bool:
    return url.rstrip("/").rsplit("/", 1)[-1] == requirement


def _parent(url: str) -> str:
    return url.rstrip("/").rsplit("/", 1)[0]


def _fetch(url: str) -> bytes:
    from variantkit.index.documents import VARIANTS_JSON_CAP
    from variantkit.index.pages.page import File
    from variantkit.index.upstream import open_upstream

    return open_upstream(_parent(url)).read(File(url.rsplit("/", 1)[-1], url), cap=VARIANTS_JSON_CAP)
