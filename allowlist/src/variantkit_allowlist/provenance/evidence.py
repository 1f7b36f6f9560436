"""Evidence: what lies beside a wheel to show where it comes from, and the first kind of it that a policy takes."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, NamedTuple

from variantkit.trust.canonical import MAX_WHEEL_BYTES, check_wheel
from variantkit.variants.grammar import normalized_name
from variantkit.variants.wheel import parse_wheel_name
from variantkit_allowlist.provenance.identity import verify_identity
from variantkit_allowlist.provenance.material import CAP, MaterialError, read_material
from variantkit_allowlist.provenance.vendor_key import verify_vendor_key
from variantkit_allowlist.store.files import read_file
from variantkit_allowlist.store.wheels import ATTESTATION_SUFFIXES, KEY_SUFFIX
from variantkit_allowlist.verdict import Provenance

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from variantkit_allowlist.model import Package, Policy
    from variantkit_allowlist.provenance.material import Attestation
    from variantkit_allowlist.provenance.trust_root import TrustRoot


class WheelFile(NamedTuple):
    """A wheel as read once; `package` is its canonical name, `problem` why it is not canonical, "" when it is."""

    filename: str
    package: str
    version: str
    sha256: str
    data: bytes
    problem: str


class Evidence(NamedTuple):
    """What was found for a wheel, unverified. `problem` says what of it cannot be read."""

    material: tuple[Attestation, ...] = ()
    envelope: bytes | None = None
    problem: str = ""


def read_wheel_file(path: str) -> WheelFile:
    """Read a wheel; raises InputError when there is none, or its name is no wheel's."""
    name = parse_wheel_name(os.path.basename(path))
    return wheel_of(read_file(path, MAX_WHEEL_BYTES), name.text)


def wheel_of(data: bytes, filename: str) -> WheelFile:
    """A wheel whose bytes are at hand."""
    name = parse_wheel_name(filename)
    problem = check_wheel(data) or ""
    digest = hashlib.sha256(data).hexdigest()
    return WheelFile(filename, normalized_name(name.name), name.version, digest, data, problem)


def find_beside(wheel_path: str) -> list[str]:
    """The files of attestations that lie beside a wheel."""
    return [wheel_path + suffix for suffix in ATTESTATION_SUFFIXES if os.path.isfile(wheel_path + suffix)]


def gather_evidence(wheel_path: str, attestations: Iterable[str] | None = None) -> Evidence:
    """Read the attestations named, else those beside the wheel, and the vendor's signed statement beside it.

    Raises InputError for a file that is named and is not there. One that cannot be read as an attestation is evidence
    that fails, not evidence that is missing.
    """
    paths = find_beside(wheel_path) if attestations is None else list(attestations)
    signed = wheel_path + KEY_SUFFIX
    envelope = read_file(signed, CAP) if os.path.isfile(signed) else None
    material: list[Attestation] = []
    for path in paths:
        try:
            material.extend(read_material(read_file(path, CAP), path))
        except MaterialError as error:
            return Evidence((), envelope, str(error))
    return Evidence(tuple(material), envelope)


def judge_evidence(
    wheel: WheelFile,
    package: Package | None,
    policy: Policy,
    trust_root: TrustRoot,
    now: int,
    evidence: Evidence,
    *,
    rebuilt: Provenance | None = None,
    predicates: Collection[str] = (),
) -> Provenance:
    """Try what is there in the policy's order: the first that verifies, else the first that fails.

    `rebuilt` is what `rebuild` said, when somebody asked for it. A package that nobody wrote down has no evidence.
    """
    if package is None:
        return Provenance(False, "no-rule", f"the list says nothing of who publishes {wheel.package}")
    failed = None
    for kind in policy.evidence:
        found = None
        if kind == "identity":
            found = _judge_identity(wheel, package, trust_root, now, evidence, predicates)
        elif kind == "key" and evidence.envelope is not None:
            found = verify_vendor_key(evidence.envelope, wheel.filename, wheel.sha256, package.key, now)
        elif kind == "rebuild":
            found = rebuilt
        if found is not None and found.verified:
            return found
        failed = failed or found
    return failed or Provenance(False, "not-attested", f"nothing shows where {wheel.filename} comes from")


def _judge_identity(
    wheel: WheelFile,
    package: Package,
    trust_root: TrustRoot,
    now: int,
    evidence: Evidence,
    predicates: Collection[str],
) -> Provenance | None:
    """None when there is no attestation at all."""
    if evidence.problem:
        return Provenance(False, "malformed", evidence.problem, trust_root=trust_root.sha256)
    if not evidence.material:
        return None
    found = verify_identity(
        evidence.material, wheel.filename, wheel.sha256, package.identity, trust_root, now, predicates=predicates
    )
    if found.verified and not found.predicates:
        # A bare signature says neither what was signed nor under which name: too little for a list.
        detail = "a bare signature states nothing of the file; ask for an attestation (publish or SLSA provenance)"
        return found._replace(verified=False, code="predicate-type", detail=detail, evidence="none", logged=None)
    return found
