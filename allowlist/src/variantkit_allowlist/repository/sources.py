"""Sources of a repository: a server, or a copy of `public/` in a directory. Bytes come out; nothing is believed."""

from __future__ import annotations

import os
import stat
import time
from typing import TYPE_CHECKING

from tuf.api.exceptions import DownloadError, DownloadHTTPError
from tuf.ngclient.fetcher import FetcherInterface

from variantkit.errors import InputError, RefusedError, UndeterminedError
from variantkit.index.upstream.alarm import Alarm
from variantkit.index.upstream.connections import HttpOptions
from variantkit.index.upstream.credentials import Credentials
from variantkit.index.upstream.exchange import Exchange
from variantkit.index.upstream.origin import is_loopback_name, origin_of, split_userinfo

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from variantkit.index.upstream.exchange import Reply

CHUNK = 1 << 14
FILE_SECONDS = 60.0
"""How long one file may take: the timeout of a socket starts anew with each byte, and this does not."""

ALL_SECONDS = 600.0
"""How long all files of a source may take together; a server could name hundreds."""


class Server(FetcherInterface):
    """A repository at a URL. Each file comes within FILE_SECONDS; redirects stay on http(s) and never leave https."""

    def __init__(self, url: str, environ: Mapping[str, str], *, seconds: float | None = None) -> None:
        self.where = url
        self._ends = time.monotonic() + ALL_SECONDS
        self._seconds = seconds = FILE_SECONDS if seconds is None else seconds
        options = HttpOptions(connect_timeout=min(10.0, seconds), read_timeout=min(20.0, seconds), deadline=seconds)
        self._exchange = Exchange(Credentials(url, environ), options._replace(environ=environ))

    def _fetch(self, url: str) -> Iterator[bytes]:
        until = min(time.monotonic() + self._seconds, self._ends)
        if until <= time.monotonic():
            raise DownloadError(f"{self.where}: took too long; try again")
        try:
            reply = self._exchange.get(f"{self.where}/{url}", {}, forbidden_is_absent=True)
        except (UndeterminedError, InputError, RefusedError) as error:
            raise DownloadError(str(error)) from error
        if reply.status != 200:
            reply.close()
            raise DownloadHTTPError(f"{self.where}/{url}: status {reply.status}", reply.status)
        return _body(reply, until)

    def close(self) -> None:
        """Close idle connections."""
        self._exchange.close()


class Copy(FetcherInterface):
    """A copy of a published repository in a directory, such as a stick's."""

    def __init__(self, directory: str) -> None:
        self.where = directory

    def _fetch(self, url: str) -> Iterator[bytes]:
        path = os.path.join(self.where, *url.split("/"))
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
        try:
            descriptor = os.open(path, flags)
        except (FileNotFoundError, NotADirectoryError):
            raise DownloadHTTPError(f"{path}: there is no such file", 404) from None
        except OSError as error:
            raise DownloadError(f"{path}: cannot be read: {error.strerror}") from error
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):  # a device or a pipe would never end
            os.close(descriptor)
            raise DownloadError(f"{path}: expected a file, found something else")
        return _chunks(descriptor)

    def close(self) -> None:
        """Nothing is open between files."""


Source = Server | Copy


def open_server(url: str, environ: Mapping[str, str], *, allow_http: bool = False) -> Server:
    """The repository at a URL; raise InputError for plain http beyond this machine, and for a URL with a password."""
    bare, userinfo = split_userinfo(url)
    origin = origin_of(bare)
    if userinfo is not None:
        raise InputError(f"{bare}: expected a URL without a user name; put it into netrc, since the URL is remembered")
    if origin.scheme == "http" and not allow_http and not is_loopback_name(origin.host):
        raise InputError(f"{bare}: expected https; signatures hold over http too, but say --allow-http to use it")
    if "?" in bare or "#" in bare:
        raise InputError(f"{bare}: expected the URL of a directory, found a query or a fragment")
    return Server(bare.rstrip("/"), environ)


def open_copy(directory: str) -> Copy:
    """The repository in a directory: `public/` itself, or a list's directory that holds it."""
    for folder in (directory, os.path.join(directory, "public")):
        if os.path.isfile(os.path.join(folder, "metadata", "timestamp.json")):
            return Copy(os.path.abspath(folder))
    raise InputError(f"{directory}: expected a copy of a published repository (metadata/timestamp.json), found none")


def _body(reply: Reply, until: float) -> Iterator[bytes]:
    try:
        with Alarm(until - time.monotonic(), reply.abort):
            while chunk := reply.read(CHUNK):
                yield chunk
    except UndeterminedError as error:
        raise DownloadError(str(error)) from error
    finally:
        reply.close()


def _chunks(descriptor: int) -> Iterator[bytes]:
    with open(descriptor, "rb") as stream:
        while chunk := stream.read(CHUNK):
            yield chunk
