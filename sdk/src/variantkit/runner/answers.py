"""A provider's answer: what its child left behind, hostile bytes included -> status, features and diagnostics."""

from __future__ import annotations

import json
import re
import signal
from typing import TYPE_CHECKING, NamedTuple

from variantkit.provider.clauses import CLAUSES, UNDETERMINED, Violation, check_answer, configs_digest, violation
from variantkit.provider.foreign import shown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from variantkit.provider.clauses import Limits
    from variantkit.variants.grammar import Feature

MAX_ANSWER = 1 << 20
"""Bytes of one answer; a child that sends more is ended."""

MAX_PRINTED = 1 << 20
"""Bytes on standard output and error together; a child that prints more is ended."""

KEPT_PRINTED = 200
"""Bytes of what was printed that a diagnostic quotes."""

MAX_DIAGNOSTICS = 32
MAX_VIOLATIONS = 8

CODES = {
    "cannot-start": "the child could not be started",
    "timed-out": "no answer before the deadline",
    "crashed": "the child was ended by a signal that was not ours",
    "raised": "the plugin raised an exception",
    "not-an-answer": "the child ended, or wrote something else, instead of an answer",
    "output-too-large": "the answer or what was printed is over its cap",
    "contract-violated": "the answer breaks the clauses named",
    "configs-digest-mismatch": "get_all_configs differs from what was approved",
    "plugin-not-in-wheel": "the endpoint does not name a module of the wheel",
    "hash-mismatch": "the bytes to run are not those that were judged",
    "abandoned": "the child could not be ended in time and was left behind",
    "printed": "the provider wrote to standard output or error; the answer is not affected",
}
"""Codes of diagnostics that the runner gives; a provider's own `get_diagnostics` adds codes of its own."""

_WORKER_CODES = frozenset({"raised", "plugin-not-in-wheel", "contract-violated", "output-too-large"})
_is_code = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}").fullmatch


class Answer(NamedTuple):
    """What a provider says; `features` (best first) and `everything` are empty unless it could be determined.

    `status` is present, absent or undetermined; `diagnostics` are (code, sentence); `isolation` is how the provider
    was contained, "" when nothing ran. `all_compatible` is the plugin's own `all_properties_compatible`. `evidence`
    is what was read, as (path, text), where that was asked and the plugin can tell.
    """

    status: str
    features: tuple[Feature, ...] = ()
    everything: tuple[Feature, ...] = ()
    diagnostics: tuple[tuple[str, str], ...] = ()
    isolation: str = ""
    all_compatible: bool = False
    evidence: tuple[tuple[str, str], ...] | None = None


class Printed(NamedTuple):
    """What the provider wrote to one stream: its name, how many bytes, and the first of them."""

    stream: str
    size: int
    head: bytes


class Outcome(NamedTuple):
    """What a child left behind.

    `ending` is answered, ended (without an answer), timed-out, too-large or not-started; `code` is the exit
    status, negative for a signal, None when unknown; `detail` says why it was not started.
    """

    ending: str
    result: bytes = b""
    printed: tuple[Printed, ...] = ()
    code: int | None = None
    abandoned: bool = False
    detail: str = ""


def undetermined(code: str, sentence: str, isolation: str = "") -> Answer:
    """The answer of a provider that gave none, with its one reason."""
    return Answer("undetermined", diagnostics=((code, sentence),), isolation=isolation)


def read_answer(outcome: Outcome, limits: Limits, configs_sha256: str | None, isolation: str) -> Answer:
    """Judge what a child left behind; never raises for anything a provider can do."""
    if outcome.ending == "not-started":
        return undetermined("cannot-start", f"the child could not be started: {shown(outcome.detail)}")
    if outcome.ending == "answered":
        answer = _read_line(outcome.result, limits, configs_sha256)
    else:
        answer = Answer("undetermined", diagnostics=(_reason(outcome),))
    return answer._replace(diagnostics=answer.diagnostics + _remarks(outcome), isolation=isolation)


def _reason(outcome: Outcome) -> tuple[str, str]:
    if outcome.ending == "too-large":
        return "output-too-large", f"it wrote more than {MAX_ANSWER} bytes and was ended"
    killed = outcome.code is None or outcome.code == -9
    if outcome.ending == "timed-out" and killed:
        return "timed-out", "it did not answer before the deadline and was ended"
    if killed:
        return "crashed", "it was ended by signal 9 (SIGKILL), or gave up its result descriptor and was ended"
    if outcome.code is not None and outcome.code < 0:
        return "crashed", f"it was ended by signal {-outcome.code} ({_signal_name(-outcome.code)})"
    return "not-an-answer", f"it ended with exit status {outcome.code} and without an answer"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "unnamed"


def _remarks(outcome: Outcome) -> tuple[tuple[str, str], ...]:
    remarks = [
        ("printed", f"it printed {stream.size} bytes to {stream.stream}: {_quoted(stream)}")
        for stream in outcome.printed
        if stream.size
    ]
    if outcome.abandoned:
        remarks.append(("abandoned", "its process could not be ended within a second and was left behind"))
    return tuple(remarks)


def _quoted(stream: Printed) -> str:
    more = "…" if stream.size > len(stream.head) else ""
    return shown(repr(stream.head.decode("utf-8", "backslashreplace"))) + more


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a key is there twice")
    return members


def _decode(line: bytes) -> dict[str, object]:
    """Raises ValueError (UnicodeDecodeError and JSONDecodeError are) or RecursionError."""
    document = json.loads(line.decode("utf-8"), object_pairs_hook=_unique)
    if not isinstance(document, dict):
        raise ValueError("an object was expected")
    return document


def _read_line(line: bytes, limits: Limits, configs_sha256: str | None) -> Answer:
    try:
        document = _decode(line)
    except (ValueError, RecursionError) as error:
        return undetermined("not-an-answer", f"its answer could not be read: {shown(str(error), 100)}")
    if set(document) == {"failure"}:
        return _read_failure(document["failure"])
    if document.keys() - {"evidence"} != {"supported", "all", "all_properties_compatible", "diagnostics"}:
        return undetermined("not-an-answer", "its answer could not be read: other keys were expected")
    supported, everything, violations = check_answer(
        document["supported"],
        document["all"],
        limits,
        all_properties_compatible=document["all_properties_compatible"],
    )
    diagnostics, more = _read_diagnostics(document["diagnostics"])
    evidence, unreadable = _read_evidence(document.get("evidence"))
    if broken := (*violations, *more, *unreadable):
        return Answer("undetermined", diagnostics=_violated(broken) + diagnostics)
    if configs_sha256 is not None and configs_digest(everything) != configs_sha256.lower():
        sentence = f"get_all_configs has the digest {configs_digest(everything)}, approved is {configs_sha256}"
        return Answer("undetermined", diagnostics=(("configs-digest-mismatch", sentence), *diagnostics))
    unknown = any(code == UNDETERMINED for code, _ in diagnostics)
    status = "present" if supported else "undetermined" if unknown else "absent"
    all_compatible = document["all_properties_compatible"] is True
    return Answer(status, supported, everything, diagnostics, all_compatible=all_compatible, evidence=evidence)


def _read_failure(failure: object) -> Answer:
    if not (isinstance(failure, list) and len(failure) == 3 and all(isinstance(part, str) for part in failure)):
        return undetermined("not-an-answer", "its answer could not be read: a failure of three texts was expected")
    code, clause, detail = failure
    if code not in _WORKER_CODES or (code == "contract-violated") != (clause in CLAUSES):
        return undetermined("not-an-answer", "its answer could not be read: the failure is of no known kind")
    if code == "contract-violated":
        return Answer("undetermined", diagnostics=_violated((violation(clause, shown(detail)),)))
    return undetermined(code, shown(detail))


def _violated(violations: tuple[Violation, ...]) -> tuple[tuple[str, str], ...]:
    told = [("contract-violated", str(broken)) for broken in violations[:MAX_VIOLATIONS]]
    if len(violations) > MAX_VIOLATIONS:
        told.append(("contract-violated", f"and {len(violations) - MAX_VIOLATIONS} more"))
    return tuple(told)


def _read_diagnostics(found: object) -> tuple[tuple[tuple[str, str], ...], tuple[Violation, ...]]:
    """The diagnostics that are well formed; a violation only when there is no list, since they decide nothing."""
    if not isinstance(found, list):
        return (), (violation("bad-diagnostics", "get_diagnostics must return a list of (code, message)"),)
    told = list(_well_formed(found[:MAX_DIAGNOSTICS]))
    ignored = len(found) - len(told)
    if ignored:
        told.append(("diagnostics-ignored", f"{ignored} diagnostics were ignored: too many, or not (code, message)"))
    return tuple(told), ()


def _read_evidence(found: object) -> tuple[tuple[tuple[str, str], ...] | None, tuple[Violation, ...]]:
    """What `get_evidence` told; None when it was not asked, or the plugin has none."""
    if found is None:
        return None, ()
    pairs = found if isinstance(found, list) else [None]
    told = tuple((pair[0], pair[1]) for pair in pairs if isinstance(pair, list) and list(map(type, pair)) == [str, str])
    if len(told) != len(pairs):
        return None, (violation("bad-evidence", "get_evidence must return a list of (path, text)"),)
    return told, ()


def _well_formed(entries: list[object]) -> Iterable[tuple[str, str]]:
    for entry in entries:
        if isinstance(entry, list) and len(entry) == 2 and all(isinstance(part, str) for part in entry):
            code, message = entry
            if _is_code(code):
                yield code, shown(message, 500)
