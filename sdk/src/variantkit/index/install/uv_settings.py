"""What a uv is set up with: its own answer, with the secrets that it masked."""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING, NamedTuple

from variantkit.errors import InputError, UndeterminedError
from variantkit.index.install.rust_debug import Struct, find_structs, parse_debug
from variantkit.index.install.settings import IndexSettings, last_line, load_text, run_installer
from variantkit.index.upstream.origin import split_userinfo, with_userinfo

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from variantkit.index.install.rust_debug import Value

_MASK = "****"
_VARIABLES = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_EXTRA_INDEX_URL")
_url_with_userinfo = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s\\\"'<>/@]*@[^\s\\\"'<>]*")


class _Place(NamedTuple):
    """A variable or file that uv reads index URLs from."""

    name: str
    text: str


def uv_settings(uv: str, environ: Mapping[str, str], cwd: str) -> IndexSettings:
    """Ask `uv --show-settings`, so that which setting wins is uv's word; UndeterminedError when it cannot say.

    uv masks user names and passwords. They are looked up where uv itself reads them, under the URL that it shows.
    """
    # The user's certificates would be printed whole; they play no part in which index is asked.
    quiet = {name: value for name, value in environ.items() if name not in {"SSL_CERT_FILE", "SSL_CERT_DIR"}}
    done = run_installer([uv, "--show-settings", "--color", "never", "pip", "install", "placeholder"], quiet, cwd)
    if done.returncode != 0:
        raise UndeterminedError(f"{uv}: could not say which index it uses ({last_line(done.stderr)})")
    try:
        said = parse_debug(done.stdout)
        locations = find_structs(said, "IndexLocations")[0].fields
        settings = _from_locations(locations, tuple(_places(environ, cwd)), environ, cwd)
        provider = find_structs(said, "PipSettings")[0].fields["keyring_provider"]
        hosts = find_structs(find_structs(said, "NetworkSettings")[0].fields["allow_insecure_host"], "Host")
    except (InputError, LookupError, AttributeError) as error:
        raise UndeterminedError(f"{uv}: answered unreadably which index it uses; name an index, or use pip") from error
    if not settings.index_url and not settings.no_index:
        settings = settings._replace(
            index_url=_ask_default(uv, quiet, cwd), source=f"built-in default of {_version(uv)}"
        )
    return settings._replace(
        trusted_hosts=tuple(_host(struct) for struct in hosts),
        client_cert=environ.get("SSL_CLIENT_CERT") or None,
        timeout=_timeout(environ),
        keyring_provider="subprocess" if provider == "Subprocess" else None,
    )


def _from_locations(
    locations: Mapping[str, Value], places: tuple[_Place, ...], environ: Mapping[str, str], cwd: str
) -> IndexSettings:
    default, source = "", ""
    extra, explicit = [], []
    for struct in find_structs(locations["indexes"], "Index"):
        url, place = _url(struct, places, environ, cwd)
        name = struct.fields["name"]
        if struct.fields["default"] == "true":
            default, source = default or url, source or place
        elif struct.fields["explicit"] == "true":
            named = name.items[0] if isinstance(name, Struct) else ""
            explicit.append((str(named), url))
        else:
            extra.append(url)
    links = [_url(struct, places, environ, cwd)[0] for struct in find_structs(locations["flat_index"], "Index")]
    no_index = locations["no_index"] == "true"
    return IndexSettings(
        index_url=default,
        extra_index_urls=tuple(extra),
        find_links=tuple(links),
        no_index=no_index,
        source=source or ("no-index" if no_index else ""),
        explicit_indexes=tuple(explicit),
    )


def _url(struct: Struct, places: tuple[_Place, ...], environ: Mapping[str, str], cwd: str) -> tuple[str, str]:
    """The URL or absolute path of an index, with its credentials, and the place that names it."""
    from urllib.parse import unquote

    written = find_structs((struct.fields["url"],), "VerbatimUrl")[0].fields
    given, safe = written["given"], find_structs((written["url"],), "SafeUrl")[0].fields
    if not isinstance(given, str):
        raise InputError("expected the URL as written")
    if safe["scheme"] == "file":
        return os.path.normpath(unquote(str(safe["path"]))), _named_in(given, places)
    url, source = _unmasked(given, places) if _MASK in given else (given, _named_in(given, places))
    name = struct.fields["name"]
    login = _environment_login(str(name.items[0]), environ) if isinstance(name, Struct) else None
    return (with_userinfo(url, *login) if login else url), source


def _unmasked(given: str, places: tuple[_Place, ...]) -> tuple[str, str]:
    """The first URL that, masked, is the one given; without a secret when there is none, never with the mask."""
    for place in places:
        for match in _url_with_userinfo.finditer(place.text):
            if _masked(match.group()).rstrip("/") == given.rstrip("/"):
                return match.group(), place.name
    bare, userinfo = split_userinfo(given)
    known = userinfo is not None and userinfo[0] != _MASK
    return (with_userinfo(bare, userinfo[0], "") if userinfo and known else bare), "uv's settings"


def _masked(url: str) -> str:
    """A URL as uv shows it: with a password only that is masked, else the user name, which may be a token."""
    scheme, _, rest = url.partition("://")
    userinfo, _, host = rest.partition("@")
    user, has_password, _ = userinfo.partition(":")
    return f"{scheme}://{user + ':' if has_password else ''}{_MASK}@{host}"


def _named_in(given: str, places: tuple[_Place, ...]) -> str:
    return next((place.name for place in places if given in place.text), "uv's settings")


def _places(environ: Mapping[str, str], cwd: str) -> Iterator[_Place]:
    """Where uv reads indexes from, the strongest first: a place too many does no harm, since uv chose the URL."""
    for name in _VARIABLES:
        if environ.get(name):
            yield _Place(name, environ[name])
    for path in _files(environ, cwd):
        text = load_text(path)
        if text:
            yield _Place(path, text)


def _files(environ: Mapping[str, str], cwd: str) -> Iterator[str]:
    if environ.get("UV_CONFIG_FILE"):
        yield os.path.join(cwd, environ["UV_CONFIG_FILE"])
    folder, above = os.path.abspath(cwd), ""
    while folder != above:
        yield from (os.path.join(folder, name) for name in ("uv.toml", "pyproject.toml"))
        folder, above = os.path.dirname(folder), folder
    home = environ.get("HOME") or os.path.expanduser("~")
    yield os.path.join(environ.get("XDG_CONFIG_HOME") or os.path.join(home, ".config"), "uv", "uv.toml")
    if environ.get("APPDATA"):
        yield os.path.join(environ["APPDATA"], "uv", "uv.toml")
    for system in [*environ.get("XDG_CONFIG_DIRS", "").split(os.pathsep), "/etc", environ.get("PROGRAMDATA", "")]:
        if system:
            yield os.path.join(system, "uv", "uv.toml")


def _environment_login(name: str, environ: Mapping[str, str]) -> tuple[str, str] | None:
    """The login that uv takes for a named index from UV_INDEX_<NAME>_USERNAME and _PASSWORD."""
    stem = "UV_INDEX_" + re.sub(r"[^A-Z0-9]", "_", name.upper())
    user, password = environ.get(f"{stem}_USERNAME"), environ.get(f"{stem}_PASSWORD")
    return (user or "", password or "") if user is not None or password is not None else None


def _timeout(environ: Mapping[str, str]) -> float | None:
    """The seconds that uv waits for an index, where the user says so; what is no number uv itself complains about."""
    said = (environ.get(name, "") for name in ("UV_HTTP_TIMEOUT", "UV_REQUEST_TIMEOUT", "HTTP_TIMEOUT"))
    return next((float(seconds) for seconds in said if seconds.isdecimal() and int(seconds)), None)


def _host(struct: Struct) -> str:
    host, port = str(struct.fields["host"]), struct.fields["port"]
    return host if port == "None" else f"{host}:{port}"


def _ask_default(uv: str, environ: Mapping[str, str], cwd: str) -> str:
    """The index that uv asks when nobody says another: what it writes above a list of requirements, offline."""
    bare = {name: value for name, value in environ.items() if not name.startswith("UV_")}
    command = [uv, "pip", "compile", "-", "--emit-index-url", "--no-header", "--offline", "--no-config", "--no-cache"]
    done = run_installer([*command, "--quiet", "--python", sys.executable], bare, cwd)
    for line in done.stdout.splitlines():
        option, _, url = line.strip().partition(" ")
        if option == "--index-url":
            return url
    raise UndeterminedError(f"{uv}: could not say its default index ({last_line(done.stderr)}); name an index")


def _version(uv: str) -> str:
    done = run_installer([uv, "--version"], os.environ, os.getcwd())
    return " ".join(done.stdout.split()[:2]) or "uv"
