"""`publish` and `sign`: an edition is what the ledger says, and is published by as many persons as it takes."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from support.curation import NOW, TRUST_ROOT, Curation, make_list_directory, public_key, signer, world
from variantkit.errors import InputError, RefusedError, VariantkitError
from variantkit.trust.approved import parse_approved
from variantkit.trust.dates import DAY
from variantkit_allowlist import cli
from variantkit_allowlist.cli.publish import builder
from variantkit_allowlist.repository.edition import Beside, compose
from variantkit_allowlist.repository.publication import Progress, publish, sign
from variantkit_allowlist.repository.published import Published, read_published
from variantkit_allowlist.repository.refreshing import refresh
from variantkit_allowlist.repository.refusal import RepositoryError
from variantkit_allowlist.repository.staged import save_staged, stage_edition

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

APPROVED = """
[[approved]]
package = "acme-variant-provider"
version = "1.2.3"
namespace = "acme"
sha256 = ["{sha256}"]
plugin-api = ["acme_variant_provider"]
evidence = "key"
who = ["alice", "bob"]
criteria = ["reviewed-source"]
approved = 2026-11-20
expires = 2027-11-20
notes = "read whole"
"""
ENTRY = APPROVED.format(sha256="a" * 64)
REVOKED = '\n[[revoked]]\nsha256 = ["{sha256}"]\nsince = 2026-11-20\nreason = "reads a home"\nwho = "bob"\n'


@pytest.fixture
def made(tmp_path: Path) -> Curation:
    return make_list_directory(tmp_path, ENTRY)


def _ledger(made: Curation, change: Callable[[str], str]) -> None:
    path = os.path.join(made.path, "providers.toml")
    with open(path, encoding="utf-8") as stream:
        text = stream.read()
    changed = change(text)
    assert changed != text
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(changed)


def _publish(made: Curation, *names: str, now: int = NOW, force: bool = False) -> Progress:
    """Publish as the first of those persons; the others sign."""
    directory = made.open()
    first = signer(names[0]) if names else None
    progress = publish(directory, builder(directory), now, first, force=force)
    for name in names[1:]:
        progress = _sign(made, name, now)
    return progress


def _sign(made: Curation, name: str, now: int = NOW) -> Progress:
    directory = made.open()
    return sign(directory, builder(directory), now, signer(name))


def _published(made: Curation) -> Published:
    found = read_published(made.open().public_path)
    assert found is not None
    return found


def _tree(path: str) -> dict[str, bytes]:
    found = {}
    for folder, _, names in os.walk(path):
        for name in names:
            with open(os.path.join(folder, name), "rb") as stream:
                found[os.path.relpath(os.path.join(folder, name), path)] = stream.read()
    return found


def test_t22_one_person_publishes_nothing_where_two_are_needed(made: Curation) -> None:
    progress = _publish(made, "alice")
    assert (progress.published, progress.signed) == (False, ("root", "targets"))
    assert {lack.role: (lack.needed, lack.names) for lack in progress.missing} == {
        "root": (1, ("bob", "carol")),
        "targets": (1, ("bob", "carol")),
    }
    assert not os.path.exists(made.open().public_path)


def test_t22_the_same_person_twice_is_one_person(made: Curation) -> None:
    _publish(made, "alice")
    again = _sign(made, "alice")
    assert (again.published, again.signed) == (False, ())
    assert not os.path.exists(made.open().public_path)


def test_attack_37_another_key_of_the_same_person_does_not_count(made: Curation) -> None:
    first, second = public_key("alice").line, public_key("alice's other").line
    _ledger(made, lambda text: text.replace(f'keys = ["{first}"]', f'keys = ["{first}", "{second}"]'))
    _publish(made, "alice")
    with pytest.raises(RefusedError, match=r"this key of alice signs no role: each keyholder signs with the first"):
        _sign(made, "alice's other")


def test_a_stranger_signs_nothing(made: Curation) -> None:
    _publish(made, "alice")
    before = _tree(made.open().staged_path)
    with pytest.raises(RefusedError, match=r"belongs to no keyholder of example\.org/providers"):
        _sign(made, "mallory")
    with pytest.raises(RefusedError, match="belongs to no keyholder"):
        _publish(made, "mallory", force=True)
    assert _tree(made.open().staged_path) == before


def test_the_second_person_publishes_all_of_it(made: Curation) -> None:
    progress = _publish(made, "alice", "bob")
    assert (progress.published, progress.serial) == (True, 1)
    assert not os.path.exists(made.open().staged_path)
    published = _published(made)
    approved = parse_approved(published.read_target("approved.json") or b"", "x")
    assert (approved.serial, approved.issued, approved.entries[0].version) == (1, NOW, "1.2.3")
    audits = json.loads(published.read_target("audits.json") or b"")
    assert audits["audits"][0]["who"] == ["alice", "bob"]
    assert audits["audits"][0]["notes"] == "read whole"
    assert audits["reviewers"] == {name: {"name": "", "affiliation": "Example"} for name in ("alice", "bob")}
    assert "example.org" not in json.dumps(audits["reviewers"]), "no e-mail address is published"


def test_a_published_repository_holds_every_target_by_its_hash(made: Curation) -> None:
    summary = b'{"payload": "a verification summary"}'
    os.makedirs(os.path.join(made.path, "vsa"))
    with open(os.path.join(made.path, "vsa", f"{'a' * 64}.json"), "wb") as stream:
        stream.write(summary)
    _publish(made, "alice", "bob")
    published = _published(made)
    assert sorted(published.chain.targets.signed.targets) == [
        "approved.json",
        "audits.json",
        "revocations.json",
        "trusted_root.json",
        f"vsa/{'a' * 64}.json",
    ]
    assert published.read_target(f"vsa/{'a' * 64}.json") == summary
    assert published.chain.root.consistent_snapshot is True


def test_attack_36_no_private_key_lies_in_the_list_or_its_repository(made: Curation) -> None:
    _publish(made, "alice", "bob")
    made.key("alice")
    for path, data in _tree(made.path).items():
        assert b"PRIVATE KEY" not in data, path


CHANGES: tuple[tuple[str, Callable[[Curation], object], str], ...] = (
    ("an-entry-more", lambda made: _ledger(made, lambda text: text + REVOKED.format(sha256="c" * 64)), "approved.json"),
    ("another-hash", lambda made: _ledger(made, lambda text: text.replace("a" * 64, "d" * 64)), "approved.json"),
    ("another-note", lambda made: _ledger(made, lambda text: text.replace("read whole", "looked at")), "audits.json"),
    ("another-sigstore-root", lambda made: _write(made, "trusted_root.json", b"{}"), "trusted_root.json"),
    (
        "another-keyholder",
        lambda made: _ledger(made, lambda text: text.replace('"alice", "bob", "carol"', '"alice", "bob"')),
        "root.json",
    ),
    (
        "another-threshold",
        lambda made: _ledger(made, lambda text: text.replace("threshold = 2", "threshold = 1")),
        "root.json",
    ),
    (
        "a-longer-role",
        lambda made: _ledger(made, lambda text: text.replace("days = 180", "days = 181")),
        "targets.json",
    ),
    ("a-summary", lambda made: _write(made, f"vsa/{'e' * 64}.json", b"{}"), "vsa/eeee"),
    ("staged-list-edited", lambda made: _write(made, "staged/targets/approved.json", b"{}"), "approved.json"),
    ("a-staged-file-more", lambda made: _write(made, "staged/targets/more.json", b"{}"), "more.json"),
    ("staged-metadata-edited", lambda made: _edit_staged(made, "targets", _more_targets), "targets.json"),
    ("staged-version-edited", lambda made: _edit_staged(made, "targets", _later), "expected serial 1, found 9"),
    ("staged-root-edited", lambda made: _edit_staged(made, "root", _no_threshold), "root.json"),
    ("staged-for-another-day", lambda made: _edit_staged(made, "targets", _another_day), "clock says"),
)


def _write(made: Curation, name: str, data: bytes) -> None:
    path = os.path.join(made.path, *name.split("/"))
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as stream:
        stream.write(data)


def _edit_staged(made: Curation, role: str, change: Callable[[dict[str, Any]], None]) -> None:
    path = os.path.join(made.path, "staged", "metadata", f"{role}.json")
    with open(path, "rb") as stream:
        document = json.load(stream)
    change(document["signed"])
    with open(path, "w", encoding="utf-8") as text:
        json.dump(document, text)


def _more_targets(signed: dict[str, Any]) -> None:
    signed["targets"]["more.json"] = {"length": 2, "hashes": {"sha256": "0" * 64}}


def _later(signed: dict[str, Any]) -> None:
    signed["version"] = 9


def _no_threshold(signed: dict[str, Any]) -> None:
    signed["roles"]["targets"]["threshold"] = 1


def _another_day(signed: dict[str, Any]) -> None:
    signed["variantkit"]["issued"] = "2026-01-01"


@pytest.mark.parametrize(("change", "told"), [row[1:] for row in CHANGES], ids=[row[0] for row in CHANGES])
def test_what_is_staged_is_signed_only_if_the_ledger_says_the_same_now(
    change: Callable[[Curation], object], told: str, made: Curation
) -> None:
    _publish(made, "alice")
    change(made)
    before = _tree(made.open().staged_path)
    with pytest.raises(RefusedError, match=told):
        _sign(made, "bob")
    assert _tree(made.open().staged_path) == before
    assert not os.path.exists(made.open().public_path)


def test_a_staged_edition_does_not_leap_ahead(made: Curation) -> None:
    """Whoever may write `staged/` chooses its serial, and everything else may be as the ledger says."""
    _publish(made, "alice", "bob")
    _ledger(made, lambda text: text + REVOKED.format(sha256="c" * 64))
    directory, root = made.open(), _published(made).chain.root
    edition = compose(
        directory.ledger, Beside(_tree(made.path)["trusted_root.json"], {}), builder(directory), 3, NOW, root
    )
    save_staged(directory.staged_path, stage_edition(edition, root))
    with pytest.raises(RefusedError, match="expected serial 2, found 3"):
        _sign(made, "alice")


def test_a_broken_ledger_stages_nothing(made: Curation) -> None:
    _ledger(made, lambda text: text.replace('who = ["alice", "bob"]', 'who = ["nobody"]'))
    with pytest.raises(InputError, match="nobody"):
        _publish(made)
    assert not os.path.exists(os.path.join(made.path, "staged"))


def test_a_forged_signature_in_the_staged_files_counts_for_nothing(made: Curation) -> None:
    _publish(made, "alice")
    path = os.path.join(made.path, "staged", "metadata", "targets.json")
    with open(path, "rb") as stream:
        document = json.load(stream)
    document["signatures"].append({"keyid": public_key("bob").tuf_key().keyid, "sig": "00" * 64})
    with open(path, "w", encoding="utf-8") as text:
        json.dump(document, text)
    assert _sign(made, "alice").published is False
    assert _sign(made, "bob").published is True


def test_nothing_is_signed_when_nothing_is_staged(made: Curation) -> None:
    with pytest.raises(RefusedError, match="nothing is staged; run: variantkit-allowlist publish"):
        _sign(made, "alice")


def test_t21_serials_grow_and_every_edition_stays_on_record(made: Curation) -> None:
    _publish(made, "alice", "bob")
    first = _tree(made.open().public_path)
    _ledger(made, lambda text: text + REVOKED.format(sha256="c" * 64))
    progress = _publish(made, "bob", "carol", now=NOW + DAY)
    assert (progress.serial, progress.published) == (2, True)
    after = _tree(made.open().public_path)
    changed = {name for name in first if after.get(name) != first[name]}
    assert changed == {os.path.join("metadata", "timestamp.json")}


def test_a_revocation_is_never_taken_back(made: Curation) -> None:
    _ledger(made, lambda text: text + REVOKED.format(sha256="c" * 64))
    _publish(made, "alice", "bob")
    _ledger(made, lambda text: text.replace("c" * 64, "d" * 64))
    with pytest.raises(
        RefusedError, match=f"forgets what is revoked: sha256 {'c' * 64}; a revocation is never taken back"
    ):
        _publish(made, "alice")


def test_a_published_list_keeps_its_id(made: Curation) -> None:
    _publish(made, "alice", "bob")
    _ledger(made, lambda text: text.replace('id = "example.org/providers"', 'id = "example.org/others"'))
    with pytest.raises(RefusedError, match=r"expected the id example\.org/providers that is published"):
        _publish(made, "alice")


def test_an_edition_that_says_nothing_new_is_refused(made: Curation) -> None:
    _publish(made, "alice", "bob")
    with pytest.raises(RefusedError, match="nothing changed since serial 1; sign its timestamp anew"):
        _publish(made, "alice", now=NOW + DAY)
    assert _publish(made, "alice", "bob", now=NOW + DAY, force=True).serial == 2
    late = _publish(made, "alice", "bob", now=NOW + DAY + 150 * DAY)
    assert late.serial == 3, "renew-by is near"


def test_what_somebody_signed_is_not_staged_over(made: Curation) -> None:
    _publish(made, "alice")
    with pytest.raises(RefusedError, match="serial 1 is staged and has signatures already; add yours with `sign`"):
        _publish(made, "bob", now=NOW + 60)
    assert _publish(made, "bob", now=NOW + 60, force=True).published is False
    _ledger(made, lambda text: text + REVOKED.format(sha256="c" * 64))
    assert _publish(made, "alice", "carol", now=NOW + 60).published is True


def test_signers_are_shown_what_changes(made: Curation) -> None:
    first = _publish(made, "alice")
    assert "+ acme-variant-provider 1.2.3 (acme), runs acme_variant_provider" in first.changes
    assert f"    sha256 {'a' * 64}" in first.changes
    assert "! targets: 2 of alice, bob, carol" in first.changes
    assert _sign(made, "bob").changes == first.changes
    _ledger(made, lambda text: text.replace('notes = "read whole"', 'notes = "x"\nneeds = { read = ["/proc/driver"] }'))
    _ledger(made, lambda text: text + REVOKED.format(sha256="c" * 64))
    assert _publish(made, "alice").changes == (
        "~ acme-variant-provider 1.2.3 (acme)",
        "    + may read /proc/driver",
        f"+ revoked: sha256 {'c' * 64}: reads a home",
        "~ audit of acme-variant-provider 1.2.3 (acme):",
        '    notes: "read whole" -> x',
    )


def _lay(made: Curation, name: str, data: bytes) -> None:
    path = os.path.join(made.path, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as stream:
        stream.write(data)


CAROL_TOO = (
    "~ audit of acme-variant-provider 1.2.3 (acme):",
    "    who: alice, bob -> alice, bob, carol",
    '! audits.json: reviewers carol: none -> {"name": "", "affiliation": "Partner"}',
)


def test_t22_signers_are_shown_what_changes_beside_the_list(made: Curation) -> None:
    _publish(made, "alice", "bob")
    was = hashlib.sha256(TRUST_ROOT).hexdigest()
    _lay(made, "trusted_root.json", b"another")
    _lay(made, f"vsa/{'a' * 64}.json", b"a record")
    assert _publish(made).changes == (
        f"! trusted_root.json: sha256 {was} -> {hashlib.sha256(b'another').hexdigest()}",
        f"! vsa/{'a' * 64}.json: sha256 none -> {hashlib.sha256(b'a record').hexdigest()}",
    )
    _lay(made, "trusted_root.json", TRUST_ROOT)
    shutil.rmtree(os.path.join(made.path, "vsa"))
    _ledger(made, lambda text: text.replace('who = ["alice", "bob"]', 'who = ["alice", "bob", "carol"]'))
    assert set(_publish(made).changes) == set(CAROL_TOO)


def test_t22_a_persons_other_key_is_shown_by_its_fingerprint(made: Curation) -> None:
    _publish(made, "alice", "bob")
    _ledger(made, lambda text: text.replace(public_key("carol").line, public_key("mallory").line))
    progress = _publish(made)
    assert progress.changes[0] == f"! carol signs with the key {public_key('mallory').fingerprint}"
    assert progress.changes[1:] == tuple(
        f"! {role}: {threshold} of alice, bob, carol"
        for role, threshold in (("root", 2), ("targets", 2), ("snapshot", 1), ("timestamp", 1))
    )


def test_t22_what_is_staged_is_looked_at_before_it_is_signed(
    made: Curation, capsys: pytest.CaptureFixture[str]
) -> None:
    first = _publish(made, "alice")
    before = _tree(made.path)
    assert cli.main(["sign", "--list", made.path], world()) == 0
    shown = capsys.readouterr().out
    assert "+ acme-variant-provider 1.2.3 (acme), runs acme_variant_provider\n" in shown
    assert f"variantkit-allowlist sign --key REF --edition {first.edition}\n" in shown
    assert _tree(made.path) == before
    _ledger(made, lambda text: text.replace(f'"{"a" * 64}"', f'"{"b" * 64}"'))
    again = _publish(made, "alice", force=True)
    assert again.edition != first.edition
    by_carol = ["sign", "--list", made.path, "--key", made.key("carol"), "--edition"]
    assert cli.main([*by_carol, first.edition], world()) == 1
    assert "nothing was signed: look again at what is staged" in capsys.readouterr().err
    assert not os.path.exists(made.open().public_path)
    assert cli.main([*by_carol, again.edition], world()) == 0
    assert "serial 1 is published" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["staged", "staged/targets", "staged/metadata"])
def test_a_staged_folder_that_leads_elsewhere_costs_nobody_a_file(name: str, made: Curation, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    (precious / "below").mkdir(parents=True)
    for file in ("approved.json", "root.json", "below/letter"):
        (precious / file).write_text("mine")
    before = _tree(str(precious))
    _publish(made, "alice")
    shutil.rmtree(os.path.join(made.path, name))
    os.symlink(precious, os.path.join(made.path, name))
    with pytest.raises(VariantkitError, match=r"symbolic link"):
        _publish(made, "alice", force=True)
    with pytest.raises(VariantkitError):
        _sign(made, "bob")
    assert _tree(str(precious)) == before


@pytest.mark.parametrize("name", ["trusted_root.json", f"vsa/{'c' * 64}.json"])
def test_no_file_of_who_signs_is_published_through_a_link(name: str, made: Curation, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("mine")
    place = os.path.join(made.path, name)
    os.makedirs(os.path.dirname(place), exist_ok=True)
    if os.path.lexists(place):
        os.unlink(place)
    os.symlink(tmp_path / "secret", place)
    with pytest.raises(InputError, match=r"is a symbolic link; put the file itself there"):
        _publish(made, "alice", "bob")
    assert not os.path.exists(made.open().staged_path)


def test_a_lock_that_leads_elsewhere_makes_no_file_there(made: Curation, tmp_path: Path) -> None:
    os.symlink(tmp_path / "elsewhere", os.path.join(made.path, ".lock"))
    with pytest.raises(InputError, match=r"\.lock: cannot be written"):
        _publish(made, "alice")
    assert not os.path.lexists(tmp_path / "elsewhere")
    os.unlink(os.path.join(made.path, ".lock"))
    os.mkfifo(os.path.join(made.path, ".lock"))
    with pytest.raises(InputError, match=r"\.lock: cannot be written"):
        _publish(made, "alice")


def test_a_published_target_that_was_edited_is_put_back_by_the_next_edition(made: Curation) -> None:
    _publish(made, "alice", "bob")
    targets = os.path.join(made.open().public_path, "targets")
    name = next(name for name in os.listdir(targets) if name.endswith("trusted_root.json"))
    _lay(made, f"public/targets/{name}", b"edited")
    assert _publish(made, "alice", "bob", force=True).published
    assert _published(made).read_target("trusted_root.json") == TRUST_ROOT


def _dave_for_alice(text: str) -> str:
    dave = f'[reviewers.dave]\naffiliation = "Partner"\nkeys = ["{public_key("dave").line}"]\n\n[reviewers.alice]'
    return text.replace("[reviewers.alice]", dave).replace('["alice", "bob", "carol"]', '["dave", "bob", "carol"]')


def test_keyholders_change_by_the_signatures_of_both_lists(made: Curation) -> None:
    _publish(made, "alice", "bob")
    _ledger(made, _dave_for_alice)
    progress = _publish(made, "dave")
    assert {lack.role: (lack.needed, lack.names) for lack in progress.missing} == {
        "root": (1, ("bob", "carol")),
        "former root": (2, ("alice", "bob", "carol")),
        "targets": (1, ("bob", "carol")),
    }
    assert "! root: 2 of bob, carol, dave" in progress.changes
    progress = _sign(made, "bob")
    assert {lack.role: (lack.needed, lack.names) for lack in progress.missing} == {
        "former root": (1, ("alice", "carol"))
    }
    progress = _sign(made, "alice")
    assert progress.published is False, "alice may sign the root alone, and snapshot is signed by the new list"
    assert _sign(made, "carol").published is True
    published = _published(made)
    assert [root.signed.version for root in published.roots] == [1, 2]


def test_a_root_is_signed_anew_before_it_ends(made: Curation) -> None:
    _publish(made, "alice", "bob")
    _publish(made, "alice", "bob", now=NOW + 280 * DAY, force=True)
    assert [root.signed.version for root in _published(made).roots] == [1, 2]


def test_snapshot_and_timestamp_can_be_a_services(made: Curation) -> None:
    line = public_key("robot").line

    def with_robot(text: str) -> str:
        head, mark, tail = text.partition("[roles.snapshot]")
        tail = tail.replace('"alice", "bob", "carol"', '"robot"')
        return f'{head}[services.robot]\nkey = "{line}"\n\n{mark}{tail}'

    _ledger(made, with_robot)
    progress = _publish(made, "alice", "bob")
    assert [(lack.role, lack.names) for lack in progress.missing] == [("snapshot", ("robot",))]
    assert _sign(made, "robot").signed == ("snapshot", "timestamp")
    fresh = refresh(made.open(), NOW + DAY, signer("robot"))
    assert fresh.signed == ("snapshot", "timestamp")
    with pytest.raises(RefusedError, match=r"timestamp's keyholders \(robot\), found another key"):
        refresh(made.open(), NOW + DAY, signer("alice"))


def test_a_service_holds_neither_root_nor_targets(made: Curation) -> None:
    line = public_key("robot").line
    _ledger(made, lambda text: f'{text}\n[services.robot]\nkey = "{line}"\n')
    _ledger(made, lambda text: text.replace('"alice", "bob", "carol"', '"alice", "bob", "robot"', 1))
    with pytest.raises(InputError, match="robot"):
        _publish(made, "alice")


def test_a_refresh_moves_dates_and_nothing_else(made: Curation) -> None:
    _publish(made, "alice", "bob")
    before = _published(made)
    refresh(made.open(), NOW + 20 * DAY, signer("carol"))
    after = _published(made)
    assert (after.serial, after.chain.targets) == (before.serial, before.chain.targets)
    assert after.chain.timestamp.signed.version == before.chain.timestamp.signed.version + 1
    assert after.chain.timestamp.signed.expires.timestamp() == NOW + 50 * DAY


def test_a_refresh_goes_on_beside_a_staged_edition(made: Curation) -> None:
    _publish(made, "alice", "bob")
    _ledger(made, lambda text: text + REVOKED.format(sha256="c" * 64))
    _publish(made, "alice", now=NOW + DAY)
    refresh(made.open(), NOW + 2 * DAY, signer("bob"))
    assert _sign(made, "bob", NOW + 3 * DAY).published is True
    assert _published(made).chain.snapshot.signed.version == 3


def test_what_has_ended_is_not_refreshed(made: Curation) -> None:
    _publish(made, "alice", "bob")
    with pytest.raises(RefusedError, match="the signatures of targets ended"):
        refresh(made.open(), NOW + 190 * DAY, signer("carol"))


def test_nothing_published_is_nothing_to_refresh(made: Curation) -> None:
    with pytest.raises(RefusedError, match="nothing is published yet"):
        refresh(made.open(), NOW, signer("carol"))


@pytest.mark.parametrize("name", ["1.targets.json", "1.snapshot.json", "timestamp.json", "1.root.json"])
def test_a_published_repository_that_was_edited_is_not_built_upon(name: str, made: Curation) -> None:
    _publish(made, "alice", "bob")
    path = os.path.join(made.open().public_path, "metadata", name)
    with open(path, "rb") as stream:
        data = stream.read()
    with open(path, "wb") as stream:
        stream.write(data.replace(b'"version":1', b'"version":5'))
    with pytest.raises((RepositoryError, InputError), match=r"root|snapshot|targets"):
        _publish(made, "alice", force=True)


def test_a_target_that_was_edited_is_not_built_upon(made: Curation) -> None:
    _publish(made, "alice", "bob")
    shutil.rmtree(os.path.join(made.open().public_path, "targets"))
    with pytest.raises(InputError, match=r"approved\.json"):
        _publish(made, "alice")


def test_the_verbs_say_what_they_do(made: Curation, capsys: pytest.CaptureFixture[str]) -> None:
    here = ["--list", made.path]
    assert cli.main(["publish", *here], world()) == 0
    assert "serial 1 is staged; still needed:\n" in capsys.readouterr().out
    assert cli.main(["publish", *here, "--key", made.key("alice"), "--as", "bob"], world()) == 1
    assert "is not one of theirs" in capsys.readouterr().err
    assert cli.main(["sign", *here, "--key", made.key("alice"), "--as", "alice", "--json"], world()) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["schema"], document["published"], document["signed"]) == (
        "variantkit.publish/1",
        False,
        ["root", "targets"],
    )
    assert cli.main(["sign", *here, "--key", made.key("carol")], world()) == 0
    assert "serial 1 is published: serve the directory public/\n" in capsys.readouterr().out
    assert cli.main(["publish", *here, "--refresh"], world()) == 2
    assert cli.main(["publish", *here, "--refresh", "--key", made.key("bob")], world(NOW + DAY)) == 0
    assert cli.main(["publish", *here], world(NOW + DAY)) == 1
    assert cli.main(["sign", *here, "--key", made.key("bob"), "--as", "nobody"], world()) == 2
