"""Changed bytes of what a list is made of: nothing else is installed, no review counts for another, no tracebacks.

How long, and from which seed, says `support/fuzz.py`.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from typing import TYPE_CHECKING

import pytest

from support.attested import FILENAME, SHA256
from support.curation import NOW, PERSONS, ledger_text, public_key, signer
from support.fuzz import SEED, bytes_changed, document_changed, rounds
from support.private_sigstore import publish_statement
from support.published_lists import first_root, make_published_list
from variantkit.errors import InputError, RefusedError, UndeterminedError
from variantkit_allowlist.model import GrantedNeeds, Reviewer, VendorKey
from variantkit_allowlist.provenance import verify_vendor_key
from variantkit_allowlist.repository.client import fetch
from variantkit_allowlist.repository.sources import Copy
from variantkit_allowlist.statements.envelope import sign_statement
from variantkit_allowlist.statements.review import Review, check_review, write_review
from variantkit_allowlist.store import parse_ledger

if TYPE_CHECKING:
    from pathlib import Path

REVIEWERS = {
    name: Reviewer(affiliation=affiliation, keys=(public_key(name).line,)) for name, affiliation in PERSONS.items()
}


def files_of(directory: str) -> list[str]:
    return sorted(os.path.join(folder, name) for folder, _, names in os.walk(directory) for name in names)


def test_changed_published_files_install_only_what_was_signed(tmp_path: Path) -> None:
    """One file of the repository changed, for a machine that knows the root alone, and for one that remembers."""
    curation = make_published_list(tmp_path)
    public = os.path.join(curation.path, "public")
    with open(first_root(curation), "rb") as stream:
        root = stream.read()
    wanted = ("approved.json", "trusted_root.json")
    signed = fetch(Copy(public), root, str(tmp_path / "memory"), int(time.time()), wanted=wanted).targets
    for number, chance in enumerate(rounds(0.15, "published")):
        path = chance.choice(files_of(public))
        with open(path, "rb") as stream:
            data = stream.read()
        is_document = path.endswith(".json") and chance.random() < 0.6
        changed = document_changed(json.loads(data), chance) if is_document else bytes_changed(data, chance)
        memory = tmp_path / f"memory{number}" if chance.random() < 0.5 else tmp_path / "memory"
        with open(path, "wb") as stream:
            stream.write(changed)
        try:
            found = fetch(Copy(public), root, str(memory), int(time.time()), wanted=wanted).targets
        except (RefusedError, UndeterminedError):
            found = signed
        with open(path, "wb") as stream:
            stream.write(data)
        assert found == signed, (SEED, path, changed)
        if memory.name != "memory":
            shutil.rmtree(memory, ignore_errors=True)
    assert fetch(Copy(public), root, str(tmp_path / "memory"), int(time.time()), wanted=wanted).targets == signed


def test_changed_reviews_say_what_was_signed_or_nothing() -> None:
    review = Review("alice", ("reviewed-source",), "acme-variant-provider", "1.0", FILENAME, SHA256, NOW)
    review = review._replace(needs=GrantedNeeds(read=("/proc/acme",)), notes="all of it")
    data = write_review(review, signer("alice"))
    assert check_review(data, REVIEWERS) == review
    for chance in rounds(0.03, "reviews"):
        changed = document_changed(json.loads(data), chance) if chance.random() < 0.6 else bytes_changed(data, chance)
        try:
            found = check_review(changed, REVIEWERS)
        except RefusedError:
            continue
        assert found == review, (SEED, changed)


def test_changed_statements_of_a_vendors_key_speak_of_no_other_file() -> None:
    keys = [VendorKey(person="alice", key=public_key("alice").line)]
    data = sign_statement(json.dumps(publish_statement(FILENAME, SHA256)).encode(), signer("alice"))
    wanted = verify_vendor_key(data, FILENAME, SHA256, keys, NOW)
    assert wanted.verified
    for chance in rounds(0.03, "vendor keys"):
        changed = document_changed(json.loads(data), chance) if chance.random() < 0.6 else bytes_changed(data, chance)
        found = verify_vendor_key(changed, FILENAME, SHA256, keys, NOW)
        assert found.detail.isprintable(), (SEED, changed)
        assert not found.verified or found == wanted, (SEED, changed)
        assert not verify_vendor_key(changed, FILENAME, "00" * 32, keys, NOW).verified, (SEED, changed)


def test_changed_providers_are_read_or_refused_in_sentences() -> None:
    text = ledger_text()
    for chance in rounds(0.03, "providers.toml"):
        changed = bytes_changed(text.encode(), chance).decode(errors="surrogateescape")
        try:
            parse_ledger(changed, "providers.toml")
        except InputError:
            continue


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"null", b"\xff", b"{" * 10_000, b"[" * 100_000])
def test_no_bytes_at_all_are_a_review_or_a_vendors_word(data: bytes) -> None:
    with pytest.raises(RefusedError):
        check_review(data, REVIEWERS)
    keys = [VendorKey(person="alice", key=public_key("alice").line)]
    assert verify_vendor_key(data, FILENAME, SHA256, keys, NOW).code == "malformed"
