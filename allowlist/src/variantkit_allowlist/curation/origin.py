"""Origin: whether what shows where a wheel comes from is enough, the same as before, and old enough."""

from __future__ import annotations

from typing import TYPE_CHECKING

from variantkit.trust.dates import DAY, format_date
from variantkit_allowlist.curation.history import approvals_of
from variantkit_allowlist.verdict import Blocker

if TYPE_CHECKING:
    from collections.abc import Iterator

    from variantkit_allowlist.curation.candidate import Candidate
    from variantkit_allowlist.model import Identity, IdentityRule, Ledger
    from variantkit_allowlist.verdict import Provenance


def check_evidence(ledger: Ledger, provenance: Provenance, trust_root: str) -> Iterator[Blocker]:
    """Evidence is of a kind that the policy takes, verified from the pinned root; a failed one is worse than none."""
    policy = ledger.policy
    if provenance.verified and provenance.evidence not in policy.evidence:
        detail = f"evidence is {provenance.evidence}; the policy takes {', '.join(policy.evidence) or 'none'}"
        yield Blocker("evidence-insufficient", detail, "ask the vendor for other evidence, or edit [policy] evidence")
    elif provenance.verified and provenance.evidence == "identity" and provenance.trust_root != trust_root:
        detail = "the attestation was verified from a Sigstore root that this list does not pin"
        yield Blocker("evidence-insufficient", detail, "verify it from the list's own trusted_root.json")
    elif not provenance.verified and provenance.code != "not-attested":
        yield Blocker("evidence-insufficient", f"{provenance.code}: {provenance.detail}")
    elif not provenance.verified and not policy.unattested:
        detail = "nothing shows where these bytes come from, and the policy admits none without"
        yield Blocker("evidence-insufficient", detail, "put its attestation beside the wheel, or use --rebuild")


def check_continuity(ledger: Ledger, candidate: Candidate, provenance: Provenance) -> Iterator[Blocker]:
    """A package that was attested stays attested, by the same repository of the same owner.

    Revoked approvals are compared too: whoever caused a revocation must not gain by it.
    """
    earlier = [found for found in approvals_of(ledger, candidate.package) if candidate.sha256 not in found.sha256]
    attested = next((found for found in earlier if found.evidence != "none"), None)
    if attested is not None and not provenance.verified:
        detail = f"{attested.version} was approved by {attested.evidence}, these bytes come with none"
        yield Blocker("identity-lost", detail, "ask the vendor, by another channel, whether this release is theirs")
    known = [found.identity for found in earlier if found.evidence == "identity" and found.identity is not None]
    if provenance.evidence != "identity" or not provenance.verified or not known:
        return
    if _origin(provenance.identity) != _origin(known[0]) and not _is_named(ledger, candidate, provenance.identity):
        was, now = known[0], provenance.identity
        detail = f"published by {_told(now)}; the version before by {_told(was)}"
        yield Blocker("identity-changed", detail, "ask the vendor; then write the new ids into the package's rule")


def check_age(ledger: Ledger, candidate: Candidate, provenance: Provenance, now: int) -> Iterator[Blocker]:
    """The cooldown runs from the verified log time, or from our own first sight; an index's word is never asked."""
    start = started(candidate, provenance)
    if provenance.logged is not None and provenance.logged > now:
        detail = f"the log says {format_date(provenance.logged)}, the clock {format_date(now)}"
        yield Blocker("evidence-insufficient", f"attested in the future: {detail}", "set the clock")
    ends = start + ledger.policy.cooldown_days * DAY
    if now < ends:
        since = "was logged" if provenance.logged is not None else "was first seen here"
        detail = f"it {since} {format_date(start)}, and the policy waits {ledger.policy.cooldown_days} days"
        yield Blocker("cooldown", detail, f"wait until {format_date(ends)}")


def started(candidate: Candidate, provenance: Provenance) -> int:
    """When the cooldown began, in unix seconds."""
    logged = provenance.logged if provenance.verified else None
    return candidate.first_seen if logged is None else logged


def find_rule(rules: tuple[IdentityRule, ...], identity: Identity) -> IdentityRule | None:
    """The rule that a verified identity met, the one that names ids first."""
    met = [rule for rule in rules if _meets(rule, identity)]
    return next((rule for rule in met if rule.repository_id is not None), met[0] if met else None)


def pinned_rule(rule: IdentityRule, identity: Identity) -> IdentityRule:
    """The rule with the numeric ids of its repository and owner, as far as the certificate says them."""
    return rule.model_copy(
        update={
            "repository_id": rule.repository_id or identity.repository_id or None,
            "owner_id": rule.owner_id or identity.owner_id or None,
        }
    )


def _meets(rule: IdentityRule, identity: Identity) -> bool:
    same_ids = (rule.repository_id or identity.repository_id, rule.owner_id or identity.owner_id) == (
        identity.repository_id,
        identity.owner_id,
    )
    return rule.issuer == identity.issuer and _plain(rule.repository) == _plain(identity.repository) and same_ids


def _is_named(ledger: Ledger, candidate: Candidate, identity: Identity) -> bool:
    """Whether a rule names exactly these ids: then a person wrote them there, and the change was meant."""
    package = ledger.packages.get(candidate.package)
    rules = package.identity if package is not None else ()
    ids = (identity.repository_id, identity.owner_id)
    return all(ids) and any(_meets(rule, identity) and (rule.repository_id, rule.owner_id) == ids for rule in rules)


def _origin(identity: Identity) -> tuple[str, ...]:
    """What stays the same over a rename: the numbers, or the names where a certificate has no numbers."""
    ids = (identity.repository_id, identity.owner_id)
    return (identity.issuer, *(ids if all(ids) else (_plain(identity.repository) or identity.subject,)))


def _told(identity: Identity) -> str:
    numbers = f" (id {identity.repository_id}, owner {identity.owner_id})" if identity.repository_id else ""
    return f"{identity.repository or identity.subject}{numbers}"


def _plain(url: str) -> str:
    return url.rstrip("/").removesuffix(".git").casefold()
