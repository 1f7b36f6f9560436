"""Verify attestations by variantkit-allowlist, its root read beforehand. Arguments: folder of stopwatch.py, FOLDER."""

from __future__ import annotations

import json
import os
import sys

from variantkit_allowlist.model import IdentityRule
from variantkit_allowlist.provenance import load_trust_root, read_material, verify_identity

sys.path.append(sys.argv[1])
from stopwatch import serve  # type: ignore[import-not-found]

with open(os.path.join(sys.argv[2], "material.json"), encoding="utf-8") as stream:
    given = json.load(stream)
attestations = [text.encode() for text in given["attestations"]]
root = load_trust_root(given["root"].encode(), "the root")
rules = [IdentityRule(repository=given["repository"], workflow=given["workflow"])]


def verify() -> int:
    """Read and verify each, and say how many verified."""
    verified = 0
    for data in attestations:
        material = read_material(data, "the attestation")
        found = verify_identity(material, given["filename"], given["sha256"], rules, root, given["now"])
        verified += found.verified
    return verified


serve({"verified": verify()}, {"verify": verify})
