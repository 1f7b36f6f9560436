"""Captures written out as trees: what the machine was, below the directory and nowhere else."""

from __future__ import annotations

import contextlib
import json
import os
import time
import types
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from variantkit.provider import replay
from variantkit.provider.replay import (
    MAX_BYTES,
    MAX_SOURCES,
    SCHEMA,
    CaptureError,
    load_capture,
    load_sources,
    load_variables,
    write_tree,
)
from variantkit.provider.template.package._machine import Machine

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def _look(machine: Machine) -> list[tuple[str, str]]:
    """A probe of everything that `Machine` offers."""
    for name in machine.names("/sys/class/drm"):
        if machine.exists(f"/sys/class/drm/{name}/device/driver"):
            machine.link(f"/sys/class/drm/{name}/device/driver")
        machine.read(f"/sys/class/drm/{name}/device/driver/module/version")
        machine.link(f"/sys/class/drm/{name}")
        machine.read(f"/sys/class/drm/{name}/device/vendor", 3)
        machine.read(f"/sys/class/drm/{name}/device/vendor")
    machine.exists("/dev/acme0")
    machine.link("/dev/dangling")
    machine.exists("/dev/dangling")
    machine.read("/etc/absent")
    machine.read("/etc/empty")
    machine.read("/etc/release")
    machine.read("/etc/release", 2)
    machine.exists("/etc/release")
    machine.read("/proc/odd")
    machine.names("/empty")
    machine.names("/")
    machine.report("tool/list", lambda _: None)
    return machine.sources


@pytest.mark.skipif(os.name == "nt", reason="links need a right that few have on Windows")
def test_a_captured_tree_is_read_as_the_machine_was(tmp_path: Path) -> None:
    root = tmp_path / "machine"
    device = root / "sys/devices/pci0000:00/0000:65:00.0"
    device.mkdir(parents=True)
    (device / "vendor").write_text("0x10de\n")
    (root / "sys/bus/pci/drivers/acme/module").mkdir(parents=True)
    (root / "sys/bus/pci/drivers/acme/module/version").write_text("2.4\n")
    (device / "driver").symlink_to("../../../bus/pci/drivers/acme")
    (root / "sys/class/drm").mkdir(parents=True)
    (root / "sys/class/drm/card0").mkdir()
    (root / "sys/class/drm/card0/device").symlink_to("/sys/devices/pci0000:00/0000:65:00.0")
    (root / "sys/class/drm/card1").symlink_to("card0")
    (root / "sys/class/drm/version").write_text("drm 1.1.0\n")
    for name in ("dev", "etc", "proc", "empty", "reports/tool"):
        (root / name).mkdir(parents=True)
    (root / "dev/acme0").touch()
    (root / "dev/dangling").symlink_to("/nowhere/gone")
    (root / "etc/empty").touch()
    (root / "etc/release").write_text("12\n")
    (root / "proc/odd").write_bytes(b"\xff\x00\r\n\xc3")
    (root / "reports/tool/list").write_text("device 0\n!signal 11\n")
    sources = _look(Machine(str(root)))
    write_tree(sources, tmp_path / "replayed")
    replayed = [source for source in _look(Machine(str(tmp_path / "replayed"))) if source[0] != "/"]
    assert replayed == [source for source in sources if source[0] != "/"]
    assert ("/sys/class/drm/card1/device/driver/module/version", "2.4\n") in replayed


HOSTILE: dict[str, tuple[str, str]] = {
    "climbing": ("/../evil", "x"),
    "climbing inside": ("/a/../../evil", "x"),
    "relative": ("evil", "x"),
    "nothing": ("", "x"),
    "a link in place of the root": ("@", "x"),
    "dot": ("/a/./b", "x"),
    "double slash": ("//evil", "x"),
    "backslash": ("/a\\..\\b", "x"),
    "control": ("/a\n/b", "x"),
    "long": ("/" + "a" * 2000, "x"),
    "long name": ("/" + "a" * 300, "x"),
    "a listed name that climbs": ("/a/", "..\n"),
    "a listed path": ("/a/", "b/../../c\n"),
    "a link out": ("/a@", "../../evil"),
    "a link to the root": ("/a@", "/"),
    "a link to nothing": ("/a@", ""),
    "a climbing link": ("/../a@", "b"),
}


@pytest.mark.parametrize("source", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_capture_writes_nothing_elsewhere(source: tuple[str, str], tmp_path: Path) -> None:
    with pytest.raises(CaptureError):
        write_tree([("/fine", "x"), source], tmp_path / "deep" / "tree")
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == []


@pytest.mark.skipif(os.name == "nt", reason="links need a right that few have on Windows")
def test_no_link_of_a_tree_leads_out_of_it(tmp_path: Path) -> None:
    sources = [("/a@", "b"), ("/a/c@", "d"), ("/a/c/e", "text"), ("/f/g@", "h"), ("/f/g/", "i\n")]
    write_tree(sources, tmp_path / "tree")
    top = os.path.realpath(tmp_path / "tree")
    for directory, folders, files in os.walk(top):
        for name in [*folders, *files]:
            assert os.path.realpath(os.path.join(directory, name)).startswith(top + os.sep)
            if os.path.islink(os.path.join(directory, name)):
                assert not os.path.isabs(os.readlink(os.path.join(directory, name)))
    assert (tmp_path / "tree/a/c/e").read_text() == "text"


def test_more_sources_than_a_machine_has_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "capture.json"
    for count in (MAX_SOURCES, MAX_SOURCES + 1):
        path.write_text(json.dumps({"schema": SCHEMA, "sources": [{"path": "/a", "text": ""}] * count}))
        with contextlib.nullcontext() if count == MAX_SOURCES else pytest.raises(CaptureError, match="at most 20000"):
            assert len(load_sources(path)) == count


def test_a_place_that_is_a_file_and_a_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="/a: expected either a file or a directory"):
        write_tree([("/a", "text"), ("/a/b", "text")], tmp_path / "tree")


def test_a_directory_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").touch()
    with pytest.raises(CaptureError, match="expected an empty directory"):
        write_tree([("/a", "x")], tmp_path)
    assert os.listdir(tmp_path) == ["mine"]


def _numbered(count: int) -> str:
    return "".join(f"{number}\n" for number in range(count))


MANY = {
    "names in one list": [("/a/", _numbered(60_000))],
    "names in many lists": [(f"/{number}/", _numbered(4000)) for number in range(20)],
    "directories of deep paths": [(f"/{number}" + "/a" * 500, "x") for number in range(200)],
}


@pytest.mark.parametrize("sources", MANY.values(), ids=MANY)
def test_little_text_makes_no_endless_tree(sources: list[tuple[str, str]], tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="at most 50000 files and directories"):
        write_tree(sources, tmp_path / "tree")
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(os.name == "nt", reason="links need a right that few have on Windows")
def test_many_links_take_no_time_that_grows_with_their_square(tmp_path: Path) -> None:
    sources = [(f"/a/{number}@", "b") for number in range(5000)] + [(f"/a/{number}/c", "") for number in range(5000)]
    started = time.monotonic()
    write_tree(sources, tmp_path / "tree")
    assert time.monotonic() - started < 20


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give a directory away")
def test_nothing_is_written_into_a_directory_of_somebody_else(tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    os.chown(tmp_path / "theirs", 65534, 65534)
    with pytest.raises(CaptureError, match="expected a directory of this user"):
        write_tree([("/a", "x")], tmp_path / "theirs")
    assert os.listdir(tmp_path / "theirs") == []


@pytest.mark.parametrize("name", ["NUL", "con.txt", "com1", "LPT9 .x", "CONIN$", "a:b", "a:", ".. ", "...", "a.", "a "])
def test_a_name_that_windows_takes_for_another_is_refused_there(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    replay._require_safe("/sys/" + name, "here")  # on Linux it is a name like any other
    monkeypatch.setattr(replay, "os", types.SimpleNamespace(name="nt"))
    with pytest.raises(CaptureError, match="expected plain names"):
        replay._require_safe("/sys/" + name, "here")
    replay._require_safe("/dev/nvidia0/console.txt", "here")


SPOILS: dict[str, Callable[[dict[str, object]], object]] = {
    "another schema": lambda document: document.update(schema="variantkit.detect/1"),
    "no sources": lambda document: document.pop("sources"),
    "sources of another kind": lambda document: document.update(sources={"/a": "b"}),
    "a source without text": lambda document: document.update(sources=[{"path": "/a"}]),
    "a source with a number": lambda document: document.update(sources=[{"path": "/a", "text": 1}]),
}


@pytest.mark.parametrize("spoil", SPOILS.values(), ids=SPOILS)
def test_what_is_no_capture_is_refused_in_one_sentence(
    spoil: Callable[[dict[str, object]], object], tmp_path: Path
) -> None:
    document: dict[str, object] = {"schema": SCHEMA, "sources": [{"path": "/a", "text": "b"}]}
    spoil(document)
    path = tmp_path / "capture.json"
    path.write_text(json.dumps(document))
    with pytest.raises(CaptureError) as caught:
        load_sources(path)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(str(path))


@pytest.mark.parametrize("text", ["", "{", "[1]", "[" * 100_000, "\x00"])
def test_what_is_no_json_object_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "capture.json"
    path.write_text(text)
    with pytest.raises(CaptureError):
        load_capture(path)


def test_a_capture_without_bound_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "capture.json"
    path.write_bytes(b" " * (MAX_BYTES + 1))
    with pytest.raises(CaptureError, match="more than 8 MiB"):
        load_capture(path)


def test_the_variables_come_with_the_sources(tmp_path: Path) -> None:
    path = tmp_path / "capture.json"
    path.write_text(json.dumps({"schema": SCHEMA, "sources": [], "variables": {"A_VARIANT_PROVIDER_B": "c"}}))
    assert load_variables(path) == {"A_VARIANT_PROVIDER_B": "c"}
    path.write_text(json.dumps({"schema": SCHEMA, "sources": [], "variables": {"A": 1}}))
    with pytest.raises(CaptureError):
        load_variables(path)


names = st.sampled_from(["a", "b", "..", ".", "", "c@", "x y", "ü"])
paths = st.lists(names, max_size=4).map("/".join)


@given(st.lists(st.tuples(paths, st.sampled_from(["", "text", "a\nb\n", "a", ".."])), max_size=6))
def test_whatever_a_capture_says_nothing_is_written_outside(
    tmp_path_factory: pytest.TempPathFactory, sources: list[tuple[str, str]]
) -> None:
    base = tmp_path_factory.mktemp("hostile")
    with contextlib.suppress(CaptureError, OSError):
        write_tree(sources, base / "tree")
    assert set(os.listdir(base)) <= {"tree"}
    for directory, folders, files in os.walk(base):
        for name in [*folders, *files]:
            assert os.path.realpath(os.path.join(directory, name)).startswith(str(base.resolve()))
