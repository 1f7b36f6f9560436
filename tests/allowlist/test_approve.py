"""`variantkit-allowlist approve`: what it verifies again, what it runs and when, and what it leaves behind."""

from __future__ import annotations

import json
import os
import random
from typing import TYPE_CHECKING, Any

import pytest

from support.curation import NOW, public_key
from support.private_sigstore import PrivateSigstore, publish_statement
from support.vendors import CLAIMS, LONG_AGO, MODULE, PACKAGE, SOURCE, Team, codes, printed
from variantkit.trust.dates import DAY
from variantkit_allowlist.inspection.catalogue import ask_catalogue
from variantkit_allowlist.model import GrantedNeeds
from variantkit_allowlist.statements import read_vsa

if TYPE_CHECKING:
    from pathlib import Path

NEEDS = GrantedNeeds(read=("/sys/class/acme/*",))


@pytest.fixture
def team(tmp_path: Path) -> Team:
    return Team(tmp_path)


def _sentinel_source(path: Path) -> str:
    """A provider that leaves a mark wherever it is run outside a sandbox, and that says so in what it lists."""
    return SOURCE + f"\ntry:\n    open({str(path)!r}, 'w').close()\nexcept OSError:\n    pass\n"


def test_an_attested_and_reviewed_wheel_enters_with_all_that_is_known(
    team: Team, capsys: pytest.CaptureFixture[str]
) -> None:
    wheel = team.ship_attested()
    team.review(wheel, "alice", "bob")
    assert team.approve(wheel, "--notes", "first release", "--json") == 0
    document = printed(capsys)
    assert (document["schema"], document["allowed"], document["code"]) == ("variantkit.verdict/1", True, "ok")
    (entry,) = team.list.open().ledger.approved
    assert (entry.package, entry.version, entry.sha256) == (PACKAGE, "1.0", (wheel.sha256,))
    assert (entry.evidence, entry.who, entry.criteria) == ("identity", ("alice", "bob"), ("reviewed-source",))
    assert entry.identity is not None
    assert entry.identity.repository_id == "1001"
    with open(wheel.path, "rb") as stream:
        assert entry.configs_sha256 == ask_catalogue(stream.read(), MODULE).sha256
    assert str(entry.logged) == "2026-10-22"
    assert (str(entry.approved), str(entry.expires), entry.notes) == ("2026-11-21", "2027-11-21", "first release")
    assert len(entry.reviews) == 2
    assert document["entry"]["sha256"] == [wheel.sha256]


@pytest.mark.parametrize(
    "said", ["Name: other-provider\nVersion: 1.0\n", f"Name: {PACKAGE}\nVersion: 2.0\n", f"Name: {PACKAGE}\n"]
)
def test_a_wheel_whose_inside_says_another_package_or_version_is_refused(
    team: Team, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both reviewers signed these very bytes; what the name says is not what installers may record."""
    wheel = team.ship_attested(files={f"{MODULE}-1.0.dist-info/METADATA": f"Metadata-Version: 2.4\n{said}"})
    team.review(wheel, "alice", "bob")
    assert team.approve(wheel, "--json") == 1
    document = printed(capsys)
    assert codes(document) == ["wheel-not-canonical"]
    assert "its METADATA is of" in document["detail"]


def test_the_wheel_its_evidence_and_a_summary_are_kept(team: Team) -> None:
    wheel = team.approved()
    directory = team.list.open()
    with open(wheel.path, "rb") as shipped, open(directory.wheel_path(wheel.filename), "rb") as kept:
        assert shipped.read() == kept.read()
    assert os.path.isfile(directory.wheel_path(wheel.filename) + ".sigstore.json")
    with open(directory.vsa_path(wheel.sha256), "rb") as stream:
        summary = read_vsa(stream.read())
    assert (summary.passed, summary.sha256, summary.verifier) == (True, wheel.sha256, "https://example.org/providers")
    assert summary.inputs == directory.ledger.approved[0].reviews


def test_t9_the_first_approval_pins_the_numeric_ids(team: Team, capsys: pytest.CaptureFixture[str]) -> None:
    team.approved()
    (rule,) = team.list.open().ledger.packages[PACKAGE].identity
    assert (rule.repository_id, rule.owner_id) == ("1001", "2002")
    anew = team.ship("1.1")
    team.attest(anew, claims=CLAIMS._replace(repository_id="9999", ref="refs/tags/v1.1"))
    team.review(anew, "alice", "bob")
    capsys.readouterr()
    assert team.approve(anew, "--json") == 1
    document = printed(capsys)
    assert document["provenance"]["code"] == "repository-id-mismatch"
    assert "evidence-insufficient" in codes(document)


def test_t6_a_release_by_a_stolen_token_has_lost_its_identity(team: Team, capsys: pytest.CaptureFixture[str]) -> None:
    team.approved()
    stolen = team.ship("1.1", source=SOURCE + "\n# more\n")
    team.review(stolen, "alice", "bob")
    capsys.readouterr()
    assert team.approve(stolen, "--json") == 1
    assert codes(printed(capsys)) == ["identity-lost", "evidence-insufficient", "cooldown"]


@pytest.mark.parametrize(
    ("claims", "logged_at", "code"),
    [
        (CLAIMS._replace(ref="refs/tags/v1.0"), NOW - 6 * DAY, "cooldown"),
        (CLAIMS._replace(ref="refs/heads/main"), LONG_AGO, "ref-mismatch"),
    ],
    ids=["inside-the-cooldown", "from-a-branch"],
)
def test_t7_a_valid_attestation_by_itself_admits_nothing(
    team: Team, claims: Any, logged_at: int, code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    wheel = team.ship()
    team.attest(wheel, claims=claims, logged_at=logged_at)
    team.review(wheel, "alice", "bob")
    assert team.approve(wheel, "--json") == 1
    document = printed(capsys)
    assert code in (document["code"], document["provenance"]["code"])


def test_row39_only_the_log_or_our_own_first_sight_ends_a_cooldown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    team = Team(tmp_path, policy="unattested = true\n")
    wheel = team.ship()
    os.utime(wheel.path, (0, 0))  # what a file or an index says of its own age is not asked
    team.review(wheel, "alice", "bob")
    assert team.approve(wheel, "--json") == 1
    assert codes(printed(capsys)) == ["cooldown"]
    assert team.approve(wheel, now=NOW + 6 * DAY) == 1
    assert team.approve(wheel, now=NOW + 7 * DAY) == 0
    assert team.list.open().ledger.approved[0].evidence == "none"
    assert "stays the weaker for it" in capsys.readouterr().err


def test_a_dry_run_writes_nothing_not_even_the_first_sight(team: Team, capsys: pytest.CaptureFixture[str]) -> None:
    wheel = team.ship_attested()
    team.review(wheel, "alice", "bob")
    before = _all_files(team.list.path)
    assert team.approve(wheel, "--dry-run") == 0
    assert "would be approved until 2027-11-21, on the word of alice and bob" in capsys.readouterr().out
    assert _all_files(team.list.path) == before


def test_a_refusal_writes_no_more_than_the_first_sight(team: Team) -> None:
    wheel = team.ship_attested()
    before = _all_files(team.list.path)
    assert team.approve(wheel) == 1
    after = _all_files(team.list.path)
    assert {name for name in after if after[name] != before.get(name)} <= {"seen.json", ".lock"}


def test_row43_a_root_that_somebody_names_is_not_believed(team: Team, capsys: pytest.CaptureFixture[str]) -> None:
    wheel = team.ship()
    foreign = PrivateSigstore()
    bundle = foreign.attest(publish_statement(wheel.filename, wheel.sha256), claims=CLAIMS, logged_at=LONG_AGO)
    with open(wheel.path + ".sigstore.json", "w", encoding="utf-8") as stream:
        json.dump(bundle, stream)
    root = os.path.join(team.folder, "foreign.json")
    with open(root, "wb") as file:
        file.write(foreign.trusted_root_json)
    team.review(wheel, "alice", "bob")
    team.run("verify", wheel.path, "--trust-root", root, "--json")
    assert printed(capsys)["provenance"]["verified"] is True  # from that root it does verify
    assert team.approve(wheel, "--json") == 1
    document = printed(capsys)
    assert (document["code"], document["provenance"]["verified"]) == ("evidence-insufficient", False)
    assert team.list.open().ledger.approved == ()


def test_a_provider_is_run_only_when_nothing_else_is_in_the_way(
    team: Team, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[bytes] = []

    def watch(wheel: bytes, endpoint: str, **more: Any) -> Any:
        asked.append(wheel)
        return ask_catalogue(wheel, endpoint, **more)

    monkeypatch.setattr("variantkit_allowlist.curation.running.ask_catalogue", watch)
    wheel = team.ship_attested()
    assert team.approve(wheel) == 1
    assert asked == []
    assert "running" not in capsys.readouterr().err
    team.review(wheel, "alice", "bob")
    assert team.approve(wheel) == 0
    with open(wheel.path, "rb") as stream:
        assert asked == [stream.read()]
    assert "running get_all_configs of acme_variant_provider-1.0" in capsys.readouterr().err


@pytest.mark.parametrize("verb", ["verify", "approve"])
def test_where_nothing_may_run_nothing_is_built_anew(verb: str, team: Team, capsys: pytest.CaptureFixture[str]) -> None:
    wheel = team.ship_attested()
    source = f"https://example.org/provider@{'5a' * 20}"
    assert team.run(verb, wheel.path, "--rebuild", source, environ={"VARIANTKIT_NO_EXEC": " yes "}) == 1
    assert "VARIANTKIT_NO_EXEC is set" in capsys.readouterr().err


def test_where_nothing_may_run_the_digest_is_given_by_hand(team: Team, capsys: pytest.CaptureFixture[str]) -> None:
    wheel = team.ship_attested()
    team.review(wheel, "alice", "bob")
    assert team.run("approve", wheel.path, environ={"VARIANTKIT_NO_EXEC": "1"}) == 1
    told = capsys.readouterr().err
    assert "VARIANTKIT_NO_EXEC is set" in told
    assert "running get_all_configs" not in told, "nothing is said to run that does not"
    assert team.approve(wheel, "--no-run") == 2
    assert "--configs-sha256 HEX" in capsys.readouterr().err
    assert team.approve(wheel, "--no-run", "--configs-sha256", "5a" * 32) == 0
    assert team.list.open().ledger.approved[0].configs_sha256 == "5a" * 32
    assert "running" not in capsys.readouterr().err


def test_t17_a_catalogue_other_than_the_reviewed_one_is_refused(team: Team, capsys: pytest.CaptureFixture[str]) -> None:
    wheel = team.ship_attested()
    team.review(wheel, "alice", "bob", configs_sha256="5a" * 32)
    assert team.approve(wheel, "--json") == 1
    assert codes(printed(capsys)) == ["configs-differ"]


def test_a_change_of_data_takes_one_review(team: Team, capsys: pytest.CaptureFixture[str]) -> None:
    first = team.approved()
    second = team.ship_attested("1.1", tables="LEVELS = ['v1', 'v2', 'v3', 'v4']\n")
    team.review(second, "carol", criteria=["reviewed-data"], delta_from=first)
    capsys.readouterr()
    assert team.approve(second, "--json") == 0
    assert printed(capsys)["change"] == {"from": "1.0", "data-only": True}
    entry = next(item for item in team.list.open().ledger.approved if item.version == "1.1")
    assert (entry.who, entry.criteria, entry.delta_from) == (("carol",), ("reviewed-data",), "1.0")


LANE: dict[str, tuple[dict[str, Any], list[str]]] = {
    "code": ({"source": SOURCE + "\nx = 1\n"}, ["reviews-missing", "criteria-missing"]),
    "a-table-that-computes": (
        {"tables": "LEVELS = ['v1', 'v2', 'v3', str(4)]\n"},
        ["reviews-missing", "criteria-missing"],
    ),
    "a-table-with-a-path": (
        {"tables": "LEVELS = ['v1', 'v2', 'v3']\nWHERE = '/opt/lib.so'\n"},
        ["reviews-missing", "criteria-missing"],
    ),
    "a-table-that-forgets": ({"tables": "LEVELS = ['v1', 'v2']\n"}, ["configs-shrunk"]),
}


@pytest.mark.parametrize(("changes", "expected"), LANE.values(), ids=list(LANE))
def test_row38_every_other_change_takes_the_whole_review(
    team: Team, changes: dict[str, Any], expected: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    first = team.approved()
    second = team.ship_attested("1.1", **changes)
    team.review(second, "carol", criteria=["reviewed-data"], delta_from=first)
    capsys.readouterr()
    assert team.approve(second, "--json") == 1
    assert codes(printed(capsys)) == expected


def test_without_running_both_the_lane_for_data_is_closed(team: Team, capsys: pytest.CaptureFixture[str]) -> None:
    first = team.approved()
    second = team.ship_attested("1.1", tables="LEVELS = ['v1', 'v2', 'v3', 'v4']\n")
    team.review(second, "carol", criteria=["reviewed-data"], delta_from=first)
    capsys.readouterr()
    assert team.approve(second, "--no-run", "--configs-sha256", "5a" * 32, "--json") == 1
    assert codes(printed(capsys)) == ["reviews-missing", "criteria-missing"]


def test_row34_needs_are_shown_as_a_difference_and_take_their_own_criterion(
    team: Team, capsys: pytest.CaptureFixture[str]
) -> None:
    wheel = team.ship_attested()
    path = os.path.join(team.folder, "needs.json")
    with open(path, "w", encoding="utf-8") as stream:
        json.dump({"read": list(NEEDS.read)}, stream)
    team.review(wheel, "alice", "bob")
    assert team.approve(wheel, "--needs", path) == 1
    shown = capsys.readouterr().out
    assert "  needs: + read /sys/class/acme/*" in shown
    assert "needs-unreviewed: 0 of 2 persons state reviewed-needs of exactly these needs" in shown
    team.review(wheel, "alice", "bob", criteria=["reviewed-needs"], needs=NEEDS)
    assert team.approve(wheel, "--needs", path) == 0
    (entry,) = team.list.open().ledger.approved
    assert (entry.needs, entry.criteria) == (NEEDS, ("reviewed-source", "reviewed-needs"))


def test_the_needs_that_reviewers_agree_on_are_the_default(team: Team, capsys: pytest.CaptureFixture[str]) -> None:
    wheel = team.ship_attested()
    team.review(wheel, "alice", "bob", criteria=["reviewed-source", "reviewed-needs"], needs=NEEDS)
    assert team.approve(wheel, "--presence", "/dev/acme*") == 0
    shown = capsys.readouterr().out
    assert "  needs: + read /sys/class/acme/*" in shown
    assert "  presence: /dev/acme*" in shown
    (entry,) = team.list.open().ledger.approved
    assert (entry.needs, entry.presence) == (NEEDS, ("/dev/acme*",))


def _request(team: Team, wheel: Any, *more: str) -> str:
    """The vendor's request, as its release workflow writes it."""
    path = os.path.join(team.folder, "shipped", "request.json")
    words = ["submit", wheel.path, "--namespace", "acme", "--plugin-api", MODULE, "-o", path]
    from variantkit_allowlist.cli.main import main

    assert main([*words, "--attestation", team.attest(wheel), *more]) == 0
    os.unlink(wheel.path + ".sigstore.json")  # the request carries it
    return path


def test_a_request_is_approved_by_digest_before_the_upload(team: Team, capsys: pytest.CaptureFixture[str]) -> None:
    wheel = team.ship()
    path = _request(team, wheel, "--presence", "/dev/acme*", "--run")
    team.review(wheel, "alice", "bob")
    capsys.readouterr()
    assert team.run("approve", path, "--json") == 0, capsys.readouterr()
    (entry,) = team.list.open().ledger.approved
    assert (entry.sha256, entry.presence, entry.evidence) == ((wheel.sha256,), ("/dev/acme*",), "identity")
    assert str(entry.logged) == "2026-10-22"  # the cooldown ran from the release candidate's log time


def test_a_request_for_other_bytes_is_refused(team: Team, capsys: pytest.CaptureFixture[str]) -> None:
    wheel = team.ship()
    path = _request(team, wheel)
    team.ship(source=SOURCE + "\n# other bytes under the same name\n")
    assert team.run("approve", path) == 1
    assert "ask the vendor for the wheel that was meant" in capsys.readouterr().err
    os.unlink(wheel.path)
    assert team.run("approve", path) == 2
    assert "put the wheel acme_variant_provider-1.0-py3-none-any.whl beside it" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("namespace", "nvidia", "namespace: the list has acme, the request nvidia"),
        ("plugin-api", ["os"], "plugin-api: the list has acme_variant_provider, the request os"),
        ("reimplements", ["nvidia-variant-provider"], "does not let it stand for nvidia-variant-provider"),
    ],
)
def test_a_request_gets_no_more_than_the_package_table_gives(
    team: Team, key: str, value: object, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    wheel = team.ship()
    path = _request(team, wheel)
    with open(path, encoding="utf-8") as stream:
        document = json.load(stream)
    with open(path, "w", encoding="utf-8") as out:
        json.dump({**document, key: value}, out)
    assert team.run("approve", path) == 2
    assert said in capsys.readouterr().err


def test_older_versions_can_be_superseded(team: Team) -> None:
    team.approved()
    second = team.ship_attested("1.1", source=SOURCE + "\n# better\n")
    team.review(second, "alice", "bob")
    assert team.approve(second, "--superseded-older") == 0
    assert {item.version: item.superseded for item in team.list.open().ledger.approved} == {"1.0": True, "1.1": False}


def test_what_is_approved_is_renewed_not_approved_again(team: Team, capsys: pytest.CaptureFixture[str]) -> None:
    wheel = team.approved()
    assert team.approve(wheel) == 2
    assert f"variantkit-allowlist renew {PACKAGE}==1.0" in capsys.readouterr().err


def test_a_vendors_own_key_is_equal_evidence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from variantkit_allowlist.provenance import verify_vendor_key

    assert verify_vendor_key is not None
    package = (
        '[packages.acme-variant-provider]\nnamespace = "acme"\nplugin-api = ["acme_variant_provider"]\n\n'
        f'[[packages.acme-variant-provider.key]]\nperson = "Vera"\nkey = "{public_key("vera").line}"\n'
    )
    team = Team(tmp_path, package=package)
    wheel = team.ship()
    with open(wheel.path + ".vendor.json", "wb") as stream:
        stream.write(_signed_by_vendor(wheel))
    team.review(wheel, "alice", "bob")
    assert team.approve(wheel) == 1  # our own first sight: the log knows nothing of it
    assert team.approve(wheel, now=NOW + 7 * DAY) == 0, capsys.readouterr()
    (entry,) = team.list.open().ledger.approved
    assert (entry.evidence, entry.identity) == ("key", None)


def _signed_by_vendor(wheel: Any) -> bytes:
    from support.curation import signer
    from variantkit_allowlist.statements.envelope import sign_statement

    statement = json.dumps(publish_statement(wheel.filename, wheel.sha256)).encode()
    return sign_statement(statement, signer("vera"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--expires", "soon"], "expected a date"),
        (["--delta-from", "0.1"], "expected an approved version"),
        (["--attestation", "nowhere.json"], "nowhere.json"),
    ],
    ids=["expires", "delta", "attestation"],
)
def test_wrong_usage_is_told_in_a_sentence(
    team: Team, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    wheel = team.ship_attested()
    assert team.approve(wheel, *words) == 2
    assert said in capsys.readouterr().err


def test_t27_an_approval_cannot_outlast_the_policy(team: Team, capsys: pytest.CaptureFixture[str]) -> None:
    wheel = team.ship_attested()
    team.review(wheel, "alice", "bob")
    assert team.approve(wheel, "--expires", "2027-11-22", "--json") == 1
    assert codes(printed(capsys)) == ["expired"]
    assert team.approve(wheel, "--expires", "2027-03-01") == 0
    assert str(team.list.open().ledger.approved[0].expires) == "2027-03-01"


def test_t28_whatever_the_bytes_are_they_are_refused_in_a_sentence(
    team: Team, capsys: pytest.CaptureFixture[str]
) -> None:
    """Bytes of a reviewed wheel with a few of them changed, cut or doubled, and its attestation beside them."""
    wheel = team.ship_attested()
    team.review(wheel, "alice", "bob")
    with open(wheel.path, "rb") as stream:
        original = stream.read()
    chance = random.Random(11)
    for _ in range(60):
        data = bytearray(original)
        for _ in range(chance.randint(1, 4)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        if chance.random() < 0.3:
            data = data[: chance.randrange(len(data))] * chance.choice([1, 2])
        if bytes(data) == original:
            continue
        with open(wheel.path, "wb") as stream:
            stream.write(data)
        assert team.approve(wheel, "--dry-run") in (1, 2)
        said = capsys.readouterr()
        assert "Traceback" not in said.out + said.err
    assert team.list.open().ledger.approved == ()


def _all_files(folder: str) -> dict[str, bytes]:
    found = {}
    for place, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(place, name)
            with open(path, "rb") as stream:
                found[os.path.relpath(path, folder)] = stream.read()
    return found
