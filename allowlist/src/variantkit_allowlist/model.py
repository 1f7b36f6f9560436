"""Model of `providers.toml`: what a security team writes down, as frozen values. No I/O, no clock, no cryptography."""

from __future__ import annotations

import datetime  # noqa: TC003 - pydantic reads the annotations
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from variantkit.trust.needs import check_need, is_watched_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SCHEMA = "variantkit.providers/1"
NEED_KINDS = ("read", "devices", "libraries", "programs")

Evidence = Literal["identity", "key", "rebuild", "none"]
"""What shows where a wheel's bytes come from: a CI's attested identity, a vendor's own key, a rebuild, or nothing."""

RoleName = Literal["root", "targets", "snapshot", "timestamp"]

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Days = Annotated[int, Field(ge=0, le=3660)]


class Table(BaseModel):
    """A table of the file: unknown keys are errors, keys are spelt with hyphens, values are never coerced."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        alias_generator=lambda name: name.replace("_", "-"),
        populate_by_name=True,
    )


class IdentityRule(Table):
    """Who may publish a package, as the certificate of an attestation must say it (Fulcio's extensions).

    `repository` is a URL such as https://github.com/example/provider; `workflow` a file such as release.yml; `ref` a
    pattern such as refs/tags/v*. The numeric ids outlive a rename and stop a re-creation; `approve` writes them at the
    first approval. `trigger` are events, () for any but pull requests; `runner` is such as github-hosted; `signer` is a
    reusable workflow in another repository, when one signs.
    """

    issuer: str = "https://token.actions.githubusercontent.com"
    repository: str
    repository_id: str | None = None
    owner: str | None = None
    owner_id: str | None = None
    workflow: str
    ref: str = "refs/tags/*"
    trigger: tuple[str, ...] = ()
    runner: str | None = None
    signer: str | None = None


class Identity(Table):
    """What a certificate was verified to say; "" where it says nothing. `subject` is its SAN."""

    issuer: str = ""
    subject: str = ""
    repository: str = ""
    repository_id: str = ""
    owner: str = ""
    owner_id: str = ""
    workflow: str = ""
    ref: str = ""
    commit: str = ""
    trigger: str = ""
    runner: str = ""
    signer: str = ""


class Policy(Table):
    """What an approval takes. `approve` refuses what falls short; an empty file approves nothing.

    `reviewers` counts persons, `affiliations` the different ones among them. `cooldown_days` runs from the verified
    log time, or from our own first sight. `unattested` admits evidence "none", with at least two reviewers. `fast_lane`
    lets a data-only change in with `data_criteria` and one reviewer. `approval_days` is how long an approval lasts,
    `review_days` the time in which a vendor may expect an answer; it binds nobody, `status` counts against it.
    `mode` "warn" lets lower levels' lists go on approving until `warn_until`, at most 90 days ahead.
    """

    mode: Literal["enforce", "warn"] = "enforce"
    warn_until: datetime.date | None = None
    exclusive: bool = False
    reviewers: Annotated[int, Field(ge=1, le=20)] = 2
    affiliations: Annotated[int, Field(ge=1, le=20)] = 1
    cooldown_days: Days = 7
    approval_days: Annotated[int, Field(ge=1, le=366)] = 365
    evidence: tuple[Literal["identity", "key", "rebuild"], ...] = ("identity", "key", "rebuild")
    unattested: bool = False
    criteria: tuple[str, ...] = ("reviewed-source",)
    fast_lane: bool = True
    data_criteria: tuple[str, ...] = ("reviewed-data",)
    isolation: Literal["process", "sandboxed"] | None = None
    review_days: Annotated[int, Field(ge=1, le=366)] = 14
    renew_days: Annotated[int, Field(ge=1, le=3660)] = 180
    list_days: Annotated[int, Field(ge=1, le=3660)] = 365


class Criterion(Table):
    """What a reviewer states by a word; `implies` are criteria that it includes."""

    description: str
    implies: tuple[str, ...] = ()


class Reviewer(Table):
    """A person. `keys` are OpenSSH public key lines (`ssh-ed25519 AAAA…`), the first of which signs in roles.

    `emails` and `accounts` (such as github.com/alice) are what authors and publishers are recognised by.
    """

    name: str = ""
    affiliation: str
    keys: tuple[str, ...]
    emails: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()


class Service(Table):
    """A key that no person holds; it may sign snapshot and timestamp, never root or targets, and reviews nothing."""

    key: str
    notes: str = ""


class Role(Table):
    """Who signs a TUF role, how many of them, and for how many days a signature lasts."""

    threshold: Annotated[int, Field(ge=1, le=20)]
    keyholders: tuple[str, ...]
    days: Annotated[int, Field(ge=1, le=3660)]


class VendorKey(Table):
    """A key with which a vendor's person signs wheels (a DSSE envelope over an in-toto statement)."""

    person: str
    key: str
    start: datetime.date | None = None
    end: datetime.date | None = None


class Package(Table):
    """A provider package: the namespace that it owns, and who may publish it.

    `authors` are reviewers who wrote it and never count for it. `source` is the git repository that `--rebuild` trusts.
    """

    namespace: str
    plugin_api: tuple[str, ...]
    index: tuple[str, ...] = ()
    reimplements: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    identity: tuple[IdentityRule, ...] = ()
    key: tuple[VendorKey, ...] = ()
    source: str | None = None
    notes: str = ""


class GrantedNeeds(Table):
    """What the sandbox opens for a provider, as in the enforcement file."""

    read: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    fork: bool = False


def refused_needs(needs: GrantedNeeds) -> Iterator[tuple[str, int, str, str]]:
    """The needs that no entry can grant, whoever reviewed them: kind, place in its list, text, and why."""
    for kind in NEED_KINDS:
        for at, text in enumerate(getattr(needs, kind)):
            if reason := check_need(kind, text):
                yield kind, at, text, reason


def refused_watches(presence: Sequence[str], fingerprint: Sequence[str]) -> Iterator[tuple[str, int, str]]:
    """The paths that nobody may watch, as kind, place and a sentence."""
    for kind, paths in (("presence", presence), ("fingerprint", fingerprint)):
        for at, path in enumerate(paths):
            if not is_watched_path(path):
                yield kind, at, f"expected a path or glob under /dev, /sys or /proc, found {ascii(path)[:120]}"


class Approval(Table):
    """One approved version: what the enforcement file says of it, and why it may say so.

    `who` are the reviewers that counted, `reviews` the sha256 of their signed statements, `delta_from` the version that
    a review of the change alone started from, `logged` the verified time of the transparency log or first sight.
    """

    package: str
    version: str
    namespace: str
    sha256: tuple[Sha256, ...]
    plugin_api: tuple[str, ...]
    index: tuple[str, ...] = ()
    configs_sha256: Sha256 | None = None
    isolation: Literal["process", "sandboxed"] | None = None
    needs: GrantedNeeds = GrantedNeeds()
    presence: tuple[str, ...] = ()
    fingerprint: tuple[str, ...] = ()
    reimplements: tuple[str, ...] = ()
    superseded: bool = False
    evidence: Evidence
    identity: Identity | None = None
    who: tuple[str, ...]
    criteria: tuple[str, ...]
    reviews: tuple[Sha256, ...] = ()
    delta_from: str | None = None
    logged: datetime.date | None = None
    approved: datetime.date
    expires: datetime.date
    notes: str = ""


class Revoked(Table):
    """What must never run: those bytes under any name, or a package, or one version of it. Never taken back."""

    package: str | None = None
    version: str | None = None
    sha256: tuple[Sha256, ...] = ()
    since: datetime.date
    reason: str
    who: str = ""


class Import(Table):
    """Another team's list: where it is, its pinned root, and the namespaces it may speak for.

    `criteria` maps their criteria to ours; an entry without an own criterion that maps is left out.
    """

    url: str
    root_sha256: Sha256
    namespaces: tuple[str, ...]
    criteria: dict[str, str] = {}
    notes: str = ""


class Ledger(Table):
    """`providers.toml` as a whole. An empty policy, no reviewers and no packages approve nothing."""

    schema_: Literal["variantkit.providers/1"] = Field(alias="schema")
    id: str
    policy: Policy = Policy()
    criteria: dict[str, Criterion] = {}
    reviewers: dict[str, Reviewer] = {}
    services: dict[str, Service] = {}
    roles: dict[RoleName, Role] = {}
    packages: dict[str, Package] = {}
    imports: dict[str, Import] = {}
    approved: tuple[Approval, ...] = ()
    revoked: tuple[Revoked, ...] = ()


def frozen(value: object) -> object:
    """Lists as tuples: strict validation takes nothing for anything else, and TOML and JSON have lists alone."""
    if isinstance(value, dict):
        return {key: frozen(item) for key, item in value.items()}
    return tuple(map(frozen, value)) if isinstance(value, list) else value
