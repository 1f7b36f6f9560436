"""One upstream index behind the loopback server: which pages and which files it offers."""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
import time
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, urlsplit
from urllib.request import url2pathname

from variantkit.errors import UndeterminedError, VariantkitError
from variantkit.index.pages.page import File, Page
from variantkit.index.view import PlainFile, ProjectView, ViewSettings, has_variants, plain_view

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from variantkit.index.upstream import Upstream
    from variantkit.machine.supported import Machine, NamespaceSupport
    from variantkit.variants.metadata import Metadata

PAGE_LIFE = 120.0
"""Seconds a project's view is kept: one installer run asks for it several times, a long `serve` must see news."""


class Mount(NamedTuple):
    """One upstream index at a URL of its own; upstreams are never merged.

    `complete` says that projects without variants are served too (pip has no order of indexes, so it must see
    everything through the server). Otherwise they are 404 and the installer goes on to its own index, whose
    cache entries stay useful (uv). `behind` names the indexes that the installer's own order puts before this
    one: a project that one of them has is never served from here, so that no later index can take it over.
    """

    name: str
    upstream: Upstream
    complete: bool = True
    behind: tuple[Upstream, ...] = ()


def mount_digest(mount: Mount) -> str:
    """The first component of a mount's URL: the same in every run, so that installers' caches stay useful.

    Files of a directory are rebuilt under the same name, which uv would not notice: there the digest covers their
    sizes and times, so that nothing of an earlier state is taken from a cache.
    """
    text = mount.upstream.url
    if text.startswith("file:"):
        text += "".join(_states(url2pathname(urlsplit(text).path)))
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:12]


def _states(directory: str) -> Iterator[str]:
    for path, folders, names in os.walk(directory):
        folders.sort()
        for name in sorted(names):
            with contextlib.suppress(OSError):
                status = os.stat(os.path.join(path, name))
                yield f"\n{path}/{name} {status.st_size} {status.st_mtime_ns}"


class Offer(NamedTuple):
    """One project as this mount shows it: the page to render, and the upstream file behind each plain name."""

    page: Page
    files: Mapping[str, PlainFile]
    view: ProjectView


class OneAtATime:
    """A Machine for many threads: namespaces are asked once, not once per connection."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._lock = threading.Lock()

    def support(self, metadata: Metadata) -> Mapping[str, NamespaceSupport]:
        with self._lock:
            return self._machine.support(metadata)


class MountedIndex:
    """The offers of one mount, each made once and kept for PAGE_LIFE seconds."""

    def __init__(
        self,
        mount: Mount,
        settings: ViewSettings,
        root_url: str,
        *,
        accept_fallback: bool,
        on_view: Callable[[ProjectView], None],
        on_note: Callable[[str, str], None],
    ) -> None:
        self.mount = mount
        self._settings = settings
        self._files_url = f"{root_url}/files"
        self._accept_fallback = accept_fallback
        self._on_view = on_view
        self._on_note = on_note
        self._offers: dict[str, tuple[float, Offer | None]] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    def offer(self, project: str) -> Offer | None:
        """What is offered for a normalised project name; None is a 404.

        Raises UndeterminedError when the upstream does not answer, or when a namespace that a candidate needs
        is denied because of the approved list's own state and falling back was not accepted.
        """
        with self._lock:
            lock = self._locks.setdefault(project, threading.Lock())
        with lock:
            made = self._offers.get(project)
            if made is None or time.monotonic() - made[0] > PAGE_LIFE:
                made = (time.monotonic(), self._make_offer(project))
                self._offers[project] = made
            return made[1]

    def _make_offer(self, project: str) -> Offer | None:
        for earlier in self.mount.behind:
            if (page := earlier.page(project)) is not None:
                self._note_passed_over(project, page, earlier)
                return None
        view = plain_view(self.mount.upstream, project, self._settings)
        if view is None or not (view.has_variants or self.mount.complete):
            return None
        if not self._accept_fallback:
            require_usable_list(view)
        if view.has_variants:
            self._on_view(view)
        files = {plain.plain_name: plain for plain in view.files}
        page = Page(project, tuple(self._listed(project, plain) for plain in view.files))
        return Offer(page, files, view)

    def _note_passed_over(self, project: str, page: Page, earlier: Upstream) -> None:
        """Say so when builds of this index lose to an earlier index that has plain ones alone."""
        own = None
        if not has_variants(page):
            with contextlib.suppress(VariantkitError):  # this index is not needed, so its faults are nobody's
                own = self.mount.upstream.page(project)
        if own is not None and has_variants(own):
            self._on_note(
                project,
                f"{project}: taken from {earlier.url}, which your installer asks first and which has no builds for "
                f"machines; {self.mount.upstream.url} has: put it first to get them",
            )

    def _listed(self, project: str, plain: PlainFile) -> File:
        """The file as the page lists it: upstream's own URL where the name is upstream's, ours otherwise."""
        file = plain.file
        if plain.plain_name == file.filename and may_redirect(self.mount.upstream, file.url):
            return file
        url = f"{self._files_url}/{project}/{quote(plain.plain_name)}"
        # An attestation names the original file, so a renamed one must not point at it.
        return file._replace(filename=plain.plain_name, url=url, provenance=None, gpg_sig=None)


def may_redirect(upstream: Upstream, url: str) -> bool:
    """Whether an installer may fetch `url` itself: never where our credentials would be needed, never from a disk."""
    parts = urlsplit(url)
    return not upstream.has_credentials and parts.scheme in {"http", "https"} and "@" not in parts.netloc


def require_usable_list(view: ProjectView) -> None:
    """Raise UndeterminedError when the approved list's own state denies a namespace that a candidate uses."""
    for choice in view.choices:
        for namespace, support in choice.support.items():
            if support.list_state:
                raise UndeterminedError(
                    f"{view.project} {choice.version}: cannot tell which build fits, because namespace {namespace!r} "
                    f"is denied ({support.code}: {support.detail}); mend or renew that list "
                    "('variantkit doctor' shows all), or take the fallback on purpose with "
                    "'variantkit install --accept-fallback'"
                )
