"""Upstreams: the indexes that wheels come from, one Protocol for those on the network and those in directories."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol

from variantkit.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

    from variantkit.index.pages.page import File, Page
    from variantkit.index.upstream.connections import HttpOptions
    from variantkit.index.upstream.directory_upstream import DirectoryUpstream
    from variantkit.index.upstream.http_upstream import HttpUpstream

CHUNK = 1 << 16
_DIGESTS = ("sha256", "sha512", "sha384")


class Upstream(Protocol):
    """One index. `url` holds no credentials; with `has_credentials`, files are streamed and never redirected to.

    Every method raises UndeterminedError when the index does not answer as an index, InputError when its answer
    is unusable, and RefusedError when an answer leads where it must not. All may be called by several threads.
    """

    @property
    def url(self) -> str: ...

    @property
    def has_credentials(self) -> bool: ...

    def page(self, project: str) -> Page | None:
        """The project's page; None when the index has no such project."""
        ...

    def read(self, file: File, *, cap: int, suffix: str = "") -> bytes:
        """A whole small file of at most `cap` bytes, its digest checked where the page advertises one.

        `suffix` ".metadata" reads the file's core metadata from beside it (PEP 658).
        """
        ...

    def stream(self, file: File, *, suffix: str = "", headers: Mapping[str, str] = ...) -> Stream:
        """The file in chunks, nothing checked; of `headers`, Range and the conditional ones are honoured."""
        ...

    def member(self, file: File, name_suffix: str, *, cap: int) -> bytes | None:
        """The one file of a wheel, directly in a folder, whose path ends with `name_suffix`; None without one."""
        ...


class Stream:
    """An answer that is read in chunks: `status`, `headers` with lower-case names, and a context manager."""

    def __init__(
        self, status: int, headers: Mapping[str, str], read: Callable[[int], bytes], close: Callable[[], None]
    ) -> None:
        self.status = status
        self.headers = headers
        self._read = read
        self._close = close

    def read(self, amount: int = CHUNK) -> bytes:
        """At most `amount` bytes, as soon as some are there; b"" at the end, UndeterminedError when cut short."""
        return self._read(amount)

    def close(self) -> None:
        """Let go of the connection or file; harmless when repeated."""
        self._close()

    def __enter__(self) -> Stream:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()


def open_upstream(
    location: str, *, base_dir: str | None = None, options: HttpOptions | None = None
) -> HttpUpstream | DirectoryUpstream:
    """The upstream at an http(s) URL, a file: URL or a directory (relative to `base_dir`, else to the current one)."""
    scheme, mark, _ = location.partition("://")
    if mark and scheme.lower() in {"http", "https"}:
        from variantkit.index.upstream.http_upstream import HttpUpstream

        return HttpUpstream(location, options)
    from variantkit.index.upstream.directory_upstream import DirectoryUpstream

    if location.lower().startswith("file:"):
        from variantkit.index.upstream.directory_upstream import path_of_url

        return DirectoryUpstream(path_of_url(location))
    if mark:
        raise InputError(f"{scheme}: expected an index at an http, https or file URL, or a directory")
    return DirectoryUpstream(os.path.join(base_dir or os.getcwd(), os.path.expanduser(location)))


def advertised_digest(file: File, suffix: str) -> tuple[str, str] | None:
    """The algorithm and hex digest that a page gives for a file, or for the one beside it; the best known one."""
    found: object = file.core_metadata if suffix == ".metadata" else file.hashes if not suffix else None
    if found is None or isinstance(found, bool):
        return None
    digests: Mapping[str, str] = found  # type: ignore[assignment]
    return next(((name, digests[name]) for name in _DIGESTS if name in digests), None)


def require_digest(data: bytes, file: File, suffix: str, where: str) -> None:
    """Raise InputError when data differs from what the page said of it."""
    advertised = advertised_digest(file, suffix)
    if advertised is None:
        return
    import hashlib

    name, expected = advertised
    found = hashlib.new(name, data).hexdigest()
    if found != expected.lower():
        raise InputError(
            f"{file.filename}{suffix} at {where}: expected {name} {expected} as its page says, found {found};"
            " the file was changed after the page was made"
        )
