"""Reviews: what a person signed is read back; every other byte, person or key is refused."""

from __future__ import annotations

import base64
import json
import os
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.curation import NOW, make_list_directory, public_key, signer
from variantkit.errors import InputError, RefusedError
from variantkit_allowlist.model import GrantedNeeds, Reviewer
from variantkit_allowlist.statements import Review, check_review, digest_of, keep_review, read_reviews, write_review
from variantkit_allowlist.statements.envelope import Subject, make_statement, sign_statement

if TYPE_CHECKING:
    from pathlib import Path

WHEEL = "ab" * 32
REVIEW = Review(
    who="alice",
    criteria=("reviewed-source", "reviewed-needs"),
    package="acme-variant-provider",
    version="1.0",
    filename="acme_variant_provider-1.0-py3-none-any.whl",
    sha256=WHEEL,
    time=NOW,
    delta_from="0.9",
    delta_sha256="cd" * 32,
    needs=GrantedNeeds(read=("/sys/class/acme/*",), fork=True),
    configs_sha256="ef" * 32,
    notes="gelesen ✓",
    list_id="example.org/providers",
)
REVIEWERS = {name: Reviewer(affiliation="Example", keys=(public_key(name).line,)) for name in ("alice", "bob", "carol")}
SIGNED = write_review(REVIEW, signer("alice"))


def test_what_is_signed_is_read_back() -> None:
    assert check_review(SIGNED, REVIEWERS) == REVIEW


def test_the_least_review_is_read_back() -> None:
    least = Review("bob", ("reviewed-data",), "acme", "1.0", "acme-1.0-py3-none-any.whl", WHEEL, NOW)
    assert check_review(write_review(least, signer("bob")), REVIEWERS) == least


def test_other_tools_read_it_as_an_in_toto_statement_in_an_envelope() -> None:
    from securesystemslib.dsse import Envelope

    envelope = Envelope.from_dict(json.loads(SIGNED))
    assert envelope.payload_type == "application/vnd.in-toto+json"
    assert envelope.verify([public_key("alice").tuf_key()], 1)
    statement = json.loads(envelope.payload)
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert statement["subject"] == [{"name": REVIEW.filename, "digest": {"sha256": WHEEL}}]
    assert statement["predicateType"] == "urn:variantkit:review:v1"
    assert statement["predicate"]["needs"]["fork"] is True


@settings(max_examples=150)
@given(st.integers(0, len(SIGNED) - 1), st.integers(0, 255))
def test_a_changed_byte_never_makes_another_review(at: int, byte: int) -> None:
    spoilt = SIGNED[:at] + bytes([byte]) + SIGNED[at + 1 :]
    try:
        read = check_review(spoilt, REVIEWERS)
    except RefusedError:
        return
    assert read == REVIEW, "only white space of the file may differ"


def _payload() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(base64.b64decode(json.loads(SIGNED)["payload"]))
    return document


def _with(statement: object, name: str = "alice") -> bytes:
    """The statement, signed all the same: what a reviewer with another tool could hand in."""
    return sign_statement(json.dumps(statement).encode(), signer(name))


def _predicate(**changes: object) -> dict[str, Any]:
    statement = _payload()
    statement["predicate"] |= {key.replace("_", "-"): value for key, value in changes.items()}
    return statement


HOSTILE = {
    "attack_37_anothers-name": (_with(_payload(), "bob"), "speaks for 'alice', but bob's key signed it"),
    "attack_37_a-strangers-key": (_with(_payload(), "mallory"), r"nobody's in \[reviewers\]"),
    "an-unknown-key-of-the-predicate": (_with(_predicate(only_if="tuesday")), "only-if: Extra inputs"),
    "no-criteria": (_with(_predicate(criteria=[])), "criteria"),
    "a-need-never-granted": (
        _with(_predicate(needs={"programs": ["/bin/sh"]})),
        r"needs.programs: '/bin/sh': never granted",
    ),
    "another-predicate-type": (
        _with({**_payload(), "predicateType": "https://slsa.dev/provenance/v1"}),
        "expected a statement of type",
    ),
    "two-subjects": (_with({**_payload(), "subject": _payload()["subject"] * 2}), "exactly one subject"),
    "another-digest": (
        _with({**_payload(), "subject": [{"name": REVIEW.filename, "digest": {"sha1": "ab" * 20}}]}),
        "expected a subject with a file name and its sha256",
    ),
    "a-path-for-a-name": (
        _with({**_payload(), "subject": [{"name": "../../x.whl", "digest": {"sha256": WHEEL}}]}),
        "expected a subject with a file name",
    ),
    "attack_44_an-escape-in-the-notes": (_with(_predicate(notes="\x1b[2J")), "a control or invisible character"),
    "attack_44_a-direction-in-the-notes": (_with(_predicate(notes="\u202egnp")), "a control or invisible character"),
    "a-date-that-is-none": (_with(_predicate(reviewed="yesterday")), "its time: expected a date"),
    "no-json": (sign_statement(b"text", signer("alice")), "the statement inside: expected JSON"),
    "no-envelope": (b"{}", "expected a signed statement"),
    "nothing": (b"", "expected a signed statement"),
    "a-list": (b"[]", "expected a signed statement"),
    "endless": (b" " * (2 << 20), "more than 1048576 bytes"),
    "deep": (b'{"payload":' + b"[" * 100_000, "expected a signed statement"),
}


@pytest.mark.parametrize(("data", "said"), HOSTILE.values(), ids=HOSTILE)
def test_what_is_no_review_by_its_person_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(RefusedError, match=said):
        check_review(data, REVIEWERS)


def _envelope(**changes: object) -> bytes:
    return json.dumps({**json.loads(SIGNED), **changes}).encode()


ENVELOPES = {
    "no-signature": _envelope(signatures=[]),
    "two-signatures": _envelope(signatures=json.loads(SIGNED)["signatures"] * 2),
    "another-type": _envelope(payloadType="text/plain"),
    "a-further-key": _envelope(also=1),
    "a-twice-named-key": SIGNED.replace(b'"payloadType"', b'"payload": "", "payloadType"'),
    "base64-in-a-second-spelling": _envelope(payload=json.loads(SIGNED)["payload"] + "\n"),
}


@pytest.mark.parametrize("data", ENVELOPES.values(), ids=ENVELOPES)
def test_an_envelope_of_another_form_is_refused(data: bytes) -> None:
    with pytest.raises(RefusedError, match="expected a signed statement"):
        check_review(data, REVIEWERS)


def test_a_review_counts_by_the_keys_of_now() -> None:
    """A key that was taken away no longer speaks; a key that was added does."""
    renewed = {**REVIEWERS, "alice": Reviewer(affiliation="Example", keys=(public_key("alice-2").line,))}
    with pytest.raises(RefusedError, match=r"nobody's in \[reviewers\]"):
        check_review(SIGNED, renewed)
    both = {
        **REVIEWERS,
        "alice": Reviewer(affiliation="Example", keys=(*renewed["alice"].keys, *REVIEWERS["alice"].keys)),
    }
    assert check_review(SIGNED, both) == REVIEW
    assert check_review(write_review(REVIEW, signer("alice-2")), both) == REVIEW


@settings(max_examples=60)
@given(st.binary(max_size=200))
def test_any_bytes_are_refused_in_one_sentence(data: bytes) -> None:
    with pytest.raises(RefusedError, match=r"^the review: "):
        check_review(data, REVIEWERS)


def test_notes_that_would_not_be_read_back_are_not_signed() -> None:
    with pytest.raises(InputError, match="--notes: a control or invisible character"):
        write_review(REVIEW._replace(notes="two\nlines"), signer("alice"))


def test_reviews_are_kept_beside_each_other_and_read_oldest_first(tmp_path: Path) -> None:
    directory = make_list_directory(tmp_path).open()
    older = REVIEW._replace(who="bob", time=NOW - 86400)
    for review in (REVIEW, older, REVIEW._replace(notes="again", time=NOW + 1)):
        keep_review(directory, review, write_review(review, signer(review.who)))
    kept = read_reviews(directory, WHEEL)
    assert [(item.review.who, item.review.notes) for item in kept.reviews] == [
        ("bob", "gelesen ✓"), ("alice", "gelesen ✓"), ("alice", "again"),
    ]  # fmt: skip
    assert kept.refused == ()
    assert kept.reviews[1].sha256 == digest_of(SIGNED)
    assert read_reviews(directory, "00" * 32).reviews == ()


def test_a_kept_file_that_does_not_hold_is_told_and_never_counted(tmp_path: Path) -> None:
    directory = make_list_directory(tmp_path).open()
    path = keep_review(directory, REVIEW, SIGNED)
    folder = os.path.dirname(path)
    other = write_review(REVIEW._replace(who="bob", sha256="00" * 32), signer("bob"))
    elsewhere = write_review(REVIEW._replace(list_id="example.org/laboratory"), signer("alice"))
    for name, data in (
        (f"{'11' * 32}.json", SIGNED),
        (f"{digest_of(elsewhere)}.json", elsewhere),
        (f"{digest_of(other)}.json", other),
        (f"{digest_of(b'{}')}.json", b"{}"),
    ):
        with open(os.path.join(folder, name), "wb") as stream:
            stream.write(data)
    kept = read_reviews(directory, WHEEL)
    assert [item.review for item in kept.reviews] == [REVIEW]
    told = " ".join(kept.refused)
    assert "altered: its sha256 is" in told
    assert "is about another wheel" in told
    assert "was signed for the list 'example.org/laboratory', this one is example.org/providers" in told
    assert "expected a signed statement" in told


def test_a_statement_holds_what_was_given() -> None:
    made = json.loads(make_statement(Subject("x.whl", WHEEL), "https://example.org/x", {"a": ["b", True]}))
    assert made["predicate"] == {"a": ["b", True]}
