"""Judgement of a provider by the lists in force. Pure; every refusal has a code and says why.

The order is that of the design: the lists' own state, the unfiltered `requires`, revoked, listed, dates, version,
namespace, endpoint, index; then, on the very bytes that will run, hash, revoked by hash, canonical. Nothing of a
provider is fetched before the first half has passed, and nothing runs before the second has.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

from variantkit.errors import InputError
from variantkit.trust.approved import entry_identity
from variantkit.trust.canonical import require_canonical
from variantkit.trust.dates import format_date
from variantkit.trust.members import has_module
from variantkit.trust.requirement import Asked, UnsupportedError, quoted, read_requires
from variantkit.trust.revocation import (
    revocation_of_bytes,
    revocation_of_entry,
    revocation_of_package,
    why_revoked,
)
from variantkit.trust.union import (
    deciding_lists,
    entries_in_force,
    entries_written,
    narrowing_lists,
    revocations,
    state_of,
)
from variantkit.trust.versions import admits, newest_first

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from variantkit.trust.approved import Entry, Revocation
    from variantkit.trust.union import Approvals

# fmt: off
REFUSALS = (
    "not-listed", "revoked", "expired", "version-not-approved", "plugin-api-mismatch", "namespace-mismatch",
    "index-mismatch", "requires-unsupported", "hash-mismatch", "wheel-not-canonical",
    "list-expired", "list-invalid", "list-rolled-back", "clock-before-list",
)
# fmt: on
"""Every code that a verdict can refuse with."""


class _Request(NamedTuple):
    """What metadata asks for, parsed."""

    asked: Asked
    namespace: str
    endpoint: str
    origin: str | None


class Foreseen(NamedTuple):
    """What a system list that only warns will refuse from `since` (unix seconds) on, and with which code."""

    code: str
    since: int


class Verdict(NamedTuple):
    """A decision: `code` is `ok` or one of REFUSALS, `detail` one sentence.

    `list_state` says that a list's own state denies, not what it says of this provider. `endpoint` is the object
    reference that the metadata asks for; what to call is `endpoint_for` that and the entry whose bytes are there.
    `foreseen` is set when this is allowed only because the system's list does not enforce yet.
    """

    allowed: bool
    code: str
    detail: str
    entry: Entry | None = None
    list_state: bool = False
    endpoint: str = ""
    foreseen: Foreseen | None = None


def judge_request(
    approvals: Approvals,
    namespace: str,
    requires: Sequence[str],
    plugin_api: str | None,
    now: int,
    *,
    index: str | None = None,
    environment: Mapping[str, str] | None = None,
) -> tuple[Verdict, tuple[Entry, ...]]:
    """Judge what wheel metadata asks for, before any byte of it is fetched.

    `requires` is as it stands in the metadata; `plugin_api` None means the default (PEP 850 "Provider
    information"). `index` is the index that provider wheels would come from, None when from none. `environment` is
    for markers, see `read_requires`. Returns the verdict and the approved candidates, newest first: the first whose
    bytes are at hand is the one to run.
    """
    refused = _judge_lists(approvals, now)
    if refused is not None:
        return refused, ()
    try:
        asked = read_requires(requires, environment)
    except UnsupportedError as error:
        detail = f"the provider of namespace {quoted(namespace)} {error}"
        return Verdict(False, "requires-unsupported", f"{detail}; only a package's name and versions can be judged"), ()
    endpoint = plugin_api if plugin_api is not None else asked.name.replace("-", "_")
    refused, entries = _judge_entries(approvals, _Request(asked, namespace, endpoint, index), now)
    if refused is not None:
        return refused, ()
    first = entries[0]
    detail = f"{first.package} {first.version} is approved" + (", superseded" if first.superseded else "")
    return Verdict(True, "ok", detail, first, False, endpoint), tuple(entries)


def judge_offer(
    approvals: Approvals, entry: Entry, filename: str, index: str | None = None, sha256: str | None = None
) -> Verdict:
    """Judge a file of a candidate by what its index says of it, before its bytes are fetched."""
    where = f"{quoted(filename)} of {entry.package} {entry.version}"
    if not _admits_index(entry, index):
        detail = f"{where} is on {quoted(index)}; approved is only {', '.join(entry.index)}"
        return Verdict(False, "index-mismatch", detail, entry)
    if sha256 is None:
        return Verdict(True, "ok", f"{where} may be fetched", entry)
    revocation = revocation_of_bytes(revocations(approvals), sha256)
    if revocation is not None:
        return Verdict(False, "revoked", f"{where} was revoked{why_revoked(revocation)}", entry)
    if sha256 not in entry.sha256:
        detail = f"{where} has sha256 {quoted(sha256)}; approved is {', '.join(entry.sha256)}"
        return Verdict(False, "hash-mismatch", detail, entry)
    return Verdict(True, "ok", f"{where} may be fetched", entry)


def judge_wheel(
    approvals: Approvals,
    entry: Entry,
    filename: str,
    data: bytes,
    now: int,
    index: str | None = None,
    *,
    endpoint: str | None = None,
) -> Verdict:
    """Judge the very bytes that will run, for one of the candidates that `judge_request` gave.

    `endpoint` is the object reference that will be called, by default any that the entry approves; its module must
    be in the wheel.
    """
    refused = _judge_lists(approvals, now)
    if refused is not None:
        return refused
    if entry not in entries_in_force(approvals, now):
        return Verdict(False, "not-listed", f"{entry.package} {entry.version} is in no approved list in force", entry)
    if entry.expires is not None and _clock(approvals, now) >= entry.expires:
        return Verdict(False, "expired", _expired(entry), entry)
    offered = judge_offer(approvals, entry, filename, index, hashlib.sha256(data).hexdigest())
    if not offered.allowed:
        return offered
    where = f"{quoted(filename)} of {entry.package} {entry.version}"
    try:
        names = require_canonical(data)
    except InputError as error:
        return Verdict(False, "wheel-not-canonical", f"{where}: {error}", entry)
    for called in entry.plugin_api if endpoint is None else (endpoint,):
        if not has_module(names, called.partition(":")[0]):
            return Verdict(False, "plugin-api-mismatch", f"{where} has no module {quoted(called)}", entry)
    return Verdict(True, "ok", f"{where} may run", entry, False, endpoint or "")


def endpoint_for(entry: Entry, endpoint: str) -> str:
    """The object reference to call: the one asked for, or the entry's own when it reimplements another package."""
    return endpoint if endpoint in entry.plugin_api else entry.plugin_api[0]


def _judge_lists(approvals: Approvals, now: int) -> Verdict | None:
    """Refuse when no list can approve anything: one was refused as a whole, or all that decide have ended."""
    if approvals.problems:
        problem = approvals.problems[0]
        return Verdict(False, problem.code, problem.detail, list_state=True)
    states = [state_of(item, approvals.latest, now) for item in deciding_lists(approvals)]
    if not states or not all(state.code for state in states):
        return None
    return Verdict(False, states[0].code, states[0].detail, list_state=True)


def _judge_unlisted(approvals: Approvals, asked: Asked, now: int) -> Verdict:
    """Say why a package is not listed: a list that has ended names it, its approval was revoked, or there was none."""
    name = asked.name
    written = {entry_identity(entry) for entry in _of_package(entries_written(approvals), name)}
    for item in [*deciding_lists(approvals), *narrowing_lists(approvals)]:
        state = state_of(item, approvals.latest, now)
        if state.code and not written.isdisjoint(map(entry_identity, item.approved.entries)):
            return Verdict(False, state.code, state.detail, list_state=True)
    gone = next((item for item in revocations(approvals) if item.package == name and _admits_any(asked, item)), None)
    if gone is not None:
        which = f"{name} {gone.version}" if gone.version else name
        return Verdict(False, "revoked", f"{which} was revoked{why_revoked(gone)}; nothing else of it is approved")
    return Verdict(False, "not-listed", f"{name} is in no approved list in force")


def _admits_any(asked: Asked, revocation: Revocation) -> bool:
    """Whether what was revoked is among the versions asked for."""
    try:
        return not revocation.version or all(admits(one, revocation.version) for one in asked.specifiers)
    except ValueError:
        return False


def _judge_entries(approvals: Approvals, request: _Request, now: int) -> tuple[Verdict | None, list[Entry]]:
    """Narrow the entries to the candidates; the first step that leaves none refuses."""
    asked = request.asked
    whole = revocation_of_package(revocations(approvals), asked.name)
    if whole is not None:
        return Verdict(False, "revoked", f"{asked.name} was revoked{why_revoked(whole)}"), []
    entries = _of_package(entries_in_force(approvals, now), asked.name)
    if not entries:
        return _judge_unlisted(approvals, asked, now), []
    try:
        fitting = [entry for entry in entries if _fits(entry, asked)]
    except ValueError as error:
        return Verdict(False, "requires-unsupported", f"{asked.name}: {quoted(str(error))}"), []
    for step in (_step_revoked, _step_expired):
        refused, fitting, entries = step(approvals, fitting, entries, now)
        if refused is not None:
            return refused, []
    if not fitting:
        approved = ", ".join(newest_first({entry.version for entry in entries}))
        detail = f"{asked.name} {quoted(','.join(asked.specifiers))}: approved is {approved}"
        return Verdict(False, "version-not-approved", detail, entries[0]), []
    return _judge_binding(fitting, request)


def _step_revoked(
    approvals: Approvals, fitting: list[Entry], entries: list[Entry], now: int
) -> tuple[Verdict | None, list[Entry], list[Entry]]:
    revoked = {entry: gone for entry in entries if (gone := revocation_of_entry(revocations(approvals), entry))}
    for asked in (fitting, entries):
        if asked and all(entry in revoked for entry in asked):
            detail = f"{asked[0].package} {asked[0].version} was revoked{why_revoked(revoked[asked[0]])}"
            return Verdict(False, "revoked", detail, asked[0]), [], []
    return (
        None,
        [entry for entry in fitting if entry not in revoked],
        [entry for entry in entries if entry not in revoked],
    )


def _step_expired(
    approvals: Approvals, fitting: list[Entry], entries: list[Entry], now: int
) -> tuple[Verdict | None, list[Entry], list[Entry]]:
    clock = _clock(approvals, now)
    current = [entry for entry in entries if entry.expires is None or clock < entry.expires]
    for asked in (fitting, entries):
        if asked and not any(entry in current for entry in asked):
            return Verdict(False, "expired", _expired(asked[0]), asked[0]), [], []
    return None, [entry for entry in fitting if entry in current], current


def _judge_binding(entries: list[Entry], request: _Request) -> tuple[Verdict | None, list[Entry]]:
    """Bind package to namespace, endpoint and index."""
    (name, _), namespace, endpoint, index = request
    bound = [entry for entry in entries if entry.namespace == namespace]
    if not bound:
        approved = ", ".join(sorted({entry.namespace for entry in entries}))
        detail = f"{name} is approved for {approved}, not for {quoted(namespace)}"
        return Verdict(False, "namespace-mismatch", detail, entries[0]), []
    callable_ones = [entry for entry in bound if _admits_endpoint(entry, name, endpoint)]
    if not callable_ones:
        detail = f"{name}: the metadata asks for {quoted(endpoint)}; approved is {', '.join(bound[0].plugin_api)}"
        return Verdict(False, "plugin-api-mismatch", detail, bound[0]), []
    here = [entry for entry in callable_ones if _admits_index(entry, index)]
    if not here:
        detail = f"{name} would come from {quoted(index)}; approved is {', '.join(callable_ones[0].index)}"
        return Verdict(False, "index-mismatch", detail, callable_ones[0]), []
    order = newest_first({entry.version for entry in here})
    return None, sorted(here, key=lambda entry: (entry.superseded, order.index(entry.version)))


def _of_package(entries: Sequence[Entry], name: str) -> list[Entry]:
    return [entry for entry in entries if name == entry.package or name in entry.reimplements]


def _fits(entry: Entry, asked: Asked) -> bool:
    """Whether the version is one asked for; a reimplementation numbers its own, so none is asked of it."""
    if entry.package != asked.name:
        return True
    return all(admits(specifier, entry.version) for specifier in asked.specifiers)


def _admits_endpoint(entry: Entry, name: str, endpoint: str) -> bool:
    """Byte for byte what the entry approves; of a reimplemented package also what lies in its own module."""
    if endpoint in entry.plugin_api:
        return True
    own = name.replace("-", "_")
    return entry.package != name and endpoint.isascii() and endpoint.replace(":", ".").partition(".")[0] == own


def _admits_index(entry: Entry, index: str | None) -> bool:
    return not entry.index or index is None or _plain_url(index) in {_plain_url(approved) for approved in entry.index}


def _plain_url(url: str) -> str:
    """A URL as indexes are compared: scheme and host in lower case, no credentials, no slash at the end."""
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme.lower()}://{host.rpartition('@')[2].lower()}{slash}{path}".rstrip("/")


def _expired(entry: Entry) -> str:
    return f"the approval of {entry.package} {entry.version} ended {format_date(entry.expires or 0)}"


def _clock(approvals: Approvals, now: int) -> int:
    return max(now, approvals.latest)
