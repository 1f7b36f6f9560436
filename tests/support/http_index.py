"""An index on loopback for tests: pages and files of a directory, and every fault that a server can have."""

from __future__ import annotations

import base64
import gzip
import hashlib
import os
import re
import ssl
import subprocess
import threading
import zlib
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, unquote, urlsplit

from variantkit.index.pages.filename import parse_filename
from variantkit.index.pages.page import HTML_TYPE, JSON_TYPE, File, Page
from variantkit.index.pages.rendering import render_html, render_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    Answer = Callable[["Handler"], None]

SECONDS = 20


class Received(NamedTuple):
    """A request as it arrived; header names are lower-case."""

    method: str
    target: str
    headers: Mapping[str, str]


class HttpIndex:
    """A running index: `url` is its root, `requests` what it was asked, in order.

    `answers` maps a path (or `*`) to the answers it gives instead, one after the other, the last one for ever.
    """

    def __init__(self, server: ThreadingHTTPServer, directory: str, scheme: str) -> None:
        self.directory = directory
        self.port = int(server.server_address[1])
        self.host = f"{scheme}://127.0.0.1:{self.port}"
        self.url = f"{self.host}/simple/"
        self.requests: list[Received] = []
        self.connections = 0
        self.answers: dict[str, list[Answer]] = {}
        self.login: str | None = None
        self.json = True
        self.ranges = True
        self.hashes = True
        self.metadata = False
        self.provenance: dict[str, bytes] = {}  # what the integrity API has for a file name
        self.advertises_provenance = True
        self.released = threading.Event()
        self.lock = threading.Lock()

    def answer(self, path: str, *answers: Answer) -> None:
        """Script what a path answers."""
        self.answers[path] = list(answers)

    def require_login(self, user: str, password: str) -> None:
        """Refuse whoever does not come with this login."""
        self.login = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()

    def file_url(self, filename: str) -> str:
        return f"{self.host}/files/{quote(filename)}"

    def provenance_url(self, project: str, filename: str) -> str:
        """PEP 740's address, which the pages name where `advertises_provenance` says so."""
        read = parse_filename(filename, project)
        return f"{self.host}/integrity/{project}/{read.version if read else ''}/{quote(filename)}/provenance"

    def next_answer(self, path: str) -> Answer | None:
        with self.lock:
            scripted = self.answers.get(path) or self.answers.get("*")
            if not scripted:
                return None
            return scripted.pop(0) if len(scripted) > 1 else scripted[0]

    def page(self, project: str) -> Page | None:
        names = sorted(name for name in os.listdir(self.directory) if parse_filename(name, project))
        files = tuple(self._attested(project, self._file(name)) for name in names)
        return Page(project, files) if files else None

    def _attested(self, project: str, file: File) -> File:
        is_told = file.filename in self.provenance and self.advertises_provenance
        return file._replace(provenance=self.provenance_url(project, file.filename)) if is_told else file

    def _file(self, name: str) -> File:
        with open(os.path.join(self.directory, name), "rb") as stream:
            hashes = {"sha256": hashlib.sha256(stream.read()).hexdigest()} if self.hashes else {}
        metadata = os.path.join(self.directory, f"{name}.metadata")
        if not os.path.exists(metadata):
            return File(name, self.file_url(name), hashes)
        with open(metadata, "rb") as stream:
            return File(
                name, self.file_url(name), hashes, core_metadata={"sha256": hashlib.sha256(stream.read()).hexdigest()}
            )


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A client that hangs up is what many tests are about."""


class Handler(BaseHTTPRequestHandler):
    """Answers one connection."""

    protocol_version = "HTTP/1.1"
    timeout = SECONDS
    index: HttpIndex

    def setup(self) -> None:
        super().setup()
        with self.index.lock:
            self.index.connections += 1

    def do_GET(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        with self.index.lock:
            self.index.requests.append(Received(self.command, self.path, headers))
        path = unquote(urlsplit(self.path).path)
        scripted = self.index.next_answer(path) or usual
        scripted(self)

    def answer_usually(self) -> None:
        path = unquote(urlsplit(self.path).path)
        if self.index.login is not None and self.headers.get("Authorization") != self.index.login:
            self.send(401, b"", {"WWW-Authenticate": 'Basic realm="index"'})
        elif project := re.fullmatch(r"/simple/([a-z0-9-]+)/", path):
            self._send_page(project[1])
        elif integrity := re.fullmatch(r"/integrity/[^/]+/[^/]+/([^/]+)/provenance", path):
            self._send_provenance(integrity[1])
        elif path.startswith("/files/"):
            self._send_file(os.path.join(self.index.directory, os.path.basename(path)))
        else:
            self.send(404, b"")

    do_HEAD = do_CONNECT = do_GET  # noqa: N815 - names of http.server

    def send(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _send_page(self, project: str) -> None:
        page = self.index.page(project)
        if page is None:
            self.send(404, b"")
        elif self.index.json and JSON_TYPE in self.headers.get("Accept", ""):
            self.send(200, render_json(page).encode(), {"Content-Type": JSON_TYPE})
        else:
            self.send(200, render_html(page).encode(), {"Content-Type": HTML_TYPE})

    def _send_provenance(self, filename: str) -> None:
        found = self.index.provenance.get(filename)
        told = b'{"message": "No provenance available"}' if found is None else found
        kind = "application/json" if found is None else "application/vnd.pypi.integrity.v1+json"
        self.send(404 if found is None else 200, told, {"Content-Type": kind})

    def _send_file(self, path: str) -> None:
        if not os.path.isfile(path):
            return self.send(404, b"")
        with open(path, "rb") as stream:
            data = stream.read()
        etag = f'"{hashlib.sha256(data).hexdigest()[:16]}"'
        if etag in self.headers.get("If-None-Match", ""):
            return self.send(304, b"", {"ETag": etag})
        wanted = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("Range", "")) if self.index.ranges else None
        if wanted is None:
            return self.send(200, data, {"ETag": etag, "Content-Type": "application/octet-stream"})
        start = int(wanted[1]) if wanted[1] else max(0, len(data) - int(wanted[2]))
        end = min(len(data), int(wanted[2]) + 1) if wanted[1] and wanted[2] else len(data)
        span = {"Content-Range": f"bytes {start}-{end - 1}/{len(data)}", "ETag": etag}
        return self.send(206, data[start:end], span)

    def log_message(self, *args: object) -> None:
        """Tests read `requests` instead."""


def status(code: int, headers: Mapping[str, str] | None = None) -> Answer:
    return lambda handler: handler.send(code, b"", headers)


def body(data: bytes, content_type: str = JSON_TYPE, headers: Mapping[str, str] | None = None) -> Answer:
    return lambda handler: handler.send(200, data, {"Content-Type": content_type, **(headers or {})})


def redirect(url: str, code: int = 302) -> Answer:
    return status(code, {"Location": url})


def usual(handler: Handler) -> None:
    """What the index would answer without a script."""
    handler.answer_usually()


def hang(handler: Handler) -> None:
    """No answer until the test is over."""
    handler.index.released.wait(SECONDS)
    handler.close_connection = True


def drip_head(handler: Handler) -> None:
    """A head that comes byte by byte and does not end."""
    _drip(handler, b"HTTP/1.1 200 OK\r\nX-Slow: ")


def drip_body(handler: Handler) -> None:
    """A body that comes byte by byte and does not end."""
    _drip(handler, b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 1000000\r\n\r\n")


def _drip(handler: Handler, start: bytes) -> None:
    handler.close_connection = True
    try:
        handler.wfile.write(start)
        while not handler.index.released.wait(0.02):
            handler.wfile.write(b"x")
    except OSError:
        return


def disconnect(handler: Handler) -> None:
    """The connection ends instead of an answer."""
    handler.close_connection = True


def truncate(handler: Handler) -> None:
    """A body that ends before its announced length."""
    handler.send_response(200)
    handler.send_header("Content-Type", JSON_TYPE)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"meta": {"api-version": "1.0"}, ')
    handler.close_connection = True


def gzip_bomb(size: int) -> Answer:
    """`size` blanks as gzip, a thousandth of that on the wire."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    piece = b" " * (1 << 20)
    packed = b"".join(packer.compress(piece) for _ in range(size >> 20)) + packer.flush()
    return body(packed, headers={"Content-Encoding": "gzip"})


def gzipped(data: bytes, content_type: str = JSON_TYPE) -> Answer:
    return body(gzip.compress(data), content_type, {"Content-Encoding": "gzip"})


@contextmanager
def http_index(
    directory: str | os.PathLike[str], *, address: str = "127.0.0.1", certificate: Sequence[str] | None = None
) -> Iterator[HttpIndex]:
    """Serve a directory of distributions on loopback until the block ends; `certificate` is (chain, key)."""

    class BoundHandler(Handler):
        pass

    server = _Server((address, 0), BoundHandler)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    index = HttpIndex(server, os.fspath(directory), "https" if certificate else "http")
    BoundHandler.index = index
    if address != "127.0.0.1":
        index.host = f"http://{address}:{index.port}"
        index.url = f"{index.host}/simple/"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield index
    finally:
        index.released.set()
        server.shutdown()
        thread.join()
        server.server_close()


def make_certificate(directory: str | os.PathLike[str], name: str = "127.0.0.1") -> tuple[str, str]:
    """Write a certificate for an address that signs itself, and its key."""
    chain, key = (os.path.join(directory, part) for part in ("cert.pem", "key.pem"))
    kind = "IP" if re.fullmatch(r"[\d.]+", name) else "DNS"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    command += ["-keyout", key, "-out", chain, "-days", "2", "-subj", "/CN=test"]
    subprocess.run([*command, "-addext", f"subjectAltName={kind}:{name}"], check=True, capture_output=True)
    return chain, key
