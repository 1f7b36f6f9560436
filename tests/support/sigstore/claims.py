"""What a certificate says of a CI job, and the statements that such a job signs."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from pypi_attestations import AttestationType

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PUBLISH: str = AttestationType.PYPI_PUBLISH_V1.value
SLSA = "https://slsa.dev/provenance/v1"
BUILD_TYPE = "https://actions.github.io/buildtypes/workflow/v1"


class Claims(NamedTuple):
    """A release workflow's job; a certificate leaves out what is "", and what is None follows from the others.

    `workflow` is a file's name. `signer` (the reusable workflow that signs), `config` (the one that was triggered) and
    `subject` (the SAN) are whole URIs; `first_issuer` and those after it are the extensions of Fulcio's first years.
    """

    issuer: str = "https://token.actions.githubusercontent.com"
    repository: str = "https://github.com/example/provider"
    repository_id: str = "71001"
    owner: str = "https://github.com/example"
    owner_id: str = "71"
    workflow: str = "release.yml"
    ref: str = "refs/tags/v1.0"
    commit: str = "4a5f" * 10
    trigger: str = "push"
    runner: str = "github-hosted"
    visibility: str = "public"
    signer: str | None = None
    config: str | None = None
    subject: str | None = None
    signer_digest: str | None = None
    config_digest: str | None = None
    run: str | None = None
    first_issuer: str | None = None
    first_trigger: str | None = None
    first_commit: str | None = None
    first_workflow: str = "Release"
    first_repository: str | None = None
    first_ref: str | None = None

    def filled(self) -> Claims:
        """Every None replaced by what it follows from."""
        config = self.config
        if config is None:
            config = f"{self.repository}/.github/workflows/{self.workflow}@{self.ref}"
        signer = config if self.signer is None else self.signer
        following = {
            "config": config,
            "signer": signer,
            "subject": signer,
            "signer_digest": self.commit,
            "config_digest": self.commit,
            "run": f"{self.repository}/actions/runs/9001/attempts/1",
            "first_issuer": self.issuer,
            "first_trigger": self.trigger,
            "first_commit": self.commit,
            "first_repository": self.repository.partition("://")[2].partition("/")[2],
            "first_ref": self.ref,
        }
        return self._replace(**{name: value for name, value in following.items() if getattr(self, name) is None})


# Fulcio's extensions 1.3.6.1.4.1.57264.1.N: the first are plain text, those from 8 on DER.
PLAIN = {"first_issuer": 1, "first_trigger": 2, "first_commit": 3, "first_workflow": 4, "first_repository": 5}
PLAIN["first_ref"] = 6
ENCODED = {
    "issuer": 8,
    "signer": 9,
    "signer_digest": 10,
    "runner": 11,
    "repository": 12,
    "commit": 13,
    "ref": 14,
    "repository_id": 15,
    "owner": 16,
    "owner_id": 17,
    "config": 18,
    "config_digest": 19,
    "trigger": 20,
    "run": 21,
    "visibility": 22,
}


def statement(filename: str, sha256: str, predicate_type: str, predicate: object) -> dict[str, Any]:
    """An in-toto statement about one file."""
    subject = [{"name": filename, "digest": {"sha256": sha256}}]
    return {"_type": STATEMENT_TYPE, "subject": subject, "predicateType": predicate_type, "predicate": predicate}


def publish_statement(filename: str, sha256: str) -> dict[str, Any]:
    """What an index's trusted publishing signs: all it says is in the certificate."""
    return statement(filename, sha256, PUBLISH, None)


def slsa_statement(filename: str, sha256: str, claims: Claims | None = None) -> dict[str, Any]:
    """Build provenance as GitHub writes it, which repeats the certificate."""
    said = (claims or Claims()).filled()
    path = f".github/workflows/{said.workflow}"
    internal = {
        "event_name": said.trigger,
        "repository_id": said.repository_id,
        "repository_owner_id": said.owner_id,
        "runner_environment": said.runner,
    }
    definition = {
        "buildType": BUILD_TYPE,
        "externalParameters": {"workflow": {"ref": said.ref, "repository": said.repository, "path": path}},
        "internalParameters": {"github": internal},
        "resolvedDependencies": [
            {"uri": f"git+{said.repository}@{said.ref}", "digest": {"gitCommit": said.commit}},
        ],
    }
    details = {"builder": {"id": said.signer}, "metadata": {"invocationId": said.run}}
    return statement(filename, sha256, SLSA, {"buildDefinition": definition, "runDetails": details})


def as_bytes(said: bytes | dict[str, Any]) -> bytes:
    """The bytes that are signed."""
    return said if isinstance(said, bytes) else json.dumps(said, separators=(",", ":")).encode()
