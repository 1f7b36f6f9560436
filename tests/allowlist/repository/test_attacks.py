"""Attacks on a published list: each is refused, with its code, and what was installed stays as it was."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from support.curation import public_key
from support.tuf_attacks import (
    HOLDERS,
    PERSONS,
    REVOKED,
    Endless,
    Forge,
    Keyholders,
    approved_list,
    drip,
    hang,
    serve,
    sign,
)
from variantkit.trust.approved import parse_approved
from variantkit.trust.dates import DAY, format_date
from variantkit_allowlist.repository import sources
from variantkit_allowlist.repository.tuf_api import Metadata, Root

from .conftest import NOW

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .conftest import Machine


class Attack(NamedTuple):
    """What an attacker does to a repository of which an edition is installed, and the code that answers it."""

    name: str
    code: str
    change: Callable[[Forge], object]
    exit: int = 1


def _old_again(forge: Forge) -> None:
    forge.publish()
    forge.files["metadata/timestamp.json"] = forge.stamps[0]


def _swap(forge: Forge, ending: str, data: bytes) -> None:
    forge.publish()
    forge.files[forge.path_of(ending)] = data


def _edit(forge: Forge, ending: str) -> None:
    """Another byte of a signed file, the length the same."""
    forge.publish()
    path = forge.path_of(ending)
    data = forge.files[path]
    forge.files[path] = data.replace(b'"version":3', b'"version":4')
    assert forge.files[path] != data


def _mix(forge: Forge) -> None:
    """The newest timestamp and snapshot, with the targets of the edition before under the new name."""
    forge.publish()
    forge.files["metadata/3.targets.json"] = forge.files["metadata/2.targets.json"]


def _unhashed_mix(forge: Forge) -> None:
    """The same against a snapshot that names versions alone."""
    forge.publish(hashed=False)
    forge.files["metadata/3.targets.json"] = forge.files["metadata/2.targets.json"]


def _without(forge: Forge, ending: str) -> None:
    forge.publish()
    del forge.files[forge.path_of(ending)]


def _twice(forge: Forge) -> None:
    """One signature, put in twice."""
    forge.publish(signers={"targets": ("alice",)}, hashed=False)
    _change_signatures(forge, lambda found: [*found, *found])


def _as_bob(forge: Forge) -> None:
    """Alice's signature, a second time under the name of Bob's key."""
    forge.publish(signers={"targets": ("alice",)}, hashed=False)
    bob = public_key("bob").tuf_key().keyid
    _change_signatures(forge, lambda found: [*found, {**found[0], "keyid": bob}])


def _change_signatures(forge: Forge, change: Callable[[list[dict[str, str]]], list[dict[str, str]]]) -> None:
    path = forge.path_of(".targets.json")
    document = json.loads(forge.files[path])
    document["signatures"] = change(document["signatures"])
    forge.files[path] = json.dumps(document).encode()


def _one_key_twice_in_root(forge: Forge) -> None:
    """A root in which one key has two ids, so that one person reaches a threshold of two."""
    forge.add_root(HOLDERS)
    root = forge.roots[-1].signed
    alice = public_key("alice").tuf_key()
    again = type(alice)("f" * 64, alice.keytype, alice.scheme, alice.keyval)
    root.add_key(again, "targets")
    forge.roots[-1] = sign(root, ("alice", "bob"))
    forge.files["metadata/2.root.json"] = forge.roots[-1].to_bytes()
    forge.publish()


def _other_repository(forge: Forge) -> None:
    """Everything but the first root signed anew by strangers."""
    strangers = Forge(NOW, Keyholders(dict.fromkeys(HOLDERS.names, ("mallory", "malory", "mallorie"))))
    root = forge.root
    forge.files = strangers.publish().publish().publish().files
    forge.files["metadata/1.root.json"] = root


def _rotate(forge: Forge, holders: Keyholders, signers: tuple[str, ...]) -> None:
    forge.add_root(holders, signers)
    forge.publish()


def _withhold_root(forge: Forge) -> None:
    """The newest root is not served, so that those whom it removed still count."""
    forge.add_root(HOLDERS.replace(targets=("dave", "erin")))
    forge.publish(signers={"targets": ("alice", "bob")})
    del forge.files["metadata/2.root.json"]


NEW = HOLDERS.replace(root=("dave", "erin", "carol"))
STRANGERS = ("mallory", "malory")
MONTH = 30 * DAY

ATTACKS = (
    Attack(
        "expired-timestamp", "metadata-expired", lambda forge: forge.publish(now=NOW - 2 * DAY, days={"timestamp": 1})
    ),
    Attack("expired-snapshot", "metadata-expired", lambda forge: forge.publish(days={"snapshot": -1})),
    Attack("expired-targets", "metadata-expired", lambda forge: forge.publish(days={"targets": -1})),
    Attack("expired-root", "metadata-expired", lambda forge: forge.add_root(HOLDERS, days=-1) and forge.publish()),
    Attack("T21-rollback", "rolled-back", _old_again),
    Attack("T21-rollback-of-snapshot", "rolled-back", lambda forge: forge.publish(versions={"snapshot": 1})),
    Attack("T21-freeze", "list-stale", lambda forge: forge.publish(now=NOW - 8 * DAY)),
    Attack("T21-freeze-past-expiry", "metadata-expired", lambda forge: forge.publish(now=NOW - 31 * DAY)),
    Attack("target-changed", "content-mismatch", lambda forge: _swap(forge, ".approved.json", approved_list(4, NOW))),
    Attack("target-longer", "too-long", lambda forge: _swap(forge, ".approved.json", approved_list(3, NOW) + b" " * 9)),
    Attack("target-missing", "target-missing", lambda forge: _without(forge, ".approved.json")),
    Attack("targets-missing", "target-missing", lambda forge: _without(forge, ".targets.json")),
    Attack("snapshot-missing", "target-missing", lambda forge: _without(forge, ".snapshot.json")),
    Attack("targets-edited", "content-mismatch", lambda forge: _edit(forge, "3.targets.json")),
    Attack("snapshot-edited", "content-mismatch", lambda forge: _edit(forge, "3.snapshot.json")),
    Attack("mix-and-match", "content-mismatch", _mix),
    Attack("mix-and-match-of-versions", "rolled-back", _unhashed_mix),
    Attack("T22-one-of-two", "too-few-signatures", lambda forge: forge.publish(signers={"targets": ("alice",)})),
    Attack("T22-one-signature-twice", "metadata-malformed", _twice),
    Attack("T22-one-signature-under-two-keys", "too-few-signatures", _as_bob),
    Attack("T22-one-key-with-two-ids", "too-few-signatures", _one_key_twice_in_root),
    Attack("unknown-keys", "too-few-signatures", lambda forge: forge.publish(signers={"targets": STRANGERS})),
    Attack(
        "unknown-timestamp-key", "too-few-signatures", lambda forge: forge.publish(signers={"timestamp": STRANGERS})
    ),
    Attack(
        "rotation-by-one-of-the-old", "too-few-signatures", lambda forge: _rotate(forge, NEW, ("alice", "dave", "erin"))
    ),
    Attack("rotation-below-the-new", "too-few-signatures", lambda forge: _rotate(forge, NEW, ("alice", "bob", "dave"))),
    Attack("rotation-by-strangers", "too-few-signatures", lambda forge: _rotate(forge, NEW, STRANGERS)),
    Attack("other-repository", "too-few-signatures", _other_repository),
    Attack("not-json", "metadata-malformed", lambda forge: _swap(forge, "timestamp.json", b"<html>welcome</html>")),
    Attack("deep-json", "metadata-malformed", lambda forge: _swap(forge, "timestamp.json", b"[" * 16000)),
    Attack("wrong-role", "metadata-malformed", lambda forge: _swap(forge, "timestamp.json", forge.root)),
    Attack("another-tool", "metadata-malformed", lambda forge: forge.publish(own={"issued": "yesterday"})),
    Attack("root-withheld", "rolled-back", _withhold_root),
    Attack("future", "clock-before-list", lambda forge: forge.publish(now=NOW + 3 * DAY), exit=3),
)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_an_attack_is_refused_and_the_installed_list_stays(attack: Attack, machine: Machine) -> None:
    forge = Forge(NOW).publish().publish()
    with serve(forge.files) as site:
        assert machine.update("--url", site.url, "--root-sha256", _sha256(forge.root)).exit == 0
        before = machine.installed()
        attack.change(forge)
        site.files.clear()
        site.files.update(forge.files)
        found = machine.update()
    assert (found.exit, found.code) == (attack.exit, attack.code), found
    assert found.told.startswith("variantkit-allowlist update: ")
    assert found.told.count("\n") == 1
    assert machine.installed() == before
    assert machine.verify().code == "ok"


@pytest.mark.parametrize("attack", [a for a in ATTACKS if "rollback" not in a.name], ids=lambda attack: attack.name)
def test_a_machine_that_never_had_the_list_installs_nothing(attack: Attack, machine: Machine, tmp_path: Path) -> None:
    forge = Forge(NOW).publish().publish()
    root = tmp_path / "root.json"
    root.write_bytes(forge.root)
    attack.change(forge)
    with serve(forge.files) as site:
        found = machine.update("--url", site.url, "--root", str(root))
    assert (found.exit, found.code) == (attack.exit, attack.code), found
    assert machine.installed() is None
    assert "give --root" in machine.update("--url", site.url).told, "a root that led to nothing is not remembered"


class Evil(NamedTuple):
    """An enforcement file that the keyholders signed all the same."""

    name: str
    code: str
    data: bytes


EVIL = (
    Evil("t21_lower-serial", "rolled-back", approved_list(4, NOW)),
    Evil("serial-of-another-version", "list-invalid", approved_list(7, NOW)),
    Evil("vanished-revocation", "revocation-vanished", approved_list(6, NOW, revoked=[])),
    Evil(
        "narrowed-revocation", "revocation-vanished", approved_list(6, NOW, revoked=[{"package": REVOKED["package"]}])
    ),
    Evil("other-id", "other-list", approved_list(6, NOW, id="example.org/others")),
    Evil("no-id", "list-invalid", approved_list(6, NOW, id=None)),
    Evil("unknown-critical-key", "list-invalid", approved_list(6, NOW, critical=["quantum"], quantum=True)),
    Evil(
        "expired-list",
        "list-expired",
        approved_list(6, NOW - 9 * DAY, **dict.fromkeys(("renew_by", "expires"), format_date(NOW - DAY))),
    ),
    Evil("not-a-list", "list-invalid", b"[]"),
    Evil("duplicate-key", "list-invalid", approved_list(6, NOW)[:-1] + b', "revoked": []}'),
    Evil("larger-than-a-list", "too-long", approved_list(6, NOW) + b" " * (1 << 20)),
)


@pytest.mark.parametrize("evil", EVIL, ids=lambda evil: evil.name)
def test_a_list_that_was_signed_and_is_none_is_refused(evil: Evil, machine: Machine) -> None:
    forge = Forge(NOW).publish(serial=5)
    with serve(forge.files) as site:
        assert machine.update("--url", site.url, "--root-sha256", _sha256(forge.root)).exit == 0
        before = machine.installed()
        serial = 4 if "lower" in evil.name else 6
        site.files.update(forge.publish(evil.data, serial=serial).files)
        found = machine.update()
    assert (found.exit, found.code) == (1, evil.code), found
    assert machine.installed() == before


def test_t21_a_machine_without_memory_takes_what_still_lasts_unless_a_serial_is_pinned(machine: Machine) -> None:
    forge = Forge(NOW - 6 * DAY).publish()
    old = dict(forge.files)
    forge.publish(now=NOW)
    pin = ("--root-sha256", _sha256(forge.root))
    with serve(old) as site:
        refused = machine.update("--url", site.url, *pin, "--min-serial", "2")
        assert (refused.exit, refused.code, machine.installed()) == (1, "list-rolled-back", None)
        assert "serial 1 is below 2, which --min-serial asks for" in refused.told
        assert machine.update("--url", site.url, *pin, "--min-serial", "1").exit == 0


def test_attack_8_the_memory_of_serials_outlives_the_state_of_updates(machine: Machine) -> None:
    import shutil

    forge = Forge(NOW).publish()
    old = dict(forge.files)
    pin = ("--root-sha256", _sha256(forge.root))
    with serve(forge.publish().files) as site:
        assert machine.update("--url", site.url, *pin).exit == 0
        shutil.rmtree(os.path.dirname(machine.path))
        site.files.update(old)
        found = machine.update("--url", site.url, *pin)
    assert (found.exit, found.code) == (1, "list-rolled-back")
    assert machine.installed() is None


def test_t21_the_list_on_disk_is_a_floor_where_all_memory_is_lost(machine: Machine) -> None:
    import shutil

    forge = Forge(NOW).publish()
    old = dict(forge.files)
    pin = ("--root-sha256", _sha256(forge.root))
    with serve(forge.publish().files) as site:
        assert machine.update("--url", site.url, *pin).exit == 0
        shutil.rmtree(machine.state)
        site.files.update(old)
        found = machine.forget_serials().update("--url", site.url, *pin)
    assert (found.exit, found.code) == (1, "list-rolled-back")


def test_a_serial_with_other_content_is_refused(machine: Machine) -> None:
    forge = Forge(NOW).publish()
    with serve(forge.files) as site:
        assert machine.update("--url", site.url, "--root-sha256", _sha256(forge.root)).exit == 0
        changed = approved_list(1, NOW, exclusive=True)
        site.files.update(forge.publish(changed, serial=1).files)
        found = machine.update()
    assert (found.exit, found.code) == (1, "serial-reused")


def test_a_root_that_changes_by_both_lists_of_keyholders_is_followed(machine: Machine) -> None:
    forge = Forge(NOW).publish()
    with serve(forge.files) as site:
        assert machine.update("--url", site.url, "--root-sha256", _sha256(forge.root)).exit == 0
        forge.add_root(NEW)
        forge.add_root(NEW.replace(targets=("dave", "erin")))
        site.files.update(forge.publish().files)
        found = machine.update()
        assert (found.exit, found.printed["root-version"], found.printed["serial"]) == (0, 3, 2)
        fresh = machine._replace(path=f"{machine.path}.other")
        assert fresh.update("--url", site.url, "--root-sha256", _sha256(forge.root)).printed["root-version"] == 3


def test_a_fast_forward_is_recovered_by_new_keys_of_snapshot_and_timestamp(machine: Machine) -> None:
    forge = Forge(NOW).publish()
    with serve(forge.files) as site:
        assert machine.update("--url", site.url, "--root-sha256", _sha256(forge.root)).exit == 0
        stolen = Forge(NOW)
        stolen.files = dict(forge.files)
        stolen.version = 1
        stolen.publish(serial=1, versions={"snapshot": 10**6, "timestamp": 10**6})
        site.files.update(stolen.files)
        machine.update()
        site.files.update(forge.publish().files)
        assert machine.update().code == "rolled-back", "the stolen version is in the way"
        forge.add_root(HOLDERS.replace(snapshot=("dave",), timestamp=("dave",)))
        site.files.update(forge.publish().files)
        found = machine.update()
    assert (found.exit, found.printed.get("serial")) == (0, 3), found


@pytest.mark.parametrize(
    ("path", "most"),
    [("metadata/timestamp.json", 16384), ("metadata/2.root.json", 512_000), ("metadata/2.snapshot.json", 20_000)],
)
def test_endless_metadata_is_cut_off(path: str, most: int, machine: Machine) -> None:
    forge = Forge(NOW).publish()
    with serve(forge.files) as site:
        assert machine.update("--url", site.url, "--root-sha256", _sha256(forge.root)).exit == 0
        site.files.update(forge.publish().files)
        site.answers[path] = endless = Endless()
        found = machine.update()
    assert (found.exit, found.code) == (1, "too-long")
    assert endless.sent < most + 8_000_000, "no more than what lies in the buffers of a loopback connection"


def test_an_endless_target_is_cut_off(machine: Machine) -> None:
    forge = Forge(NOW).publish()
    with serve(forge.files) as site:
        site.answers[forge.path_of(".approved.json")] = endless = Endless()
        found = machine.update("--url", site.url, "--root-sha256", _sha256(forge.root))
    assert (found.exit, found.code) == (1, "too-long")
    assert endless.sent < 8_000_000


@pytest.mark.parametrize("slow", [drip, hang], ids=["drip", "hang"])
@pytest.mark.parametrize("path", ["metadata/timestamp.json", "metadata/1.root.json"])
def test_a_slow_server_is_given_up(
    slow: Callable[[Any], Any], path: str, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "FILE_SECONDS", 0.5)
    forge = Forge(NOW).publish()
    with serve(forge.files) as site:
        site.answers[path] = slow(site)
        began = time.monotonic()
        found = machine.update("--url", site.url, "--root-sha256", _sha256(forge.root))
    assert found.exit == 3, found
    assert time.monotonic() - began < 6
    assert "took too long" in found.told or "timed out" in found.told


@pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://127.0.0.1/x", "//[", ""])
def test_a_redirect_to_another_scheme_is_not_followed(location: str, machine: Machine) -> None:
    forge = Forge(NOW).publish()
    with serve(forge.files) as site:
        site.answers["metadata/timestamp.json"] = (302, {"Location": location})
        found = machine.update("--url", site.url, "--root-sha256", _sha256(forge.root))
    assert found.exit in (1, 3), found
    assert machine.installed() is None


def test_a_redirect_within_http_is_followed(machine: Machine) -> None:
    forge = Forge(NOW).publish()
    with serve(forge.files) as real, serve({}) as site:
        for path in [*forge.files, "metadata/2.root.json"]:
            site.answers[path] = (302, {"Location": f"{real.url}/{path}"})
        assert machine.update("--url", site.url, "--root-sha256", _sha256(forge.root)).exit == 0


def test_a_server_that_is_gone_is_exit_3_and_one_sentence(machine: Machine) -> None:
    forge = Forge(NOW).publish()
    with serve(forge.files) as site:
        assert machine.update("--url", site.url, "--root-sha256", _sha256(forge.root)).exit == 0
    before = machine.installed()
    found = machine.update()
    assert (found.exit, found.code) == (3, "unreachable")
    assert found.told.count("\n") == 1
    assert "nothing was installed" in found.told
    assert machine.installed() == before
    assert machine.verify().code == "ok"


def test_a_server_that_fails_or_wants_a_login_is_exit_3(machine: Machine) -> None:
    forge = Forge(NOW).publish()
    with serve(forge.files) as site:
        for status in (500, 401, 404):
            site.answers["metadata/timestamp.json"] = status
            assert machine.update("--url", site.url, "--root-sha256", _sha256(forge.root)).exit == 3


def test_object_storage_that_says_forbidden_for_absent_serves_a_list(machine: Machine) -> None:
    forge = Forge(NOW).publish()
    with serve(forge.files) as site:
        site.answers["metadata/2.root.json"] = 403
        assert machine.update("--url", site.url, "--root-sha256", _sha256(forge.root)).exit == 0


@pytest.mark.parametrize("name", ["timestamp.json", "snapshot.json", "targets.json", "root_history/1.root.json"])
@pytest.mark.parametrize(
    "junk", [b"", b"junk", b'{"signed": {}, "signatures": []}'], ids=["empty", "junk", "empty-json"]
)
def test_junk_in_the_local_memory_is_of_no_effect(name: str, junk: bytes, machine: Machine) -> None:
    forge = Forge(NOW).publish()
    with serve(forge.files) as site:
        assert machine.update("--url", site.url, "--root-sha256", _sha256(forge.root)).exit == 0
        (memory,) = [
            os.path.join(machine.state, each, "memory") for each in os.listdir(machine.state) if len(each) == 16
        ]
        with open(os.path.join(memory, name), "wb") as stream:
            stream.write(junk)
        site.files.update(forge.publish().files)
        found = machine.update()
    assert (found.exit, found.printed["serial"]) == (0, 2)


def test_an_edited_target_in_the_local_memory_is_fetched_again(machine: Machine) -> None:
    forge = Forge(NOW).publish()
    with serve(forge.files) as site:
        assert machine.update("--url", site.url, "--root-sha256", _sha256(forge.root)).exit == 0
        for folder, _, names in os.walk(machine.state):
            for name in names:
                if os.path.basename(folder) == "targets":
                    with open(os.path.join(folder, name), "ab") as stream:
                        stream.write(b" ")
        os.unlink(machine.path)
        assert machine.update().exit == 0
    assert machine.installed() == approved_list(1, NOW)


def test_the_whole_update_takes_milliseconds_on_loopback(machine: Machine) -> None:
    """A server that answers in one packet: what is measured is ours, so a delay of ours would show."""
    forge = Forge(NOW).publish()
    with serve(forge.files) as site:
        machine.update("--url", site.url, "--root-sha256", _sha256(forge.root))
        began = time.perf_counter()
        assert machine.update().exit == 0
        assert time.perf_counter() - began < 2
    assert not any(path.startswith("targets/") for path in site.asked[-2:]), "what is known is not fetched again"


def test_the_forge_makes_what_python_tuf_and_the_sdk_accept() -> None:
    forge = Forge(NOW).publish()
    root: Metadata[Root] = Metadata.from_bytes(forge.root)
    root.signed.verify_delegate("root", root.signed_bytes, root.signatures)
    assert set(root.signed.unrecognized_fields["variantkit"]["holders"].values()) == set(PERSONS)
    assert parse_approved(forge.files[forge.path_of(".approved.json")], "x").serial == 1


def _sha256(data: bytes) -> str:
    import hashlib

    return hashlib.sha256(data).hexdigest()
