"""Levels of approved lists: who decides, what only narrows, whose files count, and what an old list can do."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple

import pytest

import variantkit
from support.lists import DIGEST, NOW, OTHER_DIGEST, load_levels, make_entry, make_list, write_list
from variantkit.trust import Approvals, entries_in_force, judge_request, levels, load_approvals
from variantkit.trust.dates import DAY, parse_date
from variantkit.trust.memory import Seen, load_seen, save_seen

if TYPE_CHECKING:
    from pathlib import Path

ID = "example.org/providers"
SOURCE = os.path.dirname(os.path.dirname(variantkit.__file__))

posix = pytest.mark.skipif(not hasattr(os, "geteuid"), reason="this system has no file owners")
as_root = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give files away")


def _entry(name: str, **changes: object) -> dict[str, object]:
    return make_entry(namespace=name, package=f"{name}-provider", plugin_api=[f"{name}_provider"], **changes)


def _code(approvals: Approvals, name: str, now: int = NOW) -> str:
    return judge_request(approvals, name, [f"{name}-provider"], None, now)[0].code


class Case(NamedTuple):
    """Lists of the levels, and the code that each provider gets."""

    lists: dict[str, dict[str, object]]
    codes: dict[str, str]


def _list(*names: str, **changes: object) -> dict[str, object]:
    return make_list(*(_entry(name) for name in names), **changes)


GONE = [{"package": "a-provider"}]
CASES = {
    "the embedded list decides alone": Case({"embedded": _list("a")}, {"a": "ok", "b": "not-listed"}),
    "a named list decides in place of the embedded one": Case(
        {"flag": _list("a", id="mine"), "embedded": _list("b")}, {"a": "ok", "b": "not-listed"}
    ),
    "an empty named list rejects": Case({"flag": _list(id="mine"), "embedded": _list("a")}, {"a": "not-listed"}),
    "a named list of the embedded one's id unites with it": Case(
        {"flag": _list("a", serial=6), "embedded": _list("b")}, {"a": "ok", "b": "ok"}
    ),
    "an exclusive one does not": Case(
        {"flag": _list("a", serial=6, exclusive=True), "embedded": _list("b")}, {"a": "ok", "b": "not-listed"}
    ),
    "lists without an id are different lists": Case(
        {"flag": _list("a", id=None), "embedded": _list("b", id=None)}, {"a": "ok", "b": "not-listed"}
    ),
    "the user's list and the named one add up": Case(
        {"user": _list("a", id="mine"), "flag": _list("b", id="other"), "embedded": _list("c")},
        {"a": "ok", "b": "ok", "c": "not-listed"},
    ),
    "the variable counts where no list is named": Case(
        {"variable": _list("a", id="mine"), "embedded": _list("b")}, {"a": "ok", "b": "not-listed"}
    ),
    "the option stands for the variable": Case(
        {"flag": _list("a", id="mine"), "variable": _list("b", id="other")}, {"a": "ok", "b": "not-listed"}
    ),
    "below a system list the variable adds nothing": Case(
        {"system": _list("a", id="site"), "variable": _list("a", "x", id="evil")}, {"a": "ok", "x": "not-listed"}
    ),
    "below a system list the user adds nothing": Case(
        {"system": _list("a", id="site"), "user": _list("a", "x", id="mine")}, {"a": "ok", "x": "not-listed"}
    ),
    "below a system list the embedded one of another id adds nothing": Case(
        {"system": _list("a", id="site"), "embedded": _list("b")}, {"a": "ok", "b": "not-listed"}
    ),
    "below a system list another list takes away": Case(
        {"system": _list("a", "b", id="site"), "flag": _list("b", id="mine")}, {"a": "not-listed", "b": "ok"}
    ),
    "below an exclusive system list no other list counts": Case(
        {"system": _list("a", "b", id="site", exclusive=True), "variable": _list("b", id="mine")},
        {"a": "ok", "b": "ok"},
    ),
    "a system list of the embedded one's id unites with it": Case(
        {"system": _list("a", serial=6), "embedded": _list("b")}, {"a": "ok", "b": "ok"}
    ),
    "a user's newer edition does not widen the system's": Case(
        {"system": _list("a"), "user": _list("a", "x", serial=99)}, {"a": "ok", "x": "not-listed"}
    ),
    "a system list's revocation holds whatever the others omit": Case(
        {"system": _list("a", id="site", revoked=GONE), "variable": _list("a", id="mine")}, {"a": "revoked"}
    ),
    "a revocation holds upwards": Case(
        {"system": _list("a", id="site"), "variable": _list("a", id="mine", revoked=GONE)}, {"a": "revoked"}
    ),
    "a revocation holds though the variable's entries do not count": Case(
        {"flag": _list("a", id="mine"), "variable": _list(id="other", revoked=GONE)}, {"a": "revoked"}
    ),
    "the embedded list's revocations hold beside a named list": Case(
        {"flag": _list("a", id="mine"), "embedded": _list(revoked=GONE)}, {"a": "revoked"}
    ),
    "attack 9, last month's list after an upgrade: the bundle runs, its own approvals do not": Case(
        {"user": _list("a", serial=4), "embedded": _list("b", serial=5)}, {"b": "ok", "a": "list-rolled-back"}
    ),
    "attack 9, last month's list after an upgrade: its revocations hold": Case(
        {"user": _list(serial=4, revoked=GONE), "embedded": _list("a", serial=5)}, {"a": "revoked"}
    ),
    "an expired list leaves the embedded one of its id": Case(
        {"user": _list("a", serial=6, issued=None, renew_by=None, expires="2026-11-02"), "embedded": _list("b")},
        {"a": "list-expired", "b": "ok"},
    ),
    "an expired list leaves no embedded one of another id": Case(
        {"user": _list("a", id="mine", issued=None, renew_by=None, expires="2026-11-02"), "embedded": _list("b")},
        {"a": "list-expired", "b": "list-expired"},
    ),
    "an expired list below a system list takes all away": Case(
        {
            "system": _list("a", id="site"),
            "user": _list("a", id="mine", issued=None, renew_by=None, expires="2026-11-02"),
        },
        {"a": "list-expired"},
    ),
}


def _load(tmp_path: Path, lists: dict[str, dict[str, object]], **options: object) -> Approvals:
    paths = {
        level: write_list(tmp_path, document, f"{level}.json")
        for level, document in lists.items()
        if level != "embedded"
    }
    return load_levels(**paths, embedded=lists.get("embedded"), **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("what", CASES)
def test_attack_1_who_decides(what: str, tmp_path: Path) -> None:
    approvals = _load(tmp_path, CASES[what].lists)
    assert {name: _code(approvals, name) for name in CASES[what].codes} == CASES[what].codes


def test_of_one_id_the_higher_serial_decides_where_they_differ(tmp_path: Path) -> None:
    newer = make_list(_entry("a", sha256=[OTHER_DIGEST], isolation="sandboxed"), serial=7)
    older = make_list(_entry("a", version="0.3", sha256=[DIGEST]), serial=6)
    for user, flag in ((newer, older), (older, newer)):
        (entry,) = entries_in_force(_load(tmp_path, {"user": user, "flag": flag}), NOW)
        assert (entry.sha256, entry.isolation) == ((OTHER_DIGEST,), "sandboxed")


def test_of_different_ids_the_higher_level_decides_where_they_differ(tmp_path: Path) -> None:
    user = make_list(_entry("a", sha256=[DIGEST]), id="mine", serial=1)
    flag = make_list(_entry("a", sha256=[OTHER_DIGEST]), id="other", serial=9)
    (entry,) = entries_in_force(_load(tmp_path, {"user": user, "flag": flag}), NOW)
    assert entry.sha256 == (DIGEST,)


def test_a_narrowing_list_keeps_what_both_approve(tmp_path: Path) -> None:
    wide = _entry(
        "a",
        sha256=[DIGEST, OTHER_DIGEST],
        index=["https://a.example", "https://b.example"],
        needs={"read": ["/proc/cpuinfo", "/sys/x/y"], "libraries": ["libx.so.1"], "fork": True},
        expires="2028-01-01",
    )
    narrow = _entry(
        "a",
        version="0.3",
        sha256=[OTHER_DIGEST, "ef" * 32],
        index=["https://b.example"],
        needs={"read": ["/sys/x/y", "/sys/x/z"], "devices": ["/dev/acme"]},
        isolation="sandboxed",
        expires="2027-01-01",
    )
    lists = {"system": make_list(wide, id="site"), "flag": make_list(narrow, id="mine")}
    (entry,) = entries_in_force(_load(tmp_path, lists), NOW)
    assert entry.version == "0.3.0"
    assert entry.sha256 == (OTHER_DIGEST,)
    assert entry.index == ("https://b.example",)
    assert entry.needs == ((("/sys/x/y",), (), (), (), False))
    assert (entry.isolation, entry.expires) == ("sandboxed", parse_date("2027-01-01"))


@pytest.mark.parametrize(
    "changes",
    [
        {"sha256": ["ef" * 32]},
        {"plugin_api": ["other"]},
        {"version": "0.3.1"},
        {"index": ["https://z.example"]},
        {"configs_sha256": "ef" * 32},
    ],
)
def test_a_narrowing_list_that_contradicts_leaves_nothing(changes: dict[str, object], tmp_path: Path) -> None:
    wide = _entry("a", index=["https://a.example"], configs_sha256=DIGEST)
    narrow = make_entry(**{"namespace": "a", "package": "a-provider", "plugin_api": ["a_provider"], **changes})
    lists = {"system": make_list(wide, id="site"), "flag": make_list(narrow, id="mine")}
    assert _code(_load(tmp_path, lists), "a") == "not-listed"


# Dates


def test_attack_11_one_warning_past_renew_by_and_nothing_else(tmp_path: Path) -> None:
    now = parse_date("2027-12-01")
    approvals = _load(tmp_path, {"user": _list("a", serial=6), "embedded": _list("b")}, now=now)
    (warning,) = approvals.warnings
    assert "user.json" in warning
    assert "embedded" in warning
    assert "2029-11-01" in warning
    assert (_code(approvals, "a", now), _code(approvals, "b", now)) == ("ok", "ok")


def test_no_warning_before_renew_by_nor_for_a_list_that_ended(tmp_path: Path) -> None:
    assert _load(tmp_path, {"embedded": _list("a")}).warnings == ()
    assert _load(tmp_path, {"embedded": _list("a")}, now=parse_date("2030-01-01")).warnings == ()


def test_attack_12_a_clock_set_back_does_not_revive_a_list(tmp_path: Path) -> None:
    """The time is not before the latest list ever seen, here one that has been removed again."""
    memory = str(tmp_path / "memory")
    short = _list("a", issued="2026-06-01", renew_by=None, expires="2026-11-10")
    _load(tmp_path, {"flag": _list("a", issued="2026-11-15")}, memory=memory, now=parse_date("2026-11-16"))
    approvals = _load(tmp_path, {"flag": short}, memory=memory, now=parse_date("2026-11-01"))
    assert _code(approvals, "a", parse_date("2026-11-01")) == "list-expired"


def test_attack_12_a_list_of_the_future_is_not_remembered(tmp_path: Path) -> None:
    memory = str(tmp_path / "memory")
    approvals = _load(tmp_path, {"flag": _list("a", serial=9)}, memory=memory, now=parse_date("2026-01-01"))
    assert _code(approvals, "a", parse_date("2026-01-01")) == "clock-before-list"
    assert load_seen(memory, ID) == Seen()


# Rollback


def test_t21_an_older_serial_is_rolled_back_and_its_revocations_stay(tmp_path: Path) -> None:
    memory = str(tmp_path / "memory")
    assert _code(_load(tmp_path, {"flag": _list("a", serial=6)}, memory=memory), "a") == "ok"
    assert _code(_load(tmp_path, {"flag": _list("a", serial=6)}, memory=memory), "a") == "ok"
    older = _load(tmp_path, {"flag": _list("a", "b", serial=5, revoked=GONE)}, memory=memory)
    verdict = judge_request(older, "b", ["b-provider"], None, NOW)[0]
    assert (verdict.code, verdict.list_state) == ("list-rolled-back", True)
    assert "serial 5" in verdict.detail
    assert "6 was seen" in verdict.detail
    assert _code(_load(tmp_path, {"flag": _list("a", serial=7)}, memory=memory), "a") == "ok"


def test_attack_8_without_memory_the_embedded_serial_is_the_floor(tmp_path: Path) -> None:
    approvals = _load(tmp_path, {"flag": _list("a", serial=4), "embedded": _list(serial=5)})
    assert _code(approvals, "a") == "list-rolled-back"


def test_ids_are_remembered_apart_and_the_embedded_list_is_never_rolled_back(tmp_path: Path) -> None:
    memory = str(tmp_path / "memory")
    _load(tmp_path, {"flag": _list("a", serial=9)}, memory=memory)
    assert _code(_load(tmp_path, {"flag": _list("a", serial=1, id="other")}, memory=memory), "a") == "ok"
    assert _code(_load(tmp_path, {"embedded": _list("a", serial=5)}, memory=memory), "a") == "ok"


@pytest.mark.parametrize("level", ["system", "user", "flag"])
def test_attack_8_a_list_of_the_environment_cannot_end_another_for_good(level: str, tmp_path: Path) -> None:
    memory = str(tmp_path / "memory")
    _load(tmp_path, {level: _list("a", serial=6), "variable": _list("a", serial=10**17)}, memory=memory)
    _load(tmp_path, {"variable": _list("a", serial=10**17)}, memory=memory)
    assert _code(_load(tmp_path, {level: _list("a", serial=6)}, memory=memory), "a") == "ok"


@pytest.mark.parametrize("level", ["system", "user", "flag"])
def test_attack_8_a_list_of_the_environment_cannot_bring_an_old_one_back(level: str, tmp_path: Path) -> None:
    memory = str(tmp_path / "memory")
    _load(tmp_path, {level: _list(serial=6)}, memory=memory)
    old = {level: _list("a", serial=5), "variable": _list(serial=10**17)}
    assert _code(_load(tmp_path, old, memory=memory), "a") != "ok"


def test_the_list_of_the_environment_has_a_memory_of_its_own(tmp_path: Path) -> None:
    memory = str(tmp_path / "memory")
    _load(tmp_path, {"variable": _list("a", serial=6)}, memory=memory)
    assert _code(_load(tmp_path, {"variable": _list("a", serial=5)}, memory=memory), "a") == "list-rolled-back"
    _load(tmp_path, {"user": _list("a", serial=8)}, memory=memory)
    assert _code(_load(tmp_path, {"variable": _list("a", serial=7)}, memory=memory), "a") == "list-rolled-back"


def test_the_memory_is_private_and_written_only_for_news(tmp_path: Path) -> None:
    memory = tmp_path / "a" / "memory"
    _load(tmp_path, {"flag": _list("a", serial=6)}, memory=str(memory))
    (file,) = memory.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(memory.stat().st_mode) == 0o700
    before = file.stat().st_ino
    _load(tmp_path, {"flag": _list("a", serial=6)}, memory=str(memory))
    assert [path.stat().st_ino for path in memory.iterdir()] == [before]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"id": "x", "serial": 9, "issued": 0}', '{"serial": 9, "issued": 0}'])
def test_a_damaged_memory_counts_as_none(text: str, tmp_path: Path) -> None:
    assert save_seen(str(tmp_path), ID, Seen(9, 9))
    (file,) = tmp_path.iterdir()
    file.write_text(text)
    file.chmod(0o600)
    assert load_seen(str(tmp_path), ID) == Seen()


@posix
def test_t18_a_memory_that_is_a_link_is_ignored_and_replaced(tmp_path: Path) -> None:
    memory = tmp_path / "memory"
    memory.mkdir(0o700)
    save_seen(str(memory), ID, Seen(9, 9))
    (file,) = memory.iterdir()
    file.rename(tmp_path / "elsewhere")
    file.symlink_to(tmp_path / "elsewhere")
    assert load_seen(str(memory), ID) == Seen()
    assert save_seen(str(memory), ID, Seen(3, 3))
    assert not file.is_symlink()
    assert json.loads((tmp_path / "elsewhere").read_text())["serial"] == 9


@posix
@pytest.mark.parametrize("mode", [0o777, 0o770, 0o720])
def test_t18_a_memory_that_others_can_write_is_ignored(mode: int, tmp_path: Path) -> None:
    memory = tmp_path / "memory"
    save_seen(str(memory), ID, Seen(9, 9))
    memory.chmod(mode)
    assert load_seen(str(memory), ID) == Seen()
    assert not save_seen(str(memory), ID, Seen(10, 10))


@as_root
def test_t18_somebody_elses_memory_is_ignored(tmp_path: Path) -> None:
    save_seen(str(tmp_path), ID, Seen(9, 9))
    (file,) = tmp_path.iterdir()
    os.chown(file, 65534, 65534)
    assert load_seen(str(tmp_path), ID) == Seen()


def test_where_nothing_can_be_remembered_the_lists_still_decide(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert _code(_load(tmp_path, {"flag": _list("a")}, memory=str(blocked / "memory")), "a") == "ok"


# Whose files count


def _refused(approvals: Approvals) -> str:
    verdict = judge_request(approvals, "a", ["a-provider"], None, NOW)[0]
    assert (verdict.code, verdict.list_state) == ("list-invalid", True)
    return verdict.detail


@posix
@pytest.mark.parametrize("level", ["system", "user", "flag", "variable"])
@pytest.mark.parametrize("mode", [0o666, 0o664, 0o622, 0o602])
def test_attack_2_a_list_that_others_can_write_is_refused(level: str, mode: int, tmp_path: Path) -> None:
    path = write_list(tmp_path, _list("a"))
    os.chmod(path, mode)
    detail = _refused(load_levels(**{level: path}, embedded=_list("a")))  # type: ignore[arg-type]
    assert detail.endswith(f"run: chmod go-w {path}")


@posix
def test_attack_2_a_list_that_is_a_symbolic_link_is_refused(tmp_path: Path) -> None:
    write_list(tmp_path, _list("a"))
    (tmp_path / "link.json").symlink_to(tmp_path / "approved.json")
    assert "symbolic link" in _refused(load_levels(flag=str(tmp_path / "link.json")))


@as_root
def test_attack_2_a_list_below_somebody_elses_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    write_list(tmp_path / "real", _list("a"))
    (tmp_path / "way").symlink_to(tmp_path / "real")
    path = str(tmp_path / "way" / "approved.json")
    assert _code(load_levels(flag=path), "a") == "ok"
    os.lchown(tmp_path / "way", 65534, 65534)
    assert "symbolic link that belongs to user 65534" in _refused(load_levels(flag=path))


@posix
@pytest.mark.parametrize("kind", ["folder", "fifo"])
def test_a_list_that_is_no_regular_file_is_refused(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "list"
    path.mkdir() if kind == "folder" else os.mkfifo(path, 0o600)
    assert "not a regular file" in _refused(load_levels(flag=str(path)))


@as_root
@pytest.mark.parametrize("level", ["system", "user", "flag", "variable"])
def test_attack_2_as_root_only_roots_lists_count(level: str, tmp_path: Path) -> None:
    path = write_list(tmp_path, _list("a"))
    os.chown(path, 1000, 1000)
    assert "belongs to user 1000, expected root" in _refused(load_levels(**{level: path}))  # type: ignore[arg-type]


@pytest.mark.parametrize("level", ["flag", "variable"])
def test_a_named_list_that_is_not_there_denies_everything(level: str, tmp_path: Path) -> None:
    path = str(tmp_path / "none.json")
    detail = _refused(load_levels(**{level: path}, embedded=_list("a")))  # type: ignore[arg-type]
    assert detail == f"{path}: there is no such approved list"


@pytest.mark.parametrize("level", ["system", "user"])
def test_a_level_without_a_list_is_no_problem(level: str, tmp_path: Path) -> None:
    path = str(tmp_path / "none" / "approved.json")
    assert _code(load_levels(**{level: path}, embedded=_list("a")), "a") == "ok"  # type: ignore[arg-type]


@pytest.mark.parametrize("level", ["system", "user", "flag", "variable"])
def test_an_invalid_list_at_any_level_denies_everything(level: str, tmp_path: Path) -> None:
    lists = {"system": _list("a"), "user": _list("a"), "flag": _list("a"), "variable": _list("a")}
    paths = {name: write_list(tmp_path, document, f"{name}.json") for name, document in lists.items()}
    paths[level] = write_list(tmp_path, b'{"schema": "variantkit.approved/1"', f"{level}.json")
    assert f"{level}.json" in _refused(load_levels(**paths))  # type: ignore[arg-type]


def test_an_invalid_embedded_list_denies_everything() -> None:
    options = {"flag": None, "variable": None, "user_path": None, "system_path": None, "memory_dir": None}
    _refused(load_approvals(**options, embedded=b"{}", now=NOW))


def test_a_path_with_a_nul_is_refused() -> None:
    _refused(load_levels(variable="x\0y"))


# Where the lists lie


_PATHS = """
import os, sys
sys.path.insert(0, sys.argv[1])
from variantkit.trust import levels
from variantkit.trust.levels import load_approvals
if len(sys.argv) > 3:
    os.chown(sys.argv[3], int(sys.argv[2]), -1)
    os.seteuid(int(sys.argv[2]))
approvals = load_approvals(flag=None, variable=sys.argv[3] if len(sys.argv) > 3 else None, user_path=None,
                           system_path=None, embedded=None, now=0, memory_dir=None)
print(levels.system_path(), levels.user_path(), levels.memory_path(), len(approvals.lists), len(approvals.problems))
"""


@posix
def test_attack_2_no_variable_moves_the_system_or_the_user_list(tmp_path: Path) -> None:
    names = (
        "HOME",
        "XDG_CONFIG_HOME",
        "XDG_CONFIG_DIRS",
        "XDG_STATE_HOME",
        "PROGRAMDATA",
        "APPDATA",
        "USER",
        "LOGNAME",
    )
    moved = dict.fromkeys(names, str(tmp_path))
    answers = {
        subprocess.run(
            [sys.executable, "-I", "-c", _PATHS, SOURCE],
            env={**os.environ, **environ},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for environ in (moved, {})
    }
    (answer,) = answers
    assert answer.startswith("/etc/variantkit/approved.json ")
    assert str(tmp_path) not in answer


@as_root
def test_attack_1_under_another_effective_user_the_variable_is_ignored(tmp_path: Path) -> None:
    """As in a setuid program: whoever set the environment has fewer rights than we run with."""
    os.chmod(tmp_path, 0o755)
    path = write_list(tmp_path, _list("a"))
    arguments = [sys.executable, "-I", "-c", _PATHS, SOURCE, "65534", path]
    done = subprocess.run(arguments, capture_output=True, text=True, check=True)
    assert done.stdout.split()[-2:] == ["0", "0"]
    assert str(levels.user_path()) not in done.stdout


def test_every_list_tells_its_path_and_digest(tmp_path: Path) -> None:
    document = _list("a")
    (item,) = _load(tmp_path, {"flag": document}).lists
    assert item.level == "flag"
    assert item.approved.where == str(tmp_path / "flag.json")
    assert len(item.approved.sha256) == 64
    assert item.approved.serial == 5


def test_the_time_is_not_before_the_latest_list(tmp_path: Path) -> None:
    """A clock up to a day behind is let pass, but nothing that has ended comes back by it."""
    entry = _entry("a", expires="2026-11-01")
    approvals = _load(tmp_path, {"flag": make_list(entry)}, now=parse_date("2026-11-01") - DAY)
    assert _code(approvals, "a", parse_date("2026-11-01") - DAY) == "expired"


def test_an_encoded_list_is_read_the_same_from_file_and_bundle(tmp_path: Path) -> None:
    from_file = _load(tmp_path, {"flag": _list("a")}).lists[0].approved
    embedded = load_levels(embedded=_list("a")).lists[0].approved
    assert from_file._replace(where="") == embedded._replace(where="")
