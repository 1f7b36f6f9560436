"""`variantkit detect` as a user types it, on whatever machine this is."""

from __future__ import annotations

import json
import subprocess
import sys

from support.first_party import FIRST_PARTY

STATUSES = {"present", "absent", "undetermined"}


def test_every_namespace_has_a_status_and_nothing_is_said_beside_the_object() -> None:
    command = [sys.executable, "-m", "variantkit", "detect", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    namespaces = json.loads(done.stdout)["namespaces"]
    assert namespaces.keys() == {provider.namespace for provider in FIRST_PARTY.values()}
    assert {answer["status"] for answer in namespaces.values()} <= STATUSES
    assert all(answer["source"] == "provider" for answer in namespaces.values())
