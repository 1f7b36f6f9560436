"""The plain view: an index's project as an installer that knows no variants can use it on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

from variantkit.errors import InputError, RefusedError
from variantkit.index.documents import check_agreement, check_markers, load_metadata
from variantkit.index.pages.filename import normalize_project, parse_filename
from variantkit.index.plainnames import name_plainly
from variantkit.index.selection import choose_version, group_versions, tag_ranker
from variantkit.variants.wheel import parse_wheel_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from variantkit.index.documents import VersionMetadata
    from variantkit.index.pages.page import File, Page
    from variantkit.index.selection import VersionChoice
    from variantkit.index.upstream import Upstream
    from variantkit.machine.supported import Machine
    from variantkit.machine.target import Target
    from variantkit.variants.grammar import Property

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
    """One version with a variant wheel for this interpreter; `wheels` are all that the interpreter may install."""

    version: str
    wheels: tuple[File, ...]
    labelled: tuple[File, ...]
    variants_json: File | None


class _Offer(NamedTuple):
    """A release, what its metadata says, and what is chosen by it."""

    release: _Release
    loaded: VersionMetadata
    choice: VersionChoice


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
    releases = _find_releases(page, name, settings, only_label)
    offers, refusals = _choose(upstream, releases, settings, only_label)
    if not settings.parses_variant_markers:
        offers = _drop_unreadable(upstream, offers)
    offers = _drop_unproven(upstream, offers, settings)
    listed = [plain for offer in offers for plain in _list_candidates(offer, settings.target)]
    if only_label is None:
        listed += _untouched(page)
    elif not listed:
        raise RefusedError(_refusal(page, settings, only_label, offers, refusals))
    return ProjectView(name, tuple(listed), has_variants(page), tuple(offer.choice for offer in offers))


def _find_releases(page: Page, name: str, settings: ViewSettings, only_label: str | None) -> list[_Release]:
    """The versions worth reading the metadata of: allowed, and with a variant wheel that this interpreter can take."""
    rank = tag_ranker(settings.target.tags)
    python_allows = _version_filter(settings.target.version)
    releases = []
    for version, (wheels, variants_json) in _allowed_versions(page, name, settings):
        usable = tuple(wheel for wheel in wheels if python_allows(wheel.requires_python))
        names = ((wheel, parse_wheel_name(wheel.filename)) for wheel in usable)
        labelled = tuple(
            wheel
            for wheel, parsed in names
            if parsed.label is not None and only_label in (None, parsed.label) and rank(parsed) is not None
        )
        if labelled:
            releases.append(_Release(version, usable, labelled, variants_json))
    return releases


def _allowed_versions(
    page: Page, name: str, settings: ViewSettings
) -> list[tuple[str, tuple[tuple[File, ...], File | None]]]:
    """The versions of a page that `settings.specifiers` admits, newest first."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    text = {normalize_project(key): text for key, text in settings.specifiers.items()}.get(name, "")
    try:
        specifier = SpecifierSet(text)
    except InvalidSpecifier as error:
        raise InputError(f"{name}: expected a version specifier such as '>=1.0,<2', found {text!r}") from error
    groups = group_versions(page).items()
    return [(version, group) for version, group in groups if specifier.contains(version, prereleases=True)]


def _version_filter(python_version: str) -> Callable[[str | None], bool]:
    """Return a function that says whether a `requires-python` admits the interpreter; an unreadable one does."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    known: dict[str | None, bool] = {None: True}

    def admits(requires_python: str | None) -> bool:
        if requires_python not in known:
            try:
                specifier = SpecifierSet(requires_python or "")
                known[requires_python] = specifier.contains(python_version, prereleases=True)
            except InvalidSpecifier:
                known[requires_python] = True
        return known[requires_python]

    return admits


def _choose(
    upstream: Upstream, releases: Sequence[_Release], settings: ViewSettings, only_label: str | None
) -> tuple[list[_Offer], list[str]]:
    """Choose among each release's wheels; a release that refuses the one label asked for leaves its reason."""
    loaded = _concurrently(lambda one: load_metadata(upstream, one.labelled, one.variants_json), releases)
    offers, refusals = [], []
    for release, found in zip(releases, loaded, strict=True):
        try:
            choice = choose_version(
                release.version,
                release.wheels,
                found.metadata,
                settings.machine,
                settings.target.tags,
                prefer=settings.prefer,
                only_label=only_label,
                problem=found.problem,
            )
            offers.append(_Offer(release, found, choice))
        except RefusedError as error:
            refusals.append(str(error))
    return offers, refusals


def _drop_unreadable(upstream: Upstream, offers: Sequence[_Offer]) -> list[_Offer]:
    """Leave out the wheels whose dependencies the installer could not read."""
    files = [candidate.file for offer in offers for candidate in offer.choice.ranked]
    notes = _concurrently(lambda file: check_markers(upstream, file), files)
    found = {file.filename: note for file, note in zip(files, notes, strict=True) if note is not None}
    return [_without(offer, found) for offer in offers]


def _without(offer: _Offer, found: Mapping[str, tuple[str, str]]) -> _Offer:
    choice = offer.choice
    notes: dict[str, list[str]] = {}
    for candidate in choice.ranked:
        if candidate.file.filename in found:
            code, sentence = found[candidate.file.filename]
            notes.setdefault(code, []).append(sentence)
    said = (
        (code, sentences[0] + (f" (and {len(sentences) - 1} more)" if len(sentences) > 1 else ""))
        for code, sentences in notes.items()
    )
    ranked = tuple(candidate for candidate in choice.ranked if candidate.file.filename not in found)
    return offer._replace(choice=choice._replace(ranked=ranked, notes=(*choice.notes, *said)))


def _drop_unproven(upstream: Upstream, offers: Sequence[_Offer], settings: ViewSettings) -> list[_Offer]:
    """Leave out the variants of a version whose metadata nothing vouches for and whose best wheel contradicts it."""

    def check(offer: _Offer) -> tuple[str, str] | None:
        metadata = offer.loaded.metadata
        if metadata is None or offer.loaded.vouched or not offer.choice.ranked:
            return None
        return check_agreement(upstream, offer.choice.ranked[0], metadata)

    proven = []
    for offer, note in zip(offers, _concurrently(check, offers), strict=True):
        if note is not None and settings.require_hashes:
            raise RefusedError(note[1])
        choice = offer.choice
        kept = choice if note is None else choice._replace(ranked=(), notes=(*choice.notes, note))
        proven.append(offer._replace(choice=kept))
    return proven


def _list_candidates(offer: _Offer, target: Target) -> list[PlainFile]:
    names = name_plainly(offer.choice, offer.release.wheels, target.tags)
    pairs = zip(names, offer.choice.ranked, strict=True)
    return [PlainFile(name, candidate.file, candidate.label) for name, candidate in pairs]


def _untouched(page: Page) -> list[PlainFile]:
    """Everything that is no variant, as it is; a name that is listed twice counts once, the first time."""
    files: dict[str, File] = {}
    for file in page.files:
        name = parse_filename(file.filename, page.name)
        if name is not None and name.kind != "variants" and not _is_variant(file):
            files.setdefault(file.filename, file)
    return [PlainFile(name, file) for name, file in files.items()]


def _is_variant(file: File) -> bool:
    return file.filename.endswith(".whl") and parse_wheel_name(file.filename).label is not None


def has_variants(page: Page) -> bool:
    """Whether an index lists variant wheels on this page, usable here or not."""
    return any(_is_variant(file) for wheels, _ in group_versions(page).values() for file in wheels)


def _refusal(page: Page, settings: ViewSettings, label: str, offers: Sequence[_Offer], refusals: Sequence[str]) -> str:
    """Why nothing is left of the one label asked for: the newest version's reason."""
    reasons = [*refusals, *(sentence for offer in offers for _, sentence in offer.choice.notes)]
    if reasons:
        return reasons[0]
    for version, (wheels, _) in _allowed_versions(page, page.name, settings):
        try:
            choose_version(version, wheels, None, settings.machine, settings.target.tags, only_label=label)
        except RefusedError as error:
            return str(error)
    return f"{page.name}: the variant {label!r} was asked for, and no version that may be installed has wheels"


def _concurrently(function: Callable[[_T], _R], items: Sequence[_T]) -> list[_R]:
    """Map `function` over `items`, a few at a time; the first error ends the rest."""
    if len(items) < 2:
        return [function(item) for item in items]
    from concurrent.futures import ThreadPoolExecutor

    pool = ThreadPoolExecutor(CONNECTIONS)
    try:
        return list(pool.map(function, items))
    finally:
        pool.shutdown(cancel_futures=True)
