"""Every zip file that two readers read differently is refused, on every Python; real wheels are accepted."""

from __future__ import annotations

import glob
import io
import json
import os
import random
import subprocess
import zipfile
import zipimport
from typing import TYPE_CHECKING

import pytest

import variantkit
from support.hostile_wheels import Raw, benign_wheel, deflate, hostile_wheels, sentinel_provider, wheel
from support.interpreters import BY_VERSION
from variantkit.trust.canonical import MAX_WHEEL_BYTES, check_wheel, require_canonical

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = hostile_wheels()
MUTANTS = 40_000


@pytest.mark.parametrize("what", HOSTILE)
def test_t12_a_hostile_wheel_is_refused(what: str) -> None:
    reason = check_wheel(HOSTILE[what])
    assert reason is not None
    assert reason.isascii()
    assert reason.isprintable()


def test_the_wheel_they_are_made_from_is_canonical() -> None:
    assert check_wheel(benign_wheel()) is None


def test_the_members_are_named_in_their_order() -> None:
    assert require_canonical(benign_wheel())[:2] == ("prov.py", "data/table.txt")


def test_what_the_sentinel_builder_makes_is_canonical(tmp_path: Path) -> None:
    with open(sentinel_provider(tmp_path, "evil-provider", "1.0", tmp_path / "ran"), "rb") as stream:
        assert check_wheel(stream.read()) is None


def test_a_wheel_over_the_cap_is_refused_before_it_is_looked_at() -> None:
    assert "at most" in str(check_wheel(bytes(MAX_WHEEL_BYTES + 1)))


def test_a_stored_member_is_as_good_as_a_deflated_one() -> None:
    assert check_wheel(wheel(Raw(b"prov.py", b"x = 1\n", method=0))) is None


def test_an_empty_member_is_canonical_both_ways() -> None:
    assert check_wheel(wheel(Raw(b"prov.py", b""), Raw(b"py.typed", b"", method=0))) is None


def test_a_stream_of_several_blocks_is_canonical() -> None:
    noise = random.Random(1).randbytes(200_000)
    assert check_wheel(wheel(Raw(b"prov.py", b""), Raw(b"noise.bin", noise, packed=deflate(noise)))) is None


_CHILD = """
import json, sys
sys.path.insert(0, sys.argv[1])
from variantkit.trust.canonical import check_wheel
accepted = []
for path in json.load(sys.stdin):
    with open(path, "rb") as stream:
        if check_wheel(stream.read()) is None:
            accepted.append(path)
json.dump(accepted, sys.stdout)
"""


@pytest.mark.parametrize("version", [version for version in BY_VERSION if version != "3.9"])
def test_t12_every_python_refuses_the_same_wheels(version: str, tmp_path: Path) -> None:
    paths = [str(tmp_path / f"{number}.whl") for number in range(len(HOSTILE))]
    for path, data in zip(paths, HOSTILE.values(), strict=True):
        with open(path, "wb") as stream:
            stream.write(data)
    benign = str(tmp_path / "benign.whl")
    with open(benign, "wb") as stream:
        stream.write(benign_wheel())
    source = os.path.dirname(os.path.dirname(variantkit.__file__))
    done = subprocess.run(
        [BY_VERSION[version], "-I", "-B", "-S", "-c", _CHILD, source],
        input=json.dumps([benign, *paths]),
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == [benign]


def _mutant(choose: random.Random, data: bytes) -> bytes:
    """Change, remove, insert or copy a few bytes; headers more often than contents."""
    changed = bytearray(data)
    for _ in range(choose.choice((1, 1, 1, 2, 3))):
        at = choose.choice((choose.randrange(len(changed)), max(0, len(changed) - choose.randrange(1, 400))))
        kind = choose.randrange(10)
        if kind < 6:
            changed[at] = choose.choice((0, 1, 2, 8, 20, 45, 80, 255, choose.randrange(256)))
        elif kind == 6:
            changed[at] ^= 1 << choose.randrange(8)
        elif kind == 7:
            del changed[at : at + choose.choice((1, 2, 4, 22))]
        elif kind == 8:
            changed[at:at] = choose.randbytes(choose.choice((1, 2, 4)))
        else:
            start = choose.randrange(len(changed))
            changed[at : at + 4] = changed[start : start + 4]
        changed = changed or bytearray(1)
    return bytes(changed)


def test_t28_what_zipfile_reads_of_an_accepted_mutant_is_what_was_checked(tmp_path: Path) -> None:
    original = benign_wheel()
    expected = _contents(original)
    choose = random.Random(20261121)
    accepted = 0
    for _ in range(MUTANTS):
        mutant = _mutant(choose, original)
        if mutant == original or check_wheel(mutant) is not None:
            continue
        accepted += 1
        contents = _contents(mutant)
        assert list(contents) == list(require_canonical(mutant))
        assert list(contents.values()) == list(expected.values()), "the CRCs did not change, so no content did"
        path = tmp_path / f"{accepted}.whl"
        path.write_bytes(mutant)
        assert _imported(str(path)) == {name: data for name, data in contents.items() if name.endswith(".py")}
    assert accepted > 10, "the mutations are too coarse to say anything"


def _contents(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def _imported(path: str) -> dict[str, bytes]:
    importer = zipimport.zipimporter(path)
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.endswith(".py")]
    return {name: importer.get_data(os.path.join(path, name)) for name in names}


def test_real_wheels_are_canonical() -> None:
    folder = os.environ.get("VARIANTKIT_REAL_WHEELS")
    if not folder:
        pytest.skip("VARIANTKIT_REAL_WHEELS names no folder of wheels; .ci/run downloads ten")
    wheels = sorted(glob.glob(os.path.join(folder, "*.whl")))
    assert len(wheels) >= 10, f"{folder}: expected ten wheels, found {len(wheels)}"
    reasons = {}
    for path in wheels:
        with open(path, "rb") as stream:
            reasons[os.path.basename(path)] = check_wheel(stream.read())
    assert reasons == dict.fromkeys(reasons)


def test_pip_itself_is_refused_for_its_launchers() -> None:
    bundled = glob.glob(os.path.join(os.path.dirname(os.__file__), "ensurepip", "_bundled", "pip-*.whl"))
    if not bundled:
        pytest.skip("this Python bundles no pip")
    with open(bundled[0], "rb") as stream:
        assert ".exe': compiled or native code" in str(check_wheel(stream.read()))


@pytest.mark.parametrize(
    "what",
    [
        "deflate stream longer than declared",
        "stored, compressed size larger than size",
        "name cut at a NUL",
        "pyc with unchecked hash",
        "pyc with the source's timestamp",
        "wrong CRC",
        "local name differs",
    ],
)
def test_these_wheels_run_code_that_a_reviewer_does_not_see(what: str, tmp_path: Path) -> None:
    """The attack works on this Python, so that refusing it means something."""
    path = tmp_path / "prov-1.0-py3-none-any.whl"
    path.write_bytes(HOSTILE[what])
    ran: dict[str, object] = {}
    exec(zipimport.zipimporter(str(path)).get_code("prov"), ran)
    assert ran["WHO"] == "EVIL"
    try:
        seen = zipfile.ZipFile(path).read("prov.py")
    except zipfile.BadZipFile:
        seen = b""
    assert b"EVIL" not in seen


_HONEST = b'WHO = "benign"\n'
MISLEADING = {
    "a comment that ends where UTF-7 says": b"# coding: utf-7\n" + _HONEST + b'# +AAo-WHO = "EVIL"\n',
    "a comment that ends at an escape": b"#\n# -*- coding: raw-unicode-escape -*-\n"
    + _HONEST
    + b'# \\u000aWHO="EVIL"\n',
    "a comment that ends at a lone carriage return": _HONEST + b'# harmless\rWHO = "EVIL"\n',
}
UNCLEAR = {
    "a coding line behind a byte order mark": b"\xef\xbb\xbf# vim: set fileencoding=latin-1 :\n" + _HONEST,
    "bytes that are no UTF-8": _HONEST + b"# \xff\n",
    "a terminal's escape": _HONEST + b"# \x1b[2K\n",
    "backspaces": _HONEST + b"# \x08\x08\n",
    "a form feed, which some editors take for a line end": _HONEST + b'# \x0cWHO = "shown, not run"\n',
    "a line separator of Unicode": _HONEST + '# \u2028WHO = "shown, not run"\n'.encode(),
    "a direction of text": _HONEST + "# \u202e\n".encode(),
    "a null byte": _HONEST + b"\x00",
}


@pytest.mark.parametrize("what", [*MISLEADING, *UNCLEAR])
def test_t12_a_module_that_reads_as_other_code_than_it_is_is_refused(what: str) -> None:
    reason = check_wheel(wheel(Raw(b"prov/_tables.py", {**MISLEADING, **UNCLEAR}[what])))
    assert reason is not None
    assert "prov/_tables.py" in reason
    assert reason.isascii()


@pytest.mark.parametrize("what", MISLEADING)
def test_those_really_run_what_looks_like_a_comment(what: str) -> None:
    ran: dict[str, object] = {}
    exec(MISLEADING[what], ran)
    assert ran["WHO"] == "EVIL"


@pytest.mark.parametrize(
    "source",
    [
        b"\xef\xbb\xbf# -*- coding: utf-8 -*-\r\n" + _HONEST,
        b"#!/usr/bin/python\n# vim: fileencoding=UTF-8\n" + _HONEST,
        b"#\n#\n# coding: latin-1 is no coding line in the third\n" + "WHO = 'Grüße \u4f60'\n\tx".encode(),
        b'open("x", encoding="latin-1")\n',
        b"",
    ],
)
def test_honest_source_is_canonical(source: bytes) -> None:
    assert check_wheel(wheel(Raw(b"prov.py", source))) is None
