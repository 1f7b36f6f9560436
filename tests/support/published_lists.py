"""Published lists of tests: approvals of wheels that really are attested, signed by the persons of a list."""

from __future__ import annotations

import datetime
import json
import os
import shutil
import time
from typing import TYPE_CHECKING, NamedTuple

from support.attested_wheels import CLAIMS, INSTANCE, make_attested
from support.curation import Curation, make_list_directory, signer
from variantkit_allowlist.cli.publish import builder
from variantkit_allowlist.repository.publication import publish, sign

if TYPE_CHECKING:
    from pathlib import Path

    from support.attested_wheels import Attested

NOW = int(time.time())
"""python-tuf asks the real clock, so editions of tests are of now."""

TODAY = datetime.datetime.fromtimestamp(NOW, datetime.timezone.utc).date()
LOGGED_AT = NOW - 30 * 86400


class Approved(NamedTuple):
    """A wheel of a list, as it stands in `wheels/`."""

    package: str
    version: str
    filename: str
    sha256: str


def approval_text(wheel: Approved, *, evidence: str = "identity", namespace: str = "acme", more: str = "") -> str:
    """The wheel's entry in providers.toml."""
    identity = (
        f"""
[approved.identity]
issuer = "{CLAIMS.issuer}"
repository = "{CLAIMS.repository}"
repository-id = "{CLAIMS.repository_id}"
owner = "{CLAIMS.owner}"
owner-id = "{CLAIMS.owner_id}"
workflow = "{CLAIMS.workflow}"
ref = "{CLAIMS.ref}"
trigger = "{CLAIMS.trigger}"
runner = "{CLAIMS.runner}"
"""
        if evidence == "identity"
        else ""
    )
    return f"""
[[approved]]
package = "{wheel.package}"
version = "{wheel.version}"
namespace = "{namespace}"
sha256 = ["{wheel.sha256}"]
plugin-api = ["{wheel.package.replace("-", "_")}"]
evidence = "{evidence}"
who = ["alice", "carol"]
criteria = ["reviewed-source"]
approved = {TODAY - datetime.timedelta(days=1)}
expires = {TODAY + datetime.timedelta(days=300)}
{more}{identity}"""


def lay_wheel(
    folder: Path, wheels: str, version: str, *, suffix: str = ".provenance", package: str = "acme-variant-provider"
) -> Approved:
    """Make an attested wheel and lay it into `wheels` with its attestations."""
    os.makedirs(wheels, exist_ok=True)
    made = make_attested(folder, version, package=package)
    for ending, document in _documents(made, suffix).items():
        made.lay(ending, document)
        shutil.move(made.path + ending, wheels)
    found = Approved(package, version, made.filename, made.sha256)
    shutil.move(made.path, wheels)
    return found


def _documents(made: Attested, suffix: str) -> dict[str, object]:
    bundle, built = made.bundle(logged_at=LOGGED_AT), made.bundle(slsa=True, logged_at=LOGGED_AT)
    if suffix == ".provenance":
        return {suffix: made.provenance(logged_at=LOGGED_AT)}
    if suffix == ".publish.attestation":
        return {suffix: INSTANCE.pep740(bundle), ".slsa.attestation": INSTANCE.pep740(built)}
    return {suffix: bundle}


def make_published_list(
    folder: Path, more: str = "", *, wheels: tuple[str, ...] = (".provenance",), now: int = NOW
) -> Curation:
    """A published list with one attested wheel (1.0, 2.0, …) for each form of attestation in `wheels`."""
    place = os.path.join(folder, "list", "wheels")
    made = [lay_wheel(folder, place, f"{number}.0", suffix=suffix) for number, suffix in enumerate(wheels, 1)]
    os.makedirs(place, exist_ok=True)
    shutil.move(place, os.path.join(folder, "wheels"))
    os.rmdir(os.path.dirname(place))
    text = "".join(map(approval_text, made)) + more
    curation = make_list_directory(folder, text, trust_root=INSTANCE.trusted_root_json)
    shutil.move(os.path.join(folder, "wheels"), place)
    publish_again(curation, now=now)
    return curation


def publish_again(curation: Curation, more: str = "", *, now: int = NOW) -> None:
    """Add text to providers.toml, and publish what it says by two signatures."""
    with open(os.path.join(curation.path, "providers.toml"), "a", encoding="utf-8") as stream:
        stream.write(more)
    directory = curation.open()
    publish(directory, builder(directory), now, signer("alice"), force=True)
    assert sign(directory, builder(directory), now, signer("bob")).published


def first_root(curation: Curation) -> str:
    """The path of the list's first root, which its keeper would publish elsewhere."""
    return os.path.join(curation.path, "public", "metadata", "1.root.json")


def read_json(path: str | os.PathLike[str]) -> dict[str, object]:
    with open(path, "rb") as stream:
        document: dict[str, object] = json.load(stream)
    return document
