"""The start-time budget: what one answer costs, as a ratio to an interpreter that does nothing."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from typing import TYPE_CHECKING

from variantkit.conformance.findings import Finding
from variantkit.runner import Question, ask
from variantkit.trust.needs import Needs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from variantkit.conformance.subject import Subject

START_RATIO = 3.0
_PAIRS = 9


def measure_start(subject: Subject, python: str, deadline: float) -> float | None:
    """The median cost of an answer over that of `python -I -S -c pass`, measured in turn; None when there is none."""
    question = Question(subject.namespace, subject.endpoint, subject.data, subject.sha256, Needs())
    first = ask([question], deadline=deadline, python=python, environ={})[0]
    unanswered = first.status == "undetermined" and not first.everything
    if unanswered and first.diagnostics[0][0] != "contract-violated":
        return None
    command = [python, "-I", "-S", "-c", "pass"]
    ratios = []
    for _ in range(_PAIRS):
        started = time.perf_counter()
        subprocess.run(command, check=False, stdin=subprocess.DEVNULL, env=dict(os.environ))
        middle = time.perf_counter()
        ask([question], deadline=deadline, python=python, environ={})
        ratios.append((time.perf_counter() - middle) / (middle - started))
    return statistics.median(ratios)


def check_start(ratio: float | None, limit: float) -> Iterator[Finding]:
    """Whether the ratio is over its budget."""
    if ratio is not None and ratio > limit:
        yield Finding(
            "slow-start", f"an answer costs {ratio:.1f} times a bare interpreter; the budget is {limit:g}", "this"
        )
