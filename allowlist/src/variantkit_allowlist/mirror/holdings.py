"""Holdings of a mirror: the signed edition, and the very wheels that it approves with the evidence for each."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, NamedTuple

from variantkit.errors import InputError
from variantkit.index.pages.filename import parse_filename
from variantkit.machine.wheels import is_wheel_of
from variantkit.trust import parse_approved
from variantkit.trust.canonical import MAX_WHEEL_BYTES
from variantkit_allowlist.provenance.material import CAP
from variantkit_allowlist.repository.approved import APPROVED
from variantkit_allowlist.repository.published import read_published, require_published
from variantkit_allowlist.repository.state import hashed_name
from variantkit_allowlist.store.files import read_file
from variantkit_allowlist.store.wheels import SUFFIXES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from variantkit.trust import ApprovedList, Entry
    from variantkit_allowlist.repository.published import Published
    from variantkit_allowlist.store import ListDirectory

AUDITS, TRUSTED_ROOT = "audits.json", "trusted_root.json"


class Held(NamedTuple):
    """One wheel; `package` is the canonical name, `version` as its file name spells it, `beside` evidence by suffix."""

    package: str
    version: str
    filename: str
    sha256: str
    data: bytes
    beside: Mapping[str, bytes]


class Holdings(NamedTuple):
    """All that a mirror is made of; `targets` are the edition's by name, `public` its files below `public/`.

    `base_url` is where the mirror will be served, "" when it may be anywhere.
    """

    approved: ApprovedList
    targets: Mapping[str, bytes]
    public: Mapping[str, bytes]
    wheels: tuple[Held, ...]
    base_url: str = ""


def collect_holdings(directory: ListDirectory, base_url: str = "") -> tuple[Holdings, tuple[str, ...]]:
    """What a list has to mirror, and a sentence for every approved wheel that is not in its `wheels/`."""
    published = require_published(read_published(directory.public_path), directory.public_path)
    targets = dict(_targets(published))
    approved = parse_approved(targets[APPROVED], os.path.join(directory.public_path, APPROVED))
    files = read_wheels(directory.wheels_path)
    held = tuple(hold_wheels(approved.entries, files))
    public = {**_metadata(published), **_target_files(published, targets)}
    return Holdings(approved, targets, public, held, base_url), tuple(missing_wheels(approved.entries, held))


def read_wheels(folder: str) -> dict[str, bytes]:
    """Every wheel and every file of evidence in a folder, by name."""
    try:
        names = sorted(os.listdir(folder))
    except FileNotFoundError:
        return {}
    wanted = [
        name for name in names if name.endswith((".whl", *SUFFIXES)) and os.path.isfile(os.path.join(folder, name))
    ]
    caps = {True: MAX_WHEEL_BYTES, False: CAP}
    return {name: read_file(os.path.join(folder, name), caps[name.endswith(".whl")], links=False) for name in wanted}


def hold_wheels(entries: Iterable[Entry], files: Mapping[str, bytes]) -> Iterator[Held]:
    """The wheels among `files` whose very bytes and names are approved, each once."""
    by_digest: dict[str, list[Entry]] = {}
    for entry in entries:
        for sha256 in entry.sha256:
            by_digest.setdefault(sha256, []).append(entry)
    for filename, data in files.items():
        if not filename.endswith(".whl"):
            continue
        sha256 = hashlib.sha256(data).hexdigest()
        found = next((item for item in by_digest.get(sha256, ()) if is_wheel_of(filename, item)), None)
        name = parse_filename(filename, found.package) if found else None
        if found and name:
            beside = {suffix: files[filename + suffix] for suffix in SUFFIXES if filename + suffix in files}
            yield Held(found.package, name.version, filename, sha256, data, beside)


def missing_wheels(entries: Iterable[Entry], held: Iterable[Held]) -> Iterator[str]:
    """A sentence for every approved wheel that is not held."""
    there = {wheel.sha256 for wheel in held}
    for entry in entries:
        for sha256 in entry.sha256:
            if sha256 not in there:
                yield f"{entry.package} {entry.version}: expected its wheel with sha256 {sha256}, found none"


def _targets(published: Published) -> Iterator[tuple[str, bytes]]:
    for name in sorted(published.chain.targets.signed.targets):
        data = published.read_target(name)
        if data is not None:
            yield name, data


def _target_files(published: Published, targets: Mapping[str, bytes]) -> dict[str, bytes]:
    signed = published.chain.targets.signed.targets
    return {f"targets/{hashed_name(name, signed[name].hashes)}": data for name, data in targets.items()}


def _metadata(published: Published) -> dict[str, bytes]:
    """The metadata of the edition in force, every root before it included."""
    chain = published.chain
    names = [f"{root.signed.version}.root.json" for root in chain.roots]
    names += [f"{chain.snapshot.signed.version}.snapshot.json", f"{chain.targets.signed.version}.targets.json"]
    folder = os.path.join(published.path, "metadata")
    found = {f"metadata/{name}": read_file(os.path.join(folder, name), CAP) for name in [*names, "timestamp.json"]}
    if not found:
        raise InputError(f"{folder}: expected metadata, found none")
    return found
