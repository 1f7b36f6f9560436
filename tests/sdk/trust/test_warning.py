"""A system list that only warns: what lower lists approve runs on for a while, and nothing else ever does."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.hostile_wheels import benign_wheel
from support.lists import NOW, encode, load_levels, make_entry, make_list, write_list
from variantkit.trust import (
    Approvals,
    Entry,
    Foreseen,
    LevelList,
    ListError,
    Verdict,
    judge_request,
    judge_wheel,
    parse_approved,
)
from variantkit.trust.dates import DAY, format_date, parse_date
from variantkit.trust.union import mode_note, warns_until

if TYPE_CHECKING:
    from pathlib import Path

UNTIL = parse_date("2026-12-15")
WHEEL = benign_wheel()
SHA256 = hashlib.sha256(WHEEL).hexdigest()
BELOW = ("user", "flag", "variable")


def _entry(name: str = "prov", **changes: Any) -> dict[str, object]:
    usual = {"namespace": name, "package": name, "version": "1.0", "sha256": [SHA256], "plugin_api": ["prov"]}
    return make_entry(**usual | changes)


def _system(*entries: dict[str, object], **changes: Any) -> dict[str, object]:
    return make_list(*entries, **{"id": "site", "mode": "warn", "warn_until": format_date(UNTIL), **changes})


def _load(tmp_path: Path, lists: dict[str, dict[str, object]], now: int = NOW, memory: str | None = None) -> Approvals:
    paths = {level: write_list(tmp_path, lists[level], f"{level}.json") for level in lists if level != "embedded"}
    return load_levels(**paths, embedded=lists.get("embedded"), now=now, memory=memory)


def _judge(approvals: Approvals, name: str = "prov", now: int = NOW, data: bytes = WHEEL) -> Verdict:
    """The verdict on the request, or where it is allowed the first one that allows the bytes, or the last."""
    asked, entries = judge_request(approvals, name, [name], "prov", now)
    verdict = asked
    for entry in entries:
        verdict = judge_wheel(approvals, entry, f"{name}-1.0-py3-none-any.whl", data, now, endpoint=asked.endpoint)
        if verdict.allowed:
            return verdict._replace(foreseen=verdict.foreseen and (asked.foreseen or verdict.foreseen))
    return verdict


# What a list may say of it


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"warn_until": None}, id="no end"),
        pytest.param({"issued": None}, id="no date of issue"),
        pytest.param({"warn_until": "2027-01-31"}, id="91 days"),
        pytest.param({"warn_until": "soon"}, id="no date"),
        pytest.param({"warn_until": 1}, id="a number"),
        pytest.param({"mode": "off"}, id="another mode"),
        pytest.param({"mode": True}, id="no text"),
        pytest.param({"mode": "warn\n"}, id="a newline behind"),
        pytest.param({"mode": None}, id="an end without the mode"),
        pytest.param({"mode": "enforce"}, id="an end of mode enforce"),
    ],
)
def test_attack_14_a_warning_without_a_near_end_makes_the_list_invalid(changes: dict[str, object]) -> None:
    with pytest.raises(ListError):
        parse_approved(encode(_system(**changes)), "list.json")


def test_ninety_days_after_issued_is_the_latest_end() -> None:
    assert parse_approved(encode(_system(warn_until="2027-01-30")), "x").warn_until == parse_date("2027-01-30")


def test_mode_enforce_may_be_written_down() -> None:
    assert parse_approved(encode(make_list(mode="enforce", critical=["mode", "warn-until"])), "x").warn_until is None


# What runs


@pytest.mark.parametrize("level", [*BELOW, "embedded"])
def test_what_a_lower_list_approves_runs_on_and_is_named(level: str, tmp_path: Path) -> None:
    verdict = _judge(_load(tmp_path, {"system": _system(), level: make_list(_entry())}))
    assert verdict.allowed
    assert verdict.foreseen == Foreseen("not-listed", UNTIL)


def test_what_the_system_list_approves_is_not_warned_of(tmp_path: Path) -> None:
    verdict = _judge(_load(tmp_path, {"system": _system(_entry()), "user": make_list(_entry())}))
    assert (verdict.allowed, verdict.foreseen) == (True, None)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"version": "2.0", "sha256": ["0" * 64]}, "version-not-approved"),
        ({"sha256": ["0" * 64]}, "hash-mismatch"),
        ({"namespace": "other"}, "namespace-mismatch"),
        ({"plugin_api": ["other"]}, "plugin-api-mismatch"),
        ({"expires": "2026-11-02"}, "expired"),
        ({"package": "other"}, "not-listed"),
    ],
)
def test_the_code_is_what_the_list_will_refuse_with(changes: dict[str, Any], code: str, tmp_path: Path) -> None:
    lists = {"system": _system(_entry(**changes), exclusive=True), "user": make_list(_entry())}
    verdict = _judge(_load(tmp_path, lists))
    assert verdict.foreseen == Foreseen(code, UNTIL)
    lists["system"] = make_list(_entry(**changes), id="site", exclusive=True)
    assert _judge(_load(tmp_path, lists)).code == ("hash-mismatch" if code == "version-not-approved" else code)


def test_of_two_versions_the_enforced_one_is_tried_first(tmp_path: Path) -> None:
    newer = _entry(version="2.0", sha256=["0" * 64])
    approvals = _load(tmp_path, {"system": _system(_entry(), exclusive=True), "user": make_list(newer)})
    verdict, entries = judge_request(approvals, "prov", ["prov"], "prov", NOW)
    assert ([entry.version for entry in entries], verdict.foreseen) == (["1.0", "2.0"], None)


@pytest.mark.parametrize("level", BELOW)
def test_attack_14_a_list_of_another_level_cannot_warn(level: str, tmp_path: Path) -> None:
    approvals = _load(tmp_path, {level: _system(), "embedded": make_list(_entry())})
    assert _judge(approvals).code == "not-listed"
    assert "enforces" in mode_note(approvals.lists[0], approvals.latest, NOW)
    assert warns_until(approvals.lists[0], approvals.latest, NOW) is None


def test_a_warning_list_that_is_exclusive_keeps_nothing_out_yet(tmp_path: Path) -> None:
    """Without it the user's list and the embedded one, editions of one id, unite."""
    lists = {"system": _system(exclusive=True), "user": make_list(), "embedded": make_list(_entry())}
    assert _judge(_load(tmp_path, lists)).foreseen == Foreseen("not-listed", UNTIL)


def test_what_is_revoked_below_does_not_spoil_what_is_enforced(tmp_path: Path) -> None:
    revoking = make_list(_entry(version="2.0"), revoked=[{"package": "prov", "version": "2.0"}])
    verdict = _judge(_load(tmp_path, {"system": _system(_entry(), exclusive=True), "user": revoking}))
    assert (verdict.code, verdict.foreseen) == ("ok", None)


def test_attack_14_a_lower_list_cannot_make_the_system_list_warn(tmp_path: Path) -> None:
    lists = {"system": make_list(id="site"), "variable": _system(_entry()), "embedded": make_list(_entry())}
    assert _judge(_load(tmp_path, lists)).code == "not-listed"


@pytest.mark.parametrize(
    ("lists", "code"),
    [
        pytest.param({"system": _system(revoked=[{"package": "prov"}])}, "revoked", id="by the system, its package"),
        pytest.param({"system": _system(revoked=[{"package": "prov", "version": "1"}])}, "revoked", id="its version"),
        pytest.param({"system": _system(revoked=[{"sha256": [SHA256]}])}, "revoked", id="its bytes"),
        pytest.param({"embedded": make_list(revoked=[{"sha256": [SHA256]}])}, "revoked", id="by the embedded list"),
        pytest.param({"user": make_list(_entry(sha256=["0" * 64]))}, "hash-mismatch", id="altered"),
        pytest.param({"user": make_list(_entry(expires="2026-11-02"))}, "expired", id="ended"),
    ],
)
def test_attack_14_what_is_revoked_or_altered_does_not_run(
    lists: dict[str, dict[str, object]], code: str, tmp_path: Path
) -> None:
    verdict = _judge(_load(tmp_path, {"system": _system(), "user": make_list(_entry()), **lists}))
    assert (verdict.allowed, verdict.foreseen) == (False, None)
    assert verdict.code in (code, "not-listed")
    assert code != "revoked" or verdict.code == code


def test_a_wheel_that_is_not_canonical_does_not_run(tmp_path: Path) -> None:
    spoilt = WHEEL + b"x"
    entry = _entry(sha256=[hashlib.sha256(spoilt).hexdigest()])
    verdict = _judge(_load(tmp_path, {"system": _system(), "user": make_list(entry)}), data=spoilt)
    assert verdict.code == "wheel-not-canonical"


@pytest.mark.parametrize(("offset", "allowed"), [(-1, True), (0, False), (DAY, False)])
def test_attack_14_after_the_date_the_list_enforces(offset: int, allowed: bool, tmp_path: Path) -> None:
    approvals = _load(tmp_path, {"system": _system(), "user": make_list(_entry())}, now=UNTIL + offset)
    assert _judge(approvals, now=UNTIL + offset).code == ("ok" if allowed else "not-listed")
    assert ("warns until" in mode_note(approvals.lists[0], approvals.latest, UNTIL + offset)) is allowed


def test_attack_14_a_clock_set_back_does_not_prolong_it(tmp_path: Path) -> None:
    memory = str(tmp_path / "memory")
    lists = {"system": _system(), "user": make_list(_entry())}
    assert _judge(_load(tmp_path, lists, memory=memory)).allowed
    later = make_list(issued=format_date(UNTIL), expires="2029-01-01")
    _load(tmp_path, {"flag": later}, now=UNTIL + DAY, memory=memory)
    assert _judge(_load(tmp_path, lists, memory=memory)).code == "not-listed"


@pytest.mark.parametrize(
    "changes", [{"expires": "2026-11-20"}, {"serial": 4}], ids=["a list that ended", "a list that was rolled back"]
)
def test_attack_14_a_list_that_counts_no_longer_warns_no_longer(changes: dict[str, Any], tmp_path: Path) -> None:
    memory = str(tmp_path / "memory")
    _load(tmp_path, {"system": _system(renew_by=None)}, memory=memory)
    lists = {"system": _system(**{"renew_by": None, **changes}), "user": make_list(_entry())}
    assert not _judge(_load(tmp_path, lists, memory=memory)).allowed


def test_a_list_that_cannot_be_believed_denies_all_the_same(tmp_path: Path) -> None:
    user = write_list(tmp_path, make_list(_entry()), "user.json")
    os.chmod(user, 0o666)
    system = write_list(tmp_path, _system(), "system.json")
    assert _judge(load_levels(system=system, user=user)).code == "list-invalid"


# Laws

DIGESTS = (SHA256, "0" * 64)
entries = st.builds(
    _entry,
    name=st.just("prov"),
    version=st.sampled_from(["1.0", "1", "2.0"]),
    sha256=st.sets(st.sampled_from(DIGESTS), min_size=1).map(sorted),
    namespace=st.sampled_from(["prov", "other"]),
    expires=st.sampled_from([None, "2026-11-02", "2028-01-01"]),
)
revoked = st.lists(
    st.sampled_from([{"package": "prov", "version": "2.0"}, {"sha256": [SHA256]}, {"sha256": ["0" * 64]}]), max_size=1
)
levels = st.sets(st.sampled_from(("system", *BELOW, "embedded"))).map(lambda found: found | {"system"})


def _unique(listed: list[dict[str, object]]) -> list[dict[str, object]]:
    """One entry of each namespace and version: a list that has two is invalid."""
    return list({(entry["namespace"], str(entry["version"])[0]): entry for entry in listed}.values())


@st.composite
def unions(draw: st.DrawFn) -> tuple[Approvals, Approvals]:
    """The same lists twice, of which the system's warns in the first and enforces in the second."""
    names = [level for level in ("system", *BELOW, "embedded") if level in draw(levels)]
    lists = []
    for name in names:
        document = make_list(
            *_unique(draw(st.lists(entries, max_size=3))),
            id=draw(st.sampled_from(["a", "b"])),
            exclusive=draw(st.booleans()),
            revoked=draw(revoked),
            **({"mode": "warn", "warn_until": format_date(UNTIL)} if name == "system" else {}),
        )
        lists.append(LevelList(name, parse_approved(encode(document), name)))
    enforcing = tuple(item._replace(approved=item.approved._replace(warn_until=None)) for item in lists)
    return Approvals(tuple(lists)), Approvals(enforcing)


def _running(approvals: Approvals, now: int) -> set[tuple[Entry, str]]:
    """Every entry, with a digest, that may run; bytes are stood for by their digest."""
    _, found = judge_request(approvals, "prov", ["prov"], "prov", now)
    return {(entry, digest) for entry in found for digest in DIGESTS if digest in entry.sha256}


@given(unions(), st.sampled_from([NOW, UNTIL - 1, UNTIL, UNTIL + DAY]))
def test_attack_14_a_warning_never_runs_bytes_that_no_list_approves(
    both: tuple[Approvals, Approvals], now: int
) -> None:
    approved = {
        (entry.namespace, entry.package, digest)
        for item in both[0].lists
        for entry in item.approved.entries
        for digest in entry.sha256
        if entry.expires is None or now < entry.expires
    }
    gone = {digest for item in both[0].lists for revocation in item.approved.revoked for digest in revocation.sha256}
    for entry, _ in _running(both[0], now):
        verdict = judge_wheel(both[0], entry, "prov-1.0-py3-none-any.whl", WHEEL, now)
        assert not verdict.allowed or ("prov", "prov", SHA256) in approved
        assert not verdict.allowed or SHA256 not in gone


@given(unions(), st.sampled_from([NOW, UNTIL - 1, UNTIL, UNTIL + DAY]))
def test_attack_14_taking_the_warning_away_only_narrows(both: tuple[Approvals, Approvals], now: int) -> None:
    warning, enforcing = both
    assert _running(enforcing, now) <= _running(warning, now)
    if now >= UNTIL:
        assert _running(enforcing, now) == _running(warning, now)
    runs, ran = _judge(warning, now=now), _judge(enforcing, now=now)
    assert ran.allowed == (runs.allowed and runs.foreseen is None), "what is not warned of stays, and only that"
