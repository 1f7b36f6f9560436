"""The site's HTML says what was meant: nothing that is written into it becomes markup, an address or a script."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.catalogues import HOSTILE
from variantkit.cli.terminal import neutralise
from variantkit_allowlist.site.markup import element, identifier, is_https, join, link


class Seen(HTMLParser):
    """What a reader makes of HTML."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.words = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.words += data


@given(st.text() | st.sampled_from(HOSTILE))
def test_what_is_written_as_text_and_as_an_attribute_is_read_back_and_is_nothing_else(foreign: str) -> None:
    seen = Seen(element("p", foreign, data_words=foreign))
    assert seen.tags == ["p"]
    assert seen.attributes == [("data-words", neutralise(foreign))]
    assert seen.words == neutralise(foreign)


@given(st.lists(st.text() | st.sampled_from(HOSTILE)))
def test_parts_that_are_joined_stay_text(parts: list[str]) -> None:
    assert Seen(join(*parts, between=", ")).tags == []


@given(st.text())
def test_an_identifier_is_printable_ascii(foreign: str) -> None:
    shown = identifier(foreign)
    assert shown.isascii()
    assert shown == "" or shown.isprintable()


def test_two_names_that_look_the_same_are_shown_differently() -> None:
    assert identifier("nvidiа") != identifier("nvidia")  # the first ends in a Cyrillic letter


@pytest.mark.parametrize("address", HOSTILE, ids=ascii)
def test_an_address_that_is_not_plain_https_is_shown_and_is_no_link(address: str) -> None:
    seen = Seen(link(address))
    assert seen.tags == ["span"]
    assert "href" not in dict(seen.attributes)


def test_a_link_to_elsewhere_tells_nobody_where_it_was_found() -> None:
    seen = Seen(link("https://code.example/nvidia"))
    assert dict(seen.attributes) == {"href": "https://code.example/nvidia", "rel": "noopener noreferrer external"}


@given(st.text())
def test_an_https_address_holds_nothing_that_ends_an_attribute(tail: str) -> None:
    address = f"https://{tail}"
    assert not is_https(address) or (address.isascii() and not set(address) & set("\"'<>` \\") - {"'"})


@pytest.mark.parametrize(
    ("tag", "attributes"),
    [
        ("script", {}),
        ("style", {}),
        ("p", {"onclick": "x"}),
        ("p", {"style": "x"}),
        ("a", {"href": "javascript:x"}),
        ("a", {"href": "http://example.org/"}),
        ("img", {"src": "//example.org/x"}),
        ("img", {"src": "data:image/png,x"}),
    ],
)
def test_what_the_site_never_has_cannot_be_written(tag: str, attributes: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="this site has no"):
        element(tag, "x", **attributes)
