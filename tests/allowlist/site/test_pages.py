"""Every page is one that a keyboard, a screen reader, a printer and a strict browser can use."""

from __future__ import annotations

import itertools
import posixpath
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

from support.catalogues import NOW, hostile_catalogue, sample_catalogue, sample_ledger
from variantkit_allowlist.model import Ledger
from variantkit_allowlist.site import build_catalogue, render_site

if TYPE_CHECKING:
    from collections.abc import Mapping

POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'"
VOID = {"meta", "link", "input", "br", "hr", "img"}
EMPTY = Ledger.model_validate({"schema": "variantkit.providers/1", "id": "example.org/empty"})

SITES: Mapping[str, Mapping[str, bytes]] = {
    "sample": render_site(sample_catalogue()),
    "hostile": render_site(hostile_catalogue()),
    "unpublished": render_site(build_catalogue(sample_ledger(), None, {}, NOW)),
    "empty": render_site(build_catalogue(EMPTY, None, {}, NOW)),
}
each_site = pytest.mark.parametrize("site", SITES)


class Page(HTMLParser):
    """A page's elements: (tag, attributes, the tags that it stands in), and the words in each."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str], tuple[str, ...]]] = []
        self.words: dict[int, str] = {}
        self.open: list[tuple[str, int]] = []
        self.unbalanced: list[str] = []
        self.feed(data.decode())
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}, tuple(name for name, _ in self.open)))
        if tag not in VOID:
            self.open.append((tag, len(self.elements) - 1))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1][0] != tag:
            self.unbalanced.append(tag)
        elif self.open:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        for _, place in self.open:
            self.words[place] = self.words.get(place, "") + data

    def all(self, *tags: str) -> list[dict[str, str]]:
        return [attributes for tag, attributes, _ in self.elements if tag in tags]

    def text(self, tag: str) -> list[str]:
        return [self.words.get(place, "").strip() for place, (found, _, _) in enumerate(self.elements) if found == tag]


def pages_of(site: str) -> list[tuple[str, Page]]:
    return [(path, Page(data)) for path, data in SITES[site].items() if path.endswith(".html")]


@each_site
def test_a_page_is_balanced_and_has_its_landmarks_and_language(site: str) -> None:
    for _, page in pages_of(site):
        assert not page.unbalanced
        assert not page.open
        assert page.all("html") == [{"lang": "en"}]
        for landmark in ("header", "main", "footer", "h1", "title"):
            assert len(page.all(landmark)) == 1, landmark
        assert page.text("title")[0]
        assert page.text("h1")[0]


@each_site
def test_a_page_declares_its_policy_before_anything_is_loaded_and_holds_no_script_or_style(site: str) -> None:
    for _, page in pages_of(site):
        declared = [place for place, (_, found, _) in enumerate(page.elements) if found.get("http-equiv")]
        loading = [place for place, (tag, _, _) in enumerate(page.elements) if tag in ("script", "link", "img")]
        assert [page.elements[place][1]["content"] for place in declared] == [POLICY]
        assert declared[0] < min(loading)
        assert not page.all("style", "iframe", "object", "embed", "base", "form", "svg")
        assert page.text("script") == [""]
        for attributes in (found for _, found, _ in page.elements):
            assert not [
                name for name in attributes if name.startswith("on") or name in ("style", "srcdoc", "formaction")
            ]


@each_site
def test_every_address_leads_to_a_file_and_a_place_of_the_site_or_is_https(site: str) -> None:
    found = dict(pages_of(site))
    names = {path: {item["id"] for _, item, _ in page.elements if "id" in item} for path, page in found.items()}
    for path, page in found.items():
        for tag, attributes, _ in page.elements:
            address = attributes.get("href", attributes.get("src"))
            if address is None:
                continue
            if address.startswith("https://"):
                assert tag == "a", "only a link that somebody follows leads elsewhere"
                continue
            target, _, name = address.partition("#")
            there = posixpath.normpath(posixpath.join(posixpath.dirname(path), target)) if target else path
            assert there in SITES[site], address
            assert not name or name in names[there], address


@each_site
def test_identifiers_are_unique_and_every_reference_has_its_target(site: str) -> None:
    for _, page in pages_of(site):
        names = [found["id"] for _, found, _ in page.elements if "id" in found]
        assert len(names) == len(set(names))
        for _, attributes, _ in page.elements:
            for key in ("aria-labelledby", "aria-describedby", "aria-controls", "for"):
                assert set(attributes.get(key, "").split()) <= set(names)


@each_site
def test_tables_have_captions_and_headers_with_scope_and_headings_skip_no_level(site: str) -> None:
    for _, page in pages_of(site):
        assert len(page.all("table")) == len(page.all("caption"))
        assert all(page.text("caption"))
        assert all(found.get("scope") in ("col", "row") for found in page.all("th"))
        levels = [int(tag[1]) for tag, _, _ in page.elements if re.fullmatch("h[1-6]", tag)]
        assert levels[0] == 1
        assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


@each_site
def test_everything_that_can_be_used_has_a_name(site: str) -> None:
    for _, page in pages_of(site):
        labelled = {found["for"] for found in page.all("label")}
        assert all(found["id"] in labelled for found in page.all("input", "select"))
        assert all("alt" in found for found in page.all("img"))
        assert all(page.text("a"))
        assert all("aria-label" in found or "aria-labelledby" in found for found in page.all("nav"))


def test_the_first_thing_on_a_page_leads_past_its_menu() -> None:
    first = Page(SITES["sample"]["index.html"]).all("a")[0]
    assert first["href"] == "#content"


def test_without_a_script_the_whole_table_is_there_and_no_search_that_would_do_nothing() -> None:
    page = Page(SITES["sample"]["index.html"])
    rows = [found for found in page.all("tr") if "data-state" in found]
    assert len(rows) == len(sample_ledger().approved)
    assert not [found for found in rows if "hidden" in found]
    assert "hidden" in next(found for found in page.all("div") if found.get("role") == "search")


def test_an_attack_in_every_place_makes_no_file_outside_the_site() -> None:
    names = re.compile(r"(assets|package|namespace)/[a-z0-9._-]+|[a-z-]+\.html").fullmatch
    assert all(names(path) and ".." not in path for path in SITES["hostile"])


def luminance(colour: str) -> float:
    parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """WCAG 2's contrast ratio of two colours."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


STYLE = SITES["sample"]["assets/style.css"].decode()
BLOCKS = re.findall(r":root \{(.*?)\n *\}", STYLE, re.DOTALL)
SCHEMES = [dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", block)) for block in BLOCKS]
TEXT_ON = [("ink", back) for back in ("page", "card", "code", "idle-back")]
TEXT_ON += [(ink, back) for ink in ("quiet", "link") for back in ("page", "card", "code")]
TEXT_ON += [(kind, f"{kind}-back") for kind in ("good", "warn", "bad", "idle")]


@pytest.mark.parametrize("scheme", range(3), ids=["light", "dark", "print"])
@pytest.mark.parametrize(("text", "back"), TEXT_ON, ids="-on-".join)
def test_text_stands_out_from_what_it_stands_on(scheme: int, text: str, back: str) -> None:
    assert contrast(SCHEMES[scheme][text], SCHEMES[scheme][back]) >= 4.5


@pytest.mark.parametrize("scheme", range(2), ids=["light", "dark"])
def test_the_edges_of_what_can_be_used_stand_out(scheme: int) -> None:
    colours = SCHEMES[scheme]
    assert contrast(colours["strong"], colours["card"]) >= 3  # the border of a field
    assert contrast(colours["focus"], colours["page"]) >= 3
    assert contrast(colours["warn"], colours["page"]) >= 3  # the broken border of the weaker class
