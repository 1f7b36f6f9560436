"""The decision order, and the gate in front of a real provider in a real child.

Each hostile provider would leave a file behind if anything of it ran; none does.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from support.approvals import NOW, approve, read_lists, write_list
from support.providers import MODULE, PACKAGE, PLUGIN, make_provider
from variantkit.machine.decision import Settings, ThisMachine
from variantkit.machine.wheels import Offer, WheelDirectory
from variantkit.variants.grammar import Feature
from variantkit.variants.metadata import ProviderInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from variantkit.machine.supported import NamespaceSupport
    from variantkit.trust.approved import Entry

LEVEL = Feature("level", ("v2", "v1"))
OTHER = (Feature("level", ("v9",), multi_value=True),)
ASKED = ProviderInfo((PACKAGE,))
STATIC = ProviderInfo(static=(Feature("level", ("v5",)),))


class Stage(NamedTuple):
    """A directory with one provider wheel that tells when it runs."""

    directory: str
    wheel: str
    sentinel: str

    def has_run(self) -> bool:
        return os.path.exists(self.sentinel)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    sentinel = str(tmp_path / "it-ran")
    directory = tmp_path / "wheels"
    directory.mkdir()
    source = f"open({sentinel!r}, 'a').close()\n{PLUGIN}"
    return Stage(str(directory), make_provider(directory, source), sentinel)


def machine_of(
    stage: Stage, tmp_path: Path, entries: list[dict[str, Any]] | None = None, **settings: Any
) -> ThisMachine:
    more = settings.pop("list", {})
    listed = write_list(tmp_path / "approved.json", [approve(stage.wheel)] if entries is None else entries, **more)
    now = settings.pop("now", NOW)
    approvals = read_lists(listed, now=now)
    return ThisMachine(Settings(lambda: approvals, (WheelDirectory(stage.directory),), now=now, environ={}, **settings))


def answer(machine: ThisMachine, info: ProviderInfo | None = ASKED, namespace: str = "example") -> NamespaceSupport:
    return machine.decide({namespace: info})[namespace]


def test_an_approved_provider_runs_and_its_answer_counts(stage: Stage, tmp_path: Path) -> None:
    found = answer(machine_of(stage, tmp_path))
    assert (found.status, found.source, found.features) == ("present", "provider", (LEVEL,))
    assert found.provider is not None
    assert (found.provider.package, found.provider.version) == (PACKAGE, "1.0")
    assert stage.has_run()


def test_a_provider_is_asked_once_per_process(stage: Stage, tmp_path: Path) -> None:
    machine = machine_of(stage, tmp_path)
    first = answer(machine)
    os.unlink(stage.sentinel)
    assert answer(machine) == first
    assert not stage.has_run()


# The order of decision, each before all those below it.
ORDER: list[tuple[str, dict[str, Any], ProviderInfo, str, str]] = [
    ("disabled", {"disabled": frozenset({"example"}), "overrides": {"example": OTHER}}, STATIC, "disabled", "none"),
    ("optional", {"overrides": {"example": OTHER}}, ASKED._replace(optional=True), "disabled", "none"),
    ("author", {"overrides": {"example": OTHER}, "static": {"example": OTHER}}, STATIC, "static", "author"),
    ("override", {"overrides": {"example": OTHER}, "static": {"example": (LEVEL,)}}, ASKED, "override", "override"),
    ("static file", {"static": {"example": OTHER}, "no_exec": True}, ASKED, "static", "static-file"),
    ("no-exec", {"no_exec": True}, ASKED, "disabled", "none"),
]


@pytest.mark.parametrize(
    ("settings", "info", "status", "source"), [row[1:] for row in ORDER], ids=[row[0] for row in ORDER]
)
def test_attack_18_what_comes_first_decides_and_nothing_runs(
    stage: Stage, tmp_path: Path, settings: dict[str, Any], info: ProviderInfo, status: str, source: str
) -> None:
    found = answer(machine_of(stage, tmp_path, **settings), info)
    assert (found.status, found.source) == (status, source)
    assert not stage.has_run()


def test_an_enabled_optional_provider_runs(stage: Stage, tmp_path: Path) -> None:
    machine = machine_of(stage, tmp_path, enabled=frozenset({"example"}))
    assert answer(machine, ASKED._replace(optional=True)).status == "present"


def _revoked(**revocation: Any) -> dict[str, Any]:
    return {"list": {"revoked": [{"reason": "stolen key", **revocation}]}}


# refusal code -> the list's entry (None: as approved), settings and list keys, what the metadata asks
REFUSALS: list[tuple[str, Callable[[dict[str, Any]], list[dict[str, Any]]], dict[str, Any], ProviderInfo, str]] = [
    ("not-listed", lambda entry: [], {}, ASKED, "example"),
    ("not-listed", lambda entry: [entry], {}, ProviderInfo(("another-provider",)), "example"),
    ("revoked", lambda entry: [entry], _revoked(package=PACKAGE, version="1.0.0"), ASKED, "example"),
    ("revoked", lambda entry: [entry], _revoked(package="X..Other", sha256=["SELF"]), ASKED, "example"),
    ("expired", lambda entry: [entry | {"expires": "2026-12-31"}], {}, ASKED, "example"),
    ("version-not-approved", lambda entry: [entry], {}, ProviderInfo((f"{PACKAGE}>=2",)), "example"),
    ("plugin-api-mismatch", lambda entry: [entry], {}, ProviderInfo((PACKAGE,), "os:system"), "example"),
    ("namespace-mismatch", lambda entry: [entry], {}, ASKED, "nvidia"),
    ("requires-unsupported", lambda entry: [entry], {}, ProviderInfo((f"{PACKAGE} @ https://evil.test/x",)), "example"),
    ("requires-unsupported", lambda entry: [entry], {}, ProviderInfo((PACKAGE, "evil; os_name == ''")), "example"),
    ("requires-unsupported", lambda entry: [entry], {}, ProviderInfo((f"{PACKAGE}[evil]",)), "example"),
    ("requires-unsupported", lambda entry: [entry], {}, ProviderInfo(()), "example"),
    ("hash-mismatch", lambda entry: [entry | {"sha256": ["0" * 64]}], {}, ASKED, "example"),
    ("list-expired", lambda entry: [entry], {"list": {"expires": "2026-12-31"}}, ASKED, "example"),
    ("list-invalid", lambda entry: [entry], {"list": {"serial": True}}, ASKED, "example"),
    ("clock-before-list", lambda entry: [entry], {"list": {"issued": "2028-01-01"}}, ASKED, "example"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "entries", "settings", "info", "namespace"),
    REFUSALS,
    ids=[f"{i}-{row[0]}" for i, row in enumerate(REFUSALS)],
)
def test_t10_a_refused_provider_supports_nothing_and_leaves_no_trace(
    stage: Stage,
    tmp_path: Path,
    code: str,
    entries: Callable[[dict[str, Any]], list[dict[str, Any]]],
    settings: dict[str, Any],
    info: ProviderInfo,
    namespace: str,
) -> None:
    approved = approve(stage.wheel)
    settings = {**settings}
    for revocation in settings.get("list", {}).get("revoked", []):
        if revocation.get("sha256") == ["SELF"]:
            revocation["sha256"] = approved["sha256"]
    found = answer(machine_of(stage, tmp_path, entries(approved), **settings), info, namespace)
    assert (found.status, found.code, found.features) == ("denied", code, ())
    assert found.detail
    assert not stage.has_run()


def test_a_wheel_that_two_readers_read_differently_does_not_run(stage: Stage, tmp_path: Path) -> None:
    with open(stage.wheel, "ab") as stream:
        stream.write(b"trailing")
    found = answer(machine_of(stage, tmp_path))
    assert (found.status, found.code) == ("denied", "wheel-not-canonical")
    assert not stage.has_run()


def test_a_list_that_was_rolled_back_approves_nothing(stage: Stage, tmp_path: Path) -> None:
    memory = str(tmp_path / "memory")
    newer = write_list(tmp_path / "newer.json", [approve(stage.wheel)], id="ours", serial=7)
    older = write_list(tmp_path / "older.json", [approve(stage.wheel)], id="ours", serial=6)
    assert read_lists(newer, memory=memory).problems == ()
    sources = (WheelDirectory(stage.directory),)
    settings = Settings(lambda: read_lists(older, memory=memory), sources, now=NOW, environ={})
    found = answer(ThisMachine(settings))
    assert (found.status, found.code, found.list_state) == ("denied", "list-rolled-back", True)
    assert not stage.has_run()


class RecordingIndex:
    """An index with one file, which notes when its bytes are asked for."""

    def __init__(self, wheel: str, url: str, sha256: str | None) -> None:
        self.wheel, self.url, self.sha256 = wheel, url, sha256
        self.fetched = False

    def offers(self, _entry: Entry) -> Iterator[Offer]:
        yield Offer(os.path.basename(self.wheel), self.url, self._read, self.url, self.sha256)

    def _read(self) -> bytes:
        self.fetched = True
        with open(self.wheel, "rb") as stream:
            return stream.read()


def test_attack_6_a_file_of_another_index_is_not_fetched(stage: Stage, tmp_path: Path) -> None:
    entry = approve(stage.wheel, index=["https://approved.test/simple"])
    index = RecordingIndex(stage.wheel, "https://evil.test/simple", entry["sha256"][0])
    machine = ThisMachine(machine_of(stage, tmp_path, [entry]).settings._replace(sources=(index,)))
    assert answer(machine).code == "index-mismatch"
    assert not index.fetched


def test_a_file_that_its_index_says_has_another_hash_is_not_fetched(stage: Stage, tmp_path: Path) -> None:
    index = RecordingIndex(stage.wheel, "https://approved.test/simple", "1" * 64)
    machine = ThisMachine(machine_of(stage, tmp_path).settings._replace(sources=(index,)))
    assert answer(machine).code == "hash-mismatch"
    assert not index.fetched


def test_a_wanted_file_of_an_index_is_fetched_and_runs(stage: Stage, tmp_path: Path) -> None:
    index = RecordingIndex(stage.wheel, "https://approved.test/simple", approve(stage.wheel)["sha256"][0])
    machine = ThisMachine(machine_of(stage, tmp_path).settings._replace(sources=(index,)))
    assert answer(machine).status == "present"
    assert index.fetched


def test_an_approved_provider_without_a_wheel_is_undetermined_not_absent(stage: Stage, tmp_path: Path) -> None:
    machine = ThisMachine(machine_of(stage, tmp_path).settings._replace(sources=()))
    found = answer(machine)
    assert (found.status, found.code) == ("undetermined", "wheel-missing")
    assert "--provider-wheels" in found.detail


def test_attack_6_a_provider_that_must_be_sandboxed_does_not_run_without_a_sandbox(
    stage: Stage, tmp_path: Path
) -> None:
    found = answer(machine_of(stage, tmp_path, [approve(stage.wheel, isolation="sandboxed")]))
    assert (found.status, found.code) == ("denied", "isolation-unavailable")
    assert not stage.has_run()


def test_the_newest_approved_version_that_the_metadata_admits_runs(stage: Stage, tmp_path: Path) -> None:
    newer = make_provider(stage.directory, version="1.2")
    newest = make_provider(stage.directory, version="2.0")
    entries = [approve(wheel) for wheel in (stage.wheel, newer, newest)]
    found = answer(machine_of(stage, tmp_path, entries), ProviderInfo((f"{PACKAGE}<2",)))
    assert found.provider is not None
    assert found.provider.version == "1.2"
    assert not stage.has_run()


def test_detection_asks_what_is_approved(stage: Stage, tmp_path: Path) -> None:
    assert machine_of(stage, tmp_path).detect()["example"].features == (LEVEL,)


def test_detection_of_a_namespace_that_nobody_is_approved_for_says_so(stage: Stage, tmp_path: Path) -> None:
    found = machine_of(stage, tmp_path).detect(["nvidia"])["nvidia"]
    assert (found.status, found.code) == ("denied", "not-listed")
    assert found.detail == "no approved provider answers for namespace nvidia"


def test_detection_names_the_list_that_could_not_be_read_before_it_says_that_nobody_is_listed(stage: Stage) -> None:
    approvals = read_lists(os.path.join(stage.directory, "nowhere.json"))
    machine = ThisMachine(Settings(lambda: approvals, environ={}))
    found = machine.detect(["nvidia"])["nvidia"]
    assert (found.status, found.code, found.list_state) == ("denied", "list-invalid", True)
    assert "nowhere.json: there is no such approved list" in found.detail
    witnessed = machine.witness("nvidia")
    assert witnessed == found


def test_the_module_that_is_asked_is_the_package_by_default(stage: Stage, tmp_path: Path) -> None:
    assert answer(machine_of(stage, tmp_path), ProviderInfo((PACKAGE,), MODULE)).status == "present"
