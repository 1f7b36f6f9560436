"""HTML that cannot say anything but what was meant: every text and every attribute is escaped where it enters."""

from __future__ import annotations

import re
from html import escape

from variantkit.cli.terminal import neutralise

_is_tag = re.compile(r"[a-z][a-z0-9]*").fullmatch
_is_attribute = re.compile(r"[a-z][a-z-]*").fullmatch
_is_own_address = re.compile(r"(?!//)[A-Za-z0-9._/-]*(#[A-Za-z0-9._-]+)?").fullmatch
_is_https = re.compile(r"https://[a-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*)?", re.IGNORECASE).fullmatch

_ADDRESSES = ("href", "src")
_VOID = ("meta", "link", "input", "img", "br", "hr")


class Markup(str):
    """HTML made by this module; any other string is text, and is escaped."""

    __slots__ = ()


def text(foreign: str) -> Markup:
    """Text as HTML: markup is escaped, control and direction-changing characters are shown as escapes."""
    return Markup(escape(neutralise(foreign), quote=True))


def identifier(foreign: str) -> str:
    """A name on one line with everything outside ASCII shown as escapes, so that no two names look the same."""
    return "".join(sign if sign.isascii() and sign.isprintable() else ascii(sign)[1:-1] for sign in foreign)


def element(tag: str, *children: str | None, **attributes: str | int | bool | None) -> Markup:
    """One element. `class_` and `data_name` stand for class and data-name; True is a bare attribute, None is none.

    Raises ValueError for what this site never has: scripts or styles in the page, event handlers, and addresses that
    are neither relative nor https.
    """
    named = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
    shown = "".join(
        _attribute(name, value) for name, value in named.items() if value is not None and value is not False
    )
    if not _is_tag(tag) or (tag in ("script", "style") and children):
        raise ValueError(f"this site has no <{tag}> with content")
    if tag in _VOID:
        return Markup(f"<{tag}{shown}>")
    return Markup(f"<{tag}{shown}>{join(*children)}</{tag}>")


def join(*children: str | None, between: str = "") -> Markup:
    """Elements and texts one after the other; None is nothing."""
    found = [child if isinstance(child, Markup) else text(child) for child in children if child is not None]
    return Markup(text(between).join(found))


def is_https(address: str) -> bool:
    """Whether a foreign address may be a link: https, ASCII, no user, no blank, nothing that ends an attribute."""
    return bool(_is_https(address))


def link(address: str, *children: str) -> Markup:
    """A link to elsewhere; an address that may not be one is shown as text."""
    shown = children or (identifier(address),)
    if not is_https(address):
        return element("span", *shown)
    return element("a", *shown, href=address, rel="noopener noreferrer external")


def _attribute(name: str, value: str | int | bool) -> str:
    if not _is_attribute(name) or name.startswith("on") or name == "style":
        raise ValueError(f"this site has no attribute {name!r}")
    if value is True:
        return f" {name}"
    written = str(value)
    if name in _ADDRESSES and not (_is_own_address(written) or is_https(written)):
        raise ValueError(f"this site has no link to {written!r}")
    return f' {name}="{text(written)}"'
