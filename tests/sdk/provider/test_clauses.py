from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from variantkit.provider import clauses as clauses_module
from variantkit.provider.clauses import CLAUSES, DEFAULT_LIMITS, Limits, check_answer, configs_digest
from variantkit.variants.grammar import Feature

if TYPE_CHECKING:
    import random


def config(name: object = "level", values: object = ("v1",), multi_value: object = False) -> dict[str, object]:
    return {"name": name, "values": list(values) if isinstance(values, tuple) else values, "multi_value": multi_value}


def clauses(supported: object, everything: object, limits: Limits = DEFAULT_LIMITS, **more: object) -> set[str]:
    return {violation.clause for violation in check_answer(supported, everything, limits, **more)[2]}


ALL = [config(values=("v1", "v2", "v3")), config("gpu", ("narf", "poit"), multi_value=True)]

names = st.text("abz09_", min_size=1, max_size=6)
texts = st.text("abz09_.", min_size=1, max_size=6)
features = st.lists(
    st.builds(Feature, names, st.lists(texts, min_size=1, max_size=5, unique=True).map(tuple), st.booleans()),
    max_size=5,
    unique_by=lambda feature: feature.name,
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["name", "values", "multi_value", "python-type"]), inner, max_size=4)
    ),
    max_leaves=12,
)


def as_data(answer: list[Feature]) -> list[dict[str, Any]]:
    return [config(feature.name, feature.values, feature.multi_value) for feature in answer]


@pytest.mark.parametrize(
    ("supported", "everything", "broken"),
    [
        pytest.param([config()], ALL, set(), id="a conforming answer"),
        pytest.param([], ALL, set(), id="hardware that is absent"),
        pytest.param([config("gpu", (), multi_value=True)], ALL, set(), id="a supported feature without values"),
        pytest.param([], [], set(), id="a provider that knows nothing"),
        pytest.param({"python-type": "tuple"}, ALL, {"not-a-list"}, id="a tuple of features"),
        pytest.param(None, ALL, {"not-a-list"}, id="None"),
        pytest.param([], [config(values=())], {"empty-values"}, id="a valid feature without values"),
        pytest.param(["level"], ALL, {"missing-name", "missing-values", "missing-multi-value"}, id="text as feature"),
        pytest.param([{"name": "level", "values": ["v1"]}], ALL, {"missing-multi-value"}, id="no multi_value"),
        pytest.param([config(3)], ALL, {"name-not-text"}, id="a number as name"),
        pytest.param([config(values={"python-type": "set"})], ALL, {"values-not-a-list"}, id="a set of values"),
        pytest.param([config(values="v1")], ALL, {"values-not-a-list"}, id="text as values"),
        pytest.param([config(values=[{"python-type": "int"}])], ALL, {"value-not-text"}, id="a number as value"),
        pytest.param([config(multi_value=1)], ALL, {"multi-value-not-bool"}, id="1 as multi_value"),
        pytest.param([config(multi_value=None)], ALL, {"multi-value-not-bool"}, id="None as multi_value"),
        pytest.param([config("Level")], ALL, {"bad-name"}, id="a capital in the name"),
        pytest.param([config("level\n")], ALL, {"bad-name"}, id="a newline after the name"),
        pytest.param([config("a.b")], ALL, {"bad-name"}, id="a dot in the name"),
        pytest.param([config("")], ALL, {"bad-name"}, id="an empty name"),
        pytest.param([config(values=("v-1",))], ALL, {"bad-value"}, id="a hyphen in a value"),
        pytest.param([config(values=("",))], ALL, {"bad-value"}, id="an empty value"),
        pytest.param([config(values=("ｖ1",))], ALL, {"bad-value"}, id="a look-alike letter"),
        pytest.param([config(), config()], ALL, {"duplicate-feature"}, id="a feature twice"),
        pytest.param([config(values=("v1", "v1"))], ALL, {"duplicate-value"}, id="a value twice"),
        pytest.param([config(values=("v9",))], ALL, {"supported-not-in-all"}, id="a value that is not valid"),
        pytest.param([config("speed")], ALL, {"supported-not-in-all"}, id="a feature that is not valid"),
        pytest.param([config("speed", ())], ALL, {"supported-not-in-all"}, id="an unknown feature without values"),
        pytest.param([config(multi_value=True)], ALL, {"multi-value-differs"}, id="multi_value only when supported"),
    ],
)
def test_an_answer_breaks_exactly_these_clauses(supported: object, everything: object, broken: set[str]) -> None:
    assert clauses(supported, everything) == broken


@pytest.mark.parametrize(
    ("answer", "broken"),
    [
        pytest.param([config(f"f{number}") for number in range(4)], "too-many-features", id="features"),
        pytest.param([config(values=("a", "b", "c", "d", "e"))], "too-many-values", id="values"),
        pytest.param([config("n" * 9)], "too-long", id="length of a name"),
        pytest.param([config(values=("v" * 9,))], "too-long", id="length of a value"),
    ],
)
def test_an_answer_over_a_limit_is_refused_and_at_the_limit_is_not(answer: list[object], broken: str) -> None:
    tight = Limits(features=3, values=4, text=8)
    assert clauses(answer, answer, tight) == {broken}
    assert clauses(answer, answer, Limits(features=4, values=5, text=9)) == set()


@pytest.mark.parametrize(
    ("promise", "supported", "broken"),
    [
        pytest.param(False, [config()], set(), id="no promise"),
        pytest.param(True, list(reversed(ALL)), set(), id="kept, in another order"),
        pytest.param(True, [config()], {"all-properties-compatible"}, id="broken"),
        pytest.param({"python-type": "int"}, ALL, {"all-properties-compatible"}, id="not a bool"),
    ],
)
def test_all_properties_compatible_promises_the_same_answer_twice(
    promise: object, supported: object, broken: set[str]
) -> None:
    assert clauses(supported, ALL, all_properties_compatible=promise) == broken


def test_features_keep_their_order_and_those_without_values_are_left_out() -> None:
    supported, everything, violations = check_answer(
        [config("gpu", ("poit",), multi_value=True), config(values=())], ALL
    )
    assert supported == (Feature("gpu", ("poit",), multi_value=True),)
    assert [feature.name for feature in everything] == ["level", "gpu"]
    assert violations == ()


def test_a_violation_names_clause_place_and_section_and_quotes_no_escape() -> None:
    (violation,) = check_answer([], [config(values=("\x1b[2J\u202e",))])[2]
    assert str(violation) == (
        "bad-value: get_all_configs[0]: a value must consist of a-z 0-9 _ ., found '\\x1b[2J\\u202e' "
        '(PEP 825, "Variant properties")'
    )


@given(json_values, json_values, json_values)
def test_no_data_makes_the_check_raise_and_what_conforms_is_well_formed(
    supported: object, everything: object, promise: object
) -> None:
    features, valid, violations = check_answer(supported, everything, all_properties_compatible=promise)
    assert all(violation.source == CLAUSES[violation.clause] for violation in violations)
    if not violations:
        allowed = {(feature.name, value) for feature in valid for value in feature.values}
        assert {(feature.name, value) for feature in features for value in feature.values} <= allowed


@given(features, st.data())
def test_any_ordered_part_of_what_is_valid_conforms(everything: list[Feature], data: st.DataObject) -> None:
    part = [
        feature._replace(values=tuple(data.draw(st.lists(st.sampled_from(feature.values), min_size=1, unique=True))))
        for feature in data.draw(st.permutations(everything))
        if data.draw(st.booleans())
    ]
    assert check_answer(as_data(part), as_data(everything)) == (tuple(part), tuple(everything), ())


@given(features, st.randoms(use_true_random=False))
def test_the_digest_ignores_order(everything: list[Feature], chance: random.Random) -> None:
    shuffled = [
        feature._replace(values=tuple(chance.sample(feature.values, len(feature.values)))) for feature in everything
    ]
    chance.shuffle(shuffled)
    assert configs_digest(shuffled) == configs_digest(everything)


@given(features, features)
def test_the_digest_tells_different_contents_apart(one: list[Feature], other: list[Feature]) -> None:
    contents = [
        {(feature.name, frozenset(feature.values), feature.multi_value) for feature in answer}
        for answer in (one, other)
    ]
    assert (configs_digest(one) == configs_digest(other)) == (contents[0] == contents[1])


def test_the_digest_is_that_of_the_documented_text() -> None:
    # printf 'variantkit.configs/1\ngpu multi narf poit\nlevel single v1 v2\n' | sha256sum
    answer = [Feature("level", ("v2", "v1")), Feature("gpu", ("poit", "narf"), multi_value=True)]
    assert configs_digest(answer) == "8afcf919d8c57f7fc542a508a69ae62fd618362ec900d06152829692fc40e1e9"


odd_configs = st.fixed_dictionaries(
    {
        "name": names | st.text(max_size=4) | st.none(),
        "values": st.lists(texts | st.text(max_size=3) | st.none(), max_size=4) | st.none(),
        "multi_value": st.booleans() | st.none(),
    },
    optional={"more": st.none()},
)


@given(st.lists(odd_configs | json_values, max_size=4), st.integers(1, 5), st.integers(1, 5))
def test_the_quick_way_reads_what_the_slow_way_reads(configs: list[object], values: int, text: int) -> None:
    limits = Limits(values=values, text=text)
    both = check_answer(configs, configs, limits)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clauses_module, "_read_quickly", lambda config, limits: None)
        assert check_answer(configs, configs, limits) == both
