"""Difference between two editions: what signers are asked to look at, and which revocations went missing. Pure."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from variantkit.trust.approved import entry_identity, parse_approved
from variantkit.trust.dates import format_date
from variantkit.trust.versions import same_version

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from variantkit.trust.approved import Entry, Revocation

_is_word = re.compile(r"(?!none$)[!#-+\--~]+").fullmatch
"""Text that needs no quotes: ASCII without blanks, commas and quotes."""

_NEEDS = {"read": "read", "devices": "open", "libraries": "load", "programs": "start"}
"""What an entry's needs let a provider do, in a word."""
_OF_EDITIONS = {"serial", "issued", "renew-by", "expires", "providers", "revoked"}
"""Keys that every edition changes, or that are told entry by entry."""

_IN_ENTRIES = {
    "namespace", "package", "version", "sha256", "plugin-api", "index", "configs-sha256", "isolation", "needs",
    "presence", "fingerprint", "reimplements", "superseded", "expires",
}  # fmt: skip
"""Keys of an audit that the enforcement file has, too."""


def missing_revocations(before: Sequence[Revocation], after: Sequence[Revocation]) -> tuple[str, ...]:
    """What `before` revokes and `after` does not, named; a broader revocation covers a narrower one."""
    hashes = {sha256 for gone in after for sha256 in gone.sha256}
    names = [(gone.package, gone.version) for gone in after if not gone.sha256]
    missing = []
    for gone in before:
        if gone.sha256:
            missing += [_named(gone, sha256) for sha256 in gone.sha256 if sha256 not in hashes]
        elif not any(package == gone.package and _covers(version, gone.version) for package, version in names):
            missing.append(_named(gone, ""))
    return tuple(missing)


def _covers(broad: str | None, narrow: str | None) -> bool:
    return broad is None or (narrow is not None and same_version(broad, narrow))


def _named(gone: Revocation, sha256: str) -> str:
    parts = (gone.package, gone.version or "", f"sha256 {sha256}" if sha256 else "")
    return " ".join(part for part in parts if part)


def describe_change(before: bytes | None, after: bytes) -> tuple[str, ...]:
    """Lines on what one enforcement file approves, opens and revokes that the other did not, and the reverse.

    Dates and serial of the edition itself are left out: two files that differ in nothing else have no lines.
    """
    new_list = parse_approved(after, "the new edition")
    old_list = parse_approved(before, "the last edition") if before is not None else None
    old = {entry_identity(entry): entry for entry in old_list.entries} if old_list else {}
    new = {entry_identity(entry): entry for entry in new_list.entries}
    lines = [*_list_changes(json.loads(before) if before is not None else {}, json.loads(after))]
    for key, entry in new.items():
        lines += _entry_changes(old[key], entry) if key in old else _added(entry)
    lines += [f"- {entry.package} {entry.version} ({entry.namespace})" for key, entry in old.items() if key not in new]
    known = list(old_list.revoked) if old_list else []
    lines += [f"+ revoked: {_revoked(gone)}" for gone in new_list.revoked if missing_revocations([gone], known)]
    return tuple(lines)


def describe_files(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[str, ...]:
    """Lines on the other files of an edition, by their sha256: the Sigstore root and the verification summaries."""
    told = []
    for name in sorted({*before, *after} - {"approved.json", "audits.json", "revocations.json"}):
        was, now = before.get(name), after.get(name)
        if was != now:
            told.append(f"! {name}: sha256 {was or 'none'} -> {now or 'none'}")
    return tuple(told)


def describe_audits(before: bytes | None, after: bytes) -> tuple[str, ...]:
    """Lines on what one audits.json says and the other did not: who reviewed by which criteria, on what evidence."""
    old = json.loads(before) if before is not None else {}
    new = json.loads(after)
    tables = [(f"{part} {name}", table) for part in ("criteria", "reviewers") for name, table in new[part].items()]
    former = {
        f"{part} {name}": table for part in ("criteria", "reviewers") for name, table in old.get(part, {}).items()
    }
    lines = [
        f"! audits.json: {name}: {_plain(former.get(name))} -> {_plain(table)}"
        for name, table in tables
        if former.get(name) != table
    ]
    known = {_audit_name(audit): audit for audit in old.get("audits", [])}
    for audit in new["audits"]:
        was = known.get(_audit_name(audit), {})
        said, now = _flat(was), _flat(audit)
        keys = [key for key in sorted({*said, *now}) if said.get(key) != now.get(key)]
        lines += [f"~ audit of {_audit_name(audit)}:"] if keys else []
        lines += [f"    {key}: {_change(said, now, key)}" for key in keys]
    return tuple(lines)


def _flat(audit: Mapping[str, Any]) -> dict[str, Any]:
    """What an audit says beyond its entry, tables such as `identity` key by key."""
    found = {}
    for key in audit.keys() - _IN_ENTRIES:
        value = audit[key]
        parts = value.items() if isinstance(value, dict) else [("", value)]
        found.update({f"{key} {name}".rstrip(): item for name, item in parts})
    return found


def _audit_name(audit: Mapping[str, Any]) -> str:
    return f"{audit['package']} {audit['version']} ({audit['namespace']})"


def _change(was: Mapping[str, Any], audit: Mapping[str, Any], key: str) -> str:
    return f"{_plain(was[key])} -> {_plain(audit.get(key))}" if key in was else _plain(audit[key])


def _plain(value: object) -> str:
    """A value as one reads it; in JSON where that could be taken for something else."""
    if isinstance(value, list) and all(isinstance(item, str) and _is_word(item) for item in value):
        return ", ".join(value) or "[]"
    if isinstance(value, str) and _is_word(value):
        return value
    return "none" if value is None else json.dumps(value)


def _list_changes(old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    for key in sorted({*old, *new} - _OF_EDITIONS):
        if old.get(key) != new.get(key) if old else new[key] and key not in ("schema", "id"):
            yield f"! {key}: {json.dumps(old.get(key))} -> {json.dumps(new.get(key))}"


def _added(entry: Entry) -> list[str]:
    lines = [f"+ {entry.package} {entry.version} ({entry.namespace}), runs {', '.join(entry.plugin_api)}"]
    lines += [f"    sha256 {sha256}" for sha256 in entry.sha256]
    lines += [f"    + {need}" for need in _needs(entry)]
    return lines


def _entry_changes(old: Entry, new: Entry) -> list[str]:
    named = f"~ {new.package} {new.version} ({new.namespace})"
    lines = [f"    + {need}" for need in _needs(new) if need not in _needs(old)]
    lines += [f"    - {need}" for need in _needs(old) if need not in _needs(new)]
    for field in ("sha256", "plugin_api", "index", "presence", "fingerprint", "reimplements"):
        mine, theirs = getattr(new, field), getattr(old, field)
        lines += [f"    + {field.replace('_', '-')} {item}" for item in mine if item not in theirs]
        lines += [f"    - {field.replace('_', '-')} {item}" for item in theirs if item not in mine]
    for field in ("configs_sha256", "isolation", "superseded"):
        was, now = getattr(old, field), getattr(new, field)
        if was != now:
            lines.append(f"    {field.replace('_', '-')}: {_shown(was)} -> {_shown(now)}")
    if old.expires != new.expires:
        lines.append(f"    expires: {_date(old.expires)} -> {_date(new.expires)}")
    return [named, *lines] if lines else []


def _needs(entry: Entry) -> list[str]:
    needs = [f"may {verb} {item}" for kind, verb in _NEEDS.items() for item in getattr(entry.needs, kind)]
    return needs + (["may fork"] if entry.needs.fork else [])


def _shown(value: str | bool | None) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else value or "none"


def _revoked(gone: Revocation) -> str:
    hashes = [f"sha256 {sha256}" for sha256 in gone.sha256]
    named = " ".join([part for part in (gone.package, gone.version) if part] + hashes)
    return f"{named}: {gone.reason}" if gone.reason else named


def _date(seconds: int | None) -> str:
    return "none" if seconds is None else format_date(seconds)
