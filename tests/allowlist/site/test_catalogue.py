"""The catalogue says of every version what the list's own records say, and never more."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.catalogues import NOW, approval, edition_of, sample_catalogue, sample_ledger
from variantkit_allowlist.site import build_catalogue, render_site
from variantkit_allowlist.site.catalogue import STATES, Catalogue


def states(catalogue: Catalogue) -> dict[tuple[str, str], str]:
    return {(p.name, v.approval.version): v.state for p in catalogue.providers for v in p.versions}


@pytest.mark.parametrize(
    ("package", "version", "state"),
    [
        ("nvidia-provider", "0.10.0", "approved"),
        ("nvidia-provider", "0.9.0", "superseded"),
        ("nvidia-provider", "0.8.0", "revoked"),  # the revocation says nvidia_provider 0.8
        ("amd-provider", "1.0", "unpublished"),
        ("intel-provider", "1.0", "expiring"),
        ("ascend-provider", "1.0", "expired"),  # it ends today
        ("tpu-provider", "1.0", "approved"),
    ],
)
def test_a_version_has_the_state_that_the_records_give_it(package: str, version: str, state: str) -> None:
    assert states(sample_catalogue())[package, version] == state


def test_versions_stand_newest_first_as_versions_are_counted() -> None:
    nvidia = next(provider for provider in sample_catalogue().providers if provider.name == "nvidia-provider")
    assert [version.approval.version for version in nvidia.versions] == ["0.10.0", "0.9.0", "0.8.0"]


def test_nothing_is_in_force_before_the_first_edition() -> None:
    found = states(build_catalogue(sample_ledger(), None, {}, NOW))
    assert set(found.values()) == {"unpublished", "expired", "revoked"}


def test_a_revocation_that_an_edition_brought_from_elsewhere_is_shown_and_ends_the_approval() -> None:
    ledger = sample_ledger()
    gone = {"sha256": ["1" * 64], "since": "2026-11-19", "reason": "Found by a partner."}
    catalogue = build_catalogue(ledger, edition_of(ledger.approved, revoked=[gone]), {}, NOW)
    assert states(catalogue)["nvidia-provider", "0.10.0"] == "revoked"
    assert [item.origin for item in catalogue.revoked if item.reason == "Found by a partner."] == ["imported"]


def test_an_edition_with_other_bytes_under_the_same_version_publishes_nothing_of_ours() -> None:
    ledger = sample_ledger()
    other = ledger.approved[0].model_copy(update={"sha256": ("f" * 64,)})
    found = states(build_catalogue(ledger, edition_of([other]), {}, NOW))
    assert found["nvidia-provider", "0.10.0"] == "unpublished"


def test_nothing_is_in_force_when_the_published_list_has_ended() -> None:
    ledger = sample_ledger()
    edition = edition_of(ledger.approved, issued="2025-01-01", expires="2026-11-21")
    catalogue = build_catalogue(ledger, edition, {}, NOW)
    assert set(states(catalogue).values()) == {"expired", "revoked"}
    (tpu,) = (version for provider in catalogue.providers for version in provider.versions if version.weak)
    assert (tpu.ends, tpu.why) == ("2026-11-21", "The published list ended on 2026-11-21")


def test_what_was_taken_over_from_another_list_is_shown_as_theirs_once_it_is_published() -> None:
    ours, theirs = sample_ledger(), sample_ledger(approval("partner-provider", "3.0", "b", who=("zoe",)))
    imported = {"partner": theirs.approved}
    assert ("partner-provider", "3.0") not in states(
        build_catalogue(ours, edition_of(ours.approved), {}, NOW, imported)
    )
    catalogue = build_catalogue(ours, edition_of(theirs.approved), {}, NOW, imported)
    origins = [(version.approval.package, version.origin) for p in catalogue.providers for version in p.versions]
    assert [item for item in origins if item[1]] == [("partner-provider", "partner")]
    files = render_site(catalogue)
    assert "Taken over from the list that this one calls partner" in files["package/partner-provider.html"].decode()
    assert "taken over from partner" in files["index.html"].decode()


def test_every_revocation_stands_once() -> None:
    ledger = sample_ledger()
    again = {"package": "nvidia-provider", "version": "0.8", "since": "2026-08-01", "reason": "Wrong answers."}
    catalogue = build_catalogue(ledger, edition_of(ledger.approved, revoked=[again]), {}, NOW)
    assert len(catalogue.revoked) == len(ledger.revoked)


@given(st.integers(0, 86399), st.integers(0, 86399))
def test_a_site_made_twice_in_a_day_is_the_same(first: int, second: int) -> None:
    ledger, midnight = sample_ledger(), NOW // 86400 * 86400
    edition = edition_of(ledger.approved)
    assert build_catalogue(ledger, edition, {}, midnight + first) == build_catalogue(
        ledger, edition, {}, midnight + second
    )


@given(st.integers(0, 800))
def test_time_never_brings_an_approval_back(days: int) -> None:
    ledger = sample_ledger(approval("late-provider", "1.0", "9", expires=datetime.date(2026, 12, 24)))
    edition = edition_of(ledger.approved)
    order = {state: STATES.index(state) >= STATES.index("expired") for state in STATES}
    before = states(build_catalogue(ledger, edition, {}, NOW + days * 86400))
    after = states(build_catalogue(ledger, edition, {}, NOW + (days + 1) * 86400))
    assert all(order[after[key]] for key, state in before.items() if order[state])


def test_the_same_catalogue_gives_the_same_bytes() -> None:
    assert render_site(sample_catalogue()) == render_site(sample_catalogue())


def test_what_an_entry_says_is_on_its_page() -> None:
    page = render_site(sample_catalogue())["package/nvidia-provider.html"].decode()
    for said in ("1" * 64, "libnvidia-ml.so.1", "refs/tags/v10", "Ada Example", "Institute", "reviewed-source",
                 "2027-11-01", "Second.", "module_19.py", "PASSED on 2026-11-01", "Wrong answers."):  # fmt: skip
        assert said in page, said


def test_the_weaker_class_says_so_in_words() -> None:
    files = render_site(sample_catalogue())
    assert "Nothing shows who made these bytes" in files["package/tpu-provider.html"].decode()
    assert "Unattested" in files["index.html"].decode()
    assert "Nothing shows who made these bytes" not in files["package/amd-provider.html"].decode()
