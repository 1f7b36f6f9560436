"""An index on the network: its pages, files and parts of files over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from variantkit.errors import InputError, RefusedError
from variantkit.index.pages.filename import normalize_project
from variantkit.index.pages.page import ACCEPT, PAGE_CAP, parse_page
from variantkit.index.upstream import Stream, require_digest
from variantkit.index.upstream.connections import HttpOptions
from variantkit.index.upstream.credentials import Credentials
from variantkit.index.upstream.decoding import read_body
from variantkit.index.upstream.exchange import Exchange
from variantkit.index.upstream.member import read_member
from variantkit.index.upstream.origin import origin_of, redacted, split_userinfo, with_suffix
from variantkit.index.upstream.remote_file import open_remote

if TYPE_CHECKING:
    from collections.abc import Mapping

    from variantkit.index.pages.page import File, Page
    from variantkit.index.upstream.exchange import Reply

_PASSED_ON = frozenset({"range", "if-range", "if-none-match", "if-modified-since"})


class HttpUpstream:
    """One index at an http or https URL; safe to use from several threads.

    Credentials come from the URL, netrc, or keyring when `options.keyring` says so, and reach only the scheme, host
    and port that they are for. What a page lists must be http or https, and not on an internal address unless the
    index is on one itself.
    """

    def __init__(self, url: str, options: HttpOptions | None = None) -> None:
        self._options = options or HttpOptions()
        self._credentials = Credentials(url.partition("#")[0], self._options.environment, keyring=self._options.keyring)
        self._base = self._credentials.url.rstrip("/") + "/"
        self._origin = origin_of(self._base)
        self._exchange = Exchange(self._credentials, self._options)

    @property
    def url(self) -> str:
        return redacted(self._credentials.url)

    @property
    def has_credentials(self) -> bool:
        return self._options.client_cert is not None or self._credentials.login(self._origin) is not None

    def close(self) -> None:
        """Close idle connections; the upstream can still be used."""
        self._exchange.close()

    def page(self, project: str) -> Page | None:
        name = normalize_project(project)
        if not name.replace("-", "").isalnum() or not name.isascii():
            raise InputError(f"{self.url}: expected a project's name, found {project!r}")
        headers = {"Accept": ACCEPT, "Accept-Encoding": "gzip"}
        absent = self._options.forbidden_is_absent
        reply = self._exchange.get(f"{self._base}{name}/", headers, forbidden_is_absent=absent)
        if reply.status in {403, 404, 410}:
            reply.close()
            return None
        _require_whole(reply, redacted(reply.url))
        body = read_body(reply, PAGE_CAP, self._options.deadline)
        page = parse_page(reply.headers.get("content-type", ""), body, redacted(reply.url), name)
        return self._without_internal(page)

    def read(self, file: File, *, cap: int, suffix: str = "") -> bytes:
        reply = self._exchange.get(with_suffix(file.url, suffix), {"Accept-Encoding": "gzip"})
        where = redacted(reply.url)
        _require_whole(reply, f"{file.filename}{suffix} at {where}")
        data = read_body(reply, cap, self._options.deadline)
        require_digest(data, file, suffix, where)
        return data

    def stream(self, file: File, *, suffix: str = "", headers: Mapping[str, str] | None = None) -> Stream:
        passed = {name: value for name, value in (headers or {}).items() if name.lower() in _PASSED_ON}
        reply = self._exchange.get(with_suffix(file.url, suffix), passed)
        return Stream(reply.status, reply.headers, reply.read, reply.close)

    def member(self, file: File, name_suffix: str, *, cap: int) -> bytes | None:
        where = f"{file.filename} at {redacted(file.url)}"

        def ask(wanted: str) -> Reply:
            return self._exchange.get(file.url, {"Range": wanted} if wanted else {})

        with open_remote(ask, where) as wheel:
            return read_member(wheel, name_suffix, cap, where)

    def _without_internal(self, page: Page) -> Page:
        """The page without entries that spell out an internal address, which only an internal index may name."""
        kept, notes = [], list(page.notes)
        for file in page.files:
            try:
                self._exchange.require_allowed(file.url)
            except (RefusedError, InputError) as error:
                notes.append(f"{file.filename} is left out: {error}")
            else:
                kept.append(file._replace(url=split_userinfo(file.url)[0]))
        return page._replace(files=tuple(kept), notes=tuple(notes))


def _require_whole(reply: Reply, what: str) -> None:
    if reply.status != 200:
        reply.close()
        raise InputError(f"{what}: expected the whole file (status 200), found status {reply.status}")
