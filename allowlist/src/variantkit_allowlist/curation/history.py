"""History of a package: its earlier approvals, what was revoked of them, and what they were reviewed for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from variantkit.trust import Entry, Revocation
from variantkit.trust.dates import parse_date
from variantkit.trust.revocation import revocation_of_bytes, revocation_of_entry
from variantkit.trust.versions import newest_first, same_version

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from variantkit_allowlist.model import Approval, Criterion, Ledger, Revoked


def as_revocation(revoked: Revoked) -> Revocation:
    """A revocation of the ledger as the gate knows it."""
    return Revocation(
        package=revoked.package or "",
        version=revoked.version,
        sha256=revoked.sha256,
        since=parse_date(revoked.since.isoformat()),
        reason=revoked.reason,
    )


def revocations_of(ledger: Ledger, foreign: Iterable[Revocation] = ()) -> tuple[Revocation, ...]:
    """Our own revocations and those of all imports: each counts, whatever namespaces an import speaks for."""
    return (*map(as_revocation, ledger.revoked), *foreign)


def find_revocation(
    revoked: Sequence[Revocation], package: str, version: str, sha256: tuple[str, ...]
) -> Revocation | None:
    """What revokes this version: any of its bytes under any name, the package, or the version (PEP 440's equality)."""
    by_bytes = (revocation_of_bytes(revoked, digest) for digest in sha256)
    entry = Entry(namespace="", package=package, version=version, sha256=sha256, plugin_api=())
    return next((gone for gone in by_bytes if gone is not None), None) or revocation_of_entry(revoked, entry)


def approvals_of(ledger: Ledger, package: str) -> list[Approval]:
    """Every approval of a package, newest version first, revoked and expired ones too."""
    found = [approval for approval in ledger.approved if approval.package == package]
    order = newest_first({approval.version for approval in found})
    return sorted(found, key=lambda approval: order.index(approval.version))


def approval_of(ledger: Ledger, package: str, version: str) -> Approval | None:
    """The approval of one version, by PEP 440's equality."""
    return next(
        (found for found in ledger.approved if found.package == package and same_version(found.version, version)), None
    )


def as_before(ledger: Ledger, approval: Approval) -> Ledger:
    """The ledger without this version and later ones of the package: what a renewal is decided from.

    A renewal grants nothing new; what came after it is no measure of it.
    """
    order = newest_first({item.version for item in ledger.approved})
    place = order.index(approval.version)
    before = tuple(
        item for item in ledger.approved if item.package != approval.package or order.index(item.version) > place
    )
    return ledger.model_copy(update={"approved": before})


def standing_approval(ledger: Ledger, package: str, version: str, revoked: Sequence[Revocation]) -> Approval | None:
    """The approval of one version, unless it was revoked; an expired one stands, since what was read was read."""
    found = approval_of(ledger, package, version)
    if found is None or find_revocation(revoked, package, found.version, found.sha256) is not None:
        return None
    return found


def with_implied(criteria: Iterable[str], known: dict[str, Criterion]) -> frozenset[str]:
    """These criteria and all that they imply."""
    found: set[str] = set()
    waiting = list(criteria)
    while waiting:
        word = waiting.pop()
        if word not in found:
            found.add(word)
            waiting.extend(known[word].implies if word in known else ())
    return frozenset(found)


def stated_criteria(ledger: Ledger, approval: Approval, revoked: Sequence[Revocation]) -> frozenset[str]:
    """What is stated of an approved version, with what a data-only change leaves standing of its base.

    Such an approval states nothing but the data criteria; its code is its base's, byte for byte.
    """
    stated = with_implied(approval.criteria, ledger.criteria)
    data = with_implied(ledger.policy.data_criteria, ledger.criteria)
    seen = {approval.version}
    while approval.delta_from is not None and with_implied(approval.criteria, ledger.criteria) <= data:
        base = standing_approval(ledger, approval.package, approval.delta_from, revoked)
        if base is None or base.version in seen:
            break
        seen.add(base.version)
        stated |= with_implied(base.criteria, ledger.criteria)
        approval = base
    return stated
