"""Own comparisons of versions and dates agree with `packaging` and `datetime`, which they spare."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from variantkit.trust.dates import format_date, parse_date
from variantkit.trust.versions import admits, is_version, newest_first, same_version

numbers = st.integers(0, 12).map(str)
releases = st.lists(numbers, min_size=1, max_size=4).map(".".join)
versions = st.builds(
    lambda epoch, release, pre, post, dev, local: epoch + release + pre + post + dev + local,
    st.sampled_from(["", "", "1!"]),
    releases,
    st.sampled_from(["", "", "a1", "b0", "rc2"]),
    st.sampled_from(["", "", ".post1"]),
    st.sampled_from(["", "", ".dev0"]),
    st.sampled_from(["", "", "+cu12", "+1.0"]),
)
clauses = st.builds(
    lambda operator, blank, bound: operator + blank + bound,
    st.sampled_from(["==", "!=", ">=", "<=", ">", "<", "~=", "==="]),
    st.sampled_from(["", " "]),
    versions | releases.map(lambda text: f"{text}.*"),
)


@given(versions, versions)
@example("0.3", "0.3.0")
@example("1", "1.0+1.0")
@example("0", "0.0.0")
def test_versions_are_equal_where_pep_440_says_so(left: str, right: str) -> None:
    assert same_version(left, right) == (Version(left) == Version(right))


@given(st.lists(versions, max_size=6))
def test_the_newest_is_first(listed: list[str]) -> None:
    assert list(map(Version, newest_first(listed))) == sorted(map(Version, listed), reverse=True)


@given(st.lists(clauses, max_size=3).map(",".join), versions)
@example(">= 0.2.1, <1", "0.3.0")
@example("==0.3", "0.3.0")
def test_a_specifier_admits_what_packaging_says(specifier: str, version: str) -> None:
    try:
        expected = SpecifierSet(specifier).contains(version, prereleases=True)
    except ValueError:
        with pytest.raises(ValueError, match=r"."):
            admits(specifier, version)
        return
    assert admits(specifier, version) == expected


@given(st.text(alphabet="0123456789.abrcpostdev!+-_v \n٣", max_size=12) | versions)
def test_a_version_is_accepted_only_in_its_canonical_form(text: str) -> None:
    if not is_version(text):
        return
    try:
        assert str(Version(text)) == text
    except InvalidVersion:
        pytest.fail(f"{text!r} is no version")


@given(versions)
def test_every_canonical_version_is_accepted(text: str) -> None:
    assert is_version(str(Version(text)))


@given(st.datetimes(datetime.datetime(1970, 1, 1), datetime.datetime(9999, 12, 31)))
def test_a_date_is_the_seconds_that_datetime_says(moment: datetime.datetime) -> None:
    moment = moment.replace(microsecond=0, tzinfo=datetime.timezone.utc)
    seconds = int((moment - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)).total_seconds())
    assert parse_date(moment.strftime("%Y-%m-%dT%H:%M:%SZ").zfill(20)) == seconds
    assert parse_date(moment.isoformat().zfill(25)) == seconds
    assert parse_date(format_date(seconds)) == seconds


@given(st.dates(datetime.date(1970, 1, 1)))
def test_a_day_is_its_first_second(day: datetime.date) -> None:
    assert parse_date(day.isoformat()) == (day - datetime.date(1970, 1, 1)).days * 86400
    assert format_date(parse_date(day.isoformat())) == day.isoformat()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2027",
        "2027-6-1",
        "2027-06-01 ",
        "2027-06-01\n",
        " 2027-06-01",
        "2027-00-01",
        "2027-13-01",
        "2027-02-29",
        "2027-06-31",
        "1969-12-31",
        "2027-06-01T",
        "2027-06-01Z",
        "2027-06-01T12:00",
        "2027-06-01T12:00:00",
        "2027-06-01T12:00:00+01:00",
        "2027-06-01T12:00:00.5Z",
        "2027-06-01T24:00:00Z",
        "2027-06-01T12:60:00Z",
        "2027-06-01T12:00:60Z",
        "2027-06-01 12:00:00Z",
        "2027-06-01+00:00",
        "+027-06-01",
        "２027-06-01",
        "2027-06-0²",
    ],
)
def test_what_is_no_utc_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected a date|no such"):
        parse_date(text)
