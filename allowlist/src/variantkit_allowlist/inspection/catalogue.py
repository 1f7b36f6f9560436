"""Catalogue of a provider: what `get_all_configs` lists. Asking for it RUNS the provider, in the runner's child."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

from variantkit.errors import InputError, RefusedError, UndeterminedError
from variantkit.provider.clauses import configs_digest
from variantkit.provider.foreign import shown
from variantkit.runner import Question, ask
from variantkit.trust import Needs, check_wheel

if TYPE_CHECKING:
    from collections.abc import Mapping

    from variantkit.variants.grammar import Feature


class Catalogue(NamedTuple):
    """What a provider lists; `sha256` is the digest that an approved entry pins as `configs-sha256`."""

    sha256: str
    features: tuple[Feature, ...]


def require_running(environ: Mapping[str, str], what: str) -> None:
    """Raise RefusedError where no provider may run (VARIANTKIT_NO_EXEC)."""
    value = environ.get("VARIANTKIT_NO_EXEC", "").strip().lower()
    if value not in ("", "0", "false", "no", "off"):
        raise RefusedError(f"{what} runs a provider's code, and no provider runs where VARIANTKIT_NO_EXEC is set")


def ask_catalogue(wheel: bytes, endpoint: str, *, environ: Mapping[str, str] | None = None) -> Catalogue:
    """Ask the plugin at `endpoint` of a canonical wheel for everything that it may ever answer; this runs its code.

    Nothing is granted to it but what every provider gets. RefusedError for a wheel that is not canonical,
    UndeterminedError when it gives no conforming answer.
    """
    reason = check_wheel(wheel)
    if reason is not None:
        raise RefusedError(f"this is no canonical wheel, and is not run: {reason}")
    question = Question("", endpoint, wheel, hashlib.sha256(wheel).hexdigest(), Needs())
    (answer,) = ask([question], environ=environ)
    if not answer.everything:
        why = "; ".join(f"{code}: {sentence}" for code, sentence in answer.diagnostics) or "it lists nothing"
        raise UndeterminedError(f"{shown(endpoint, 100)}: get_all_configs could not be asked: {shown(why, 400)}")
    return Catalogue(configs_digest(answer.everything), answer.everything)


def catalogue_grows(old: Catalogue, new: Catalogue) -> list[str]:
    """Where a later catalogue is no larger edition of an earlier one: sentences; none when it only grew.

    New features and new values may stand anywhere, since newer hardware comes first; what was there must be there
    still, in the same order among itself and of the same kind: order is preference, and a build that was made for the
    old one must go on being chosen as it was.
    """
    later = {feature.name: feature for feature in new.features}
    kept = [feature.name for feature in new.features if feature.name in {item.name for item in old.features}]
    problems = []
    for feature in old.features:
        found = later.get(feature.name)
        if found is None:
            problems.append(f"get_all_configs no longer lists the feature {feature.name}")
            continue
        if found.multi_value != feature.multi_value:
            problems.append(f"{feature.name}: multi_value was {feature.multi_value}, is now {found.multi_value}")
        problems += _values(feature, found)
    if not problems and kept != [feature.name for feature in old.features]:
        problems.append("get_all_configs lists its features in another order")
    return problems


def _values(old: Feature, new: Feature) -> list[str]:
    before, after = {*old.values}, {*new.values}
    lost = [value for value in old.values if value not in after]
    if lost:
        return [f"{old.name}: get_all_configs no longer lists {lost[0]}" + (f" ({len(lost)} such)" if lost[1:] else "")]
    same = [value for value in new.values if value in before]
    return [] if same == [*old.values] else [f"{old.name}: get_all_configs lists its values in another order"]


def require_endpoint(endpoint: str, where: str) -> str:
    """The endpoint, or InputError where the wheel names none."""
    if not endpoint:
        raise InputError(
            f"{where}: expected an entry point in the group variant_plugins, found none: name it with --endpoint MODULE"
        )
    return endpoint
