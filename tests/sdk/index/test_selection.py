"""Of one version's wheels, those that fit are ranked by label, then tag, then build; every other one has a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.tags import sys_tags
from packaging.utils import parse_wheel_filename

from variantkit.errors import RefusedError, UndeterminedError
from variantkit.index.pages.page import File, Page
from variantkit.index.selection import (
    best_wheel,
    build_key,
    choose_version,
    explain_choice,
    group_versions,
    tag_ranker,
)
from variantkit.machine.supported import NamespaceSupport
from variantkit.variants.grammar import Feature, Property
from variantkit.variants.metadata import SCHEMA_850, Metadata, ProviderInfo
from variantkit.variants.ordering import Rejection
from variantkit.variants.wheel import parse_wheel_name

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

    from variantkit.index.selection import VersionChoice

TAGS = (
    "cp312-cp312-manylinux_2_28_x86_64",
    "cp312-cp312-manylinux_2_17_x86_64",
    "cp312-cp312-manylinux2014_x86_64",
    "cp312-abi3-manylinux_2_17_x86_64",
    "py3-none-manylinux_2_17_x86_64",
    "cp312-none-any",
    "py3-none-any",
)
LEVELS = ("v3", "v2", "v1")


class FixedMachine:
    """A machine that supports what it was made with, and remembers what it was asked."""

    def __init__(self, answers: Mapping[str, NamespaceSupport]) -> None:
        self.answers = answers
        self.asked: list[frozenset[str]] = []

    def support(self, metadata: Metadata) -> Mapping[str, NamespaceSupport]:
        used = frozenset(namespace for properties in metadata.variants.values() for namespace in properties)
        self.asked.append(used)
        return {namespace: self.answers.get(namespace, NamespaceSupport("absent")) for namespace in used}


def x86_64(*values: str) -> NamespaceSupport:
    return NamespaceSupport("present", "provider", (Feature("level", values),))


def machine(**answers: NamespaceSupport) -> FixedMachine:
    return FixedMachine({"x86_64": x86_64(*LEVELS), **answers})


def metadata(**variants: Mapping[str, Mapping[str, tuple[str, ...]]]) -> Metadata:
    namespaces = tuple(dict.fromkeys(namespace for properties in variants.values() for namespace in properties))
    providers = {namespace: ProviderInfo((f"provider-{namespace}",)) for namespace in namespaces}
    return Metadata(SCHEMA_850, namespaces or ("x86_64",), providers, variants)


def level(value: str) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    return {"x86_64": {"level": (value,)}}


METADATA = metadata(v4=level("v4"), v3=level("v3"), v2=level("v2"), gpu={"nvidia": {"sm": ("90",)}}, null={})


def files(*names: str, yanked: tuple[str, ...] = ()) -> list[File]:
    return [File(f"demo-1.0-{n}.whl", f"https://index/{n}", {}, yanked="" if n in yanked else None) for n in names]


def names(choice: VersionChoice) -> list[str]:
    return [candidate.file.filename[len("demo-1.0-") : -len(".whl")] for candidate in choice.ranked]


def choose(*listed: str, yanked: tuple[str, ...] = (), **options: object) -> VersionChoice:
    settings: dict[str, object] = {"metadata": METADATA, "machine": machine(), "target_tags": TAGS, **options}
    return choose_version("1.0", files(*listed, yanked=yanked), **settings)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("listed", "ranked"),
    [
        (["py3-none-any-v2", "py3-none-any-v3", "py3-none-any-v4", "py3-none-any-null"], ["v3", "v2", "null"]),
        (["py3-none-any"], []),
        (["py2-none-any-v3", "cp311-cp311-win_amd64-v2", "py3-none-any-null"], ["null"]),
        (["py3-none-any-v4"], []),
    ],
    ids=["order of levels, v4 not supported", "plain alone", "tags that do not fit", "nothing supported"],
)
def test_labels_come_in_the_order_of_preference(listed: list[str], ranked: list[str]) -> None:
    assert [candidate.label for candidate in choose(*listed).ranked] == ranked


def test_one_label_is_ordered_by_tag_then_build_and_a_better_label_beats_both() -> None:
    choice = choose(
        "9-cp312-cp312-manylinux_2_28_x86_64-v2",
        "py3-none-any-v3",
        "2-py3-none-any-v3",
        "10-py3-none-any-v3",
        "cp312-abi3-manylinux_2_17_x86_64-v3",
    )
    assert names(choice) == [
        "cp312-abi3-manylinux_2_17_x86_64-v3",
        "10-py3-none-any-v3",
        "2-py3-none-any-v3",
        "py3-none-any-v3",
        "9-cp312-cp312-manylinux_2_28_x86_64-v2",
    ]
    assert [candidate.tag_rank for candidate in choice.ranked] == [3, 6, 6, 6, 0]


def test_plain_wheels_that_fit_are_kept_best_first_and_never_win() -> None:
    choice = choose("py3-none-any-null", "py3-none-any", "cp312-cp312-manylinux_2_28_x86_64", "cp38-cp38-win32")
    assert [file.filename for file in choice.plain] == [
        "demo-1.0-cp312-cp312-manylinux_2_28_x86_64.whl",
        "demo-1.0-py3-none-any.whl",
    ]
    assert best_wheel(choice) == ("null", choice.ranked[0].file)


@pytest.mark.parametrize(
    ("listed", "yanked", "best"),
    [
        (["py3-none-any-v3", "py3-none-any-v2"], ["py3-none-any-v3"], "v2"),
        (["py3-none-any-v3", "py3-none-any"], ["py3-none-any-v3"], None),
        (["py3-none-any-v3", "py3-none-any"], ["py3-none-any-v3", "py3-none-any"], "v3"),
    ],
    ids=["the next variant", "the plain wheel", "all are yanked"],
)
def test_a_yanked_wheel_comes_after_every_other(listed: list[str], yanked: list[str], best: str | None) -> None:
    wheel = best_wheel(choose(*listed, yanked=tuple(yanked)))
    assert wheel is not None
    assert wheel[0] == best


def test_nothing_that_fits_leaves_nothing() -> None:
    assert best_wheel(choose("cp38-cp38-win32", "py3-none-any-v4")) is None


def test_only_namespaces_that_candidates_use_are_asked() -> None:
    asked = machine()
    choose("py3-none-any-v3", "cp38-cp38-win32-gpu", machine=asked)
    assert asked.asked == [frozenset({"x86_64"})]


def test_nobody_is_asked_where_no_variant_is_a_candidate() -> None:
    asked = machine()
    choose("py3-none-any", "cp38-cp38-win32-gpu", machine=asked)
    choose("py3-none-any-other", machine=asked)
    assert asked.asked == []


def test_a_label_outside_the_metadata_is_no_candidate_and_is_noted() -> None:
    choice = choose("py3-none-any-other", "py3-none-any-v3")
    assert [candidate.label for candidate in choice.ranked] == ["v3"]
    assert choice.notes == (
        (
            "label-not-in-metadata",
            "demo 1.0: its metadata does not describe the variant 'other', so it is left out",
        ),
    )
    assert Rejection("other", "label-not-in-metadata", None) in choice.ranking.rejected


@pytest.mark.parametrize("problem", [None, ("metadata-invalid", "demo: broken")], ids=["missing", "broken"])
def test_without_metadata_variants_are_unusable_and_plain_wheels_are_not(problem: tuple[str, str] | None) -> None:
    choice = choose("py3-none-any-v3", "py3-none-any", metadata=None, problem=problem)
    assert choice.ranked == ()
    assert [file.filename for file in choice.plain] == ["demo-1.0-py3-none-any.whl"]
    expected = ("variants-json-missing", "demo 1.0: no metadata that describes its variants")
    assert choice.notes == (problem or expected,)


def test_missing_metadata_matters_only_where_a_variant_would_fit() -> None:
    assert choose("py3-none-any", "cp38-cp38-win32-v3", metadata=None).notes == ()


def test_denied_and_undetermined_namespaces_are_recorded() -> None:
    nvidia = NamespaceSupport("denied", code="not-listed", detail="no list approves it")
    choice = choose("py3-none-any-gpu", "py3-none-any-v3", machine=machine(nvidia=nvidia))
    assert choice.support["nvidia"] == nvidia
    assert choice.ranking.rejected == (Rejection("gpu", "unsupported-property", Property("nvidia", "sm", "90")),)


def test_a_preference_reorders_what_is_supported() -> None:
    listed = ["py3-none-any-v2", "py3-none-any-v3"]
    prefer = (Property("x86_64", "level", "v2"),)
    assert [candidate.label for candidate in choose(*listed, prefer=prefer).ranked] == ["v2", "v3"]


def test_one_label_can_be_asked_for_and_only_its_namespaces_are_asked() -> None:
    asked = machine()
    choice = choose("py3-none-any-gpu", "py3-none-any-v2", "py3-none-any-v3", only_label="v2", machine=asked)
    assert names(choice) == ["py3-none-any-v2"]
    assert asked.asked == [frozenset({"x86_64"})]


UNDETERMINED = NamespaceSupport("undetermined", detail="it did not answer in 5 seconds")


@pytest.mark.parametrize(
    ("label", "options", "error", "reason"),
    [
        ("v4", {}, RefusedError, "v4 needs x86_64 :: level :: v4, which this machine does not support"),
        ("win", {}, RefusedError, "demo 1.0: the variant 'win' has no wheel for this interpreter"),
        ("v9", {}, RefusedError, "expected a variant 'v9', found only: gpu, other, v3, v4, win"),
        ("other", {}, RefusedError, "other is not described by the metadata"),
        ("v3", {"metadata": None}, RefusedError, "no metadata that describes its variants"),
        (
            "gpu",
            {"machine": machine(nvidia=NamespaceSupport("denied", code="revoked", detail="CVE"))},
            RefusedError,
            "the namespace nvidia says denied: revoked: CVE",
        ),
        ("gpu", {"machine": machine(nvidia=UNDETERMINED)}, UndeterminedError, "did not answer in 5 seconds"),
    ],
    ids=["unsupported", "no wheel fits", "no such label", "not in metadata", "no metadata", "denied", "undetermined"],
)
def test_a_label_that_cannot_be_had_is_refused_with_the_reason(
    label: str, options: dict[str, object], error: type[Exception], reason: str
) -> None:
    listed = [f"py3-none-any-{name}" for name in ("gpu", "other", "v3", "v4")]
    with pytest.raises(error) as caught:
        choose(*listed, "cp38-cp38-win32-win", yanked=(), **{"only_label": label, **options})
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("listed", "taken", "line"),
    [
        (
            ["v2", "v3", "v4", "null"],
            "v3",
            "demo 1.0: took v3 — best of 3 compatible builds; "
            "v4 needs x86_64 :: level :: v4, which this machine does not support",
        ),
        (["v3"], "v3", "demo 1.0: took v3 — the only compatible build"),
        (
            ["v3", "v2"],
            "v2",
            "demo 1.0: took v2 — v3 is the better of the 2 compatible builds, but this one is installed",
        ),
        (
            ["v4"],
            None,
            "demo 1.0: took the plain build — no other build is compatible; "
            "v4 needs x86_64 :: level :: v4, which this machine does not support",
        ),
        (
            ["v4"],
            "v4",
            "demo 1.0: took v4 — not among the builds that fit this machine; "
            "v4 needs x86_64 :: level :: v4, which this machine does not support",
        ),
    ],
    ids=["best", "only", "pinned", "plain", "foreign"],
)
def test_a_choice_is_explained_in_one_line(listed: list[str], taken: str | None, line: str) -> None:
    choice = choose("py3-none-any", *(f"py3-none-any-{label}" for label in listed))
    assert explain_choice(choice, taken) == line


def test_builds_whose_namespace_was_not_asked_are_told_by_namespace() -> None:
    denied = machine(nvidia=NamespaceSupport("denied", code="not-listed", detail="a long sentence"))
    choice = choose("py3-none-any-v3", "py3-none-any-gpu", machine=denied)
    line = "demo 1.0: took v3 — the only compatible build; 1 build asks nvidia: denied (not-listed)"
    assert explain_choice(choice, "v3") == line


def test_an_explanation_says_why_metadata_was_of_no_use() -> None:
    choice = choose("py3-none-any", "py3-none-any-v3", metadata=None, problem=("metadata-invalid", "it is broken"))
    assert explain_choice(choice, None).endswith("no other build is compatible; it is broken")


@pytest.mark.parametrize(
    ("build", "key"),
    [("", ()), ("1", (1, "")), ("010abc", (10, "abc")), ("99002h39", (99002, "h39")), ("9" * 19, None), ("x", None)],
)
def test_builds_compare_as_pep_427_says(build: str, key: tuple[int, str] | None) -> None:
    assert build_key(build) == key


def test_a_page_is_grouped_by_version_newest_first() -> None:
    listed = [
        "demo-1.0-py3-none-any.whl",
        "demo-1.10-py3-none-any-v3.whl",
        "demo-1.10.0-py3-none-any.whl",
        "demo-1.9-py3-none-any-v3.whl",
        "demo-1.10-variants.json",
        "demo-1.10.tar.gz",
        "demo-2.0.tar.gz",
        "demo-3.0-variants.json",
    ]
    page = Page("demo", tuple(File(name, f"https://index/{name}") for name in [*listed, listed[0]]))
    groups = {
        version: ([wheel.filename for wheel in wheels], document and document.filename)
        for version, (wheels, document) in group_versions(page).items()
    }
    assert list(groups) == ["1.10", "1.9", "1.0"]
    assert groups == {
        "1.10": (["demo-1.10-py3-none-any-v3.whl", "demo-1.10.0-py3-none-any.whl"], "demo-1.10-variants.json"),
        "1.9": (["demo-1.9-py3-none-any-v3.whl"], None),
        "1.0": (["demo-1.0-py3-none-any.whl"], None),
    }


REAL_TAGS = tuple(str(tag) for tag in sys_tags())
components = [
    st.lists(st.sampled_from(sorted({tag.split("-")[i] for tag in REAL_TAGS})), min_size=1, max_size=3)
    for i in range(3)
]


@given(st.tuples(*components))
def test_a_wheels_rank_is_that_of_its_best_tag_as_packaging_expands_them(parts: tuple[list[str], ...]) -> None:
    filename = "demo-1.0-" + "-".join(".".join(part) for part in parts) + ".whl"
    expanded = {str(tag) for tag in parse_wheel_filename(filename)[3]}
    expected = next((i for i, tag in enumerate(REAL_TAGS) if tag in expanded), None)
    assert tag_ranker(REAL_TAGS)(parse_wheel_name(filename)) == expected


builds = st.sampled_from(["", "1-", "7-", "7b-"])
plain_wheels = st.builds("{}{}".format, builds, st.sampled_from([*TAGS, "cp38-cp38-win32", "py2.py3-none-any"]))
labels = st.sampled_from(["v4", "v3", "v2", "gpu", "null", "other"])
wheels = st.one_of(plain_wheels, st.builds("{}-{}".format, plain_wheels, labels))


@given(st.lists(wheels, unique=True, max_size=12), st.randoms())
def test_the_choice_does_not_depend_on_the_order_of_the_page(listed: list[str], random: Random) -> None:
    shuffled = list(listed)
    random.shuffle(shuffled)
    one, other = choose(*shuffled), choose(*listed)
    assert (one.ranked, one.plain, one.ranking.labels) == (other.ranked, other.plain, other.ranking.labels)


@given(st.lists(wheels, unique=True, max_size=12), plain_wheels)
def test_adding_a_plain_wheel_changes_no_ranking(listed: list[str], plain: str) -> None:
    assert choose(*listed, plain).ranked == choose(*listed).ranked
