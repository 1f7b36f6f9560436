"""Page of revocations: what must never run, since when, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from variantkit_allowlist.site.fragments import date, digest, page_name, prose, row, table
from variantkit_allowlist.site.layout import Place, page
from variantkit_allowlist.site.markup import Markup, element, identifier, join

if TYPE_CHECKING:
    from collections.abc import Sequence

    from variantkit_allowlist.site.catalogue import Catalogue, Ended

PLACE = Place("revocations.html", "Revocations")
COLUMNS = ("What", "Since", "Why", "By")


def revocation_page(catalogue: Catalogue) -> bytes:
    """The page of all revocations."""
    lead = "A revocation is never taken back, and wins over every approval of every list on a machine."
    empty = element("p", "Nothing is revoked.", class_="empty")
    known = {provider.name for provider in catalogue.providers}
    return page(
        catalogue,
        PLACE,
        element("h1", PLACE.title),
        element("p", lead, class_="lead"),
        revocation_table(catalogue.revoked, known) if catalogue.revoked else empty,
    )


def revocation_table(revoked: Sequence[Ended], linked: set[str] | None = None) -> Markup:
    """Revocations as a table; a package in `linked` has a page."""
    rows = [
        row(
            COLUMNS,
            (
                _what(gone, linked or set()),
                date(gone.since) if gone.since else "–",
                prose(gone.reason) if gone.reason else element("span", "no reason is given", class_="quiet"),
                join(element("bdi", gone.who), gone.origin) if gone.who or gone.origin else "–",
            ),
        )
        for gone in revoked
    ]
    return table("What must never run", COLUMNS, rows)


def _what(gone: Ended, linked: set[str]) -> Markup:
    shown = identifier(gone.package)
    name: str | None = shown or None
    if gone.package in linked:
        name = element("a", shown, href=f"package/{page_name(gone.package)}")
    every = "every version" if gone.package and not gone.version and not gone.sha256 else None
    return join(
        name,
        " ",
        element("span", identifier(gone.version) or every, class_="version") if gone.version or every else None,
        *[element("div", digest(sha256)) for sha256 in gone.sha256],
    )
