"""Indexes on the network: what they answer, what they may not do to us, and what every fault becomes."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from support.http_index import (
    body,
    disconnect,
    drip_body,
    drip_head,
    gzip_bomb,
    gzipped,
    hang,
    http_index,
    make_certificate,
    redirect,
    status,
    truncate,
    usual,
)
from support.wheels import make_wheel
from variantkit.errors import InputError, RefusedError, UndeterminedError
from variantkit.index.pages.page import HTML_TYPE, JSON_TYPE, File
from variantkit.index.upstream import connections
from variantkit.index.upstream.connections import HttpOptions
from variantkit.index.upstream.http_upstream import HttpUpstream
from variantkit.index.upstream.origin import with_userinfo

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from support.http_index import Answer, HttpIndex

WHEEL = "sel-1.0-py3-none-any.whl"
QUICK = HttpOptions(environ={}, backoff=0.0, connect_timeout=5.0, read_timeout=0.3, deadline=0.6)
CALM = HttpOptions(environ={}, backoff=0.0)


@pytest.fixture
def index(tmp_path: Path) -> Iterator[HttpIndex]:
    folder = tmp_path / "files"
    folder.mkdir()
    make_wheel(folder, "sel", files={"sel/big.bin": os.urandom(300_000)}, requires=["dep"], variant=None)
    with http_index(folder) as running:
        yield running


def upstream_of(index: HttpIndex, options: HttpOptions = CALM) -> HttpUpstream:
    return HttpUpstream(index.url, options)


def listed(index: HttpIndex, options: HttpOptions = CALM) -> tuple[HttpUpstream, File]:
    upstream = upstream_of(index, options)
    page = upstream.page("sel")
    assert page is not None
    return upstream, next(file for file in page.files if file.filename == WHEEL)


def contents(index: HttpIndex, name: str = WHEEL) -> bytes:
    with open(os.path.join(index.directory, name), "rb") as stream:
        return stream.read()


def page_naming(url: str, filename: str = WHEEL) -> bytes:
    files = [{"filename": filename, "url": url, "hashes": {}}]
    return json.dumps({"meta": {"api-version": "1.0"}, "name": "sel", "files": files}).encode()


# Pages


@pytest.mark.parametrize("as_json", [True, False], ids=["json", "html"])
def test_a_page_lists_its_files_with_absolute_urls_and_digests(index: HttpIndex, as_json: bool) -> None:
    index.json = as_json
    _, file = listed(index)
    assert file.url == index.file_url(WHEEL)
    assert file.hashes["sha256"] == hashlib.sha256(contents(index)).hexdigest()


def test_a_page_is_asked_for_by_the_normalised_name(index: HttpIndex) -> None:
    page = upstream_of(index).page("S_e.L".replace("_", "").replace(".", ""))
    assert page is not None
    assert index.requests[0].target == "/simple/sel/"


@pytest.mark.parametrize("name", ["../x", "a/b", "a%2fb", "", "sel?x", "é"])
def test_a_name_that_is_no_projects_name_is_never_asked_for(index: HttpIndex, name: str) -> None:
    with pytest.raises(InputError):
        upstream_of(index).page(name)
    assert index.requests == []


@pytest.mark.parametrize("code", [404, 410])
def test_an_index_without_the_project_answers_none(index: HttpIndex, code: int) -> None:
    index.answer("/simple/sel/", status(code))
    assert upstream_of(index).page("sel") is None


def test_a_compressed_page_is_read(index: HttpIndex) -> None:
    index.answer("/simple/sel/", gzipped(page_naming("../../files/" + WHEEL)))
    assert listed(index)[1].url == index.file_url(WHEEL)
    assert index.requests[0].headers["accept-encoding"] == "gzip"


def test_a_page_after_a_redirect_resolves_its_links_where_it_was_found(index: HttpIndex) -> None:
    index.answer("/simple/sel/", redirect("/other/place/sel/"))
    index.answer("/other/place/sel/", body(page_naming(WHEEL)))
    assert listed(index)[1].url == f"{index.host}/other/place/sel/{WHEEL}"


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        pytest.param([hang], UndeterminedError, id="hang"),
        pytest.param([drip_head], UndeterminedError, id="head byte by byte"),
        pytest.param([drip_body], UndeterminedError, id="body byte by byte"),
        pytest.param([disconnect], UndeterminedError, id="disconnect"),
        pytest.param([truncate], UndeterminedError, id="truncated"),
        pytest.param([status(500)], UndeterminedError, id="500"),
        pytest.param([status(503)], UndeterminedError, id="503"),
        pytest.param([status(429, {"Retry-After": "3600"})], UndeterminedError, id="429 for an hour"),
        pytest.param([status(418)], UndeterminedError, id="another 4xx"),
        pytest.param([status(401)], UndeterminedError, id="401"),
        pytest.param([status(304)], InputError, id="304 unasked"),
        pytest.param([status(206)], InputError, id="206 unasked"),
        pytest.param([body(b"<html>\xff\xfe", HTML_TYPE)], InputError, id="not UTF-8"),
        pytest.param([body(b"{", JSON_TYPE)], InputError, id="broken JSON"),
        pytest.param([body(b"[" * 100_000, JSON_TYPE)], InputError, id="deep JSON"),
        pytest.param([body(b"hello", "text/plain")], InputError, id="another type"),
        pytest.param([body(b"x", headers={"Content-Encoding": "br"})], InputError, id="unasked encoding"),
        pytest.param([body(b"no gzip", headers={"Content-Encoding": "gzip"})], InputError, id="broken gzip"),
        pytest.param([gzip_bomb(80 << 20)], InputError, id="gzip bomb"),
        pytest.param([redirect("/simple/sel/")], InputError, id="redirect circle"),
        pytest.param([redirect("file:///etc/passwd")], RefusedError, id="redirect to a file"),
        pytest.param([redirect("ftp://127.0.0.1/")], RefusedError, id="redirect to ftp"),
        pytest.param([status(302)], RefusedError, id="redirect to nowhere"),
        pytest.param([redirect("http://[::1")], InputError, id="redirect to no URL"),
    ],
)
def test_every_fault_of_a_page_is_one_sentence_that_names_it(
    index: HttpIndex, answers: list[Answer], error: type[Exception]
) -> None:
    index.answer("/simple/sel/", *answers)
    upstream = upstream_of(index, QUICK)
    with pytest.raises(error, match=r"127\.0\.0\.1.*/simple/sel/") as caught:
        upstream.page("sel")
    assert "\n" not in str(caught.value)
    assert len(index.requests) <= 6


@pytest.mark.parametrize(
    ("faults", "asked"),
    [
        ([status(500), status(503)], 3),
        ([status(429, {"Retry-After": "0"})], 2),
        ([disconnect], 2),
    ],
    ids=["two failures", "too many requests", "a broken connection"],
)
def test_a_passing_fault_is_asked_past(index: HttpIndex, faults: list[Answer], asked: int) -> None:
    index.answer("/simple/sel/", *faults, usual)
    assert upstream_of(index).page("sel") is not None
    assert len(index.requests) == asked


@pytest.mark.parametrize("location", ["http://127.0.0.1:1/simple/", "http://name.invalid/simple/"], ids=["port", "dns"])
def test_an_index_that_cannot_be_reached_is_undetermined(location: str) -> None:
    with pytest.raises(UndeterminedError, match="no usable answer"):
        HttpUpstream(location, QUICK).page("sel")


def test_threads_share_kept_connections(index: HttpIndex) -> None:
    upstream = upstream_of(index)
    with ThreadPoolExecutor(4) as pool:
        pages = list(pool.map(lambda _: upstream.page("sel"), range(40)))
    assert all(page == pages[0] for page in pages)
    assert len(index.requests) == 40
    assert index.connections <= 8


# Files


def test_a_small_file_is_read_and_its_digest_checked(index: HttpIndex) -> None:
    upstream, file = listed(index)
    assert upstream.read(file, cap=1 << 20) == contents(index)


def test_a_file_changed_after_its_page_was_made_is_refused(index: HttpIndex) -> None:
    upstream, file = listed(index)
    index.answer(f"/files/{WHEEL}", body(b"other"))
    with pytest.raises(InputError, match=r"expected sha256 .* found"):
        upstream.read(file, cap=1 << 20)


def test_the_core_metadata_beside_a_file_is_checked_by_its_own_digest(index: HttpIndex) -> None:
    with open(os.path.join(index.directory, f"{WHEEL}.metadata"), "w", encoding="utf-8") as stream:
        stream.write("Name: sel\n")
    upstream, file = listed(index)
    assert upstream.read(file, cap=1000, suffix=".metadata") == b"Name: sel\n"
    index.answer(f"/files/{WHEEL}.metadata", body(b"Name: other\n"))
    with pytest.raises(InputError, match=r"\.metadata"):
        upstream.read(file, cap=1000, suffix=".metadata")


@pytest.mark.parametrize("answer", [body(b"x" * 101), gzipped(b"x" * 101), gzip_bomb(50 << 20)])
def test_a_file_over_the_cap_is_refused(index: HttpIndex, answer: Answer) -> None:
    index.answer("/files/a", answer)
    with pytest.raises(InputError, match="at most 100 bytes"):
        upstream_of(index).read(File("a", index.host + "/files/a"), cap=100)


def test_a_file_of_exactly_the_cap_is_read_compressed_or_not(index: HttpIndex) -> None:
    data = os.urandom(100)
    for answer in (body(data), gzipped(data)):
        index.answer("/files/a", answer)
        assert upstream_of(index).read(File("a", index.host + "/files/a"), cap=100) == data


def test_a_listed_file_that_is_not_there_is_an_error(index: HttpIndex) -> None:
    with pytest.raises(InputError, match="404"):
        upstream_of(index).read(File("gone.whl", index.file_url("gone.whl")), cap=100)


def test_a_stream_passes_ranges_and_conditions_on(index: HttpIndex) -> None:
    upstream, file = listed(index)
    with upstream.stream(file, headers={"Range": "bytes=10-19", "Cookie": "no"}) as stream:
        assert (stream.status, stream.read()) == (206, contents(index)[10:20])
        etag = stream.headers["etag"]
    with upstream.stream(file, headers={"If-None-Match": etag}) as stream:
        assert (stream.status, stream.read()) == (304, b"")
    assert "cookie" not in index.requests[1].headers


def test_a_stream_yields_the_whole_file_in_chunks(index: HttpIndex) -> None:
    upstream, file = listed(index)
    with upstream.stream(file) as stream:
        chunks = list(iter(lambda: stream.read(4096), b""))
    assert b"".join(chunks) == contents(index)
    assert max(map(len, chunks)) <= 4096


def test_a_stream_that_is_cut_short_raises_instead_of_ending(index: HttpIndex) -> None:
    upstream, file = listed(index)
    index.answer(f"/files/{WHEEL}", truncate)
    with upstream.stream(file) as stream, pytest.raises(UndeterminedError, match="broke off"):
        list(iter(stream.read, b""))


# Members of remote wheels


def test_a_member_costs_a_part_of_the_wheel(index: HttpIndex) -> None:
    upstream, file = listed(index)
    data = upstream.member(file, ".dist-info/METADATA", cap=1 << 20)
    assert data is not None
    assert b"Requires-Dist: dep" in data
    assert {request.headers.get("range", "none")[:6] for request in index.requests[1:]} == {"bytes="}


@pytest.mark.parametrize(
    "refusal",
    [[], [status(416), usual], [status(501), usual]],
    ids=["passed over", "refused", "not known"],
)
def test_a_server_without_ranges_sends_the_wheel_once(index: HttpIndex, refusal: list[Answer]) -> None:
    upstream, file = listed(index)
    index.ranges = False
    if refusal:
        index.answer(f"/files/{WHEEL}", *refusal)
    assert upstream.member(file, ".dist-info/WHEEL", cap=1 << 20) is not None
    assert "range" not in index.requests[-1].headers or not refusal
    assert len(index.requests) <= 4


def test_a_member_that_a_wheel_has_not_is_none(index: HttpIndex) -> None:
    upstream, file = listed(index)
    assert upstream.member(file, ".dist-info/variant.json", cap=1 << 20) is None


def test_a_member_over_the_cap_is_refused(index: HttpIndex) -> None:
    upstream, file = listed(index)
    with pytest.raises(InputError, match="at most 10 bytes"):
        upstream.member(file, ".dist-info/METADATA", cap=10)


@pytest.mark.parametrize("data", [b"", b"no zip", b"PK\x05\x06" + b"\xff" * 18], ids=["empty", "text", "wild end"])
def test_a_file_that_is_no_zip_is_refused(index: HttpIndex, data: bytes) -> None:
    index.ranges = False
    index.answer("/files/x.whl", body(data))
    with pytest.raises(InputError, match=r"x\.whl"):
        upstream_of(index).member(File("x.whl", index.file_url("x.whl")), ".dist-info/METADATA", cap=100)


def test_a_wheel_that_changes_between_two_ranges_is_not_mixed(index: HttpIndex) -> None:
    upstream, file = listed(index)
    whole, size = contents(index), len(contents(index))
    tail = {"Content-Range": f"bytes {size - 65536}-{size - 1}/{size}", "ETag": '"old"'}
    index.answer(f"/files/{WHEEL}", lambda handler: handler.send(206, whole[-65536:], tail), usual)
    make_wheel(index.directory, "sel", files={"sel/big.bin": b"x" * 300})
    with pytest.raises((UndeterminedError, InputError)):
        upstream.member(file, "sel/big.bin", cap=1 << 20)


# Who gets credentials


def test_credentials_reach_the_index_and_its_files(index: HttpIndex) -> None:
    index.require_login("user", "p@ss/word")
    upstream = HttpUpstream(with_userinfo(index.url, "user", "p@ss/word"), CALM)
    page = upstream.page("sel")
    assert page is not None
    assert upstream.read(page.files[0], cap=1 << 20) == contents(index)
    assert upstream.has_credentials
    assert upstream.url == index.url


@pytest.mark.parametrize("url", ["http://user:s3cret@{}", "http://s3cret@{}"], ids=["password", "token"])
def test_no_message_shows_a_credential(index: HttpIndex, url: str) -> None:
    index.answer("*", status(401))
    upstream = HttpUpstream(url.format(index.url.removeprefix("http://")), CALM)
    with pytest.raises(UndeterminedError, match=r"127\.0\.0\.1 does not accept the login") as caught:
        upstream.page("sel")
    assert "s3cret" not in str(caught.value) + upstream.url + repr(upstream)


def test_an_index_that_wants_a_login_is_named_with_the_remedy(index: HttpIndex) -> None:
    index.require_login("user", "password")
    with pytest.raises(UndeterminedError, match=r"127\.0\.0\.1 wants a login .* netrc"):
        upstream_of(index).page("sel")


@pytest.mark.parametrize("way", ["redirected page", "redirected file", "listed file", "redirect with a login in it"])
def test_credentials_do_not_reach_another_origin(index: HttpIndex, tmp_path: Path, way: str) -> None:
    upstream = HttpUpstream(with_userinfo(index.url, "user", "secret"), CALM)
    with http_index(index.directory) as other:
        if way == "redirected page":
            index.answer("/simple/sel/", redirect(other.url + "sel/"))
        elif way == "listed file":
            index.answer("/simple/sel/", body(page_naming(other.file_url(WHEEL))))
        else:
            login = "other:login@" if way.endswith("in it") else ""
            index.answer(f"/files/{WHEEL}", redirect(other.file_url(WHEEL).replace("://", f"://{login}")))
        page = upstream.page("sel")
        assert page is not None
        assert upstream.read(page.files[0], cap=1 << 20) == contents(index)
        assert other.requests
        assert all("authorization" not in request.headers for request in other.requests)
    assert index.requests[0].headers["authorization"].startswith("Basic ")


# Where an index may send us


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "data:,x", "ftp://127.0.0.1/x.whl", "javascript:0", "http://[::1/x.whl", "http://a b/x.whl"],
)
def test_a_page_may_name_only_web_addresses(index: HttpIndex, url: str) -> None:
    index.answer("/simple/sel/", body(page_naming(url)))
    page = upstream_of(index).page("sel")
    assert page is not None
    assert page.files == ()
    assert page.notes


@pytest.fixture
def public_index(index: HttpIndex, monkeypatch: pytest.MonkeyPatch) -> HttpIndex:
    """The index as if 127.0.0.1 were on the public network, and 127.0.0.2 the only internal address."""
    monkeypatch.setattr(connections, "is_internal", lambda address: address in {"127.0.0.2", "169.254.169.254"})
    return index


@pytest.mark.parametrize(
    "host", ["169.254.169.254", "127.0.0.2", "127.2", "0x7f000002", "2130706434", "%31%32%37.0.0.2"]
)
def test_a_public_index_may_not_name_an_internal_address(public_index: HttpIndex, host: str) -> None:
    public_index.answer("/simple/sel/", body(page_naming(f"http://{host}/x.whl")))
    page = upstream_of(public_index).page("sel")
    assert page is not None
    assert page.files == ()
    assert page.notes


@pytest.mark.parametrize("way", ["listed", "redirected"])
def test_a_public_index_may_not_lead_to_an_internal_address_by_a_name(
    public_index: HttpIndex, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    real = socket.getaddrinfo
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, *rest, **more: real("127.0.0.2" if host == "cdn.example.test" else host, *rest, **more),
    )
    with http_index(public_index.directory, address="127.0.0.2") as inside:
        target = f"http://cdn.example.test:{inside.port}/files/{WHEEL}"
        public_index.answer("/files/moved.whl", redirect(target))
        file = File(WHEEL, target if way == "listed" else public_index.file_url("moved.whl"))
        with pytest.raises(RefusedError, match=r"internal address 127\.0\.0\.2"):
            upstream_of(public_index).read(file, cap=1 << 20)
        assert inside.requests == []


def test_an_internal_index_may_name_internal_addresses(index: HttpIndex) -> None:
    with http_index(index.directory) as other:
        index.answer("/simple/sel/", body(page_naming(other.file_url(WHEEL))))
        upstream, file = listed(index)
        assert upstream.read(file, cap=1 << 20) == contents(index)


# TLS

needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the program openssl")


@pytest.fixture
def secure_index(index: HttpIndex, tmp_path: Path) -> Iterator[tuple[HttpIndex, str]]:
    certificate = make_certificate(tmp_path)
    with http_index(index.directory, certificate=certificate) as running:
        yield running, certificate[0]


@needs_openssl
def test_a_certificate_that_nobody_vouches_for_is_refused(secure_index: tuple[HttpIndex, str]) -> None:
    with pytest.raises(UndeterminedError, match=r"could not be verified .* SSL_CERT_FILE"):
        upstream_of(secure_index[0]).page("sel")
    assert secure_index[0].requests == []


@needs_openssl
@pytest.mark.parametrize(
    "how", ["cert", "PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "trusted"]
)
def test_certificates_come_from_the_users_settings(secure_index: tuple[HttpIndex, str], how: str) -> None:
    index, chain = secure_index
    options = {
        "cert": CALM._replace(cert=chain),
        "trusted": CALM._replace(trusted_hosts=(f"127.0.0.1:{index.port}",)),
    }.get(how, CALM._replace(environ={how: chain}))
    assert upstream_of(index, options).page("sel") is not None


@needs_openssl
@pytest.mark.parametrize("trusted", ["127.0.0.1:1", "127.0.0.11", "0.0.1", ""])
def test_a_trusted_host_is_trusted_for_itself_alone(secure_index: tuple[HttpIndex, str], trusted: str) -> None:
    with pytest.raises(UndeterminedError, match="could not be verified"):
        upstream_of(secure_index[0], CALM._replace(trusted_hosts=(trusted,))).page("sel")


@needs_openssl
def test_a_redirect_from_https_to_http_is_refused(secure_index: tuple[HttpIndex, str], index: HttpIndex) -> None:
    secure, chain = secure_index
    secure.answer("/simple/sel/", redirect(index.url + "sel/"))
    with pytest.raises(RefusedError, match="from https to http"):
        upstream_of(secure, CALM._replace(cert=chain)).page("sel")
    assert index.requests == []


def test_a_certificate_file_that_is_not_there_is_named() -> None:
    with pytest.raises(InputError, match=r"PIP_CERT.*/nowhere"):
        HttpUpstream("https://127.0.0.1:1/", CALM._replace(environ={"PIP_CERT": "/nowhere"})).page("sel")


# Proxies


@pytest.mark.parametrize("explicit", [True, False], ids=["pip's proxy", "environment"])
def test_a_proxy_gets_the_whole_url_and_its_own_login(index: HttpIndex, explicit: bool) -> None:
    proxy = with_userinfo(index.host, "proxy-user", "proxy-secret")
    options = CALM._replace(proxy=proxy) if explicit else CALM._replace(environ={"http_proxy": proxy})
    assert HttpUpstream("http://user:secret@index.example.test/simple/", options).page("sel") is not None
    (request,) = index.requests
    assert request.target == "http://index.example.test/simple/sel/"
    assert request.headers["host"] == "index.example.test"
    assert len({request.headers["authorization"], request.headers["proxy-authorization"]}) == 2


def test_an_index_that_forbids_a_project_to_strangers_does_not_have_it_for_pip_alone(index: HttpIndex) -> None:
    index.answer("/simple/sel/", status(403))
    assert HttpUpstream(index.url, CALM._replace(forbidden_is_absent=True)).page("sel") is None
    with pytest.raises(UndeterminedError, match="wants a login"):
        HttpUpstream(index.url, CALM).page("sel")


def test_an_index_that_forbids_a_project_to_a_login_is_an_error(index: HttpIndex) -> None:
    index.answer("/simple/sel/", status(403))
    with pytest.raises(UndeterminedError, match="does not accept the login"):
        HttpUpstream(with_userinfo(index.url, "user", "secret"), CALM._replace(forbidden_is_absent=True)).page("sel")


def test_a_tunnel_through_a_proxy_shows_it_nothing_of_the_index(index: HttpIndex) -> None:
    index.answer("*", status(403))
    options = CALM._replace(environ={"https_proxy": with_userinfo(index.host, "proxy-user", "proxy-secret")})
    with pytest.raises(UndeterminedError, match=r"index\.example\.test"):
        HttpUpstream("https://user:secret@index.example.test/simple/", options).page("sel")
    assert {(r.method, r.target) for r in index.requests} == {("CONNECT", "index.example.test:443")}
    assert all("authorization" not in r.headers for r in index.requests)
    assert index.requests[0].headers["proxy-authorization"]


@pytest.mark.parametrize("environ", [{"http_proxy": "http://127.0.0.1:1"}, {"ALL_PROXY": "socks5://127.0.0.1:1"}])
def test_loopback_is_asked_without_a_proxy(index: HttpIndex, environ: Mapping[str, str]) -> None:
    assert upstream_of(index, CALM._replace(environ=environ)).page("sel") is not None
