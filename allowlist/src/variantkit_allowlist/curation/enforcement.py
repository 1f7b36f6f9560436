"""Enforcement file: the ledger and its imports as the one JSON document that machines read. Deterministic."""

from __future__ import annotations

import datetime
import json
from typing import TYPE_CHECKING, NamedTuple

from variantkit.errors import RefusedError
from variantkit.trust import ListError, Revocation, parse_approved
from variantkit.trust.approved import ISOLATION_LEVELS, SCHEMA
from variantkit.trust.dates import DAY, format_date
from variantkit.trust.needs import Needs
from variantkit.trust.versions import version_identity
from variantkit_allowlist.curation.candidate import date_of
from variantkit_allowlist.curation.history import find_revocation, revocations_of, with_implied
from variantkit_allowlist.curation.persons import NEEDS_CRITERION
from variantkit_allowlist.model import NEED_KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from variantkit.trust import Entry
    from variantkit_allowlist.imports import ImportedList
    from variantkit_allowlist.model import Approval, GrantedNeeds, Import, Ledger

MOST_DAYS_OF_WARNING = 90

Document = dict[str, object]


class Enforcement(NamedTuple):
    """The file, and a sentence for everything imported that was left out of it."""

    data: bytes
    left_out: tuple[str, ...]


def draft_enforcement(ledger: Ledger, imports: Mapping[str, ImportedList], serial: int, now: int) -> Enforcement:
    """The same file for the same arguments; RefusedError rather than one that the SDK would refuse."""
    foreign = [gone for item in imports.values() for gone in item.approved.revoked]
    revoked = revocations_of(ledger, foreign)
    entries = [
        _of_entry(approval, approval.expires.isoformat(), ledger)
        for approval in ledger.approved
        if find_revocation(revoked, approval.package, approval.version, approval.sha256) is None
    ]
    left_out: list[str] = []
    for name, wanted in ledger.imports.items():
        if name in imports:
            entries += _of_import(ledger, wanted, imports[name], entries, revoked, left_out)
        else:
            left_out.append(f"import {name}: not fetched yet; run: variantkit-allowlist import {name}")
    document = {
        "schema": SCHEMA,
        "id": ledger.id,
        "serial": serial,
        "issued": format_date(now),
        "renew-by": format_date(now + min(ledger.policy.renew_days, ledger.policy.list_days) * DAY),
        "expires": format_date(now + ledger.policy.list_days * DAY),
        "exclusive": ledger.policy.exclusive,
        **_mode(ledger, now),
        "providers": sorted(entries, key=_order),
        "revoked": [_of_revocation(gone) for gone in dict.fromkeys(revoked)],
    }
    data = (json.dumps(document, indent=1) + "\n").encode()
    _require_usable(data, ledger.id)
    return Enforcement(data, tuple(left_out))


def _require_usable(data: bytes, list_id: str) -> None:
    try:
        parse_approved(data, f"the enforcement file of {list_id}")
    except ListError as error:
        raise RefusedError(f"{error}; correct providers.toml") from None


def _mode(ledger: Ledger, now: int) -> Document:
    policy = ledger.policy
    if policy.mode == "enforce":
        return {}
    last = date_of(now) + datetime.timedelta(days=MOST_DAYS_OF_WARNING)
    if policy.warn_until is None or policy.warn_until > last:
        found = policy.warn_until or "none"
        raise RefusedError(
            f"providers.toml: [policy] warn-until: expected a date up to {last} for mode warn, found {found}; edit it"
        )
    return {"mode": "warn", "warn-until": policy.warn_until.isoformat()}


def _of_entry(entry: Approval | Entry, expires: str, ledger: Ledger) -> Document:
    """An entry of ours or theirs, isolated at least as our policy says; what is the default is left out."""
    return _without_defaults(
        {
            "namespace": entry.namespace,
            "package": entry.package,
            "version": entry.version,
            "sha256": list(entry.sha256),
            "plugin-api": list(entry.plugin_api),
            "index": list(entry.index),
            "configs-sha256": entry.configs_sha256,
            "isolation": _stricter(entry.isolation, ledger.policy.isolation),
            "needs": _of_needs(entry.needs),
            "presence": list(entry.presence),
            "fingerprint": list(entry.fingerprint),
            "reimplements": list(entry.reimplements),
            "superseded": entry.superseded,
            "expires": expires,
        }
    )


def _of_needs(needs: GrantedNeeds | Needs) -> Document:
    return _without_defaults({**{kind: list(getattr(needs, kind)) for kind in NEED_KINDS}, "fork": needs.fork})


def _without_defaults(document: Document) -> Document:
    return {key: value for key, value in document.items() if value not in (None, [], {}, False)}


def _stricter(*levels: str | None) -> str | None:
    return max((level for level in levels if level is not None), key=ISOLATION_LEVELS.index, default=None)


def _order(entry: Document) -> tuple[str, ...]:
    return str(entry["namespace"]), str(entry["package"]), version_identity(str(entry["version"]))


def _of_revocation(gone: Revocation) -> Document:
    document: Document = {
        "package": gone.package or None,
        "version": gone.version,
        "sha256": list(gone.sha256),
        "since": None if gone.since is None else format_date(gone.since),
        "reason": gone.reason,
    }
    return {key: value for key, value in document.items() if value not in (None, [], "")}


def _of_import(
    ledger: Ledger,
    wanted: Import,
    found: ImportedList,
    own: Sequence[Document],
    revoked: Sequence[Revocation],
    left_out: list[str],
) -> list[Document]:
    """The entries that an import may add: in its namespaces, by criteria that map to ours, where we say nothing."""
    taken = {_identity(entry) for entry in own}
    owners = {package.namespace: name for name, package in ledger.packages.items()}
    entries = []
    for entry in found.approved.entries:
        why = _why_not(ledger, wanted, found, entry, revoked, owners)
        document = _of_imported(entry, found, ledger)
        if why is None and _identity(document) not in taken:
            entries.append(document)
        elif why is not None:
            left_out.append(f"import {found.name}: {entry.package} {entry.version}: {why}")
    return entries


def _why_not(
    ledger: Ledger,
    wanted: Import,
    found: ImportedList,
    entry: Entry,
    revoked: Sequence[Revocation],
    owners: Mapping[str, str],
) -> str | None:
    if found.verified != wanted.root_sha256:
        return "the list was not verified from the root that providers.toml pins"
    if entry.namespace not in wanted.namespaces:
        return f"namespace {entry.namespace} is not one that it may speak for"
    if owners.get(entry.namespace, entry.package) != entry.package:
        return f"namespace {entry.namespace} belongs to {owners[entry.namespace]}"
    if find_revocation(revoked, entry.package, entry.version, entry.sha256) is not None:
        return "revoked"
    mapped = with_implied(_mapped(wanted, _stated(found, entry)), ledger.criteria)
    if not ledger.policy.criteria or not set(ledger.policy.criteria) <= mapped:
        return f"its criteria map to {', '.join(sorted(mapped)) or 'none'}, wanted {', '.join(ledger.policy.criteria)}"
    if not _needs_stated(ledger, wanted, found, entry, revoked):
        return f"of what its sandbox would open, they state nothing that maps to {NEEDS_CRITERION}"
    return None


def _needs_stated(
    ledger: Ledger, wanted: Import, found: ImportedList, entry: Entry, revoked: Sequence[Revocation]
) -> bool:
    """Whether what an entry opens was judged as such, for its version or another: criteria for source do not say that.

    Needs that a package has already are not stated again for its next version, see `check_needs`.
    """
    return _nothing_more(Needs(), entry.needs) or any(
        (other.namespace, other.package) == (entry.namespace, entry.package)
        and _nothing_more(other.needs, entry.needs)
        and find_revocation(revoked, other.package, other.version, other.sha256) is None
        and NEEDS_CRITERION in with_implied(_mapped(wanted, _stated(found, other)), ledger.criteria)
        for other in found.approved.entries
    )


def _nothing_more(granted: Needs, asked: Needs) -> bool:
    covered = all(set(getattr(asked, kind)) <= set(getattr(granted, kind)) for kind in NEED_KINDS)
    return covered and (granted.fork or not asked.fork)


def _stated(found: ImportedList, entry: Entry) -> set[str]:
    """What is stated of every wheel of an entry."""
    words = [set(found.criteria.get(digest, ())) for digest in entry.sha256]
    return set.intersection(*words) if words else set()


def _mapped(wanted: Import, stated: Iterable[str]) -> set[str]:
    return {wanted.criteria[word] for word in stated if word in wanted.criteria}


def _of_imported(entry: Entry, found: ImportedList, ledger: Ledger) -> Document:
    """Their entry, which ends no later than their list."""
    expires = found.approved.expires if entry.expires is None else min(entry.expires, found.approved.expires)
    return _of_entry(entry, format_date(expires), ledger)


def _identity(entry: Document) -> tuple[str, str, str]:
    return str(entry["namespace"]), str(entry["package"]), version_identity(str(entry["version"]))
