"""The whole check of one provider: static laws, then fake machines, made of what it asks for on the ones before."""

from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING, NamedTuple

from variantkit.conformance.behaviour import check_behaviour
from variantkit.conformance.budget import START_RATIO, check_start, measure_start
from variantkit.conformance.interpreters import Interpreter, find_interpreters
from variantkit.conformance.laboratory import Laboratory, Run
from variantkit.conformance.laws import ERROR
from variantkit.conformance.machines import (
    ABSENT,
    THIS,
    all_machines,
    discovery_machines,
    override_machines,
    wanted_of,
)
from variantkit.conformance.needs import Proposal, check_declared, check_grantable, propose_needs
from variantkit.conformance.static import MAX_BYTES, check_statically
from variantkit.conformance.subject import GROUP, Subject, documented_overrides, read_subject
from variantkit.errors import UndeterminedError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from variantkit.conformance.findings import Finding
    from variantkit.conformance.machines import FakeMachine, Wanted
    from variantkit.trust.needs import Needs
    from variantkit.variants.grammar import Feature

DEADLINE = 5.0
_ON_OTHER_PYTHONS = ("words", "denied", "no ctypes", "garbage numbers 1")


class Options(NamedTuple):
    """What a check can be told.

    `pythons` empty means those that are here; `machines` are further ones; `declared` are the needs of the approved
    entry, when there is one. `deadline` is in seconds, for each machine; with a `start_ratio` of 0 the start is not
    measured.
    """

    endpoint: str | None = None
    namespace: str | None = None
    deadline: float = DEADLINE
    pythons: tuple[str, ...] = ()
    max_bytes: int = MAX_BYTES
    start_ratio: float = START_RATIO
    machines: tuple[FakeMachine, ...] = ()
    declared: Needs | None = None


DEFAULT_OPTIONS = Options()


class Report(NamedTuple):
    """What a check found: every finding, in the order of LAWS, and what it was found with."""

    subject: Subject
    findings: tuple[Finding, ...]
    runs: tuple[Run, ...]
    pythons: tuple[Interpreter, ...]
    needs: Proposal
    start_ratio: float | None
    seconds: float

    @property
    def passed(self) -> bool:
        """Whether no law of severity error is broken."""
        return not any(finding.severity == ERROR for finding in self.findings)

    @property
    def features(self) -> tuple[Feature, ...]:
        """What the provider supports on this machine."""
        return next((run.answer.features for run in self.runs if run.name == THIS.name), ())


def check_provider(
    path: str, options: Options = DEFAULT_OPTIONS, on_progress: Callable[[int], None] = lambda done: None
) -> Report:
    """Check the wheel at `path`: this RUNS its code, in the runner's children.

    `on_progress` hears how many machines were asked so far. InputError for a file that is no wheel,
    UndeterminedError when no child can be started here.
    """
    started = time.monotonic()
    subject = read_subject(path, endpoint=options.endpoint, namespace=options.namespace)
    pythons = find_interpreters(options.pythons, "".join(subject.metadata.get("requires-python", ())))
    findings = list(check_statically(subject, options.max_bytes))
    runs = _ask_everywhere(subject, options, pythons, on_progress)
    ratio = measure_start(subject, pythons[0].path, options.deadline) if options.start_ratio else None
    proposal = propose_needs([run for run in runs if not run.python])
    findings += [*check_behaviour(runs), *check_grantable(proposal), *check_start(ratio, options.start_ratio)]
    if options.declared is not None:
        findings += check_declared(proposal, options.declared)
    for endpoint in _other_endpoints(subject):
        findings += _check_endpoint(subject._replace(endpoint=endpoint), options, pythons[0].path)
    return Report(
        subject, _in_order(findings), tuple(runs), tuple(pythons), proposal, ratio, time.monotonic() - started
    )


def _ask_everywhere(
    subject: Subject, options: Options, pythons: Sequence[Interpreter], on_progress: Callable[[int], None]
) -> list[Run]:
    done = itertools.count(1)
    asked = Laboratory(subject, deadline=options.deadline, on_progress=lambda: on_progress(next(done)))
    with asked.open() as laboratory:
        python = pythons[0].path
        first = laboratory.run([THIS, ABSENT], python)
        if first[0].code == "cannot-start":
            raise UndeterminedError(f"{python}: {first[0].answer.diagnostics[0][1]}")
        wanted = _discover(laboratory, python)
        machines = list(all_machines(subject, wanted))
        overrides = override_machines(wanted, documented_overrides(subject), _everything(first))
        laboratory.run([*machines, *options.machines, *overrides], python)
        known = (*discovery_machines(subject, wanted), *machines)
        some = [machine for machine in known if machine.name in _ON_OTHER_PYTHONS]
        for other in pythons[1:]:
            laboratory.run([THIS, ABSENT, *some], other.path, f"Python {other.version}")
        return laboratory.runs


def _discover(laboratory: Laboratory, python: str) -> Wanted:
    """What the provider asks for where its hardware seems to be; of the runs the last round's stay."""
    kept = list(laboratory.runs)
    for _ in range(2):  # what is there after the first round decides what is asked for in the second
        found = laboratory.run(discovery_machines(laboratory.subject, wanted_of(laboratory.records)), python)
    laboratory.runs[:] = [*kept, *found]
    return wanted_of(laboratory.records)


def _everything(runs: Sequence[Run]) -> tuple[Feature, ...]:
    return next((run.answer.everything for run in runs if run.answer.everything), ())


def _other_endpoints(subject: Subject) -> list[str]:
    named = [reference for group, _, reference in subject.entry_points if group == GROUP]
    return [endpoint for endpoint in dict.fromkeys(named) if endpoint != subject.endpoint]


def _check_endpoint(subject: Subject, options: Options, python: str) -> list[Finding]:
    with Laboratory(subject, deadline=options.deadline).open() as laboratory:
        laboratory.run([THIS, ABSENT], python, subject.endpoint)
        return list(check_behaviour(laboratory.runs))


def _in_order(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    from variantkit.conformance.laws import LAWS

    order = {clause: number for number, clause in enumerate(LAWS)}
    return tuple(sorted(dict.fromkeys(findings), key=lambda finding: order[finding.clause]))
