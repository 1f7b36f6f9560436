"""The loopback server: what it lists, how it answers, and whom it refuses."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import http.client
import json
import os
import socket
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from support.served import MemoryUpstream, ToldMachine, write_release
from support.wheels import make_wheel
from variantkit.errors import InputError, UndeterminedError
from variantkit.index.pages.page import parse_page
from variantkit.index.serve.mounts import Mount, mount_digest
from variantkit.index.serve.server import FIRST_PORT, PORT_COUNT, Server, ports_to_try, serve
from variantkit.index.view import ViewSettings
from variantkit.machine.supported import NamespaceSupport
from variantkit.machine.target import Target, query_target

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from variantkit.index.upstream import Stream

JSON = "application/vnd.pypi.simple.v1+json"
LIST_STATE = NamespaceSupport("denied", code="list-expired", detail="it ended", list_state=True)


class Reply:
    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.body = response.read()


def login(server: Server) -> dict[str, str]:
    token = base64.b64encode(f"variantkit:{server.password}".encode()).decode()
    return {"Authorization": f"Basic {token}"}


def ask(
    server: Server, path: str, headers: Mapping[str, str | None] = {}, method: str = "GET", body: str = ""
) -> Reply:
    """Ask with the password and the right Host; a header of None is left out."""
    wanted = {"Host": f"127.0.0.1:{server.port}", **login(server), **headers}
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    try:
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in wanted.items():
            if value is not None:
                connection.putheader(name, value)
        connection.endheaders(body.encode() or None)
        return Reply(connection.getresponse())
    finally:
        connection.close()


def say(server: Server, request_line: str) -> bytes:
    """Send a request line exactly as it is written, with the password and the right Host."""
    headers = {"Host": f"127.0.0.1:{server.port}", "Connection": "close", **login(server)}
    lines = [request_line, *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall("\r\n".join(lines).encode("latin-1"))
        with connection.makefile("rb") as answer:
            return answer.read()


@pytest.fixture(scope="module")
def target() -> Target:
    return query_target(None)


@pytest.fixture
def upstream(tmp_path: Path) -> MemoryUpstream:
    write_release(str(tmp_path), "sel")
    make_wheel(tmp_path, "dep")
    return MemoryUpstream(str(tmp_path))


@contextmanager
def serving(upstream: MemoryUpstream, target: Target, *, complete: bool = True, **settings: object) -> Iterator[Server]:
    machine = settings.pop("machine", None) or ToldMachine("v3", "v2")
    mount = Mount("main", upstream, complete)
    with serve([mount], ViewSettings(machine=machine, target=target), **settings) as server:  # type: ignore[arg-type]
        yield server


def root_of(server: Server) -> str:
    """`/<mount digest>`, for paths."""
    (digest,) = server.mounted
    return f"/{digest}"


def page_of(server: Server, project: str) -> dict[str, dict[str, object]]:
    reply = ask(server, f"{root_of(server)}/simple/{project}/", {"Accept": JSON})
    assert reply.status == 200, reply.body
    return {file["filename"]: file for file in json.loads(reply.body)["files"]}


def test_the_best_build_sorts_last_among_the_build_tags_and_the_plain_wheel_keeps_its_name(
    upstream: MemoryUpstream, target: Target
) -> None:
    with serving(upstream, target) as server:
        files = page_of(server, "sel")
    builds = {name.split("-")[2]: file for name, file in files.items() if name.count("-") == 5}
    best, second = sorted(builds, reverse=True)
    digests = {
        label: hashlib.sha256(_read(upstream, f"sel-1.0-py3-none-any-{label}.whl")).hexdigest()
        for label in ("v3", "v2")
    }
    assert builds[best]["hashes"] == {"sha256": digests["v3"]}
    assert builds[second]["hashes"] == {"sha256": digests["v2"]}
    assert files["sel-1.0-py3-none-any.whl"]["url"] == "https://files.example/sel-1.0-py3-none-any.whl"
    assert {file.get("requires-python") for file in files.values()} == {">=3.9"}


def test_html_and_json_list_the_same_files(upstream: MemoryUpstream, target: Target) -> None:
    with serving(upstream, target) as server:
        path = f"{root_of(server)}/simple/sel/"
        pages = [ask(server, path, {"Accept": kind}) for kind in (JSON, "text/html", "*/*")]
        base = server.base_url + path
        parsed = [parse_page(reply.headers["content-type"], reply.body, base, "sel") for reply in pages]
    assert pages[0].headers["content-type"] == JSON
    assert pages[2].headers["content-type"].startswith("text/html")
    described = [[(file.filename, file.url, dict(file.hashes)) for file in page.files] for page in parsed]
    assert described[0] == described[1] == described[2]


def test_a_page_is_revalidated_and_an_unchanged_one_is_not_sent_again(upstream: MemoryUpstream, target: Target) -> None:
    with serving(upstream, target) as server:
        path = f"{root_of(server)}/simple/sel/"
        first = ask(server, path)
        second = ask(server, path, {"If-None-Match": first.headers["etag"]})
    assert first.headers["cache-control"] == "no-cache"
    assert (second.status, second.body) == (304, b"")


def test_a_file_without_credentials_is_a_redirect_to_the_original(upstream: MemoryUpstream, target: Target) -> None:
    with serving(upstream, target) as server:
        name = max(name for name in page_of(server, "sel") if "99" in name)
        reply = ask(server, f"{root_of(server)}/files/sel/{name}")
    assert reply.status == 302
    assert reply.headers["location"] == "https://files.example/sel-1.0-py3-none-any-v3.whl"
    assert upstream.streamed == []


def test_a_redirect_to_a_foreign_address_is_ascii_on_one_line(upstream: MemoryUpstream, target: Target) -> None:
    upstream.files_url = "https://files.example/\u00e9 \r\nX-Evil: 1/"
    with serving(upstream, target) as server:
        reply = ask(server, f"{root_of(server)}/files/sel/sel-1.0-py3-none-any.whl")
    assert reply.headers["location"] == "https://files.example/%C3%A9%20%0D%0AX-Evil:%201/sel-1.0-py3-none-any.whl"
    assert "x-evil" not in reply.headers


def test_a_credentialed_file_is_streamed_with_its_bytes_unchanged(upstream: MemoryUpstream, target: Target) -> None:
    upstream.has_credentials = True
    with serving(upstream, target) as server:
        files = page_of(server, "sel")
        replies = {name: ask(server, urlsplit(str(file["url"])).path) for name, file in files.items()}
    assert all(str(file["url"]).startswith(f"{server.base_url}/") for file in files.values())
    for name, reply in replies.items():
        assert {"sha256": hashlib.sha256(reply.body).hexdigest()} == files[name]["hashes"]
        assert "immutable" in reply.headers["cache-control"]


def test_a_range_is_passed_on_to_the_upstream(upstream: MemoryUpstream, target: Target) -> None:
    upstream.has_credentials = True
    with serving(upstream, target) as server:
        path = f"{root_of(server)}/files/sel/sel-1.0-py3-none-any.whl"
        part = ask(server, path, {"Range": "bytes=2-5"})
        whole = ask(server, path)
        head = ask(server, path, method="HEAD")
    assert (part.status, part.body) == (206, whole.body[2:6])
    assert part.headers["content-range"] == f"bytes 2-5/{len(whole.body)}"
    assert (head.body, head.headers["content-length"]) == (b"", str(len(whole.body)))


def test_a_file_that_the_upstream_lost_is_404_and_not_kept_by_caches(upstream: MemoryUpstream, target: Target) -> None:
    upstream.has_credentials = True
    with serving(upstream, target) as server:
        page_of(server, "sel")
        upstream.status = 404
        reply = ask(server, f"{root_of(server)}/files/sel/sel-1.0-py3-none-any.whl")
    assert reply.status == 404
    assert "cache-control" not in reply.headers


@pytest.mark.parametrize("advertised", [True, False], ids=["advertised", "not advertised"])
def test_metadata_beside_a_wheel_is_served_exactly_when_the_upstream_has_it(
    upstream: MemoryUpstream, target: Target, advertised: bool
) -> None:
    upstream.core_metadata, upstream.has_credentials = advertised, True
    with serving(upstream, target) as server:
        name, file = max(page_of(server, "sel").items())
        reply = ask(server, f"{root_of(server)}/files/sel/{name}.metadata")
    assert bool(file.get("core-metadata")) is advertised
    assert reply.status == (200 if advertised else 404)
    assert not advertised or {"sha256": hashlib.sha256(reply.body).hexdigest()} == file["core-metadata"]


@pytest.mark.parametrize(("complete", "status"), [(True, 200), (False, 404)], ids=["for pip", "for uv"])
def test_a_project_without_variants(upstream: MemoryUpstream, target: Target, complete: bool, status: int) -> None:
    with serving(upstream, target, complete=complete) as server:
        reply = ask(server, f"{root_of(server)}/simple/dep/")
    assert reply.status == status
    assert (b"https://files.example/dep-1.0-py3-none-any.whl" in reply.body) is complete


def test_a_project_that_an_earlier_index_has_is_not_served_from_a_later_one(
    upstream: MemoryUpstream, target: Target, tmp_path: Path
) -> None:
    write_release(str(tmp_path / "second"), "sel", "9.0")
    write_release(str(tmp_path / "second"), "other")
    second = MemoryUpstream(str(tmp_path / "second"), url="https://second.example/simple/")
    mounts = [Mount("first", upstream, False), Mount("second", second, False, (upstream,))]
    with serve(mounts, ViewSettings(machine=ToldMachine("v3"), target=target)) as server:
        status = {
            (mount.name, project): ask(server, urlsplit(server.url_for(mount)).path + f"{project}/").status
            for mount in mounts
            for project in ("sel", "other")
        }
    assert status == {
        ("first", "sel"): 200,
        ("second", "sel"): 404,
        ("first", "other"): 404,
        ("second", "other"): 200,
    }


def test_an_upstream_that_fails_is_502_and_an_event_and_never_404(upstream: MemoryUpstream, target: Target) -> None:
    upstream.failure = UndeterminedError("https://index.example/simple/sel/ answered 500")
    seen: list[str] = []
    with serving(upstream, target, on_event=lambda event: seen.append(event.kind)) as server:
        reply = ask(server, f"{root_of(server)}/simple/sel/")
        errors = server.errors
    assert reply.status == 502
    assert b"answered 500" in reply.body
    assert [(error.text, error.exit_code) for error in errors] == [
        ("https://index.example/simple/sel/ answered 500", 3)
    ]
    assert seen == ["error"]


@pytest.mark.parametrize(("accepted", "status"), [(False, 502), (True, 200)])
def test_a_list_that_cannot_decide_is_an_error_unless_the_fallback_was_accepted(
    upstream: MemoryUpstream, target: Target, accepted: bool, status: int
) -> None:
    with serving(upstream, target, machine=ToldMachine(answer=LIST_STATE), accept_fallback=accepted) as server:
        reply = ask(server, f"{root_of(server)}/simple/sel/")
    assert reply.status == status
    assert (b"list-expired" in reply.body) is not accepted


def test_a_view_is_made_once_for_many_requests_at_a_time(upstream: MemoryUpstream, target: Target) -> None:
    with serving(upstream, target) as server:
        path = f"{root_of(server)}/simple/sel/"
        threads = [threading.Thread(target=ask, args=(server, path)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert upstream.pages == 1
    assert [event.kind for event in server.events] == ["view"]


REFUSED_REQUESTS: dict[str, tuple[int, dict[str, str | None], str]] = {
    "no password": (401, {"Authorization": None}, "GET"),
    "wrong password": (401, {"Authorization": "Basic dmFyaWFudGtpdDp3cm9uZw=="}, "GET"),
    "not base64": (401, {"Authorization": "Basic \xff\xfe"}, "GET"),
    "bearer": (401, {"Authorization": "Bearer x"}, "GET"),
    "foreign host (DNS rebinding)": (421, {"Host": "evil.example"}, "GET"),
    "no host": (421, {"Host": None}, "GET"),
    "host without port": (421, {"Host": "127.0.0.1"}, "GET"),
    "origin": (403, {"Origin": "https://evil.example"}, "GET"),
    "empty origin": (403, {"Origin": ""}, "GET"),
    "null origin": (403, {"Origin": "null"}, "GET"),
    "cross-site": (403, {"Sec-Fetch-Site": "cross-site"}, "GET"),
    "same-site is another port": (403, {"Sec-Fetch-Site": "same-site"}, "GET"),
    "POST": (405, {}, "POST"),
    "PUT": (405, {}, "PUT"),
    "OPTIONS": (405, {}, "OPTIONS"),
    "CONNECT": (405, {}, "CONNECT"),
    "body": (413, {"Content-Length": "1000000"}, "GET"),
    "chunked body": (413, {"Transfer-Encoding": "chunked"}, "GET"),
    "too many header bytes": (431, {"X-Long": "x" * 40_000}, "GET"),
}


@pytest.mark.parametrize(("status", "headers", "method"), REFUSED_REQUESTS.values(), ids=REFUSED_REQUESTS)
def test_a_request_is_refused(
    upstream: MemoryUpstream, target: Target, status: int, headers: dict[str, str | None], method: str
) -> None:
    with serving(upstream, target) as server:
        reply = ask(server, f"{root_of(server)}/simple/sel/", headers, method)
    assert reply.status == status
    assert server.password.encode() not in reply.body
    assert upstream.pages == 0


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/simple/sel/",
        "/000000000000/simple/sel/",
        "{root}/",
        "{root}/simple/",
        "{root}/simple/..%2f..%2fetc/",
        "{root}/files/sel/",
        "{root}/files/sel/..",
        "{root}/files/sel/../../../../etc/passwd",
        "{root}/files/sel/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "{root}/files/sel/%252e%252e%252fetc%252fpasswd",
        "{root}/files/sel//etc/passwd",
        "{root}/files/sel/sel-1.0-py3-none-any-v3.whl",
        "{root}/files/sel/sel-1.0-variants.json",
        "{root}/files/dep/sel-1.0-py3-none-any.whl",
        "{root}/files/sel/sel-1.0-py3-none-any.whl%00",
        "{root}/files/sel/sel-1.0-py3-none-any.whl/x",
        "{root}/simple/s\xe9l/",
    ],
)
def test_only_names_on_the_projects_page_are_served(upstream: MemoryUpstream, target: Target, path: str) -> None:
    upstream.has_credentials = True
    with serving(upstream, target) as server:
        answer = say(server, f"GET {path.format(root=root_of(server))} HTTP/1.1")
    assert answer.startswith((b"HTTP/1.1 404 ", b"HTTP/1.1 400 ")), answer[:200]
    assert upstream.streamed == []


def test_the_password_is_new_each_time_and_only_in_the_secret_url(upstream: MemoryUpstream, target: Target) -> None:
    mount = Mount("main", upstream)
    with serving(upstream, target) as one, serving(upstream, target) as other:
        assert one.password != other.password
        assert len(one.password) >= 32
        assert one.password not in one.url_for(mount)
        assert f"variantkit:{one.password}@" in one.url_for(mount, secret=True)


def test_the_port_follows_from_the_upstreams_and_gives_way_when_taken(upstream: MemoryUpstream, target: Target) -> None:
    first, second = ports_to_try([Mount("main", upstream)])[:2]
    assert FIRST_PORT <= first < FIRST_PORT + PORT_COUNT
    elsewhere = MemoryUpstream(upstream.directory, url="https://elsewhere.example/simple/")
    assert ports_to_try([Mount("main", elsewhere)])[0] != first
    with serving(upstream, target) as one, serving(upstream, target) as other:
        assert one.port != other.port
    with serving(upstream, target) as again:
        assert again.port == one.port
    assert second == FIRST_PORT + (first - FIRST_PORT + 1) % PORT_COUNT


def test_the_url_changes_when_a_directory_does_and_only_then(upstream: MemoryUpstream) -> None:
    upstream.url = Path(upstream.directory).as_uri()
    before = mount_digest(Mount("main", upstream))
    assert mount_digest(Mount("main", upstream)) == before
    make_wheel(upstream.directory, "dep", files={"dep/__init__.py": "REBUILT = True\n"})
    assert mount_digest(Mount("main", upstream)) != before


def test_a_port_that_was_asked_for_and_is_taken_is_an_error(upstream: MemoryUpstream, target: Target) -> None:
    with serving(upstream, target) as server, pytest.raises(InputError, match=f"port {server.port}.*--port"):
        serve([], ViewSettings(machine=ToldMachine(), target=target), port=server.port)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", ""])
def test_a_wildcard_host_is_refused(upstream: MemoryUpstream, target: Target, host: str) -> None:
    with pytest.raises(InputError, match="one address"):
        serve([], ViewSettings(machine=ToldMachine(), target=target), host=host)


def test_credentials_are_not_lent_to_other_machines_by_accident(upstream: MemoryUpstream, target: Target) -> None:
    upstream.has_credentials = True
    with pytest.raises(InputError, match="--allow-remote"):
        serve([Mount("main", upstream)], ViewSettings(machine=ToldMachine(), target=target), host="192.0.2.1")


def test_closing_ends_idle_connections_and_frees_the_port(upstream: MemoryUpstream, target: Target) -> None:
    with serving(upstream, target) as server:
        idle = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        idle.request("GET", f"{root_of(server)}/simple/sel/", headers=login(server))
        idle.getresponse().read()
        assert idle.sock is not None
    assert idle.sock.recv(1) == b""
    idle.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port), timeout=20)


def test_strangers_that_hold_every_connection_keep_no_client_out(
    upstream: MemoryUpstream, target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("variantkit.index.serve.server.MAX_CONNECTIONS", 3)
    with serving(upstream, target) as server:
        client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        path = f"{root_of(server)}/simple/sel/"
        client.request("GET", path, headers=login(server))
        client.getresponse().read()
        strangers = [socket.create_connection(("127.0.0.1", server.port), timeout=20) for _ in range(6)]
        for stranger in strangers:
            stranger.sendall(b"GET / HT")
        assert ask(server, path).status == 200
        kept = client.sock
        client.request("GET", path, headers=login(server))
        assert client.getresponse().status == 200
        assert client.sock is kept, "the client that showed the password was not the one to go"
        client.close()
        for stranger in strangers:
            stranger.close()


GARBLED = {
    "no request line": b"\r\n\r\n",
    "HTTP/0.9": b"GET /\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "an unreadable version": b"GET / HTTP/1.x\r\n\r\n",
    "every byte": bytes(range(256)) + b"\r\n\r\n",
    "a line without end": b"GET /" + b"a" * 70_000,
    "a header without end": b"GET / HTTP/1.1\r\nA: " + b"b" * 70_000,
    "many headers": b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 200 + b"\r\n",
    "an unreadable URL": b"GET http://[ HTTP/1.1\r\n\r\n",
    "a NUL": b"GET /\0 HTTP/1.1\r\nHost: \0\r\n\r\n",
    "a login of other bytes": b"GET / HTTP/1.1\r\nAuthorization: Basic \xff\xfe\r\n\r\n",
}


@pytest.mark.parametrize("sent", GARBLED.values(), ids=GARBLED)
def test_nothing_that_a_stranger_sends_is_an_event(upstream: MemoryUpstream, target: Target, sent: bytes) -> None:
    """An error event ends a running installation, which a stranger must not be able to do."""
    with serving(upstream, target) as server:
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as stranger:
            stranger.sendall(sent)
            stranger.shutdown(socket.SHUT_WR)
            with contextlib.suppress(ConnectionResetError):
                while stranger.recv(65_536):
                    pass
        assert ask(server, f"{root_of(server)}/simple/sel/").status == 200
    assert [event.kind for event in server.events] == ["view"]


@pytest.mark.parametrize(
    "request_line",
    ["GET http://[ HTTP/1.1", "GET //[ HTTP/1.1", "GET http://evil.example{0}/simple/sel/ HTTP/1.1"],
)
def test_an_absolute_url_is_not_served(upstream: MemoryUpstream, target: Target, request_line: str) -> None:
    with serving(upstream, target) as server:
        answer = say(server, request_line.format(root_of(server)))
    assert answer.startswith(b"HTTP/1.1 404 ")
    assert not server.errors


@pytest.mark.parametrize(
    "wanted", ["bytes=0-0,2-2", "bytes=" + "0-," * 9000 + "0-", "lines=0-1", "bytes=a-b", "bytes=-"]
)
def test_a_range_that_is_not_one_range_is_not_passed_on(upstream: MemoryUpstream, target: Target, wanted: str) -> None:
    upstream.has_credentials = True
    with serving(upstream, target) as server:
        name = next(name for name in page_of(server, "sel") if name.startswith("sel-1.0-9"))
        reply = ask(server, f"{root_of(server)}/files/sel/{name}", {"Range": wanted})
    assert reply.status == 200
    assert "content-range" not in reply.headers


def test_a_connection_is_kept_alive(upstream: MemoryUpstream, target: Target) -> None:
    with serving(upstream, target) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        used = set()
        for _ in range(3):
            connection.request("GET", f"{root_of(server)}/simple/sel/", headers=login(server))
            assert connection.getresponse().read()
            used.add(connection.sock.getsockname() if connection.sock else None)
        connection.close()
    assert len(used) == 1
    assert None not in used


def test_a_file_that_fails_is_502_on_a_connection_that_served_before(upstream: MemoryUpstream, target: Target) -> None:
    upstream.has_credentials = True
    with serving(upstream, target) as server:
        path = next(str(file["url"]) for file in page_of(server, "sel").values())
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        connection.request("GET", urlsplit(path).path, headers=login(server))
        first = connection.getresponse()
        first.read()
        used = connection.sock
        upstream.stream = fail_to_stream  # type: ignore[method-assign]
        connection.request("GET", urlsplit(path).path, headers=login(server))
        assert connection.sock is used is not None
        assert (first.status, connection.getresponse().status) == (200, 502)
        assert [event.text for event in server.errors] == ["the index is down"]
        connection.close()


def fail_to_stream(*_: object, **__: object) -> Stream:
    raise UndeterminedError("the index is down")


def _read(upstream: MemoryUpstream, name: str) -> bytes:
    with open(os.path.join(upstream.directory, name), "rb") as stream:
        return stream.read()
