"""Statements: reviews that persons sign, and the summaries that record a decision."""

from __future__ import annotations

from variantkit_allowlist.statements.envelope import digest_of
from variantkit_allowlist.statements.kept import KeptReview, KeptReviews, keep_review, keep_summary, read_reviews
from variantkit_allowlist.statements.review import REVIEW_TYPE, Review, check_review, require_own_key, write_review
from variantkit_allowlist.statements.summary import VSA_TYPE, Summary, level_of, read_vsa, verifier_uri, write_vsa

__all__ = [
    "REVIEW_TYPE",
    "VSA_TYPE",
    "KeptReview",
    "KeptReviews",
    "Review",
    "Summary",
    "check_review",
    "digest_of",
    "keep_review",
    "keep_summary",
    "level_of",
    "read_reviews",
    "read_vsa",
    "require_own_key",
    "verifier_uri",
    "write_review",
    "write_vsa",
]
