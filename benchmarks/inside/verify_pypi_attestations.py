"""Verify attestations by pypi-attestations, offline. Arguments: the folder of stopwatch.py, FOLDER."""

from __future__ import annotations

import json
import logging
import os
import sys

from pypi_attestations import Attestation, Distribution, GitHubPublisher

sys.path.append(sys.argv[1])
from stopwatch import serve  # type: ignore[import-not-found]

logging.disable()  # it warns that it is offline, each time; printing that is no part of verifying
with open(os.path.join(sys.argv[2], "material.json"), encoding="utf-8") as stream:
    given = json.load(stream)
attestations = [text.encode() for text in given["attestations"]]
distribution = Distribution(name=given["filename"], digest=given["sha256"])
publisher = GitHubPublisher(repository=given["repository"].split("/", 3)[3], workflow=given["workflow"])


def verify() -> int:
    """Read and verify each, and say how many verified: one that does not raises."""
    for data in attestations:
        Attestation.model_validate_json(data).verify(publisher, distribution, offline=True)
    return len(attestations)


serve({"verified": verify()}, {"verify": verify})
