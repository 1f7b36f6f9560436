"""Roles of a repository: whose keys sign what, as TUF's root metadata. Pure, from the ledger alone."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from variantkit.errors import InputError
from variantkit.trust.dates import DAY, format_date
from variantkit_allowlist.keys import parse_public
from variantkit_allowlist.repository.chain import OWN, own_fields, require_different_keys
from variantkit_allowlist.repository.tuf_api import Key, Role, Root

if TYPE_CHECKING:
    from variantkit_allowlist.model import Ledger, RoleName

ROLES: tuple[RoleName, ...] = ("root", "targets", "snapshot", "timestamp")
RENEW_SHARE = 4
"""A root is signed anew in the last quarter of its days, even when nothing else in it changes."""


def build_root(ledger: Ledger, version: int, issued: int) -> Root:
    """The root that the ledger's roles amount to; raise InputError for roles that nobody could fulfil."""
    keys: dict[str, Key] = {}
    roles: dict[str, Role] = {}
    holders: dict[str, str] = {}
    for name in ROLES:
        if name not in ledger.roles:
            raise InputError(
                f"providers.toml: [roles.{name}] is missing; say who signs: threshold, keyholders and days"
            )
        found = {holder: key_of(ledger, holder, name) for holder in ledger.roles[name].keyholders}
        keys |= {key.keyid: key for key in found.values()}
        holders |= {key.keyid: holder for holder, key in found.items()}
        roles[name] = Role([key.keyid for key in found.values()], ledger.roles[name].threshold)
    own = {"id": ledger.id, "issued": format_date(issued), "holders": dict(sorted(holders.items()))}
    root = Root(
        version=version,
        expires=date_after(issued, ledger.roles["root"].days),
        keys=dict(sorted(keys.items())),
        roles=roles,
        unrecognized_fields={OWN: own},
    )
    require_different_keys(root)
    for named, role in roles.items():
        if len(set(role.keyids)) < role.threshold:
            raise InputError(f"providers.toml: [roles.{named}]: {role.threshold} signatures need as many keyholders")
    return root


def key_of(ledger: Ledger, holder: str, role: str) -> Key:
    """The one key with which a person or service signs in roles: the first of a reviewer's keys."""
    if holder in ledger.reviewers and ledger.reviewers[holder].keys:
        return parse_public(ledger.reviewers[holder].keys[0]).tuf_key()
    if holder in ledger.services and role in ("snapshot", "timestamp"):
        return parse_public(ledger.services[holder].key).tuf_key()
    kind = "a reviewer or a service" if role in ("snapshot", "timestamp") else "a reviewer, with a key"
    raise InputError(f"providers.toml: [roles.{role}]: keyholder {holder}: expected {kind}, found none of that name")


def same_roles(old: Root, new: Root) -> bool:
    """Whether two roots name the same keys, thresholds and list."""
    names = [root.unrecognized_fields.get(OWN, {}) for root in (old, new)]
    same_names = [(own.get("id"), own.get("holders")) for own in names]
    return (
        {name: (set(role.keyids), role.threshold) for name, role in old.roles.items()}
        == {name: (set(role.keyids), role.threshold) for name, role in new.roles.items()}
        and old.keys == new.keys
        and same_names[0] == same_names[1]
    )


def holders_of(root: Root, role: str) -> str:
    """The names of those who sign a role, as its root says them."""
    holders = own_fields(root).holders
    return ", ".join(sorted(holders.get(keyid, keyid[:16]) for keyid in root.roles[role].keyids))


def is_near_end(expires: datetime.datetime, days: int, now: int) -> bool:
    """Whether the last quarter of a signature's days has begun."""
    return now >= expires.timestamp() - days * DAY / RENEW_SHARE


def date_after(start: int, days: int) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(start + days * DAY, datetime.timezone.utc)
