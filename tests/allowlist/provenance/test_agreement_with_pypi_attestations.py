"""The peer's own verification beside ours: what we let in, it lets in; what it lets in besides has names here."""

from __future__ import annotations

import base64
import json
import random
from typing import TYPE_CHECKING, Any

import pypi_attestations
import pytest
from sigstore.models import TrustedRoot
from sigstore.verify import Verifier
from sigstore_models.trustroot import v1

from support.attested import FILENAME, RULE, SHA256, Case, at, branches, flipped, judge, leaves, removed, replaced
from support.private_sigstore import (
    LOGGED_AT,
    PUBLISH,
    SLSA,
    Claims,
    PrivateSigstore,
    Window,
    publish_statement,
    slsa_statement,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from variantkit_allowlist.verdict import Provenance

INSTANCE = PrivateSigstore()
TRUE = publish_statement(FILENAME, SHA256)
PUBLISHER = pypi_attestations.GitHubPublisher(repository="example/provider", workflow=RULE.workflow)


@pytest.fixture
def peer(monkeypatch: pytest.MonkeyPatch) -> Callable[[Case], bool]:
    """Whether pypi-attestations accepts a case, with the case's root in place of the one that it would fetch."""

    def accepts(case: Case) -> bool:
        assert isinstance(case.material, dict)
        verifier = Verifier(trusted_root=TrustedRoot(v1.TrustedRoot.from_json(case.root)))
        monkeypatch.setattr("pypi_attestations._impl.Verifier.production", lambda **_: verifier)
        distribution = pypi_attestations.Distribution(name=case.filename, digest=case.sha256)
        try:
            attestation = pypi_attestations.Attestation.model_validate_json(json.dumps(case.material))
            attestation.verify(PUBLISHER, distribution)
        except Exception:  # noqa: BLE001 - it lets errors of five packages out
            return False
        return True

    return accepts


def signed(said: bytes | dict[str, Any] = TRUE, claims: Claims | None = None, **changes: Any) -> Case:
    """Something that a job attested, as an index serves it."""
    material = INSTANCE.pep740(INSTANCE.attest(said, claims=claims))
    return Case(material, INSTANCE.trusted_root_json)._replace(**changes)


def both(peer: Callable[[Case], bool], case: Case) -> tuple[Provenance, bool]:
    return judge(case), peer(case)


def test_both_accept_what_nobody_touched(peer: Callable[[Case], bool]) -> None:
    for said in (TRUE, slsa_statement(FILENAME, SHA256)):
        found, accepted = both(peer, signed(said))
        assert found.verified
        assert accepted


def test_whatever_we_let_in_the_peer_lets_in(peer: Callable[[Case], bool]) -> None:
    case = signed()
    chance = random.Random(1)
    changed = [removed(case.material, path) for path in branches(case.material)]
    for path in leaves(case.material):
        value = at(case.material, *path)
        if isinstance(value, str) and len(value) > 20 and "\n" not in value:
            size = len(base64.b64decode(value))
            changed += [replaced(case.material, path, flipped(value, chance.randrange(size))) for _ in range(4)]
        else:
            changed += [replaced(case.material, path, other) for other in (None, "", "0", "7", 1, 2, True)]
    for material in changed:
        found, accepted = both(peer, case._replace(material=material))
        assert accepted or not found.verified, material


# What a rule of ours refuses and a trusted publisher of an index does not look at.
LOOSER: list[tuple[str, Case, str]] = [
    ("a pull request's ref", signed(claims=Claims(ref="refs/pull/1/merge")), "ref-mismatch"),
    ("a branch", signed(claims=Claims(ref="refs/heads/main")), "ref-mismatch"),
    ("the trigger", signed(claims=Claims(trigger="pull_request_target")), "trigger-mismatch"),
    ("the runner", signed(claims=Claims(runner="self-hosted")), "runner-mismatch"),
    ("the repository's number", signed(claims=Claims(repository_id="1")), "repository-id-mismatch"),
    ("the owner's number", signed(claims=Claims(owner_id="1")), "owner-id-mismatch"),
    (
        "the signer",
        signed(claims=Claims(signer="https://github.com/mallory/x/.github/workflows/x.yml@refs/heads/x")),
        "signer-mismatch",
    ),
    ("the future", signed(now=LOGGED_AT - 3600), "from-the-future"),
    ("a closed window", signed(root=INSTANCE.trusted_root({"authority": Window(end=LOGGED_AT - 1)})), "outside-window"),
    (
        "a key twice in what was signed",
        signed(json.dumps(TRUE).replace('"predicateType"', f'"predicateType":"{SLSA}","predicateType"').encode()),
        "statement-malformed",
    ),
    (
        "another kind of predicate than was asked for",
        signed(slsa_statement(FILENAME, SHA256), predicates=(PUBLISH,)),
        "predicate-type",
    ),
    (
        "build provenance that contradicts its certificate",
        signed(slsa_statement(FILENAME, SHA256, Claims(ref="refs/heads/x"))),
        "predicate-mismatch",
    ),
    ("a predicate where none belongs", signed({**TRUE, "predicate": {"x": 1}}), "statement-malformed"),
    (
        "a name that only reads the same",
        signed(publish_statement(FILENAME.replace("example_provider", "Example_Provider"), SHA256)),
        "subject-name",
    ),
]


@pytest.mark.parametrize(("case", "code"), [row[1:] for row in LOOSER], ids=[row[0] for row in LOOSER])
def test_what_the_peer_lets_in_besides_is_refused_here(peer: Callable[[Case], bool], case: Case, code: str) -> None:
    found, accepted = both(peer, case)
    assert (found.code, accepted) == (code, True)
