"""Approved lists: the enforcement file `variantkit.approved/1` -> which provider bytes may run, and which may not."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

from variantkit.errors import Problem, UndeterminedError
from variantkit.trust.alphabet import is_endpoint, is_index_url, is_list_id, is_package, is_sha256
from variantkit.trust.dates import DAY, format_date
from variantkit.trust.fields import Fields
from variantkit.trust.needs import Needs, check_need, is_watched_path
from variantkit.trust.strict_json import load_strict
from variantkit.trust.versions import is_version, version_identity
from variantkit.variants.grammar import is_name, normalized_name

if TYPE_CHECKING:
    from collections.abc import Iterable

SCHEMA = "variantkit.approved/1"
MAX_BYTES = 1 << 20

ENFORCE, WARN = "enforce", "warn"
MAX_WARN_DAYS = 90
"""How long after `issued` a list may only warn."""

ISOLATION_LEVELS = ("process", "sandboxed")
"""Weakest first."""

# fmt: off
KNOWN_KEYS = frozenset({
    "schema", "id", "serial", "issued", "renew-by", "expires", "exclusive", "critical", "origin", "providers",
    "revoked", "namespace", "package", "version", "sha256", "plugin-api", "index", "configs-sha256", "isolation",
    "needs", "presence", "fingerprint", "reimplements", "superseded", "since", "reason", "needs.read",
    "needs.devices", "needs.libraries", "needs.programs", "needs.fork", "mode", "warn-until",
})
# fmt: on
"""Every key that has an effect here; `critical` may name no other."""


class Entry(NamedTuple):
    """One approved version of a provider.

    `package` is the canonical name; `sha256` the wheels, hex; `plugin_api` the object references that metadata may
    name; `index` the indexes it may come from, () for any. `configs_sha256` is the digest of `get_all_configs()`,
    `isolation` the least level to run in. `presence` and `fingerprint` are globs that are stat'ed alone.
    `reimplements` are other package names whose wheels it answers for. `expires` is in unix seconds.
    """

    namespace: str
    package: str
    version: str
    sha256: tuple[str, ...]
    plugin_api: tuple[str, ...]
    index: tuple[str, ...] = ()  # type: ignore[assignment]  # hides tuple.index, which nobody asks of an entry
    configs_sha256: str | None = None
    isolation: str | None = None
    needs: Needs = Needs()
    presence: tuple[str, ...] = ()
    fingerprint: tuple[str, ...] = ()
    reimplements: tuple[str, ...] = ()
    expires: int | None = None
    superseded: bool = False


class Revocation(NamedTuple):
    """What must never run: with `sha256` exactly those bytes under any name, else a package or one version of it."""

    package: str
    version: str | None = None
    sha256: tuple[str, ...] = ()
    since: int | None = None
    reason: str = ""


class ApprovedList(NamedTuple):
    """One enforcement file; dates are unix seconds, `where` and `sha256` are the file's own path and digest.

    `warn_until` is the end of mode `warn`, which a system list may be in; None is mode `enforce`.
    """

    id: str
    serial: int
    issued: int | None
    renew_by: int | None
    expires: int
    exclusive: bool
    origin: str
    entries: tuple[Entry, ...]
    revoked: tuple[Revocation, ...]
    where: str
    sha256: str
    warn_until: int | None = None


class ListError(UndeterminedError):
    """An approved list that cannot be believed, with every problem found in it; `code` is the gate's."""

    code = "list-invalid"

    def __init__(self, where: str, problems: Iterable[Problem]) -> None:
        self.where = where
        self.problems = tuple(problems)
        listed = "; ".join(str(problem) for problem in self.problems)
        super().__init__(f"{where}: this approved list is not usable: {listed}")


def parse_approved(data: bytes, where: str) -> ApprovedList:
    """Read an enforcement file; raise ListError for anything that two readers could read differently.

    That is: JSON that is not strict (repeated keys, NaN, depth, over 1 MiB), a key in `critical` that is not known
    here, a wrong type, a need below the floor. Unknown keys are ignored otherwise, so that new keys do not turn old
    readers off.
    """
    if len(data) > MAX_BYTES:
        raise ListError(where, [Problem("", f"expected at most {MAX_BYTES} bytes, found {len(data)}")])
    try:
        document = load_strict(data)
    except ValueError as error:
        raise ListError(where, [Problem("", str(error))]) from None
    fields = Fields(document, "", [])
    approved = _read_list(fields, where, hashlib.sha256(data).hexdigest())
    if fields.problems:
        raise ListError(where, fields.problems)
    return approved


def _read_list(fields: Fields, where: str, digest: str) -> ApprovedList:
    schema = fields.table.get("schema")
    if schema != SCHEMA:
        fields.refuse("schema", f"expected {SCHEMA!r}, found {ascii(schema)[:80]}; a newer variantkit may read it")
    for key in fields.texts("critical", "keys", str.isascii):
        if key not in KNOWN_KEYS:
            fields.refuse("critical", f"{key!r} is not known to this variantkit; a newer one may know it")
    approved = ApprovedList(
        id=fields.text("id", "an identifier such as example.org/providers", is_list_id) or "",
        serial=fields.count("serial"),
        issued=fields.date("issued"),
        renew_by=fields.date("renew-by"),
        expires=fields.date("expires", required=True) or 0,
        exclusive=fields.flag("exclusive"),
        origin=fields.text("origin", "a word such as release or development", is_name) or "",
        entries=tuple(_read_entry(child) for child in fields.children("providers")),
        revoked=tuple(_read_revocation(child) for child in fields.children("revoked")),
        where=where,
        sha256=digest,
        warn_until=_read_warning(fields),
    )
    if not fields.problems:
        _check_agreement(fields, approved)
    return approved


def _read_warning(fields: Fields) -> int | None:
    """Read `mode` and `warn-until`: a warning has an end, and nobody can put it off without issuing a new list."""
    mode = fields.text("mode", f"{ENFORCE} or {WARN}", (ENFORCE, WARN).__contains__) or ENFORCE
    if mode != WARN:
        if "warn-until" in fields.table:
            fields.refuse("warn-until", f"has no meaning without mode {WARN}")
        return None
    issued, until = fields.date("issued", required=True), fields.date("warn-until", required=True)
    if issued is not None and until is not None and until > issued + MAX_WARN_DAYS * DAY:
        fields.refuse("warn-until", f"expected at most {MAX_WARN_DAYS} days after issued, found {format_date(until)}")
    return until


def _read_entry(fields: Fields) -> Entry:
    package = fields.text("package", "a package name", is_package, required=True)
    return Entry(
        namespace=fields.text("namespace", "a name made of a-z 0-9 _", is_name, required=True) or "",
        package=normalized_name(package or ""),
        version=fields.text("version", "a version in PEP 440's canonical form", is_version, required=True) or "",
        sha256=fields.texts("sha256", "64 lower-case hex digits", is_sha256, required=True),
        plugin_api=fields.texts("plugin-api", "object references", is_endpoint, required=True),
        index=fields.texts("index", "index URLs without credentials", is_index_url),
        configs_sha256=fields.text("configs-sha256", "64 lower-case hex digits", is_sha256),
        isolation=fields.text("isolation", " or ".join(ISOLATION_LEVELS), ISOLATION_LEVELS.__contains__),
        needs=_read_needs(fields.child("needs")),
        presence=fields.texts("presence", "paths under /dev, /sys or /proc", is_watched_path),
        fingerprint=fields.texts("fingerprint", "paths under /dev, /sys or /proc", is_watched_path),
        reimplements=tuple(map(normalized_name, fields.texts("reimplements", "package names", is_package))),
        expires=fields.date("expires"),
        superseded=fields.flag("superseded"),
    )


def _read_needs(fields: Fields) -> Needs:
    kinds = {kind: fields.texts(kind, "strings", bool) for kind in ("read", "devices", "libraries", "programs")}
    for kind, wanted in kinds.items():
        for place, text in enumerate(wanted):
            problem = check_need(kind, text)
            if problem:
                fields.refuse(f"{kind}[{place}]", f"{ascii(text)[:80]}: {problem}")
    return Needs(**kinds, fork=fields.flag("fork"))


def _read_revocation(fields: Fields) -> Revocation:
    package = fields.text("package", "a package name", is_package)
    sha256 = fields.texts("sha256", "64 lower-case hex digits", is_sha256)
    if package is None and not sha256:
        fields.refuse("package", "expected a package or sha256: what is revoked?")
    return Revocation(
        package=normalized_name(package or ""),
        version=fields.text("version", "a version in PEP 440's canonical form", is_version),
        sha256=sha256,
        since=fields.date("since"),
        reason=fields.text("reason", "a sentence of at most 1000 characters", lambda text: len(text) <= 1000) or "",
    )


def _check_agreement(fields: Fields, approved: ApprovedList) -> None:
    """Dates that contradict each other, and one version of a package described twice."""
    if (approved.issued or 0) > approved.expires:
        fields.refuse("expires", "before issued")
    if (approved.renew_by or 0) > approved.expires:
        fields.refuse("renew-by", "after expires")
    seen = set()
    for place, entry in enumerate(approved.entries):
        key = entry_identity(entry)
        if key in seen:
            fields.refuse(f"providers[{place}]", f"{entry.package} {entry.version} stands twice for {entry.namespace}")
        seen.add(key)


def entry_identity(entry: Entry) -> tuple[str, str, str]:
    """What an entry is about: namespace, package, and the version up to PEP 440's equality."""
    return entry.namespace, entry.package, version_identity(entry.version)
