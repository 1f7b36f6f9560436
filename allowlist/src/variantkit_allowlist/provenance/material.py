"""Material: attestations as they lie in files and on indexes, taken apart into single ones. Nothing is believed yet."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Literal, NamedTuple, NoReturn

from variantkit.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CAP = 4 << 20
"""The most bytes that one file of attestations may have; a real one has some 10 kB."""

MAX_ATTESTATIONS = 64


class MaterialError(RefusedError):
    """What was given as an attestation cannot be read as one."""

    code = "malformed"


class Attestation(NamedTuple):
    """One attestation, unverified: a Sigstore bundle, or PEP 740's form of one.

    `data` is a bundle's own JSON, which its only reader takes; b"" for PEP 740's form, which is read from `document`.
    """

    where: str
    form: Literal["bundle", "pep740"]
    document: Mapping[str, object]
    data: bytes


def read_material(data: bytes, where: str) -> tuple[Attestation, ...]:
    """Read a Sigstore bundle, a PEP 740 attestation, a provenance object, or a list of them, one JSON a line.

    Raises MaterialError, one sentence, for anything else; so does a repeated key, of which readers take different ones.
    """
    if len(data) > CAP:
        raise MaterialError(f"{where}: expected attestations of at most {CAP} bytes, found {len(data)}")
    found = tuple(_read_lines(data, where)) if _has_lines(data) else tuple(_take_apart(data, where))
    if not 0 < len(found) <= MAX_ATTESTATIONS:
        raise MaterialError(f"{where}: expected 1 to {MAX_ATTESTATIONS} attestations, found {len(found)}")
    return found


def load_object(data: bytes, where: str) -> dict[str, object]:
    """Parse a JSON object without repeated keys; raise MaterialError for anything else."""
    try:
        document = json.loads(data.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise MaterialError(f"{where}: expected JSON, found a fault: {ascii(str(error))[1:-1][:200]}") from None
    if not isinstance(document, dict):
        raise MaterialError(f"{where}: expected a JSON object, found {type(document).__name__}")
    return document


def has_snake_case(document: object) -> bool:
    """Whether any key is spelt in snake case: Sigstore's readers take that too, and ours would look past it."""
    level = [document]
    while level:
        node = level.pop()
        if isinstance(node, dict):
            if any("_" in key for key in node):
                return True
            level.extend(node.values())
        elif isinstance(node, list):
            level.extend(node)
    return False


def _has_lines(data: bytes) -> bool:
    """Whether each line is an object of its own: JSON lines, as other tools save several bundles."""
    lines = [line for line in (part.strip() for part in data.splitlines()) if line]
    return len(lines) > 1 and all(line.startswith(b"{") and line.endswith(b"}") for line in lines)


def _read_lines(data: bytes, where: str) -> Iterator[Attestation]:
    for number, line in enumerate(data.splitlines(), 1):
        if line.strip():
            yield from _take_apart(line, f"{where} line {number}")


def _take_apart(data: bytes, where: str) -> Iterator[Attestation]:
    document = load_object(data, where)
    if "attestation_bundles" in document:
        yield from _of_provenance(document, where)
    elif "envelope" in document and "verification_material" in document:
        yield _of_pep740(document, where)
    elif "mediaType" in document and not has_snake_case(document):
        yield Attestation(where, "bundle", document, data)
    else:
        raise MaterialError(
            f"{where}: expected a Sigstore bundle, a PEP 740 attestation or a provenance object, found an object with"
            f" {ascii(sorted(document))[:100]}"
        )


def _of_provenance(document: Mapping[str, object], where: str) -> Iterator[Attestation]:
    """PEP 740's provenance object; its `publisher` is the index's word, so nothing is taken from it."""
    if document.get("version") != 1 or isinstance(document.get("version"), bool):
        raise MaterialError(f"{where}: expected a provenance object of version 1")
    number = 0
    for bundle in _list(document, "attestation_bundles", where):
        for attestation in _list(bundle, "attestations", where):
            number += 1
            yield _of_pep740(attestation, f"{where} attestation {number}")


def _of_pep740(document: object, where: str) -> Attestation:
    if not isinstance(document, dict) or document.get("version") != 1:
        raise MaterialError(f"{where}: expected a PEP 740 attestation of version 1")
    material = document.get("verification_material")
    entries = _list(material, "transparency_entries", where)
    # PEP 740 speaks of "one or more", readers take the first: whatever stood in a second would never be looked at.
    if len(entries) != 1 or has_snake_case(entries[0]):
        raise MaterialError(f"{where}: expected exactly one transparency log entry, found {len(entries)}")
    return Attestation(where, "pep740", document, b"")


def _list(document: object, key: str, where: str) -> list[object]:
    found = document.get(key) if isinstance(document, dict) else None
    if not isinstance(found, list):
        raise MaterialError(f"{where}: expected a list {key!r}")
    return found


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return made


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
