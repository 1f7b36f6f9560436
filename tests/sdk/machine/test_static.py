"""Static files are read strictly, all problems at once, and end at their date."""

from __future__ import annotations

import pytest

from variantkit.errors import DocumentError, InputError, UndeterminedError
from variantkit.machine.static import combine_static, decode, parse_static, require_current
from variantkit.variants.grammar import Feature

GOOD = """
schema = "variantkit.static/1"
expires = 2027-01-01T00:00:00Z

[[namespaces.nvidia]]
feature = "sm_arch"
values = ["90_real", "80_real"]
multi-value = true

[[namespaces.nvidia]]
feature = "cuda_version_lower_bound"
values = ["12.8"]

[[namespaces.x86_64]]
feature = "level"
values = ["v2", "v1"]
"""
EXPIRES = 1798761600


def test_features_and_values_keep_their_order() -> None:
    static = parse_static(GOOD, "machine.toml")
    assert static.expires == EXPIRES
    assert static.namespaces == {
        "nvidia": (
            Feature("sm_arch", ("90_real", "80_real"), multi_value=True),
            Feature("cuda_version_lower_bound", ("12.8",)),
        ),
        "x86_64": (Feature("level", ("v2", "v1")),),
    }


@pytest.mark.parametrize(
    ("spoil", "path"),
    [
        pytest.param(("variantkit.static/1", "variantkit.static/2"), "schema", id="another schema"),
        pytest.param(("expires =", "expirse ="), "expirse", id="unknown key"),
        pytest.param(("2027-01-01T00:00:00Z", "2027-01-01"), "expires", id="date without time"),
        pytest.param(('"90_real"', '"90-real"'), "namespaces.nvidia[0].values[0]", id="illegal value"),
        pytest.param(('"80_real"', '"90_real"'), "namespaces.nvidia[0].values[1]", id="value twice"),
        pytest.param(('["12.8"]', "[]"), "namespaces.nvidia[1].values", id="no values"),
        pytest.param(('"cuda_version_lower_bound"', '"sm_arch"'), "namespaces.nvidia[1].feature", id="feature twice"),
        pytest.param(("multi-value = true", "multi-value = 1"), "namespaces.nvidia[0].multi-value", id="not a boolean"),
        pytest.param(("namespaces.x86_64", 'namespaces."X86"'), "namespaces.X86", id="illegal namespace"),
    ],
)
def test_a_problem_is_named_by_its_key_path(spoil: tuple[str, str], path: str) -> None:
    with pytest.raises(DocumentError) as caught:
        parse_static(GOOD.replace(*spoil), "machine.toml")
    assert path in [problem.path for problem in caught.value.problems]


def test_all_problems_are_told_together() -> None:
    text = GOOD.replace("90_real", "9-0").replace('"v1"', '"V1"').replace("expires", "until")
    with pytest.raises(DocumentError) as caught:
        parse_static(text, "machine.toml")
    assert len(caught.value.problems) == 3


@pytest.mark.parametrize("text", ["[", "a = 1\na = 2", "x = " + "[" * 5000])
def test_a_broken_document_is_one_sentence(text: str) -> None:
    with pytest.raises(DocumentError, match=r"machine\.toml: not a TOML document"):
        parse_static(text, "machine.toml")


def test_bytes_that_are_not_utf8_are_refused() -> None:
    with pytest.raises(DocumentError, match="not UTF-8"):
        decode(b"\xff", "machine.toml")


def test_t19_a_file_is_believed_until_its_date_and_not_after() -> None:
    static = parse_static(GOOD, "machine.toml")
    assert require_current(static, EXPIRES) is static
    with pytest.raises(UndeterminedError, match="expired"):
        require_current(static, EXPIRES + 1)


def test_two_files_may_not_speak_for_one_namespace() -> None:
    one, two = parse_static(GOOD, "one.toml"), parse_static(GOOD, "two.toml")
    with pytest.raises(InputError, match=r"two\.toml: namespace nvidia is already given by one\.toml"):
        combine_static([one, two])
