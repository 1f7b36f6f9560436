"""Check of a mirror: everything in it, from an anchor that does not lie in it, and against this machine's revocations.

The mirror is not believed in any detail: its edition is verified from the anchor, its wheels by that edition, and every
other file must be what a mirror of that edition and those wheels consists of, byte for byte.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from typing import TYPE_CHECKING, NamedTuple

from variantkit.errors import InputError, VariantkitError
from variantkit.trust import Entry, check_wheel
from variantkit.trust.memory import load_seen
from variantkit.trust.revocation import revocation_of_bytes, revocation_of_entry, why_revoked
from variantkit.variants.grammar import normalized_name
from variantkit.variants.wheel import parse_wheel_name
from variantkit_allowlist.mirror import MARKER, SCHEMA, is_base_url
from variantkit_allowlist.mirror.attested import judge_wheel_provenance
from variantkit_allowlist.mirror.holdings import AUDITS, TRUSTED_ROOT, Holdings, hold_wheels, missing_wheels
from variantkit_allowlist.mirror.rendering import render_mirror
from variantkit_allowlist.repository.approved import APPROVED, read_edition
from variantkit_allowlist.repository.audits import read_audits
from variantkit_allowlist.repository.client import fetch, find_root
from variantkit_allowlist.repository.refusal import RepositoryError
from variantkit_allowlist.repository.sources import open_copy
from variantkit_allowlist.repository.state import hashed_name
from variantkit_allowlist.store.files import read_file
from variantkit_allowlist.store.folder import files_below, marker_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from variantkit.trust import ApprovedList, Revocation
    from variantkit_allowlist.mirror.holdings import Held
    from variantkit_allowlist.model import Approval
    from variantkit_allowlist.repository.client import Fetched

FILE_CAP = 16 << 20


class Fault(NamedTuple):
    """One thing wrong. `code` is changed, missing, extra, revoked, wheel-not-canonical, or one of provenance."""

    code: str
    path: str
    detail: str


class CheckedWheel(NamedTuple):
    """One wheel of the mirror; `provenance` is its code, "not-in-mirror" where the mirror holds nothing to judge by."""

    filename: str
    package: str
    version: str
    sha256: str
    provenance: str


class Report(NamedTuple):
    """What a check found; `signed` is when the timestamp was signed, in unix seconds.

    `base_url` is where the mirror says that it is served: links to provenance lead there, and nothing else follows.
    """

    approved: ApprovedList
    signed: int
    wheels: tuple[CheckedWheel, ...]
    faults: tuple[Fault, ...]
    base_url: str = ""


class Anchor(NamedTuple):
    """What is believed before the mirror is read: a root's bytes, or the sha256 of one that the mirror has."""

    root: bytes | None = None
    root_sha256: str | None = None


class Machine(NamedTuple):
    """What this machine knows: what its own lists revoke, their serials by id, and where it remembers serials.

    `now` is in unix seconds.
    """

    now: int
    revoked: Sequence[Revocation] = ()
    serials: Mapping[str, int] = {}
    memory_dir: str | None = None


def check_mirror(
    directory: str, anchor: Anchor, machine: Machine, *, max_age_days: int = 30, partial: bool = False
) -> Report:
    """Verify a mirror; raises RepositoryError when its edition fails a check, and reports everything else as faults.

    `partial` lets approved wheels be missing.
    """
    fetched = _fetch(directory, anchor, machine.now, max_age_days)
    approved = _require_edition(directory, fetched, machine)
    found, faults = _read_all(directory)
    public = _public_files(fetched, found)
    files = {path.removeprefix("files/"): data for path, data in found.items() if path.startswith("files/")}
    held = tuple(hold_wheels(approved.entries, files))
    holdings = Holdings(approved, _all_targets(fetched, public), public, held, _base_url(found))
    faults += _compare(_expected(holdings), found)
    if not partial:
        faults += [Fault("missing", "files", detail) for detail in missing_wheels(approved.entries, held)]
    faults += _judge_wheels(files, [*approved.revoked, *machine.revoked])
    checked, unproven = _judge_provenance(holdings, machine.now)
    return Report(approved, fetched.issued, checked, tuple(dict.fromkeys([*faults, *unproven])), holdings.base_url)


def _fetch(directory: str, anchor: Anchor, now: int, max_age_days: int) -> Fetched:
    source = open_copy(os.path.join(directory, "public"))
    wanted = [APPROVED, f"{TRUSTED_ROOT}?", f"{AUDITS}?"]
    root = anchor.root if anchor.root is not None else find_root(source, anchor.root_sha256 or "")
    with tempfile.TemporaryDirectory(prefix="variantkit-mirror.") as memory:
        return fetch(source, root, memory, now, wanted=wanted, max_age_days=max_age_days)


def _require_edition(directory: str, fetched: Fetched, machine: Machine) -> ApprovedList:
    where = os.path.join(directory, "public")
    approved = read_edition(fetched, where)
    least = max(machine.serials.get(approved.id, 0), load_seen(machine.memory_dir, approved.id).serial)
    if approved.serial < least:
        said = f"serial {approved.serial}, but {least} was seen on this machine; bring a newer mirror"
        raise RepositoryError("list-rolled-back", f"{where}: {said}")
    return approved


def _read_all(directory: str) -> tuple[dict[str, bytes], list[Fault]]:
    """Every file of the mirror; links and other odd things are faults, and are not followed."""
    found: dict[str, bytes] = {}
    faults = []
    for path in files_below(directory):
        where = os.path.join(directory, *path.split("/"))
        if os.path.islink(where) or not os.path.isfile(where):
            faults.append(Fault("extra", path, "expected a plain file, found a link or something else"))
            continue
        try:
            found[path] = read_file(where, FILE_CAP)
        except InputError as error:
            faults.append(Fault("changed", path, str(error)))
    return found, faults


def _public_files(fetched: Fetched, found: Mapping[str, bytes]) -> dict[str, bytes]:
    """The verified edition's files below `public/`: what was fetched, and every other target whose hash is right."""
    from tuf.api.exceptions import LengthOrHashMismatchError

    public = dict(fetched.files)
    for name, target in fetched.chain.targets.signed.targets.items():
        path = f"targets/{hashed_name(name, target.hashes)}"
        data = found.get(f"public/{path}")
        if data is None or path in public:
            continue
        try:
            target.verify_length_and_hashes(data)
        except LengthOrHashMismatchError:
            continue
        public[path] = data
    return public


def _all_targets(fetched: Fetched, public: Mapping[str, bytes]) -> dict[str, bytes]:
    signed = fetched.chain.targets.signed.targets
    paths = {name: f"targets/{hashed_name(name, target.hashes)}" for name, target in signed.items()}
    return {name: public[path] for name, path in paths.items() if path in public}


def _base_url(found: Mapping[str, bytes]) -> str:
    """Where the mirror says that it is served: links of its pages alone follow from it, and each must be this one."""
    try:
        document = json.loads(found.get(MARKER, b"{}"))
    except (ValueError, RecursionError):
        return ""
    url = document.get("base-url", "") if isinstance(document, dict) else ""
    return url if isinstance(url, str) and is_base_url(url) else ""


def _expected(holdings: Holdings) -> dict[str, bytes]:
    files = render_mirror(holdings)
    return {**files, MARKER: marker_text(files, SCHEMA, about_mirror(holdings))}


def about_mirror(holdings: Holdings) -> dict[str, str | int]:
    """What the marker says of a mirror."""
    said: dict[str, str | int] = {"id": holdings.approved.id, "serial": holdings.approved.serial}
    return said | ({"base-url": holdings.base_url} if holdings.base_url else {})


def _compare(expected: Mapping[str, bytes], found: Mapping[str, bytes]) -> list[Fault]:
    faults = [Fault("missing", path, "expected this file, found none") for path in expected if path not in found]
    for path, data in found.items():
        if path not in expected:
            faults.append(Fault("extra", path, "no mirror of this edition holds such a file"))
        elif data != expected[path]:
            told = f"expected sha256 {_digest(expected[path])}, found {_digest(data)}"
            faults.append(Fault("changed", path, told))
    # The marker follows from all other files: it is a fault of its own only when nothing else is wrong.
    return [fault for fault in faults if fault.path != MARKER] or faults


def _judge_wheels(files: Mapping[str, bytes], revoked: Sequence[Revocation]) -> Iterator[Fault]:
    for filename, data in files.items():
        if not filename.endswith(".whl"):
            continue
        gone = _revocation_of(filename, _digest(data), revoked)
        if gone is not None:
            yield Fault("revoked", f"files/{filename}", f"revoked{why_revoked(gone)}")
        problem = check_wheel(data)
        if problem:
            yield Fault("wheel-not-canonical", f"files/{filename}", problem)


def _revocation_of(filename: str, sha256: str, revoked: Sequence[Revocation]) -> Revocation | None:
    """What revokes a wheel, by its bytes or by the name that it bears."""
    gone = revocation_of_bytes(revoked, sha256)
    if gone is not None:
        return gone
    try:
        name = parse_wheel_name(filename)
    except InputError:
        return None
    return revocation_of_entry(revoked, Entry("", normalized_name(name.name), name.version, (sha256,), ()))


def _judge_provenance(holdings: Holdings, now: int) -> tuple[tuple[CheckedWheel, ...], list[Fault]]:
    """Verify the evidence of every wheel again that was approved for its attested identity."""
    audits = read_audits(holdings.targets.get(AUDITS, b"{}"))
    checked, faults = [], []
    for wheel in sorted(holdings.wheels, key=lambda wheel: wheel.filename):
        code, detail = _provenance_of(wheel, audits.get(wheel.sha256), holdings.targets, now)
        checked.append(CheckedWheel(wheel.filename, wheel.package, wheel.version, wheel.sha256, code))
        if code not in ("ok", "not-in-mirror"):
            faults.append(Fault(code, f"files/{wheel.filename}", detail))
    return tuple(checked), faults


def _provenance_of(wheel: Held, audit: Approval | None, targets: Mapping[str, bytes], now: int) -> tuple[str, str]:
    if audit is None or audit.evidence != "identity":
        # Vendors' keys and rebuilders' words are judged where an approval is made, imported ones where they come from.
        return "not-in-mirror", ""
    try:
        return judge_wheel_provenance(wheel, audit, targets.get(TRUSTED_ROOT, b""), now)
    except VariantkitError as error:
        return "not-attested", str(error)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
