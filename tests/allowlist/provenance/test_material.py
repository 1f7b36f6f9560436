"""Material is taken apart the same by every reader, or not at all."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from support.attested_wheels import INSTANCE, LOGGED_AT
from support.private_sigstore import publish_statement
from variantkit.errors import RefusedError
from variantkit_allowlist.provenance import MaterialError, read_material
from variantkit_allowlist.provenance.material import CAP, MAX_ATTESTATIONS

if TYPE_CHECKING:
    from collections.abc import Callable

BUNDLE = INSTANCE.attest(publish_statement("x-1.0-py3-none-any.whl", "ab" * 32), logged_at=LOGGED_AT)
ATTESTATION = INSTANCE.pep740(BUNDLE)
PROVENANCE = INSTANCE.provenance([ATTESTATION, ATTESTATION])


@pytest.mark.parametrize("indent", [None, 0, 2])
@pytest.mark.parametrize(
    ("document", "forms"),
    [(BUNDLE, ["bundle"]), (ATTESTATION, ["pep740"]), (PROVENANCE, ["pep740", "pep740"])],
    ids=["bundle", "attestation", "provenance"],
)
def test_each_form_is_known_however_it_is_laid_out(document: object, forms: list[str], indent: int | None) -> None:
    found = read_material(json.dumps(document, indent=indent).encode(), "FILE")
    assert [attestation.form for attestation in found] == forms
    assert all(attestation.where.startswith("FILE") for attestation in found)


def test_lines_may_be_of_every_form_and_say_where_they_stand() -> None:
    lines = "\n\n".join(json.dumps(document) for document in (BUNDLE, ATTESTATION, PROVENANCE)) + "\r\n"
    found = read_material(lines.encode(), "FILE")
    assert [attestation.where for attestation in found] == [
        "FILE line 1",
        "FILE line 3",
        "FILE line 5 attestation 1",
        "FILE line 5 attestation 2",
    ]


def with_entries(count: int) -> dict[str, Any]:
    material = ATTESTATION["verification_material"]
    entries = list(material["transparency_entries"]) * count
    return {**ATTESTATION, "verification_material": {**material, "transparency_entries": entries}}


BROKEN: list[tuple[str, Callable[[], bytes]]] = [
    ("nothing", lambda: b""),
    ("a list", lambda: b"[]"),
    ("not a number", lambda: b'{"mediaType": NaN}'),
    ("a key twice", lambda: json.dumps(BUNDLE).encode().replace(b"{", b'{"mediaType": "x", ', 1)),
    ("a key twice deep inside", lambda: json.dumps(BUNDLE).replace('"logId"', '"logId": {}, "logId"', 1).encode()),
    ("snake case", lambda: json.dumps(BUNDLE).replace("tlogEntries", "tlog_entries").encode()),
    ("two entries, of which one would never be read", lambda: json.dumps(with_entries(2)).encode()),
    ("no entry", lambda: json.dumps(with_entries(0)).encode()),
    ("another version", lambda: json.dumps({**ATTESTATION, "version": 2}).encode()),
    ("provenance of another version", lambda: json.dumps({**PROVENANCE, "version": 2}).encode()),
    ("provenance without attestations", lambda: json.dumps(INSTANCE.provenance([])).encode()),
    ("too many", lambda: json.dumps(INSTANCE.provenance([ATTESTATION] * (MAX_ATTESTATIONS + 1))).encode()),
    ("too large", lambda: b" " * (CAP + 1)),
    ("deep", lambda: b'{"a":' * 100_000),
    ("one broken line", lambda: json.dumps(BUNDLE).encode() + b"\n{}"),
]  # fmt: skip


@pytest.mark.parametrize("make", [row[1] for row in BROKEN], ids=[row[0] for row in BROKEN])
def test_everything_else_is_malformed(make: Callable[[], bytes]) -> None:
    with pytest.raises(MaterialError, match="FILE") as caught:
        read_material(make(), "FILE")
    assert caught.value.code == "malformed"
    assert isinstance(caught.value, RefusedError)
    assert str(caught.value).isprintable()
