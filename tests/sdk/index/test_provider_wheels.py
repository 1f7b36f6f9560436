"""Provider wheels on an index: fetched only when their page names an approved hash, and then run."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from support.approvals import NOW, approve, read_lists, write_list
from support.http_index import http_index, status
from support.providers import MODULE, PACKAGE, PLUGIN, make_provider
from variantkit.index.provider_wheels import IndexWheels
from variantkit.index.upstream import open_upstream
from variantkit.machine.decision import Settings, ThisMachine
from variantkit.variants.metadata import ProviderInfo

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.http_index import HttpIndex
    from variantkit.machine.supported import NamespaceSupport


@pytest.fixture
def wheel(tmp_path: Path) -> str:
    directory = tmp_path / "served"
    directory.mkdir()
    return make_provider(directory, f"open({str(tmp_path / 'it-ran')!r}, 'a').close()\n{PLUGIN}")


@pytest.fixture
def index(wheel: str) -> Iterator[HttpIndex]:
    with http_index(os.path.dirname(wheel)) as served:
        yield served


def ask(tmp_path: Path, index: HttpIndex, *entries: dict[str, Any]) -> NamespaceSupport:
    listed = write_list(tmp_path / "approved.json", entries)
    wheels = IndexWheels()
    wheels.look_in([open_upstream(index.url)])
    machine = ThisMachine(Settings(lambda: read_lists(listed), (wheels,), now=NOW, environ={}))
    return machine.decide({"example": ProviderInfo((PACKAGE,), MODULE)})["example"]


def files_asked_for(index: HttpIndex) -> list[str]:
    return [request.target for request in index.requests if request.target.endswith(".whl")]


def test_an_approved_provider_comes_from_the_index_and_runs(tmp_path: Path, index: HttpIndex, wheel: str) -> None:
    assert ask(tmp_path, index, approve(wheel)).status == "present"
    assert len(files_asked_for(index)) == 1
    assert (tmp_path / "it-ran").exists()


def test_of_a_provider_that_is_not_listed_the_index_hears_nothing(tmp_path: Path, index: HttpIndex) -> None:
    assert ask(tmp_path, index).code == "not-listed"
    assert index.requests == []


def test_a_wheel_with_another_hash_is_not_fetched(tmp_path: Path, index: HttpIndex, wheel: str) -> None:
    assert ask(tmp_path, index, approve(wheel, sha256=["0" * 64])).code == "hash-mismatch"
    assert files_asked_for(index) == []


def test_a_wheel_of_another_index_is_not_fetched(tmp_path: Path, index: HttpIndex, wheel: str) -> None:
    assert ask(tmp_path, index, approve(wheel, index=["https://elsewhere.test/simple"])).code == "index-mismatch"
    assert files_asked_for(index) == []


def test_a_wheel_that_its_page_gives_no_hash_for_is_not_fetched(tmp_path: Path, index: HttpIndex, wheel: str) -> None:
    index.hashes = False
    assert ask(tmp_path, index, approve(wheel)).code == "hash-mismatch"
    assert files_asked_for(index) == []


def test_an_index_that_fails_costs_its_namespace_and_nothing_else(tmp_path: Path, index: HttpIndex, wheel: str) -> None:
    index.answer("*", status(418))
    found = ask(tmp_path, index, approve(wheel))
    assert (found.status, found.code) == ("undetermined", "wheel-unavailable")
    assert not (tmp_path / "it-ran").exists()
