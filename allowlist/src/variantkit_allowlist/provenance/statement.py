"""Statement: the in-toto statement inside an attestation, and whether it speaks of this one file. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from variantkit.trust.strict_json import load_strict
from variantkit_allowlist.provenance.bundle_check import NotVerifiedError

if TYPE_CHECKING:
    from collections.abc import Mapping

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
SLSA = "https://slsa.dev/provenance/v1"
MAX_BYTES = 1 << 20


class Statement(NamedTuple):
    """What is stated of the file: the predicate's type, and the predicate, {} where it is empty or absent."""

    predicate_type: str
    predicate: Mapping[str, object]


def publish_type() -> str:
    """The predicate type of an index's publish attestation; imported late, as its package costs 0.4 s."""
    from pypi_attestations import AttestationType

    return AttestationType.PYPI_PUBLISH_V1.value


def read_statement(payload_type: str, payload: bytes, filename: str, sha256: str) -> Statement:
    """Read what was signed of exactly this file; raises NotVerifiedError with the code of what is amiss."""
    if payload_type != PAYLOAD_TYPE:
        raise NotVerifiedError("payload-type", f"expected a payload {PAYLOAD_TYPE}, found {ascii(payload_type)[:100]}")
    try:
        if len(payload) > MAX_BYTES:
            raise ValueError(f"more than {MAX_BYTES} bytes")
        document = load_strict(payload)
    except ValueError as error:
        raise NotVerifiedError("statement-malformed", f"the statement: {error}") from None
    _require(document.get("_type") == STATEMENT_TYPE, f"its _type is not {STATEMENT_TYPE}")
    name, digest = _subject(document)
    predicate_type = _predicate_type(document)
    if name != filename:
        raise NotVerifiedError("subject-name", f"it is about {ascii(name)[:200]}, not {filename}")
    if digest != sha256:
        raise NotVerifiedError("subject-digest", f"it is about sha256 {ascii(digest)[:70]}, not {sha256}")
    return Statement(predicate_type, _predicate(document, predicate_type))


def _subject(document: Mapping[str, object]) -> tuple[str, str]:
    subjects = document.get("subject")
    if not isinstance(subjects, list) or len(subjects) != 1 or not isinstance(subjects[0], dict):
        raise NotVerifiedError("statement-malformed", "the statement: expected exactly one subject")
    name, digests = subjects[0].get("name"), subjects[0].get("digest")
    digest = digests.get("sha256") if isinstance(digests, dict) else None
    if not isinstance(name, str) or not isinstance(digest, str):
        raise NotVerifiedError("statement-malformed", "the statement: expected a subject with a name and a sha256")
    return name, digest


def _predicate_type(document: Mapping[str, object]) -> str:
    found = document.get("predicateType")
    if not isinstance(found, str):
        raise NotVerifiedError("statement-malformed", "the statement: expected a predicateType")
    if found not in (SLSA, publish_type()):
        raise NotVerifiedError("predicate-type", f"expected {publish_type()} or {SLSA}, found {ascii(found)[:100]}")
    return found


def _predicate(document: Mapping[str, object], predicate_type: str) -> Mapping[str, object]:
    predicate = document.get("predicate")
    predicate = {} if predicate is None else predicate
    _require(isinstance(predicate, dict), "its predicate is no object")
    # The index's publish attestation says all in its certificate; a predicate beside it would be read by nobody.
    _require(not predicate or predicate_type == SLSA, "a publish attestation has no predicate")
    return predicate  # type: ignore[return-value]


def _require(holds: bool, sentence: str) -> None:
    if not holds:
        raise NotVerifiedError("statement-malformed", f"the statement: {sentence}")
