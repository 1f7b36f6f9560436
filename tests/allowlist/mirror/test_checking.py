"""`mirror verify` believes nothing of a mirror but what follows from an anchor that lies elsewhere."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support import curation
from support.attested_wheels import CLAIMS, make_attested
from support.machines import Machine
from support.private_sigstore import PrivateSigstore
from support.providers import make_provider
from support.published_lists import (
    LOGGED_AT,
    NOW,
    Approved,
    approval_text,
    first_root,
    make_published_list,
    publish_again,
)
from support.wheels import make_wheel
from variantkit.trust.memory import Seen, save_seen
from variantkit_allowlist import mirror
from variantkit_allowlist.mirror import rendering
from variantkit_allowlist.store import folder
from variantkit_allowlist.store.folder import files_below

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .conftest import Mirrored

NAME = "acme_variant_provider-1.0-py3-none-any.whl"
REVOKED = '\n[[revoked]]\npackage = "acme-variant-provider"\nversion = "1.0"\nsince = 2026-11-01\nreason = "It lied."\n'


def test_an_untouched_mirror_verifies_with_every_attestation(mirrored: Mirrored) -> None:
    said = mirrored.verify()
    assert (said.exit, said.printed["verified"], said.codes) == (0, True, set())
    assert [(wheel["version"], wheel["provenance"]) for wheel in said.printed["wheels"]] == [
        ("1.0", "ok"),
        ("2.0", "ok"),
        ("3.0", "ok"),
    ]
    assert (said.printed["id"], said.printed["serial"]) == ("example.org/providers", 1)


def test_a_mirror_is_verified_without_any_network(mirrored: Mirrored, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*arguments: object) -> None:
        raise OSError("there is no network")

    monkeypatch.setattr("socket.socket.connect", none)
    monkeypatch.setattr("socket.getaddrinfo", none)
    assert mirrored.verify().exit == 0


def test_the_root_may_be_given_as_a_file_from_elsewhere(mirrored: Mirrored, tmp_path: Path) -> None:
    (tmp_path / "root.json").write_bytes(mirrored.root)
    assert mirrored.verify("--root", str(tmp_path / "root.json")).exit == 0


def test_row_27_a_root_that_lies_in_the_mirror_vouches_for_nothing(mirrored: Mirrored) -> None:
    said = mirrored.verify("--root", str(mirrored.path / "public/metadata/1.root.json"))
    assert said.exit == 2
    assert "lies in the mirror that it is to vouch for" in said.told


def test_row_27_without_an_anchor_nothing_is_verified(mirrored: Mirrored) -> None:
    said = mirrored.run("verify", str(mirrored.path))
    assert said.exit == 2
    assert "Give --root FILE or --root-sha256 HEX" in said.told


def test_the_root_that_update_pinned_on_this_machine_is_an_anchor(mirrored: Mirrored, machine: Path) -> None:
    from support.curation import world
    from variantkit_allowlist import cli

    arguments = ["--from", os.path.join(mirrored.curation.path, "public"), "--root", first_root(mirrored.curation)]
    assert cli.main(["update", "--to", str(machine / "approved.json"), *arguments], world(NOW)) == 0
    assert mirrored.run("verify", str(mirrored.path)).exit == 0


def test_row_27_a_mirror_that_a_stranger_signed_anew_as_a_whole_is_refused(
    mirrored: Mirrored, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pin = mirrored.pin
    (tmp_path / "stranger").mkdir()
    own = {name: f"stranger {name}" for name in ("alice", "bob", "carol")}
    key = curation.private_key
    monkeypatch.setattr(curation, "private_key", lambda name: key(own[name]))
    forged = make_published_list(tmp_path / "stranger")
    assert mirrored.run(str(mirrored.path), "--list", forged.path).exit == 0
    said = mirrored.run("verify", str(mirrored.path), *pin)
    assert said.exit == 1
    assert "expected a root with sha256" in said.told
    (tmp_path / "root.json").write_bytes(_first(mirrored))
    assert mirrored.run("verify", str(mirrored.path), "--root", str(tmp_path / "root.json")).exit == 1


def _first(mirrored: Mirrored) -> bytes:
    with open(first_root(mirrored.curation), "rb") as stream:
        return stream.read()


def test_t24_a_wheel_that_this_machines_list_revokes_fails_the_mirror(mirrored: Mirrored, machine: Path) -> None:
    gone = {"sha256": [hashlib.sha256((mirrored.files / NAME).read_bytes()).hexdigest()], "reason": "It lied."}
    other = {"schema": "variantkit.approved/1", "id": "example.com/other", "serial": 1, "expires": "2099-01-01",
             "providers": [], "revoked": [gone]}  # fmt: skip
    (machine / "approved.json").write_text(json.dumps(other))
    (machine / "approved.json").chmod(0o600)
    said = mirrored.verify()
    assert (said.exit, said.codes) == (1, {"revoked"})
    assert "It lied." in said.printed["problems"][0]["detail"]


def test_t24_a_mirror_whose_list_moved_on_and_whose_wheels_did_not_is_refused(mirrored: Mirrored) -> None:
    publish_again(mirrored.curation, REVOKED)
    shutil.rmtree(mirrored.path / "public")
    shutil.copytree(os.path.join(mirrored.curation.path, "public"), mirrored.path / "public")
    said = mirrored.verify()
    assert said.exit == 1
    assert {"extra", "revoked"} <= said.codes
    assert [problem["path"] for problem in said.printed["problems"] if problem["path"].endswith(NAME)]


def test_t24_a_list_of_the_machine_that_cannot_be_believed_leaves_it_open(mirrored: Mirrored, machine: Path) -> None:
    (machine / "approved.json").write_text("{")
    assert mirrored.verify().exit == 3


def test_an_older_mirror_than_the_machine_has_seen_is_refused(mirrored: Mirrored, machine: Path) -> None:
    save_seen(str(machine / "serials"), "example.org/providers", Seen(9, 0))
    said = mirrored.verify()
    assert said.exit == 1
    assert "serial 1, but 9 was seen" in said.told


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


def _rename(made: Path) -> None:
    (made / "files" / NAME).rename(made / "files" / NAME.replace("1.0", "1.1"))


def _swap(made: Path) -> None:
    """Two approved wheels under each other's name."""
    one, other = made / "files" / NAME, made / "files" / NAME.replace("1.0", "2.0")
    kept = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(kept)


def _edit_page(made: Path) -> None:
    page = made / "simple/acme-variant-provider/index.html"
    page.write_text(page.read_text().replace("../../files/", "https://attacker.example/"))


def _remark(made: Path) -> None:
    """Everything changed, and the marker made to agree."""
    _flip(made / "files" / NAME)
    _edit_page(made)
    files = {path: (made / path).read_bytes() for path in files_below(str(made)) if path != "variantkit-mirror.json"}
    about: dict[str, str | int] = {"id": "example.org/providers", "serial": 1}
    (made / "variantkit-mirror.json").write_bytes(folder.marker_text(files, "variantkit.mirror/1", about))


CHANGES: dict[str, tuple[Callable[[Path], object], set[str]]] = {
    "changed-wheel": (lambda made: _flip(made / "files" / NAME), {"extra", "missing"}),
    "missing-wheel": (lambda made: (made / "files" / NAME).unlink(), {"extra", "missing"}),
    "extra-wheel": (lambda made: make_wheel(made / "files", "acme-variant-provider", "9.0"), {"extra"}),
    "renamed-wheel": (_rename, {"extra", "missing"}),
    "swapped-wheels": (_swap, {"extra", "missing"}),
    "extra-file": (lambda made: (made / "files/x.txt").write_text("x"), {"extra"}),
    "extra-page": (lambda made: (made / "simple/evil.html").write_text("x"), {"extra"}),
    "link": (lambda made: (made / "files/passwd").symlink_to("/etc/passwd"), {"extra"}),
    "linked-folder": (lambda made: (made / "etc").symlink_to("/etc"), {"extra"}),
    "page": (_edit_page, {"changed"}),
    "missing-page": (lambda made: (made / "simple/index.json").unlink(), {"missing"}),
    "evidence-gone": (lambda made: (made / f"files/{NAME}.provenance").unlink(), {"not-attested", "extra"}),
    "integrity": (lambda made: _flip(made / f"integrity/acme-variant-provider/1.0/{NAME}/provenance"), {"changed"}),
    "metadata": (lambda made: _flip(made / f"files/{NAME}.metadata"), {"changed"}),
    "sigstore-root": (lambda made: _flip(made / "trusted_root.json"), {"changed"}),
    "marker": (lambda made: (made / "variantkit-mirror.json").write_text("{}"), {"changed"}),
    "marker-that-agrees": (_remark, {"extra", "missing"}),
    "unsigned-target": (lambda made: (made / "public/targets/x.json").write_text("{}"), {"extra"}),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_mirror_with_anything_changed_missing_or_added_fails(mirrored: Mirrored, name: str) -> None:
    change, codes = CHANGES[name]
    change(mirrored.path)
    said = mirrored.verify()
    assert said.exit == 1
    assert said.codes == codes or (codes < said.codes and "changed" in said.codes), said.printed


def test_another_sigstore_instances_attestation_in_place_of_the_approved_one_fails(
    mirrored: Mirrored, tmp_path: Path
) -> None:
    wheel = make_attested(tmp_path, "1.0")
    assert wheel.data == (mirrored.files / NAME).read_bytes()
    forged = PrivateSigstore()
    from support.private_sigstore import publish_statement

    bundle = forged.attest(publish_statement(wheel.filename, wheel.sha256), claims=CLAIMS, logged_at=LOGGED_AT)
    (mirrored.files / f"{NAME}.provenance").write_text(json.dumps(forged.provenance([forged.pep740(bundle)])))
    said = mirrored.verify()
    assert said.exit == 1
    assert "certificate-untrusted" in said.codes


def test_an_attestation_by_another_workflow_than_the_approved_one_fails(mirrored: Mirrored, tmp_path: Path) -> None:
    wheel = make_attested(tmp_path, "1.0")
    other = CLAIMS._replace(workflow="nightly.yml")
    (mirrored.files / f"{NAME}.provenance").write_text(json.dumps(wheel.provenance(other, logged_at=LOGGED_AT)))
    assert "workflow-mismatch" in mirrored.verify().codes


@pytest.mark.parametrize("path", ["public/metadata/timestamp.json", "public/metadata/1.targets.json"])
def test_metadata_with_one_byte_changed_is_refused(mirrored: Mirrored, path: str) -> None:
    _flip(mirrored.path / path)
    assert mirrored.verify().exit == 1


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.randoms(use_true_random=False), mask=st.integers(1, 255))
def test_no_byte_of_a_mirror_can_change_unseen(mirrored: Mirrored, place: object, mask: int) -> None:
    paths = files_below(str(mirrored.path))
    path = mirrored.path / place.choice(paths)  # type: ignore[attr-defined]
    kept = path.read_bytes()
    changed = bytearray(kept)
    changed[place.randrange(len(kept))] ^= mask  # type: ignore[attr-defined]
    path.write_bytes(bytes(changed))
    try:
        assert mirrored.verify().exit != 0, path
    finally:
        path.write_bytes(kept)


def test_a_mirror_that_is_too_old_is_refused_and_its_age_can_be_bounded(tmp_path: Path, mirrored: Mirrored) -> None:
    (tmp_path / "older").mkdir()
    older = make_published_list(tmp_path / "older", now=NOW - 10 * 86400)
    mirrored = mirrored._replace(curation=older, path=tmp_path / "older-mirror")
    assert mirrored.write().exit == 0
    assert mirrored.verify().exit == 0
    said = mirrored.verify("--max-age", "7")
    assert said.exit == 1
    assert "10 days ago" in said.told


def test_a_wheel_with_a_vendors_signature_alone_is_mirrored_and_said_to_be_judged_elsewhere(
    mirrored: Mirrored, tmp_path: Path
) -> None:
    path = make_wheel(os.path.join(mirrored.curation.path, "wheels"), "acme-variant-provider", "4.0")
    with open(path, "rb") as stream:
        sha256 = hashlib.sha256(stream.read()).hexdigest()
    wheel = Approved("acme-variant-provider", "4.0", os.path.basename(path), sha256)
    publish_again(mirrored.curation, approval_text(wheel, evidence="key"))
    assert mirrored.write().exit == 0
    said = mirrored.verify()
    assert said.exit == 0
    assert [wheel["provenance"] for wheel in said.printed["wheels"]] == ["ok", "ok", "ok", "not-in-mirror"]


@pytest.mark.parametrize("evidence", ["key", "rebuild"])
def test_row_27_attestations_that_no_approval_rests_on_are_not_mirrored_and_fail_a_mirror(
    evidence: str, mirrored: Mirrored, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_wheel(os.path.join(mirrored.curation.path, "wheels"), "acme-variant-provider", "4.0")
    with open(path, "rb") as stream:
        sha256 = hashlib.sha256(stream.read()).hexdigest()
    wheel = Approved("acme-variant-provider", "4.0", os.path.basename(path), sha256)
    publish_again(mirrored.curation, approval_text(wheel, evidence=evidence))
    with open(f"{path}.provenance", "w", encoding="utf-8") as stream:
        json.dump(
            {"version": 1, "attestation_bundles": [{"publisher": {"kind": "evil"}, "attestations": [{}]}]}, stream
        )
    assert mirrored.write().exit == 0
    assert not [name for name in files_below(str(mirrored.path)) if "4.0" in name and "provenance" in name]
    assert mirrored.verify().exit == 0
    with monkeypatch.context() as forging:
        forging.setattr(rendering, "_relied_on", lambda wheel, audit: wheel.beside)
        assert mirrored.write().exit == 0
    said = mirrored.verify()
    assert (said.exit, said.codes >= {"extra"}) == (1, True)


def test_row_27_a_mirror_names_no_place_that_could_not_be_asked_for(
    mirrored: Mirrored, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as forging:
        forging.setattr(mirror, "is_base_url", lambda url: True)
        assert mirrored.write("--base-url", "https://user:secret@attacker.example/?x#y").exit == 0
    said = mirrored.verify()
    assert (said.exit, "changed" in said.codes) == (1, True)


def test_the_sdk_asks_a_provider_from_a_mirror(tmp_path: Path, mirrored: Mirrored) -> None:
    """The list as `update --from` installs it from the mirror, and `detect` with the mirror's wheels."""
    path = make_provider(os.path.join(mirrored.curation.path, "wheels"), name="acme-variant-provider", version="5.0")
    with open(path, "rb") as stream:
        sha256 = hashlib.sha256(stream.read()).hexdigest()
    wheel = Approved("acme-variant-provider", "5.0", os.path.basename(path), sha256)
    entry = approval_text(wheel, evidence="key")
    publish_again(mirrored.curation, entry)
    assert mirrored.write().exit == 0
    from support.curation import world
    from variantkit_allowlist import cli

    approved = str(tmp_path / "approved.json")
    arguments = ["--from", str(mirrored.path / "public"), *mirrored.pin]
    assert cli.main(["update", "--to", approved, *arguments], world(NOW)) == 0
    own = Machine(tmp_path / "own")
    words = ["detect", "--approved", approved, "--namespace", "acme", "--json", "--provider-wheels"]
    found = own.run("variantkit", *words, str(mirrored.files)).json["namespaces"]["acme"]
    assert (found["status"], found["provider"]["sha256"]) == ("present", sha256)
    _flip(mirrored.files / os.path.basename(path))
    found = own.run("variantkit", *words, str(mirrored.files)).json["namespaces"]["acme"]
    assert found["provider"]["version"] == "3.0", "the altered wheel was not asked, but the next one that is approved"
