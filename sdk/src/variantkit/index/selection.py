"""Selection: the wheels of one version, reduced to those that fit this machine and interpreter, best first."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from variantkit.errors import InputError, RefusedError, UndeterminedError
from variantkit.machine.supported import ABSENT, PRESENT, UNDETERMINED, supported_features
from variantkit.variants.grammar import normalized_name
from variantkit.variants.ordering import Ranking, Rejection, rank_variants
from variantkit.variants.wheel import parse_wheel_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from variantkit.index.pages.page import File, Page
    from variantkit.machine.supported import Machine, NamespaceSupport
    from variantkit.variants.grammar import Property
    from variantkit.variants.metadata import Metadata
    from variantkit.variants.wheel import WheelName

LABEL_UNKNOWN = "label-not-in-metadata"
METADATA_MISSING = "variants-json-missing"

_build_number = re.compile(r"([0-9]{1,18})(?![0-9])(.*)").fullmatch
"""Longer numbers do not fit the 64 bits that some installers read them into; such a wheel is no candidate."""


class Candidate(NamedTuple):
    """A variant wheel that fits; `tag_rank` is the position of its best tag in the target's tags, 0 the best."""

    label: str
    file: File
    tag_rank: int


class VersionChoice(NamedTuple):
    """The wheels of one version that fit, best first, and why the others do not.

    `ranked` holds the variant wheels: labels in PEP 825's order, wheels of one label by tag, then by build number;
    yanked wheels come last. `plain` holds the wheels without a label whose tags fit, by tag, then build number.
    `ranking` covers the labels that have a wheel whose tags fit. `notes` are (code, sentence).
    """

    version: str
    ranked: tuple[Candidate, ...]
    plain: tuple[File, ...]
    ranking: Ranking
    support: Mapping[str, NamespaceSupport]
    notes: tuple[tuple[str, str], ...] = ()


class _Fitting(NamedTuple):
    """The wheels of one version whose tags fit; `others` are the labels that only have wheels that do not."""

    subject: str
    labelled: Mapping[str, list[Candidate]]
    plain: tuple[File, ...]
    others: frozenset[str]


def choose_version(
    version: str,
    files: Iterable[File],
    metadata: Metadata | None,
    machine: Machine,
    target_tags: Sequence[str],
    *,
    prefer: Sequence[Property] = (),
    only_label: str | None = None,
    problem: tuple[str, str] | None = None,
) -> VersionChoice:
    """Rank the wheels of one version (PEP 825 "Suggested implementation logic", steps 3 to 9).

    `metadata` is None when there is none that can be used, and `problem` says why as (code, sentence): then no
    variant is a candidate, the plain wheels still are. `only_label` narrows the candidates to one label.
    Raises RefusedError, with the reason, when `only_label` cannot be used here, and UndeterminedError when
    that depends on a namespace that could not be asked.
    """
    fitting = _fit(version, files, target_tags)
    if only_label is not None:
        fitting = _narrow(fitting, only_label)
    if metadata is None:
        return _without_metadata(version, fitting, only_label, problem)
    variants = {label: metadata.variants[label] for label in fitting.labelled if label in metadata.variants}
    candidates = metadata._replace(variants=variants)
    support = machine.support(candidates) if variants else {}
    ranking = rank_variants(candidates, supported_features(support), prefer=prefer)
    unknown = [label for label in fitting.labelled if label not in variants]
    rejected = (Rejection(label, LABEL_UNKNOWN, None) for label in unknown)
    ranking = ranking._replace(rejected=(*ranking.rejected, *rejected))
    if only_label is not None and only_label not in ranking.labels:
        _refuse(fitting.subject, ranking.rejected[0], support)
    ranked = [candidate for label in ranking.labels for candidate in fitting.labelled[label]]
    ranked.sort(key=lambda candidate: candidate.file.yanked is not None)
    notes = tuple(
        (LABEL_UNKNOWN, f"{fitting.subject}: its metadata does not describe the variant {label!r}, so it is left out")
        for label in unknown
    )
    return VersionChoice(version, tuple(ranked), fitting.plain, ranking, support, notes)


def best_wheel(choice: VersionChoice) -> tuple[str | None, File] | None:
    """Return the label (None: plain) and the file that an installer takes; a wheel not yanked beats any yanked one."""
    wheels: list[tuple[str | None, File]] = [(candidate.label, candidate.file) for candidate in choice.ranked]
    wheels += [(None, file) for file in choice.plain]
    return min(wheels, key=lambda wheel: wheel[1].yanked is not None, default=None)


def group_versions(page: Page) -> dict[str, tuple[tuple[File, ...], File | None]]:
    """Group a page's wheels, and its variants.json, by version, newest first; versions that are equal are one group.

    A file listed twice counts once, the first time. Files whose version is not one of PEP 440 are left out.
    """
    from packaging.version import InvalidVersion, Version

    from variantkit.index.pages.filename import parse_filename

    groups: dict[Version, tuple[str, dict[str, File], list[File]]] = {}
    for file in page.files:
        name = parse_filename(file.filename, page.name)
        if name is None or name.kind == "sdist":
            continue
        try:
            version = Version(name.version)
        except InvalidVersion:
            continue
        _, wheels, documents = groups.setdefault(version, (str(version), {}, []))
        if name.kind == "wheel":
            wheels.setdefault(file.filename, file)
        else:
            documents.append(file)
    newest_first = sorted(groups.items(), key=lambda item: item[0], reverse=True)
    return {
        text: (tuple(wheels.values()), documents[0] if documents else None)
        for _, (text, wheels, documents) in newest_first
        if wheels
    }


def tag_ranker(target_tags: Sequence[str]) -> Callable[[WheelName], int | None]:
    """Return a function that gives the position of a wheel's best tag in `target_tags`, None when none is there."""
    split = [tuple(tag.split("-")) for tag in target_tags]
    known: dict[tuple[str, str, str], int | None] = {}

    def rank(name: WheelName) -> int | None:
        triple = (name.python, name.abi, name.platform)
        if triple not in known:
            # One component at a time: the product of hostile compressed tag sets is huge, the target's list is not.
            parts = [set(part.split(".")) for part in triple]
            fits = (i for i, tag in enumerate(split) if all(map(set.__contains__, parts, tag)))
            known[triple] = next(fits, None)
        return known[triple]

    return rank


def build_key(build: str) -> tuple[int, str] | tuple[()] | None:
    """Return what build tags are compared by (PEP 427): () for none; None when the tag cannot be used."""
    if not build:
        return ()
    match = _build_number(build)
    return (int(match[1]), match[2]) if match else None


def _fit(version: str, files: Iterable[File], target_tags: Sequence[str]) -> _Fitting:
    rank = tag_ranker(target_tags)
    fitting: list[tuple[int, tuple[int, str] | tuple[()], WheelName, File]] = []
    seen: set[str] = set()
    subject = version
    for file in files:
        try:
            name = parse_wheel_name(file.filename)
        except InputError:
            continue
        subject = f"{normalized_name(name.name)} {version}"
        seen.update((name.label,) if name.label else ())
        position, build = rank(name), build_key(name.build)
        if position is not None and build is not None:
            fitting.append((position, build, name, file))
    # PEP 825 step 9: by tag, then build number; the name decides between equals, so that the answer never varies.
    fitting.sort(key=lambda item: item[2].text)
    fitting.sort(key=lambda item: item[1], reverse=True)
    fitting.sort(key=lambda item: item[0])
    labelled: dict[str, list[Candidate]] = {}
    for position, _, name, file in fitting:
        if name.label is not None:
            labelled.setdefault(name.label, []).append(Candidate(name.label, file, position))
    plain = tuple(file for _, _, name, file in fitting if name.label is None)
    return _Fitting(subject, labelled, plain, frozenset(seen - labelled.keys()))


def _narrow(fitting: _Fitting, label: str) -> _Fitting:
    if label in fitting.labelled:
        return fitting._replace(labelled={label: fitting.labelled[label]})
    if label in fitting.others:
        raise RefusedError(f"{fitting.subject}: the variant {label!r} has no wheel for this interpreter and platform")
    known = ", ".join(sorted({*fitting.labelled, *fitting.others})) or "none"
    raise RefusedError(f"{fitting.subject}: expected a variant {label!r}, found only: {known}")


def _without_metadata(
    version: str, fitting: _Fitting, only_label: str | None, problem: tuple[str, str] | None
) -> VersionChoice:
    code, sentence = problem or (METADATA_MISSING, f"{fitting.subject}: no metadata that describes its variants")
    if only_label is not None:
        raise RefusedError(f"{fitting.subject}: the variant {only_label!r} cannot be used: {sentence}")
    notes = ((code, sentence),) if fitting.labelled else ()
    return VersionChoice(version, (), fitting.plain, Ranking((), ()), {}, notes)


def _refuse(subject: str, rejection: Rejection, support: Mapping[str, NamespaceSupport]) -> None:
    reason = explain_rejection(rejection, support)
    answer = support.get(rejection.property.namespace) if rejection.property else None
    error = UndeterminedError if answer is not None and answer.status == UNDETERMINED else RefusedError
    raise error(f"{subject}: the variant {rejection.label!r} cannot be used: {reason}")


def explain_rejection(rejection: Rejection, support: Mapping[str, NamespaceSupport]) -> str:
    """Say in one clause why a label is not a candidate: which property is missing, and who denied it."""
    if rejection.property is None:
        return f"{rejection.label} is not described by the metadata of its version"
    answer = support.get(rejection.property.namespace)
    if answer is None or answer.status in (PRESENT, ABSENT):
        return f"{rejection.label} needs {rejection.property}, which this machine does not support"
    state = ": ".join(part for part in (answer.status, answer.code, answer.detail) if part)
    namespace = rejection.property.namespace
    return f"{rejection.label} needs {rejection.property}, and the namespace {namespace} says {state}"


def explain_choice(choice: VersionChoice, installed_label: str | None) -> str:
    """Say in one line which build was taken (None: the plain one) and why; `installed_label` is the one taken."""
    best = best_wheel(choice)
    files = [candidate.file for candidate in choice.ranked] + list(choice.plain)
    name = normalized_name(parse_wheel_name(files[0].filename).name) + " " if files else ""
    labels = list(dict.fromkeys(candidate.label for candidate in choice.ranked))
    taken = "the plain build" if installed_label is None else installed_label
    clauses = [_standing(labels, installed_label, best[0] if best else None)]
    clauses += _reasons(choice.ranking.rejected, choice.support)
    clauses += [sentence for code, sentence in choice.notes if code != LABEL_UNKNOWN][:1]
    return f"{name}{choice.version}: took {taken} — " + "; ".join(clauses)


def _reasons(rejected: Sequence[Rejection], support: Mapping[str, NamespaceSupport]) -> list[str]:
    """Why the others do not fit, in few words: those whose hardware is here by name, the rest by namespace."""
    silent: dict[str, list[str]] = {}
    told: list[str] = []
    for rejection in rejected:
        answer = support.get(rejection.property.namespace) if rejection.property else None
        if rejection.property is None or answer is None or answer.status == PRESENT:
            told.append(explain_rejection(rejection, support))
        else:
            state = f"{answer.status} ({answer.code})" if answer.code else answer.status
            silent.setdefault(state, []).append(rejection.property.namespace)
    clauses = told[:2] + ([f"{len(told) - 2} more do not fit"] if len(told) > 2 else [])
    for state, namespaces in silent.items():
        names = ", ".join(sorted(set(namespaces)))
        builds = "1 build asks" if len(namespaces) == 1 else f"{len(namespaces)} builds ask"
        clauses.append(f"{builds} {names}: {state}")
    return clauses


def _standing(labels: Sequence[str], taken: str | None, best: str | None) -> str:
    count = len(labels)
    if taken is not None and taken not in labels:
        return "not among the builds that fit this machine"
    if taken != best:
        return f"{best or 'the plain build'} is the better of the {count} compatible builds, but this one is installed"
    if taken is None:
        return "no other build is compatible" if not labels else "the compatible builds are yanked"
    return "the only compatible build" if count == 1 else f"best of {count} compatible builds"
