"""Laws of providers.toml: what is written is read back, the one form is its own form, and no comment is ever lost."""

from __future__ import annotations

import contextlib
import re
import tempfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tomlkit import parse

from support.toml_texts import DAY, commented_texts, comments_in, ledgers
from variantkit.errors import DocumentError, VariantkitError
from variantkit_allowlist.model import Approval, Ledger, Revoked
from variantkit_allowlist.store import (
    ListDirectory,
    add_approval,
    add_revocation,
    dumps,
    parse_ledger,
    pin_identity,
    replace_approval,
    tidy,
)
from variantkit_allowlist.store.layout import scan
from variantkit_allowlist.store.tidying import in_order

EXAMPLES = settings(max_examples=20)


@EXAMPLES
@given(ledgers())
def test_what_is_written_is_read_back(ledger: Ledger) -> None:
    text = dumps(ledger)
    assert parse_ledger(text, "x") == in_order(ledger)
    assert tidy(text) == text, "what the tool writes is in its one form"


@EXAMPLES
@given(commented_texts())
def test_the_one_form_keeps_meaning_and_every_comment(made: tuple[str, tuple[str, ...]]) -> None:
    text, comments = made
    form = tidy(text)
    assert in_order(parse_ledger(form, "x")) == in_order(parse_ledger(text, "x"))
    assert comments_in(form) == sorted(comments), "byte for byte"


@EXAMPLES
@given(commented_texts())
def test_the_one_form_is_its_own_form(made: tuple[str, tuple[str, ...]]) -> None:
    form = tidy(made[0])
    assert tidy(form) == form


@EXAMPLES
@given(commented_texts())
def test_a_comment_behind_a_value_or_above_it_stays_there(made: tuple[str, tuple[str, ...]]) -> None:
    text, _ = made
    form = tidy(text)
    for behind in re.findall(r"^\s*((?:id|namespace|version|since) = \S+) (#\d+:.*)$", text, re.MULTILINE):
        assert f"{behind[0]}  {behind[1]}\n" in form
    for above in re.findall(r"^\s*(#\d+:.*)\n((?:namespace|since|who|version) = .*\S)", text, re.MULTILINE):
        key = above[1].partition(" = ")[0]
        assert re.search(re.escape(above[0]) + rf"\n(?:#.*\n)*{key} = ", form)


@EXAMPLES
@given(commented_texts())
def test_lines_that_end_with_carriage_returns_are_refused_and_tidied(made: tuple[str, tuple[str, ...]]) -> None:
    text = made[0]
    windows = text.replace("\n", "\r\n")
    if "\r" in windows:
        with pytest.raises(DocumentError, match="run: variantkit-allowlist tidy"):
            parse_ledger(windows, "x")
    assert tidy(windows) == tidy(text)


@EXAMPLES
@given(commented_texts())
def test_the_scanner_finds_the_keys_that_the_parser_finds(made: tuple[str, tuple[str, ...]]) -> None:
    """Where it were to err, a problem would name another line, and an edit another place."""
    text, _ = made
    found = {statement.path for statement in scan(text) if statement.kind == "key"}
    assert found == set(_keys(parse(text).unwrap(), ()))
    lines = text.split("\n")
    for statement in scan(text):
        name = statement.path[-1] if isinstance(statement.path[-1], str) else statement.path[-2]
        assert str(name) in lines[statement.line - 1]


def _keys(value: object, path: tuple[str | int, ...]) -> list[tuple[str | int, ...]]:
    if isinstance(value, dict):
        return [found for key, item in value.items() for found in _keys(item, (*path, key))]
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [found for at, item in enumerate(value) for found in _keys(item, (*path, at))]
    return [path]


def _directory(folder: str, text: str) -> ListDirectory:
    with open(f"{folder}/providers.toml", "w", encoding="utf-8", newline="") as stream:
        stream.write(text)
    return ListDirectory(folder, parse_ledger(text, "x"), text.encode())


def _added_lines(before: str, after: str) -> str:
    """What was put in, when all else stayed byte for byte: one run of text."""
    start = next((at for at, pair in enumerate(zip(before, after, strict=False)) if pair[0] != pair[1]), len(before))
    length = len(after) - len(before)
    for at in range(start, -1, -1):
        if after[:at] + after[at + length :] == before:
            return after[at : at + length]
    raise AssertionError("something else changed")


def _around(text: str, mark: str) -> list[str]:
    """The file without its first section that begins so, whose own indentation is its."""
    parts = re.split(r"^[ \t]*(?=\[\[)", text, flags=re.MULTILINE)
    del parts[next(at for at, part in enumerate(parts) if part.startswith(mark))]
    return parts


_ADDED = Approval(
    package="acme",
    version="1.0.5",
    namespace="acme",
    sha256=("ab" * 32,),
    plugin_api=("x",),
    evidence="none",
    who=("alice",),
    criteria=("reviewed-source",),
    approved=DAY,
    expires=DAY,
)


@EXAMPLES
@given(commented_texts())
def test_an_entry_is_added_and_every_other_byte_stays(made: tuple[str, tuple[str, ...]]) -> None:
    text = made[0]
    with tempfile.TemporaryDirectory() as folder:
        directory = _directory(folder, text)
        package = sorted(directory.ledger.packages)[0]
        approval = _ADDED.model_copy(update={"package": package})
        grown = add_approval(directory, approval)
        revoked = add_revocation(grown, Revoked(sha256=("cd" * 32,), since=DAY, reason="bad"))
        with open(grown.ledger_path, "rb") as stream:
            assert stream.read() == revoked.data
    text += "" if text.endswith("\n") else "\n"  # the one byte that may be added elsewhere
    assert "ab" * 32 in _added_lines(text, grown.data.decode())
    assert "cd" * 32 in _added_lines(grown.data.decode(), revoked.data.decode())
    assert approval in grown.ledger.approved
    assert set(revoked.ledger.approved) == {*directory.ledger.approved, approval}


@EXAMPLES
@given(ledgers())
def test_a_tidy_file_stays_tidy_when_the_tool_edits_it(ledger: Ledger) -> None:
    with tempfile.TemporaryDirectory() as folder:
        directory = _directory(folder, dumps(ledger))
        package = sorted(ledger.packages)[0]
        grown = add_approval(directory, _ADDED.model_copy(update={"package": package}))
        grown = add_revocation(grown, Revoked(sha256=("cd" * 32,), since=DAY, reason="bad"))
    assert tidy(grown.data.decode()) == grown.data.decode()


@EXAMPLES
@given(commented_texts())
def test_an_entry_is_written_anew_and_its_comments_and_all_other_bytes_stay(made: tuple[str, tuple[str, ...]]) -> None:
    text, comments = made
    with tempfile.TemporaryDirectory() as folder:
        directory = _directory(folder, text)
        if not directory.ledger.approved:
            return
        old = directory.ledger.approved[0]
        new = old.model_copy(update={"superseded": not old.superseded, "notes": "renewed"})
        renewed = replace_approval(directory, old, new)
    written = renewed.data.decode()
    assert renewed.ledger.approved == (new, *directory.ledger.approved[1:])
    assert comments_in(written) == sorted(comments)
    assert _around(text, "[[approved]]") == _around(written, "[[approved]]")


@EXAMPLES
@given(commented_texts())
def test_an_identity_is_pinned_and_its_comments_and_all_other_bytes_stay(made: tuple[str, tuple[str, ...]]) -> None:
    text, comments = made
    with tempfile.TemporaryDirectory() as folder:
        directory = _directory(folder, text)
        named = [name for name, package in directory.ledger.packages.items() if package.identity]
        if not named:
            return
        rule = directory.ledger.packages[named[0]].identity[0]
        pinned = pin_identity(directory, named[0], rule, rule.model_copy(update={"repository_id": "42"}))
    written = pinned.data.decode()
    assert pinned.ledger.packages[named[0]].identity[0].repository_id == "42"
    assert comments_in(written) == sorted(comments)
    assert _around(text, "[[packages.") == _around(written, "[[packages.")


@settings(max_examples=60)
@given(commented_texts(), st.integers(0, 10_000), st.text(max_size=3), st.integers(0, 4))
def test_no_spoilt_text_ends_in_anything_but_an_error_of_ours(
    made: tuple[str, tuple[str, ...]], at: int, put: str, cut: int
) -> None:
    text = made[0]
    at %= len(text)
    spoilt = text[:at] + put + text[at + cut :]
    for read in (tidy, lambda given: parse_ledger(given, "x")):
        with contextlib.suppress(VariantkitError):
            read(spoilt)
