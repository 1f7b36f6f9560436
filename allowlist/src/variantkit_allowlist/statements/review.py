"""Reviews: what a person states about one wheel, signed with that person's key and judged by the keys of now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, NamedTuple

from pydantic import Field, ValidationError

from variantkit.errors import InputError, RefusedError
from variantkit.trust.alphabet import is_package
from variantkit.trust.dates import format_date, parse_date
from variantkit.trust.versions import is_version
from variantkit_allowlist.keys import parse_public, public_of
from variantkit_allowlist.model import GrantedNeeds, Sha256, Table, frozen, refused_needs
from variantkit_allowlist.statements.envelope import (
    Subject,
    make_statement,
    open_envelope,
    read_statement,
    require_plain,
    sign_statement,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from securesystemslib.signer import Signer

    from variantkit_allowlist.model import Reviewer

REVIEW_TYPE = "urn:variantkit:review:v1"
"""A name, which nobody fetches."""


class Review(NamedTuple):
    """What `who` states. `time` is in unix seconds, as the reviewer's machine had it: a record, no proof.

    It is said to the list `list_id` and to no other, for each says itself what its criteria mean.
    With `delta_from` and `delta_sha256` only the change from that version's wheel was reviewed. `needs` are those that
    the sandbox may open, where they were reviewed; `configs_sha256` is the digest of `get_all_configs` that was seen.
    """

    who: str
    criteria: tuple[str, ...]
    package: str
    version: str
    filename: str
    sha256: str
    time: int
    delta_from: str | None = None
    delta_sha256: str | None = None
    needs: GrantedNeeds | None = None
    configs_sha256: str | None = None
    notes: str = ""
    list_id: str = ""


class _Delta(Table):
    version: str
    sha256: Sha256


class _Predicate(Table):
    """The predicate as it is written; a key that this version does not know could limit what is stated."""

    list_id: str
    who: str
    criteria: Annotated[tuple[str, ...], Field(min_length=1)]
    package: str
    version: str
    reviewed: str
    delta_from: _Delta | None = None
    needs: GrantedNeeds | None = None
    configs_sha256: Sha256 | None = None
    notes: str = ""


def write_review(review: Review, signer: Signer) -> bytes:
    """Return the signed statement, to be kept as it is."""
    delta = None
    if review.delta_from is not None:
        if review.delta_sha256 is None:
            raise InputError(f"a review of the change from {review.delta_from}: expected the sha256 of that wheel")
        delta = _Delta(version=review.delta_from, sha256=review.delta_sha256)
    require_plain(review.notes, "--notes")
    predicate = _Predicate(
        list_id=review.list_id,
        who=review.who,
        criteria=review.criteria,
        package=review.package,
        version=review.version,
        reviewed=format_date(review.time),
        delta_from=delta,
        needs=review.needs,
        configs_sha256=review.configs_sha256,
        notes=review.notes,
    )
    written = predicate.model_dump(by_alias=True, exclude_none=True, mode="json")
    return sign_statement(make_statement(Subject(review.filename, review.sha256), REVIEW_TYPE, written), signer)


def check_review(data: bytes, reviewers: Mapping[str, Reviewer], where: str = "the review") -> Review:
    """Return what a signed review says; raise RefusedError unless a key that its own person has now signed it."""
    owners = {parse_public(line): name for name, person in reviewers.items() for line in person.keys}
    signed = open_envelope(data, owners, where)
    statement = read_statement(signed.payload, REVIEW_TYPE, where)
    predicate, time = _read_predicate(statement.predicate, where)
    owner = owners[signed.key]
    if predicate.who != owner:
        raise RefusedError(f"{where}: speaks for {predicate.who!a}, but {owner}'s key signed it")
    _require_sound(predicate, where)
    delta = predicate.delta_from
    return Review(
        who=predicate.who,
        criteria=predicate.criteria,
        package=predicate.package,
        version=predicate.version,
        filename=statement.subject.filename,
        sha256=statement.subject.sha256,
        time=time,
        delta_from=delta.version if delta else None,
        delta_sha256=delta.sha256 if delta else None,
        needs=predicate.needs,
        configs_sha256=predicate.configs_sha256,
        notes=predicate.notes,
        list_id=predicate.list_id,
    )


def _read_predicate(predicate: Mapping[str, object], where: str) -> tuple[_Predicate, int]:
    """Return the predicate and its time in unix seconds."""
    try:
        read = _Predicate.model_validate(frozen(predicate), by_alias=True, by_name=False)
        return read, parse_date(read.reviewed)
    except ValidationError as error:
        first = error.errors()[0]
        found = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
        raise RefusedError(f"{where}: its predicate: {found}; a newer tool may have written it") from None
    except ValueError as error:
        raise RefusedError(f"{where}: its time: {error}") from None


def _require_sound(predicate: _Predicate, where: str) -> None:
    """A signature makes nothing well-formed: what is printed or granted later is checked like any other."""
    if not is_package(predicate.package) or not is_version(predicate.version):
        raise RefusedError(f"{where}: expected a package and its version, found {predicate.package!a}")
    for kind, _, text, reason in refused_needs(predicate.needs or GrantedNeeds()):
        raise RefusedError(f"{where}: needs.{kind}: {text!a}: {reason}")


def require_own_key(name: str, reviewers: Mapping[str, Reviewer], signer: Signer) -> None:
    """Raise RefusedError unless this signer's key is one that the ledger has for that person."""
    if name not in reviewers:
        raise InputError(f"--as {name}: is not in [reviewers]; expected one of {', '.join(reviewers) or 'nobody yet'}")
    key = public_of(signer.public_key)
    if key in {parse_public(line) for line in reviewers[name].keys}:
        return
    owners = [other for other, person in reviewers.items() if key in set(map(parse_public, person.keys))]
    told = f"is {owners[0]}'s" if owners else "is nobody's in [reviewers]"
    raise RefusedError(f"--key: {key.fingerprint} {told}, not {name}'s; sign with a key of [reviewers.{name}]")
