"""One client of the loopback server: who may speak, what may be asked, and how it is answered."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from string import punctuation
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, unquote_to_bytes

from variantkit.errors import VariantkitError
from variantkit.index.pages.filename import normalize_project
from variantkit.index.pages.page import JSON_TYPE, printable
from variantkit.index.pages.rendering import negotiate, render_html, render_json
from variantkit.index.serve.mounts import may_redirect
from variantkit.index.upstream.origin import with_suffix

if TYPE_CHECKING:
    from collections.abc import Mapping

    from variantkit.index.serve.mounts import MountedIndex, Offer
    from variantkit.index.serve.server import Server
    from variantkit.index.view import PlainFile, ProjectView

HEADER_CAP = 32 * 1024
CHUNK = 256 * 1024
IDLE_TIMEOUT = 120.0
PASSED_ON = ("content-type", "content-length", "content-range", "accept-ranges", "last-modified")
SUCCESSES = (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
FOREVER = "private, max-age=31536000, immutable"
SUFFIX = ".metadata"

_path = re.compile(r"/([0-9a-f]{12})/(simple|files)/([A-Za-z0-9][A-Za-z0-9._-]*)(?:/([A-Za-z0-9][A-Za-z0-9._+!-]*)?)?")

_one_range = re.compile(r"bytes=(?:[0-9]{1,18}-[0-9]{0,18}|-[0-9]{1,18})").fullmatch


class Event(NamedTuple):
    """What happened: kind `view` (a project's view was made), `file` (a file was asked for), `note` or `error`."""

    kind: str
    mount: str
    project: str
    text: str = ""
    view: ProjectView | None = None
    exit_code: int = 0


class Refusal(Exception):  # noqa: N818 - an answer, not an error of ours
    """A request that gets a status and one sentence instead of what it asked for."""

    def __init__(self, status: HTTPStatus, sentence: str, **headers: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.headers = headers


class Wanted(NamedTuple):
    """A parsed path: `file` is None for the project's page."""

    mounted: MountedIndex
    project: str
    file: str | None


class Conversation(BaseHTTPRequestHandler):
    """A connection, kept alive; GET and HEAD alone, request bodies are never read."""

    protocol_version = "HTTP/1.1"
    server_version = "variantkit"
    sys_version = ""
    timeout = IDLE_TIMEOUT
    disable_nagle_algorithm = True

    @property
    def owner(self) -> Server:
        return self.server.owner  # type: ignore[attr-defined, no-any-return]

    def do_GET(self) -> None:
        try:
            self._require_welcome()
            self._answer(self._parse_path())
        except Refusal as refusal:
            self._send_sentence(refusal.status, str(refusal), refusal.headers)
        except VariantkitError as error:
            # An upstream that fails must never look like one without the project: that would be a silent fallback.
            self._send_sentence(HTTPStatus.BAD_GATEWAY, str(error), {})
        except (ConnectionError, TimeoutError):
            self.close_connection = True

    do_HEAD = do_GET  # noqa: N815 - the names that BaseHTTPRequestHandler looks up

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What the standard library refuses by itself, in our words; a method without `do_…` is 405."""
        status = HTTPStatus(code)
        if status is HTTPStatus.NOT_IMPLEMENTED:
            return self._send_sentence(HTTPStatus.METHOD_NOT_ALLOWED, "GET and HEAD only", {"Allow": "GET, HEAD"})
        return self._send_sentence(status, status.phrase, {})

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the signature is http.server's
        """Nothing is logged per request: events say what matters and never hold a secret."""

    # Who may speak

    def _require_welcome(self) -> None:
        headers = self.headers
        if sum(len(name) + len(value) for name, value in headers.items()) > HEADER_CAP:
            raise Refusal(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, f"more than {HEADER_CAP} bytes of headers")
        if headers.get("Transfer-Encoding") or headers.get("Content-Length", "0").strip() != "0":
            raise Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "a request body is not read here")
        hosts = headers.get_all("Host") or []
        if len(hosts) != 1 or hosts[0].lower() not in self.owner.hosts:
            raise Refusal(HTTPStatus.MISDIRECTED_REQUEST, "this server answers only under its own address")
        if "Origin" in headers or headers.get("Sec-Fetch-Site", "none").lower() not in {"none", "same-origin"}:
            raise Refusal(HTTPStatus.FORBIDDEN, "requests from web pages are refused")
        if not self._knows_password(headers.get("Authorization", "")):
            challenge = {"WWW-Authenticate": 'Basic realm="variantkit"'}
            raise Refusal(HTTPStatus.UNAUTHORIZED, "the password of this server is needed", **challenge)
        self.server.welcome(self.connection)  # type: ignore[attr-defined]

    def _knows_password(self, authorization: str) -> bool:
        scheme, _, encoded = authorization.partition(" ")
        try:
            _, _, password = base64.b64decode(encoded.strip(), validate=True).partition(b":")
        except (binascii.Error, ValueError):
            return False
        return scheme.lower() == "basic" and hmac.compare_digest(password, self.owner.password.encode())

    # What may be asked

    def _parse_path(self) -> Wanted:
        # No URL is split here: an absolute one, as a proxy is asked, would name another host than `Host` does.
        path = unquote_to_bytes(self.path.partition("?")[0]).decode("ascii", "replace")
        match = _path.fullmatch(path)
        index = self.owner.mounted.get(match[1]) if match else None
        if match is None or index is None or (match[2] == "files") != bool(match[4]):
            raise Refusal(
                HTTPStatus.NOT_FOUND, "expected /<mount>/simple/<project>/ or /<mount>/files/<project>/<file>"
            )
        return Wanted(index, normalize_project(match[3]), match[4])

    def _answer(self, wanted: Wanted) -> None:
        try:
            offer = wanted.mounted.offer(wanted.project)
        except VariantkitError as error:
            self._report_error(wanted, error)
            raise
        if offer is None:
            raise Refusal(HTTPStatus.NOT_FOUND, f"{wanted.project}: nothing of this project is served here")
        if wanted.file is None:
            self._send_page(offer)
        else:
            self._send_listed_file(wanted, offer, wanted.file)

    def _report_error(self, wanted: Wanted, error: VariantkitError) -> None:
        self.owner.report(Event("error", wanted.mounted.mount.name, wanted.project, str(error), None, error.exit_code))

    def _send_listed_file(self, wanted: Wanted, offer: Offer, name: str) -> None:
        plain, suffix = offer.files.get(name), ""
        if plain is None and name.endswith(SUFFIX):
            plain, suffix = offer.files.get(name.removesuffix(SUFFIX)), SUFFIX
        if plain is None or (suffix and not plain.file.core_metadata):
            raise Refusal(HTTPStatus.NOT_FOUND, f"{name}: not listed on the page of {wanted.project}")
        if not suffix:
            self.owner.report(Event("file", wanted.mounted.mount.name, wanted.project, name))
        if may_redirect(wanted.mounted.mount.upstream, plain.file.url):
            self._redirect(with_suffix(plain.file.url, suffix))
        else:
            self._stream(wanted, plain, suffix)

    # How it is answered

    def _send_page(self, offer: Offer) -> None:
        content_type = negotiate(self.headers.get("Accept", ""))
        text = render_json(offer.page) if content_type == JSON_TYPE else render_html(offer.page)
        body = text.encode()
        etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        headers = {"ETag": etag, "Cache-Control": "no-cache", "Vary": "Accept"}
        if etag in self.headers.get("If-None-Match", ""):
            self._send_head(HTTPStatus.NOT_MODIFIED, headers)
        else:
            charset = "" if content_type == JSON_TYPE else "; charset=utf-8"
            self._send_body(HTTPStatus.OK, body, {**headers, "Content-Type": content_type + charset})

    def _redirect(self, url: str) -> None:
        self._send_body(HTTPStatus.FOUND, b"", {"Location": quote(url, safe=punctuation), "Cache-Control": "no-cache"})

    def _stream(self, wanted: Wanted, plain: PlainFile, suffix: str) -> None:
        etag = file_etag(plain, suffix)
        if etag and etag in self.headers.get("If-None-Match", ""):
            return self._send_head(HTTPStatus.NOT_MODIFIED, {"ETag": etag, "Cache-Control": FOREVER})
        wanted_range = self.headers.get("Range", "")
        passed = {"Range": wanted_range} if _one_range(wanted_range) else {}
        try:
            with wanted.mounted.mount.upstream.stream(plain.file, suffix=suffix, headers=passed) as stream:
                if stream.status not in SUCCESSES:
                    raise Refusal(
                        HTTPStatus.NOT_FOUND, f"{plain.file.filename}{suffix}: its index lists it, but has it not"
                    )
                found = stream.headers
                kept = {name.title(): found[name] for name in PASSED_ON if name in found}
                if "content-length" not in found:
                    self.close_connection = True  # the end of the file is the end of the connection
                self._send_head(HTTPStatus(stream.status), {**kept, "ETag": etag, "Cache-Control": FOREVER})
                while self.command == "GET" and (chunk := stream.read(CHUNK)):
                    self.wfile.write(chunk)
        except VariantkitError as error:
            self._report_error(wanted, error)
            self.close_connection = True  # a head may have been sent: a cut connection is what the client must see
            if not self._head_sent:
                raise
        return None

    _head_sent = False

    def _send_head(self, status: HTTPStatus, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            if value and value.isprintable():  # a foreign header may hold line ends
                self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self._head_sent = True

    def _send_body(self, status: HTTPStatus, body: bytes, headers: Mapping[str, str]) -> None:
        self._send_head(status, {**headers, "Content-Length": str(len(body))})
        if self.command != "HEAD":
            self.wfile.write(body)

    def _send_sentence(self, status: HTTPStatus, sentence: str, headers: Mapping[str, str]) -> None:
        self.close_connection = True  # whatever follows on this connection is not worth guessing
        body = f"variantkit: {printable(sentence)}\n".encode()
        kind = {"Content-Type": "text/plain; charset=utf-8", "X-Content-Type-Options": "nosniff"}
        self._send_body(status, body, {**kind, **headers})

    def handle_one_request(self) -> None:
        self._head_sent = False
        super().handle_one_request()


def file_etag(plain: PlainFile, suffix: str) -> str:
    metadata = plain.file.core_metadata
    if suffix:
        digest = metadata.get("sha256", "") if metadata and not isinstance(metadata, bool) else ""
    else:
        digest = plain.file.hashes.get("sha256", "")
    return f'"{digest}"' if digest else ""
