"""What a real publisher signs must be a statement about these very bytes, under this very name, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from support.attested import FILENAME, SHA256, Case, judge
from support.private_sigstore import (
    PAYLOAD_TYPE,
    PUBLISH,
    SLSA,
    PrivateSigstore,
    publish_statement,
    slsa_statement,
    statement,
)

INSTANCE = PrivateSigstore()
TRUE = publish_statement(FILENAME, SHA256)


def signed(said: bytes | dict[str, Any], *, payload_type: str = PAYLOAD_TYPE, **changes: Any) -> Case:
    """Anything at all, signed by the real publisher."""
    return Case(INSTANCE.attest(said, payload_type=payload_type), INSTANCE.trusted_root_json)._replace(**changes)


def raw(text: str) -> bytes:
    """A statement spelt by hand; SUBJECT stands for the true subject."""
    return text.replace("SUBJECT", json.dumps(TRUE["subject"])).replace("PUBLISH", json.dumps(PUBLISH)).encode()


TYPE = '"_type":"https://in-toto.io/Statement/v1"'
SUBJECT = TRUE["subject"][0]
STATEMENTS: list[tuple[str, bytes | dict[str, Any], str]] = [
    ("not JSON", b"x", "statement-malformed"),
    ("empty", b"", "statement-malformed"),
    ("a list", b"[]", "statement-malformed"),
    ("a number", b"1", "statement-malformed"),
    ("nested without end", b"[" * 100_000, "statement-malformed"),
    ("not UTF-8", json.dumps(TRUE).encode().replace(b"example", b"ex\xffmple"), "statement-malformed"),
    ("UTF-16", json.dumps(TRUE).encode("utf-16"), "statement-malformed"),
    ("a byte-order mark", b"\xef\xbb\xbf" + json.dumps(TRUE).encode(), "statement-malformed"),
    ("something after it", json.dumps(TRUE).encode() + b"x", "statement-malformed"),
    (
        "not a number",
        raw(f'{{{TYPE},"subject":SUBJECT,"predicateType":PUBLISH,"predicate":NaN}}'),
        "statement-malformed",
    ),
    (
        "the predicate's type twice",
        raw(f'{{{TYPE},"subject":SUBJECT,"predicateType":"{SLSA}","predicateType":PUBLISH,"predicate":null}}'),
        "statement-malformed",
    ),
    (
        "the subject twice",
        raw(f'{{{TYPE},"subject":[],"subject":SUBJECT,"predicateType":PUBLISH,"predicate":null}}'),
        "statement-malformed",
    ),
    (
        "a name twice",
        raw(
            f'{{{TYPE},"subject":[{{"name":"x","name":"{FILENAME}","digest":{{"sha256":"{SHA256}"}}}}],"predicateType":PUBLISH,"predicate":null}}'
        ),
        "statement-malformed",
    ),
    (
        "a digest twice",
        raw(
            f'{{{TYPE},"subject":[{{"name":"{FILENAME}","digest":{{"sha256":"00","sha256":"{SHA256}"}}}}],"predicateType":PUBLISH,"predicate":null}}'
        ),
        "statement-malformed",
    ),
    ("statement v0.1", {**TRUE, "_type": "https://in-toto.io/Statement/v0.1"}, "statement-malformed"),
    ("no type", {key: value for key, value in TRUE.items() if key != "_type"}, "statement-malformed"),
    ("no subject", {**TRUE, "subject": []}, "statement-malformed"),
    (
        "two subjects",
        {**TRUE, "subject": [SUBJECT, {"name": "other.whl", "digest": {"sha256": "00" * 32}}]},
        "statement-malformed",
    ),
    ("the subject, two times", {**TRUE, "subject": [SUBJECT, SUBJECT]}, "statement-malformed"),
    ("a subject that is none", {**TRUE, "subject": [FILENAME]}, "statement-malformed"),
    ("a subject without a digest", {**TRUE, "subject": [{"name": FILENAME}]}, "statement-malformed"),
    ("a subject without a name", {**TRUE, "subject": [{"digest": {"sha256": SHA256}}]}, "statement-malformed"),
    (
        "a digest that is a number",
        {**TRUE, "subject": [{"name": FILENAME, "digest": {"sha256": 5}}]},
        "statement-malformed",
    ),
    (
        "no type of predicate",
        {key: value for key, value in TRUE.items() if key != "predicateType"},
        "statement-malformed",
    ),
    ("another name", publish_statement("example_provider-1.1-py3-none-any.whl", SHA256), "subject-name"),
    (
        "a name that pip reads the same",
        publish_statement("example-provider-1.0-py3-none-any.whl", SHA256),
        "subject-name",
    ),
    ("a name with a folder", publish_statement(f"dist/{FILENAME}", SHA256), "subject-name"),
    ("an empty name", publish_statement("", SHA256), "subject-name"),
    ("another digest", publish_statement(FILENAME, "00" * 32), "subject-digest"),
    ("the digest's start", publish_statement(FILENAME, SHA256[:-1]), "subject-digest"),
    (
        "no digest that counts",
        {**TRUE, "subject": [{"name": FILENAME, "digest": {"sha512": "00" * 64}}]},
        "statement-malformed",
    ),
    ("another kind of predicate", statement(FILENAME, SHA256, "https://example.com/x", None), "predicate-type"),
    ("a predicate's type, longer", statement(FILENAME, SHA256, f"{PUBLISH}/", None), "predicate-type"),
    ("publishing, with something said", {**TRUE, "predicate": {"surprise": 1}}, "statement-malformed"),
]


@pytest.mark.parametrize(("said", "code"), [row[1:] for row in STATEMENTS], ids=[row[0] for row in STATEMENTS])
def test_a_statement_of_another_kind_is_named(said: bytes | dict[str, Any], code: str) -> None:
    found = judge(signed(said))
    assert (found.code, found.verified) == (code, False), found.detail


def test_publishing_without_a_predicate_or_with_an_empty_one_is_fine() -> None:
    bare = {key: value for key, value in TRUE.items() if key != "predicate"}
    for said in (bare, {**TRUE, "predicate": None}, {**TRUE, "predicate": {}}):
        assert judge(signed(said)).code == "ok"


def test_the_payload_must_be_in_toto() -> None:
    assert judge(signed(TRUE, payload_type="application/json")).code == "payload-type"
    assert judge(signed(TRUE, payload_type="application/vnd.in-toto+json;x=1")).code == "payload-type"


def test_the_file_is_the_one_that_was_attested() -> None:
    assert judge(signed(TRUE, sha256="00" * 32)).code == "subject-digest"
    assert judge(signed(TRUE, filename="another-1.0-py3-none-any.whl")).code == "subject-name"


def test_the_predicate_asked_for_must_be_there() -> None:
    build = slsa_statement(FILENAME, SHA256)
    assert judge(signed(build, predicates=(PUBLISH,))).code == "predicate-type"
    assert judge(signed(TRUE, predicates=(SLSA,))).code == "predicate-type"
    assert judge(signed(TRUE, predicates=(PUBLISH, SLSA))).code == "predicate-type"
    assert judge(signed(TRUE, predicates=(PUBLISH,))).code == "ok"
    both = INSTANCE.provenance([INSTANCE.pep740(INSTANCE.attest(said)) for said in (TRUE, build)])
    found = judge(Case(both, INSTANCE.trusted_root_json, predicates=(PUBLISH, SLSA)))
    assert (found.code, set(found.predicates)) == ("ok", {PUBLISH, SLSA})
