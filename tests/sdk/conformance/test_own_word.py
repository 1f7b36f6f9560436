"""A provider's own `undetermined` is an answer: it is no reason why there is none."""

from __future__ import annotations

import pytest

from variantkit.conformance.laboratory import Run
from variantkit.conformance.machines import FakeMachine
from variantkit.runner import Answer
from variantkit.variants.grammar import Feature

NOTES = (("timed-out", "It took too long."), ("undetermined", "Nobody knows."))


@pytest.mark.parametrize(
    ("everything", "code"), [((Feature("level", ("v1",), False),), ""), ((), "timed-out")], ids=["said", "broken-off"]
)
def test_only_an_answer_that_never_came_has_the_runners_code(everything: tuple[Feature, ...], code: str) -> None:
    answer = Answer("undetermined", everything=everything, diagnostics=NOTES)
    assert Run(FakeMachine("this", {}), "", answer, ()).code == code
