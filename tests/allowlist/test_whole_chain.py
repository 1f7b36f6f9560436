"""The whole chain as it is typed: from a vendor's attestation to the very bytes that another machine runs."""

from __future__ import annotations

import contextlib
import functools
import http.server
import json
import os
import shutil
import threading
import time
from typing import TYPE_CHECKING, NamedTuple

import pytest

from support.approvals import approve, write_list
from support.curation import PASSPHRASE, write_key_file, write_public_file
from support.machines import Ended, Machine, can_cut_off
from support.private_sigstore import PrivateSigstore, publish_statement
from support.vendors import CLAIMS, MODULE, PACKAGE, SOURCE, Shipped, make_wheel
from variantkit.trust.dates import DAY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PERSONS = {"alice": "Example", "bob": "Example", "carol": "Partner"}
RULES = f"""
[packages.{PACKAGE}]
namespace = "acme"
plugin-api = ["{MODULE}"]

[[packages.{PACKAGE}.identity]]
repository = "{CLAIMS.repository}"
workflow = "release.yml"
ref = "refs/tags/v*"
"""


class Company(NamedTuple):
    """A vendor with its CI, a security team's machine with the list at work/list, and the machine that installs."""

    sigstore: PrivateSigstore
    office: Machine
    server: Machine
    folder: str

    @property
    def public(self) -> str:
        """What the security team serves."""
        return os.path.join(self.office.work, "list", "public")

    def ship(self, version: str, source: str = SOURCE) -> Shipped:
        """The vendor's release workflow: build, attest."""
        wheel = make_wheel(os.path.join(self.folder, "dist"), version, source=source)
        claims = CLAIMS._replace(ref=f"refs/tags/v{version}")
        said = publish_statement(wheel.filename, wheel.sha256)
        bundle = self.sigstore.attest(said, claims=claims, logged_at=int(time.time()) - 30 * DAY)
        with open(wheel.path + ".sigstore.json", "w", encoding="utf-8") as stream:
            json.dump(bundle, stream)
        return wheel

    def team(self, verb: str, *words: str, code: int = 0) -> Ended:
        """A command of the security team about its list."""
        place = () if verb in ("init", "inspect") else ("--list", "list")
        done = self.office.run("variantkit-allowlist", verb, *words, *place)
        assert done.code == code, done
        return done

    def approve(self, wheel: Shipped) -> None:
        """verify, two reviews, approve."""
        self.team("verify", wheel.path, "--json", code=1)  # who made it is known, and nobody approved it yet
        for who in ("alice", "bob"):
            self.team("review", wheel.path, "--as", who, "--criteria", "reviewed-source", "--key", f"file:{who}.pem")
        self.team("approve", wheel.path)

    def publish(self) -> None:
        """Two persons of three."""
        assert "still needed" in self.team("publish", "--key", "file:alice.pem", "--as", "alice").out
        assert "is published" in self.team("sign", "--key", "file:bob.pem", "--as", "bob").out

    def detect(self) -> dict[str, object]:
        """What `variantkit detect` says of the namespace on the machine that installs."""
        done = self.server.run("variantkit", "detect", "--json", "--namespace", "acme", "--provider-wheels", "wheels")
        found: dict[str, object] = done.json["namespaces"]["acme"]
        return found


@contextlib.contextmanager
def served(directory: str) -> Iterator[str]:
    """Serve a directory on loopback, as any web server would."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            """Say nothing."""

    handler = functools.partial(Quiet, directory=directory)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/"
        finally:
            server.shutdown()
            thread.join()


def make_company(folder: Path, *, cut_off: bool) -> Company:
    """Everything that was there before: three persons with keys, two machines, and a list that approves nothing."""
    company = Company(
        PrivateSigstore(),
        Machine(folder / "office", cut_off=cut_off),
        Machine(folder / "server", cut_off=cut_off),
        str(folder),
    )
    office = company.office
    for who in PERSONS:
        write_key_file(office.work, who)
        write_public_file(office.work, who)
    passphrase = folder / "passphrase"
    passphrase.touch(0o600)
    passphrase.write_text(PASSPHRASE)
    office.environ["VARIANTKIT_KEY_PASSPHRASE_FILE"] = str(passphrase)
    (folder / "trusted_root.json").write_bytes(company.sigstore.trusted_root_json)
    reviewers = [word for who, where in PERSONS.items() for word in ("--reviewer", f"{who}={who}.pub:{where}")]
    company.team(
        "init", "list", "--id", "example.org/providers", *reviewers, "--trust-root", str(folder / "trusted_root.json")
    )
    with open(os.path.join(office.work, "list", "providers.toml"), "a", encoding="utf-8") as stream:
        stream.write(RULES)
    return company


def _approving(folder: Path, wheel: Shipped) -> list[str]:
    """The options of a user who approves a wheel with a list of his own."""
    path = write_list(folder / "own.json", [approve(wheel.path, "acme")])
    return ["--approved", path, "--provider-wheels", "wheels"]


def flip_a_bit(path: str) -> None:
    with open(path, "r+b") as file:
        file.seek(-30, os.SEEK_END)
        (byte,) = file.read(1)
        file.seek(-30, os.SEEK_END)
        file.write(bytes([byte ^ 1]))


ROADS = {
    "over-http": False,
    "from-a-stick-without-any-network": pytest.param(
        True, marks=pytest.mark.skipif(not can_cut_off(), reason="no user namespaces here")
    ),
}


@pytest.mark.parametrize("cut_off", ROADS.values(), ids=list(ROADS))
def test_exactly_the_approved_bytes_run_elsewhere_until_they_are_revoked(tmp_path: Path, cut_off: bool) -> None:
    company = make_company(tmp_path, cut_off=cut_off)
    wheel = company.ship("1.0")
    company.approve(wheel)
    company.publish()

    with served(company.public) as url:
        pin = ["--root", os.path.join(company.public, "metadata", "1.root.json")]

        def update() -> Ended:
            # On a machine without network the published directory comes on a stick.
            shutil.rmtree(tmp_path / "stick", ignore_errors=True)
            shutil.copytree(company.public, tmp_path / "stick")
            where = ["--from", str(tmp_path / "stick")] if cut_off else ["--url", url]
            return company.server.run("variantkit-allowlist", "update", "--system", *where, *pin)

        wheels = os.path.join(company.server.work, "wheels")
        shutil.copytree(os.path.dirname(wheel.path), wheels)
        assert company.detect()["status"] == "denied"  # before the list is there, nothing runs

        done = update()
        assert done.code == 0, done
        found = company.detect()
        assert (found["status"], found["source"]) == ("present", "provider")
        assert found["provider"] == {"package": PACKAGE, "version": "1.0", "sha256": wheel.sha256}
        assert found["features"] == [{"name": "level", "values": ["v2", "v1"], "multi_value": False}]

        company.team("revoke", f"{PACKAGE}==1.0", "--as", "carol", "--reason", "it reads ~/.netrc")
        company.publish()
        assert update().code == 0
        found = company.detect()
        assert (found["status"], found["code"]) == ("denied", "not-listed")
        told = company.server.run("variantkit", "detect", "--json", "--namespace", "acme", *_approving(tmp_path, wheel))
        assert told.json["namespaces"]["acme"]["code"] == "not-listed"  # nor does a list of the user's bring it back
        with open(company.server.list_path, encoding="utf-8") as stream:
            assert [gone["reason"] for gone in json.load(stream)["revoked"]] == ["it reads ~/.netrc"]

        mended = company.ship("1.1", SOURCE + "\n# reads nothing\n")
        company.approve(mended)
        company.publish()
        assert update().code == 0
        copy = os.path.join(wheels, mended.filename)
        shutil.copy(mended.path, copy)
        assert company.detect()["provider"] == {"package": PACKAGE, "version": "1.1", "sha256": mended.sha256}

        flip_a_bit(copy)
        found = company.detect()
        assert (found["status"], found["code"]) == ("denied", "hash-mismatch")
