"""What is installed in an environment: projects, versions and variant labels, from `.dist-info` alone."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from variantkit.errors import VariantkitError
from variantkit.index.pages.filename import normalize_project
from variantkit.variants.metadata import parse_metadata

if TYPE_CHECKING:
    from collections.abc import Iterable

VARIANT_JSON_CAP = 4 << 20


class Installed(NamedTuple):
    """One installed project; `label` is None for a plain wheel, `stamp` changes with each installation."""

    project: str
    version: str
    label: str | None
    stamp: tuple[int, int]


def installed_builds(directories: Iterable[str], projects: Iterable[str] | None = None) -> dict[str, Installed]:
    """Normalised project name -> what is installed; only `projects` when given. The first directory wins."""
    wanted = None if projects is None else frozenset(projects)
    found: dict[str, Installed] = {}
    for directory in dict.fromkeys(directories):
        for entry in _dist_infos(directory):
            name, _, version = entry.name.removesuffix(".dist-info").partition("-")
            project = normalize_project(name)
            if version and project not in found and (wanted is None or project in wanted):
                found[project] = Installed(project, version, _label(entry.path), _stamp(entry.path))
    return found


def _dist_infos(directory: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(directory) as entries:
            return sorted((e for e in entries if e.name.endswith(".dist-info")), key=lambda entry: entry.name)
    except OSError:
        return []  # an environment that nothing was installed into yet


def _label(dist_info: str) -> str | None:
    """The label of the wheel that this came from (PEP 825: `variant.json` names exactly one)."""
    path = os.path.join(dist_info, "variant.json")
    try:
        with open(path, "rb") as stream:
            metadata = parse_metadata(stream.read(VARIANT_JSON_CAP), path)
    except (OSError, VariantkitError):
        return None
    return next(iter(metadata.variants), None)


def _stamp(dist_info: str) -> tuple[int, int]:
    status = os.stat(dist_info)
    return (status.st_ino, status.st_mtime_ns)
