"""Index: every approved version in one table that can be searched, and what stands in force at a glance."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from variantkit.trust.dates import format_date
from variantkit_allowlist.site.fragments import (
    STATE_NAMES,
    date,
    evidence_badge,
    page_name,
    row,
    state_badge,
    table,
)
from variantkit_allowlist.site.layout import Place, page
from variantkit_allowlist.site.markup import Markup, element, identifier, join

if TYPE_CHECKING:
    from variantkit_allowlist.site.catalogue import Catalogue, Provider, Version

PLACE = Place("index.html", "Approved providers")
COLUMNS = ("Provider", "Namespace", "Evidence", "Reviewed by", "Ends", "State")


def index_page(catalogue: Catalogue) -> bytes:
    """The site's first page."""
    rows = [_row(catalogue, provider, version) for provider in catalogue.providers for version in provider.versions]
    lead = (
        "Providers look at a machine's hardware so that an installer can pick the right build. "
        "Those listed here, byte for byte, are the only ones that machines following this list run."
    )
    shown = table("Approved versions of providers", COLUMNS, rows, name="catalogue")
    nothing = element(
        "p", "Nothing matches. Try fewer words, or another state.", id="nothing", hidden=True, class_="empty"
    )
    empty = element("p", "No provider is approved: none may run.", class_="empty")
    return page(
        catalogue,
        PLACE,
        element("h1", PLACE.title),
        element("p", lead, class_="lead"),
        _figures(catalogue),
        _namespaces(catalogue),
        _search(len(rows)) if rows else None,
        shown if rows else empty,
        nothing,
    )


def _figures(catalogue: Catalogue) -> Markup:
    counts = Counter(version.state for provider in catalogue.providers for version in provider.versions)
    weak = sum(version.weak for provider in catalogue.providers for version in provider.versions)
    edition = catalogue.edition
    ends = f"ends {format_date(edition.expires)[:10]}" if edition else "nothing is in force"
    figures = [
        (str(counts["approved"] + counts["expiring"] + counts["superseded"]), "in force", "machines may run them"),
        (str(counts["expiring"]), "ending soon", "within 90 days"),
        (str(weak), "unattested", "the weaker class"),
        (str(len(catalogue.revoked)), "revoked", "for good"),
        (str(edition.serial) if edition else "–", "edition", ends),
    ]
    made = [
        element("div", element("dt", name), element("dd", element("b", number), element("small", told)))
        for number, name, told in figures
    ]
    return element("dl", *made, class_="figures")


def _namespaces(catalogue: Catalogue) -> Markup | None:
    links = [
        element("li", element("a", identifier(name), href=f"namespace/{page_name(name)}"))
        for name in catalogue.namespaces
    ]
    if not links:
        return None
    label = element("h2", "Namespaces", id="namespaces")
    return element("nav", label, element("ul", *links), aria_labelledby="namespaces", class_="chips")


def _search(total: int) -> Markup:
    """The search; hidden until the script that answers it runs."""
    words = element(
        "div",
        element("label", "Search", for_="words"),
        element("input", type="search", id="words", autocomplete="off", spellcheck="false", aria_controls="catalogue",
                aria_describedby="hint", placeholder="name, hash, repository, reviewer"),
    )  # fmt: skip
    options = [element("option", "Any state", value="")]
    options += [element("option", name, value=state) for state, (_, name) in STATE_NAMES.items()]
    options.append(element("option", "Unattested", value="weak"))
    state = element(
        "div",
        element("label", "State", for_="state"),
        element("select", *options, id="state", aria_controls="catalogue"),
    )
    hint = element("p", "Press ", element("kbd", "/"), " to search, ", element("kbd", "Esc"), " to clear.", id="hint")
    count = element("p", f"{total} of {total} shown", id="count", role="status")
    return element("div", words, state, hint, count, role="search", id="search", hidden=True, aria_label="Providers")


def _row(catalogue: Catalogue, provider: Provider, version: Version) -> Markup:
    approval = version.approval
    people = catalogue.ledger.reviewers
    who = [people[name].name or name if name in people else name for name in approval.who]
    sources = sorted({people[name].affiliation for name in approval.who if name in people})
    if version.origin:
        who, sources = list(approval.who), [f"taken over from {version.origin}"]
    name = element("a", identifier(provider.name), href=f"package/{page_name(provider.name)}")
    reviewed = join(
        element("span", element("bdi", ", ".join(who))),
        element("span", element("bdi", ", ".join(sources)), class_="quiet") if sources else None,
    )
    return row(
        COLUMNS,
        (
            join(name, " ", element("span", identifier(approval.version), class_="version")),
            element("a", identifier(approval.namespace), href=f"namespace/{page_name(approval.namespace)}"),
            evidence_badge(approval.evidence),
            reviewed,
            date(version.ends),
            state_badge(version),
        ),
        class_="weak-row" if version.weak else None,
        data_state=version.state,
        data_weak="yes" if version.weak else "no",
        data_ends=version.ends,
        data_words=_words(version),
    )


def _words(version: Version) -> str:
    """What can be searched although the table does not show it."""
    approval = version.approval
    identity = approval.identity.model_dump() if approval.identity else {}
    needs = approval.needs
    return identifier(
        " ".join([*approval.sha256, *approval.criteria, *approval.plugin_api, *map(str, identity.values()), *needs.read,
                  *needs.devices, *needs.libraries, *needs.programs, *approval.who, version.origin])
    )  # fmt: skip
