"""Beginning of a list: the files that a new directory starts with, all of them public."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from variantkit.errors import InputError, RefusedError
from variantkit_allowlist.model import Criterion, Ledger, Policy, Reviewer, Role, Service
from variantkit_allowlist.store.directory import LEDGER_FILE, TRUST_ROOT_FILE
from variantkit_allowlist.store.files import write_whole
from variantkit_allowlist.store.ledger import parse_ledger
from variantkit_allowlist.store.tidying import dumps, tidy

if TYPE_CHECKING:
    from collections.abc import Mapping

ROLE_DAYS = {"root": 365, "targets": 180, "snapshot": 30, "timestamp": 30}
"""For how long a role's signatures last; a list on a stick is of use for 30 days."""

CRITERIA = {
    "reviewed-data": Criterion(
        description="Every table that changed was compared with the source that it names; nothing else changed."
    ),
    "reviewed-needs": Criterion(description="What the sandbox opens for it is what its detection takes, and no more."),
    "reviewed-source": Criterion(
        description="All of the wheel's source was read: it detects what it says, and does nothing else.",
        implies=("reviewed-data",),
    ),
}

_HEAD = """\
# The approved-provider list of {id}.
# Edited by hand and by variantkit-allowlist, whose `tidy` puts it into its one form and keeps every comment.
# Who and why are fields; private keys lie elsewhere, never in this directory.

"""

_POLICY = """\
# What an approval takes. An empty list approves nothing.
[policy]
# Persons who must have reviewed a wheel; its authors and its publisher never count.
reviewers = {reviewers}
# Different affiliations among them.
affiliations = {affiliations}
# Days between a wheel's first proven sight and its approval.
cooldown-days = {cooldown_days}
# Days after which an approval ends, unless it is renewed.
approval-days = {approval_days}

"""

_FOOTER = """
# A provider that may be approved, and who may publish it. Take the number signs away and name your own:
# [packages.acme-variant-provider]
# namespace = "acme"
# plugin-api = ["acme_variant_provider"]
#
# [[packages.acme-variant-provider.identity]]
# repository = "https://github.com/acme/acme-variant-provider"
# workflow = "release.yml"
# ref = "refs/tags/v*"
"""

_README = """\
# {id}

The approved-provider list of {id}, kept with `variantkit-allowlist`.

| file | what it is |
|---|---|
| `providers.toml` | policy, reviewers, packages, approvals, revocations; `variantkit-allowlist tidy` keeps its form |
| `trusted_root.json` | the Sigstore root that attestations are verified with, pinned |
| `wheels/` | the wheels that were reviewed, with what was published beside them |
| `reviews/`, `vsa/` | what persons signed about each wheel, and what was decided |
| `public/` | what is published: any web server or directory serves it |

Everything here is public. Private keys lie elsewhere: `variantkit-allowlist key new FILE` makes one.
"""

_IGNORED = """\
# Work in progress of one machine
.lock
.*.new
# Never here: private keys
*.pem
*.key
id_*
"""

# Signatures and hashes are over bytes: no line end is converted on the way.
_ATTRIBUTES = "* -text\n"


class Person(NamedTuple):
    """A reviewer to begin with."""

    name: str
    affiliation: str
    keys: tuple[str, ...]


class Beginning(NamedTuple):
    """What a new list is made of; `services` are names with their key."""

    list_id: str
    persons: tuple[Person, ...]
    services: tuple[tuple[str, str], ...]
    root_threshold: int
    trust_root: bytes


def begin_list(directory: str, beginning: Beginning) -> Ledger:
    """Write a new list into an empty directory, which may hold .git alone; return its ledger.

    Raises RefusedError for too few persons or a directory that holds something, DocumentError for names, keys or an id
    that no list can have. providers.toml is written last: without it nothing takes the directory for a list.
    """
    count = len(beginning.persons)
    if count < beginning.root_threshold:
        raise RefusedError(
            f"{count} reviewers cannot give the {beginning.root_threshold} signatures of root; add --reviewer "
            f"NAME=PUBLIC-KEY-FILE:AFFILIATION, or take the risk that fewer keys decide: --root-threshold {count or 1}"
        )
    _require_empty(directory)
    path = os.path.join(directory, LEDGER_FILE)
    text = _ledger_text(beginning)
    ledger = parse_ledger(text, path)
    text = tidy(text, path)
    files = {
        TRUST_ROOT_FILE: beginning.trust_root,
        "README.md": _README.format(id=beginning.list_id).encode(),
        ".gitignore": _IGNORED.encode(),
        ".gitattributes": _ATTRIBUTES.encode(),
        LEDGER_FILE: text.encode(),
    }
    _write_all(directory, files)
    return ledger


def _require_empty(directory: str) -> None:
    try:
        found = sorted(set(os.listdir(directory)) - {".git"})
    except FileNotFoundError:
        return
    except OSError as error:
        raise InputError(f"{directory}: expected an empty directory: {error.strerror}") from None
    for name in found:
        if _is_private_key(os.path.join(directory, name)):
            raise RefusedError(f"{os.path.join(directory, name)}: a private key; a list holds public parts alone")
    if found:
        raise RefusedError(f"{directory}: expected an empty directory, found {found[0]}; name a new one")


def _is_private_key(path: str) -> bool:
    try:
        with open(path, "rb") as stream:
            return b"PRIVATE KEY-----" in stream.read(65536)
    except OSError:
        return False


def _write_all(directory: str, files: Mapping[str, bytes]) -> None:
    written: list[str] = []
    try:
        for name, data in files.items():
            path = os.path.join(directory, name)
            write_whole(path, data)
            written.append(path)
    except InputError:
        for path in written:
            os.unlink(path)
        raise


def _ledger_text(beginning: Beginning) -> str:
    policy = Policy()
    persons = [person.name for person in beginning.persons]
    online = [name for name, _ in beginning.services] or persons
    ledger = Ledger(
        schema="variantkit.providers/1",
        id=beginning.list_id,
        criteria=CRITERIA,
        reviewers={
            person.name: Reviewer(affiliation=person.affiliation, keys=person.keys) for person in beginning.persons
        },
        services={name: Service(key=key) for name, key in beginning.services},
        roles={
            "root": _role("root", beginning.root_threshold, persons),
            "targets": _role("targets", beginning.root_threshold, persons),
            "snapshot": _role("snapshot", 1, online),
            "timestamp": _role("timestamp", 1, online),
        },
    )
    head, _, rest = dumps(ledger).partition("\n\n")
    shown = _POLICY.format(**policy.model_dump())
    return f"{_HEAD.format(id=beginning.list_id)}{head}\n\n{shown}{rest}{_FOOTER}"


def _role(name: str, threshold: int, keyholders: list[str]) -> Role:
    return Role(threshold=threshold, keyholders=tuple(keyholders), days=ROLE_DAYS[name])
