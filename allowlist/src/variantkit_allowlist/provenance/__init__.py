"""Provenance: where a wheel's bytes come from. The only room that does cryptography on attestations."""

from __future__ import annotations

from variantkit_allowlist.provenance.evidence import (
    Evidence,
    WheelFile,
    find_beside,
    gather_evidence,
    judge_evidence,
    read_wheel_file,
)
from variantkit_allowlist.provenance.identity import verify_identity
from variantkit_allowlist.provenance.material import Attestation, MaterialError, read_material
from variantkit_allowlist.provenance.rebuilding import parse_source, rebuild
from variantkit_allowlist.provenance.trust_root import TrustRoot, bundled_trust_root, load_trust_root, read_trust_root
from variantkit_allowlist.provenance.vendor_key import verify_vendor_key

__all__ = [
    "Attestation",
    "Evidence",
    "MaterialError",
    "TrustRoot",
    "WheelFile",
    "bundled_trust_root",
    "find_beside",
    "gather_evidence",
    "judge_evidence",
    "load_trust_root",
    "parse_source",
    "read_material",
    "read_trust_root",
    "read_wheel_file",
    "rebuild",
    "verify_identity",
    "verify_vendor_key",
]
