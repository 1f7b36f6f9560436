"""Page of the policy: what an approval takes, what criteria mean, who reviews, who signs, and whose lists are heard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from variantkit_allowlist.site.fragments import EVIDENCE_NAMES, code, codes, digest, facts, prose, row, section, table
from variantkit_allowlist.site.layout import Place, page
from variantkit_allowlist.site.markup import Markup, element, identifier, join, link

if TYPE_CHECKING:
    from variantkit_allowlist.model import Ledger, Policy
    from variantkit_allowlist.site.catalogue import Catalogue

PLACE = Place("policy.html", "How the list decides")


def policy_page(catalogue: Catalogue) -> bytes:
    """The page of the list's rules and people."""
    ledger = catalogue.ledger
    lead = "An approval names exact bytes. It is made when everything below holds, and it ends by itself."
    return page(
        catalogue,
        PLACE,
        element("h1", PLACE.title),
        element("p", lead, class_="lead"),
        section("What an approval takes", _policy(ledger.policy), name="policy"),
        section("Criteria", _criteria(ledger), name="criteria") if ledger.criteria else None,
        section("Reviewers", _reviewers(ledger), name="reviewers") if ledger.reviewers else None,
        section("Who signs the list", _roles(ledger), name="roles") if ledger.roles else None,
        section("Other teams' lists", _imports(ledger), name="imports") if ledger.imports else None,
    )


def _policy(policy: Policy) -> Markup:
    kinds = [EVIDENCE_NAMES[kind][0] for kind in policy.evidence]
    kinds += ["Unattested, with two reviewers at least (the weaker class)"] if policy.unattested else []
    warned = f"warnings only, until {policy.warn_until}" if policy.mode == "warn" else "enforced"
    return facts(
        [
            ("Mode", warned),
            ("Evidence", element("ul", *[element("li", kind) for kind in kinds], class_="plain")),
            ("Reviewers", f"{policy.reviewers} persons, of {policy.affiliations} affiliation(s) at least"),
            ("Criteria", codes(policy.criteria)),
            ("Waiting time", f"{policy.cooldown_days} days since it was logged or first seen"),
            ("An approval lasts", f"{policy.approval_days} days at most"),
            ("Changes of data alone", _lane(policy)),
            ("Approvals of other lists on the machine", "do not count" if policy.exclusive else "count beside these"),
        ]
    )


def _lane(policy: Policy) -> Markup | str:
    if not policy.fast_lane:
        return "are reviewed like any other"
    return join("take one reviewer, and ", codes(policy.data_criteria))


def _criteria(ledger: Ledger) -> Markup:
    columns = ("Criterion", "Meaning", "Includes")
    rows = [
        row(columns, (code(name), prose(found.description), codes(found.implies, "–")))
        for name, found in sorted(ledger.criteria.items())
    ]
    return table("What reviewers state", columns, rows)


def _reviewers(ledger: Ledger) -> Markup:
    columns = ("Person", "Affiliation", "Public keys")
    rows = []
    for name, person in sorted(ledger.reviewers.items()):
        keys = [element("li", digest(" ".join(key.split()[:2]))) for key in person.keys]
        shown = join(element("bdi", person.name), " ", code(name)) if person.name else code(name)
        rows.append(row(columns, (shown, element("bdi", person.affiliation), element("ul", *keys, class_="plain"))))
    return table("Persons whose reviews count", columns, rows)


def _roles(ledger: Ledger) -> Markup:
    columns = ("Role", "Signatures needed", "Keyholders", "A signature lasts")
    rows = [
        row(
            columns,
            (code(name), f"{role.threshold} of {len(role.keyholders)}", codes(role.keyholders), f"{role.days} days"),
        )
        for name, role in sorted(ledger.roles.items())
    ]
    return table("Roles of the signed repository", columns, rows)


def _imports(ledger: Ledger) -> Markup:
    columns = ("List", "Where", "For namespaces", "Their criteria as ours", "Pinned root")
    rows = []
    for name, found in sorted(ledger.imports.items()):
        mapped = [f"{theirs} → {ours}" for theirs, ours in sorted(found.criteria.items())]
        criteria = element("ul", *[element("li", item) for item in mapped], class_="plain")
        cells = (identifier(name), link(found.url), codes(found.namespaces), criteria, digest(found.root_sha256))
        rows.append(row(columns, cells))
    return table("Lists that this one hears", columns, rows)
