"""The laboratory: one provider asked on many fake machines at once, in the runner, each in a child of its own."""

from __future__ import annotations

import contextlib
import marshal
import os
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

from variantkit.conformance.records import Record, read_records
from variantkit.runner import Answer, Question, ask
from variantkit.trust.needs import Needs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from variantkit.conformance.machines import FakeMachine
    from variantkit.conformance.subject import Subject

_AT_ONCE = max(8, os.cpu_count() or 1)
"""Children at a time: more than two cores can serve, since those on a machine that hangs only wait."""


class Run(NamedTuple):
    """What became of one machine: the answer, and what was asked for; `python` is empty for the first interpreter."""

    machine: FakeMachine
    python: str
    answer: Answer
    records: tuple[Record, ...]
    seconds: float = 0.0

    @property
    def name(self) -> str:
        """The machine's name, with the interpreter where it is not the first."""
        return f"{self.machine.name}, {self.python}" if self.python else self.machine.name

    @property
    def code(self) -> str:
        """Why there is no answer: the runner's code, empty when there is one, be it a provider's "I do not know"."""
        undetermined = self.answer.status == "undetermined" and self.answer.diagnostics and not self.answer.everything
        return self.answer.diagnostics[0][0] if undetermined else ""


class Laboratory:
    """Asks one wheel's plugin; `on_progress` hears of every run that is done."""

    def __init__(
        self,
        subject: Subject,
        *,
        deadline: float,
        on_progress: Callable[[], None] = lambda: None,
        at_once: int = _AT_ONCE,
    ) -> None:
        self.subject = subject
        self.deadline = deadline
        self.runs: list[Run] = []
        self._on_progress = on_progress
        self._at_once = at_once
        self._directory = ""

    @property
    def records(self) -> list[Record]:
        """What was asked for in all runs, in order."""
        return [record for run in self.runs for record in run.records]

    @contextlib.contextmanager
    def open(self) -> Iterator[Laboratory]:
        """Make the directory where machines and records lie, and remove it at the end."""
        with tempfile.TemporaryDirectory(prefix="variantkit-stage-", ignore_cleanup_errors=True) as directory:
            self._directory = os.path.realpath(directory)
            yield self

    def run(self, machines: Iterable[FakeMachine], python: str, label: str = "") -> list[Run]:
        """Ask on every machine; one that ends late is asked again: a busy host is not a hanging provider."""
        asked = list(machines)
        with ThreadPoolExecutor(self._at_once) as pool:
            runs = list(pool.map(lambda machine: self._ask(machine, python, label), asked))
        late = [number for number, run in enumerate(runs) if run.code == "timed-out"]
        with ThreadPoolExecutor(2) as pool:
            again = pool.map(lambda number: self._ask(asked[number], python, label), late)
            for number, run in zip(late, again, strict=True):
                runs[number] = run
        self.runs += runs
        return runs

    def _ask(self, machine: FakeMachine, python: str, label: str) -> Run:
        number, path = tempfile.mkstemp(".machine", dir=self._directory)
        records = path.removesuffix(".machine") + ".records"
        with open(number, "wb") as stream:
            # Version 2 of marshal is the same in every Python; json alone would double the child's start.
            stream.write(marshal.dumps({**machine.told, "records": records}, 2))
        subject = self.subject
        question = Question(subject.namespace, subject.endpoint, subject.data, subject.sha256, Needs(), None, path)
        started = time.monotonic()
        (answer,) = ask([question], deadline=self.deadline, python=python, environ={})
        self._on_progress()
        return Run(machine, label, answer, read_records(records), time.monotonic() - started)
