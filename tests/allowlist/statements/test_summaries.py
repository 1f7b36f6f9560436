"""Verification summaries: a record that is read back, and that permits nothing."""

from __future__ import annotations

import json

import pytest

from support.curation import NOW
from variantkit.errors import RefusedError
from variantkit_allowlist.statements import Summary, level_of, read_vsa, verifier_uri, write_vsa

SUMMARY = Summary(
    package="acme-variant-provider",
    version="1.0+local",
    filename="acme_variant_provider-1.0+local-py3-none-any.whl",
    sha256="ab" * 32,
    passed=True,
    verifier=verifier_uri("example.org/providers"),
    policy_sha256="cd" * 32,
    time=NOW,
    criteria=("reviewed-source",),
    inputs=("ef" * 32,),
)
FAILED = SUMMARY._replace(passed=False, inputs=())


@pytest.mark.parametrize(("summary", "levels"), [(SUMMARY, ("VARIANTKIT_REVIEWED_SOURCE",)), (FAILED, ())], ids=str)
def test_a_summary_is_read_back(summary: Summary, levels: tuple[str, ...]) -> None:
    read = summary._replace(criteria=levels)
    assert read_vsa(write_vsa(summary)) == read


def test_it_has_the_fields_that_slsa_names() -> None:
    predicate = json.loads(write_vsa(SUMMARY))["predicate"]
    assert predicate["verificationResult"] == "PASSED"
    assert predicate["verifier"] == {"id": "https://example.org/providers"}
    assert predicate["verifiedLevels"] == [level_of("reviewed-source")]
    assert predicate["timeVerified"] == "2026-11-21T12:00:00Z"
    assert predicate["resourceUri"].startswith("pkg:pypi/acme-variant-provider@1.0%2Blocal?file_name=")


@pytest.mark.parametrize(
    "change",
    [
        {"verificationResult": "MAYBE"},
        {"verificationResult": None},
        {"verifier": "x"},
        {"timeVerified": "soon"},
        {"verifiedLevels": "all"},
        {"inputAttestations": [{}]},
        {"policy": {}},
        {"resourceUri": 3},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_summary_with_an_odd_field_is_refused(change: dict[str, object]) -> None:
    document = json.loads(write_vsa(SUMMARY))
    document["predicate"] |= change
    with pytest.raises(RefusedError, match="fields missing or odd"):
        read_vsa(json.dumps(document).encode())


def test_a_field_that_is_not_known_here_is_passed_over() -> None:
    document = json.loads(write_vsa(SUMMARY))
    document["predicate"]["https://example.org/more"] = "x"
    assert read_vsa(json.dumps(document).encode()).passed
