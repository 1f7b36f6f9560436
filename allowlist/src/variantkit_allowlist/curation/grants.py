"""Grants: what an entry would give a provider - a namespace, a place in the sandbox, a catalogue - and may it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from variantkit_allowlist.curation.history import approvals_of, find_revocation
from variantkit_allowlist.model import NEED_KINDS, GrantedNeeds, refused_needs, refused_watches
from variantkit_allowlist.verdict import Blocker

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from variantkit.trust import Revocation
    from variantkit_allowlist.curation.candidate import Candidate
    from variantkit_allowlist.model import Ledger, Package


def check_floor(candidate: Candidate) -> Iterator[Blocker]:
    """What no entry can grant, whoever reviewed it; the gate refuses the same."""
    for kind, _, text, reason in refused_needs(candidate.needs):
        yield Blocker("needs-forbidden", f"{kind} {ascii(text)[:80]}: {reason}", "leave it out")
    for kind, _, sentence in refused_watches(candidate.presence, candidate.fingerprint):
        yield Blocker("needs-forbidden", f"{kind}: {sentence}", "leave it out")


def needs_are_new(ledger: Ledger, candidate: Candidate, revoked: Sequence[Revocation]) -> bool:
    """Whether the entry would grant anything that the newest approval of the package does not."""
    if candidate.needs == GrantedNeeds():
        return False
    before = previous_needs(ledger, candidate, revoked)
    return bool(compare_needs(before, candidate.needs)[0])


def previous_needs(ledger: Ledger, candidate: Candidate, revoked: Sequence[Revocation]) -> GrantedNeeds:
    """What the newest approval of the package grants; nothing when it was revoked, for reasons that may lie there."""
    newest = next(iter(approvals_of(ledger, candidate.package)), None)
    if newest is None or find_revocation(revoked, newest.package, newest.version, newest.sha256) is not None:
        return GrantedNeeds()
    return newest.needs


def compare_needs(before: GrantedNeeds, after: GrantedNeeds) -> tuple[list[str], list[str]]:
    """What is granted anew, and what no longer, each as `kind text`."""
    old, new = _as_lines(before), _as_lines(after)
    return [line for line in new if line not in old], [line for line in old if line not in new]


def _as_lines(needs: GrantedNeeds) -> list[str]:
    lines = [f"{kind} {text}" for kind in NEED_KINDS for text in getattr(needs, kind)]
    return [*lines, "fork"] if needs.fork else lines


def check_namespace(ledger: Ledger, candidate: Candidate, package: Package) -> Iterator[Blocker]:
    """A namespace has one owner: the first package that was approved for it, else the first in the table.

    What stands for another package answers in its namespace; that is said in the table, for everybody who signs to see.
    """
    rivals = [
        name
        for name, other in ledger.packages.items()
        if other.namespace == package.namespace
        and name not in package.reimplements
        and candidate.package not in other.reimplements
    ]
    approved = [found.package for found in ledger.approved if found.namespace == package.namespace]
    owner = next((name for name in approved if name in rivals), rivals[0] if rivals else candidate.package)
    if owner != candidate.package:
        detail = f"namespace {package.namespace} belongs to {owner}"
        fix = f'if both are to answer for it, write reimplements = ["{owner}"] into [packages.{candidate.package}]'
        yield Blocker("namespace-taken", detail, fix)


def check_catalogue(candidate: Candidate, lane: bool) -> Iterator[Blocker]:
    """`get_all_configs` is what was expected, and by the lane for data it lists all that it listed before."""
    found = candidate.configs_sha256
    expected = [digest for digest in candidate.configs_expected if digest != found]
    if found is not None and expected:
        detail = f"get_all_configs has digest {found}, expected was {', '.join(expected)}"
        yield Blocker("configs-differ", detail, "find out what the reviewers ran, and have these bytes reviewed")
    if lane and candidate.base is not None and candidate.base.shrunk:
        told = "; ".join(candidate.base.shrunk[:3])
        detail = f"get_all_configs no longer lists what {candidate.base.version} does: {told}"
        yield Blocker("configs-shrunk", detail, "have the whole change reviewed")
