"""Attested wheels as files: a provider's wheel, what its publisher attested of it, and the verb that judges both."""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING, Any, NamedTuple

from support.private_sigstore import Claims, PrivateSigstore, publish_statement, slsa_statement
from support.wheels import make_wheel
from variantkit_allowlist import cli
from variantkit_allowlist.cli.world import World

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pytest

DAY = 86400
NOW = 1_795_262_400
"""2026-11-21T12:00:00Z."""

LOGGED_AT = NOW - 30 * DAY
PACKAGE = "acme-variant-provider"
CLAIMS = Claims(repository="https://github.com/acme/provider", owner="https://github.com/acme", repository_id="1001")
BY_HAND = ("--repository", "acme/provider", "--workflow", "release.yml")
INSTANCE = PrivateSigstore()
"""Made once: its keys are what costs."""


class Attested(NamedTuple):
    """A wheel on disk; `root` is the path of the instance's trusted_root.json."""

    path: str
    root: str

    @property
    def filename(self) -> str:
        return os.path.basename(self.path)

    @property
    def data(self) -> bytes:
        with open(self.path, "rb") as stream:
            return stream.read()

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    def bundle(self, claims: Claims = CLAIMS, *, slsa: bool = False, logged_at: int = LOGGED_AT) -> dict[str, Any]:
        """What a job with these claims attests of the wheel."""
        said = (
            slsa_statement(self.filename, self.sha256, claims)
            if slsa
            else publish_statement(self.filename, self.sha256)
        )
        return INSTANCE.attest(said, claims=claims, logged_at=logged_at)

    def provenance(self, claims: Claims = CLAIMS, *, logged_at: int = LOGGED_AT) -> dict[str, Any]:
        """As an index serves it: published and built."""
        bundles = [self.bundle(claims, slsa=slsa, logged_at=logged_at) for slsa in (False, True)]
        return INSTANCE.provenance([INSTANCE.pep740(bundle) for bundle in bundles])

    def lay(self, suffix: str, document: object) -> str:
        """Write something beside the wheel and return its path."""
        return write(self.path + suffix, document)


def write(path: str, document: object) -> str:
    with open(path, "wb") as stream:
        stream.write(document if isinstance(document, bytes) else json.dumps(document).encode())
    return path


def make_attested(folder: str | os.PathLike[str], version: str = "2.0", *, package: str = PACKAGE) -> Attested:
    """A canonical wheel and the root of its instance."""
    root = write(os.path.join(folder, "trusted_root.json"), INSTANCE.trusted_root_json)
    return Attested(make_wheel(folder, package, version), root)


class Answer(NamedTuple):
    """What the verb said: its exit code, the object of --json (empty when it printed none), and stderr."""

    exit_code: int
    verdict: dict[str, Any]
    error: str

    @property
    def codes(self) -> tuple[str, str]:
        """The verdict's code and its provenance's."""
        return self.verdict["code"], self.verdict["provenance"]["code"]

    @property
    def blockers(self) -> list[str]:
        return [blocker["code"] for blocker in self.verdict["blockers"]]


def verify(
    capsys: pytest.CaptureFixture[str], *arguments: str, now: int = NOW, environ: Mapping[str, str] | None = None
) -> Answer:
    """Run `variantkit-allowlist verify … --json`."""
    world = World(now=lambda: now, environ=environ or {}, ask_secret=lambda prompt: "")
    code = cli.main(["verify", *arguments, "--json"], world)
    printed = capsys.readouterr()
    return Answer(code, json.loads(printed.out) if printed.out else {}, printed.err)
