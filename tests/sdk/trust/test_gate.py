"""The gate, code by code: each refusal, and that nothing but an exact approval passes."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.hostile_wheels import benign_wheel, hostile_wheels, sentinel_provider
from support.lists import DIGEST, NOW, OTHER_DIGEST, load_levels, make_entry, make_list, write_list
from variantkit.trust import REFUSALS, Approvals, Entry, Verdict, endpoint_for, judge_offer, judge_request, judge_wheel
from variantkit.trust.dates import DAY, parse_date

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

NAME = "acme-variant-provider"


def _judge(
    document: object,
    requires: Sequence[str] = (NAME,),
    plugin_api: str | None = None,
    *,
    namespace: str = "acme",
    now: int = NOW,
    index: str | None = None,
) -> tuple[Verdict, tuple[Entry, ...]]:
    return judge_request(load_levels(embedded=document, now=now), namespace, requires, plugin_api, now, index=index)


def _code(*arguments: object, **options: object) -> str:
    verdict, entries = _judge(*arguments, **options)  # type: ignore[arg-type]
    assert verdict.allowed == (verdict.code == "ok") == bool(entries)
    assert verdict.allowed or verdict.code in REFUSALS
    assert verdict.detail.isascii()
    return verdict.code


def test_an_approved_provider_is_allowed_with_its_entry() -> None:
    verdict, entries = _judge(make_list(make_entry()))
    assert verdict.allowed
    assert verdict.entry == entries[0]
    assert entries[0].sha256 == (DIGEST,)
    assert verdict.endpoint == "acme_variant_provider"


def test_an_empty_list_approves_nothing() -> None:
    assert _code(make_list()) == "not-listed"


def test_without_any_list_nothing_is_approved() -> None:
    assert judge_request(Approvals(), "acme", [NAME], None, NOW)[0].code == "not-listed"


@pytest.mark.parametrize(
    "spelling", [NAME, "Acme_Variant.Provider", f" {NAME} ", f"{NAME}>=0.3", f"{NAME} >= 0.2, <1", f"{NAME}(>=0.3)"]
)
def test_a_name_is_one_in_every_spelling(spelling: str) -> None:
    assert _code(make_list(make_entry()), [spelling]) == "ok"


@pytest.mark.parametrize(
    "requires",
    [
        pytest.param([], id="nothing"),
        pytest.param([f"{NAME} @ https://evil.example/x.whl"], id="URL"),
        pytest.param([f"{NAME}@file:///tmp/x.whl"], id="file URL"),
        pytest.param([f"{NAME}[extra]"], id="extra"),
        pytest.param([NAME, "evil-provider"], id="two names"),
        pytest.param([NAME, "evil-provider; python_version < '3'"], id="second name behind a false marker"),
        pytest.param(["evil-provider; python_version < '3'", NAME], id="first name behind a false marker"),
        pytest.param([f"{NAME}; python_version < '3'"], id="marker that does not hold"),
        pytest.param([f"{NAME}; 'x' in variant_properties"], id="variant marker"),
        pytest.param([f"{NAME}; nonsense == 'x'"], id="unknown marker"),
        pytest.param([f"{NAME}; python_version ~= 'x'"], id="marker that cannot be compared"),
        pytest.param([f"{NAME} >="], id="specifier without a version"),
        pytest.param([f"{NAME} => 1"], id="no operator"),
        pytest.param([f"{NAME}\n>=0"], id="two lines"),
        pytest.param([f"{NAME} --index-url https://evil.example"], id="option"),
        pytest.param(["-r evil.txt"], id="option alone"),
        pytest.param([""], id="empty text"),
        pytest.param(["./x.whl"], id="path"),
        pytest.param(["аcme-variant-provider"], id="Cyrillic letter"),
        pytest.param([NAME] * 100, id="too many"),
        pytest.param([f"{NAME}>=0{'.0' * 1000}"], id="too long"),
        pytest.param([7], id="a number"),
    ],
)
def test_attack_15_a_requires_that_cannot_be_judged_is_refused(requires: list[str]) -> None:
    assert _code(make_list(make_entry()), requires) == "requires-unsupported"


def test_a_marker_that_holds_is_judged_by_its_requirement() -> None:
    requires = [f"{NAME}>=0.3; python_version >= '3'", f"{NAME}<0.3; python_version < '3'"]
    assert _code(make_list(make_entry()), requires) == "ok"


def test_the_marker_environment_can_be_given() -> None:
    approvals = load_levels(embedded=make_list(make_entry()))
    requires = [f"{NAME}; sys_platform == 'plan9'"]
    environment = {"sys_platform": "plan9"}
    assert judge_request(approvals, "acme", requires, None, NOW, environment=environment)[0].allowed
    assert judge_request(approvals, "acme", requires, None, NOW)[0].code == "requires-unsupported"


def test_all_requirements_of_a_name_must_admit_the_version() -> None:
    assert _code(make_list(make_entry()), [f"{NAME}>=0.3", f"{NAME}<0.3"]) == "version-not-approved"


@pytest.mark.parametrize("specifier", ["==0.2.0", "<0.3", ">0.3.0", "!=0.3", "~=0.4.0", "==0.2.*", "===0.3.1"])
def test_a_version_that_is_not_approved_is_refused(specifier: str) -> None:
    assert _code(make_list(make_entry()), [f"{NAME}{specifier}"]) == "version-not-approved"


def test_attack_16_the_newest_approved_version_that_is_admitted_wins() -> None:
    versions = ["0.9.0", "0.10.0", "0.10.1rc1", "0.2.0"]
    entries = [make_entry(version=version, sha256=[f"{place:064x}"]) for place, version in enumerate(versions)]
    assert [entry.version for entry in _judge(make_list(*entries))[1]] == ["0.10.1rc1", "0.10.0", "0.9.0", "0.2.0"]
    assert [entry.version for entry in _judge(make_list(*entries), [f"{NAME}<0.10"])[1]] == ["0.9.0", "0.2.0"]


def test_attack_16_a_superseded_version_is_taken_only_when_nothing_else_fits() -> None:
    entries = [make_entry(version="0.4.0", superseded=True), make_entry(version="0.3.0", sha256=[OTHER_DIGEST])]
    assert [entry.version for entry in _judge(make_list(*entries))[1]] == ["0.3.0", "0.4.0"]
    verdict, (only,) = _judge(make_list(*entries), [f"{NAME}>0.3"])
    assert only.version == "0.4.0"
    assert "superseded" in verdict.detail


@pytest.mark.parametrize(
    "endpoint",
    [
        "os:system",
        "acme_variant_provider.evil",
        "acme_variant_provider:Evil",
        "Acme_variant_provider",
        "acme_variant_provider ",
        "acme_variant_provider\n",
        "acme-variant-provider",
        "acme_variant_provıder",
        "аcme_variant_provider",
        "",
    ],
)
def test_t3_an_endpoint_that_is_not_approved_byte_for_byte_is_refused(endpoint: str) -> None:
    assert _code(make_list(make_entry()), [NAME], endpoint) == "plugin-api-mismatch"


def test_the_default_endpoint_must_be_approved_as_well() -> None:
    entry = make_entry(plugin_api=["acme_variant_provider:Plugin"])
    assert _code(make_list(entry)) == "plugin-api-mismatch"
    assert _code(make_list(entry), [NAME], "acme_variant_provider:Plugin") == "ok"


def test_t4_an_approved_provider_cannot_speak_for_another_namespace() -> None:
    assert _code(make_list(make_entry()), namespace="nvidia") == "namespace-mismatch"


@pytest.mark.parametrize(
    ("index", "code"),
    [
        ("https://wheels.example/simple", "ok"),
        ("HTTPS://Wheels.Example/simple/", "ok"),
        ("https://user:secret@wheels.example/simple/", "ok"),
        (None, "ok"),
        ("https://wheels.example/Simple/", "index-mismatch"),
        ("https://evil.example/simple/", "index-mismatch"),
        ("https://wheels.example@evil.example/simple/", "index-mismatch"),
        ("http://wheels.example/simple/", "index-mismatch"),
        ("https://wheels.example/simple/../evil", "index-mismatch"),
    ],
)
def test_attack_6_a_provider_bound_to_an_index_comes_from_no_other(index: str | None, code: str) -> None:
    document = make_list(make_entry(index=["https://wheels.example/simple/"]))
    assert _code(document, index=index) == code
    (entry,) = load_levels(embedded=document).lists[0].approved.entries
    assert judge_offer(load_levels(embedded=document), entry, "x.whl", index, DIGEST).code == code


def test_a_foreign_index_is_told_without_its_credentials_being_believed() -> None:
    document = make_list(make_entry(index=["https://wheels.example/simple/"]))
    assert "wheels.example" in _judge(document, index="https://evil.example/")[0].detail


@pytest.mark.parametrize(
    "revoked",
    [
        pytest.param({"package": NAME}, id="the package"),
        pytest.param({"package": "Acme__Variant.Provider"}, id="the package in another spelling"),
        pytest.param({"package": NAME, "version": "0.3"}, id="0.3 revokes 0.3.0"),
        pytest.param({"package": NAME, "version": "0.3.0.0"}, id="0.3.0.0 revokes 0.3.0"),
        pytest.param({"sha256": [OTHER_DIGEST, DIGEST]}, id="the hash under no name"),
        pytest.param({"package": "other", "sha256": [DIGEST]}, id="the hash under another name"),
        pytest.param({"package": NAME, "version": "9", "sha256": [DIGEST]}, id="the hash under another version"),
        pytest.param({"package": NAME, "since": "2099-01-01"}, id="since a day that has not come"),
    ],
)
def test_attack_7_a_revocation_beats_an_approval(revoked: dict[str, object]) -> None:
    verdict, _ = _judge(make_list(make_entry(), revoked=[{**revoked, "reason": "it lied"}]))
    assert verdict.code == "revoked"
    assert verdict.detail.endswith("it lied")


@pytest.mark.parametrize(
    "revoked",
    [
        {"package": NAME, "version": "0.2"},
        {"package": NAME, "version": "0.3.0", "sha256": [OTHER_DIGEST]},
        {"package": "other"},
        {"package": "other", "version": "0.3.0"},
        {"sha256": [OTHER_DIGEST]},
    ],
)
def test_a_revocation_of_something_else_changes_nothing(revoked: dict[str, object]) -> None:
    assert _code(make_list(make_entry(), revoked=[revoked])) == "ok"


def test_attack_7_of_two_hashes_of_a_version_the_other_stays_approved() -> None:
    document = make_list(make_entry(sha256=[DIGEST, OTHER_DIGEST]), revoked=[{"sha256": [DIGEST]}])
    verdict, (entry,) = _judge(document)
    assert verdict.allowed
    approvals = load_levels(embedded=document)
    assert judge_offer(approvals, entry, "x.whl", None, DIGEST).code == "revoked"
    assert judge_offer(approvals, entry, "x.whl", None, OTHER_DIGEST).code == "ok"


def test_an_older_version_stays_when_the_newest_is_revoked() -> None:
    entries = [make_entry(version="0.4"), make_entry(version="0.3", sha256=[OTHER_DIGEST])]
    document = make_list(*entries, revoked=[{"package": NAME, "version": "0.4.0"}])
    assert [entry.version for entry in _judge(document)[1]] == ["0.3"]
    assert _code(document, [f"{NAME}>=0.4"]) == "revoked"


def test_a_revoked_package_that_was_never_listed_is_told_as_revoked() -> None:
    assert _code(make_list(revoked=[{"package": NAME}])) == "revoked"


@pytest.mark.parametrize(
    ("revoked", "requires", "code"),
    [
        ({"version": "0.3.0"}, NAME, "revoked"),
        ({"version": "0.3.0", "sha256": [DIGEST]}, f"{NAME}<1", "revoked"),
        ({"version": "0.3.0"}, f"{NAME}>=0.4", "not-listed"),
        ({"version": "0.3.0", "package": "other"}, NAME, "not-listed"),
        ({"version": "0.3.0"}, f"{NAME}===nonsense", "not-listed"),
    ],
)
def test_a_version_that_left_the_list_with_its_revocation_is_told_as_revoked(
    revoked: dict[str, object], requires: str, code: str
) -> None:
    document = make_list(revoked=[{"package": NAME, "reason": "it lied", **revoked}])
    verdict, _ = _judge(document, [requires])
    assert verdict.code == code
    assert ("it lied" in verdict.detail) == (code == "revoked")


@pytest.mark.parametrize(("offset", "code"), [(-1, "ok"), (0, "expired"), (DAY, "expired")])
def test_an_entry_ends_with_its_date(offset: int, code: str) -> None:
    document = make_list(make_entry(expires="2027-06-01T00:00:00Z"))
    assert _code(document, now=parse_date("2027-06-01") + offset) == code


def test_a_version_that_ended_leaves_the_other() -> None:
    entries = [make_entry(version="0.4", expires="2026-11-02"), make_entry(version="0.3", sha256=[OTHER_DIGEST])]
    assert [entry.version for entry in _judge(make_list(*entries))[1]] == ["0.3"]
    assert _code(make_list(*entries), [f"{NAME}==0.4"]) == "expired"


@pytest.mark.parametrize(
    ("now", "code"),
    [
        pytest.param("2026-10-30", "clock-before-list", id="more than a day before issued"),
        pytest.param("2026-10-31", "ok", id="a day before issued"),
        pytest.param("2026-12-21", "ok", id="a month after"),
        pytest.param("2027-12-21", "ok", id="13 months after"),
        pytest.param("2029-10-31", "ok", id="the last day"),
        pytest.param("2029-11-01", "list-expired", id="the day it ends"),
        pytest.param("2029-12-21", "list-expired", id="37 months after"),
    ],
)
def test_t21_a_list_is_in_force_between_its_dates(now: str, code: str) -> None:
    verdict, _ = _judge(make_list(make_entry()), now=parse_date(now))
    assert verdict.code == code
    assert verdict.list_state == (code != "ok")


def test_a_list_that_ended_denies_what_it_never_named_for_the_same_reason() -> None:
    verdict, _ = _judge(make_list(), now=parse_date("2030-01-01"))
    assert (verdict.code, verdict.list_state) == ("list-expired", True)


def test_t24_a_revocation_outlives_its_list(tmp_path: Path) -> None:
    old = make_list(serial=4, renew_by=None, expires="2026-11-02", revoked=[{"package": NAME}], id="other.example")
    flag = write_list(tmp_path, make_list(make_entry()))
    approvals = load_levels(flag=flag, user=write_list(tmp_path, old, "user.json"))
    assert judge_request(approvals, "acme", [NAME], None, NOW)[0].code == "revoked"


def test_an_invalid_list_denies_everything_by_its_own_state(tmp_path: Path) -> None:
    approvals = load_levels(flag=write_list(tmp_path, b"{}"), embedded=make_list(make_entry()))
    verdict, entries = judge_request(approvals, "acme", [NAME], None, NOW)
    assert (verdict.code, verdict.list_state, entries) == ("list-invalid", True, ())


def test_a_provider_that_is_only_unlisted_is_not_the_lists_fault() -> None:
    verdict, _ = _judge(make_list(make_entry()), ["evil-provider"])
    assert (verdict.code, verdict.list_state) == ("not-listed", False)


# reimplements (PEP 850 "Providers", step 4)


@pytest.mark.parametrize(
    ("requirement", "endpoint", "code"),
    [
        ("provider-variant-acme", None, "ok"),
        ("provider-variant-acme==0.0.1", None, "ok"),
        ("provider-variant-acme", "provider_variant_acme.plugin:Acme", "ok"),
        ("provider-variant-acme", "acme_variant_provider", "ok"),
        ("provider-variant-acme", "os:system", "plugin-api-mismatch"),
        ("provider-variant-acme", "provider_variant_acme2", "plugin-api-mismatch"),
        ("provider-variant-other", None, "not-listed"),
        (NAME, "provider_variant_acme", "plugin-api-mismatch"),
    ],
)
def test_a_reimplementation_answers_for_the_packages_it_names(
    requirement: str, endpoint: str | None, code: str
) -> None:
    document = make_list(make_entry(reimplements=["provider-variant-acme"]))
    verdict, entries = _judge(document, [requirement], endpoint)
    assert verdict.code == code
    if verdict.allowed:
        assert endpoint_for(entries[0], verdict.endpoint) == "acme_variant_provider"


# The second half: the bytes


class Bytes(NamedTuple):
    """A hostile provider's wheel, the list that approves it, and the file it writes when it runs."""

    data: bytes
    approvals: Approvals
    entry: Entry
    sentinel: Path


def _bytes(tmp_path: Path, *, approve: bytes | None = None, **changes: object) -> Bytes:
    sentinel = tmp_path / "sentinel"
    with open(sentinel_provider(tmp_path, NAME, "0.3.0", sentinel), "rb") as stream:
        data = stream.read()
    revoked = changes.pop("revoked", [])
    digest = hashlib.sha256(data if approve is None else approve).hexdigest()
    document = make_list(make_entry(sha256=[digest], **changes), revoked=revoked)
    approvals = load_levels(embedded=document)
    return Bytes(data, approvals, approvals.lists[0].approved.entries[0], sentinel)


def test_the_sentinel_provider_leaves_its_trace_when_it_runs(tmp_path: Path) -> None:
    path = sentinel_provider(tmp_path, NAME, "0.3.0", tmp_path / "sentinel")
    code = "import sys; sys.path.append(sys.argv[1]); import acme_variant_provider as p; p.get_supported_configs()"
    subprocess.run([sys.executable, "-I", "-S", "-c", code, path], check=True)
    assert (tmp_path / "sentinel").read_text().split() == ["import", "get_supported_configs"]


def test_the_approved_bytes_may_run_and_judging_them_runs_nothing(tmp_path: Path) -> None:
    case = _bytes(tmp_path)
    assert judge_wheel(case.approvals, case.entry, "any.whl", case.data, NOW).allowed
    assert not case.sentinel.exists()


@pytest.mark.parametrize("at", [0, 40, 200, -1])
def test_one_flipped_bit_is_another_wheel(tmp_path: Path, at: int) -> None:
    case = _bytes(tmp_path)
    altered = bytearray(case.data)
    altered[at] ^= 1
    assert judge_wheel(case.approvals, case.entry, "any.whl", bytes(altered), NOW).code == "hash-mismatch"


def test_revoked_bytes_are_revoked_under_any_approved_name(tmp_path: Path) -> None:
    plain = _bytes(tmp_path)
    revoked = [{"package": "other", "sha256": [hashlib.sha256(plain.data).hexdigest()]}]
    for case in (_bytes(tmp_path, revoked=revoked), _bytes(tmp_path, revoked=revoked, approve=b"something else")):
        assert judge_wheel(case.approvals, case.entry, "approved-1.0.whl", case.data, NOW).code == "revoked"


HOSTILE = hostile_wheels()


@pytest.mark.parametrize("what", HOSTILE)
def test_approved_bytes_that_are_not_canonical_do_not_run(what: str, tmp_path: Path) -> None:
    data = HOSTILE[what]
    case = _bytes(tmp_path, approve=data, plugin_api=["prov"])
    assert judge_wheel(case.approvals, case.entry, "prov.whl", data, NOW).code == "wheel-not-canonical"


@pytest.mark.parametrize(
    ("endpoint", "code"),
    [
        ("prov", "ok"),
        ("prov:Plugin.inner", "ok"),
        ("os:system", "plugin-api-mismatch"),
        ("prov.inner", "plugin-api-mismatch"),
        ("data", "plugin-api-mismatch"),
    ],
)
def test_the_module_that_is_called_lies_in_the_wheel(endpoint: str, code: str, tmp_path: Path) -> None:
    case = _bytes(tmp_path, approve=benign_wheel(), plugin_api=[endpoint])
    assert judge_wheel(case.approvals, case.entry, "prov.whl", benign_wheel(), NOW).code == code
    assert judge_wheel(case.approvals, case.entry, "prov.whl", benign_wheel(), NOW, endpoint=endpoint).code == code


def test_bytes_from_another_index_are_refused_though_name_and_hash_agree(tmp_path: Path) -> None:
    case = _bytes(tmp_path, index=["https://wheels.example/simple/"])
    judged = judge_wheel(case.approvals, case.entry, "any.whl", case.data, NOW, "https://evil.example/simple/")
    assert judged.code == "index-mismatch"


def test_an_entry_of_no_list_in_force_lets_nothing_run(tmp_path: Path) -> None:
    case = _bytes(tmp_path)
    forged = case.entry._replace(isolation=None, needs=case.entry.needs._replace(fork=True))
    assert judge_wheel(case.approvals, forged, "any.whl", case.data, NOW).code == "not-listed"
    assert judge_wheel(Approvals(), case.entry, "any.whl", case.data, NOW).code == "not-listed"


@pytest.mark.parametrize(("now", "code"), [("2028-01-01", "expired"), ("2030-01-01", "list-expired")])
def test_a_date_that_passes_between_request_and_bytes_counts(now: str, code: str, tmp_path: Path) -> None:
    case = _bytes(tmp_path, expires="2028-01-01")
    assert judge_wheel(case.approvals, case.entry, "any.whl", case.data, parse_date(now)).code == code


def test_hostile_text_reaches_no_terminal(tmp_path: Path) -> None:
    case = _bytes(tmp_path)
    verdict = judge_offer(case.approvals, case.entry, "\x1b[2J\u202e.whl", "http://x\x07", "\x1b")
    assert verdict.detail.isascii()
    assert verdict.detail.isprintable()
    verdict, _ = _judge(make_list(make_entry()), ["\x1b[2J"], "\x1b]0;x", namespace="\x07")
    assert verdict.detail.isprintable()


# Laws

revocations = st.lists(
    st.fixed_dictionaries({"package": st.sampled_from([NAME, "other", "Acme.Variant.Provider"])})
    | st.fixed_dictionaries({"package": st.just(NAME), "version": st.sampled_from(["0.2", "0.3", "0.3.0", "1"])})
    | st.fixed_dictionaries({"sha256": st.sampled_from([[DIGEST], [OTHER_DIGEST], [DIGEST, OTHER_DIGEST]])}),
    max_size=3,
)
entry_lists = st.lists(
    st.builds(
        lambda version, digest, expires: make_entry(version=version, sha256=digest, expires=expires),
        st.sampled_from(["0.2", "0.3", "1.0rc1"]),
        st.sampled_from([[DIGEST], [OTHER_DIGEST], [DIGEST, OTHER_DIGEST]]),
        st.sampled_from([None, "2026-11-02", "2028-01-01"]),
    ),
    max_size=3,
    unique_by=lambda entry: entry["version"],
)
requests = st.sampled_from([[NAME], [f"{NAME}<0.3"], [f"{NAME}>=0.3"], ["other"]])


@given(entry_lists, revocations, revocations, requests)
def test_a_further_revocation_never_admits_more(
    entries: list[dict[str, object]], some: list[object], more: list[object], requires: list[str]
) -> None:
    before = _judge(make_list(*entries, revoked=some), requires)[1]
    after = _judge(make_list(*entries, revoked=[*some, *more]), requires)[1]
    assert set(after) <= set(before)


@given(entry_lists, revocations, requests, st.integers(NOW, NOW + 5 * 365 * DAY), st.integers(0, 400 * DAY))
def test_what_is_refused_later_was_not_made_good_by_time(
    entries: list[dict[str, object]], revoked: list[object], requires: list[str], now: int, later: int
) -> None:
    document = make_list(*entries, revoked=revoked)
    assert set(_judge(document, requires, now=now + later)[1]) <= set(_judge(document, requires, now=now)[1])


@given(st.lists(st.text(max_size=30) | st.sampled_from([NAME, f"{NAME}>=0.3", f"{NAME}; os_name=='x'"]), max_size=3))
def test_whatever_is_required_only_the_approved_entry_comes_out(requires: list[str]) -> None:
    verdict, entries = _judge(make_list(make_entry()), requires)
    assert verdict.allowed == bool(entries)
    assert all(entry.package == NAME and entry.sha256 == (DIGEST,) for entry in entries)
