"""Exchanges: one question to an index server and its answer, after redirects and retries."""

from __future__ import annotations

import time
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urljoin

from variantkit.errors import InputError, RefusedError, UndeterminedError, VariantkitError
from variantkit.index.upstream.alarm import Alarm
from variantkit.index.upstream.connections import Connections
from variantkit.index.upstream.origin import origin_of, redacted, request_target, split_userinfo

if TYPE_CHECKING:
    from collections.abc import Mapping
    from http.client import HTTPConnection, HTTPResponse
    from socket import socket

    from variantkit.index.upstream.connections import HttpOptions
    from variantkit.index.upstream.credentials import Credentials
    from variantkit.index.upstream.origin import Origin

MAX_REDIRECTS = 5
MAX_RETRIES = 2
MAX_RETRY_AFTER = 2.0
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_TRANSIENT = frozenset({429, 500, 502, 503, 504})
_USER_AGENT = "variantkit"


class _Sent(NamedTuple):
    """A request that was answered; http.client forgets the socket of an answer that ends with its connection."""

    socket: socket
    response: HTTPResponse


class Reply:
    """An answer whose body is still to be read; `url` is where it came from, after redirects."""

    def __init__(self, pool: Connections, connection: HTTPConnection, request: _Sent, url: str) -> None:
        response = request.response
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.url = url
        self._pool = pool
        self._connection: HTTPConnection | None = connection
        self._response = response
        self._socket = request.socket
        self._aborted = False
        self._lock = Lock()

    def read(self, amount: int) -> bytes:
        """At most `amount` bytes of the body, as soon as there are some; b"" at its end."""
        from http.client import HTTPException

        try:
            chunk = self._response.read1(amount)
            left = self._response.length
        except (OSError, HTTPException, ValueError) as error:
            self.close()
            raise UndeterminedError(self._broken_off(_reason(error))) from error
        if self._aborted or (not chunk and left):
            self.close()
            raise UndeterminedError(self._broken_off(f"{left} bytes before its announced end"))
        if not chunk:
            self._finish()
        return chunk

    def abort(self) -> None:
        """Break the connection under a read that another thread is blocked in; that read raises."""
        self._aborted = True
        _shut(self._socket)

    def _broken_off(self, reason: str) -> str:
        said = "took too long" if self._aborted else f"broke off ({reason})"
        return f"{redacted(self.url)}: the answer {said}; try again"

    def close(self) -> None:
        """Let go of the connection; one whose answer was not read to its end cannot be used again."""
        with self._lock:
            connection, self._connection = self._connection, None
        if connection is not None:
            self._response.close()
            connection.close()

    def _finish(self) -> None:
        with self._lock:
            connection, self._connection = self._connection, None
        if connection is None:
            return
        if self._response.will_close:
            self._response.close()
            connection.close()
        else:
            self._response.close()
            self._pool.give_back(origin_of(self.url), connection)


class Exchange:
    """Asks one index's server, and those its pages name, as the user's installer is set up to."""

    def __init__(self, credentials: Credentials, options: HttpOptions) -> None:
        self._credentials = credentials
        self._options = options
        self._pool = Connections(origin_of(credentials.url), options)

    def close(self) -> None:
        """Close the idle connections."""
        self._pool.close()

    def require_allowed(self, url: str) -> None:
        """Raise for a URL that must not be asked, before anything is."""
        self._pool.require_allowed(origin_of(url))

    def get(self, url: str, headers: Mapping[str, str], *, forbidden_is_absent: bool = False) -> Reply:
        """The answer to a GET, with redirects followed; a status of 400 and more that is no plain absence is raised.

        404, 410 and 416 are answers and come back like 200. Everything else is an error: 401 and 403 say which host
        wants a login, and a server that fails is asked twice more before it counts as failing. With
        `forbidden_is_absent` a 403 to somebody without a login is an answer too.
        """
        url, _ = split_userinfo(url)
        until = time.monotonic() + self._options.deadline
        for _ in range(MAX_REDIRECTS + 1):
            reply = self._ask_patiently(url, headers, until)
            if reply.status not in _REDIRECTS:
                if reply.status == 403 and forbidden_is_absent and not self._credentials.login(origin_of(reply.url)):
                    return reply
                return self._require_answer(reply, is_part="Range" in headers)
            url = self._follow(reply)
        raise InputError(f"{redacted(url)}: expected a file, found more than {MAX_REDIRECTS} redirects in a row")

    def _follow(self, reply: Reply) -> str:
        location = reply.headers.get("location", "")
        reply.close()
        try:
            url, _ = split_userinfo(urljoin(reply.url, location))
        except ValueError as error:
            raise InputError(f"{redacted(reply.url)}: redirects to something that is no URL") from error
        before, after = reply.url.partition(":")[0].lower(), url.partition(":")[0].lower()
        if not location or after not in {"http", "https"}:
            raise RefusedError(f"{redacted(reply.url)}: redirects to a {after}: URL; refused, only https and http are")
        if before == "https" and after == "http":
            raise RefusedError(f"{redacted(reply.url)}: redirects from https to http ({redacted(url)}); refused")
        return url

    def _ask_patiently(self, url: str, headers: Mapping[str, str], until: float) -> Reply:
        for attempt in range(MAX_RETRIES):
            try:
                reply = self._ask(url, headers, until)
            except _BrokenConnectionError:
                time.sleep(self._options.backoff * 2**attempt)
                continue
            pause = self._pause(reply, attempt)
            if pause is None:
                return reply
            reply.close()
            time.sleep(pause)
        return self._ask(url, headers, until)

    def _pause(self, reply: Reply, attempt: int) -> float | None:
        """How long to wait before asking again, None when that is not to be done."""
        if reply.status not in _TRANSIENT:
            return None
        wanted = reply.headers.get("retry-after", "")
        pause = float(wanted) if wanted.isascii() and wanted.isdigit() else self._options.backoff * 2**attempt
        return pause if pause <= MAX_RETRY_AFTER else None

    def _ask(self, url: str, headers: Mapping[str, str], until: float) -> Reply:
        origin = origin_of(url)
        sent = self._headers(origin, headers)
        connection, was_used = self._open(origin, url, fresh=False)
        try:
            return self._converse(connection, origin, url, sent, until)
        except _BrokenConnectionError:
            if not was_used:
                raise
        # The server may have closed a kept connection just then: ask on a new one.
        connection, _ = self._open(origin, url, fresh=True)
        return self._converse(connection, origin, url, sent, until)

    def _open(self, origin: Origin, url: str, *, fresh: bool) -> tuple[HTTPConnection, bool]:
        import ssl
        from http.client import HTTPException

        try:
            return self._pool.take(origin, fresh=fresh)
        except ssl.SSLCertVerificationError as error:
            raise UndeterminedError(
                f"{redacted(url)}: the certificate of {origin.host} could not be verified ({error.verify_message});"
                " point SSL_CERT_FILE (or pip's `cert`) at the certificates of the network you are on"
            ) from error
        except ConnectionResetError as error:
            raise _BrokenConnectionError(_unanswered(url, error)) from error
        except (OSError, HTTPException, UnicodeError) as error:
            raise UndeterminedError(_unanswered(url, error)) from error

    def _converse(
        self, connection: HTTPConnection, origin: Origin, url: str, headers: dict[str, str], until: float
    ) -> Reply:
        from http.client import HTTPException

        target = f"{origin}{request_target(url)}" if self._pool.is_proxied(origin) else request_target(url)
        sock = connection.sock
        with Alarm(min(self._options.read_timeout, until - time.monotonic()), lambda: _shut(sock)) as alarm:
            try:
                connection.request("GET", target, headers=headers)
                response = connection.getresponse()
                if alarm.rang:  # a head that was cut off reads like one that ended
                    response.close()
                    raise TimeoutError
            except (OSError, HTTPException, ValueError) as error:
                connection.close()
                if isinstance(error, ConnectionError) and not alarm.rang:
                    raise _BrokenConnectionError(_unanswered(url, error)) from error
                raise UndeterminedError(_unanswered(url, TimeoutError() if alarm.rang else error)) from error
            except BaseException:
                connection.close()
                raise
        return Reply(self._pool, connection, _Sent(sock, response), url)

    def _headers(self, origin: Origin, headers: Mapping[str, str]) -> dict[str, str]:
        found = {"User-Agent": _USER_AGENT, "Accept-Encoding": "identity", **headers}
        if self._pool.is_proxied(origin):
            found.update(self._pool.proxy_header(origin))
        login = self._credentials.login(origin)
        if login is not None:
            found["Authorization"] = login.header
        return found

    def _require_answer(self, reply: Reply, *, is_part: bool) -> Reply:
        # Servers that know no ranges, or none counted from the end, say 416 or 501; the whole file may be had.
        if reply.status < 400 or reply.status in ({404, 410, 416, 501} if is_part else {404, 410, 416}):
            return reply
        reply.close()
        raise self._refusal(reply)

    def _refusal(self, reply: Reply) -> VariantkitError:
        where, origin = redacted(reply.url), origin_of(reply.url)
        if reply.status == 407:
            return UndeterminedError(f"{where}: the proxy wants a login; put it into the URL of the proxy")
        if reply.status in {401, 403}:
            said = "does not accept the login it got" if self._credentials.login(origin) else "wants a login"
            return UndeterminedError(
                f"{where}: {origin.host} {said} (status {reply.status}); put the user name and password for"
                f" {origin.host} into netrc, or into the index's URL"
            )
        return UndeterminedError(f"{where}: expected an answer, found status {reply.status}; try again later")


class _BrokenConnectionError(UndeterminedError):
    """The connection broke before an answer began; asking again is safe and may help."""


def _shut(connected: socket) -> None:
    import socket

    try:
        # The plain socket's method: that of TLS would make a blocked read take ciphertext for text.
        socket.socket.shutdown(connected, socket.SHUT_RDWR)
    except OSError:
        return


def _unanswered(url: str, error: Exception) -> str:
    return f"{redacted(url)}: no usable answer ({_reason(error)}); check the index's URL, the network and the proxy"


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "timed out"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
