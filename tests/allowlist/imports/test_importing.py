"""`import NAME` takes over what another team itself reviewed, for the namespaces it was given, and nothing else."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from support import curation as persons
from support.curation import make_list_directory, world
from support.published_lists import (
    NOW,
    Approved,
    approval_text,
    first_root,
    make_published_list,
    publish_again,
)
from support.static_server import static_server
from variantkit.trust import ApprovedList, parse_approved
from variantkit_allowlist import cli
from variantkit_allowlist.repository.published import read_published
from variantkit_allowlist.store.folder import files_below, marker_text

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.curation import Curation

NAME = "acme-variant-provider"
MAPPED = 'criteria = { "reviewed-source" = "reviewed-source" }'
OURS = "example.com/ours"


class Said(NamedTuple):
    exit: int
    printed: dict[str, Any]
    told: str

    @property
    def taken(self) -> list[str]:
        return [f"{item['package']} {item['version']}" for item in self.printed["taken"]]

    @property
    def left_out(self) -> str:
        return "\n".join(self.printed["left-out"])


class Team(NamedTuple):
    """Our list, which names the partner's as an import."""

    ours: Curation
    partner: Curation
    capsys: pytest.CaptureFixture[str]

    @property
    def kept(self) -> str:
        return os.path.join(self.ours.path, "imports", "partner")

    def run(self, *arguments: str) -> Said:
        self.capsys.readouterr()
        code = cli.main([*arguments, "--list", self.ours.path, "--json"], world(NOW))
        printed = self.capsys.readouterr()
        assert "Traceback" not in printed.err
        return Said(code, json.loads(printed.out) if printed.out else {}, printed.err)

    def take(self, source: str | None = None, *arguments: str) -> Said:
        return self.run("import", "partner", "--from", source or os.path.join(self.partner.path, "public"), *arguments)

    def edition(self) -> ApprovedList:
        """What we publish with what was imported."""
        publish_again(self.ours)
        published = read_published(self.ours.open().public_path)
        data = published.read_target("approved.json") if published else None
        assert data is not None
        return parse_approved(data, "ours")


def import_text(partner: Curation, *, namespaces: str = '["acme"]', criteria: str = MAPPED, url: str = "") -> str:
    with open(first_root(partner), "rb") as stream:
        pin = hashlib.sha256(stream.read()).hexdigest()
    url = url or "https://lists.partner.example/p"
    return f'\n[imports.partner]\nurl = "{url}"\nroot-sha256 = "{pin}"\nnamespaces = {namespaces}\n{criteria}\n'


def make_ours(folder: Path, text: str, *, name: str = OURS, policy: str = "") -> Curation:
    folder.mkdir()
    made = make_list_directory(folder, text, policy=policy)
    path = os.path.join(made.path, "providers.toml")
    with open(path, encoding="utf-8") as stream:
        said = stream.read()
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(said.replace('"example.org/providers"', f'"{name}"'))
    return made


@pytest.fixture
def team(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Team:
    (tmp_path / "partner").mkdir()
    partner = make_published_list(tmp_path / "partner")
    return Team(make_ours(tmp_path / "ours", import_text(partner)), partner, capsys)


def test_r16_what_the_partner_reviewed_for_its_namespace_is_taken_and_published(team: Team) -> None:
    said = team.take()
    assert (said.exit, said.taken, said.left_out) == (0, [f"{NAME} 1.0"], "")
    assert (said.printed["id"], said.printed["serial"]) == ("example.org/providers", 1)
    (entry,) = team.edition().entries
    assert (entry.namespace, entry.package, entry.version) == ("acme", NAME, "1.0")


def test_a_list_is_fetched_from_where_providers_toml_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "partner").mkdir()
    partner = make_published_list(tmp_path / "partner")
    with static_server(os.path.join(partner.path, "public")) as url:
        team = Team(make_ours(tmp_path / "ours", import_text(partner, url=url)), partner, capsys)
        assert team.run("import", "partner").taken == [f"{NAME} 1.0"]


def test_importing_twice_leaves_the_same_bytes(team: Team) -> None:
    assert team.take().exit == 0
    before = {path: _read(team, path) for path in files_below(team.kept)}
    assert team.take().exit == 0
    assert {path: _read(team, path) for path in files_below(team.kept)} == before
    assert {"approved.json", "audits.json", "lock.json", "root.json"} <= set(before)


def _read(team: Team, path: str) -> bytes:
    with open(os.path.join(team.kept, path), "rb") as stream:
        return stream.read()


LIMITS = {
    "row41-namespace-not-named": ({"namespaces": '["other"]'}, "namespace acme is not one that it may speak for"),
    "criteria-not-mapped": ({"criteria": ""}, "its criteria map to none, wanted reviewed-source"),
    "criteria-mapped-to-less": (
        {"criteria": 'criteria = { "reviewed-source" = "reviewed-data" }'},
        "its criteria map to reviewed-data, wanted reviewed-source",
    ),
}


@pytest.mark.parametrize("name", LIMITS)
def test_t23_what_the_import_was_not_given_is_left_out_with_a_line(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changes, why = LIMITS[name]
    (tmp_path / "partner").mkdir()
    partner = make_published_list(tmp_path / "partner")
    team = Team(make_ours(tmp_path / "ours", import_text(partner, **changes)), partner, capsys)
    said = team.take()
    assert (said.exit, said.taken, said.left_out) == (0, [], f"import partner: {NAME} 1.0: {why}")
    assert team.edition().entries == ()


def test_t23_what_the_partner_took_over_from_others_does_not_go_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "third").mkdir()
    gone = '\n[[revoked]]\npackage = "x-provider"\nsince = 2026-11-01\nreason = "Stolen."\n'
    third = make_published_list(tmp_path / "third", gone)
    partner = make_ours(tmp_path / "partner", import_text(third), name="example.net/partner")
    assert Team(partner, third, capsys).take().exit == 0
    publish_again(partner)
    team = Team(make_ours(tmp_path / "ours", import_text(partner)), partner, capsys)
    said = team.take()
    assert said.taken == []
    assert "it is in their list and not in their own audits: imports do not go on" in said.left_out
    edition = team.edition()
    assert edition.entries == ()
    assert [gone.package for gone in edition.revoked] == ["x-provider"], "revocations do go on"


def own_wheel(team: Team, version: str = "7.0", digit: str = "7") -> str:
    return approval_text(Approved(NAME, version, f"{version}.whl", digit * 64), evidence="key")


def test_the_partners_revocations_apply_whatever_they_are_about(team: Team) -> None:
    gone = '\n[[revoked]]\npackage = "elsewhere-provider"\nsince = 2026-11-01\nreason = "Stolen."\n'
    mine = f'\n[[revoked]]\nsha256 = ["{"7" * 64}"]\nsince = 2026-11-01\nreason = "It lied."\n'
    publish_again(team.partner, gone + mine)
    with open(os.path.join(team.ours.path, "providers.toml"), "a", encoding="utf-8") as stream:
        stream.write(own_wheel(team))
    assert team.take().printed["revocations"] == 2
    edition = team.edition()
    assert {(item.package, item.sha256) for item in edition.revoked} == {("elsewhere-provider", ()), ("", ("7" * 64,))}
    assert [entry.version for entry in edition.entries] == ["1.0"], "our own approval of those bytes has ended"


def test_t23_our_own_revocation_wins_over_the_partners_approval(team: Team) -> None:
    gone = f'\n[[revoked]]\npackage = "{NAME}"\nversion = "1"\nsince = 2026-11-01\nreason = "Not here."\n'
    with open(os.path.join(team.ours.path, "providers.toml"), "a", encoding="utf-8") as stream:
        stream.write(gone)
    said = team.take()
    assert (said.taken, said.left_out) == ([], f"import partner: {NAME} 1.0: revoked")
    assert team.edition().entries == ()


def test_our_own_entry_wins_over_the_partners_for_the_same_version(team: Team) -> None:
    with open(os.path.join(team.ours.path, "providers.toml"), "a", encoding="utf-8") as stream:
        stream.write(own_wheel(team, "1.0.0"))
    said = team.take()
    assert (said.taken, said.left_out) == ([], f"import partner: {NAME} 1.0: this list has an entry of its own")
    (entry,) = team.edition().entries
    assert entry.sha256 == ("7" * 64,)


@pytest.mark.parametrize(
    ("evidence", "policy", "why"),
    [
        ("none", "", "policy.unattested is off"),
        ("none", "unattested = true", None),
        ("key", 'evidence = ["identity"]', "its evidence is key, which policy.evidence does not take"),
        ("key", "", None),
    ],
)
def test_evidence_that_our_policy_would_not_take_is_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], evidence: str, policy: str, why: str | None
) -> None:
    (tmp_path / "partner").mkdir()
    partner = make_published_list(tmp_path / "partner", wheels=())
    publish_again(partner, approval_text(Approved(NAME, "7.0", "x.whl", "7" * 64), evidence=evidence))
    team = Team(make_ours(tmp_path / "ours", import_text(partner), policy=policy), partner, capsys)
    said = team.take()
    assert said.taken == ([] if why else [f"{NAME} 7.0"])
    assert (why or "") in said.left_out


def _edit(team: Team, path: str, change: Callable[[bytes], bytes]) -> None:
    with open(os.path.join(team.kept, path), "rb") as stream:
        data = stream.read()
    with open(os.path.join(team.kept, path), "wb") as stream:
        stream.write(change(data))


def _relock(team: Team, **about: str | int) -> None:
    """Make the lock agree with the files, as somebody who may write both would."""
    lock = json.loads(_read(team, "lock.json"))
    files = {path: _read(team, path) for path in files_below(team.kept) if path != "lock.json"}
    said = {key: lock[key] for key in ("url", "root-sha256", "id", "serial", "version")} | about
    with open(os.path.join(team.kept, "lock.json"), "wb") as stream:
        stream.write(marker_text(files, "variantkit.import-lock/1", said))


def _edit_both(team: Team, path: str, change: Callable[[bytes], bytes]) -> None:
    _edit(team, path, change)
    _relock(team)


def _drop_signatures(team: Team) -> None:
    shutil.rmtree(os.path.join(team.kept, "metadata"))
    _relock(team)


def _add_hash(data: bytes) -> bytes:
    document = json.loads(data)
    document["providers"][0]["sha256"].append("9" * 64)
    return json.dumps(document).encode()


def _drop_revocations(data: bytes) -> bytes:
    return json.dumps(json.loads(data) | {"revoked": []}).encode()


def _forged(team: Team) -> None:
    """The whole import made by a stranger with keys of their own."""
    shutil.rmtree(team.kept)
    folder = os.path.dirname(team.partner.path)
    key = persons.private_key
    persons.private_key = lambda name: key(f"stranger {name}")
    try:
        os.mkdir(os.path.join(folder, "stranger"))
        from pathlib import Path

        forged = make_published_list(Path(folder) / "stranger")
    finally:
        persons.private_key = key
    with open(os.path.join(team.ours.path, "providers.toml"), "rb") as stream:
        kept = stream.read()
    pins = [hashlib.sha256(_bytes(first_root(item))).hexdigest().encode() for item in (team.partner, forged)]
    with open(os.path.join(team.ours.path, "providers.toml"), "wb") as stream:
        stream.write(kept.replace(pins[0], pins[1]))
    assert team.take(os.path.join(forged.path, "public")).exit == 0
    with open(os.path.join(team.ours.path, "providers.toml"), "wb") as stream:
        stream.write(kept)
    _relock(team, **{"root-sha256": pins[0].decode()})


def _bytes(path: str) -> bytes:
    with open(path, "rb") as stream:
        return stream.read()


CHANGES: dict[str, tuple[Callable[[Team], object], str]] = {
    "approved-without-lock": (lambda team: _edit(team, "approved.json", _add_hash), "as lock.json pins it"),
    "audits-without-lock": (lambda team: _edit(team, "audits.json", lambda data: data + b" "), "as lock.json pins it"),
    "approved-and-lock": (lambda team: _edit_both(team, "approved.json", _add_hash), "approved.json"),
    "revocations-gone": (lambda team: _edit_both(team, "approved.json", _drop_revocations), "approved.json"),
    "audits-and-lock": (
        lambda team: _edit_both(team, "audits.json", lambda data: data.replace(b"reviewed-", b"x-")),
        "audits.json",
    ),
    "lock-of-another-serial": (lambda team: _relock(team, serial=2), "lock.json: serial: expected 1, found 2"),
    "lock-of-another-url": (lambda team: _relock(team, url="https://attacker.example/"), "lock.json: url"),
    "no-lock": (lambda team: os.unlink(os.path.join(team.kept, "lock.json")), "expected lock.json, found none"),
    "lock-is-not-json": (lambda team: _edit(team, "lock.json", lambda data: b"{"), "lock.json cannot be read"),
    "no-signatures": (
        _drop_signatures,
        "expected metadata/timestamp.json, found none",
    ),
    "file-added": (lambda team: _edit_new(team, "more.json"), "more.json: expected no such file"),
    "stranger": (_forged, "found another"),
}


def _edit_new(team: Team, path: str) -> None:
    with open(os.path.join(team.kept, path), "wb") as stream:
        stream.write(b"{}")


@pytest.mark.parametrize("name", CHANGES)
def test_t22_what_is_kept_cannot_be_changed_by_whoever_may_write_the_list(team: Team, name: str) -> None:
    assert team.take().exit == 0
    change, why = CHANGES[name]
    change(team)
    for verb in (["publish"], ["import", "partner", "--locked"]):
        said = team.run(*verb)
        assert said.exit == 1, said
        assert why in said.told
    assert not os.path.exists(os.path.join(team.ours.path, "public"))


def test_t22_importing_again_mends_what_was_changed(team: Team) -> None:
    assert team.take().exit == 0
    _edit(team, "approved.json", _add_hash)
    assert team.take().exit == 0
    assert team.run("import", "partner", "--locked").taken == [f"{NAME} 1.0"]


def test_row41_another_root_than_the_pinned_one_is_refused_and_nothing_is_kept(
    team: Team, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = persons.private_key
    monkeypatch.setattr(persons, "private_key", lambda name: key(f"stranger {name}"))
    (tmp_path / "stranger").mkdir()
    stranger = make_published_list(tmp_path / "stranger")
    said = team.take(os.path.join(stranger.path, "public"))
    assert said.exit == 1
    assert "expected a root with sha256" in said.told
    assert not os.path.exists(team.kept)


def test_an_older_edition_is_refused_and_the_newer_one_stays(team: Team, tmp_path: Path) -> None:
    shutil.copytree(os.path.join(team.partner.path, "public"), tmp_path / "old")
    publish_again(team.partner)
    assert team.take().printed["serial"] == 2
    said = team.take(str(tmp_path / "old"))
    assert said.exit == 1
    assert "serial 1, but 2 was imported" in said.told
    assert team.run("import", "partner", "--locked").printed["serial"] == 2


def test_keys_that_the_partner_changed_by_the_old_ones_are_followed_and_kept(team: Team) -> None:
    path = os.path.join(team.partner.path, "providers.toml")
    with open(path, encoding="utf-8") as stream:
        text = stream.read()
    head, _, tail = text.rpartition('keyholders = ["alice", "bob", "carol"]')
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(f'{head}keyholders = ["alice", "bob"]{tail}')
    publish_again(team.partner)
    assert team.take().printed["serial"] == 2
    assert "metadata/2.root.json" in files_below(team.kept)
    assert team.run("import", "partner", "--locked").taken == [f"{NAME} 1.0"]
    os.unlink(os.path.join(team.kept, "metadata/2.root.json"))
    _relock(team)
    said = team.run("publish")
    assert said.exit == 1
    assert "expected root 2 as the timestamp says, found 1" in said.told


def test_an_edition_that_forgets_a_revocation_is_refused(team: Team, tmp_path: Path) -> None:
    shutil.copytree(team.partner.path, tmp_path / "forgetful")
    publish_again(team.partner, '\n[[revoked]]\npackage = "x-provider"\nsince = 2026-11-01\nreason = "Stolen."\n')
    assert team.take().exit == 0
    forgetful = team.partner._replace(path=str(tmp_path / "forgetful"))
    publish_again(forgetful)
    publish_again(forgetful)
    said = team.take(os.path.join(forgetful.path, "public"))
    assert said.exit == 1
    assert "forgets what was revoked: x-provider" in said.told


def test_row40_a_verification_summary_alone_is_no_list(team: Team, tmp_path: Path) -> None:
    public = tmp_path / "public"
    shutil.copytree(os.path.join(team.partner.path, "public"), public)
    for path in files_below(str(public / "targets")):
        if path.endswith(".approved.json"):
            (public / "targets" / path).unlink()
    said = team.take(str(public))
    assert said.exit == 1
    assert "is not whole" in said.told
    (tmp_path / "vsa.json").write_text("{}")
    assert team.take(str(tmp_path / "vsa.json")).exit == 2
    assert not os.path.exists(team.kept)


def test_an_air_gapped_copy_may_be_so_old_and_no_older(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "partner").mkdir()
    partner = make_published_list(tmp_path / "partner", now=NOW - 8 * 86400)
    team = Team(make_ours(tmp_path / "ours", import_text(partner)), partner, capsys)
    assert team.take().exit == 0
    assert "8 days ago" in team.take(None, "--max-age", "5").told


def test_their_entries_end_with_their_list(team: Team) -> None:
    assert team.take().exit == 0
    (entry,) = team.edition().entries
    assert entry.expires is not None
    assert entry.expires <= NOW + 366 * 86400


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["nobody"], 2, "expected [imports.nobody]"),
        (["partner", "--locked"], 1, "nothing is kept yet"),
        (["partner", "--from", "/nowhere"], 2, "expected a copy of a published repository"),
    ],
)
def test_what_is_missing_is_named(team: Team, words: list[str], code: int, told: str) -> None:
    said = team.run("import", *words)
    assert said.exit == code
    assert told in said.told


def test_the_site_shows_what_was_taken_over(team: Team, tmp_path: Path) -> None:
    assert team.take().exit == 0
    team.edition()
    assert team.run("site", str(tmp_path / "site")).exit == 0
    assert "calls partner" in (tmp_path / "site" / "package" / f"{NAME}.html").read_text()


def test_a_list_does_not_import_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "partner").mkdir()
    partner = make_published_list(tmp_path / "partner")
    team = Team(make_ours(tmp_path / "ours", import_text(partner), name="example.org/providers"), partner, capsys)
    said = team.take()
    assert said.exit == 1
    assert "cannot import itself" in said.told
