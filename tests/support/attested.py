"""One attested wheel as a verb judges it, and ways to change one thing in what attests it."""

from __future__ import annotations

import base64
import copy
import json
from typing import Any, NamedTuple

from support.private_sigstore import LOGGED_AT, Claims, PrivateSigstore, publish_statement
from variantkit_allowlist.model import IdentityRule
from variantkit_allowlist.provenance import MaterialError, load_trust_root, read_material, verify_identity
from variantkit_allowlist.verdict import Provenance

FILENAME, SHA256 = "example_provider-1.0-py3-none-any.whl", "5a" * 32
NOW = LOGGED_AT + 30 * 86400

RULE = IdentityRule(
    repository=Claims().repository,
    repository_id=Claims().repository_id,
    owner=Claims().owner,
    owner_id=Claims().owner_id,
    workflow=Claims().workflow,
    ref="refs/tags/v*",
    trigger=("push", "release"),
    runner=Claims().runner,
)
"""Who may publish the wheel, with everything said that a rule can say."""


class Case(NamedTuple):
    """What is judged. `material` is a bundle, an attestation or a provenance object, or the bytes of a file."""

    material: dict[str, Any] | bytes
    root: bytes
    now: int = NOW
    filename: str = FILENAME
    sha256: str = SHA256
    rule: IdentityRule = RULE
    predicates: tuple[str, ...] = ()


def judge(case: Case) -> Provenance:
    """The verdict; material that cannot be read has one too."""
    data = case.material if isinstance(case.material, bytes) else json.dumps(case.material).encode()
    root = load_trust_root(case.root, "trusted_root.json")
    try:
        material = read_material(data, "the attestation")
    except MaterialError as error:
        return Provenance(verified=False, code="malformed", detail=str(error))
    return verify_identity(
        material, case.filename, case.sha256, [case.rule], root, case.now, predicates=case.predicates
    )


def attested(instance: PrivateSigstore, *, rekor: int = 1) -> Case:
    """The wheel as its publisher attested it: verified."""
    return Case(instance.attest(publish_statement(FILENAME, SHA256), rekor=rekor), instance.trusted_root_json)


# Where things are in a bundle.
MATERIAL = "verificationMaterial"
LEAF = (MATERIAL, "certificate", "rawBytes")
ENTRY = (MATERIAL, "tlogEntries", 0)
NOTE = (*ENTRY, "inclusionProof", "checkpoint", "envelope")
PROOF = (*ENTRY, "inclusionProof")
SIGNATURE = ("dsseEnvelope", "signatures", 0, "sig")
STAMP = (MATERIAL, "timestampVerificationData", "rfc3161Timestamps", 0, "signedTimestamp")

Step = str | int
"""A key of an object or an index of a list."""


def at(document: Any, *path: Step) -> Any:
    """The value at the end of a path."""
    for step in path:
        document = document[step]
    return document


def replaced(document: Any, path: tuple[Step, ...], value: object) -> Any:
    """A copy with another value there."""
    changed = copy.deepcopy(document)
    at(changed, *path[:-1])[path[-1]] = value
    return changed


def removed(document: Any, path: tuple[Step, ...]) -> Any:
    """A copy without that key or item."""
    changed = copy.deepcopy(document)
    del at(changed, *path[:-1])[path[-1]]
    return changed


def leaves(document: Any, path: tuple[Step, ...] = ()) -> list[tuple[Step, ...]]:
    """The paths of every text and number of a document."""
    if isinstance(document, dict):
        return [found for key, value in document.items() for found in leaves(value, (*path, key))]
    if isinstance(document, list):
        return [found for index, value in enumerate(document) for found in leaves(value, (*path, index))]
    return [path]


def branches(document: Any, path: tuple[Step, ...] = ()) -> list[tuple[Step, ...]]:
    """The paths of everything in a document but itself."""
    items: list[tuple[Step, Any]] = []
    if isinstance(document, dict):
        items = list(document.items())
    elif isinstance(document, list):
        items = list(enumerate(document))
    return [found for step, value in items for found in ((*path, step), *branches(value, (*path, step)))]


def flipped(encoded: str, place: int = -1, mask: int = 1) -> str:
    """Base64 of the same bytes but one, counted as in a list."""
    data = bytearray(base64.b64decode(encoded))
    data[place] ^= mask
    return base64.b64encode(data).decode()
