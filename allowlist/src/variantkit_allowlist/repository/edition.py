"""Edition: everything that one publication of a list says, as files and as the metadata that names them. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from variantkit.errors import InputError
from variantkit.trust.dates import format_date
from variantkit_allowlist.repository.chain import OWN
from variantkit_allowlist.repository.roles import build_root, date_after, is_near_end, same_roles
from variantkit_allowlist.repository.tuf_api import MetaFile, Snapshot, TargetFile, Targets, Timestamp

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from variantkit_allowlist.model import Ledger
    from variantkit_allowlist.repository.tuf_api import Root

    Build = Callable[[int, int], bytes]
    """The enforcement file's bytes from a serial and a date in unix seconds."""

FRESH_DAYS = 7
"""How old a timestamp may be for clients that are online."""

AUDITS_SCHEMA = "variantkit.audits/1"
REVOCATIONS_SCHEMA = "variantkit.revocations/1"


class Beside(NamedTuple):
    """What is published beside the ledger's own words: the Sigstore root and the verification summaries, by digest."""

    trusted_root: bytes
    summaries: Mapping[str, bytes]


class Edition(NamedTuple):
    """`files` by target path; `root` is None when the published root stays in force."""

    serial: int
    issued: int
    files: Mapping[str, bytes]
    targets: Targets
    root: Root | None


def compose(ledger: Ledger, beside: Beside, build: Build, serial: int, issued: int, latest: Root | None) -> Edition:
    """The edition that the ledger amounts to: the same for the same arguments, which signers rely on.

    `latest` is the newest root that was published.
    """
    approved = build(serial, issued)
    files = {
        "approved.json": approved,
        "audits.json": _audits(ledger),
        "revocations.json": _revocations(approved),
        "trusted_root.json": beside.trusted_root,
        **{f"vsa/{sha256}.json": data for sha256, data in sorted(beside.summaries.items())},
    }
    root: Root | None = build_root(ledger, latest.version + 1 if latest else 1, issued)
    if (
        latest
        and root
        and same_roles(latest, root)
        and not is_near_end(latest.expires, ledger.roles["root"].days, issued)
    ):
        root = None
    targets = Targets(
        version=serial,
        expires=date_after(issued, ledger.roles["targets"].days),
        targets={path: TargetFile.from_data(path, data, ["sha256"]) for path, data in files.items()},
        unrecognized_fields={OWN: {"id": ledger.id, "issued": format_date(issued)}},
    )
    return Edition(serial, issued, files, targets, root)


def build_snapshot(targets: Targets, data: bytes, version: int, now: int, days: int) -> Snapshot:
    """The snapshot that names exactly these bytes of targets.json."""
    return Snapshot(
        version=version,
        expires=date_after(now, days),
        meta={"targets.json": MetaFile.from_data(targets.version, data, ["sha256"])},
        unrecognized_fields={OWN: {"issued": format_date(now)}},
    )


def build_timestamp(snapshot: Snapshot, data: bytes, version: int, now: int, days: int, root: int) -> Timestamp:
    """The timestamp that names exactly these bytes of snapshot.json, and the root that is in force."""
    return Timestamp(
        version=version,
        expires=date_after(now, days),
        snapshot_meta=MetaFile.from_data(snapshot.version, data, ["sha256"]),
        unrecognized_fields={OWN: {"issued": format_date(now), "fresh-days": FRESH_DAYS, "root": root}},
    )


def role_days(ledger: Ledger, role: str) -> int:
    """For how many days a role's signature lasts."""
    found = {str(name): table for name, table in ledger.roles.items()}.get(role)
    if found is None:
        raise InputError(f"providers.toml: [roles.{role}] is missing; say who signs: threshold, keyholders and days")
    return found.days


def _audits(ledger: Ledger) -> bytes:
    """What was reviewed, by whom and how, for teams that import it; of a person no more than name and affiliation."""
    named = {who for approval in ledger.approved for who in approval.who}
    return _dump(
        {
            "schema": AUDITS_SCHEMA,
            "id": ledger.id,
            "criteria": {name: _plain(criterion) for name, criterion in sorted(ledger.criteria.items())},
            "reviewers": {
                name: {"name": reviewer.name, "affiliation": reviewer.affiliation}
                for name, reviewer in sorted(ledger.reviewers.items())
                if name in named
            },
            "audits": [_plain(approval) for approval in ledger.approved],
        }
    )


def _revocations(approved: bytes) -> bytes:
    """Hashes and names alone, imported ones included: small enough to be looked at before every download."""
    document = json.loads(approved)
    keys = ("package", "version", "sha256", "since")
    revoked = [{key: gone[key] for key in keys if gone.get(key)} for gone in document.get("revoked", [])]
    return _dump({"schema": REVOCATIONS_SCHEMA, "id": document.get("id", ""), "revoked": revoked})


def _plain(table: Any) -> dict[str, Any]:
    found: dict[str, Any] = table.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return found


def _dump(document: dict[str, Any]) -> bytes:
    return (json.dumps(document, indent=1) + "\n").encode()
