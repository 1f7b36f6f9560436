"""Rules: whether what a certificate says is what a rule of the list asks. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from variantkit_allowlist.provenance.certificate import (
    GITHUB,
    WORKFLOWS,
    is_github,
    is_inside,
    same_name,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from variantkit_allowlist.model import Identity, IdentityRule

PULL_REFS = ("refs/pull/", "refs/merge-requests/")
"""Refs that a stranger makes by proposing a change; only a rule that spells one out takes them."""

# fmt: off
STRANGERS = frozenset({
    "workflow_run",  # runs with the repository's rights whatever another run, a pull request's too, left behind
    "issues", "issue_comment", "discussion", "discussion_comment", "fork", "watch", "gollum",
    # what other services say of a pull request's commit, such as that its preview is ready
    "status", "check_run", "check_suite", "deployment", "deployment_status",
    "merge_request_event", "external_pull_request_event",  # GitLab's
})
"""Events that people without rights to a repository can cause, besides pull_request*; releases are not made by them."""
# fmt: on


class Mismatch(NamedTuple):
    """The first thing that does not fit a rule; `fitting` is how many did before it."""

    code: str
    detail: str
    fitting: int = 0


def check_rules(identity: Identity, rules: Sequence[IdentityRule]) -> Mismatch | None:
    """None when one of the rules fits; else what is wrong with the one that fits longest."""
    nearest = None
    for rule in rules:
        mismatch = check_rule(identity, rule)
        if mismatch is None:
            return None
        if nearest is None or mismatch.fitting > nearest.fitting:
            nearest = mismatch
    return nearest or Mismatch("no-rule", "nobody says who may publish this package")


def check_rule(identity: Identity, rule: IdentityRule) -> Mismatch | None:
    """None when everything that the rule asks is said by the certificate; what it does not say does not fit."""
    for fitting, (code, fits, wanted, found) in enumerate(_checks(identity, rule)):
        if not fits:
            return Mismatch(code, f"expected {wanted}, the certificate says {found or 'nothing'}", fitting)
    return None


def repository_url(text: str) -> str:
    """A repository as certificates name it: OWNER/NAME is one on GitHub; a trailing slash or .git goes.

    `github.com/OWNER/NAME` is slsa-verifier's spelling of it; no owner on GitHub has a dot in its name.
    """
    url = text.removesuffix("/").removesuffix(".git")
    return url if "://" in url else GITHUB + url.removeprefix("github.com/")


def matches_ref(ref: str, pattern: str) -> bool:
    """Whether a git ref fits a pattern, in which `*` stands for any characters and all else for itself."""
    if ref.startswith(PULL_REFS) and not pattern.startswith(PULL_REFS):
        return False
    first, *inner = pattern.split("*")
    if not inner:
        return ref == pattern
    last = inner.pop()
    at, end = len(first), len(ref) - len(last)
    for part in inner:  # each as early as it can be; a regular expression would try every place
        found = ref.find(part, at, max(at, end))
        if found < 0:
            return False
        at = found + len(part)
    return at <= end and ref.startswith(first) and ref.endswith(last)


def is_strangers(trigger: str) -> bool:
    """Whether somebody without rights to the repository can cause this event."""
    return trigger.startswith("pull_request") or trigger in STRANGERS


def _checks(identity: Identity, rule: IdentityRule) -> Iterator[tuple[str, bool, str, str]]:
    """Each thing a rule asks: the code of its refusal, whether it fits, what was wanted, what is there."""
    repository = repository_url(rule.repository)
    yield "issuer-mismatch", identity.issuer == rule.issuer, f"issuer {rule.issuer}", identity.issuer
    yield (
        "repository-mismatch",
        same_name(identity.repository, repository),
        f"repository {repository}",
        identity.repository,
    )
    for code, wanted, found in (
        ("repository-id-mismatch", rule.repository_id, identity.repository_id),
        ("owner-id-mismatch", rule.owner_id, identity.owner_id),
    ):
        if wanted is not None:
            yield code, found == wanted, f"the numeric id {wanted}", found
    if rule.owner is not None:
        owner = _owner_url(rule.owner, repository)
        yield "owner-mismatch", same_name(identity.owner, owner), f"owner {owner}", identity.owner
    # Before the workflow, whose address is read by means of the ref.
    yield "ref-mismatch", bool(identity.ref) and matches_ref(identity.ref, rule.ref), _ref_wanted(rule), identity.ref
    workflow = rule.workflow.removeprefix(WORKFLOWS) if is_github(repository) else rule.workflow
    yield (
        "workflow-mismatch",
        bool(workflow) and identity.workflow == workflow,
        f"workflow {workflow}",
        (identity.workflow or identity.subject),
    )
    yield from _signer_checks(identity, rule)
    if rule.trigger:
        yield (
            "trigger-mismatch",
            identity.trigger in rule.trigger,
            f"trigger {' or '.join(rule.trigger)}",
            (identity.trigger),
        )
    else:
        fits = bool(identity.trigger) and not is_strangers(identity.trigger)
        yield "trigger-mismatch", fits, "a trigger that strangers cannot cause", identity.trigger
    if rule.runner is not None:
        yield "runner-mismatch", identity.runner == rule.runner, f"runner {rule.runner}", identity.runner


def _signer_checks(identity: Identity, rule: IdentityRule) -> Iterator[tuple[str, bool, str, str]]:
    """The workflow that signed, and the certificate's name, lie in the repository, or are the one that is named."""
    for found in (identity.signer, identity.subject):
        if rule.signer is None:
            wanted = f"a signing workflow in {identity.repository} (or a rule with signer)"
            foreign = not rule.ref.startswith(PULL_REFS) and any(f"@{ref}" in found for ref in PULL_REFS)
            inside = is_inside(found, identity.repository) and not foreign
            yield "signer-mismatch", inside, wanted, found
        else:
            yield "signer-mismatch", is_signer(found, rule.signer), f"signer {rule.signer}", found


def is_signer(found: str, wanted: str) -> bool:
    """Whether a signing workflow's URI is the one of a rule; behind its `@` stands a pattern of refs, or nothing."""
    workflow, at, pattern = wanted.partition("@")
    name, revision = found[: len(workflow)], found[len(workflow) :]
    if not workflow or not same_workflow(name, workflow) or not revision.startswith("@"):
        return False
    return matches_ref(revision[1:], pattern if at else "*")


def same_workflow(one: str, other: str) -> bool:
    """Whether two workflows' URIs are one: owner and repository on GitHub know no case, the file's path does."""
    if not (is_github(one) and is_github(other)):
        return one == other
    (*_, one_owner, one_name, one_path), (*_, owner, name, path) = one.split("/", 5), other.split("/", 5)
    return (one_owner.lower(), one_name.lower(), one_path) == (owner.lower(), name.lower(), path)


def _owner_url(owner: str, repository: str) -> str:
    if "://" in owner:
        return owner.removesuffix("/")
    return "/".join([*repository.split("/", 3)[:3], owner])


def _ref_wanted(rule: IdentityRule) -> str:
    return f"ref {rule.ref}" if rule.ref != "*" else "a ref that is no pull request's"
