"""Reading providers.toml: what is wrong in it is told all at once, with its key path and line; nothing hides in it."""

from __future__ import annotations

import re

import pytest

from support.curation import PERSONS, ledger_text, public_key
from variantkit.errors import DocumentError
from variantkit.trust.dates import parse_date
from variantkit_allowlist.store import parse_ledger

DIGEST = "ab" * 32
APPROVED = f"""
[[approved]]
package = "acme-variant-provider"
version = "1.0"
namespace = "acme"
sha256 = ["{DIGEST}"]
plugin-api = ["acme_variant_provider"]
evidence = "none"
who = ["alice", "bob"]
criteria = ["reviewed-source"]
approved = 2026-11-01
expires = 2027-05-01
"""


def problems(text: str, today: int | None = None) -> list[str]:
    with pytest.raises(DocumentError) as caught:
        parse_ledger(text, "providers.toml", today)
    return [str(problem) for problem in caught.value.problems]


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


def test_a_whole_list_is_read() -> None:
    ledger = parse_ledger(ledger_text(APPROVED), "x")
    assert set(ledger.reviewers) == set(PERSONS)
    assert ledger.approved[0].who == ("alice", "bob")
    assert ledger.roles["root"].threshold == 2


def test_the_least_list_approves_nothing() -> None:
    ledger = parse_ledger('schema = "variantkit.providers/1"\nid = "x"\n', "x")
    assert (ledger.approved, ledger.packages, ledger.reviewers) == ((), {}, {})


def test_all_problems_are_told_at_once_with_their_path_and_line() -> None:
    text = ledger_text(APPROVED).replace('who = ["alice", "bob"]', 'who = ["alice", "mallory"]')
    text = text.replace('affiliation = "Partner"', 'affiliation = "Partner"\ncolour = "red"')
    text = text.replace("threshold = 2", 'threshold = "2"', 1).replace("2027-05-01", '"2027-05-01"')
    found = problems(text)
    colour, threshold = line_of(text, "colour"), line_of(text, "threshold")
    assert f"reviewers.carol.colour: is no key of this table (line {colour})" in found
    assert f"roles.root.threshold: expected a whole number, found '2' (line {threshold})" in found
    assert any(said.startswith("approved[0].expires: expected a date such as 2027-06-01, without") for said in found)
    assert len(found) == 3


def _approved(before: str, after: str) -> str:
    assert before in APPROVED
    return ledger_text(APPROVED.replace(before, after, 1))


def _changed(before: str, after: str) -> str:
    text = ledger_text(APPROVED)
    assert before in text
    return text.replace(before, after, 1)


BOB = public_key("bob").line
DOCUMENTS = {
    # what is written -> what is said
    "an-unknown-key": (_changed("[policy]", "[policy]\nreviewer = 2"), "policy.reviewer: is no key of this table"),
    "an-underscore": (
        _changed("[policy]", "[policy]\ncooldown_days = 0"),
        "policy.cooldown_days: is no key of this table",
    ),
    "a-missing-key": (_changed('affiliation = "Example"\n', ""), "reviewers.alice.affiliation: is missing"),
    "a-text-for-a-list": (_approved('["alice", "bob"]', '"alice"'), r"approved\[0\].who: expected a list"),
    "another-schema": (_changed("providers/1", "providers/2"), "schema: expected 'variantkit.providers/1'"),
    "a-bad-hash": (_approved(DIGEST, DIGEST.upper()), r"approved\[0\].sha256\[0\]: expected a sha256 in lower-case"),
    "an-unknown-criterion": (
        _approved('criteria = ["reviewed-source"]', 'criteria = ["read"]'),
        r"approved\[0\].criteria\[0\]: 'read' is not in \[criteria\]",
    ),
    "a-policy-of-unknown-criteria": (
        ledger_text(policy='criteria = ["read"]\n'),
        r"policy.criteria\[0\]: 'read' is not in \[criteria\]",
    ),
    "an-unknown-implied-criterion": (
        _changed('implies = ["reviewed-data"]', 'implies = ["all"]'),
        r"criteria.reviewed-source.implies\[0\]: 'all'",
    ),
    "an-unknown-role": (_changed("[roles.root]", "[roles.rot]"), "roles.rot: expected 'root', 'targets'"),
    "an-unknown-keyholder": (
        _changed('keyholders = ["alice", "bob", "carol"]', 'keyholders = ["alice", "bob", "eve"]'),
        r"roles.root.keyholders\[2\]: 'eve' is not in \[reviewers\]; only persons hold root and targets",
    ),
    "a-keyholder-twice": (
        _changed('keyholders = ["alice", "bob", "carol"]', 'keyholders = ["alice", "alice"]'),
        r"roles.root.keyholders\[1\]: 'alice' stands there twice",
    ),
    "a-threshold-of-more-than-there-are": (
        _changed("threshold = 2", "threshold = 4"),
        "roles.root.threshold: 4 signatures cannot come from 3 keyholders",
    ),
    "a-service-in-root": (
        ledger_text(f'[services.machine]\nkey = "{public_key("machine").line}"\n').replace(
            '["alice", "bob", "carol"]', '["alice", "machine"]', 1
        ),
        r"roles.root.keyholders\[1\]: 'machine' is not in \[reviewers\]; only persons",
    ),
    "a-role-missing": (
        re.sub(r"\[roles.snapshot\]\n.*\n.*\n.*\n", "", ledger_text()),
        "roles.snapshot: is missing",
    ),
    "attack_37_one-key-of-two-persons": (
        _changed(f'keys = ["{BOB}"]', f'keys = ["{public_key("alice").line} again"]'),
        r"reviewers.bob.keys\[0\]: is alice's key too; every person and service has keys of its own",
    ),
    "attack_37_one-account-of-two-persons": (
        _changed("github.com/bob", "github.com/ALICE"),
        r"reviewers.bob.accounts\[0\]: 'github.com/ALICE' belongs to alice too",
    ),
    "a-key-that-is-private": (
        _changed(BOB, "-----BEGIN OPENSSH PRIVATE KEY-----"),
        r"reviewers.bob.keys\[0\]: expected a public key, found a private one",
    ),
    "a-package-misspelt": (
        ledger_text(package='[packages.Acme_P]\nnamespace = "acme"\nplugin-api = ["a"]\n'),
        "packages.Acme_P: expected a package's normalized name",
    ),
    "a-namespace-misspelt": (
        ledger_text(package='[packages.acme]\nnamespace = "Acme"\nplugin-api = ["a"]\n'),
        "packages.acme.namespace: expected a variant namespace",
    ),
    "an-endpoint-misspelt": (
        ledger_text(package='[packages.acme]\nnamespace = "acme"\nplugin-api = ["a b"]\n'),
        r"packages.acme.plugin-api\[0\]: expected an object reference",
    ),
    "an-index-with-a-password": (
        ledger_text(
            package='[packages.acme]\nnamespace = "acme"\nplugin-api = ["a"]\nindex = ["https://a:b@example.org/"]\n'
        ),
        r"packages.acme.index\[0\]: expected an index URL without credentials",
    ),
    "an-identity-without-https": (
        _changed("https://github.com/acme/provider", "github.com/acme/provider"),
        r"packages.acme-variant-provider.identity\[0\].repository: expected a URL",
    ),
    "a-numeric-id-that-is-none": (
        _changed('workflow = "release.yml"', 'workflow = "release.yml"\nrepository-id = "acme"'),
        r"identity\[0\].repository-id: expected a number in quotes",
    ),
    "an-author-unknown": (
        _changed('namespace = "acme"', 'namespace = "acme"\nauthors = ["dave"]'),
        r"packages.acme-variant-provider.authors\[0\]: 'dave' is not in \[reviewers\]",
    ),
    "a-package-not-there": (
        _approved('package = "acme-variant-provider"', 'package = "acme"'),
        r"approved\[0\].package: 'acme' is not in \[packages\]",
    ),
    "a-version-misspelt": (_approved('"1.0"', '"1.0-final"'), r"approved\[0\].version: expected a version"),
    "an-end-too-far": (_approved("2027-05-01", "2028-05-01"), r"approved\[0\].expires: expected a date within 366"),
    "an-end-before-the-start": (_approved("2027-05-01", "2026-05-01"), r"approved\[0\].expires: expected a date"),
    "identity-evidence-without-identity": (
        _approved('"none"', '"identity"'),
        r"approved\[0\].evidence: identity as evidence needs the table",
    ),
    "one-file-approved-twice": (
        ledger_text(APPROVED + APPROVED),
        r"approved\[1\].sha256: abab\w+ is approved\[0\]'s too",
    ),
    "attack_34_a-need-below-the-floor": (
        ledger_text(APPROVED + '[approved.needs]\nprograms = ["/bin/sh"]\n'),
        r"approved\[0\].needs.programs\[0\]: '/bin/sh': never granted",
    ),
    "attack_34_the-root-directory": (
        ledger_text(APPROVED + '[approved.needs]\nread = ["/"]\n'),
        r"approved\[0\].needs.read\[0\]: '/': expected an absolute path",
    ),
    "a-watched-path-elsewhere": (
        _approved('evidence = "none"', 'presence = ["/etc/passwd"]\nevidence = "none"'),
        r"approved\[0\].presence\[0\]: expected a path or glob under /dev",
    ),
    "a-revocation-of-nothing": (
        ledger_text('[[revoked]]\nsince = 2026-11-01\nreason = "bad"\n'),
        r"revoked\[0\]: expected a package or a sha256",
    ),
    "a-revocation-without-why": (
        ledger_text(f'[[revoked]]\nsha256 = ["{DIGEST}"]\nsince = 2026-11-01\nreason = ""\n'),
        r"revoked\[0\].reason: expected why",
    ),
    "an-import-of-a-criterion-unknown": (
        ledger_text(
            f'[imports.them]\nurl = "https://example.org/"\nroot-sha256 = "{DIGEST}"\nnamespaces = ["acme"]\n'
            '[imports.them.criteria]\nread = "all"\n'
        ),
        "imports.them.criteria.read: 'all' is not in",
    ),
    "attack_14_warn-without-an-end": (
        ledger_text(policy='mode = "warn"\n'),
        "policy.mode: warn needs an end: add warn-until",
    ),
    "no-toml": ("schema = \n", "expected TOML, found a fault"),
    "a-key-twice": (_changed("[policy]", "[policy]\nreviewers = 2\nreviewers = 3"), "expected TOML, found a fault"),
    "a-table-twice": (_changed("[policy]", "[policy]\n[policy]"), "expected TOML, found a fault"),
    "a-time-for-a-date": (_approved("2027-05-01", "2027-05-01T00:00:00Z"), r"approved\[0\].expires: expected a date"),
    "a-comment-in-an-inline-list": (
        _changed("[policy]", "[policy]\nx = [[\n# here\n]]"),
        "a comment inside an inline table or a list of lists",
    ),
}


@pytest.mark.parametrize(("text", "said"), DOCUMENTS.values(), ids=DOCUMENTS)
def test_a_fault_is_told(text: str, said: str) -> None:
    found = problems(text)
    assert any(re.search(said, problem) for problem in found), found


@pytest.mark.parametrize("days", [-1, 90, 91])
def test_attack_14_warn_ends_within_ninety_days(days: int) -> None:
    today = parse_date("2026-11-21")
    end = {-1: "2026-11-20", 90: "2027-02-19", 91: "2027-02-20"}[days]
    text = ledger_text(policy=f'mode = "warn"\nwarn-until = {end}\n')
    if days <= 90:
        assert parse_ledger(text, "x", today).policy.mode == "warn"
    else:
        (said,) = problems(text, today)
        line = line_of(text, "warn-until")
        assert said == f"policy.warn-until: expected at most 90 days ahead, which is 2027-02-19 (line {line})"


HIDDEN = {
    "escape": "\x1b",
    "null-like": "\x01",
    "delete": "\x7f",
    "c1": "\x85",
    "carriage-return": "\r",
    "right-to-left-override": "\u202e",
    "isolate": "\u2066",
    "arabic-mark": "\u061c",
    "zero-width-space": "\u200b",
    "byte-order-mark": "\ufeff",
    "line-separator": "\u2028",
    "soft-hyphen": "\u00ad",
    "tag": "\U000e0041",
    "variation": "\ufe0f",
    "hangul-filler": "\u3164",
}


@pytest.mark.parametrize("sign", HIDDEN.values(), ids=HIDDEN)
@pytest.mark.parametrize(
    "place", ["# a comment{}\n", 'notes = "{}"\n', '"{}" = 1\n'], ids=["in-a-comment", "in-a-value", "in-a-key"]
)
def test_attack_44_nothing_hides_in_the_file(sign: str, place: str) -> None:
    text = ledger_text(package="[packages.acme]\n" + place.format(sign) + 'namespace = "acme"\nplugin-api = ["a"]\n')
    told = "lines end with CR LF" if "\r\n" in text else "a control or invisible character"
    assert any(told in said for said in problems(text))


@pytest.mark.parametrize("sign", HIDDEN.values(), ids=HIDDEN)
def test_attack_44_nor_behind_an_escape(sign: str) -> None:
    escaped = f"\\U{ord(sign):08x}"
    text = ledger_text(package=f'[packages.acme]\nnamespace = "acme"\nplugin-api = ["a"]\nnotes = "x{escaped}y"\n')
    (said,) = problems(text)
    assert said.startswith("packages.acme.notes: a control or invisible character, or a line end, in 'x")


def test_attack_44_a_text_of_several_lines_forges_no_second_entry() -> None:
    notes = 'notes = """x\n[[approved]]\nversion = "1"\n"""\n'
    text = ledger_text(package=f'[packages.acme]\nnamespace = "acme"\nplugin-api = ["a"]\n{notes}')
    (said,) = problems(text)
    assert said.startswith("packages.acme.notes: a control or invisible character, or a line end")


@pytest.mark.parametrize(
    ("before", "after", "path"),
    [
        ('affiliation = "Partner"', 'affiliation = "Ехample"', "reviewers.carol.affiliation"),
        ("github.com/carol", "github.com/cаrol", "reviewers.carol.accounts[0]"),
        ("[criteria.reviewed-data]", '[criteria."reviewed-dаta"]', "criteria.'reviewed-d\\u0430ta'"),
        ("refs/tags/v*", "refs/tags/ν*", "packages.acme-variant-provider.identity[0].ref"),
    ],
    ids=["affiliation", "account", "criterion", "ref"],
)
def test_attack_44_homoglyphs_are_no_second_identity(before: str, after: str, path: str) -> None:
    assert any(said.startswith(f"{path}: expected ASCII") for said in problems(_changed(before, after)))


def test_prose_may_be_in_any_script() -> None:
    text = ledger_text(
        package='[packages.acme]\nnamespace = "acme"\nplugin-api = ["a"]\nnotes = "Größe 好 ✓"  # Грüße\n'
    )
    assert parse_ledger(text, "x").packages["acme"].notes == "Größe 好 ✓"


def test_a_person_who_left_keeps_a_table_without_keys() -> None:
    """What they approved stays readable, and nothing new can be signed by them."""
    text = (
        ledger_text(APPROVED)
        .replace(f'keys = ["{BOB}"]', "keys = []")
        .replace('["alice", "bob", "carol"]', '["alice", "carol"]')
    )
    assert parse_ledger(text, "x").reviewers["bob"].keys == ()


def test_a_keyholder_without_a_key_is_told() -> None:
    assert any("bob has no key to sign with" in said for said in problems(_changed(f'keys = ["{BOB}"]', "keys = []")))
