"""`variantkit-allowlist verify` with a list: its rules, its pinned root, what it approved and what it revoked."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from support.attested_wheels import (
    BY_HAND,
    CLAIMS,
    DAY,
    INSTANCE,
    LOGGED_AT,
    NOW,
    PACKAGE,
    Answer,
    Attested,
    make_attested,
    verify,
    write,
)
from support.curation import make_list_directory
from support.private_sigstore import Claims, PrivateSigstore, publish_statement
from variantkit_allowlist import cli

if TYPE_CHECKING:
    from pathlib import Path

RULE = """\
[packages.acme-variant-provider]
namespace = "acme"
plugin-api = ["acme_variant_provider"]
source = "https://github.com/acme/provider"

[[packages.acme-variant-provider.identity]]
repository = "https://github.com/acme/provider"
workflow = "release.yml"
ref = "refs/tags/v*"
{more}"""

EARLIER = """\
[approved.identity]
issuer = "https://token.actions.githubusercontent.com"
repository = "https://github.com/acme/provider"
repository-id = "1001"
owner-id = "71"
workflow = "release.yml"
"""


def approval(sha256: str, version: str = "2.0", *, evidence: str = "identity", expires: str = "2027-06-01") -> str:
    """An entry of the list."""
    identity = EARLIER if evidence == "identity" else ""
    return f"""
[[approved]]
package = "{PACKAGE}"
version = "{version}"
namespace = "acme"
sha256 = ["{sha256}"]
plugin-api = ["acme_variant_provider"]
evidence = "{evidence}"
who = ["alice", "carol"]
criteria = ["reviewed-source"]
approved = 2026-06-01
expires = {expires}
{identity}"""


class Judge:
    """A wheel, and lists that judge it."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.capsys = folder, capsys
        self.wheel = make_attested(folder)
        self.count = 0

    def make_list(self, entries: str = "", *, rule: str = "", policy: str = "", package: str = RULE) -> str:
        """A list, and the path of it."""
        self.count += 1
        made = make_list_directory(
            self.folder / str(self.count),
            entries,
            policy=policy,
            package=package.format(more=rule),
            trust_root=INSTANCE.trusted_root_json,
        )
        return made.path

    def by(self, entries: str = "", *arguments: str, now: int = NOW, **changes: str) -> Answer:
        """Judge the wheel by a new list."""
        listed = self.make_list(entries, **changes)
        return verify(self.capsys, self.wheel.path, "--list", listed, *arguments, now=now)


@pytest.fixture
def judge(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Judge:
    monkeypatch.chdir(tmp_path)
    return Judge(tmp_path, capsys)


def test_what_is_listed_and_attested_is_allowed(judge: Judge) -> None:
    judge.wheel.lay(".provenance", judge.wheel.provenance())
    found = judge.by(approval(judge.wheel.sha256))
    assert (found.exit_code, found.codes, found.blockers) == (0, ("ok", "ok"), [])
    assert found.verdict["allowed"] is True


def test_the_current_directory_is_the_list_when_it_is_one(
    judge: Judge, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    judge.wheel.lay(".provenance", judge.wheel.provenance())
    monkeypatch.chdir(judge.make_list(approval(judge.wheel.sha256)))
    assert verify(capsys, judge.wheel.path).codes == ("ok", "ok")
    given = (judge.wheel.path, *BY_HAND, "--repository-id", "9", "--trust-root", judge.wheel.root)
    assert verify(capsys, *given).codes[1] == "repository-id-mismatch"


def test_the_evidence_that_the_list_keeps_serves_a_copy_of_the_wheel(judge: Judge) -> None:
    listed = judge.make_list(approval(judge.wheel.sha256))
    kept = os.path.join(listed, "wheels")
    os.makedirs(kept, exist_ok=True)
    write(os.path.join(kept, f"{judge.wheel.filename}.provenance"), judge.wheel.provenance())
    assert verify(judge.capsys, judge.wheel.path, "--list", listed).codes == ("ok", "ok")


def test_a_version_that_nobody_approved_is_not_listed(judge: Judge) -> None:
    judge.wheel.lay(".provenance", judge.wheel.provenance())
    found = judge.by(approval("ab" * 32, "1.0"))
    assert (found.exit_code, found.codes, found.blockers) == (1, ("not-listed", "ok"), ["not-listed"])


def test_a_package_that_nobody_wrote_down_is_not_listed(judge: Judge) -> None:
    judge.wheel.lay(".provenance", judge.wheel.provenance())
    other = RULE.replace(PACKAGE, "beta-variant-provider")
    assert judge.by(package=other).codes == ("not-listed", "no-rule")


def test_t10_other_bytes_of_a_listed_version_are_a_hash_mismatch(judge: Judge) -> None:
    judge.wheel.lay(".provenance", judge.wheel.provenance())
    found = judge.by(approval("ab" * 32))
    assert (found.exit_code, found.codes) == (1, ("hash-mismatch", "ok"))


def test_t10_a_flipped_byte_is_refused(judge: Judge) -> None:
    judge.wheel.lay(".provenance", judge.wheel.provenance())
    entries = approval(judge.wheel.sha256)
    data = bytearray(judge.wheel.data)
    data[40] ^= 1
    write(judge.wheel.path, bytes(data))
    found = judge.by(entries)
    assert found.exit_code == 1
    assert found.blockers == ["wheel-not-canonical", "hash-mismatch", "subject-digest"]


@pytest.mark.parametrize(
    "what",
    ['sha256 = ["{sha256}"]', f'package = "{PACKAGE}"', f'package = "{PACKAGE}"\nversion = "2.0.0"'],
    ids=["bytes", "package", "version spelt otherwise"],
)
def test_what_is_revoked_is_revoked_before_all_else(what: str, judge: Judge) -> None:
    judge.wheel.lay(".provenance", judge.wheel.provenance())
    revoked = what.format(sha256=judge.wheel.sha256)
    entry = f'\n[[revoked]]\n{revoked}\nsince = 2026-11-01\nreason = "it phones home"\n'
    found = judge.by(approval(judge.wheel.sha256) + entry)
    assert (found.exit_code, found.codes) == (1, ("revoked", "ok"))
    assert "it phones home" in found.verdict["detail"]


def test_an_approval_ends(judge: Judge) -> None:
    judge.wheel.lay(".provenance", judge.wheel.provenance())
    assert judge.by(approval(judge.wheel.sha256, expires="2026-11-20")).codes == ("expired", "ok")


def test_t6_an_attested_package_that_comes_without_is_identity_lost(judge: Judge) -> None:
    found = judge.by(approval("ab" * 32, "1.0"))
    assert (found.exit_code, found.codes) == (1, ("identity-lost", "not-attested"))


def test_t6_a_package_that_never_was_attested_has_lost_nothing(judge: Judge) -> None:
    entries = approval("ab" * 32, "1.0", evidence="none")
    found = judge.by(entries, policy="unattested = true\n")
    assert found.codes == ("not-attested", "not-attested")
    listed = approval(judge.wheel.sha256, evidence="none")
    assert judge.by(listed, policy="unattested = true\n").codes == ("ok", "not-attested")


T9 = [
    ("repository-id", {"repository_id": "2002"}, "repository-id = \"1001\""),
    ("owner-id", {"owner_id": "72"}, "owner-id = \"71\""),
]  # fmt: skip


@pytest.mark.parametrize(("what", "claims", "rule"), T9, ids=[row[0] for row in T9])
@pytest.mark.parametrize("pinned", [True, False], ids=["pinned by the rule", "known from an approval"])
def test_t9_a_repository_made_anew_under_the_same_name_is_identity_changed(
    what: str, claims: dict[str, str], rule: str, pinned: bool, judge: Judge
) -> None:
    judge.wheel.lay(".provenance", judge.wheel.provenance(CLAIMS._replace(**claims)))
    found = judge.by(approval("ab" * 32, "1.0"), rule=f"{rule}\n" if pinned else "")
    expected = f"{what}-mismatch" if pinned else "ok"
    assert (found.exit_code, found.codes) == (1, ("identity-changed", expected))


# what the rule asks, the claim that breaks it, the code: every part of a rule, mutated (T8)
RULES: list[tuple[str, str, dict[str, str], str]] = [
    ("repository", "", {"repository": "https://github.com/mallory/provider"}, "repository-mismatch"),
    ("workflow", "", {"workflow": "nightly.yml"}, "workflow-mismatch"),
    ("ref", "", {"ref": "refs/heads/main"}, "ref-mismatch"),
    ("pull request", "", {"trigger": "pull_request_target"}, "trigger-mismatch"),
    ("issuer", "", {"issuer": "https://gitlab.example"}, "issuer-mismatch"),
    ("owner", 'owner = "acme"', {"owner": "https://github.com/mallory"}, "owner-mismatch"),
    ("trigger", 'trigger = ["release"]', {}, "trigger-mismatch"),
    ("runner", 'runner = "github-hosted"', {"runner": "self-hosted"}, "runner-mismatch"),
    ("signer", 'signer = "https://github.com/b/c/.github/workflows/x.yml"', {}, "signer-mismatch"),
]


@pytest.mark.parametrize(("what", "rule", "claims", "code"), RULES, ids=[row[0] for row in RULES])
def test_t8_every_part_of_a_rule_counts(what: str, rule: str, claims: dict[str, str], code: str, judge: Judge) -> None:
    judge.wheel.lay(".provenance", judge.wheel.provenance(CLAIMS._replace(**claims)))
    found = judge.by(rule=f"{rule}\n")
    assert (found.exit_code, found.verdict["provenance"]["code"]) == (1, code), what
    assert code in found.blockers


def test_t7_a_valid_attestation_is_held_back_for_the_cooldown(judge: Judge) -> None:
    judge.wheel.lay(".provenance", judge.wheel.provenance())
    policy = "cooldown-days = 7\n"
    assert judge.by(policy=policy, now=LOGGED_AT + 6 * DAY).blockers == ["not-listed", "cooldown"]
    assert judge.by(policy=policy, now=LOGGED_AT + 8 * DAY).blockers == ["not-listed"]


def test_t7_a_branch_is_refused_where_the_rule_names_tags(judge: Judge) -> None:
    judge.wheel.lay(".provenance", judge.wheel.provenance(CLAIMS._replace(ref="refs/heads/main")))
    assert judge.by().codes[1] == "ref-mismatch"


def test_attack_43_a_root_given_by_hand_approves_nothing(judge: Judge) -> None:
    mine = PrivateSigstore()
    wheel = judge.wheel
    claims = Claims(repository=CLAIMS.repository, owner=CLAIMS.owner, repository_id="1001")
    statement = publish_statement(wheel.filename, wheel.sha256)
    attested = mine.attest(statement, claims=claims, logged_at=LOGGED_AT)
    wheel.lay(".sigstore.json", attested)
    root = write(str(judge.folder / "mine.json"), mine.trusted_root_json)
    entries = approval(wheel.sha256)
    assert judge.by(entries).codes[1] == "certificate-untrusted"
    found = judge.by(entries, "--trust-root", root)
    assert (found.exit_code, found.codes) == (1, ("evidence-insufficient", "ok"))
    assert found.verdict["provenance"]["trust-root-sha256"] != ""


def test_evidence_that_cannot_be_read_fails_and_is_not_missing(judge: Judge) -> None:
    judge.wheel.lay(".sigstore.json", b'{"mediaType": "x"}')
    assert judge.by(approval("ab" * 32, "1.0")).codes == ("malformed", "malformed")


def test_a_list_without_its_pinned_root_judges_nothing(judge: Judge) -> None:
    listed = judge.make_list()
    os.remove(os.path.join(listed, "trusted_root.json"))
    found = verify(judge.capsys, judge.wheel.path, "--list", listed)
    assert (found.exit_code, found.verdict) == (2, {})
    assert "trusted_root.json" in found.error


def test_people_are_told_what_to_do(judge: Judge, capsys: pytest.CaptureFixture[str]) -> None:
    listed = judge.make_list(approval("ab" * 32, "1.0"))
    assert cli.main(["verify", judge.wheel.path, "--list", listed]) == 1
    printed = capsys.readouterr().out
    assert printed.startswith(f"{judge.wheel.filename}: no, identity-lost\n")
    assert "whether this release is theirs" in printed


def test_a_renamed_wheel_is_another_file(judge: Judge) -> None:
    renamed = Attested(judge.wheel.path.replace("2.0", "3.0"), judge.wheel.root)
    shutil.copy(judge.wheel.path, renamed.path)
    renamed.lay(".provenance", judge.wheel.provenance())
    judge.wheel = renamed
    assert judge.by().codes[1] == "subject-name"
