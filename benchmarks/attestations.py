"""Attestations to verify, made by the private Sigstore of the test tree, and a root as large as the public one."""

from __future__ import annotations

import json
import os
import sys
from importlib import resources

from benchmarks.environments import ROOT

COUNT = 20
"""How many are verified in a row: each is another one, as in a batch."""

FILENAME, SHA256 = "example_provider-1.0-py3-none-any.whl", "5a" * 32
CACHE = os.path.join("sigstore-python", "tuf", "https%3A%2F%2Ftuf-repo-cdn.sigstore.dev")
"""Where the peer looks for its root, offline; it has no parameter for one."""


def write_attestations(directory: str) -> str:
    """Write `material.json`, and the root where the peer finds it, below a new folder; return the folder."""
    sys.path.append(os.path.join(ROOT, "tests"))
    from support.private_sigstore import LOGGED_AT, Claims, PrivateSigstore, publish_statement

    instance, claims = PrivateSigstore(), Claims()
    root = _beside_public(instance.trusted_root_json)
    statement = publish_statement(FILENAME, SHA256)
    attestations = [json.dumps(instance.pep740(instance.attest(statement))) for _ in range(COUNT)]
    material = {
        "filename": FILENAME,
        "sha256": SHA256,
        "now": LOGGED_AT + 86400,
        "root": root,
        "attestations": attestations,
        "repository": claims.repository,
        "workflow": claims.workflow,
    }
    folder = os.path.join(directory, "attestations")
    os.makedirs(os.path.join(folder, CACHE))
    with open(os.path.join(folder, CACHE, "trusted_root.json"), "w", encoding="utf-8") as stream:
        stream.write(root)
    with open(os.path.join(folder, "material.json"), "w", encoding="utf-8") as stream:
        json.dump(material, stream)
    return folder


def _beside_public(root: str | bytes) -> str:
    """A root's parts after those of the public instance: a root of its own would be read sooner than a real one."""
    carried = resources.files("sigstore._store") / os.path.basename(CACHE) / "trusted_root.json"
    public, own = json.loads(carried.read_bytes()), json.loads(root)
    return json.dumps({key: public[key] + value if isinstance(value, list) else value for key, value in own.items()})
