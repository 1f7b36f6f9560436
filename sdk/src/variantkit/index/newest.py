"""The newest release of a project that this machine can install, and the best wheel in it."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, NamedTuple

from variantkit.errors import InputError, RefusedError
from variantkit.index.pages.filename import normalize_project
from variantkit.index.selection import best_wheel, choose_version, group_versions
from variantkit.index.view import plain_view
from variantkit.variants.wheel import parse_wheel_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from variantkit.index.pages.page import File, Page
    from variantkit.index.selection import VersionChoice
    from variantkit.index.upstream import Upstream
    from variantkit.index.view import ViewSettings


class Newest(NamedTuple):
    """The wheel that an installer with variants takes: `label` is None for the plain one, `file` for none at all."""

    project: str
    version: str
    label: str | None
    file: File | None
    choice: VersionChoice


def choose_newest(upstream: Upstream, requirement: str, settings: ViewSettings) -> Newest:
    """Choose in the newest version of `requirement` that has a wheel for this machine and interpreter.

    When no version has such a wheel, the newest one is reported with `file` None. Raises InputError for a project
    that is not there, RefusedError when it has no wheels at all, and UndeterminedError when the index does not answer.
    """
    project, specifier = _parse_requirement(requirement)
    page = upstream.page(project)
    if page is None:
        raise InputError(f"{upstream.url}: expected the project {project!r}, found no such project in this index")
    groups = group_versions(page)
    first: Newest | None = None
    for version in _versions(groups, specifier):
        newest = _choose(upstream, page, (version, groups[version][0]), settings)
        if newest.file is not None:
            return newest
        first = first or newest
    if first is None:
        raise RefusedError(f"{upstream.url}: {project} has no wheel of a version that is {specifier or 'released'}")
    return first


def _parse_requirement(text: str) -> tuple[str, str]:
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        requirement = Requirement(text)
    except InvalidRequirement as error:
        raise InputError(f"requirement {text!r}: {str(error).splitlines()[0]}") from None
    if requirement.url or requirement.marker:
        raise InputError(
            f"requirement {text!r}: expected a name and versions, such as 'numpy>=2'; found a URL or marker"
        )
    return normalize_project(requirement.name), str(requirement.specifier)


def only_project(directory: str) -> str:
    """The one project that has wheels in a directory; raise InputError when there are several, or none."""
    names = set[str]()
    for _, _, files in os.walk(directory):
        for file in files:
            if file.endswith(".whl"):
                with contextlib.suppress(InputError):  # not a wheel by its name: not a project either
                    names.add(normalize_project(parse_wheel_name(file).name))
    if len(names) != 1:
        found = ", ".join(sorted(names)[:8]) or "none"
        raise InputError(f"{directory}: name the project to choose in; the projects with wheels here are: {found}")
    return names.pop()


def _versions(groups: Mapping[str, object], specifier: str) -> list[str]:
    """The versions that `specifier` admits, newest first; pre-releases when it names one, or there is nothing else."""
    from packaging.specifiers import SpecifierSet

    admitted = set(SpecifierSet(specifier).filter(groups))
    return [version for version in groups if version in admitted]


def _choose(upstream: Upstream, page: Page, release: tuple[str, tuple[File, ...]], settings: ViewSettings) -> Newest:
    version, wheels = release
    view = plain_view(_OnePage(upstream, page), page.name, settings._replace(specifiers={page.name: f"=={version}"}))
    choices = {choice.version: choice for choice in view.choices} if view else {}
    choice = choices.get(version) or choose_version(version, wheels, None, settings.machine, settings.target.tags)
    best = best_wheel(choice)
    return Newest(page.name, version, best[0] if best else None, best[1] if best else None, choice)


class _OnePage:
    """An upstream whose page of one project is already here."""

    def __init__(self, upstream: Upstream, page: Page) -> None:
        self._page = page
        self.url, self.has_credentials = upstream.url, upstream.has_credentials
        self.read, self.stream, self.member = upstream.read, upstream.stream, upstream.member

    def page(self, _project: str) -> Page:
        return self._page
