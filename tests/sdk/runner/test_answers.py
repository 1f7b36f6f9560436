from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from variantkit.provider.clauses import DEFAULT_LIMITS
from variantkit.runner.answers import CODES, Answer, Outcome, Printed, read_answer
from variantkit.variants.grammar import Feature

LEVEL = {"name": "level", "values": ["v2", "v1"], "multi_value": False}
GOOD: dict[str, Any] = {"supported": [LEVEL], "all": [LEVEL], "all_properties_compatible": False, "diagnostics": []}


def read(line: object, configs_sha256: str | None = None) -> Answer:
    data = line if isinstance(line, bytes) else json.dumps(line).encode()
    return read_answer(Outcome("answered", data), DEFAULT_LIMITS, configs_sha256, "process")


def code_of(answer: Answer) -> str:
    assert answer.status == "undetermined"
    assert answer.features == answer.everything == ()
    return answer.diagnostics[0][0]


def test_features_are_present_and_their_absence_is_an_answer() -> None:
    level = (Feature("level", ("v2", "v1")),)
    assert read(GOOD) == Answer("present", level, level, (), "process")
    assert read({**GOOD, "supported": []}) == Answer("absent", (), level, (), "process")


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\xff\xfe", id="not UTF-8"),
        pytest.param(json.dumps(GOOD).encode("utf-16"), id="UTF-16"),
        pytest.param(b"[" * 100_000, id="deep lists"),
        pytest.param(b'{"a":' * 100_000, id="deep objects"),
        pytest.param(b"9" * 10_000, id="a huge number"),
        pytest.param(b"NaN", id="NaN"),
        pytest.param([], id="a list"),
        pytest.param({}, id="an empty object"),
        pytest.param({**GOOD, "more": 1}, id="a key too many"),
        pytest.param({key: GOOD[key] for key in ("supported", "all")}, id="keys too few"),
        pytest.param(json.dumps(GOOD).encode()[:-1] + b',"all":[]}', id="a key twice"),
        pytest.param(json.dumps(GOOD).encode() * 2, id="two answers"),
        pytest.param({"failure": "raised"}, id="a failure that is text"),
        pytest.param({"failure": ["raised", "", 3]}, id="a failure with a number"),
        pytest.param({"failure": ["timed-out", "", ""]}, id="a failure that only the parent finds"),
        pytest.param({"failure": ["contract-violated", "be-nice", ""]}, id="an unknown clause"),
    ],
)
def test_anything_else_is_not_an_answer(line: object) -> None:
    assert code_of(read(line)) == "not-an-answer"


@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_no_bytes_make_the_parent_raise(line: bytes) -> None:
    answer = read(line)
    assert code_of(answer) in CODES
    assert all(sentence.isprintable() for _, sentence in answer.diagnostics)


def test_broken_clauses_are_listed_up_to_a_number() -> None:
    bad = [{"name": f"f{number}", "values": ["UPPER"], "multi_value": False} for number in range(20)]
    answer = read({**GOOD, "supported": [], "all": bad})
    assert [code for code, _ in answer.diagnostics] == ["contract-violated"] * 9
    assert answer.diagnostics[0][1].startswith("bad-value: get_all_configs[0]: ")
    assert answer.diagnostics[-1][1] == "and 12 more"


def test_t17_the_approved_digest_must_be_met() -> None:
    approved = "d3205a37ab7a4a1c6cb0d6d6a2f1f6a3bb5b0a2e7f3a0b2f4b1d8c9e0f1a2b3c"
    assert code_of(read(GOOD, approved)) == "configs-digest-mismatch"
    assert approved in read(GOOD, approved).diagnostics[0][1]


@pytest.mark.parametrize(
    ("outcome", "code", "words"),
    [
        pytest.param(Outcome("timed-out", code=-9), "timed-out", "before the deadline", id="ended by us"),
        pytest.param(Outcome("timed-out", code=-11), "crashed", "signal 11 (SIGSEGV)", id="crashed, pipe held open"),
        pytest.param(
            Outcome("timed-out", abandoned=True), "timed-out", "before the deadline", id="stuck in the kernel"
        ),
        pytest.param(Outcome("ended", code=-6), "crashed", "signal 6 (SIGABRT)", id="aborted"),
        pytest.param(Outcome("ended", code=-64), "crashed", "signal 64", id="a signal without a name"),
        pytest.param(Outcome("ended", code=-9), "crashed", "signal 9", id="killed by someone else"),
        pytest.param(Outcome("ended", code=3), "not-an-answer", "exit status 3", id="left"),
        pytest.param(Outcome("too-large", code=-9), "output-too-large", "1048576 bytes", id="too large"),
        pytest.param(
            Outcome("not-started", detail="/no/python: \x1b"), "cannot-start", "/no/python: \\x1b", id="no start"
        ),
    ],
)
def test_each_ending_has_its_code(outcome: Outcome, code: str, words: str) -> None:
    answer = read_answer(outcome, DEFAULT_LIMITS, None, "process")
    assert code_of(answer) == code
    assert words in answer.diagnostics[0][1]
    assert answer.isolation == ("" if outcome.ending == "not-started" else "process")
    assert ("abandoned" in dict(answer.diagnostics)) == outcome.abandoned


def test_prints_become_a_diagnostic_and_leave_the_answer_alone() -> None:
    printed = (Printed("stdout", 6, b"hi\x1b[2J"), Printed("stderr", 300, b"x" * 200))
    outcome = Outcome("answered", json.dumps(GOOD).encode(), printed)
    answer = read_answer(outcome, DEFAULT_LIMITS, None, "process")
    assert answer.status == "present"
    assert answer.diagnostics == (
        ("printed", "it printed 6 bytes to stdout: 'hi\\x1b[2J'"),
        ("printed", f"it printed 300 bytes to stderr: '{'x' * 200}'…"),
    )


@pytest.mark.parametrize(
    ("told", "status", "heard"),
    [
        pytest.param([["no-gpu", "none\x07 found"]], "present", [("no-gpu", "none\\x07 found")], id="neutralised"),
        pytest.param([["a", "x"]] * 40, "present", [("a", "x")] * 32 + ["diagnostics-ignored"], id="too many"),
        pytest.param([["A B", "x"], "y", [1, "x"], ["a"]], "present", ["diagnostics-ignored"], id="malformed entries"),
        pytest.param("no list", "undetermined", ["contract-violated"], id="not a list"),
    ],
)
def test_the_providers_own_diagnostics(told: object, status: str, heard: list[object]) -> None:
    answer = read({**GOOD, "diagnostics": told})
    assert answer.status == status
    shown = [
        entry if isinstance(wanted, tuple) else entry[0]
        for entry, wanted in zip(answer.diagnostics, heard, strict=True)
    ]
    assert shown == heard


@pytest.mark.parametrize(
    ("supported", "code", "status"),
    [([], "undetermined", "undetermined"), ([], "driver-hung", "absent"), ([LEVEL], "undetermined", "present")],
)
def test_an_empty_answer_is_absence_unless_the_provider_says_that_it_does_not_know(
    supported: list[dict[str, Any]], code: str, status: str
) -> None:
    answer = read({**GOOD, "supported": supported, "diagnostics": [[code, "The driver hung."]]})
    assert (answer.status, answer.diagnostics) == (status, ((code, "The driver hung."),))
