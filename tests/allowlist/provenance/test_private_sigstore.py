"""The private Sigstore is a Sigstore: the library, untouched, accepts what it makes, and nothing that it did not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from sigstore.errors import VerificationError
from sigstore.models import Bundle, TrustedRoot
from sigstore.verify import Verifier, policy

from support.private_sigstore import (
    PAYLOAD_TYPE,
    PUBLISH,
    Claims,
    PrivateSigstore,
    Window,
    publish_statement,
    slsa_statement,
)

if TYPE_CHECKING:
    from pathlib import Path

FILENAME, SHA256 = "example_provider-1.0-py3-none-any.whl", "5a" * 32


@pytest.fixture(scope="module")
def instance() -> PrivateSigstore:
    return PrivateSigstore()


def library(directory: Path, root: bytes) -> Verifier:
    """The library's verifier over a root."""
    path = directory / "trusted_root.json"
    path.write_bytes(root)
    return Verifier(trusted_root=TrustedRoot.from_file(str(path)))


def check(verifier: Verifier, bundle: dict[str, Any]) -> tuple[str, bytes]:
    claims = Claims().filled()
    expected = policy.Identity(identity=claims.subject or "", issuer=claims.issuer)
    return verifier.verify_dsse(Bundle.from_json(json.dumps(bundle)), expected)


@pytest.mark.parametrize("rekor", [1, 2])
def test_the_library_accepts_its_bundles(instance: PrivateSigstore, tmp_path: Path, rekor: int) -> None:
    statement = publish_statement(FILENAME, SHA256)
    for _ in range(4):  # trees of several sizes
        bundle = instance.attest(statement, rekor=rekor)
        kind, payload = check(library(tmp_path, instance.trusted_root_json), bundle)
        assert kind == PAYLOAD_TYPE
        assert json.loads(payload) == statement


@pytest.mark.parametrize("rekor", [1, 2])
def test_the_library_refuses_another_instances_bundles(tmp_path: Path, instance: PrivateSigstore, rekor: int) -> None:
    bundle = PrivateSigstore().attest(publish_statement(FILENAME, SHA256), rekor=rekor)
    with pytest.raises(VerificationError):
        check(library(tmp_path, instance.trusted_root_json), bundle)


@pytest.mark.parametrize("part", ["authority", "certificate_log", "log_1"])
def test_the_library_needs_every_part(instance: PrivateSigstore, tmp_path: Path, part: str) -> None:
    parts = {name: getattr(instance, name) for name in ("authority", "certificate_log", "log_1") if name != part}
    bundle = PrivateSigstore(**parts).attest(publish_statement(FILENAME, SHA256))
    with pytest.raises(VerificationError):
        check(library(tmp_path, instance.trusted_root_json), bundle)


def test_the_library_overlooks_a_closed_window_which_is_why_we_look(instance: PrivateSigstore, tmp_path: Path) -> None:
    bundle = instance.attest(publish_statement(FILENAME, SHA256))
    closed = Window(end=1609459200)
    root = instance.trusted_root({"authority": closed, "certificate-log": closed, "log-1": closed})
    assert check(library(tmp_path, root), bundle)[0] == PAYLOAD_TYPE


def test_an_attestation_object_is_what_pypi_attestations_reads(instance: PrivateSigstore) -> None:
    from pypi_attestations import Attestation, Provenance

    made = [instance.attest(publish_statement(FILENAME, SHA256)), instance.attest(slsa_statement(FILENAME, SHA256))]
    objects = [instance.pep740(bundle) for bundle in made]
    provenance = Provenance.model_validate_json(json.dumps(instance.provenance(objects)))
    first = provenance.attestation_bundles[0].attestations[0]
    assert first.statement["predicateType"] == PUBLISH
    assert first.certificate_claims["1.3.6.1.4.1.57264.1.12"] == Claims().repository
    assert Attestation.model_validate_json(json.dumps(objects[1])).to_bundle().log_entry
