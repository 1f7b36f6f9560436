"""Origins: the scheme, host and port that a credential or an address rule belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from variantkit.errors import InputError

if TYPE_CHECKING:
    from ipaddress import IPv4Address, IPv6Address
    from urllib.parse import SplitResult

PORTS = {"http": 80, "https": 443}


class Origin(NamedTuple):
    """Where a request goes; two URLs share credentials and connections only when their origins are equal."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + ("" if self.port == PORTS[self.scheme] else f":{self.port}")


def origin_of(url: str) -> Origin:
    """The origin of an http or https URL; InputError for any other scheme, and for a URL that is none."""
    parts = _split(url)
    if parts.scheme not in PORTS:
        raise InputError(f"{redacted(url)}: expected an http or https URL, found the scheme {parts.scheme!r}")
    try:
        port = parts.port
    except ValueError as error:
        raise InputError(f"{redacted(url)}: expected a port number below 65536") from error
    host = (parts.hostname or "").rstrip(".")
    if not host or not host.isprintable() or any(character in host for character in " %/\\"):
        raise InputError(f"{redacted(url)}: expected a host name in the URL, found {host!r}")
    return Origin(parts.scheme, host, PORTS[parts.scheme] if port is None else port)


def _split(url: str) -> SplitResult:
    from urllib.parse import urlsplit

    if any(character <= " " or character == "\x7f" for character in url):
        raise InputError(f"{redacted(url)!r}: expected a URL without blanks and control characters")
    try:
        return urlsplit(url)
    except ValueError as error:
        raise InputError(f"{redacted(url)}: expected a URL, found something that cannot be read as one") from error


def request_target(url: str) -> str:
    """What an HTTP request line names: path and query, escaped; never userinfo or fragment."""
    from urllib.parse import quote

    parts = _split(url)
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~")
    return path + (f"?{quote(parts.query, safe='/%:@!$&()*+,;=~?')}" if parts.query else "")


def redacted(url: str) -> str:
    """The URL for people: without userinfo, query and fragment, any of which may hold a secret."""
    scheme, mark, rest = url.partition("://")
    if not mark:
        return url.partition("?")[0].partition("#")[0]
    for end in "?#":
        rest = rest.partition(end)[0]
    authority, slash, path = rest.partition("/")
    port = authority.rpartition("@")[2].rpartition("]")[2].partition(":")[2]
    if "@" in path and port and not port.isdigit():
        # A password with an unescaped slash: what looks like host and port is user and password.
        return f"{scheme}://{path.rpartition('@')[2]}"
    return f"{scheme}://{authority.rpartition('@')[2]}{slash}{path}"


def split_userinfo(url: str) -> tuple[str, tuple[str, str] | None]:
    """The URL without its userinfo, and the user name and password that it held."""
    from urllib.parse import unquote

    parts = _split(url)
    userinfo, mark, host = parts.netloc.rpartition("@")
    if not mark:
        return url, None
    user, _, password = userinfo.partition(":")
    bare = parts._replace(netloc=host).geturl()
    return bare, ((unquote(user), unquote(password)) if userinfo.strip(":") else None)


def with_userinfo(url: str, user: str, password: str) -> str:
    """The URL with that user name and password in place of whatever it held."""
    from urllib.parse import quote

    parts = _split(split_userinfo(url)[0])
    secret = f":{quote(password, safe='')}" if password else ""
    return parts._replace(netloc=f"{quote(user, safe='')}{secret}@{parts.netloc}").geturl()


def with_suffix(url: str, suffix: str) -> str:
    """The URL of the file beside: `.metadata` goes after the path, before query and fragment (PEP 658)."""
    if not suffix:
        return url
    parts = _split(url)
    return parts._replace(path=parts.path + suffix, fragment="").geturl()


def literal_address(host: str) -> str | None:
    """The address that a host spells out, in any spelling a resolver takes (`127.1`, `0x7f000001`), else None."""
    import ipaddress
    import socket

    try:
        return str(ipaddress.ip_address(host.partition("%")[0]))
    except ValueError:
        pass
    try:
        # No name of a host consists of digits and dots alone; inet_aton also takes octal, hex and short forms.
        return socket.inet_ntoa(socket.inet_aton(host))
    except (OSError, UnicodeError):
        return None


def is_internal(address: str) -> bool:
    """Whether an address is loopback, private, link-local or otherwise not of the public network."""
    import ipaddress

    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        embedded = found.ipv4_mapped or found.sixtofour or _nat64(found)
        if embedded is not None:
            return not embedded.is_global
    return not found.is_global or found.is_multicast


def _nat64(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address inside the well-known prefix of RFC 6052, through which an IPv6-only network reaches it."""
    import ipaddress

    prefix = ipaddress.IPv6Network("64:ff9b::/96")
    return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF) if address in prefix else None


def is_loopback_name(host: str) -> bool:
    """Whether a host is this machine by its very name."""
    import ipaddress

    address = literal_address(host)
    if address is None:
        return host == "localhost" or host.endswith(".localhost")
    return ipaddress.ip_address(address).is_loopback
