"""Layout of a page: its head with the content security policy, its landmarks, and the way to the other pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from variantkit.trust.dates import format_date
from variantkit_allowlist.site.markup import Markup, element, identifier, join

if TYPE_CHECKING:
    from variantkit_allowlist.site.catalogue import Catalogue

POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'"
"""Nothing but this site's own script, styles and pictures is loaded, whatever an entry says."""

_PAGES = (("index.html", "Providers"), ("revocations.html", "Revocations"), ("policy.html", "How the list decides"))


class Place(NamedTuple):
    """Where a page stands: its path below the site, and its title."""

    path: str
    title: str

    @property
    def up(self) -> str:
        """What leads from the page to the site's root."""
        return "../" * self.path.count("/")


def page(catalogue: Catalogue, place: Place, *children: str | None, crumbs: str | None = None) -> bytes:
    """A whole page; `children` are its main part."""
    skip = element("a", "Skip to the content", href="#content", class_="skip")
    main = element("main", *children, id="content", tabindex="-1", class_="wide")
    way = element("div", crumbs, class_="wide") if crumbs else None
    body = element("body", skip, _header(catalogue, place), way, main, _footer(catalogue))
    html = element("html", "\n", _head(catalogue, place), "\n", body, "\n", lang="en")
    return f"<!DOCTYPE html>\n{html}\n".encode()


def crumbs(place: Place, *steps: tuple[str, str]) -> Markup:
    """The way back, from the index to this page."""
    links = [element("li", element("a", name, href=place.up + path)) for path, name in steps]
    here = element("li", element("span", place.title, aria_current="page"))
    return element("nav", element("ol", *links, here), aria_label="Breadcrumb", class_="crumbs")


def _head(catalogue: Catalogue, place: Place) -> Markup:
    return element(
        "head",
        element("meta", charset="utf-8"),
        Markup(f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="referrer", content="no-referrer"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", f"{place.title} · {identifier(catalogue.ledger.id)}"),
        element("link", rel="icon", type="image/svg+xml", href=f"{place.up}assets/icon.svg"),
        element("link", rel="stylesheet", href=f"{place.up}assets/style.css"),
        element("script", src=f"{place.up}assets/search.js", defer=True),
    )


def _header(catalogue: Catalogue, place: Place) -> Markup:
    links = []
    for path, name in _PAGES:
        current = "page" if path == place.path else None
        links.append(element("li", element("a", name, href=place.up + path, aria_current=current)))
    mark = element("img", src=f"{place.up}assets/icon.svg", alt="", width=28, height=28)
    brand = element(
        "a", mark, element("span", identifier(catalogue.ledger.id)), href=f"{place.up}index.html", class_="brand"
    )
    menu = element("nav", element("ul", *links), aria_label="Pages")
    return element("header", element("div", brand, menu, class_="wide bar"), class_="top")


def _footer(catalogue: Catalogue) -> Markup:
    edition = catalogue.edition
    told = "No edition of this list is published yet."
    if edition is not None:
        told = f"Edition {edition.serial}, sha256 "
    said = element("p", told, element("code", edition.sha256, class_="digest") if edition else None)
    day = element("p", "States are those of ", element("time", format_date(catalogue.day)[:10]), " (UTC).")
    record = element(
        "p",
        "This catalogue informs. What may run is decided by the signed list that a machine has verified and installed.",
    )
    return element("footer", element("div", join(record, said, day), class_="wide"))
