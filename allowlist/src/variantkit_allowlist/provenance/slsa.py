"""SLSA: whether a provenance predicate says what its own certificate says. The certificate is believed, it is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from variantkit_allowlist.provenance.bundle_check import NotVerifiedError
from variantkit_allowlist.provenance.certificate import is_inside, same_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from variantkit_allowlist.provenance.certificate import Claims

BUILD_TYPE = "https://actions.github.io/buildtypes/workflow/v1"
RUNNER = "https://github.com/actions/runner/"


def require_agreement(predicate: Mapping[str, object], claims: Claims) -> None:
    """Raise NotVerifiedError with `predicate-mismatch` unless every field that repeats a claim repeats it as it is.

    Of external parameters, which steer a build, there must be the workflow's and no other. SLSA asks neither for
    internal ones nor for dependencies: what a predicate leaves out of them contradicts nothing.
    """
    build, run = _table(predicate, "buildDefinition"), _table(predicate, "runDetails")
    _require_same("buildType", build.get("buildType"), BUILD_TYPE)
    _check_external(_table(build, "externalParameters"), claims)
    _check_internal(build.get("internalParameters"), claims)
    _check_source(build.get("resolvedDependencies"), claims)
    _check_run(run, claims)


def _check_external(external: Mapping[str, object], claims: Claims) -> None:
    workflow = _table(external, "workflow")
    unknown = sorted({*external, *workflow} - {"workflow", "ref", "repository", "path"})
    if unknown:
        raise _mismatch(f"it was steered by parameters that nobody knows: {ascii(unknown)[:100]}")
    _require_same("ref", workflow.get("ref"), claims.identity.ref)
    _require_repository(workflow.get("repository"), claims)
    _require_same("path", workflow.get("path"), claims.path)


def _check_internal(internal: object, claims: Claims) -> None:
    if internal is None:
        return
    github = internal.get("github") if isinstance(internal, dict) else None
    if github is None and isinstance(internal, dict):
        return
    if not isinstance(github, dict):
        raise _mismatch("its internalParameters are no objects")
    identity = claims.identity
    for key, claimed in (
        ("event_name", identity.trigger),
        ("repository_id", identity.repository_id),
        ("repository_owner_id", identity.owner_id),
        ("runner_environment", identity.runner),
    ):
        if key in github:
            _require_same(key, github[key], claimed)


def _check_source(dependencies: object, claims: Claims) -> None:
    """Of what went in, if it is told, the repository's own commit must be part, and no other commit or ref of it."""
    if dependencies is None:
        return
    if not isinstance(dependencies, list) or not all(isinstance(item, dict) for item in dependencies):
        raise _mismatch("its resolvedDependencies are no list of objects")
    own = [item for item in dependencies if _is_of(item.get("uri"), claims.identity.repository)]
    if not own:
        raise _mismatch(f"no resolved dependency is {claims.identity.repository}")
    for item in own:
        _, named, revision = item["uri"].partition("@")
        if named and revision != claims.identity.commit:
            _require_same("source's ref", revision, claims.identity.ref)
        digest = item.get("digest")
        _require_same(
            "gitCommit", digest.get("gitCommit") if isinstance(digest, dict) else None, claims.identity.commit
        )


def _is_of(uri: object, repository: str) -> bool:
    address = uri.removeprefix("git+") if isinstance(uri, str) else ""
    return same_name(address.partition("@")[0], repository) or is_inside(address, repository)


def _check_run(run: Mapping[str, object], claims: Claims) -> None:
    builder = _table(run, "builder").get("id")
    # Earlier attestations name the platform instead of the workflow that signed.
    if builder != claims.identity.signer and (not claims.identity.runner or builder != RUNNER + claims.identity.runner):
        raise _mismatch(f"its builder is {ascii(builder)[:150]}, the certificate says {claims.identity.signer}")
    metadata = run.get("metadata")
    invocation = metadata.get("invocationId") if isinstance(metadata, dict) else None
    if invocation is not None and claims.invocation:
        _require_same("invocationId", invocation, claims.invocation)


def _require_repository(found: object, claims: Claims) -> None:
    claimed = claims.identity.repository
    if not isinstance(found, str) or not claimed or not same_name(found, claimed):
        raise _mismatch(f"its repository is {ascii(found)[:150]}, the certificate says {claimed or 'nothing'}")


def _require_same(what: str, found: object, claimed: str) -> None:
    if not isinstance(found, str) or not claimed or found != claimed:
        raise _mismatch(f"its {what} is {ascii(found)[:150]}, expected {claimed or 'nothing of the kind'}")


def _table(document: Mapping[str, object], key: str) -> Mapping[str, object]:
    found = document.get(key)
    if not isinstance(found, dict):
        raise _mismatch(f"it has no {key}")
    return found


def _mismatch(detail: str) -> NotVerifiedError:
    return NotVerifiedError("predicate-mismatch", f"the SLSA predicate contradicts its certificate: {detail}")
