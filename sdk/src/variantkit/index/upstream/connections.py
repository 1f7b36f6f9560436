"""Connections to index servers: TLS, proxies, timeouts, and which addresses may be reached."""

from __future__ import annotations

import os
import weakref
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

from variantkit.errors import InputError, RefusedError
from variantkit.index.upstream.origin import Origin, is_internal, literal_address
from variantkit.index.upstream.proxies import Proxy, find_proxy

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping
    from http.client import HTTPConnection

_IDLE_PER_ORIGIN = 8
_CERTIFICATE_VARIABLES = ("PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")
# Where operating systems keep their certificates: for a Python whose OpenSSL was built for another place.
_SYSTEM_CERTIFICATES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)


class HttpOptions(NamedTuple):
    """How the user's installer is set up to reach its indexes; times are seconds.

    `forbidden_is_absent` says that a 403 to somebody without a login means "no such project", as indexes on object
    storage mean it. It is for installers that go on to their other indexes then (pip); for one that stops (uv), a later
    index could take over a project of a private one.
    """

    trusted_hosts: tuple[str, ...] = ()
    cert: str | None = None
    client_cert: str | None = None
    proxy: str | None = None
    keyring: bool = False
    forbidden_is_absent: bool = False
    connect_timeout: float = 10.0
    read_timeout: float = 30.0
    deadline: float = 120.0
    backoff: float = 0.2
    environ: Mapping[str, str] | None = None

    @property
    def environment(self) -> Mapping[str, str]:
        """The environment to read proxies, certificates and netrc from; that of this process by default."""
        return os.environ if self.environ is None else self.environ


class Connections:
    """A thread-safe pool of connections, kept alive between requests, on behalf of the index at one origin.

    An index on the public network must not send us to addresses that only we can reach (attacks: a page that
    names a cloud's metadata service): any other origin is refused when the connection's peer is internal and
    the index itself is not. The peer is judged, not the name, so no answer of a name server gets around it.
    """

    def __init__(self, home: Origin, options: HttpOptions) -> None:
        self._home = home
        self._options = options
        self._idle: dict[Origin, list[HTTPConnection]] = {}
        self._contexts: dict[tuple[bool, bool], ssl.SSLContext] = {}
        self._lock = Lock()
        self._home_is_internal: bool | None = None
        # Whoever forgets an upstream must not leave its sockets behind.
        weakref.finalize(self, _close_all, self._idle)

    def take(self, origin: Origin, *, fresh: bool = False) -> tuple[HTTPConnection, bool]:
        """A connection to an origin, and whether it was used before; the caller gives it back or closes it."""
        while not fresh and (connection := self._pop(origin)):
            if not _is_stale(connection):
                return connection, True
            connection.close()
        return self._connect(origin), False

    def give_back(self, origin: Origin, connection: HTTPConnection) -> None:
        """Keep a connection, whose last response was read to its end, for the next request."""
        with self._lock:
            idle = self._idle.setdefault(origin, [])
            if len(idle) < _IDLE_PER_ORIGIN:
                idle.append(connection)
                return
        connection.close()

    def close(self) -> None:
        """Close every idle connection."""
        with self._lock:
            _close_all(self._idle)

    def is_proxied(self, origin: Origin) -> bool:
        """Whether requests to an origin name the whole URL, because a proxy forwards them."""
        return origin.scheme == "http" and self._proxy_for(origin) is not None

    def proxy_header(self, origin: Origin) -> Mapping[str, str]:
        """The Proxy-Authorization header for an origin's proxy, if it wants one."""
        proxy = self._proxy_for(origin)
        return {"Proxy-Authorization": proxy.login.header} if proxy and proxy.login else {}

    def require_allowed(self, origin: Origin) -> None:
        """Refuse an origin that spells out an internal address, on behalf of a public index."""
        address = literal_address(origin.host)
        if origin != self._home and address and is_internal(address) and not self._home_internal():
            raise RefusedError(_internal_message(self._home, origin, address))

    def _pop(self, origin: Origin) -> HTTPConnection | None:
        with self._lock:
            idle = self._idle.get(origin)
            return idle.pop() if idle else None

    def _proxy_for(self, origin: Origin) -> Proxy | None:
        return find_proxy(origin, self._options.environment, self._options.proxy)

    def _connect(self, origin: Origin) -> HTTPConnection:
        self.require_allowed(origin)
        proxy = self._proxy_for(origin)
        connection = self._new_connection(origin, proxy)
        connection.timeout = self._options.connect_timeout
        try:
            connection.connect()
            if proxy is None:
                self._require_peer(origin, connection)
        except BaseException:
            connection.close()
            raise
        connection.sock.settimeout(self._options.read_timeout)
        return connection

    def _new_connection(self, origin: Origin, proxy: Proxy | None) -> HTTPConnection:
        from http.client import HTTPConnection, HTTPSConnection

        through = proxy.origin if proxy else origin
        if origin.scheme == "http":
            return HTTPConnection(through.host, through.port)
        connection = HTTPSConnection(through.host, through.port, context=self._context(origin))
        if proxy:
            connection.set_tunnel(origin.host, origin.port, dict(self.proxy_header(origin)))
        return connection

    def _require_peer(self, origin: Origin, connection: HTTPConnection) -> None:
        """Judge where a connection really leads, before anything is asked on it."""
        peer = str(connection.sock.getpeername()[0])
        internal = is_internal(peer)
        if origin == self._home:
            self._home_is_internal = internal
        elif internal and not self._home_internal():
            raise RefusedError(_internal_message(self._home, origin, peer))

    def _home_internal(self) -> bool:
        if self._home_is_internal is None:
            self._home_is_internal = _resolves_internally(self._home)
        return self._home_is_internal

    def _context(self, origin: Origin) -> ssl.SSLContext:
        verified = not _is_trusted(origin, self._options.trusted_hosts)
        # A client certificate is a credential: it is shown to the index it is for, not to hosts that pages name.
        presented = origin == self._home and self._options.client_cert is not None
        with self._lock:
            if (verified, presented) not in self._contexts:
                self._contexts[verified, presented] = _make_context(self._options, verified, presented)
            return self._contexts[verified, presented]


def _close_all(idle: dict[Origin, list[HTTPConnection]]) -> None:
    for connections in idle.values():
        while connections:
            connections.pop().close()


def _make_context(options: HttpOptions, verified: bool, presented: bool) -> ssl.SSLContext:
    import ssl

    source, path = _certificates(options)
    try:
        context = ssl.create_default_context(
            cafile=path if path and os.path.isfile(path) else None,
            capath=path if path and os.path.isdir(path) else None,
        )
    except (OSError, ssl.SSLError) as error:
        raise InputError(f"{source}: expected certificates in PEM form, found {path!r} unreadable ({error})") from error
    if path and not os.path.exists(path):
        raise InputError(f"{source}: expected a file or folder of certificates, but there is no {path!r}")
    if not verified:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if presented and options.client_cert:
        try:
            context.load_cert_chain(options.client_cert, password="")  # "" so that nothing is asked at a terminal
        except (OSError, ssl.SSLError) as error:
            raise InputError(
                f"{options.client_cert}: expected the client certificate and its key in one PEM file ({error})"
            ) from error
    return context


def _certificates(options: HttpOptions) -> tuple[str, str | None]:
    """Which certificates are trusted: the installer's setting, the environment's, the system's; with who said so."""
    import ssl

    if options.cert:
        return "cert", options.cert
    for name in _CERTIFICATE_VARIABLES:
        if options.environment.get(name):
            return name, options.environment[name]
    paths = ssl.get_default_verify_paths()
    if paths.cafile or (paths.capath and os.listdir(paths.capath)) or os.name == "nt":
        return "the system's certificates", None
    return "the system's certificates", next((path for path in _SYSTEM_CERTIFICATES if os.path.isfile(path)), None)


def _is_trusted(origin: Origin, trusted_hosts: tuple[str, ...]) -> bool:
    """Whether the user switched verification off for exactly this host (`host` or `host:port`)."""
    shown = f"[{origin.host}]" if ":" in origin.host else origin.host
    names = {origin.host, shown, f"{shown}:{origin.port}"}
    return any(entry.strip().lower() in names for entry in trusted_hosts)


def _resolves_internally(origin: Origin) -> bool:
    import socket

    address = literal_address(origin.host)
    if address:
        return is_internal(address)
    try:
        found = socket.getaddrinfo(origin.host, origin.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return False
    return bool(found) and all(is_internal(str(entry[4][0])) for entry in found)


def _internal_message(home: Origin, origin: Origin, address: str) -> str:
    return (
        f"{home}: names a file at {origin}, which is the internal address {address}, while the index itself is on the"
        " public network; refused, because only an index inside may send us there"
    )


def _is_stale(connection: HTTPConnection) -> bool:
    """Whether the server closed a kept connection, or sent what nobody asked for."""
    import select

    try:
        return connection.sock is None or bool(select.select([connection.sock], [], [], 0)[0])
    except (OSError, ValueError):
        return True
