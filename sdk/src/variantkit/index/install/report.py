"""What an installation ended with: per project with variants, which build is there now and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from variantkit.index.selection import best_wheel, explain_choice
from variantkit.machine.report import namespace_summary, rejection_object

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from variantkit.index.install.installed import Installed
    from variantkit.index.selection import VersionChoice
    from variantkit.index.view import ProjectView
    from variantkit.machine.supported import NamespaceSupport
    from variantkit.variants.ordering import Rejection

REINSTALL = {"uv": "--reinstall", "pip": "--force-reinstall"}


class Outcome(NamedTuple):
    """One project: what is installed, one sentence why, and the choice among its version's builds (None: unknown)."""

    project: str
    version: str
    label: str | None
    why: str
    choice: VersionChoice | None


def compare_outcomes(
    views: Iterable[ProjectView], before: Mapping[str, Installed], after: Mapping[str, Installed], installer: str
) -> list[Outcome]:
    """One outcome per project that had variants and is installed now, in the order they were looked at.

    Several indexes may have the project; the one whose version and label are installed is the one that explains it.
    """
    outcomes: dict[str, Outcome] = {}
    for view in views:
        there = after.get(view.project)
        if there is None:
            continue
        choice = _find_choice(view.choices, there.version)
        known = outcomes.get(view.project)
        if known is not None and (choice is None or there.label not in _labels(choice)):
            continue
        kept = before.get(view.project) == there
        why = _describe_kept(there, choice, installer) if kept else _describe_taken(there, choice)
        outcomes[view.project] = Outcome(view.project, there.version, there.label, why, choice)
    return list(outcomes.values())


def _find_choice(choices: Sequence[VersionChoice], version: str) -> VersionChoice | None:
    from packaging.version import InvalidVersion, Version

    try:
        wanted = Version(version)
    except InvalidVersion:
        return None
    return next((choice for choice in choices if Version(choice.version) == wanted), None)


def _labels(choice: VersionChoice) -> list[str]:
    return [candidate.label for candidate in choice.ranked]


def _describe_taken(there: Installed, choice: VersionChoice | None) -> str:
    if choice is not None:
        return explain_choice(choice, there.label)
    said = f"{there.project} {there.version}: took {_build(there.label)}"
    return f"{said} — this version has no variants for this interpreter"


def _describe_kept(there: Installed, choice: VersionChoice | None, installer: str) -> str:
    """Installers do not look at an installed build again, so a machine that changed needs a word."""
    said = f"{there.project} {there.version}: already installed: {_build(there.label)}"
    best = best_wheel(choice) if choice is not None else None
    if best is None or best[0] == there.label:
        return said
    return f"{said}; the best here is {_build(best[0])}: run this again with '-- {REINSTALL[installer]}'"


def _build(label: str | None) -> str:
    return "the plain build" if label is None else label


def describe_outcomes(outcomes: Iterable[Outcome], installer: str, code: int) -> dict[str, object]:
    """The object that `install --json` prints."""
    installed = [
        {
            "project": outcome.project,
            "version": outcome.version,
            "label": outcome.label,
            "why": outcome.why,
            "rejected": [rejection_object(rejection) for rejection in _rejected(outcome)],
            "namespaces": {namespace: namespace_summary(answer) for namespace, answer in _support(outcome).items()},
        }
        for outcome in outcomes
    ]
    return {"schema": "variantkit.install/1", "installed": installed, "installer": installer, "exit": code}


def _rejected(outcome: Outcome) -> Iterable[Rejection]:
    return outcome.choice.ranking.rejected if outcome.choice else ()


def _support(outcome: Outcome) -> Mapping[str, NamespaceSupport]:
    return outcome.choice.support if outcome.choice else {}
