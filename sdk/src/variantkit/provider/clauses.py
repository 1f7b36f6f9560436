"""The clauses that an answer can break: decoded data from an untrusted child -> features, and what is wrong."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

from variantkit.provider.foreign import shown
from variantkit.variants.grammar import Feature, is_name, is_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_CLASS = 'PEP 850 draft, "Variant feature config class"'
_INTERFACE = 'PEP 850 draft, "Plugin interface"'
_ENDPOINT = 'PEP 850 draft, "API endpoint"'
_BUILDING = 'building draft, "Extensions to provider plugin API"'
_GRAMMAR = 'PEP 825, "Variant properties"'
_LIMITS = "variantkit, limits on answers"
_DIAGNOSTICS = "variantkit, get_diagnostics extension"
_EVIDENCE = "variantkit, get_evidence extension"

CLAUSES = {
    "missing-object": _ENDPOINT,
    "missing-get-supported-configs": _INTERFACE,
    "missing-get-all-configs": _BUILDING,
    "not-callable-without-arguments": 'PEP 850 draft, "High level design"',
    "not-a-list": _INTERFACE,
    "missing-name": _CLASS,
    "missing-values": _CLASS,
    "missing-multi-value": _CLASS,
    "name-not-text": _CLASS,
    "values-not-a-list": _CLASS,
    "value-not-text": _CLASS,
    "multi-value-not-bool": _CLASS,
    "bad-name": _GRAMMAR,
    "bad-value": _GRAMMAR,
    "empty-values": _BUILDING,
    "duplicate-feature": _CLASS,
    "duplicate-value": _CLASS,
    "too-many-features": _LIMITS,
    "too-many-values": _LIMITS,
    "too-long": _LIMITS,
    "supported-not-in-all": _BUILDING,
    "multi-value-differs": _BUILDING,
    "all-properties-compatible": _BUILDING,
    "bad-diagnostics": _DIAGNOSTICS,
    "bad-evidence": _EVIDENCE,
}
"""Every clause that an answer or a plugin can break, and the section that asks for it."""


UNDETERMINED = "undetermined"
"""The code of a diagnostic by which a provider says that its empty answer is ignorance, not absence."""


class Violation(NamedTuple):
    """One broken clause: its slug (a key of CLAUSES), one sentence, and the section that states it."""

    clause: str
    message: str
    source: str

    def __str__(self) -> str:
        return f"{self.clause}: {self.message} ({self.source})"


class Limits(NamedTuple):
    """How much an answer may hold: features in a list, values of a feature, characters of a name or value."""

    features: int = 256
    values: int = 4096
    text: int = 128


DEFAULT_LIMITS = Limits()


def violation(clause: str, message: str) -> Violation:
    """The violation of one of CLAUSES."""
    return Violation(clause, message, CLAUSES[clause])


def check_answer(
    supported: object, everything: object, limits: Limits = DEFAULT_LIMITS, *, all_properties_compatible: object = False
) -> tuple[tuple[Feature, ...], tuple[Feature, ...], tuple[Violation, ...]]:
    """Read what `get_supported_configs` and `get_all_configs` returned, as lists of {"name", "values", "multi_value"}.

    Returns the supported features (best first, those without values left out: the providers draft's example
    returns such), all features, and every violation; the features mean something only when there is none.
    """
    found: list[Violation] = []
    supported_features = _read_features("get_supported_configs", supported, limits, found)
    every_feature = _read_features("get_all_configs", everything, limits, found)
    found.extend(
        violation("empty-values", f"get_all_configs: feature {feature.name!r} has no valid value")
        for feature in every_feature
        if not feature.values
    )
    usable = tuple(feature for feature in supported_features if feature.values)
    if not found:
        found.extend(_check_subset(supported_features, every_feature))
        found.extend(_check_everywhere(usable, every_feature, all_properties_compatible))
    return usable, every_feature, tuple(found)


def configs_digest(everything: Iterable[Feature]) -> str:
    """The sha256, in hexadecimal, of what `get_all_configs` returned, whatever the order of features and values.

    The text has one line a feature, `name single|multi value value …`, sorted; conforming names and values hold
    no blanks, so different contents make different texts.
    """
    lines = sorted(
        " ".join([feature.name, "multi" if feature.multi_value else "single", *sorted(feature.values)]) + "\n"
        for feature in everything
    )
    return hashlib.sha256("".join(["variantkit.configs/1\n", *lines]).encode()).hexdigest()


def _kind(found: object) -> str:
    # The worker sends {"python-type": NAME} for what is neither text, bool nor list.
    if isinstance(found, dict):
        return shown(str(found.get("python-type", "dict")), 60)
    return type(found).__name__


def _quoted(text: str) -> str:
    return ascii(text if len(text) <= 60 else text[:60] + "...")


def _read_features(where: str, answer: object, limits: Limits, found: list[Violation]) -> tuple[Feature, ...]:
    if not isinstance(answer, list):
        found.append(violation("not-a-list", f"{where} must return a list, found {_kind(answer)}"))
        return ()
    if len(answer) > limits.features:
        text = f"{where} returned {len(answer)} features, at most {limits.features} are read"
        found.append(violation("too-many-features", text))
        return ()
    features: dict[str, Feature] = {}
    for position, config in enumerate(answer):
        feature = _read_quickly(config, limits) or _read_feature(f"{where}[{position}]", config, limits, found)
        if feature is not None and feature.name in features:
            found.append(violation("duplicate-feature", f"{where} names feature {feature.name!r} twice"))
        elif feature is not None:
            features[feature.name] = feature
    return tuple(features.values())


def _read_quickly(config: object, limits: Limits) -> Feature | None:
    """The feature when nothing is wrong with it, as nearly always; the slow way tells what is."""
    if type(config) is not dict or not config.keys() >= {"name", "values", "multi_value"}:
        return None
    name, values, multi = config["name"], config["values"], config["multi_value"]
    if type(name) is not str or type(values) is not list or type(multi) is not bool:
        return None
    unique = {*values} if {*map(type, values)} == {str} else set[str]()
    if len(unique) != len(values) or not 0 < len(values) <= limits.values:
        return None
    longest = max(len(name), *map(len, values))
    return Feature(name, tuple(values), multi) if longest <= limits.text and _are_legal(name, values) else None


def _are_legal(name: str, values: list[str]) -> bool:
    return is_name(name) is not None and all(map(is_value, values))


def _read_feature(where: str, config: object, limits: Limits, found: list[Violation]) -> Feature | None:
    members = config if isinstance(config, dict) else {}
    problems: list[Violation] = []
    name, values, multi = (members.get(key) for key in ("name", "values", "multi_value"))
    for key in ("name", "values", "multi_value"):
        if key not in members:
            clause = "missing-" + key.replace("_", "-")
            problems.append(violation(clause, f"{where} has no attribute {key!r}"))
    if not problems:
        problems.extend(_check_name(where, name, limits))
        problems.extend(_check_values(where, values, limits))
        if not isinstance(multi, bool):
            text = f"{where}: multi_value must be True or False, found {_kind(multi)}"
            problems.append(violation("multi-value-not-bool", text))
    found.extend(problems)
    return None if problems else Feature(str(name), tuple(values or ()), bool(multi))


def _check_name(where: str, name: object, limits: Limits) -> Iterator[Violation]:
    if not isinstance(name, str):
        yield violation("name-not-text", f"{where}: the name must be text, found {_kind(name)}")
    elif len(name) > limits.text:
        yield violation("too-long", f"{where}: the name has {len(name)} characters, at most {limits.text} are read")
    elif not is_name(name):
        yield violation("bad-name", f"{where}: the name must consist of a-z 0-9 _, found {_quoted(name)}")


def _check_values(where: str, values: object, limits: Limits) -> Iterator[Violation]:
    if not isinstance(values, list):
        yield violation("values-not-a-list", f"{where}: values must be a list, found {_kind(values)}")
        return
    if len(values) > limits.values:
        text = f"{where} has {len(values)} values, at most {limits.values} are read"
        yield violation("too-many-values", text)
        return
    for value in values:
        problem = _check_value(where, value, limits)
        if problem is not None:
            # One is enough: a list of thousands would say the same thousands of times.
            yield problem
            return
    seen: set[str] = set()
    for value in values:
        if value in seen:
            yield violation("duplicate-value", f"{where} lists the value {value!r} twice")
            return
        seen.add(value)


def _check_value(where: str, value: object, limits: Limits) -> Violation | None:
    if not isinstance(value, str):
        return violation("value-not-text", f"{where}: a value must be text, found {_kind(value)}")
    if len(value) > limits.text:
        text = f"{where}: a value has {len(value)} characters, at most {limits.text} are read"
        return violation("too-long", text)
    if not is_value(value):
        return violation("bad-value", f"{where}: a value must consist of a-z 0-9 _ ., found {_quoted(value)}")
    return None


def _check_subset(supported: Sequence[Feature], everything: Sequence[Feature]) -> Iterator[Violation]:
    known = {feature.name: feature for feature in everything}
    known_values = {feature.name: frozenset(feature.values) for feature in everything}
    for feature in supported:
        valid = known.get(feature.name)
        if valid is None:
            text = f"get_supported_configs names feature {feature.name!r}, which get_all_configs lacks"
            yield violation("supported-not-in-all", text)
            continue
        unknown = [value for value in feature.values if value not in known_values[feature.name]]
        if unknown:
            text = f"{feature.name} :: {unknown[0]} is supported but not in get_all_configs ({len(unknown)} such)"
            yield violation("supported-not-in-all", text)
        if feature.multi_value != valid.multi_value:
            text = f"{feature.name}: multi_value is {feature.multi_value} when supported, {valid.multi_value} in all"
            yield violation("multi-value-differs", text)


def _check_everywhere(
    supported: Sequence[Feature], everything: Sequence[Feature], promised: object
) -> Iterator[Violation]:
    if not isinstance(promised, bool):
        text = f"all_properties_compatible must be True or False, found {_kind(promised)}"
        yield violation("all-properties-compatible", text)
    elif promised and configs_digest(supported) != configs_digest(everything):
        text = "all_properties_compatible is True, yet get_supported_configs is not the same as get_all_configs"
        yield violation("all-properties-compatible", text)
