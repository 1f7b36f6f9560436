"""A wheel that attacks its check: it ends in a finding or one sentence, in bounded time, and forges nothing."""

from __future__ import annotations

import os
import sys
import time
import zipfile
from typing import TYPE_CHECKING

import pytest

from support.laboratory import ENTRY_POINTS, GOOD, METADATA, make_subject
from support.providers import MODULE
from variantkit.cli.main import main
from variantkit.conformance import Options, building, check_provider
from variantkit.conformance.needs import Need, Proposal, parse_needs
from variantkit.conformance.records import Record, read_records
from variantkit.conformance.subject import documented_overrides, read_subject
from variantkit.errors import InputError, UndeterminedError

if TYPE_CHECKING:
    from pathlib import Path

ONE = Options(pythons=(sys.executable,), deadline=3.0, start_ratio=0)


@pytest.mark.parametrize("source", ["-" * 300_000 + "1", "lambda:" * 50_000 + "1"], ids=["signs", "lambdas"])
def test_source_that_no_parser_stands_is_a_module_without_a_tree(tmp_path: Path, source: str) -> None:
    subject = read_subject(make_subject(tmp_path, files={f"{MODULE}/deep.py": source}))
    assert isinstance(subject.modules[f"{MODULE}/deep.py"], SyntaxError)


def test_long_texts_are_searched_in_a_time_that_grows_with_their_length(tmp_path: Path) -> None:
    spaces = "x" + " " * 200_000 + "x"
    points = f"{ENTRY_POINTS}\n[other]\na = {spaces}\nb = {'[' * 200_000}\n"
    path = make_subject(tmp_path, metadata=f"{METADATA}{'A' * 400_000}", entry_points=points)
    started = time.monotonic()
    assert documented_overrides(read_subject(path)) == ["EXAMPLE_VARIANT_PROVIDER_FORCE_KIND"]
    assert time.monotonic() - started < 5  # it were minutes with a pattern that begins anew at every letter


def test_an_extra_of_an_entry_point_is_no_part_of_the_reference(tmp_path: Path) -> None:
    points = "[variant_plugins]\nexample = example_variant_provider : Plugin [extra, more] \n"
    assert read_subject(make_subject(tmp_path, entry_points=points)).endpoint == "example_variant_provider : Plugin"


def test_what_is_too_large_unpacked_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(9):
            archive.writestr(f"bomb/{number}.txt", bytes(8 << 20))
        archive.writestr("bomb-1.0.dist-info/METADATA", METADATA)
    with pytest.raises(InputError, match="at most 64 MiB unpacked"):
        read_subject(str(path))


def test_a_file_that_is_too_large_unpacked_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb/data.txt", bytes((8 << 20) + 1))
        archive.writestr("bomb-1.0.dist-info/METADATA", METADATA)
    with pytest.raises(InputError, match=r"bomb/data\.txt: expected at most 8 MiB"):
        read_subject(str(path))


def test_a_name_that_is_there_twice_is_found_among_very_many(tmp_path: Path) -> None:
    path = tmp_path / "many-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(40_000):
            archive.writestr(str(number), b"")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("39999", b"")
    started = time.monotonic()
    with pytest.raises(InputError, match="'39999' more than once"):
        read_subject(str(path))
    assert time.monotonic() - started < 5


FORGING = """
import os
def get_supported_configs():
    for number in range(3, 64):
        try:
            path = os.path.realpath("/proc/self/fd/%d" % number)
        except OSError:
            continue
        if path.endswith(".records"):
            line = '["said", "get_all_configs", "' + "[" * 100000 + '", "", ""]\\n'
            os.write(number, line.encode())
    return []
"""
FORGED = '["read", "/forged", "", "a place", ""]\n'


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
@pytest.mark.parametrize("what", ["a link", "a pipe", "a directory"])
def test_records_that_are_no_file_are_none(tmp_path: Path, what: str) -> None:
    path = tmp_path / "one.records"
    if what == "a link":
        (tmp_path / "elsewhere").write_text(FORGED)
        path.symlink_to(tmp_path / "elsewhere")
    elif what == "a pipe":
        os.mkfifo(path)
    else:
        path.mkdir()
    assert read_records(str(path)) == ()
    path = tmp_path / "two.records"
    path.write_text(FORGED)
    assert read_records(str(path)) == (Record("read", "/forged", "", "a place"),)


def test_a_record_that_no_reader_stands_is_none(tmp_path: Path) -> None:
    path = tmp_path / "one.records"
    path.write_text("[" * 200_000 + "\n" + FORGED)
    assert read_records(str(path)) == (Record("read", "/forged", "", "a place"),)


def test_a_machine_that_no_reader_stands_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "machine.json").write_text("[" * 200_000)
    assert main(["provider", "check", make_subject(tmp_path), "--machine", str(tmp_path / "machine.json")]) == 2
    assert "cannot be read as JSON" in capsys.readouterr().err


def test_an_answer_that_no_reader_stands_is_compared_with_none(tmp_path: Path) -> None:
    forged = GOOD + FORGING
    assert check_provider(make_subject(tmp_path, forged), ONE).runs


def test_no_name_of_a_file_or_line_gets_out_of_its_comment() -> None:
    evil = 'x.py:1\nread = ["/evil/file"]\n# \x1b[2K'
    proposal = Proposal(
        (Need("read", "/sys/class/example", evil), Need("read", "/evil\n\x7f", evil, "expected an absolute path")),
        evil,
        (("/dev/" + evil, evil),),
    )
    text = proposal.as_toml()
    assert text.isprintable() or text.replace("\n", "").isprintable()
    assert parse_needs(text.encode(), "needs").read == ("/sys/class/example",)


LOCKING = """
import os
def get_supported_configs():
    for number in os.listdir("/proc/self/fd"):
        try:
            path = os.path.realpath("/proc/self/fd/" + number)
        except OSError:
            continue
        if path.endswith(".records"):
            import _io, posix
            posix.unlink(path)
            os.mkfifo(path)
    return []
"""


@pytest.mark.skipif(sys.platform != "linux", reason="its own descriptors are found below /proc")
def test_a_provider_that_leaves_a_pipe_for_us_to_read_keeps_nobody(tmp_path: Path) -> None:
    started = time.monotonic()
    assert check_provider(make_subject(tmp_path, GOOD + LOCKING), ONE).runs
    assert time.monotonic() - started < 60


def test_a_build_without_end_is_ended_and_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    )
    (tmp_path / "backend.py").write_text("import time\ndef build_wheel(*a): time.sleep(60)\n")
    monkeypatch.setattr(building, "_SECONDS", 1)
    monkeypatch.setattr(building, "_frontends", lambda out: {})
    with pytest.raises(UndeterminedError, match="no wheel within 1 seconds"):
        building.find_wheel(str(tmp_path), str(tmp_path / "out"))
