"""Proxies: which one, if any, a request goes through."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from variantkit.errors import UndeterminedError
from variantkit.index.upstream.credentials import Login
from variantkit.index.upstream.origin import is_loopback_name, literal_address, origin_of, redacted, split_userinfo

if TYPE_CHECKING:
    from collections.abc import Mapping

    from variantkit.index.upstream.origin import Origin


class Proxy(NamedTuple):
    """An HTTP proxy and the login for it."""

    origin: Origin
    login: Login | None


def find_proxy(origin: Origin, environ: Mapping[str, str], explicit: str | None = None) -> Proxy | None:
    """The proxy for requests to an origin: `explicit` (pip's `proxy`), else the environment's, else None.

    Loopback is never asked through a proxy, whatever the environment says: the proxy's loopback is another machine.
    """
    if is_loopback_name(origin.host) or (not explicit and _is_exempt(origin, environ)):
        return None
    found = ("pip's proxy", explicit) if explicit else _from_environment(origin.scheme, environ)
    return _parse_proxy(*found) if found else None


def _from_environment(scheme: str, environ: Mapping[str, str]) -> tuple[str, str] | None:
    names = [f"{scheme}_proxy", f"{scheme.upper()}_PROXY", "all_proxy", "ALL_PROXY"]
    if "REQUEST_METHOD" in environ:
        names.remove("HTTP_PROXY") if scheme == "http" else None  # a CGI script's client sets it (CVE-2016-1000110)
    return next(((name, environ[name]) for name in names if environ.get(name)), None)


def _parse_proxy(name: str, text: str) -> Proxy:
    bare, userinfo = split_userinfo(text if "://" in text else f"http://{text}")
    if not bare.lower().startswith("http://"):
        raise UndeterminedError(
            f"{name}: expected a proxy spoken to by plain http (http://HOST:PORT), found {redacted(bare)};"
            f" set {name} to such a proxy, or add the index's host to no_proxy"
        )
    return Proxy(origin_of(bare), Login(*userinfo) if userinfo else None)


def _is_exempt(origin: Origin, environ: Mapping[str, str]) -> bool:
    listed = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    return any(_exempts(entry.strip().lower(), origin) for entry in listed.split(",") if entry.strip())


def _exempts(entry: str, origin: Origin) -> bool:
    if entry == "*":
        return True
    if "/" in entry:
        return _in_network(entry, origin.host)
    host, mark, port = entry.rpartition(":")
    if mark and port.isdigit() and ":" not in host.strip("[]"):
        if int(port) != origin.port:
            return False
        entry = host
    name = entry.strip("[]").lstrip("*").lstrip(".")
    return origin.host == name or origin.host.endswith(f".{name}")


def _in_network(entry: str, host: str) -> bool:
    import ipaddress

    address = literal_address(host)
    try:
        return address is not None and ipaddress.ip_address(address) in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return False
