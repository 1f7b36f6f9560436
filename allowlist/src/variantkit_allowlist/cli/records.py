"""Records of decisions: the verification summary of a wheel. It says what was decided, and permits nothing."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from variantkit_allowlist.statements import Summary, verifier_uri, write_vsa
from variantkit_allowlist.store.files import write_whole

if TYPE_CHECKING:
    from variantkit_allowlist.model import Approval
    from variantkit_allowlist.store import ListDirectory


def record_decision(
    directory: ListDirectory, entry: Approval, filename: str, decided_by: bytes, now: int, *, passed: bool
) -> None:
    """Write the summary of each of an entry's wheels; `decided_by` is the providers.toml whose rules were used.

    It is not signed by itself: it is a target of the published repository, which is.
    """
    for sha256 in entry.sha256:
        summary = Summary(
            package=entry.package,
            version=entry.version,
            filename=filename,
            sha256=sha256,
            passed=passed,
            verifier=verifier_uri(directory.ledger.id),
            policy_sha256=hashlib.sha256(decided_by).hexdigest(),
            time=now,
            criteria=entry.criteria,
            inputs=entry.reviews,
        )
        write_whole(directory.vsa_path(sha256), write_vsa(summary))
