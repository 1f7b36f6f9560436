"""The links and the meta elements of an HTML page."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import urljoin

from variantkit.errors import InputError


class _Reader(HTMLParser):
    """Collects what PEP 503 and its successors say with elements; anything else is passed over."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.base: str | None = None
        self.metas: dict[str, str] = {}
        self.anchors: list[tuple[str, dict[str, str]]] = []
        self.elements = 0
        self._open: dict[str, str] | None = None
        self._text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements += 1
        attributes: dict[str, str] = {}
        for name, value in attrs:
            attributes.setdefault(name, value or "")  # as browsers do, the first of a repeated attribute
        if tag == "base" and self.base is None and "href" in attributes:
            self.base = attributes["href"]
        elif tag == "meta" and "name" in attributes:
            self.metas.setdefault(attributes["name"].lower(), attributes.get("content", ""))
        elif tag == "a":
            self._close()
            self._open = attributes if "href" in attributes else None

    def handle_decl(self, decl: str) -> None:
        self.elements += 1

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._close()

    def handle_data(self, data: str) -> None:
        if self._open is not None:
            self._text.append(data)

    def close(self) -> None:
        super().close()
        self._close()

    def _close(self) -> None:
        if self._open is not None:
            self.anchors.append(("".join(self._text).strip(), self._open))
        self._open = None
        self._text = []


def read_anchors(text: str, url: str) -> tuple[str, list[tuple[str, dict[str, str]]], dict[str, str]]:
    """Read a page found at `url`: the base of its links, (text, attributes) of every link, and its meta elements.

    Raises InputError when the text has no element at all.
    """
    reader = _Reader()
    try:
        reader.feed(text)
        reader.close()
        base = urljoin(url, (reader.base or "").strip())
    except (ValueError, AssertionError) as error:
        # AssertionError: html.parser's own for malformed declarations, on some Python versions.
        raise InputError(f"{url}: expected an HTML page of a simple index, found broken HTML ({error})") from None
    if not reader.elements:
        raise InputError(f"{url}: expected an HTML page of a simple index, found no HTML element")
    return base, reader.anchors, reader.metas
