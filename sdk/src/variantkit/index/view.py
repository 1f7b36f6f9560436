"""The plain view: an index's project as an installer that knows no variants can use it on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

from variantkit.errors import InputError, RefusedError
from variantkit.index.documents import METADATA_MISMATCH, VersionMetadata, check_agreement, check_markers, load_metadata
from variantkit.index.filename import normalize_project, parse_filename
from variantkit.index.selection import build_key, choose_version, group_versions, tag_ranker
from variantkit.variants.wheel import parse_wheel_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from variantkit.index.page import File, Page
    from variantkit.index.selection import VersionChoice
    from variantkit.index.upstream import Upstream
    from variantkit.machine.supported import Machine
    from variantkit.machine.target import Target
    from variantkit.variants.grammar import Property

BUILD_BASE = 99000
"""Where the numbers of our build tags start: above what builds are numbered by, or else above the highest there is."""

CONNECTIONS = 8

_T = TypeVar("_T")
_R = TypeVar("_R")


class ViewSettings(NamedTuple):
    """Who looks at the index.

    `variants` maps a project to the one label to offer; `specifiers` maps a project to a PEP 440 specifier, and
    versions outside it are left as they are; `parses_variant_markers` says the installer reads PEP 825's markers;
    `require_hashes` that it takes nothing whose digest it was not told.
    """

    machine: Machine
    target: Target
    prefer: tuple[Property, ...] = ()
    variants: Mapping[str, str] = {}
    specifiers: Mapping[str, str] = {}
    parses_variant_markers: bool = False
    require_hashes: bool = False


class PlainFile(NamedTuple):
    """A file of the index and the name it is listed under; `label` is None for one that is no variant."""

    plain_name: str
    file: File
    label: str | None = None


class ProjectView(NamedTuple):
    """What is listed for a project; `has_variants` says that its index lists variant wheels, usable here or not.

    `choices` are the versions with a variant wheel for this interpreter, newest first.
    """

    project: str
    files: tuple[PlainFile, ...]
    has_variants: bool
    choices: tuple[VersionChoice, ...]


class _Release(NamedTuple):
    """One version with a variant wheel for this interpreter: the wheels that the interpreter may install."""

    version: str
    wheels: tuple[File, ...]
    all_wheels: tuple[File, ...]
    variants_json: File | None


def plain_view(upstream: Upstream, project: str, settings: ViewSettings) -> ProjectView | None:
    """List a project's files for an installer that knows no variants; None when the index has no such project.

    Every variant wheel that fits is listed under a plain name of its own, made so that the best one is taken when
    nothing is pinned; other files keep their names. When `settings.variants` names a label, only its wheels are.
    Raises RefusedError when that label, or under `require_hashes` a version's metadata, cannot be used here, and
    UndeterminedError when the index does not answer: a silent fallback would install the wrong build.
    """
    page = upstream.page(project)
    if page is None:
        return None
    name = normalize_project(project)
    only_label = {normalize_project(key): label for key, label in settings.variants.items()}.get(name)
    releases = list(_find_releases(page, name, settings))
    loaded = _concurrently(lambda release: _load(upstream, release), releases)
    choices, refusals = _choose(upstream.url, zip(releases, loaded, strict=True), settings, only_label)
    if not settings.parses_variant_markers:
        choices = _drop_unreadable(upstream, choices)
    choices = _drop_unproven(upstream, choices, dict(zip((r.version for r in releases), loaded, strict=True)))
    _require_proof(name, choices, settings)
    listed = [
        plain
        for choice, release in ((c, r) for c in choices for r in releases if c.version == r.version)
        for plain in name_plainly(choice, release.all_wheels, settings.target.tags)
    ]
    if only_label is not None and not listed:
        raise RefusedError(_refusal(name, only_label, choices, refusals))
    untouched = [] if only_label is not None else list(_untouched(page))
    return ProjectView(name, (*listed, *untouched), _has_variants(page), tuple(choices))
