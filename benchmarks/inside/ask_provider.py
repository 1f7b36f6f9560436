"""The runner, from verified bytes to a checked answer. Arguments: the folder of stopwatch.py, NAMESPACE...

Times each NAMESPACE, and `nothing`: an interpreter that does nothing, started as the runner starts its children.
"""

from __future__ import annotations

import os
import sys
from functools import partial

from variantkit.runner import Question, ask

sys.path.append(sys.argv[1])
import bundled  # type: ignore[import-not-found]
from stopwatch import serve  # type: ignore[import-not-found]


def run_nothing() -> None:
    """The base: an interpreter's start and end."""
    command = [sys.executable, "-I", "-S", "-c", "pass"]
    _, status = os.waitpid(os.posix_spawn(command[0], command, os.environ), 0)
    assert not status


def run_provider(question: Question) -> None:
    """Ask once."""
    (answer,) = ask([question])
    assert answer.everything, answer


approvals = bundled.read_lists(bundled.read_bundled("approved.json"))
questions = {name: bundled.pass_gate(approvals, name, *bundled.read_wheel(approvals, name)) for name in sys.argv[2:]}
serve({}, {"nothing": run_nothing, **{name: partial(run_provider, question) for name, question in questions.items()}})
