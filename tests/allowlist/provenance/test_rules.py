"""Rules against claims: laws that hold for all of them, and the spellings that are one thing or two."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from variantkit_allowlist.model import Identity, IdentityRule
from variantkit_allowlist.provenance.certificate import is_inside, path_in, read_utf8_string, same_name
from variantkit_allowlist.provenance.rules import check_rule, check_rules, is_signer, matches_ref, repository_url
from variantkit_allowlist.verdict import PROVENANCE_CODES

REPOSITORY = "https://github.com/acme/provider"
SIGNER = f"{REPOSITORY}/.github/workflows/release.yml@refs/tags/v1"
IDENTITY = Identity(
    issuer="https://token.actions.githubusercontent.com",
    subject=SIGNER,
    repository=REPOSITORY,
    repository_id="1001",
    owner="https://github.com/acme",
    owner_id="71",
    workflow="release.yml",
    ref="refs/tags/v1",
    commit="4a5f" * 10,
    trigger="push",
    runner="github-hosted",
    signer=SIGNER,
)
RULE = IdentityRule(repository=REPOSITORY, workflow="release.yml", ref="refs/tags/v*")
TIGHTER: dict[str, list[object]] = {
    "repository_id": ["1001", "9"],
    "owner": ["acme", "https://github.com/acme", "mallory"],
    "owner_id": ["71", "9"],
    "ref": ["refs/tags/v1", "refs/tags/v2"],
    "trigger": [("push",), ("release", "push"), ("release",)],
    "runner": ["github-hosted", "self-hosted"],
}
claims = st.dictionaries(
    st.sampled_from([name for name in Identity.model_fields if name != "commit"]),
    st.sampled_from(["", "x", "9", "pull_request", "refs/pull/1/merge", REPOSITORY.upper(), "self-hosted"]),
    max_size=3,
)
tightenings = st.dictionaries(st.sampled_from(sorted(TIGHTER)), st.integers(0, 2), max_size=4).map(
    lambda chosen: {name: TIGHTER[name][number % len(TIGHTER[name])] for name, number in chosen.items()}
)


@settings(max_examples=300)
@given(st.text("ab", max_size=9), st.text("ab*", max_size=7))
def test_a_star_stands_for_any_characters(ref: str, pattern: str) -> None:
    assert matches_ref(ref, pattern) is (re.fullmatch(pattern.replace("*", ".*"), ref) is not None)


def test_a_ref_that_fits_a_pattern_with_many_stars_nearly_is_refused_at_once() -> None:
    assert not matches_ref("refs/tags/" + "a" * 100_000, "refs/*" + "a*" * 50 + "b")


@settings(max_examples=300)
@given(claims, tightenings, tightenings)
def test_tightening_a_rule_never_admits_more(
    changed: dict[str, str], first: dict[str, object], second: dict[str, object]
) -> None:
    identity = IDENTITY.model_copy(update=changed)
    rule = RULE.model_copy(update=first)
    tighter = rule.model_copy(update={name: value for name, value in second.items() if name not in first})
    if check_rule(identity, tighter) is None:
        assert check_rule(identity, rule) is None


@settings(max_examples=200)
@given(claims)
def test_no_claim_that_is_taken_away_helps(changed: dict[str, str]) -> None:
    identity = IDENTITY.model_copy(update=changed)
    if check_rule(identity, RULE) is not None:
        poorer = identity.model_copy(update=dict.fromkeys(changed, ""))
        without = [name for name in changed if name not in ("repository_id", "owner", "owner_id", "runner")]
        assert not without or check_rule(poorer, RULE) is not None


@settings(max_examples=200)
@given(claims, st.lists(tightenings, max_size=3))
def test_of_several_rules_one_is_enough_and_a_refusal_has_a_known_code(
    changed: dict[str, str], rules: list[dict[str, object]]
) -> None:
    identity = IDENTITY.model_copy(update=changed)
    made = [RULE.model_copy(update=rule) for rule in rules]
    found = check_rules(identity, made)
    assert (found is None) == any(check_rule(identity, rule) is None for rule in made)
    assert found is None or found.code in PROVENANCE_CODES


@pytest.mark.parametrize(
    ("ref", "pattern", "fits"),
    [
        ("refs/tags/v1", "refs/tags/v*", True),
        ("refs/tags/v1/x", "refs/tags/v*", True),
        ("refs/tags/v1\n", "refs/tags/v1", False),
        ("refs/tags/v1", "refs/tags/v?", False),
        ("refs/tags/v1", "refs/tags/[v]1", False),
        ("refs/tags/v1", "refs/tags/V*", False),
        ("refs/tags/v1", "tags/v*", False),
        ("refs/tags/v1.0", "refs/tags/v1.0", True),
        ("refs/tags/v1x0", "refs/tags/v1.0", False),
        ("refs/heads/main", "*", True),
        ("refs/pull/1/merge", "*", False),
        ("refs/pull/1/merge", "refs/*", False),
        ("refs/merge-requests/1/head", "*", False),
        ("refs/pull/1/merge", "refs/pull/*", True),
    ],
)
def test_a_pattern_knows_one_sign_and_pull_requests_must_be_named(ref: str, pattern: str, fits: bool) -> None:
    assert matches_ref(ref, pattern) is fits


@pytest.mark.parametrize(
    ("found", "wanted", "fits"),
    [
        ("https://github.com/b/c/.github/workflows/x.yml@refs/tags/v1", "", True),
        ("https://github.com/B/C/.github/workflows/x.yml@refs/tags/v1", "", True),
        ("https://github.com/b/c/.github/workflows/X.yml@refs/tags/v1", "", False),
        ("https://github.com/b/c/.github/workflows/x.yml2@refs/tags/v1", "", False),
        ("https://github.com/b/c/.github/workflows/x.yml", "", False),
        ("https://github.com/b/c/.github/workflows/x.yml@refs/pull/1/merge", "", False),
        ("https://github.com/b/c/.github/workflows/x.yml@refs/tags/v1", "@refs/tags/v*", True),
        ("https://github.com/b/c/.github/workflows/x.yml@refs/heads/main", "@refs/tags/v*", False),
        ("", "", False),
    ],
)
def test_a_signer_is_a_workflow_at_any_ref_or_at_a_pattern_of_them(found: str, wanted: str, fits: bool) -> None:
    assert is_signer(found, f"https://github.com/b/c/.github/workflows/x.yml{wanted}") is fits


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("acme/provider", REPOSITORY),
        ("github.com/acme/provider", REPOSITORY),
        (f"{REPOSITORY}/", REPOSITORY),
        (f"{REPOSITORY}.git", REPOSITORY),
        ("https://gitlab.example/a/b/c", "https://gitlab.example/a/b/c"),
    ],
)
def test_a_repository_is_named_as_certificates_do(text: str, url: str) -> None:
    assert repository_url(text) == url


def test_letter_case_counts_everywhere_but_on_github() -> None:
    assert same_name("https://GitHub.com/Acme/x", "https://github.com/acme/X")
    assert not same_name("https://gitlab.com/Acme/x", "https://gitlab.com/acme/x")
    assert not same_name("https://github.com.evil.org/a", "https://github.com.evil.org/A")


@pytest.mark.parametrize(
    ("address", "inside"),
    [
        (f"{REPOSITORY}/.github/workflows/x.yml@refs/tags/v1", True),
        (f"{REPOSITORY}", False),
        (f"{REPOSITORY}/", False),
        (f"{REPOSITORY}2/x", False),
        ("", False),
    ],
)
def test_a_workflow_lies_in_its_repository(address: str, inside: bool) -> None:
    assert is_inside(address, REPOSITORY) is inside
    assert not is_inside(address, "")


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        (f"{REPOSITORY}/.github/workflows/x.yml@refs/tags/v@1", ".github/workflows/x.yml"),
        (f"{REPOSITORY}/.github/workflows/x.yml@4a5f", ".github/workflows/x.yml"),
        (f"{REPOSITORY}//ci/x.yml@4a5f", "ci/x.yml"),
        (f"{REPOSITORY}/.github/workflows/x.yml@refs/tags/v2", ""),
        (f"{REPOSITORY}/.github/workflows/x.yml@y.yml@4a5f", ""),
        (f"{REPOSITORY}/../../mallory/x.yml@4a5f", ""),
        ("https://github.com/mallory/provider/.github/workflows/x.yml@4a5f", ""),
    ],
)
def test_a_workflow_is_the_file_that_ran_at_the_runs_own_revision(uri: str, path: str) -> None:
    assert path_in(uri, REPOSITORY, ("refs/tags/v@1", "4a5f")) == path


@given(st.text(max_size=300))
def test_a_claim_is_one_utf8_string(text: str) -> None:
    data = text.encode("utf-8", "ignore")
    size = len(data)
    prefix = b"" if size < 128 else b"\x81" if size < 256 else b"\x82"
    length = prefix + size.to_bytes(2 if size > 255 else 1, "big")
    assert read_utf8_string(b"\x0c" + length + data) == data.decode()


@pytest.mark.parametrize(
    "der",
    [
        b"",
        b"\x0c",
        b"\x16\x01a",
        b"\x0c\x02a",
        b"\x0c\x01ab",
        b"\x0c\x81\x01a",
        b"\x0c\x82\x00\x01a",
        b"\x0c\x80a\x00\x00",
        b"\x0c\x83\x00\x00\x01a",
        b"\x0c\x84\x00\x00\x00\x01a",
        b"\x2c\x03\x0c\x01a",
        b"\x0c\x01\xff",
        b"a",
    ],
)
def test_a_claim_in_any_other_form_is_none(der: bytes) -> None:
    with pytest.raises(ValueError, match=r"claim|utf-8"):
        read_utf8_string(der)
