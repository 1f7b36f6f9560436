"""A vendor for tests: provider wheels that a private Sigstore attests, and a list that is about to approve them."""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING, Any, NamedTuple

from support.curation import NOW, PERSONS, Curation, make_list_directory, signer
from support.private_sigstore import Claims, PrivateSigstore, publish_statement
from support.providers import PLUGIN
from support.wheels import record_line, write_zip
from variantkit.trust.dates import DAY
from variantkit_allowlist.cli.main import main
from variantkit_allowlist.cli.world import World
from variantkit_allowlist.statements import Review, keep_review, write_review

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pytest

    from variantkit_allowlist.model import GrantedNeeds

PACKAGE = "acme-variant-provider"
MODULE = "acme_variant_provider"
CLAIMS = Claims(
    repository="https://github.com/acme/provider",
    repository_id="1001",
    owner="https://github.com/acme",
    owner_id="2002",
)
LONG_AGO = NOW - 30 * DAY

TABLES = "LEVELS = ['v1', 'v2', 'v3']\n"
SOURCE = PLUGIN.replace('["v1", "v2", "v3"]', "list(LEVELS)").replace(
    "class Feature", "from ._tables import LEVELS\n\n\nclass Feature", 1
)


class Shipped(NamedTuple):
    """A wheel as a vendor published it."""

    path: str
    filename: str
    sha256: str
    version: str


def make_wheel(
    folder: str | os.PathLike[str],
    version: str = "1.0",
    *,
    source: str = SOURCE,
    tables: str = TABLES,
    author: str = "Vera <vera@acme.example>",
    files: Mapping[str, str] | None = None,
) -> Shipped:
    """Write the provider's wheel; it answers with levels of its table."""
    os.makedirs(folder, exist_ok=True)
    info = f"{MODULE}-{version}.dist-info"
    members = {
        f"{MODULE}/__init__.py": source,
        f"{MODULE}/_tables.py": tables,
        f"{info}/METADATA": f"Metadata-Version: 2.4\nName: {PACKAGE}\nVersion: {version}\nAuthor-email: {author}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[variant_plugins]\nacme = {MODULE}\n",
        **(files or {}),
    }
    data = {name: text.encode() for name, text in members.items()}
    record = "".join(record_line(name, content) for name, content in data.items()) + f"{info}/RECORD,,\n"
    filename = f"{MODULE}-{version}-py3-none-any.whl"
    path = write_zip(os.path.join(folder, filename), {**data, f"{info}/RECORD": record.encode()})
    with open(path, "rb") as stream:
        return Shipped(path, filename, hashlib.sha256(stream.read()).hexdigest(), version)


class Team:
    """A list, the vendor that wants to be on it, and the Sigstore that both believe."""

    def __init__(self, folder: str | os.PathLike[str], **changes: Any) -> None:
        self.folder = os.fspath(folder)
        self.sigstore = PrivateSigstore()
        self.list: Curation = make_list_directory(folder, trust_root=self.sigstore.trusted_root_json, **changes)

    def ship(self, version: str = "1.0", **changes: Any) -> Shipped:
        """A wheel of the vendor, without any evidence."""
        return make_wheel(os.path.join(self.folder, "shipped"), version, **changes)

    def attest(
        self, wheel: Shipped, *, logged_at: int = LONG_AGO, claims: Claims | None = None, suffix: str = ".sigstore.json"
    ) -> str:
        """Write the attestation of a wheel's release workflow beside it."""
        said = claims or CLAIMS._replace(ref=f"refs/tags/v{wheel.version}")
        bundle = self.sigstore.attest(publish_statement(wheel.filename, wheel.sha256), claims=said, logged_at=logged_at)
        path = wheel.path + suffix
        with open(path, "w", encoding="utf-8") as stream:
            json.dump(bundle, stream)
        return path

    def ship_attested(self, version: str = "1.0", *, logged_at: int = LONG_AGO, **changes: Any) -> Shipped:
        wheel = self.ship(version, **changes)
        self.attest(wheel, logged_at=logged_at)
        return wheel

    def review(
        self,
        wheel: Shipped,
        *persons: str,
        criteria: Sequence[str] = ("reviewed-source",),
        delta_from: Shipped | None = None,
        needs: GrantedNeeds | None = None,
        configs_sha256: str | None = None,
    ) -> None:
        """Keep a signed review of each of these persons."""
        for who in persons:
            review = Review(
                who=who,
                criteria=tuple(criteria),
                package=PACKAGE,
                version=wheel.version,
                filename=wheel.filename,
                sha256=wheel.sha256,
                time=NOW,
                delta_from=delta_from.version if delta_from else None,
                delta_sha256=delta_from.sha256 if delta_from else None,
                needs=needs,
                configs_sha256=configs_sha256,
                list_id=self.list.open().ledger.id,
            )
            keep_review(self.list.open(), review, write_review(review, signer(who)))

    def run(self, verb: str, *words: str, now: int = NOW, environ: Mapping[str, str] | None = None) -> int:
        """Type a command about this list."""
        world = World(now=lambda: now, environ=environ or {}, ask_secret=lambda prompt: "")
        return main([verb, *words, "--list", self.list.path], world)

    def approve(self, wheel: Shipped, *words: str, now: int = NOW) -> int:
        return self.run("approve", wheel.path, *words, now=now)

    def approved(self, version: str = "1.0", **changes: Any) -> Shipped:
        """A wheel that went all the way."""
        wheel = self.ship_attested(version, **changes)
        self.review(wheel, "alice", "bob")
        assert self.approve(wheel) == 0
        return wheel


def printed(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """The object that the last command printed."""
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def codes(document: Mapping[str, Any]) -> list[str]:
    """The codes of everything in the way, as `--json` says them."""
    return [blocker["code"] for blocker in document["blockers"]]


__all__ = ["CLAIMS", "LONG_AGO", "MODULE", "NOW", "PACKAGE", "PERSONS", "Shipped", "Team", "codes", "printed"]
