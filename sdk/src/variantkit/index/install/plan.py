"""The mounts of one installation: which of the installer's indexes are served, and in what order."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from variantkit.errors import InputError
from variantkit.index.install.installers import PIP, UV, Installer
from variantkit.index.serve.mounts import Mount
from variantkit.index.upstream import open_upstream
from variantkit.index.upstream.directory_upstream import path_of_url

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import ExitStack

    from variantkit.index.install.requirements import Stated
    from variantkit.index.install.settings import IndexSettings
    from variantkit.index.upstream import Upstream


def plan_mounts(
    installer: Installer,
    settings: IndexSettings,
    stated: Stated,
    environ: Mapping[str, str],
    *,
    named_index: str | None,
    offline: bool,
    stack: ExitStack,
) -> tuple[Mount, ...]:
    """One mount per index, in the installer's own order, then find-links directories that hold variants.

    uv asks its extra indexes before the default one and takes a project from the first that has it. pip considers
    all of them, and everything has to come through the mounts. `named_index` is the one the user named for this
    run; uv cannot read a directory as an index itself, so such a one is served whole. `stack` closes the upstreams.
    """
    options = settings.http_options(environ)._replace(forbidden_is_absent=installer.name == PIP)
    upstreams: dict[str, tuple[Upstream, str]] = {}
    for location in dict.fromkeys(_places(installer, settings, stated)):
        opened = open_upstream(location, options=options)
        stack.callback(opened.close)
        if offline and _is_remote(opened):
            raise InputError(f"--offline: the index {opened.url} is on the network; give --index-url DIRECTORY")
        upstreams.setdefault(opened.url, (opened, location))
    mounts: list[Mount] = []
    for number, (upstream, location) in enumerate(upstreams.values(), 1):
        whole = installer.name == PIP or (location == named_index and not _is_remote(upstream))
        behind = tuple(mount.upstream for mount in mounts) if installer.name == UV else ()
        mounts.append(Mount(f"index {number}", upstream, whole, behind))
    return tuple(mounts)


def _places(installer: Installer, settings: IndexSettings, stated: Stated) -> list[str]:
    links = [place for place in settings.find_links if _holds_variants(place)]
    if settings.no_index:
        _require_pip(installer, settings)
        return links
    extra = [*settings.extra_index_urls, *stated.extra_index_urls]
    indexes = [*extra, settings.index_url] if installer.name == UV else [settings.index_url, *extra]
    return [*(place for place in indexes if place), *links]


def _is_remote(upstream: Upstream) -> bool:
    return upstream.url.startswith(("http:", "https:"))


def _require_pip(installer: Installer, settings: IndexSettings) -> None:
    if installer.name == UV:
        raise InputError(
            f"uv: no-index is set ({settings.source}), so uv would not ask the loopback index; "
            "take it out, or use --installer pip"
        )


def _holds_variants(location: str) -> bool:
    if location.startswith(("http:", "https:")):
        return False
    path = path_of_url(location) if location.startswith("file:") else location
    try:
        return any(name.endswith("-variants.json") for name in os.listdir(path))
    except OSError:
        return False
