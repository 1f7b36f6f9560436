"""Page of a provider: who may publish it, and for every version its evidence, reviews, capabilities and needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from variantkit_allowlist.site.fragments import (
    EVIDENCE_NAMES,
    code,
    codes,
    date,
    digest,
    evidence_badge,
    facts,
    identity_facts,
    page_name,
    prose,
    row,
    section,
    state_badge,
    table,
)
from variantkit_allowlist.site.layout import Place, crumbs, page
from variantkit_allowlist.site.markup import Markup, element, identifier, join, link
from variantkit_allowlist.site.revocation_page import revocation_table

if TYPE_CHECKING:
    from variantkit_allowlist.model import Approval, Package
    from variantkit_allowlist.site.catalogue import Catalogue, Provider, Version, WheelFacts

SHORT = 12
"""Lists longer than this are folded."""


def package_page(catalogue: Catalogue, provider: Provider) -> bytes:
    """The page of one provider package."""
    place = Place(f"package/{page_name(provider.name)}", identifier(provider.name))
    gone = tuple(item for item in catalogue.revoked if item.package == provider.name)
    kinds = [element("a", identifier(name), href=f"../namespace/{page_name(name)}") for name in provider.namespaces]
    empty = element("p", "No version of it is approved: none may run.", class_="empty")
    return page(
        catalogue,
        place,
        element("h1", place.title),
        element("p", "Answers for the namespace ", join(*kinds, between=", "), class_="lead"),
        _contents(provider),
        *[_version(catalogue, version) for version in provider.versions],
        None if provider.versions else empty,
        section("Revocations", revocation_table(gone), name="revocations") if gone else None,
        section("Who may publish it", *_publishers(provider.package), name="publishers") if provider.package else None,
        crumbs=crumbs(place, ("index.html", "Providers")),
    )


def _contents(provider: Provider) -> Markup | None:
    if len(provider.versions) < 2:
        return None
    links = [
        element(
            "li", element("a", identifier(version.approval.version), href=f"#{_anchor(version)}"), state_badge(version)
        )
        for version in provider.versions
    ]
    return element("nav", element("ul", *links), aria_label="Versions", class_="chips")


def _anchor(version: Version) -> str:
    return "v-" + (version.approval.sha256[0][:16] if version.approval.sha256 else "none")


def _version(catalogue: Catalogue, version: Version) -> Markup:
    approval = version.approval
    name = _anchor(version)
    heading = element("h2", f"Version {identifier(approval.version)}", id=name)
    return element(
        "article",
        element("div", heading, state_badge(version), evidence_badge(approval.evidence), class_="title"),
        element("p", element("bdi", version.why), class_=f"why {version.state}"),
        *_evidence(approval),
        *(_their_reviews(version) if version.origin else _reviews(catalogue, approval)),
        *_terms(approval),
        *_needs(approval),
        *[part for sha256, wheel in version.wheels for part in _wheel(sha256, wheel)],
        element("h3", "Notes") if approval.notes else None,
        prose(approval.notes) if approval.notes else None,
        aria_labelledby=name,
        class_="version-card weak-card" if version.weak else "version-card",
    )


def _evidence(approval: Approval) -> list[str]:
    _, told = EVIDENCE_NAMES[approval.evidence]
    kind = "told weak" if approval.evidence == "none" else "told"
    return [
        element("h3", "Where it comes from"),
        element("p", told, class_=kind),
        identity_facts(approval.identity) if approval.identity else "",
    ]


def _reviews(catalogue: Catalogue, approval: Approval) -> list[str]:
    columns = ("Reviewer", "Affiliation", "Accounts")
    people = catalogue.ledger.reviewers
    rows = []
    for name in approval.who:
        person = people.get(name)
        shown = (person.name or name) if person else name
        accounts = ", ".join(map(identifier, person.accounts)) if person else ""
        cells = (
            element("bdi", shown),
            element("bdi", person.affiliation if person else "not registered"),
            accounts or "–",
        )
        rows.append(row(columns, cells))
    criteria = facts(
        [
            ("Criteria", codes(approval.criteria)),
            ("Only the change was reviewed, from", code(approval.delta_from) if approval.delta_from else None),
            ("Signed statements", codes(approval.reviews, "none recorded")),
        ]
    )
    return [element("h3", "Who reviewed it"), table("Reviewers", columns, rows), criteria]


def _their_reviews(version: Version) -> list[str]:
    """Who reviewed it elsewhere; of another team's persons and criteria this list knows their words alone."""
    told = f"Taken over from the list that this one calls {version.origin}. The words are that team's."
    pairs = [
        ("Reviewers", element("bdi", ", ".join(version.approval.who))),
        ("Criteria", codes(version.approval.criteria)),
    ]
    return [element("h3", "Who reviewed it"), element("p", element("bdi", told), class_="told"), facts(pairs)]


def _terms(approval: Approval) -> list[str]:
    isolation = {
        None: "as the machine can",
        "process": "a process of its own",
        "sandboxed": "the sandbox, or not at all",
    }
    logged = approval.logged
    return [
        element("h3", "What is approved"),
        facts(
            [
                ("Namespace", code(approval.namespace)),
                ("Asked through", codes(approval.plugin_api)),
                ("May come from", codes(approval.index, "any index")),
                ("Also answers for", codes(approval.reimplements) if approval.reimplements else None),
                ("Runs in", isolation[approval.isolation]),
                ("Logged or first seen", date(logged.isoformat()) if logged else None),
                ("Approved", date(approval.approved.isoformat())),
                ("Ends", date(approval.expires.isoformat())),
                ("Digest of its values", digest(approval.configs_sha256) if approval.configs_sha256 else None),
            ]
        ),
    ]


def _needs(approval: Approval) -> list[str]:
    needs = approval.needs
    pairs = [
        ("Reads", needs.read),
        ("Devices", needs.devices),
        ("Libraries", needs.libraries),
        ("Programs", needs.programs),
    ]
    shown: list[tuple[str, str | None]] = [(name, codes(paths)) for name, paths in pairs if paths]
    shown += [("Starts processes", "yes")] if needs.fork else []
    watched = [*approval.presence, *approval.fingerprint]
    shown += [("Looked at without running it", codes(dict.fromkeys(watched)))] if watched else []
    told = element("p", "Nothing: the sandbox opens no file, device, library or program for it.", class_="told")
    return [element("h3", "What the sandbox opens for it"), facts(shown) if shown else told]


def _wheel(sha256: str, wheel: WheelFacts) -> list[str]:
    size = f"{wheel.size:,} bytes" if wheel.size is not None else None
    return [
        element("h3", "Wheel"),
        facts(
            [
                ("File", code(wheel.filename) if wheel.filename else "not in the list's directory"),
                ("sha256", digest(sha256)),
                ("Size", size),
                ("Verification summary", wheel.summary or None),
            ]
        ),
        *_capabilities(wheel),
    ]


def _capabilities(wheel: WheelFacts) -> list[str]:
    if not wheel.capabilities:
        return []
    pairs = [(name, _folded(name, found)) for name, found in wheel.capabilities]
    told = element("p", "Read from its source without running it.", class_="quiet")
    return [element("h3", "What it contains and could do"), told, facts(pairs)]


def _folded(name: str, found: tuple[str, ...]) -> Markup:
    if len(found) <= SHORT:
        return codes(found)
    summary = element("summary", f"{len(found)} ", element("span", name.lower(), class_="hidden"))
    return element("details", summary, codes(found))


def _publishers(package: Package | None) -> list[str]:
    if package is None:
        return []
    rules = [element("div", identity_facts(rule), class_="rule") for rule in package.identity]
    keys = [
        element("li", element("bdi", key.person), " ", element("code", identifier(key.key), class_="digest"))
        for key in package.key
    ]
    nobody = element("p", "Nobody is named: only the weaker class remains.", class_="told weak")
    extra = facts(
        [
            ("Vendor's keys", element("ul", *keys, class_="plain") if keys else None),
            ("Rebuilt from", link(package.source) if package.source else None),
            ("Written by reviewers who do not count for it", codes(package.authors) if package.authors else None),
            ("Notes", prose(package.notes) if package.notes else None),
        ]
    )
    return [*(rules or ([] if keys or package.source else [nobody])), extra]
