"""Parts that every page is made of: states, evidence, hashes, dates, tables and lists of facts."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from variantkit_allowlist.site.markup import Markup, element, identifier, join, link

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from variantkit_allowlist.model import Identity, IdentityRule
    from variantkit_allowlist.site.catalogue import Version

STATE_NAMES = {
    "approved": ("✓", "Approved"),
    "expiring": ("◔", "Expiring"),
    "unpublished": ("…", "Not published"),
    "superseded": ("↓", "Superseded"),
    "expired": ("✕", "Expired"),
    "revoked": ("✕", "Revoked"),
}
EVIDENCE_NAMES = {
    "identity": ("Attested by its CI", "A certificate that was verified says which workflow built and published it."),
    "key": ("Signed by its vendor", "The vendor's own registered key signed these bytes."),
    "rebuild": ("Rebuilt bit for bit", "A reviewer built the same bytes from the published source."),
    "none": (
        "Unattested",
        "Nothing shows who made these bytes. They are known by their hash and their reviewers alone.",
    ),
}

_is_plain_name = re.compile(r"[a-z0-9][a-z0-9_-]{0,100}").fullmatch


def page_name(name: str) -> str:
    """The file name of a provider's or namespace's page; one of a name that is not plain is a digest."""
    plain = _is_plain_name(name) and name != "index"
    return f"{name if plain else 'x.' + hashlib.sha256(name.encode()).hexdigest()[:24]}.html"


def state_badge(version: Version) -> Markup:
    """The state in words and with a sign, so that it is not told by colour alone."""
    sign, name = STATE_NAMES[version.state]
    return element(
        "span", element("span", sign, aria_hidden="true"), " ", element("span", name), class_=f"badge {version.state}"
    )


def evidence_badge(evidence: str) -> Markup:
    """The kind of evidence; the weaker class bears a warning sign and a broken border."""
    name, _ = EVIDENCE_NAMES[evidence]
    sign = "⚠" if evidence == "none" else "◆"
    kind = "evidence weak" if evidence == "none" else "evidence"
    return element("span", element("span", sign, aria_hidden="true"), " ", name, class_=kind)


def digest(sha256: str) -> Markup:
    """A hash, whole, that may break anywhere."""
    return element("code", identifier(sha256), class_="digest")


def code(name: str) -> Markup:
    return element("code", identifier(name))


def codes(names: Iterable[str], nothing: str = "none") -> Markup:
    """Names as a list; the word for none where there are none."""
    items = [element("li", code(name)) for name in names]
    return element("ul", *items, class_="plain") if items else element("span", nothing, class_="quiet")


def prose(foreign: str) -> Markup:
    """What somebody wrote, kept apart from the direction of the text around it; line ends stay."""
    return element("bdi", foreign, class_="prose")


def date(day: str) -> Markup:
    return element("time", day, datetime=day)


def facts(pairs: Iterable[tuple[str, str | None]]) -> Markup:
    """Names and values side by side; a value of None leaves its name out."""
    rows = [element("div", element("dt", name), element("dd", value)) for name, value in pairs if value is not None]
    return element("dl", *rows, class_="facts")


def table(caption: str, columns: Sequence[str], rows: Iterable[Markup], *, name: str | None = None) -> Markup:
    """A table whose roles are written out: on a narrow screen its rows become cards, which would lose them."""
    heads = [element("th", column, scope="col", role="columnheader") for column in columns]
    head = element("thead", element("tr", *heads, role="row"), role="rowgroup")
    body = element("tbody", *rows, role="rowgroup")
    return element("table", element("caption", caption), head, body, role="table", id=name)


def row(columns: Sequence[str], cells: Sequence[str | None], **attributes: str | None) -> Markup:
    """A row, whose first cell is its header; each cell bears its column's name for narrow screens."""
    made = []
    for place, (column, cell) in enumerate(zip(columns, cells, strict=True)):
        tag = "th" if place == 0 else "td"
        scope = {"scope": "row", "role": "rowheader"} if place == 0 else {"role": "cell"}
        made.append(element(tag, element("div", cell), data_label=column, **scope))
    return element("tr", *made, role="row", **attributes)


def section(title: str, *children: str | None, name: str) -> Markup:
    """A part of a page under its own heading."""
    heading = element("h2", title, id=name)
    return element("section", heading, *children, aria_labelledby=name)


def identity_facts(found: Identity | IdentityRule) -> Markup:
    """An identity, or the rule for one: everything that it says, in its own order."""
    said = found.model_dump(by_alias=True)
    pairs = []
    for key, value in said.items():
        values = value if isinstance(value, tuple) else (value,)
        shown = [_identity_value(key, str(item)) for item in values if item]
        if shown:
            pairs.append((key.replace("-", " ").capitalize(), join(*shown, between=", ")))
    return facts(pairs)


def _identity_value(key: str, value: str) -> Markup:
    return link(value) if key == "repository" else code(value)
