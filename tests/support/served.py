"""Indexes for tests of serving and installing: a release with levels, a machine that is told, an upstream to spoil."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import threading
import zipfile
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, NamedTuple

from support.wheels import make_wheel
from variantkit.index.pages.page import File, Page
from variantkit.index.upstream import Stream
from variantkit.machine.supported import NamespaceSupport
from variantkit.variants.grammar import Feature

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from variantkit.variants.metadata import Metadata

SCHEMA = "https://variants-schema.wheelnext.dev/peps/850/v0.2.0.json"
USER, PASSWORD = "reader", "upstream-secret-f00d"


def write_release(
    directory: str,
    project: str = "sel",
    version: str = "1.0",
    *,
    levels: Sequence[str] = ("v3", "v2"),
    plain: bool = True,
    requires: Sequence[str] = (),
) -> dict[str | None, str]:
    """Write one wheel per level of namespace `site`, a variants.json and a plain wheel: label -> path."""
    os.makedirs(directory, exist_ok=True)
    document = {
        "$schema": SCHEMA,
        "default-priorities": {"namespace": ["site"]},
        "providers": {"site": {"requires": ["site-provider"], "plugin-api": "site_provider:Plugin"}},
        "variants": {level: {"site": {"level": [level]}} for level in levels},
    }
    paths: dict[str | None, str] = {}
    module = project.replace("-", "_")
    for level in levels:
        one = {**document, "variants": {level: {"site": {"level": [level]}}}}
        files = {f"{module}/__init__.py": f"LABEL = {level!r}\n"}
        paths[level] = make_wheel(directory, project, version, label=level, variant=one, files=files, requires=requires)
    if plain:
        paths[None] = make_wheel(directory, project, version, requires=requires)
    with open(os.path.join(directory, f"{module}-{version}-variants.json"), "w", encoding="utf-8") as stream:
        json.dump(document, stream)
    return paths


class ToldMachine:
    """A machine that supports these levels of `site`, best first, or answers what `support` says."""

    def __init__(self, *levels: str, answer: NamespaceSupport | None = None) -> None:
        features = (Feature("level", levels),) if levels else ()
        self._answer = answer or NamespaceSupport("static", "static-file", features)

    def support(self, metadata: Metadata) -> Mapping[str, NamespaceSupport]:
        return {"site": self._answer}


def memory_stream(data: bytes, status: int, headers: Mapping[str, str]) -> Stream:
    source = io.BytesIO(data)
    return Stream(status, headers, source.read, source.close)


class MemoryUpstream:
    """A directory of wheels as an upstream whose every answer a test can change; ranges are honoured."""

    def __init__(
        self, directory: str, *, url: str = "https://index.example/simple/", has_credentials: bool = False
    ) -> None:
        self.url = url
        self.has_credentials = has_credentials
        self.directory = directory
        self.failure: Exception | None = None
        self.pages = 0
        self.streamed: list[tuple[str, str]] = []
        self.core_metadata = False
        self.status = 200
        self.files_url = "https://files.example/"

    def page(self, project: str) -> Page | None:
        self.pages += 1
        if self.failure is not None:
            raise self.failure
        names = [name for name in sorted(os.listdir(self.directory)) if name.split("-")[0].replace("_", "-") == project]
        return Page(project, tuple(self._file(name) for name in names)) if names else None

    def _file(self, name: str) -> File:
        data = self._bytes(name)
        metadata = {"sha256": hashlib.sha256(self._metadata(data)).hexdigest()} if self.core_metadata else None
        return File(
            name,
            f"{self.files_url}{name}",
            {"sha256": hashlib.sha256(data).hexdigest()},
            core_metadata=metadata if name.endswith(".whl") else None,
            requires_python=">=3.9",
        )

    def _bytes(self, name: str) -> bytes:
        with open(os.path.join(self.directory, name), "rb") as stream:
            return stream.read()

    def _metadata(self, data: bytes) -> bytes:
        return self._member(data, ".dist-info/METADATA") or b""

    def _member(self, data: bytes, suffix: str) -> bytes | None:
        if not data.startswith(b"PK"):
            return None
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return next((archive.read(name) for name in archive.namelist() if name.endswith(suffix)), None)

    def read(self, file: File, *, cap: int, suffix: str = "") -> bytes:
        data = self._bytes(file.filename)
        return self._metadata(data) if suffix else data

    def member(self, file: File, name_suffix: str, *, cap: int) -> bytes | None:
        return self._member(self._bytes(file.filename), name_suffix)

    def stream(self, file: File, *, suffix: str = "", headers: Mapping[str, str] = {}) -> Stream:
        data = self.read(file, cap=1 << 30, suffix=suffix)
        self.streamed.append((file.filename + suffix, headers.get("Range", "")))
        if "Range" in headers:
            start, _, end = headers["Range"].removeprefix("bytes=").partition("-")
            part = data[int(start) : int(end) + 1]
            span = f"bytes {start}-{int(start) + len(part) - 1}/{len(data)}"
            return memory_stream(part, 206, {"content-length": str(len(part)), "content-range": span})
        return memory_stream(
            data, self.status, {"content-length": str(len(data)), "content-type": "application/octet-stream"}
        )


class Asked(NamedTuple):
    """One request that the HTTP index saw."""

    method: str
    path: str
    authorized: bool
    agent: str


class HttpIndex:
    """A simple index of a directory over real HTTP; `private` asks for the password.

    Projects in `failing` answer 500, those in `forbidding` 403.
    """

    def __init__(self, directory: str, *, private: bool = False) -> None:
        self.directory = directory
        self.private = private
        self.failing: set[str] = set()
        self.forbidding: set[str] = set()
        self.on_request: Callable[[], None] = lambda: None
        self.asked: list[Asked] = []
        owner = self

        class Answer(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                owner.answer(self)

            do_HEAD = do_GET  # noqa: N815 - the name that BaseHTTPRequestHandler looks up

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self._server.daemon_threads = True
        self.origin = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """The index URL, with the user name and password when they are asked for."""
        login = f"{USER}:{PASSWORD}@" if self.private else ""
        return f"{self.origin.replace('http://', 'http://' + login)}/simple/"

    def got(self, ending: str, agent: str = "") -> list[Asked]:
        """The GET requests whose path ends like that, from clients whose name starts like `agent`."""
        return [
            asked
            for asked in self.asked
            if asked.method == "GET" and asked.path.endswith(ending) and asked.agent.startswith(agent)
        ]

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        wanted = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        authorized = request.headers.get("Authorization") == wanted
        agent = request.headers.get("User-Agent", "").partition("/")[0]
        self.asked.append(Asked(request.command, request.path, authorized, agent))
        self.on_request()
        if self.private and not authorized:
            return self._send(request, 401, b"", {"WWW-Authenticate": 'Basic realm="index"'})
        kind, _, rest = request.path.strip("/").partition("/")
        if kind == "simple":
            return self._send_page(request, rest)
        path = os.path.join(self.directory, os.path.basename(rest))
        if not os.path.isfile(path):
            return self._send(request, 404, b"", {})
        with open(path, "rb") as stream:
            return self._send(request, 200, stream.read(), {"Cache-Control": "max-age=600"})

    def _send_page(self, request: BaseHTTPRequestHandler, project: str) -> None:
        if project in self.failing:
            return self._send(request, 500, b"broken", {})
        if project in self.forbidding:
            return self._send(request, 403, b"", {})
        names = [name for name in sorted(os.listdir(self.directory)) if name.split("-")[0].replace("_", "-") == project]
        lines = []
        for name in names:
            with open(os.path.join(self.directory, name), "rb") as stream:
                digest = hashlib.sha256(stream.read()).hexdigest()
            lines.append(f'<a href="/files/{name}#sha256={digest}">{name}</a>')
        body = f"<!DOCTYPE html><html><body>{''.join(lines)}</body></html>".encode()
        return self._send(request, 200 if names else 404, body, {"Content-Type": "text/html"})

    def _send(self, request: BaseHTTPRequestHandler, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        request.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            request.send_header(name, value)
        request.end_headers()
        if request.command != "HEAD":
            request.wfile.write(body)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextmanager
def http_index(directory: str, *, private: bool = False) -> Iterator[HttpIndex]:
    index = HttpIndex(directory, private=private)
    try:
        yield index
    finally:
        index.close()
