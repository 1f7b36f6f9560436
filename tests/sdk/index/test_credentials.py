"""Credentials, origins and proxies: where logins come from, and the laws of who gets them."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from variantkit.errors import InputError, UndeterminedError
from variantkit.index.upstream.credentials import Credentials, Login
from variantkit.index.upstream.origin import (
    is_internal,
    literal_address,
    origin_of,
    redacted,
    request_target,
    split_userinfo,
    with_suffix,
    with_userinfo,
)
from variantkit.index.upstream.proxies import find_proxy

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

INDEX = "https://index.example.test/simple/"
HOME = origin_of(INDEX)

secrets = st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF, exclude_categories=["Cs", "Cc"]), min_size=1)
hosts = st.sampled_from(["index.example.test", "files.example.test", "127.0.0.1", "[::1]"])
ports = st.sampled_from(["", ":80", ":443", ":8080"])
schemes = st.sampled_from(["http", "https"])
urls = st.builds("{}://{}{}/simple/".format, schemes, hosts, ports)


def login(url: str, environ: Mapping[str, str], of: str | None = None, *, keyring: bool = False) -> Login | None:
    return Credentials(url, environ, keyring=keyring).login(origin_of(of or url))


# Laws


@given(urls, secrets, secrets)
def test_a_login_in_a_url_comes_out_as_it_went_in(url: str, user: str, password: str) -> None:
    assert split_userinfo(with_userinfo(url, user, password)) == (url, (user, password))


@given(urls, st.from_regex(r"[a-z]{6,12}", fullmatch=True), st.from_regex(r"[A-Z]{12}", fullmatch=True))
def test_no_text_for_people_holds_a_login(url: str, user: str, password: str) -> None:
    written = with_userinfo(url, user, password) + f"?token={password}#{password}"
    shown = redacted(written) + repr(Login(user, password)) + repr(Credentials(written, {})) + request_target(written)
    assert password not in shown.replace(f"?token={password}", "")
    assert password not in redacted(written)


@given(urls, urls)
def test_the_login_of_a_url_is_for_its_scheme_host_and_port_alone(home: str, other: str) -> None:
    found = login(with_userinfo(home, "user", "secret"), {"NETRC": os.devnull}, other)
    assert (found == Login("user", "secret")) == (origin_of(home) == origin_of(other))


@given(st.sampled_from(["", "http://", "https://h.test", "http://h.test/"]), st.text(max_size=40))
def test_any_text_is_a_web_address_or_an_input_error(start: str, text: str) -> None:
    try:
        origin, target = origin_of(start + text), request_target(start + text)
    except InputError:
        return
    assert origin.scheme in {"http", "https"}
    # What goes on the wire cannot end a request line or begin another.
    assert target.isascii()
    assert not any(character.isspace() for character in target + origin.host)


@pytest.mark.parametrize(
    ("url", "other"),
    [
        ("https://h.test/", "https://H.TEST:443/x"),
        ("http://h.test/", "http://h.test:80/"),
        ("https://h.test./", "https://h.test/"),
    ],
)
def test_one_origin_has_several_spellings(url: str, other: str) -> None:
    assert origin_of(url) == origin_of(other)


@pytest.mark.parametrize("url", ["ftp://h.test/", "h.test", "https://", "https://h.test:99999/", "https://h t/", ""])
def test_what_is_no_web_address_has_no_origin(url: str) -> None:
    with pytest.raises(InputError):
        origin_of(url)


def test_a_password_with_an_unescaped_slash_is_not_shown() -> None:
    assert redacted("https://user:pa/ss@h.test/simple") == "https://h.test/simple"


def test_the_file_beside_keeps_the_query_of_the_file() -> None:
    assert with_suffix("https://h.test/a.whl?x=1#sha256=0", ".metadata") == "https://h.test/a.whl.metadata?x=1"


@pytest.mark.parametrize(
    ("address", "internal"),
    [
        ("127.0.0.1", True),
        ("10.1.2.3", True),
        ("169.254.169.254", True),
        ("100.64.0.1", True),
        ("0.0.0.0", True),
        ("::1", True),
        ("fd00::1", True),
        ("fe80::1%eth0", True),
        ("::ffff:10.0.0.1", True),
        ("64:ff9b::a9fe:a9fe", True),
        ("2002:a00:1::", True),
        ("8.8.8.8", False),
        ("2606:4700::1", False),
        ("64:ff9b::808:808", False),
    ],
)
def test_addresses_inside_are_told_from_those_outside(address: str, internal: bool) -> None:
    assert is_internal(address) is internal


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "0x7f.0.0.1", "2130706433", "017700000001"])
def test_every_spelling_of_an_address_is_known(host: str) -> None:
    assert literal_address(host) == "127.0.0.1"


# Sources


@pytest.fixture
def netrc(tmp_path: Path) -> Mapping[str, str]:
    path = tmp_path / "netrc"
    path.write_text(
        "machine index.example.test login me password index-secret\n"
        "machine files.example.test login me password files-secret\n"
        "default login anyone password default-secret\n"
    )
    return {"NETRC": str(path)}


@pytest.mark.parametrize(
    ("url", "of", "password"),
    [
        (INDEX, INDEX, "index-secret"),
        (with_userinfo(INDEX, "u", "in-url"), INDEX, "in-url"),
        (INDEX, "https://files.example.test/", "files-secret"),
        (INDEX, "http://files.example.test/", None),
        (INDEX, "http://index.example.test/", None),
        (INDEX, "https://stranger.example.test/", None),
        ("https://unlisted.example.test/", "https://unlisted.example.test/", "default-secret"),
        ("http://index.example.test/", "http://index.example.test/", "index-secret"),
    ],
)
def test_netrc_serves_the_index_and_hosts_it_names_over_https(
    netrc: Mapping[str, str], url: str, of: str, password: str | None
) -> None:
    found = login(url, netrc, of)
    assert (found.password if found else None) == password


@pytest.mark.parametrize("name", [".netrc", "_netrc"])
def test_netrc_is_found_in_the_home_directory(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("machine index.example.test login me password s\n")
    assert login(INDEX, {"HOME": str(tmp_path)}) == Login("me", "s")


def test_a_broken_netrc_is_named_and_not_quoted(tmp_path: Path) -> None:
    (tmp_path / ".netrc").write_text("machine h login me pass s3cret\n")
    with pytest.raises(InputError, match=r"\.netrc") as caught:
        login(INDEX, {"HOME": str(tmp_path)})
    assert "s3cret" not in str(caught.value)


@pytest.fixture
def keyring(tmp_path: Path) -> Mapping[str, str]:
    """A `keyring` on PATH that knows one user of one host, and writes down what it was asked."""
    program = tmp_path / "keyring"
    program.write_text(
        f"#!{sys.executable} -I\n"
        "import os, sys\n"
        f"open({str(tmp_path / 'asked')!r}, 'a').write(' '.join(sys.argv[1:]) + '\\n')\n"
        "if sys.argv[1:] == ['get', 'index.example.test', 'me']: print('from-keyring')\n"
        "elif sys.argv[1:] == ['--mode', 'creds', 'get', 'index.example.test']: print('me\\nfrom-keyring')\n"
        "else: sys.exit(1)\n"
    )
    program.chmod(0o755)
    return {"PATH": str(tmp_path), "NETRC": os.devnull}


@pytest.mark.skipif(os.name == "nt", reason="needs scripts with a first line")
@pytest.mark.parametrize("url", [INDEX, "https://me@index.example.test/simple/"], ids=["no user", "user"])
def test_keyring_is_asked_once_when_the_installer_asks_it(keyring: Mapping[str, str], url: str) -> None:
    credentials = Credentials(url, keyring, keyring=True)
    assert [credentials.login(HOME) for _ in range(2)] == [Login("me", "from-keyring")] * 2
    with open(os.path.join(keyring["PATH"], "asked"), encoding="utf-8") as stream:
        assert len(stream.readlines()) == 2  # the URL, then the host


@pytest.mark.skipif(os.name == "nt", reason="needs scripts with a first line")
@pytest.mark.parametrize(
    ("url", "is_set"),
    [(INDEX, False), (with_userinfo(INDEX, "me", "in-url"), True)],
    ids=["not set", "password known"],
)
def test_keyring_is_not_asked_without_need(keyring: Mapping[str, str], url: str, is_set: bool) -> None:
    Credentials(url, keyring, keyring=is_set).login(HOME)
    assert not os.path.exists(os.path.join(keyring["PATH"], "asked"))


def test_a_keyring_that_is_set_and_missing_is_said() -> None:
    with pytest.raises(UndeterminedError, match=r"keyring-provider .* netrc"):
        login(INDEX, {"PATH": "/nowhere", "NETRC": os.devnull}, keyring=True)


# Proxies


@pytest.mark.parametrize(
    ("url", "environ", "proxy"),
    [
        ("http://h.test/", {"http_proxy": "http://p.test:3128"}, "http://p.test:3128"),
        ("https://h.test/", {"http_proxy": "http://p.test:3128"}, None),
        ("https://h.test/", {"HTTPS_PROXY": "p.test:3128"}, "http://p.test:3128"),
        ("https://h.test/", {"all_proxy": "http://p.test"}, "http://p.test"),
        ("http://h.test/", {"http_proxy": "http://a.test", "HTTP_PROXY": "http://b.test"}, "http://a.test"),
        ("http://h.test/", {"HTTP_PROXY": "http://b.test", "REQUEST_METHOD": "GET"}, None),
        ("http://h.test/", {"http_proxy": "http://p.test", "no_proxy": "h.test"}, None),
        ("http://a.h.test/", {"http_proxy": "http://p.test", "NO_PROXY": "x, .h.test"}, None),
        ("http://ah.test/", {"http_proxy": "http://p.test", "no_proxy": "h.test"}, "http://p.test"),
        ("http://h.test:81/", {"http_proxy": "http://p.test", "no_proxy": "h.test:82"}, "http://p.test"),
        ("http://h.test:82/", {"http_proxy": "http://p.test", "no_proxy": "h.test:82"}, None),
        ("http://10.1.2.3/", {"http_proxy": "http://p.test", "no_proxy": "10.0.0.0/8"}, None),
        ("http://h.test/", {"http_proxy": "http://p.test", "no_proxy": "*"}, None),
        ("http://127.0.0.1:8/", {"http_proxy": "http://p.test"}, None),
        ("http://localhost/", {"http_proxy": "http://p.test"}, None),
        ("http://[::1]/", {"http_proxy": "http://p.test"}, None),
    ],
)
def test_the_environment_says_which_proxy(url: str, environ: Mapping[str, str], proxy: str | None) -> None:
    found = find_proxy(origin_of(url), environ)
    assert (str(found.origin) if found else None) == proxy


def test_pips_own_proxy_goes_before_the_environment() -> None:
    found = find_proxy(HOME, {"https_proxy": "http://a.test", "no_proxy": "*"}, "http://u:p@b.test:1")
    assert found is not None
    assert (str(found.origin), found.login) == ("http://b.test:1", Login("u", "p"))


@pytest.mark.parametrize("proxy", ["socks5://p.test:1", "https://p.test:1"])
def test_a_proxy_of_another_kind_is_said(proxy: str) -> None:
    with pytest.raises(UndeterminedError, match=r"https_proxy: .*no_proxy"):
        find_proxy(HOME, {"https_proxy": proxy})
