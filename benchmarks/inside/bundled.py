"""A provider of the SDK's bundle, and its way through the gate."""

from __future__ import annotations

import os
import time

from variantkit.machine.settings import bundle_directory
from variantkit.runner import Question
from variantkit.trust import Approvals, entries_in_force, judge_request, judge_wheel, load_approvals

BUNDLE = bundle_directory() or ""
NOW = int(time.time())


def read_bundled(name: str) -> bytes:
    """A file of the bundle."""
    with open(os.path.join(BUNDLE, name), "rb") as stream:
        return stream.read()


def read_lists(embedded: bytes) -> Approvals:
    """The approvals of the embedded list alone."""
    levels = {"flag": None, "variable": None, "user_path": None, "system_path": None, "memory_dir": None}
    return load_approvals(**levels, embedded=embedded, now=NOW)


def read_wheel(approvals: Approvals, namespace: str) -> tuple[str, bytes]:
    """The name and the bytes of a namespace's wheel."""
    entry = next(entry for entry in entries_in_force(approvals, NOW) if entry.namespace == namespace)
    prefix = f"{entry.package.replace('-', '_')}-{entry.version}-"
    name = next(name for name in os.listdir(BUNDLE) if name.startswith(prefix))
    return name, read_bundled(name)


def pass_gate(approvals: Approvals, namespace: str, filename: str, wheel: bytes) -> Question:
    """All of the gate's steps for one provider, as `select` takes them: the request, then the very bytes."""
    package = filename.split("-", 1)[0].replace("_", "-")
    verdict, entries = judge_request(approvals, namespace, (package,), None, NOW)
    assert verdict.allowed, verdict
    judged = judge_wheel(approvals, entries[0], filename, wheel, NOW, endpoint=verdict.endpoint)
    assert judged.allowed, judged
    return Question(namespace, verdict.endpoint, wheel, entries[0].sha256[0], entries[0].needs)
