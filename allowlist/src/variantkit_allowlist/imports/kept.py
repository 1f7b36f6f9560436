"""Kept imports: each reading verifies lock and signatures anew, and says what of a list counts and what does not."""

from __future__ import annotations

import hashlib
import os
import re
from typing import TYPE_CHECKING, NamedTuple

from variantkit.errors import InputError, RefusedError
from variantkit.trust.strict_json import load_strict
from variantkit.trust.versions import same_version
from variantkit_allowlist.repository.approved import APPROVED, parse_list
from variantkit_allowlist.repository.audits import read_audits
from variantkit_allowlist.repository.refusal import RepositoryError
from variantkit_allowlist.store.files import read_file
from variantkit_allowlist.store.folder import files_below

if TYPE_CHECKING:
    from collections.abc import Mapping

    from variantkit.trust import ApprovedList, Entry, Revocation
    from variantkit_allowlist.model import Approval, Import, Policy
    from variantkit_allowlist.repository.chain import Chain
    from variantkit_allowlist.store import ListDirectory

LOCK, SCHEMA = "lock.json", "variantkit.import-lock/1"
AUDITS, ROOT = "audits.json", "root.json"
FILE_CAP = 5_000_000
_is_name = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}").fullmatch


class ImportedList(NamedTuple):
    """One import: its name in `[imports]`, the list itself, and by wheel sha256 the criteria that its team states.

    The criteria are in that team's words. `verified` is the sha256 of the root that the list was verified from; it must
    be the one that the ledger pins.
    """

    name: str
    approved: ApprovedList
    criteria: Mapping[str, tuple[str, ...]]
    verified: str


class Kept(NamedTuple):
    """An import as it is kept: the list, the entries that count, and a sentence for each one that does not.

    `approvals` are what that team itself wrote of the entries that count, in its own words.
    """

    whole: ApprovedList
    imported: ImportedList
    left_out: tuple[str, ...]
    approvals: tuple[Approval, ...]


def load_imports(directory: ListDirectory) -> Mapping[str, ImportedList]:
    """The imported lists by name, each verified from the root that providers.toml pins; unfetched ones are not there.

    Raises RefusedError where files, lock, signatures and providers.toml do not agree.
    """
    found = {name: load_import(directory, name) for name in directory.ledger.imports}
    return {name: kept.imported for name, kept in found.items() if kept is not None}


def foreign_revocations(directory: ListDirectory) -> tuple[Revocation, ...]:
    """What all imports of a list revoke; it counts whatever namespaces an import speaks for."""
    return tuple(gone for item in load_imports(directory).values() for gone in item.approved.revoked)


def load_import(directory: ListDirectory, name: str) -> Kept | None:
    """One import; None when it was not fetched yet."""
    wanted = require_import(directory, name)
    folder = os.path.join(directory.imports_path, name)
    if not os.path.lexists(folder):
        return None
    fix = f"run: variantkit-allowlist import {name}"
    files = _read_locked(folder, fix)
    if hashlib.sha256(files.get(ROOT, b"")).hexdigest() != wanted.root_sha256:
        raise RefusedError(f"{folder}: expected the root with sha256 {wanted.root_sha256}, found another; {fix}")
    try:
        chain = _verify(files)
        approved = _approved_of(chain, files, folder)
    except KeyError as error:
        raise RefusedError(f"{folder}: expected {error.args[0]}, found none; {fix}") from None
    _require_lock(folder, files[LOCK], wanted, approved, fix)
    return keep(name, approved, files, wanted, directory.ledger.policy)


def require_import(directory: ListDirectory, name: str) -> Import:
    """What providers.toml says of an import; its name is a folder's."""
    wanted = directory.ledger.imports.get(name)
    if wanted is None:
        known = ", ".join(sorted(directory.ledger.imports)) or "none"
        raise InputError(
            f"{directory.ledger_path}: expected [imports.{name}] with url, root-sha256 and namespaces, found {known}"
        )
    if not _is_name(name):
        raise InputError(f"{directory.ledger_path}: [imports.{name}]: expected a name of a-z 0-9 _ -; rename it")
    return wanted


def _read_locked(folder: str, fix: str) -> dict[str, bytes]:
    """Every file of the import, as the lock pins it."""
    if os.path.islink(folder) or not os.path.isdir(folder):
        raise RefusedError(f"{folder}: expected a directory, found something else; remove it and {fix}")
    if not os.path.isfile(os.path.join(folder, LOCK)):
        raise RefusedError(f"{folder}: expected {LOCK}, found none; {fix}")
    found = {path: read_file(os.path.join(folder, *path.split("/")), FILE_CAP) for path in files_below(folder)}
    try:
        pinned = load_strict(found[LOCK]).get("files")
    except ValueError as error:
        raise RefusedError(f"{folder}: {LOCK} cannot be read ({error}); {fix}") from None
    pinned = pinned if isinstance(pinned, dict) else {}
    for path in sorted({*found, *pinned} - {LOCK}):
        digest = hashlib.sha256(found[path]).hexdigest() if path in found else "no such file"
        if pinned.get(path) != digest:
            said = f"expected {pinned.get(path, 'no such file')} as {LOCK} pins it, found {digest}"
            raise RefusedError(f"{folder}: {path}: {said}; {fix}")
    return found


def _verify(files: Mapping[str, bytes]) -> Chain:
    """The kept signatures, from the pinned root on; no clock is asked, as the list's own dates end its entries."""
    from variantkit_allowlist.repository.chain import check_chain, own_fields, read_metadata, walk_roots
    from variantkit_allowlist.repository.tuf_api import Root

    first = read_metadata(Root, files[ROOT], ROOT)
    later = []
    version = first.signed.version + 1
    while (path := f"metadata/{version}.root.json") in files:
        later.append(read_metadata(Root, files[path], path))
        version += 1
    parts = {name: files[f"metadata/{name}"] for name in ("timestamp.json", "snapshot.json", "targets.json")}
    chain = check_chain(walk_roots(first, later), parts)
    in_force = own_fields(chain.timestamp.signed).root
    if in_force and in_force != chain.root.version:
        raise RepositoryError(
            "rolled-back", f"expected root {in_force} as the timestamp says, found {chain.root.version}"
        )
    return chain


def _approved_of(chain: Chain, files: Mapping[str, bytes], folder: str) -> ApprovedList:
    """Their list, when it and the audits are what was signed."""
    from variantkit_allowlist.repository.chain import require_content

    for name in (APPROVED, AUDITS):
        require_content(chain, name, files[name], folder)
    return parse_list(files[APPROVED], os.path.join(folder, APPROVED))


def _require_lock(folder: str, data: bytes, wanted: Import, approved: ApprovedList, fix: str) -> None:
    lock = load_strict(data)
    said = {"root-sha256": wanted.root_sha256, "url": wanted.url, "id": approved.id, "serial": approved.serial}
    for key, value in said.items():
        if lock.get(key) != value or type(lock.get(key)) is not type(value):
            raise RefusedError(f"{folder}: {LOCK}: {key}: expected {value}, found {ascii(lock.get(key))[:100]}; {fix}")


def keep(name: str, approved: ApprovedList, files: Mapping[str, bytes], wanted: Import, policy: Policy) -> Kept:
    """What of a verified list counts, by its own audits and our policy."""
    audits = read_audits(files[AUDITS])
    entries, left_out, criteria = [], [], {}
    for entry in approved.entries:
        found = [audits.get(sha256) for sha256 in entry.sha256]
        why = next((why for audit in found if (why := _why_left_out(entry, audit, policy))), None)
        if why is None:
            entries.append(entry)
            criteria.update({sha256: audits[sha256].criteria for sha256 in entry.sha256})
        else:
            left_out.append(f"import {name}: {entry.package} {entry.version}: {why}")
    counted = approved._replace(entries=tuple(entries))
    theirs = tuple({id(audits[sha256]): audits[sha256] for sha256 in criteria}.values())
    return Kept(approved, ImportedList(name, counted, criteria, wanted.root_sha256), tuple(left_out), theirs)


def _why_left_out(entry: Entry, audit: Approval | None, policy: Policy) -> str | None:
    """Why an entry is none that they speak for themselves, or that we could have made; None when it is one."""
    about = audit is not None and (audit.namespace == entry.namespace and same_version(audit.version, entry.version))
    if audit is None or not about:
        return "it is in their list and not in their own audits: imports do not go on"
    if audit.evidence == "none" and not policy.unattested:
        return "nothing shows where its bytes come from, and policy.unattested is off"
    if audit.evidence != "none" and audit.evidence not in policy.evidence:
        return f"its evidence is {audit.evidence}, which policy.evidence does not take"
    return None
