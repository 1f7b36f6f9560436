"""Asking providers: one contained child each, all at once, from the verified bytes."""

from __future__ import annotations

import hashlib
import os
import re
import sys
import time
from typing import TYPE_CHECKING, NamedTuple

from variantkit.provider.clauses import DEFAULT_LIMITS
from variantkit.runner.answers import Answer, Outcome, read_answer, undetermined
from variantkit.runner.environment import child_environment
from variantkit.runner.launch import RESULT, WHEEL, Launch
from variantkit.runner.wheelfile import close_wheel, open_wheel

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from variantkit.provider.clauses import Limits
    from variantkit.runner.wheelfile import WheelFile
    from variantkit.trust.needs import Needs

__all__ = ["Answer", "Question", "ask"]

PROCESS = "process"
"""The level of isolation in force: a process of its own with a scrubbed environment, no sandbox of the system."""

# The SDK's own file is imported from its own folder: whoever can change it can change the code that reads it, and it
# has its compiled form there, where source passed as text would be compiled at every start (1.7 of 7 ms). The folder
# and the name `worker` are gone again before the wheel is reachable.
_LAUNCHER = (
    "import sys; sys.path.insert(0, sys.argv[1]); import worker; "
    "del sys.path[0], sys.modules['worker']; worker.main(sys.argv[2:])"
)

# The same, with a fake machine around the provider (`stage`), which is read and compiled only when one is asked for.
_STAGED_LAUNCHER = (
    "import sys; sys.path.insert(0, sys.argv[1]); import worker, stage; "
    "del sys.path[0], sys.modules['worker']; stage.set_up(worker, sys.argv.pop(2)); worker.main(sys.argv[2:])"
)

_identifier = "[A-Za-z_][A-Za-z0-9_]*"
is_endpoint = re.compile(rf"{_identifier}(\.{_identifier})*(:{_identifier}(\.{_identifier})*)?").fullmatch
"""Matches an object reference, `module` or `module:object.path`, in ASCII."""


class Question(NamedTuple):
    """One provider to ask, as the gate allowed it.

    `endpoint` is the object reference of the plugin, `wheel` the verified bytes and `sha256` their digest, `needs`
    what the approved list grants it, `configs_sha256` the approved digest of `get_all_configs`, if any. `stage` is the
    path of a fake machine's description, for conformance alone; `evidence` asks what the answer was read from as well.
    """

    namespace: str
    endpoint: str
    wheel: bytes
    sha256: str
    needs: Needs
    configs_sha256: str | None = None
    stage: str = ""
    evidence: bool = False


def ask(
    questions: Sequence[Question],
    *,
    deadline: float = 5.0,
    python: str = sys.executable,
    environ: Mapping[str, str] | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> list[Answer]:
    """Ask all at once and return the answers in the order of the questions.

    `deadline` is in seconds, for all together; `python` runs the children; `environ` (by default that of this
    process) is what the children's environment is picked from. Whatever a provider does ends as an answer, never as
    an exception: present, absent, or undetermined with the reason.
    """
    end = time.monotonic() + deadline
    refusals = [_refusal(question) for question in questions]
    run, result = _runner()
    environment = child_environment(os.environ if environ is None else environ)
    command = Launch(python, _arguments(result, deadline), environment)
    wheels: list[WheelFile] = []
    try:
        launches = []
        for question, refusal in zip(questions, refusals, strict=True):
            if refusal is None:
                wheels.append(open_wheel(question.wheel, inherited=result == RESULT))
                launches.append(_launch(command, question, wheels[-1]))
        outcomes = iter(run(launches, end))
    finally:
        for wheel in wheels:
            close_wheel(wheel)
    return [
        refusal or read_answer(next(outcomes), limits, question.configs_sha256, PROCESS)
        for question, refusal in zip(questions, refusals, strict=True)
    ]


def _refusal(question: Question) -> Answer | None:
    found = hashlib.sha256(question.wheel).hexdigest()
    if found != question.sha256.lower():
        return undetermined("hash-mismatch", f"the wheel has sha256 {found}, judged was {question.sha256}")
    if not is_endpoint(question.endpoint):
        text = f"the endpoint must be MODULE or MODULE:OBJECT, found {question.endpoint!a:.100}"
        return undetermined("plugin-not-in-wheel", text)
    return None


def _runner() -> tuple[Callable[[Sequence[Launch], float], list[Outcome]], int]:
    """How children are run here, and the descriptor of their result; with RESULT they inherit the wheel's too."""
    if hasattr(os, "posix_spawn"):
        from variantkit.runner.children import run_children

        return run_children, RESULT
    from variantkit.runner import portable

    return portable.run_children, portable.RESULT


def _arguments(result: int, deadline: float) -> tuple[str, ...]:
    folder = os.path.dirname(os.path.abspath(__file__))
    return ("-I", "-S", "-X", "utf8", "-c", _LAUNCHER, folder, str(result), str(int(deadline) + 2))


def _launch(command: Launch, question: Question, wheel: WheelFile) -> Launch:
    number, path = (WHEEL, f"/proc/self/fd/{WHEEL}") if wheel.number >= 0 else (-1, wheel.path)
    arguments = command.arguments
    if question.stage:
        at = arguments.index(_LAUNCHER)
        arguments = (*arguments[:at], _STAGED_LAUNCHER, arguments[at + 1], question.stage, *arguments[at + 2 :])
    more = ("evidence",) if question.evidence else ()
    return command._replace(arguments=(*arguments, str(number), path, question.endpoint, *more), wheel=wheel.number)
