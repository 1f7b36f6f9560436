"""Every claim of a certificate counts: another value, or none, and the verdict names it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.attested import FILENAME, RULE, SHA256, Case, judge
from support.private_sigstore import Claims, Form, PrivateSigstore, publish_statement, slsa_statement

if TYPE_CHECKING:
    from variantkit_allowlist.model import IdentityRule

INSTANCE = PrivateSigstore()
OTHER = "https://github.com/mallory/provider"


def case_of(claims: Claims, *, rule: IdentityRule = RULE, form: Form | None = None, rekor: int = 1) -> Case:
    """The wheel as such a job attests it."""
    bundle = INSTANCE.attest(publish_statement(FILENAME, SHA256), claims=claims, form=form, rekor=rekor)
    return Case(bundle, INSTANCE.trusted_root_json, rule=rule)


def test_the_verdict_says_who_published() -> None:
    identity = judge(case_of(Claims())).identity
    assert identity.model_dump() == {
        "issuer": "https://token.actions.githubusercontent.com",
        "subject": "https://github.com/example/provider/.github/workflows/release.yml@refs/tags/v1.0",
        "repository": "https://github.com/example/provider",
        "repository_id": "71001",
        "owner": "https://github.com/example",
        "owner_id": "71",
        "workflow": "release.yml",
        "ref": "refs/tags/v1.0",
        "commit": "4a5f" * 10,
        "trigger": "push",
        "runner": "github-hosted",
        "signer": "https://github.com/example/provider/.github/workflows/release.yml@refs/tags/v1.0",
    }


FILE = f"{Claims().repository}/.github/workflows/release.yml"
URIS = dict.fromkeys(("config", "signer", "subject"), f"{FILE}@refs/tags/v1.0")
CLAIMS = [
    ("issuer", Claims(issuer="https://gitlab.com"), "issuer-mismatch"),
    ("issuer, with a stroke", Claims(issuer="https://token.actions.githubusercontent.com/"), "issuer-mismatch"),
    ("no issuer", Claims(issuer=""), "issuer-mismatch"),
    ("no issuer but the first years'", Claims(issuer="", first_issuer=Claims().issuer), "issuer-mismatch"),
    ("repository", Claims(repository=OTHER), "repository-mismatch"),
    ("repository, longer", Claims(repository="https://github.com/example/provider2"), "repository-mismatch"),
    ("repository, shorter", Claims(repository="https://github.com/example/provide"), "repository-mismatch"),
    ("repository, with a stroke", Claims(repository="https://github.com/example/provider/"), "repository-mismatch"),
    ("repository, without encryption", Claims(repository="http://github.com/example/provider"), "repository-mismatch"),
    ("no repository", Claims(**URIS, repository=""), "repository-mismatch"),
    (
        "repository, of its first years",
        Claims(**URIS, repository="", first_repository="example/provider"),
        "repository-mismatch",
    ),
    ("the repository's number: made anew", Claims(repository_id="71002"), "repository-id-mismatch"),
    ("no number", Claims(repository_id=""), "repository-id-mismatch"),
    ("number, with a nought", Claims(repository_id="071001"), "repository-id-mismatch"),
    ("owner", Claims(owner="https://github.com/mallory"), "owner-mismatch"),
    ("no owner", Claims(owner=""), "owner-mismatch"),
    ("the owner's number", Claims(owner_id="72"), "owner-id-mismatch"),
    ("no owner's number", Claims(owner_id=""), "owner-id-mismatch"),
    ("workflow", Claims(workflow="test.yml"), "workflow-mismatch"),
    ("workflow, longer", Claims(workflow="prerelease.yml"), "workflow-mismatch"),
    ("workflow, below", Claims(workflow="x/release.yml"), "workflow-mismatch"),
    ("no workflow", Claims(**{**URIS, "config": ""}), "workflow-mismatch"),
    (
        "the workflow of another",
        Claims(config=f"{OTHER}/.github/workflows/release.yml@refs/tags/v1.0"),
        "workflow-mismatch",
    ),
    (
        "a workflow elsewhere",
        Claims(config="https://github.com/example/provider/release.yml@refs/tags/v1.0"),
        "workflow-mismatch",
    ),
    (
        "a workflow at another ref",
        Claims(config="https://github.com/example/provider/.github/workflows/release.yml@refs/heads/x"),
        "workflow-mismatch",
    ),
    ("signer", Claims(signer=f"{OTHER}/.github/workflows/release.yml@refs/tags/v1.0"), "signer-mismatch"),
    ("no signer", Claims(**{**URIS, "signer": ""}), "signer-mismatch"),
    ("another subject", Claims(subject=f"{OTHER}/.github/workflows/release.yml@refs/tags/v1.0"), "signer-mismatch"),
    ("a branch", Claims(ref="refs/heads/main"), "ref-mismatch"),
    ("a pull request", Claims(ref="refs/pull/1/merge"), "ref-mismatch"),
    ("a tag of another kind", Claims(ref="refs/tags/nightly"), "ref-mismatch"),
    ("a branch that looks like a tag", Claims(ref="refs/heads/refs/tags/v1.0"), "ref-mismatch"),
    ("no ref", Claims(**URIS, ref="", commit=""), "ref-mismatch"),
    ("no ref but a commit", Claims(ref="", config=f"{FILE}@{Claims().commit}"), "ref-mismatch"),
    ("a ref in place of a commit", Claims(ref=Claims().commit, config=f"{FILE}@{Claims().commit}"), "ref-mismatch"),
    ("trigger", Claims(trigger="pull_request_target"), "trigger-mismatch"),
    ("no trigger", Claims(trigger=""), "trigger-mismatch"),
    ("runner", Claims(runner="self-hosted"), "runner-mismatch"),
    ("no runner", Claims(runner=""), "runner-mismatch"),
]


@pytest.mark.parametrize(("claims", "code"), [row[1:] for row in CLAIMS], ids=[row[0] for row in CLAIMS])
@pytest.mark.parametrize("rekor", [1, 2])
def test_t8_another_claim_is_refused_by_name(claims: Claims, code: str, rekor: int) -> None:
    found = judge(case_of(claims, rekor=rekor))
    assert (found.code, found.verified) == (code, False), found.detail


def test_t7_a_valid_attestation_from_a_branch_is_refused_where_the_rule_asks_for_tags() -> None:
    """A stolen CI signs validly, and for weeks (TanStack): the rule's ref is what it must get past first."""
    for ref in ("refs/heads/main", "refs/heads/v1.0", "refs/heads/refs/tags/v1.0"):
        assert judge(case_of(Claims(ref=ref))).code == "ref-mismatch"


def test_t9_a_repository_made_anew_under_the_same_name_is_refused() -> None:
    """Its address is the same to the letter; the numbers are not."""
    assert judge(case_of(Claims(repository_id="990001", owner_id="99"))).code == "repository-id-mismatch"
    assert judge(case_of(Claims(owner_id="99"))).code == "owner-id-mismatch"
    nameless = RULE.model_copy(update={"repository_id": None, "owner_id": None})
    assert judge(case_of(Claims(repository_id="990001", owner_id="99"), rule=nameless)).code == "ok"


@pytest.mark.parametrize("field", ["repository", "ref", "owner", "trigger", "runner", "commit", "issuer", "config"])
@pytest.mark.parametrize("character", ["\u202e", "\u200b", "\x1b", "\n", "\x00", "\u0435"], ids=ascii)
def test_attack_44_an_identity_is_plain_text(field: str, character: str) -> None:
    """A letter that looks like another, one that turns the line around, one that a terminal obeys."""
    found = judge(case_of(Claims().filled()._replace(**{field: f"{getattr(Claims().filled(), field)}{character}"})))
    assert found.code == "malformed"
    assert found.detail.isascii()
    assert found.detail.isprintable()


@pytest.mark.parametrize(
    "claims",
    [
        Claims(visibility="private"),
        Claims(run="https://github.com/example/provider/actions/runs/1/attempts/2"),
        Claims(commit="ab" * 20),
        Claims(trigger="release"),
        Claims(ref="refs/tags/v2.0rc1"),
        Claims(repository="https://github.com/example/Provider", owner="https://github.com/Example"),
    ],
    ids=[
        "visibility",
        "run",
        "commit",
        "another trigger of the rule",
        "another tag of the rule",
        "letter case, on GitHub",
    ],
)
def test_what_the_rule_leaves_open_may_be_anything(claims: Claims) -> None:
    assert judge(case_of(claims)).code == "ok"


def test_elsewhere_than_on_github_letter_case_counts() -> None:
    claims = Claims(issuer="https://gitlab.com", repository="https://gitlab.com/example/provider")
    rule = RULE.model_copy(update={"issuer": claims.issuer, "repository": claims.repository, "workflow": ".ci.yml"})
    path = f"{claims.repository}//.ci.yml@{claims.ref}"
    assert judge(case_of(claims._replace(config=path), rule=rule)).code == "ok"
    upper = rule.model_copy(update={"repository": "https://gitlab.com/example/Provider"})
    assert judge(case_of(claims._replace(config=path), rule=upper)).code == "repository-mismatch"


@pytest.mark.parametrize("trigger", ["pull_request", "pull_request_target"])
def test_a_rule_without_triggers_admits_no_pull_request(trigger: str) -> None:
    rule = RULE.model_copy(update={"trigger": ()})
    assert judge(case_of(Claims(trigger="workflow_dispatch"), rule=rule)).code == "ok"
    assert judge(case_of(Claims(trigger=trigger), rule=rule)).code == "trigger-mismatch"


def test_a_rule_for_every_ref_admits_no_pull_request() -> None:
    rule = RULE.model_copy(update={"ref": "refs/*"})
    assert judge(case_of(Claims(ref="refs/heads/main"), rule=rule)).code == "ok"
    assert judge(case_of(Claims(ref="refs/pull/7/merge"), rule=rule)).code == "ref-mismatch"


def test_an_email_address_is_no_workflow() -> None:
    claims = Claims(subject="alice@example.com")
    assert not judge(case_of(claims, form=Form(subject_is_email=True))).verified


@pytest.mark.parametrize(
    "also", [f"{OTHER}/.github/workflows/release.yml@refs/tags/v1.0", Claims().filled().signer or ""]
)
def test_a_certificate_made_out_to_two_names_is_nobodys(also: str) -> None:
    assert judge(case_of(Claims(), form=Form(also=also))).code == "malformed"


def test_a_reusable_workflow_signs_only_where_the_rule_names_it() -> None:
    reusable = "https://github.com/shared/workflows/.github/workflows/publish.yml"
    claims = Claims(signer=f"{reusable}@refs/tags/v3")
    assert judge(case_of(claims)).code == "signer-mismatch"
    named = RULE.model_copy(update={"signer": reusable})
    assert judge(case_of(claims, rule=named)).code == "ok"
    assert judge(case_of(Claims(), rule=named)).code == "signer-mismatch"
    longer = Claims(signer="https://github.com/shared/workflows/.github/workflows/publish.yml.evil@refs/tags/v3")
    assert judge(case_of(longer, rule=named)).code == "signer-mismatch"


# (where in the predicate, another value); each contradicts what the certificate says.
PREDICATE = [
    (("buildDefinition", "externalParameters", "workflow", "ref"), "refs/tags/v0.9"),
    (("buildDefinition", "externalParameters", "workflow", "repository"), OTHER),
    (("buildDefinition", "externalParameters", "workflow", "path"), ".github/workflows/test.yml"),
    (("buildDefinition", "internalParameters", "github", "event_name"), "release"),
    (("buildDefinition", "internalParameters", "github", "repository_id"), "1"),
    (("buildDefinition", "internalParameters", "github", "repository_owner_id"), "1"),
    (("buildDefinition", "internalParameters", "github", "runner_environment"), "self-hosted"),
    (("buildDefinition", "resolvedDependencies", 0, "digest", "gitCommit"), "ab" * 20),
    (("buildDefinition", "resolvedDependencies", 0, "uri"), f"git+{OTHER}@refs/tags/v1.0"),
    (("buildDefinition", "resolvedDependencies", 0, "uri"), f"git+{Claims().repository}@refs/heads/main"),
    (("buildDefinition", "resolvedDependencies", 0, "uri"), f"git+{Claims().repository}@refs/tags/v1.0.1"),
    (("buildDefinition", "buildType"), "https://example.com/another/v1"),
    (("runDetails", "builder", "id"), f"{OTHER}/.github/workflows/release.yml@refs/tags/v1.0"),
    (("runDetails", "metadata", "invocationId"), f"{OTHER}/actions/runs/1/attempts/1"),
]


def slsa_case(path: tuple[str | int, ...] = (), value: object = None, *, remove: bool = False) -> Case:
    """Build provenance with one field changed, as signed by the real job."""
    statement = slsa_statement(FILENAME, SHA256, Claims())
    if path:
        inner = statement["predicate"]
        for step in path[:-1]:
            inner = inner[step]
        if remove:
            del inner[path[-1]]
        else:
            inner[path[-1]] = value
    return Case(INSTANCE.attest(statement), INSTANCE.trusted_root_json)


def test_build_provenance_that_agrees_is_verified() -> None:
    found = judge(slsa_case())
    assert (found.code, found.predicates) == ("ok", ("https://slsa.dev/provenance/v1",))


@pytest.mark.parametrize(("path", "value"), PREDICATE, ids=[".".join(map(str, row[0])) for row in PREDICATE])
def test_build_provenance_must_agree_with_its_certificate(path: tuple[str | int, ...], value: object) -> None:
    found = judge(slsa_case(path, value))
    assert (found.code, found.verified) == ("predicate-mismatch", False), found.detail


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("buildDefinition", "externalParameters", "inputs"), {"debug": "1"}),
        (("buildDefinition", "externalParameters", "workflow"), "release.yml"),
        (("buildDefinition", "externalParameters"), {}),
        (("buildDefinition", "externalParameters"), []),
        (("buildDefinition",), None),
        (("runDetails",), None),
        (("runDetails", "builder"), []),
        (("buildDefinition", "resolvedDependencies"), {}),
    ],
    ids=[
        "a parameter of nobody's",
        "workflow, a text",
        "none",
        "a list",
        "no definition",
        "no details",
        "builder, a list",
        "dependencies, an object",
    ],
)
def test_build_provenance_of_another_shape_is_refused(path: tuple[str | int, ...], value: object) -> None:
    found = judge(slsa_case(path, value))
    assert not found.verified
    assert found.code in {"predicate-mismatch", "statement-malformed"}


@pytest.mark.parametrize(
    "path",
    [
        ("buildDefinition", "internalParameters"),
        ("buildDefinition", "internalParameters", "github", "runner_environment"),
        ("buildDefinition", "resolvedDependencies"),
        ("runDetails", "metadata"),
    ],
    ids=".".join,
)
def test_what_slsa_leaves_to_the_builder_may_be_left_out(path: tuple[str, ...]) -> None:
    assert judge(slsa_case(path, remove=True)).code == "ok"


@pytest.mark.parametrize(
    "path",
    [
        ("buildDefinition", "buildType"),
        ("buildDefinition", "externalParameters"),
        ("buildDefinition", "externalParameters", "workflow", "path"),
        ("runDetails", "builder"),
    ],
    ids=".".join,
)
def test_what_slsa_asks_for_may_not(path: tuple[str, ...]) -> None:
    assert judge(slsa_case(path, remove=True)).code == "predicate-mismatch"
