"""The links and the meta elements of an HTML page.

A reader of its own because the standard library's takes quadratic time on hostile text (a megabyte of `<!--`
stops it for minutes); this one looks at each character a bounded number of times.
"""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urljoin

from variantkit.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

_tag_name = re.compile(r"[A-Za-z][^\s/>]*")
_attribute_name = re.compile(r"[^\s/>][^\s/>=]*")
_space = re.compile(r"\s*")
_space_or_slash = re.compile(r"[\s/]*")
_bare_value = re.compile(r"[^\s>]*")

_RAW_ELEMENTS = ("script", "style", "title", "textarea")
"""Elements whose content is text, whatever it looks like."""


class _Piece(NamedTuple):
    """A start tag, an end tag (`/name`), a declaration (`!`), or a run of text (an empty name)."""

    name: str
    attributes: dict[str, str]
    text: str = ""


def read_anchors(text: str, url: str) -> tuple[str, list[tuple[str, dict[str, str]]], dict[str, str]]:
    """Read a page found at `url`: the base of its links, (text, attributes) of every link, and its meta elements.

    Raises InputError when the text has no element at all, or an address or a reference that cannot be read.
    """
    base, elements = None, 0
    metas: dict[str, str] = {}
    anchors: list[tuple[list[str], dict[str, str]]] = []
    inside = False
    try:
        for name, attributes, content in _pieces(text):
            elements += name != ""
            if name == "" and inside:
                anchors[-1][0].append(unescape(content))
            elif name == "a":
                inside = "href" in attributes
                anchors += [([], attributes)] if inside else []
            elif name == "/a":
                inside = False
            elif name == "base" and base is None:
                base = attributes.get("href")
            elif name == "meta" and "name" in attributes:
                metas.setdefault(attributes["name"].lower(), attributes.get("content", ""))
        location = urljoin(url, (base or "").strip())
    except ValueError as error:
        raise InputError(f"{url}: expected an HTML page of a simple index, found broken HTML ({error})") from None
    if not elements:
        raise InputError(f"{url}: expected an HTML page of a simple index, found no HTML element")
    return location, [("".join(words).strip(), attributes) for words, attributes in anchors], metas


def _pieces(text: str) -> Iterator[_Piece]:
    """Cut a page into tags and text; what an unclosed tag or comment at the end would hold is left out."""
    at = 0
    while at < len(text):
        start = text.find("<", at)
        if start < 0:
            yield _Piece("", {}, text[at:])
            return
        if start > at:
            yield _Piece("", {}, text[at:start])
        piece, at = _markup(text, start)
        if piece is not None:
            yield piece


def _markup(text: str, start: int) -> tuple[_Piece | None, int]:
    """Read what begins with the `<` at `start`: the piece, and where the next one begins."""
    if text.startswith("<!--", start):
        return None, _after(text, "-->", start + 4)
    if text.startswith(("<!", "<?"), start):
        return _Piece("!", {}), _after(text, ">", start)
    closing = text.startswith("</", start)
    begin = start + 2 if closing else start + 1
    end = _skip(_tag_name, text, begin)
    name = text[begin:end].lower()
    if closing:
        return (_Piece("/" + name, {}) if name else None), _after(text, ">", end)
    if not name:
        return _Piece("", {}, "<"), begin
    attributes, at = _attributes(text, end)
    if attributes is None:
        return None, at
    return _Piece(name, attributes), _after(text, f"</{name}", at) if name in _RAW_ELEMENTS else at


def _attributes(text: str, at: int) -> tuple[dict[str, str] | None, int]:
    """Read attributes up to the tag's `>`; None when the text ends first."""
    found: dict[str, str] = {}
    at = _skip(_space_or_slash, text, at)
    while at < len(text) and text[at] != ">":
        end = _skip(_attribute_name, text, at)
        name = text[at:end].lower()
        value, at = _value(text, end)
        found.setdefault(name, value)  # as browsers do, the first of a repeated attribute
        at = _skip(_space_or_slash, text, at)
    return (found, at + 1) if at < len(text) else (None, at)


def _value(text: str, at: int) -> tuple[str, int]:
    equals = _skip(_space, text, at)
    if not text.startswith("=", equals):
        return "", at
    at = _skip(_space, text, equals + 1)
    if text.startswith(('"', "'"), at):
        end = text.find(text[at], at + 1)
        return (unescape(text[at + 1 : end]), end + 1) if end >= 0 else ("", len(text))
    end = _skip(_bare_value, text, at)
    return unescape(text[at:end]), end


def _skip(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at


def _after(text: str, mark: str, at: int) -> int:
    """Where the text after the next `mark` begins; the end of the text when there is none."""
    found = text.find(mark, at)
    return len(text) if found < 0 else found + len(mark)
