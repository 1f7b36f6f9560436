"""The loopback server: the plain view of one machine, live, for installers that know no variants.

It is the standard library's threading server. Importing it costs about 40 ms where starlette, uvicorn and httpx
together cost about 190, `variantkit install` works without an extra to install first, and one installer on
loopback opens a few dozen connections at most, which threads serve well.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import socket
import socketserver
import sys
import threading
from collections import deque
from http.server import HTTPServer
from typing import TYPE_CHECKING, Any

from variantkit.errors import InputError, VariantkitError
from variantkit.index.serve.conversation import Conversation, Event
from variantkit.index.serve.mounts import Mount, MountedIndex, OneAtATime, mount_digest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from types import TracebackType

    from variantkit.index.view import ProjectView, ViewSettings

USER = "variantkit"
"""The user name of Basic authentication; only the password is secret."""

LOOPBACK = ("127.0.0.1", "localhost", "::1")
WILDCARDS = ("", "0.0.0.0", "::")  # noqa: S104 - refused
FIRST_PORT, PORT_COUNT, PORT_TRIES = 49152, 16384, 64
MAX_CONNECTIONS = 128
EVENTS_KEPT = 1024
"""A server that runs for months forgets old events; the latest view of each project and the errors stay."""


class Listener(socketserver.ThreadingMixIn, HTTPServer):
    """The socket: at most MAX_CONNECTIONS threads, each ended when the server closes.

    When there are as many, the oldest that has not shown the password has to go: whoever holds connections open
    without it, another user of the machine perhaps, keeps no client out.
    """

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = os.name == "posix"  # elsewhere it would let another program take the port over
    request_queue_size = 64

    def __init__(self, server: Server, host: str, port: int) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.owner = server
        self._room = threading.BoundedSemaphore(MAX_CONNECTIONS)
        self._open: dict[socket.socket, threading.Thread | None] = {}
        self._welcome: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__((host, port), Conversation)

    def server_bind(self) -> None:
        socketserver.TCPServer.server_bind(self)  # HTTPServer's own asks DNS for this machine's name
        self.server_name, self.server_port = self.server_address[:2]  # type: ignore[assignment]

    def process_request(self, request: Any, client_address: Any) -> None:
        if not self._room.acquire(blocking=False):
            self._end_oldest_stranger()
            if not self._room.acquire(timeout=1.0):
                self.shutdown_request(request)
                return
        with self._lock:
            self._open[request] = None
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open[request] = threading.current_thread()
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._lock:
                self._open.pop(request, None)
                self._welcome.discard(request)
            self._room.release()

    def welcome(self, connection: socket.socket) -> None:
        """Note that this connection has shown the password."""
        with self._lock:
            self._welcome.add(connection)

    def _end_oldest_stranger(self) -> None:
        with self._lock:
            stranger = next((connection for connection in self._open if connection not in self._welcome), None)
        if stranger is not None:
            with contextlib.suppress(OSError):
                stranger.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: object, client_address: object) -> None:
        """A connection that broke is the client's affair; anything else is an error of ours, and an event."""
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            self.owner.report(
                Event("error", "", "", f"internal error in the server: {type(error).__name__}: {error}", None, 3)
            )

    def end_connections(self) -> None:
        """Wake every thread that waits for its client, and wait for it."""
        with self._lock:
            still_open = dict(self._open)
        for connection, thread in still_open.items():
            with contextlib.suppress(OSError):  # it may have gone by itself
                connection.shutdown(socket.SHUT_RDWR)
            if thread is not None:
                thread.join(timeout=5.0)


class Server:
    """A running loopback server; a context manager, closed by `close`."""

    def __init__(
        self,
        mounts: Sequence[Mount],
        settings: ViewSettings,
        host: str,
        port: int | None,
        on_event: Callable[[Event], None] | None,
        *,
        accept_fallback: bool,
    ) -> None:
        self.password = secrets.token_urlsafe(24)
        self.events: deque[Event] = deque(maxlen=EVENTS_KEPT)
        self._views: dict[tuple[str, str], Event] = {}
        self._errors: dict[str, Event] = {}
        self._notes: dict[str, Event] = {}
        self.host = host
        self._on_event = on_event
        self._digests = {mount: mount_digest(mount) for mount in mounts}
        self._listener = self._listen(mounts, port)
        self.port: int = self._listener.server_port
        self.hosts = frozenset(f"{name}:{self.port}" for name in ("127.0.0.1", "localhost", bracketed(host)))
        self.base_url = f"http://{bracketed(host)}:{self.port}"
        shared = settings._replace(machine=OneAtATime(settings.machine))
        self.mounted = {
            digest: MountedIndex(
                mount,
                shared,
                f"{self.base_url}/{digest}",
                accept_fallback=accept_fallback,
                on_view=self._reporter(mount),
                on_note=self._noter(mount),
            )
            for mount, digest in self._digests.items()
        }
        self._thread = threading.Thread(target=self._listener.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def _listen(self, mounts: Sequence[Mount], port: int | None) -> Listener:
        failure: OSError | None = None
        for candidate in [port] if port is not None else ports_to_try(mounts):
            try:
                return Listener(self, self.host, candidate)
            except OSError as error:
                failure = error
        wanted = "any port" if port is None else f"port {port}"
        raise InputError(f"cannot listen on {self.host}, {wanted}: {failure}; name a free one with --port")

    def _reporter(self, mount: Mount) -> Callable[[ProjectView], None]:
        return lambda view: self.report(Event("view", mount.name, view.project, view=view))

    def _noter(self, mount: Mount) -> Callable[[str, str], None]:
        return lambda project, text: self.report(Event("note", mount.name, project, text))

    def report(self, event: Event) -> None:
        """Remember an event and tell the listener of events, before the client hears the answer."""
        self.events.append(event)
        if event.kind == "view":
            self._views[event.mount, event.project] = event
        elif event.kind == "error":
            self._errors[event.text] = event
        elif event.kind == "note":
            self._notes[event.text] = event
        if self._on_event is not None:
            self._on_event(event)

    def look_at(self, projects: Iterable[str]) -> None:
        """Make the views of projects that no client asked for; one that cannot be made is nobody's loss then."""
        seen = {project for _, project in self._views}
        for project in projects:
            for mounted in self.mounted.values() if project not in seen else ():
                with contextlib.suppress(VariantkitError):
                    mounted.offer(project)

    def url_for(self, mount: Mount, *, secret: bool = False) -> str:
        """The mount's index URL; with `secret` it holds the password and belongs in an environment, never in argv."""
        login = f"{USER}:{self.password}@" if secret else ""
        return f"http://{login}{bracketed(self.host)}:{self.port}/{self._digests[mount]}/simple/"

    @property
    def views(self) -> list[Event]:
        """The latest view of each project that had variants, in the order they were first made."""
        return list(self._views.values())

    @property
    def errors(self) -> list[Event]:
        """The distinct errors so far, oldest first."""
        return list(self._errors.values())

    @property
    def notes(self) -> list[Event]:
        """What the user should know although nothing failed, oldest first."""
        return list(self._notes.values())

    def wait(self) -> None:
        """Serve until the thread ends or the caller is interrupted."""
        while self._thread.is_alive():
            self._thread.join(timeout=1.0)

    def close(self) -> None:
        """Stop listening and end every connection; closing twice is harmless."""
        self._listener.shutdown()
        self._listener.server_close()
        self._listener.end_connections()
        self._thread.join()

    def __enter__(self) -> Server:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def serve(
    mounts: Sequence[Mount],
    settings: ViewSettings,
    host: str = "127.0.0.1",
    port: int | None = None,
    on_event: Callable[[Event], None] | None = None,
    *,
    allow_remote: bool = False,
    accept_fallback: bool = False,
) -> Server:
    """Serve each mount at a URL of its own and return the running server.

    Without `port` the first one tried follows from the user and the upstreams, so that the caches that installers
    keep by URL stay useful; every request needs `Server.password`. Raises InputError for a port that is taken, for
    a wildcard host, and for a host beyond loopback with a credentialed upstream unless `allow_remote`.
    """
    require_safe_host(host, mounts, allow_remote)
    return Server(mounts, settings, host, port, on_event, accept_fallback=accept_fallback)


def require_safe_host(host: str, mounts: Sequence[Mount], allow_remote: bool) -> None:
    if host in WILDCARDS:
        raise InputError(f"--host {host or repr(host)}: expected one address that clients use, such as 127.0.0.1")
    private = [mount.upstream.url for mount in mounts if mount.upstream.has_credentials]
    if host not in LOOPBACK and private and not allow_remote:
        raise InputError(
            f"--host {host}: other machines could read {', '.join(private)} with your credentials; "
            f"keep the default host, or add --allow-remote if that is what you want"
        )


def ports_to_try(mounts: Sequence[Mount]) -> list[int]:
    """Ports from the dynamic range, in an order that follows from the user and the upstreams; last, any free one."""
    user = os.getuid() if hasattr(os, "getuid") else os.environ.get("USERNAME", "")
    text = "\n".join([str(user), *(mount.upstream.url for mount in mounts)])
    start = int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")
    return [FIRST_PORT + (start + step) % PORT_COUNT for step in range(PORT_TRIES)] + [0]


def bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
