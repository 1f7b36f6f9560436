"""What counts of a run: a busy host is no hanging provider, and noise is no wish of the provider's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.laboratory import ask_on, make_subject
from variantkit.conformance import laboratory
from variantkit.conformance.laboratory import Run
from variantkit.conformance.machines import THIS, FakeMachine
from variantkit.conformance.needs import propose_needs
from variantkit.conformance.records import Record
from variantkit.runner import Answer

if TYPE_CHECKING:
    from pathlib import Path

IN_TIME = Answer(status="absent")
LATE = Answer(status="undetermined", diagnostics=(("timed-out", "it gave no answer in 5 seconds"),))


@pytest.mark.parametrize(
    ("answers", "code"), [([LATE, IN_TIME], ""), ([LATE, LATE], "timed-out"), ([IN_TIME], "")], ids=str
)
def test_a_machine_that_ends_late_is_asked_once_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answers: list[Answer], code: str
) -> None:
    left = list(answers)
    monkeypatch.setattr(laboratory, "ask", lambda questions, **_: [left.pop(0) for _ in questions])
    (run,) = ask_on(make_subject(tmp_path), THIS)
    assert (run.code, left) == (code, [])


@pytest.mark.parametrize(
    ("name", "needs"), [("words", ["/proc/acme"]), ("huge", []), ("garbage bytes 1", []), ("garbage words 2", [])]
)
def test_what_is_asked_for_because_of_noise_is_not_proposed(name: str, needs: list[str]) -> None:
    run = Run(FakeMachine(name, {}), "", IN_TIME, (Record("read", "/proc/acme"),))
    assert [need.text for need in propose_needs([run]).needs] == needs
