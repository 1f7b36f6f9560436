"""`update`: what is pinned, what is remembered, how a list gets onto a machine, and whether it is still the same."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING

import pytest

from support.curation import make_list_directory, signer, world
from support.imports import ROOT
from support.tuf_attacks import HOLDERS, Forge, approved_list, serve
from variantkit.trust import levels, load_approvals
from variantkit.trust.dates import DAY
from variantkit_allowlist import cli
from variantkit_allowlist.cli.publish import builder
from variantkit_allowlist.repository.publication import publish, sign

from .conftest import NOW

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Machine

AS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
needs_root = pytest.mark.skipif(not AS_ROOT, reason="only root can give a file to another user")
needs_modes = pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _pin(forge: Forge) -> tuple[str, str]:
    return "--root-sha256", _sha256(forge.root)


def _copy(forge: Forge, folder: Path) -> str:
    """A copy of what is published, as on a stick."""
    shutil.rmtree(folder, ignore_errors=True)
    return forge.write(folder)


# --- first use


def test_attack_41_there_is_no_default_list(machine: Machine) -> None:
    found = machine.update()
    assert found.exit == 2
    assert "There is no default one: give --url URL and --root FILE, or --from DIR" in found.told


def test_attack_41_a_url_alone_is_not_believed(machine: Machine) -> None:
    """Without a root, whoever answers at the URL would be trusted."""
    forge = Forge(NOW).publish()
    with serve(forge.files) as site:
        found = machine.update("--url", site.url)
        assert (found.exit, site.asked) == (2, [])
    assert "give --root FILE or --root-sha256 HEX" in found.told


def test_a_root_is_pinned_by_its_file(machine: Machine, tmp_path: Path) -> None:
    forge = Forge(NOW).publish()
    (tmp_path / "root.json").write_bytes(forge.root)
    with serve(forge.files) as site:
        found = machine.update("--url", site.url, "--root", str(tmp_path / "root.json"))
        assert (found.exit, found.printed["changed"]) == (0, True)
        again = machine.update()
    assert (again.exit, again.printed["changed"], again.printed["serial"]) == (0, False, 1)


def test_a_later_root_is_pinned_by_its_digest(machine: Machine) -> None:
    forge = Forge(NOW)
    second = forge.add_root(HOLDERS.replace(root=("dave", "erin")))
    forge.publish()
    with serve(forge.files) as site:
        assert machine.update("--url", site.url, "--root-sha256", _sha256(second)).printed["root-version"] == 2


def test_a_root_with_another_digest_is_refused(machine: Machine) -> None:
    forge = Forge(NOW).publish()
    with serve(forge.files) as site:
        found = machine.update("--url", site.url, "--root-sha256", "0" * 64)
    assert (found.exit, found.code) == (1, "root-mismatch")


@pytest.mark.parametrize("root", [b"", b"junk", b"{}"], ids=["empty", "junk", "object"])
def test_a_root_file_that_is_none_is_refused(root: bytes, machine: Machine, tmp_path: Path) -> None:
    (tmp_path / "root.json").write_bytes(root)
    with serve(Forge(NOW).publish().files) as site:
        found = machine.update("--url", site.url, "--root", str(tmp_path / "root.json"))
    assert (found.exit, found.code) == (1, "metadata-malformed")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--url", "http://lists.example.org/p"), "say --allow-http"),
        (("--url", "ftp://lists.example.org/p"), "expected an http or https URL"),
        (("--url", "https://me:secret@lists.example.org/p"), "put it into netrc"),
        (("--url", "https://lists.example.org/p?x=1"), "found a query"),
        (("--root-sha256", "ABC", "--url", "https://lists.example.org/p"), "64 lower-case hex digits"),
        (("--from", "/nonexistent"), "expected a copy of a published repository"),
        (("--from", "/", "--max-age", "0"), "--max-age"),
        (("--offline",), "no root is pinned yet"),
        (("--root", "/nonexistent", "--url", "https://lists.example.org/p"), "cannot be read"),
    ],
)
def test_wrong_usage_is_exit_2_and_a_sentence(arguments: tuple[str, ...], told: str, machine: Machine) -> None:
    found = machine.update(*arguments)
    assert found.exit == 2
    assert told in found.told
    assert "secret" not in found.told


# --- later uses


def test_a_list_that_moves_needs_its_root_again(machine: Machine) -> None:
    forge = Forge(NOW).publish()
    with serve(forge.files) as first, serve(forge.files) as second:
        assert machine.update("--url", first.url, *_pin(forge)).exit == 0
        found = machine.update("--url", second.url)
        assert (found.exit, found.code) == (1, "other-list")
        assert machine.update("--url", second.url, *_pin(forge)).exit == 0
        assert machine.update().exit == 0
    assert first.asked.count("metadata/timestamp.json") == 1


def test_another_list_takes_the_place_only_with_its_own_root(machine: Machine) -> None:
    forge = Forge(NOW).publish(serial=7)
    others = HOLDERS._replace(names=dict.fromkeys(HOLDERS.names, ("dave", "erin")))
    other = Forge(NOW, others, "example.org/others").publish(approved_list(1, NOW, id="example.org/others", revoked=[]))
    with serve(forge.files) as site:
        assert machine.update("--url", site.url, *_pin(forge)).exit == 0
        site.files.clear()
        site.files.update(other.files)
        assert machine.update().code == "too-few-signatures"
        found = machine.update("--url", site.url, *_pin(other))
    assert (found.exit, found.printed["id"], found.printed["serial"]) == (0, "example.org/others", 1)


def test_two_lists_of_the_same_keyholders_are_not_mixed_up(machine: Machine) -> None:
    forge, other = Forge(NOW).publish(), Forge(NOW, list_id="example.org/others")
    other.publish().publish(approved_list(2, NOW, id="example.org/others"))
    with serve(forge.files) as site:
        assert machine.update("--url", site.url, *_pin(forge)).exit == 0
        site.files.update(other.files)
        assert machine.update().code == "other-list"


def test_a_root_chain_may_not_change_to_another_list(machine: Machine) -> None:
    forge = Forge(NOW).publish()
    with serve(forge.files) as site:
        assert machine.update("--url", site.url, *_pin(forge)).exit == 0
        forge.list_id = "example.org/others"
        forge.add_root(HOLDERS)
        forge.publish(approved_list(2, NOW, id="example.org/others"))
        site.files.update(forge.files)
        found = machine.update(*_pin(forge))
    assert (found.exit, found.code) == (1, "other-list"), "the same root, named again, is no other list's"
    assert "another list has another root" in found.told


# --- offline and air gap


def test_offline_verifies_the_kept_edition_and_installs_it_again(machine: Machine) -> None:
    forge = Forge(NOW).publish()
    with serve(forge.files) as site:
        assert machine.update("--url", site.url, *_pin(forge)).exit == 0
    os.unlink(machine.path)
    found = machine.update("--offline")
    assert (found.exit, found.printed["changed"]) == (0, True)
    assert machine.installed() == approved_list(1, NOW)


def test_offline_puts_back_what_was_installed_although_something_newer_failed(machine: Machine) -> None:
    forge = Forge(NOW).publish()
    with serve(forge.files) as site:
        assert machine.update("--url", site.url, *_pin(forge)).exit == 0
        site.files.update(forge.publish(b"no list", serial=2).files)
        assert machine.update().code == "list-invalid"
    assert machine.update("--offline").printed["serial"] == 1
    assert machine.verify().code == "ok"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("timestamp.json", "too-few-signatures"),
        ("1.snapshot.json", "content-mismatch"),
        ("1.targets.json", "content-mismatch"),
        (".approved.json", "content-mismatch"),
    ],
)
def test_an_edited_cache_is_not_installed(name: str, code: str, machine: Machine) -> None:
    forge = Forge(NOW).publish()
    with serve(forge.files) as site:
        assert machine.update("--url", site.url, *_pin(forge)).exit == 0
    before = machine.installed()
    for folder, _, names in os.walk(machine.state):
        for found in [
            each for each in names if each.endswith(name) and os.path.basename(os.path.dirname(folder)) == "public"
        ]:
            with open(os.path.join(folder, found), "rb+") as stream:
                data = stream.read().replace(b'"version":1', b'"version":3').replace(b'"1.1"', b'"1.3"')
                stream.seek(0)
                stream.write(data)
    found_code = machine.update("--offline")
    assert (found_code.exit, found_code.code) == (1, code)
    assert machine.installed() == before


AGES = [(8, (), 0), (29, (), 0), (31, (), 1), (8, ("--max-age", "5"), 1), (29, ("--max-age", "90"), 0)]


@pytest.mark.parametrize(("days", "arguments", "exit_code"), AGES)
def test_attack_42_a_stick_may_be_days_old_as_far_as_policy_goes(
    days: int, arguments: tuple[str, ...], exit_code: int, machine: Machine, tmp_path: Path
) -> None:
    """The timestamp of an air gap is bounded by --max-age, and by its own end in any case."""
    forge = Forge(NOW - days * DAY).publish(days=dict.fromkeys(("timestamp", "snapshot"), 60 if days == 31 else 30))
    copy = _copy(forge, tmp_path / "stick")
    found = machine.update("--from", copy, *_pin(forge), *arguments)
    assert (found.exit, found.code) == (exit_code, "list-stale" if exit_code else "ok")
    if not exit_code:
        assert machine.update("--offline", *arguments).exit == 0


def test_no_age_that_is_allowed_outlives_the_signature(machine: Machine, tmp_path: Path) -> None:
    forge = Forge(NOW - 31 * DAY).publish()
    found = machine.update("--from", _copy(forge, tmp_path / "stick"), *_pin(forge), "--max-age", "300")
    assert (found.exit, found.code) == (1, "metadata-expired")


def test_a_stick_with_an_older_edition_is_a_rollback(machine: Machine, tmp_path: Path) -> None:
    forge = Forge(NOW).publish()
    old = _copy(forge, tmp_path / "old")
    new = _copy(forge.publish(), tmp_path / "new")
    assert machine.update("--from", new, *_pin(forge)).exit == 0
    assert machine.update("--from", old).code == "rolled-back"


@needs_modes
def test_a_stick_with_a_pipe_in_it_does_not_hold_us_up(machine: Machine, tmp_path: Path) -> None:
    forge = Forge(NOW).publish()
    copy = _copy(forge, tmp_path / "stick")
    os.mkfifo(os.path.join(copy, "metadata", "2.root.json"))
    found = machine.update("--from", copy, *_pin(forge))
    assert (found.exit, found.told.count("\n")) == (3, 1)
    assert "expected a file, found something else" in found.told


def test_a_clock_that_is_behind_is_told(machine: Machine, tmp_path: Path) -> None:
    forge = Forge(NOW).publish()
    found = machine._replace(now=NOW - 9 * DAY).update("--from", _copy(forge, tmp_path / "stick"), *_pin(forge))
    assert (found.exit, machine.installed()) == (3, None)
    assert "set the clock" in found.told


def test_attack_12_a_clock_that_goes_back_does_not_bring_signatures_back(machine: Machine, tmp_path: Path) -> None:
    """Time is not before the latest issue that was seen."""
    forge = Forge(NOW).publish()
    copy = _copy(forge, tmp_path / "stick")
    assert machine.update("--from", copy, *_pin(forge)).exit == 0
    assert machine._replace(now=NOW + 40 * DAY).update("--from", copy, "--max-age", "90").code == "metadata-expired"


# --- the file on this machine


@needs_modes
def test_the_list_is_everybodys_to_read_and_nobody_elses_to_write(machine: Machine, tmp_path: Path) -> None:
    forge = Forge(NOW).publish()
    before = os.umask(0o077)
    try:
        assert machine.update("--from", _copy(forge, tmp_path / "stick"), *_pin(forge)).exit == 0
    finally:
        os.umask(before)
    modes = {path: stat.S_IMODE(os.stat(path).st_mode) for path in (machine.path, os.path.dirname(machine.path))}
    assert modes == {machine.path: 0o644, os.path.dirname(machine.path): 0o755}
    with open(f"{machine.path}.sha256", encoding="ascii") as stream:
        assert stream.read() == f"{_sha256(approved_list(1, NOW))}  approved.json\n"
    with open(os.path.join(machine.state, "trusted_root.json"), "rb") as stream:
        assert stream.read() == b'{"a root": "of Sigstore"}\n'


def test_a_disk_without_room_is_exit_3_and_a_sentence(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forge = Forge(NOW).publish()
    assert machine.update("--from", _copy(forge, tmp_path / "stick"), *_pin(forge)).exit == 0

    def full(*_: object, **__: object) -> str:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/a/full/disk")

    monkeypatch.setattr(tempfile, "mkdtemp", full)
    outcome = machine.update("--offline")
    assert (outcome.exit, outcome.told) == (3, "variantkit-allowlist update: /a/full/disk: No space left on device\n")


@needs_modes
def test_no_umask_lets_others_write_what_update_keeps(machine: Machine, tmp_path: Path) -> None:
    forge = Forge(NOW).publish()
    before = os.umask(0)
    try:
        assert machine.update("--from", _copy(forge, tmp_path / "stick"), *_pin(forge)).exit == 0
    finally:
        os.umask(before)
    for folder, names, files in os.walk(os.path.dirname(machine.path)):
        modes = {path: os.lstat(os.path.join(folder, path)).st_mode for path in (*names, *files)}
        if os.path.basename(folder) == "memory":
            assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700
            names.clear()
        else:
            assert [path for path, mode in modes.items() if mode & 0o022 and not stat.S_ISLNK(mode)] == []


@needs_modes
@pytest.mark.parametrize("kind", ["folder", "pipe", "device", "state"])
def test_a_list_takes_the_place_of_nothing_but_a_file(kind: str, machine: Machine, tmp_path: Path) -> None:
    forge = Forge(NOW).publish()
    place = tmp_path / "machine" / ("list.update" if kind == "state" else "list")
    place.parent.mkdir(mode=0o755)
    if kind == "folder":
        place.mkdir()
    elif kind == "pipe":
        os.mkfifo(place)
    elif kind == "device":
        try:
            os.mknod(place, 0o600 | stat.S_IFCHR, os.makedev(1, 3))
        except PermissionError:
            pytest.skip("only root makes a device")
    here = machine._replace(path=str(place))
    before = os.lstat(place) if kind != "state" else None
    outcome = here.update("--from", _copy(forge, tmp_path / "stick"), *_pin(forge))
    assert (outcome.exit, "expected a file such as approved.json" in outcome.told) == (2, True)
    assert before is None or os.lstat(place).st_mode == before.st_mode
    assert os.listdir(place.parent) == ([] if before is None else ["list"])


@needs_modes
@pytest.mark.parametrize("mode", [0o777, 0o775])
def test_a_folder_that_others_may_write_is_refused(mode: int, machine: Machine, tmp_path: Path) -> None:
    forge = Forge(NOW).publish()
    folder = os.path.dirname(machine.path)
    os.makedirs(folder)
    os.chmod(folder, mode)
    found = machine.update("--from", _copy(forge, tmp_path / "stick"), *_pin(forge))
    assert (found.exit, machine.installed()) == (2, None)
    assert f"run: chmod go-w {folder}" in found.told


@needs_root
def test_a_folder_of_another_user_is_refused_to_root(machine: Machine, tmp_path: Path) -> None:
    forge = Forge(NOW).publish()
    folder = os.path.dirname(machine.path)
    os.makedirs(folder)
    os.chown(folder, 12345, 12345)
    found = machine.update("--from", _copy(forge, tmp_path / "stick"), *_pin(forge))
    assert found.exit == 2
    assert "belongs to user 12345, expected root" in found.told


@needs_modes
def test_a_state_that_others_may_write_is_not_believed(machine: Machine, tmp_path: Path) -> None:
    forge = Forge(NOW).publish()
    copy = _copy(forge, tmp_path / "stick")
    assert machine.update("--from", copy, *_pin(forge)).exit == 0
    os.chmod(os.path.join(machine.state, "pinned.json"), 0o666)
    found = machine.update("--from", copy)
    assert found.exit == 3
    assert "others may write it" in found.told
    assert machine.update("--from", copy, *_pin(forge)).exit == 0, "the root, given anew, mends it"


def test_a_list_lies_where_the_sdk_reads_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    system, user = str(tmp_path / "etc" / "approved.json"), str(tmp_path / "home" / "approved.json")
    monkeypatch.setattr(levels, "system_path", lambda: system)
    monkeypatch.setattr(levels, "user_path", lambda: user)
    monkeypatch.setattr(levels, "memory_path", lambda: None)
    forge = Forge(NOW).publish()
    copy = _copy(forge, tmp_path / "stick")
    for arguments, path in ((["--system"], system), (["--user"], user), ([], system if AS_ROOT else user)):
        assert cli.main(["update", "--json", "--from", copy, *_pin(forge), *arguments], world(NOW)) == 0
        assert json.loads(capsys.readouterr().out)["path"] == path
    found = load_approvals(
        flag=None, variable=None, user_path=user, system_path=system, embedded=None, now=NOW, memory_dir=None
    )
    assert [(item.level, item.approved.serial) for item in found.lists] == [("system", 1), ("user", 1)]
    assert not found.problems


def test_what_was_installed_is_shown_to_people(machine: Machine, tmp_path: Path) -> None:
    forge = Forge(NOW).publish()
    copy = _copy(forge, tmp_path / "stick")
    assert cli.main(["update", "--to", machine.path, "--from", copy, *_pin(forge)], world(NOW)) == 0
    told = machine.capsys.readouterr().out
    assert f"{machine.path}: example.org/providers serial 1 installed\n" in told
    assert "  1 providers, 1 revocations\n" in told


# --- is it still that list


def test_attack_3_one_byte_at_rest_is_noticed_and_mended(machine: Machine, tmp_path: Path) -> None:
    forge = Forge(NOW).publish()
    assert machine.update("--from", _copy(forge, tmp_path / "stick"), *_pin(forge)).exit == 0
    assert (machine.verify().code, machine.verify().exit_code, machine.verify().serial) == ("ok", 0, 1)
    with open(machine.path, "rb+") as stream:
        stream.write(b" ")
    assert (machine.verify().code, machine.verify().exit_code) == ("altered", 1)
    assert machine.update("--offline").printed["changed"] is True
    assert machine.verify().code == "ok"


def test_status_verify_compares_every_list_with_its_signatures(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(levels, "system_path", lambda: str(tmp_path / "none.json"))
    monkeypatch.setattr(levels, "user_path", lambda: machine.path)
    forge = Forge(NOW).publish()
    assert machine.update("--from", _copy(forge, tmp_path / "stick"), *_pin(forge)).exit == 0
    assert cli.main(["status", "--verify", "--json"], world(NOW)) == 0
    (shown,) = json.loads(machine.capsys.readouterr().out)["verified"]
    assert (shown["path"], shown["code"], shown["serial"], shown["root-version"]) == (machine.path, "ok", 1, 1)
    with open(machine.path, "r+b") as stream:
        stream.write(approved_list(1, NOW, exclusive=True))
    assert cli.main(["status", "--verify"], world(NOW)) == 1
    assert "verified: altered: " in machine.capsys.readouterr().out
    shutil.rmtree(machine.state)
    assert cli.main(["status", "--verify"], world(NOW)) == 3


def test_a_list_that_nobody_installed_cannot_be_verified(machine: Machine) -> None:
    assert (machine.verify().code, machine.verify().exit_code) == ("not-verifiable", 3)
    os.makedirs(os.path.dirname(machine.path))
    with open(machine.path, "wb") as stream:
        stream.write(approved_list(1, NOW))
    assert machine.verify().code == "not-verifiable"


def test_signatures_that_ended_are_told(machine: Machine, tmp_path: Path) -> None:
    forge = Forge(NOW).publish()
    assert machine.update("--from", _copy(forge, tmp_path / "stick"), *_pin(forge)).exit == 0
    assert machine._replace(now=NOW + 40 * DAY).verify().code == "metadata-expired"


@pytest.mark.parametrize("role", ["targets", "snapshot", "timestamp"])
def test_the_first_signature_that_ends_is_told(role: str, machine: Machine, tmp_path: Path) -> None:
    forge = Forge(NOW).publish(days={role: 5})
    assert machine.update("--from", _copy(forge, tmp_path / "stick"), *_pin(forge)).exit == 0
    assert machine._replace(now=NOW + 4 * DAY).verify().code == "ok"
    assert machine._replace(now=NOW + 6 * DAY).verify().code == "metadata-expired"


def test_kept_signatures_that_were_exchanged_are_noticed(machine: Machine, tmp_path: Path) -> None:
    forge = Forge(NOW).publish()
    assert machine.update("--from", _copy(forge, tmp_path / "stick"), *_pin(forge)).exit == 0
    stranger = Forge(NOW, HOLDERS._replace(names=dict.fromkeys(HOLDERS.names, ("mallory", "malory"))))
    stranger.publish(approved_list(1, NOW, revoked=[]))
    for path, data in stranger.files.items():
        if "root" not in path:
            place = os.path.join(machine.state, _sha256(forge.root)[:16], "public", *path.split("/"))
            with open(place, "wb") as stream:
                stream.write(data)
    with open(machine.path, "wb") as stream:
        stream.write(approved_list(1, NOW, revoked=[]))
    assert (machine.verify().code, machine.verify().exit_code) == ("too-few-signatures", 1)


# --- from the tool's own `publish`, and without a network


def test_what_publish_makes_is_what_update_takes(machine: Machine, tmp_path: Path) -> None:
    made = make_list_directory(tmp_path)
    directory = made.open()
    publish(directory, builder(directory), NOW, signer("alice"))
    sign(directory, builder(directory), NOW, signer("bob"))
    with open(os.path.join(directory.public_path, "metadata", "1.root.json"), "rb") as stream:
        digest = _sha256(stream.read())
    found = machine.update("--from", made.path, "--root-sha256", digest)
    assert (found.exit, found.printed["serial"], found.printed["signed"]) == (0, 1, found.printed["signed"])


def _can_unshare() -> bool:
    if not shutil.which("unshare"):
        return False
    return subprocess.run(["unshare", "-rn", "true"], check=False, capture_output=True).returncode == 0


@pytest.mark.skipif(not _can_unshare(), reason="no user namespaces here")
def test_a_copy_is_installed_without_any_network(machine: Machine, tmp_path: Path) -> None:
    forge = Forge(NOW).publish()
    copy = _copy(forge, tmp_path / "stick")
    os.makedirs(os.path.dirname(machine.path))
    code = "import sys; from variantkit.trust import levels; levels.memory_path = lambda: None;"
    code += "from variantkit_allowlist.cli import main; sys.exit(main(sys.argv[1:]))"
    command = ["unshare", "-rn", sys.executable, "-c", code, "update", "--to", machine.path]
    for arguments in (["--from", copy, *_pin(forge)], ["--offline"], ["--from", copy]):
        done = subprocess.run([*command, *arguments], check=False, capture_output=True, text=True, cwd=ROOT)
        assert done.returncode == 0, done.stderr
    assert machine.installed() == approved_list(1, NOW)
