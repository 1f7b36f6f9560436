"""Page of a namespace: the providers that may answer for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from variantkit_allowlist.site.fragments import codes, date, evidence_badge, page_name, row, state_badge, table
from variantkit_allowlist.site.layout import Place, crumbs, page
from variantkit_allowlist.site.markup import Markup, element, identifier, join

if TYPE_CHECKING:
    from variantkit_allowlist.site.catalogue import Catalogue, Provider, Version

COLUMNS = ("Provider", "Asked through", "Evidence", "Ends", "State")


def namespace_page(catalogue: Catalogue, namespace: str) -> bytes:
    """The page of one namespace."""
    place = Place(f"namespace/{page_name(namespace)}", identifier(namespace))
    mine = [provider for provider in catalogue.providers if namespace in provider.namespaces]
    rows = [
        _row(provider, version)
        for provider in mine
        for version in provider.versions
        if version.approval.namespace == namespace
    ]
    waiting = [element("li", _link(provider)) for provider in mine if not provider.versions]
    return page(
        catalogue,
        place,
        element("h1", place.title),
        element("p", "What may answer for this namespace on machines that follow this list.", class_="lead"),
        table(f"Approved versions for {identifier(namespace)}", COLUMNS, rows) if rows else None,
        element("p", "Nothing is approved for it: it supports nothing.", class_="empty") if not rows else None,
        join(element("h2", "Registered, without an approved version"), element("ul", *waiting)) if waiting else None,
        crumbs=crumbs(place, ("index.html", "Providers")),
    )


def _link(provider: Provider) -> Markup:
    return element("a", identifier(provider.name), href=f"../package/{page_name(provider.name)}")


def _row(provider: Provider, version: Version) -> Markup:
    approval = version.approval
    cells = (
        join(_link(provider), " ", element("span", identifier(approval.version), class_="version")),
        codes(approval.plugin_api),
        evidence_badge(approval.evidence),
        date(version.ends),
        state_badge(version),
    )
    return row(COLUMNS, cells, class_="weak-row" if version.weak else None)
