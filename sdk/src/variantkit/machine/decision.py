"""The decision order: how each namespace's supported properties are decided (design section 5, PEP 850 "Providers").

Per namespace, the first that applies: disabled, or optional and not enabled · static properties in the wheel's
metadata · the user's override · the user's static file · no-exec mode · an approved provider, asked · nothing, with
the reason.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NamedTuple

from variantkit.errors import VariantkitError
from variantkit.machine.supported import (
    DENIED,
    DISABLED,
    OVERRIDE,
    PRESENT,
    STATIC,
    UNDETERMINED,
    NamespaceSupport,
    ProviderRef,
)
from variantkit.variants.metadata import ProviderInfo
from variantkit.variants.shape import ABI_NAMESPACE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from variantkit.machine.wheels import Offer, WheelSource
    from variantkit.runner.answers import Answer
    from variantkit.runner.process import Question
    from variantkit.trust.approved import Entry
    from variantkit.trust.gate import Foreseen, Verdict
    from variantkit.trust.union import Approvals
    from variantkit.variants.grammar import Feature
    from variantkit.variants.metadata import Metadata, Properties

_NO_EXEC = NamespaceSupport(DISABLED, code="no-exec", detail="no provider runs in no-exec mode")
DEADLINE = 5.0
"""Seconds that all providers of one question may take together."""


class Settings(NamedTuple):
    """Everything that decides: nothing here reads the environment or the clock by itself.

    `approvals` reads the approved lists, once, when the first provider is about to be asked: a machine that is
    wholly described by static properties never needs them. `now` is in unix seconds. `python` runs the providers,
    since an interpreter's own architecture decides what it can load. `installed` lists the versions in the target
    environment, for the namespace `abi_dependency`.
    """

    approvals: Callable[[], Approvals]
    sources: Sequence[WheelSource] = ()
    enabled: frozenset[str] = frozenset()
    disabled: frozenset[str] = frozenset()
    overrides: Mapping[str, tuple[Feature, ...]] = {}
    static: Mapping[str, tuple[Feature, ...]] = {}
    no_exec: bool = False
    now: int = 0
    python: str = sys.executable
    environ: Mapping[str, str] | None = None
    deadline: float = DEADLINE
    installed: Callable[[], Mapping[str, str]] | None = None


class _Prepared(NamedTuple):
    """A question that passed the gate, of which provider, and whether the system's list will refuse it."""

    question: Question
    provider: ProviderRef
    foreseen: Foreseen | None


class ThisMachine:
    """The machine we run on, through `Settings`; a namespace is asked once per process and question."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._approvals: Approvals | None = None
        self._known: dict[tuple[str, ProviderInfo | None], NamespaceSupport] = {}

    @property
    def approvals(self) -> Approvals:
        """The approved lists in force, read at the first use."""
        if self._approvals is None:
            self._approvals = self.settings.approvals()
        return self._approvals

    @property
    def answers(self) -> dict[str, NamespaceSupport]:
        """What was answered so far; of a namespace with several providers, the last."""
        return {namespace: answer for (namespace, _), answer in self._known.items()}

    def support(self, metadata: Metadata) -> dict[str, NamespaceSupport]:
        """Answer for exactly the namespaces that `metadata.variants` use, in the metadata's order of priority."""
        used = _used_namespaces(metadata.variants)
        answers: dict[str, NamespaceSupport] = {}
        if ABI_NAMESPACE in used:
            answers[ABI_NAMESPACE] = self._abi(used.pop(ABI_NAMESPACE))
        ordered = [namespace for namespace in metadata.namespaces if namespace in used]
        providers = {namespace: metadata.providers.get(namespace) for namespace in ordered}
        return self.decide(providers) | answers

    def detect(self, namespaces: Sequence[str] = ()) -> dict[str, NamespaceSupport]:
        """Answer for every namespace that an approved provider, an override or a static file speaks for.

        With `namespaces`, for exactly these. The newest approved provider of each is asked at its first endpoint.
        """
        settings, approved = self.settings, self._approved()
        known = dict.fromkeys([*approved, *settings.overrides, *settings.static])
        answers = self.decide({namespace: approved.get(namespace) for namespace in namespaces or known})
        for namespace, answer in answers.items():
            if answer.code == "not-listed" and namespace not in approved:
                answers[namespace] = self._nobody(namespace)
        return answers

    def witness(self, namespace: str) -> NamespaceSupport | tuple[Answer, ProviderRef]:
        """Ask the approved provider of a namespace for its answer and what it was read from, or say why not.

        Overrides and static files do not count: they describe another machine than this one.
        """
        if self.settings.no_exec:
            return _NO_EXEC
        info = self._approved().get(namespace)
        if info is None:
            return self._nobody(namespace)
        prepared = self._prepare(namespace, info)
        if isinstance(prepared, NamespaceSupport):
            return prepared
        return self._ask([prepared.question._replace(evidence=True)])[0], prepared.provider

    def _nobody(self, namespace: str) -> NamespaceSupport:
        """Why no provider answers: a list that could not be believed may have named one, so it is the reason."""
        for problem in self.approvals.problems:
            return _denied(problem.code, problem.detail)._replace(list_state=True)
        return _denied("not-listed", f"no approved provider answers for namespace {namespace}")

    def _approved(self) -> dict[str, ProviderInfo]:
        """The newest approved provider of each namespace, at its first endpoint."""
        from variantkit.trust.union import entries_written, without_warning_list

        lenient = without_warning_list(self.approvals, self.settings.now)
        entries = entries_written(self.approvals) + (entries_written(lenient[0]) if lenient else ())
        approved: dict[str, ProviderInfo] = {}
        for entry in entries:
            approved.setdefault(entry.namespace, ProviderInfo((entry.package,), entry.plugin_api[0]))
        return approved

    def decide(self, providers: Mapping[str, ProviderInfo | None]) -> dict[str, NamespaceSupport]:
        """Answer for each namespace of `providers`; None stands for a namespace without provider information."""
        pending: dict[str, Question] = {}
        chosen: dict[str, _Prepared] = {}
        for namespace, info in providers.items():
            if (namespace, info) in self._known:
                continue
            decided = self._decide_without_running(namespace, info) or self._prepare(namespace, info)
            if isinstance(decided, NamespaceSupport):
                self._known[namespace, info] = decided
            else:
                pending[namespace], chosen[namespace] = decided.question, decided
        for namespace, answer in zip(pending, self._ask(list(pending.values())), strict=True):
            self._known[namespace, providers[namespace]] = _from_answer(answer, chosen[namespace])
        return {namespace: self._known[namespace, info] for namespace, info in providers.items()}

    def _decide_without_running(self, namespace: str, info: ProviderInfo | None) -> NamespaceSupport | None:
        settings = self.settings
        if namespace in settings.disabled:
            return NamespaceSupport(DISABLED, code="disabled", detail=f"disabled by --disable {namespace}")
        if info and info.optional and namespace not in settings.enabled:
            detail = f"optional, and not enabled; use it with --enable {namespace}"
            return NamespaceSupport(DISABLED, code="optional", detail=detail)
        if info and info.static is not None:
            return NamespaceSupport(STATIC, "author", info.static, detail="static properties in the wheel's metadata")
        if namespace in settings.overrides:
            return NamespaceSupport(OVERRIDE, "override", settings.overrides[namespace], detail="given by an override")
        if namespace in settings.static:
            return NamespaceSupport(STATIC, "static-file", settings.static[namespace], detail="given by a static file")
        if settings.no_exec:
            return _NO_EXEC
        return None

    def _prepare(self, namespace: str, info: ProviderInfo | None) -> NamespaceSupport | _Prepared:
        """Pass the gate: a refusal, or the question to ask of verified bytes."""
        if info is None or info.builtin is not None:
            return _denied("not-listed", f"the metadata names no provider for namespace {namespace}")
        from variantkit.trust.gate import judge_request

        requires, now = info.requires, self.settings.now
        verdict, entries = judge_request(self.approvals, namespace, requires, info.plugin_api, now)
        if not verdict.allowed:
            return _refused(verdict)
        try:
            return self._find_wheel(namespace, entries, verdict)
        except VariantkitError as error:  # a source that fails costs its namespace, not the installation
            return NamespaceSupport(UNDETERMINED, code="wheel-unavailable", detail=str(error))

    def _find_wheel(self, namespace: str, entries: Sequence[Entry], allowed: Verdict) -> NamespaceSupport | _Prepared:
        """Take the first wheel of an approved version that the gate lets through."""
        from variantkit.runner.process import PROCESS, Question
        from variantkit.trust.gate import endpoint_for

        refusal: Verdict | None = None
        for entry, offer in self._offers(entries):
            endpoint = endpoint_for(entry, allowed.endpoint)
            judged, data = _judge_offer(self.approvals, entry, offer, endpoint, self.settings.now)
            if judged.allowed and entry.isolation in (None, PROCESS):
                question = Question(namespace, endpoint, data, _sha256(data), entry.needs, entry.configs_sha256)
                provider = ProviderRef(entry.package, entry.version, question.sha256)
                return _Prepared(question, provider, judged.foreseen and (allowed.foreseen or judged.foreseen))
            if judged.allowed:
                detail = (
                    f"{entry.package} {entry.version} may only run {entry.isolation}, and here it would run {PROCESS}"
                )
                return _denied("isolation-unavailable", detail)
            refusal = refusal or judged
        if refusal is not None:
            return _refused(refusal)
        wanted = ", ".join(f"{entry.package} {entry.version}" for entry in entries)
        detail = f"{wanted} is approved, but no wheel of it is here; give its directory with --provider-wheels DIR"
        return NamespaceSupport(UNDETERMINED, code="wheel-missing", detail=detail)

    def _offers(self, entries: Iterable[Entry]) -> Iterator[tuple[Entry, Offer]]:
        """The files that may be an approved version: newest version first, sources in their order."""
        for entry in entries:
            for source in self.settings.sources:
                for offer in source.offers(entry):
                    yield entry, offer

    def _ask(self, questions: list[Question]) -> list[Answer]:
        if not questions:
            return []
        from variantkit.runner.process import ask

        settings = self.settings
        return ask(questions, deadline=settings.deadline, python=settings.python, environ=settings.environ)

    def _abi(self, used: Mapping[str, Sequence[str]]) -> NamespaceSupport:
        from variantkit.variants.abi import abi_features

        installed = self.settings.installed() if self.settings.installed else {}
        features = abi_features(used, installed)
        return NamespaceSupport(PRESENT if features else "absent", "environment", features)


def _judge_offer(approvals: Approvals, entry: Entry, offer: Offer, endpoint: str, now: int) -> tuple[Verdict, bytes]:
    """Judge a file before and after its bytes are read; a file of another hash or index is never fetched."""
    from variantkit.trust.gate import judge_offer, judge_wheel

    early = judge_offer(approvals, entry, offer.filename, offer.index_url, offer.sha256)
    if not early.allowed:
        return early, b""
    data = offer.read()
    return judge_wheel(approvals, entry, offer.filename, data, now, offer.index_url, endpoint=endpoint), data


def _from_answer(answer: Answer, prepared: _Prepared) -> NamespaceSupport:
    return NamespaceSupport(
        answer.status,
        "provider",
        answer.features,
        provider=prepared.provider,
        isolation=answer.isolation,
        diagnostics=answer.diagnostics,
        all_compatible=answer.all_compatible,
        foreseen=prepared.foreseen,
    )


def _refused(verdict: Verdict) -> NamespaceSupport:
    return NamespaceSupport(DENIED, code=verdict.code, detail=verdict.detail, list_state=verdict.list_state)


def _denied(code: str, detail: str) -> NamespaceSupport:
    return NamespaceSupport(DENIED, code=code, detail=detail)


def _used_namespaces(variants: Mapping[str, Properties]) -> dict[str, dict[str, list[str]]]:
    """The namespaces that variants use; for `abi_dependency` also its features and their values."""
    used: dict[str, dict[str, list[str]]] = {}
    for properties in variants.values():
        for namespace in properties:
            if namespace not in used:
                used[namespace] = {}
            if namespace == ABI_NAMESPACE:
                for feature, values in properties[namespace].items():
                    used[namespace].setdefault(feature, []).extend(values)
    return used


def _sha256(data: bytes) -> str:
    import hashlib

    return hashlib.sha256(data).hexdigest()
