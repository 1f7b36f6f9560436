"""Agreement of a ledger with itself: names that must exist, identities that must be plain, dates in order."""

from __future__ import annotations

import datetime
import re
from itertools import chain
from typing import TYPE_CHECKING

from variantkit.errors import InputError
from variantkit.trust.alphabet import is_endpoint, is_index_url, is_list_id, is_package
from variantkit.trust.versions import is_version
from variantkit.variants.grammar import normalized_name
from variantkit_allowlist.keys import parse_public
from variantkit_allowlist.model import refused_needs, refused_watches

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from variantkit_allowlist.model import Approval, IdentityRule, Ledger, Package, Role, VendorKey
    from variantkit_allowlist.store.layout import Path

    Found = Iterator[tuple[Path, str]]

ROLES = ("root", "targets", "snapshot", "timestamp")
ONLINE_ROLES = ("snapshot", "timestamp")
MAX_WARN_DAYS = 90
MAX_APPROVAL_DAYS = 366

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?")
_NAMESPACE = re.compile(r"[a-z0-9_]{1,64}")
_URL = re.compile(r"(https|http|file)://[A-Za-z0-9._~%!$&'()*+,;=:/\[\]@-]{1,480}")
_ACCOUNT = re.compile(r"[A-Za-z0-9.-]+(?:/[A-Za-z0-9._~@+-]+)+")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


def check_agreement(ledger: Ledger, today: int | None) -> list[tuple[Path, str]]:
    """Return every problem of a ledger whose parts are each well-formed, with the path of the part."""
    return list(
        chain(
            _check_policy(ledger, today),
            _check_criteria(ledger),
            _check_persons(ledger),
            _check_keys(ledger),
            _check_roles(ledger),
            *(_check_package(ledger, name, package) for name, package in ledger.packages.items()),
            _check_imports(ledger),
            *(_check_approval(ledger, ("approved", at), item) for at, item in enumerate(ledger.approved)),
            _check_twice(ledger),
            _check_revoked(ledger),
        )
    )


def _check_policy(ledger: Ledger, today: int | None) -> Found:
    policy = ledger.policy
    if not is_list_id(ledger.id):
        yield ("id",), f"expected letters, digits and . _ / @ : + -, such as example.org/providers, found {ledger.id!a}"
    for key, names in (("criteria", policy.criteria), ("data-criteria", policy.data_criteria)):
        # The names that hold by default say nothing in a list that has no criteria and no packages yet.
        if ledger.criteria or ledger.packages or key.replace("-", "_") in policy.model_fields_set:
            yield from _unknown(("policy", key), names, ledger.criteria, "[criteria]")
        if not names:
            yield ("policy", key), "expected at least one criterion, found none"
    if policy.affiliations > policy.reviewers:
        told = f"{policy.affiliations} affiliations cannot be among {policy.reviewers} reviewers"
        yield ("policy", "affiliations"), told
    if not policy.evidence and not policy.unattested:
        yield ("policy", "evidence"), "expected at least one of identity, key and rebuild, or unattested = true"
    if policy.mode == "warn" and policy.warn_until is None:
        yield ("policy", "mode"), "warn needs an end: add warn-until = a date at most 90 days ahead"
    if policy.mode == "enforce" and policy.warn_until is not None:
        yield ("policy", "warn-until"), 'has no meaning without mode = "warn"; remove it'
    if today is not None and policy.warn_until is not None:
        last = datetime.date(1970, 1, 1) + datetime.timedelta(days=today // 86400 + MAX_WARN_DAYS)
        if policy.warn_until > last:
            yield ("policy", "warn-until"), f"expected at most {MAX_WARN_DAYS} days ahead, which is {last}"


def _unknown(path: Path, names: Iterable[str], known: Mapping[str, object], where: str) -> Found:
    seen: set[str] = set()
    for at, name in enumerate(names):
        if name not in known:
            yield (*path, at), f"{name!a} is not in {where}"
        elif name in seen:
            yield (*path, at), f"{name!a} stands there twice"
        seen.add(name)


def _check_criteria(ledger: Ledger) -> Found:
    for name, criterion in ledger.criteria.items():
        path = ("criteria", name)
        yield from _check_name(path, name)
        yield from _unknown((*path, "implies"), criterion.implies, ledger.criteria, "[criteria]")
        if not criterion.description.strip():
            yield (*path, "description"), "expected what a reviewer states by it, found nothing"


def _check_name(path: Path, name: str) -> Found:
    if not _NAME.fullmatch(name):
        yield path, f"expected a name of a-z, 0-9, '.', '_' and '-', at most 64, found {name!a}"


def _check_persons(ledger: Ledger) -> Found:
    owners: dict[str, str] = {}
    for name, person in ledger.reviewers.items():
        path = ("reviewers", name)
        yield from _check_name(path, name)
        if not person.affiliation.strip():
            yield (*path, "affiliation"), "expected whom this person works for, found nothing"
        for key, values, shape, example in (
            ("emails", person.emails, _EMAIL, "alice@example.org"),
            ("accounts", person.accounts, _ACCOUNT, "github.com/alice"),
        ):
            for at, value in enumerate(values):
                if not shape.fullmatch(value):
                    yield (*path, key, at), f"expected such as {example}, found {value!a}"
                owner = owners.setdefault(value.casefold(), name)
                if owner != name:
                    yield (*path, key, at), f"{value!a} belongs to {owner} too; it can be one person's alone"
    for name in ledger.services:
        yield from _check_name(("services", name), name)
        if name in ledger.reviewers:
            yield ("services", name), "is a reviewer's name too; a service is no person"


def _check_keys(ledger: Ledger) -> Found:
    """Every key can be read, and belongs to one person or service: two names with one key are one person."""
    owners: dict[str, str] = {}
    places: list[tuple[Path, str, str]] = [
        (("reviewers", name, "keys", at), name, line)
        for name, person in ledger.reviewers.items()
        for at, line in enumerate(person.keys)
    ]
    places += [(("services", name, "key"), name, service.key) for name, service in ledger.services.items()]
    for path, name, line in places:
        try:
            key = parse_public(line).line
        except InputError as error:
            yield path, str(error)
            continue
        if key in owners:
            twice = "stands there twice" if owners[key] == name else f"is {owners[key]}'s key too"
            yield path, f"{twice}; every person and service has keys of its own"
        owners.setdefault(key, name)


def _check_roles(ledger: Ledger) -> Found:
    if ledger.roles:
        for name in ROLES:
            if name not in ledger.roles:
                yield ("roles", name), "is missing; a list is published by root, targets, snapshot and timestamp"
    for name, role in ledger.roles.items():
        yield from _check_role(ledger, ("roles", name), role, online=name in ONLINE_ROLES)


def _check_role(ledger: Ledger, path: Path, role: Role, *, online: bool) -> Found:
    known: dict[str, object] = {**ledger.reviewers, **(ledger.services if online else {})}
    where = "[reviewers] or [services]" if online else "[reviewers]; only persons hold root and targets"
    yield from _unknown((*path, "keyholders"), role.keyholders, known, where)
    for at, name in enumerate(role.keyholders):
        if name in ledger.reviewers and not ledger.reviewers[name].keys:
            yield (*path, "keyholders", at), f"{name} has no key to sign with"
    if role.threshold > len(set(role.keyholders)):
        told = f"{role.threshold} signatures cannot come from {len(set(role.keyholders))} keyholders"
        yield (*path, "threshold"), told


def _check_package(ledger: Ledger, name: str, package: Package) -> Found:
    path = ("packages", name)
    if not is_package(name) or name != normalized_name(name):
        yield path, f"expected a package's normalized name (lower case, '-' between words), found {name!a}"
    yield from _check_offer(path, package.namespace, package.plugin_api, package.index, package.reimplements)
    yield from _unknown((*path, "authors"), package.authors, ledger.reviewers, "[reviewers]")
    for at, rule in enumerate(package.identity):
        yield from _check_rule((*path, "identity", at), rule)
    for at, key in enumerate(package.key):
        yield from _check_vendor_key((*path, "key", at), key)
    if package.source is not None and not _URL.fullmatch(package.source):
        yield (*path, "source"), f"expected a git URL such as https://github.com/example/it, found {package.source!a}"


def _check_offer(
    path: Path, namespace: str, endpoints: tuple[str, ...], indexes: tuple[str, ...], others: tuple[str, ...]
) -> Found:
    if not _NAMESPACE.fullmatch(namespace):
        yield (*path, "namespace"), f"expected a variant namespace of a-z, 0-9 and '_', found {namespace!a}"
    if not endpoints:
        yield (*path, "plugin-api"), "expected at least one object reference, found none"
    for at, endpoint in enumerate(endpoints):
        if not is_endpoint(endpoint):
            yield (*path, "plugin-api", at), f"expected an object reference such as module:Name, found {endpoint!a}"
    for at, index in enumerate(indexes):
        if not is_index_url(index):
            yield (*path, "index", at), f"expected an index URL without credentials or query, found {index!a}"
    for at, other in enumerate(others):
        if not is_package(other):
            yield (*path, "reimplements", at), f"expected a package's name, found {other!a}"


def _check_rule(path: Path, rule: IdentityRule) -> Found:
    for key, url in (("issuer", rule.issuer), ("repository", rule.repository)):
        if not re.fullmatch(r"https://[A-Za-z0-9._~%:/@+-]+", url):
            yield (*path, key), f"expected a URL such as https://github.com/example/provider, found {url!a}"
    if not re.fullmatch(r"[A-Za-z0-9._/-]+\.ya?ml", rule.workflow):
        yield (*path, "workflow"), f"expected a file such as release.yml, found {rule.workflow!a}"
    for key, number in (("repository-id", rule.repository_id), ("owner-id", rule.owner_id)):
        if number is not None and not re.fullmatch("[0-9]{1,20}", number):
            yield (*path, key), f'expected a number in quotes such as "123456", found {number!a}'
    if not rule.ref.startswith("refs/"):
        yield (*path, "ref"), f"expected a pattern such as refs/tags/v*, found {rule.ref!a}"


def _check_vendor_key(path: Path, key: VendorKey) -> Found:
    try:
        parse_public(key.key)
    except InputError as error:
        yield (*path, "key"), str(error)
    if not key.person.strip():
        yield (*path, "person"), "expected who holds this key, found nothing"
    if key.start is not None and key.end is not None and key.end < key.start:
        yield (*path, "end"), f"is before its start {key.start}"


def _check_imports(ledger: Ledger) -> Found:
    for name, item in ledger.imports.items():
        path = ("imports", name)
        yield from _check_name(path, name)
        if not _URL.fullmatch(item.url) or "@" in item.url:
            yield (*path, "url"), f"expected a URL without credentials, found {item.url!a}"
        if not item.namespaces:
            yield (*path, "namespaces"), "expected the namespaces that it may speak for, found none"
        for at, namespace in enumerate(item.namespaces):
            if not _NAMESPACE.fullmatch(namespace):
                yield (*path, "namespaces", at), f"expected a variant namespace, found {namespace!a}"
        for theirs, ours in item.criteria.items():
            if ours not in ledger.criteria:
                yield (*path, "criteria", theirs), f"{ours!a} is not in [criteria]"


def _check_approval(ledger: Ledger, path: Path, item: Approval) -> Found:
    if item.package not in ledger.packages:
        yield (*path, "package"), f"{item.package!a} is not in [packages]"
    if not is_version(item.version):
        yield (*path, "version"), f"expected a version in PEP 440's normal form, found {item.version!a}"
    if not item.sha256 or len(set(item.sha256)) != len(item.sha256):
        yield (*path, "sha256"), "expected one or more different hashes"
    yield from _check_offer(path, item.namespace, item.plugin_api, item.index, item.reimplements)
    yield from _unknown((*path, "who"), item.who, ledger.reviewers, "[reviewers]; who leaves keeps a table, keys = []")
    yield from _unknown((*path, "criteria"), item.criteria, ledger.criteria, "[criteria]")
    for kind, at, text, reason in refused_needs(item.needs):
        yield (*path, "needs", kind, at), f"{text!a}: {reason}"
    for kind, at, sentence in refused_watches(item.presence, item.fingerprint):
        yield (*path, kind, at), sentence
    if item.evidence == "identity" and item.identity is None:
        yield (*path, "evidence"), "identity as evidence needs the table of the identity that was verified"
    if not item.approved <= item.expires <= item.approved + datetime.timedelta(days=MAX_APPROVAL_DAYS):
        yield (*path, "expires"), f"expected a date within {MAX_APPROVAL_DAYS} days after {item.approved}"


def _check_twice(ledger: Ledger) -> Found:
    seen: dict[str, int] = {}
    for at, item in enumerate(ledger.approved):
        for digest in item.sha256:
            first = seen.setdefault(digest, at)
            if first != at:
                yield ("approved", at, "sha256"), f"{digest} is approved[{first}]'s too; one file has one approval"


def _check_revoked(ledger: Ledger) -> Found:
    for at, item in enumerate(ledger.revoked):
        path = ("revoked", at)
        if item.package is None and not item.sha256:
            yield path, "expected a package or a sha256: it says nothing of what must not run"
        if item.package is not None and not is_package(item.package):
            yield (*path, "package"), f"expected a package's name, found {item.package!a}"
        if item.version is not None and (item.package is None or not is_version(item.version)):
            yield (*path, "version"), f"expected a version in PEP 440's normal form and its package: {item.version!a}"
        if not item.reason.strip():
            yield (*path, "reason"), "expected why, found nothing"
        if item.who:
            yield from _unknown((*path, "who"), [item.who], ledger.reviewers, "[reviewers]")
