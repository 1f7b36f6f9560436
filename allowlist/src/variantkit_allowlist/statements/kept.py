"""Kept statements: the signed reviews of a list's directory, judged by the keys of now, and what was decided."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from variantkit.errors import InputError, RefusedError
from variantkit_allowlist.statements.envelope import MAX_STATEMENT_BYTES, digest_of
from variantkit_allowlist.statements.review import Review, check_review
from variantkit_allowlist.statements.summary import Summary, verifier_uri, write_vsa
from variantkit_allowlist.store.files import read_file, write_whole

if TYPE_CHECKING:
    from variantkit_allowlist.model import Approval
    from variantkit_allowlist.store import ListDirectory


class KeptReview(NamedTuple):
    """A review that counts, and the sha256 of its file, which entries name it by."""

    sha256: str
    review: Review


class KeptReviews(NamedTuple):
    """The reviews of one wheel, oldest first, and a sentence for each file that is none and does not count."""

    reviews: tuple[KeptReview, ...]
    refused: tuple[str, ...]


def keep_review(directory: ListDirectory, review: Review, data: bytes) -> str:
    """Put a signed review beside the others of its wheel; return its path. An earlier one is never replaced."""
    path = os.path.join(directory.reviews_path(review.sha256), f"{digest_of(data)}.json")
    write_whole(path, data)
    return path


def read_reviews(directory: ListDirectory, wheel_sha256: str) -> KeptReviews:
    """Read all reviews of a wheel; a file that does not hold is told, never counted."""
    folder = directory.reviews_path(wheel_sha256)
    found: list[KeptReview] = []
    refused: list[str] = []
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return KeptReviews((), ())
    for name in names:
        path = os.path.join(folder, name)
        if name.startswith(".") or not name.endswith(".json"):
            continue
        try:
            found.append(_read_one(directory, path, name.removesuffix(".json"), wheel_sha256))
        except (RefusedError, InputError) as error:
            refused.append(str(error))
    return KeptReviews(tuple(sorted(found, key=lambda kept: (kept.review.time, kept.sha256))), tuple(refused))


def keep_summary(
    directory: ListDirectory, entry: Approval, filename: str, decided_by: bytes, now: int, *, passed: bool
) -> None:
    """Write the summary of each of an entry's wheels; `decided_by` is the providers.toml whose rules were used.

    It is not signed by itself: it is a target of the published repository, which is.
    """
    for sha256 in entry.sha256:
        summary = Summary(
            package=entry.package,
            version=entry.version,
            filename=filename,
            sha256=sha256,
            passed=passed,
            verifier=verifier_uri(directory.ledger.id),
            policy_sha256=digest_of(decided_by),
            time=now,
            criteria=entry.criteria,
            inputs=entry.reviews,
        )
        write_whole(directory.vsa_path(sha256), write_vsa(summary))


def _read_one(directory: ListDirectory, path: str, named: str, wheel_sha256: str) -> KeptReview:
    data = read_file(path, MAX_STATEMENT_BYTES)
    if digest_of(data) != named:
        raise RefusedError(f"{path}: altered: its sha256 is {digest_of(data)}")
    review = check_review(data, directory.ledger.reviewers, path)
    if review.list_id != directory.ledger.id:
        raise RefusedError(f"{path}: was signed for the list {review.list_id!a}, this one is {directory.ledger.id}")
    if review.sha256 != wheel_sha256:
        raise RefusedError(f"{path}: is about another wheel, {review.filename!a} with sha256 {review.sha256!a}")
    return KeptReview(named, review)
