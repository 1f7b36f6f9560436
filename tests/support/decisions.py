"""Cases for the decision about a wheel: one that is allowed, so that a test spoils exactly what it is about."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

from variantkit.trust.dates import DAY, parse_date
from variantkit_allowlist.curation import Candidate, Case, decide_approval
from variantkit_allowlist.model import SCHEMA, Identity, Ledger
from variantkit_allowlist.statements import Review
from variantkit_allowlist.verdict import Provenance

if TYPE_CHECKING:
    from collections.abc import Mapping

NOW = parse_date("2026-11-21T12:00:00Z")
TODAY = datetime.date(2026, 11, 21)
ROOT = "17" * 32
PACKAGE = "acme-variant-provider"
DIGEST = "ab" * 32
BASE_DIGEST = "cd" * 32

IDENTITY = Identity(
    issuer="https://token.actions.githubusercontent.com",
    subject="https://github.com/acme/provider/.github/workflows/release.yml@refs/tags/v2.0",
    repository="https://github.com/acme/provider",
    repository_id="1001",
    owner="https://github.com/acme",
    owner_id="2002",
    workflow="release.yml",
    ref="refs/tags/v2.0",
)
RULE = {"repository": "https://github.com/acme/provider", "workflow": "release.yml", "ref": "refs/tags/v*"}
CRITERIA = {
    "reviewed-source": {"description": "all source was read", "implies": ("reviewed-data",)},
    "reviewed-data": {"description": "the tables were compared with their sources"},
    "reviewed-needs": {"description": "what the sandbox opens is needed"},
}


def reviewer(name: str, affiliation: str = "Example", **more: object) -> dict[str, object]:
    return {
        "affiliation": affiliation,
        "keys": (f"ssh-ed25519 {name}",),
        "emails": (f"{name}@example.org",),
        "accounts": (f"github.com/{name}",),
        **more,
    }


def make_ledger(**changes: Any) -> Ledger:
    """A list of three reviewers with one package; `_` in a key stands for `-`, and a table given replaces that one."""
    document: dict[str, object] = {
        "schema": SCHEMA,
        "id": "example.org/providers",
        "criteria": CRITERIA,
        "reviewers": {"alice": reviewer("alice"), "bob": reviewer("bob"), "carol": reviewer("carol", "Partner")},
        "packages": {PACKAGE: make_package()},
    }
    return Ledger.model_validate(document | {key.replace("_", "-"): value for key, value in changes.items()})


def make_package(**changes: object) -> dict[str, object]:
    package: dict[str, object] = {
        "namespace": "acme",
        "plugin-api": ("acme_variant_provider",),
        "identity": (RULE,),
    }
    return package | {key.replace("_", "-"): value for key, value in changes.items()}


def make_approved(version: str = "1.0", digest: str = BASE_DIGEST, **changes: object) -> dict[str, object]:
    """An earlier approval, as it stands in the file."""
    approval: dict[str, object] = {
        "package": PACKAGE,
        "version": version,
        "namespace": "acme",
        "sha256": (digest,),
        "plugin-api": ("acme_variant_provider",),
        "evidence": "identity",
        "identity": IDENTITY.model_dump(by_alias=True),
        "who": ("alice", "bob"),
        "criteria": ("reviewed-source",),
        "approved": datetime.date(2026, 9, 1),
        "expires": datetime.date(2027, 9, 1),
    }
    return approval | {key.replace("_", "-"): value for key, value in changes.items()}


def make_candidate(**changes: Any) -> Candidate:
    candidate = Candidate(
        package=PACKAGE,
        version="2.0",
        filename="acme_variant_provider-2.0-py3-none-any.whl",
        sha256=DIGEST,
        first_seen=NOW - 30 * DAY,
        expires=TODAY + datetime.timedelta(days=300),
    )
    return candidate._replace(**changes)


def make_provenance(**changes: Any) -> Provenance:
    """Attested by the package's own workflow, and logged twenty days ago."""
    found = Provenance(True, "ok", "", "identity", IDENTITY, NOW - 20 * DAY, ("publish",), ROOT)
    return found._replace(**changes)


NOT_ATTESTED = Provenance(False, "not-attested", "no attestation was found")


def make_review(who: str, *criteria: str, **changes: Any) -> Review:
    """What `who` states of the candidate; of a change, from the bytes that `make_approved` has by default."""
    if changes.get("delta_from") is not None:
        changes.setdefault("delta_sha256", BASE_DIGEST)
    review = Review(
        who=who,
        criteria=criteria or ("reviewed-source",),
        package=PACKAGE,
        version="2.0",
        filename="acme_variant_provider-2.0-py3-none-any.whl",
        sha256=DIGEST,
        time=NOW - 5 * DAY,
    )
    return review._replace(**changes)


def make_case(**changes: Any) -> Case:
    """An allowed case but for `changes`: attested, logged long ago, read by alice and by bob."""
    case = Case(
        ledger=make_ledger(),
        candidate=make_candidate(),
        provenance=make_provenance(),
        reviews=(make_review("alice"), make_review("bob")),
        trust_root=ROOT,
    )
    return case._replace(**changes)


def codes_of(case: Case, now: int = NOW) -> list[str]:
    """The codes of all blockers, in their order."""
    return [blocker.code for blocker in decide_approval(case, now).blockers]


def policy(**changes: object) -> dict[str, Mapping[str, object]]:
    """The argument of `make_ledger` for a policy that differs in this."""
    return {"policy": {key.replace("_", "-"): value for key, value in changes.items()}}
