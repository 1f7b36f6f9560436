"""What a wheel contains: its files, what is vendored, and whether its bills agree with its bytes."""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from typing import TYPE_CHECKING

import pytest

from support.first_party import FIRST_PARTY, build_provider
from support.hostile_wheels import benign_wheel, hostile_wheels
from support.table_wheels import PACKAGE, acme_files, acme_wheel
from support.wheels import make_wheel, record_line, write_zip
from variantkit.errors import InputError
from variantkit_allowlist.inspection import find_endpoint, inspect_wheel
from variantkit_allowlist.inspection.report import as_document, inspection_lines

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from variantkit_allowlist.inspection import Inspection


INFO_FILES = ("METADATA", "RECORD", "WHEEL", "entry_points.txt")


def examine(path: str, published: Mapping[str, bytes] = {}) -> Inspection:
    with open(path, "rb") as stream:
        return inspect_wheel(stream.read(), os.path.basename(path), published)


def test_a_wheel_is_described_by_its_own_bytes(tmp_path: Path) -> None:
    path = acme_wheel(tmp_path)
    with open(path, "rb") as stream:
        data = stream.read()
    found = inspect_wheel(data, os.path.basename(path))
    assert (found.package, found.version) == ("acme-variant-provider", "1.0")
    assert (found.sha256, found.size) == (hashlib.sha256(data).hexdigest(), len(data))
    assert (found.canonical, found.record, found.metadata, found.unread, found.cut) == ("", (), (), (), False)
    assert find_endpoint(found) == PACKAGE
    assert {(file.path, file.kind) for file in found.files} == {
        (f"{PACKAGE}/__init__.py", "module"),
        (f"{PACKAGE}/_tables.py", "module"),
        *(
            (f"{PACKAGE}-1.0.dist-info/{name}", "metadata")
            for name in ("METADATA", "RECORD", "WHEEL", "entry_points.txt")
        ),
    }
    with zipfile.ZipFile(path) as archive:
        for file in found.files:
            content = archive.read(file.path)
            assert (file.sha256, file.size) == (hashlib.sha256(content).hexdigest(), len(content))
    assert found.of("path") == ["/sys/class/acme"]
    assert found.of("library") == ["libacme.so.1"]
    assert [(table.path, table.literal) for table in found.tables] == [(f"{PACKAGE}/_tables.py", True)]
    assert {(item.name, item.origin) for item in found.imports} == {
        ("__future__", "stdlib"),
        (f"{PACKAGE}._tables", "own"),
    }


@pytest.mark.parametrize("folder", FIRST_PARTY)
def test_our_own_providers_are_in_order_and_open_no_network(folder: str) -> None:
    pytest.importorskip("hatchling")
    if folder in ("x86_64", "aarch64"):
        pytest.importorskip("archspec")
    found = examine(build_provider(folder))
    kinds = {item.kind for item in found.capabilities}
    assert (found.canonical, found.record, found.bill.problems, found.metadata, found.unread) == ("", (), (), (), ())
    assert not kinds & {"network", "foreign-import", "native-code", "startup-hook", "installed-data", "odd-source"}
    assert "dynamic-code" not in kinds


HOLDINGS = [
    ("acme.pth", b"import os\n", "startup-hook"),
    ("acme/x.so", b"\x7fELF", "native-code"),
    ("acme/x.txt", b"\x7fELF\x02", "native-code"),
    ("acme/x.pyc", b"", "native-code"),
    ("acme/LIB.DLL", b"MZ", "native-code"),
    ("acme-1.0.data/scripts/x", b"", "installed-data"),
    ("acme/x.py", b"import requests\n", "foreign-import"),
    ("acme/x.py", b"from ..elsewhere import x\n", "foreign-import"),
    ("acme/x.py", b"x = (", "odd-source"),
    ("acme/x.py", "p\u0430th = 1\n".encode(), "odd-source"),
]


@pytest.mark.parametrize(("name", "data", "kind"), HOLDINGS, ids=[f"{item[2]} {item[0]}" for item in HOLDINGS])
def test_what_a_wheel_holds_is_a_capability(name: str, data: bytes, kind: str, tmp_path: Path) -> None:
    found = examine(make_wheel(tmp_path, "acme", files={"acme/__init__.py": "", name: data}))
    assert kind in {item.kind for item in found.capabilities}


@pytest.mark.parametrize(("data"), hostile_wheels().values(), ids=hostile_wheels())
def test_a_hostile_zip_is_reported_as_not_canonical_or_refused(data: bytes) -> None:
    try:
        found = inspect_wheel(data, "prov-1.0-py3-none-any.whl")
    except InputError:
        return
    assert found.canonical
    assert list(inspection_lines(found))


def test_the_benign_wheel_that_those_are_made_of_is_canonical() -> None:
    assert inspect_wheel(benign_wheel(), "prov-1.0-py3-none-any.whl").canonical == ""


def spoilt(tmp_path: Path, record: str) -> Inspection:
    """The acme wheel with another RECORD."""
    files = {name: data.encode() if isinstance(data, str) else data for name, data in acme_files().items()}
    files[f"{PACKAGE}-1.0.dist-info/METADATA"] = b"Metadata-Version: 2.1\nName: acme-variant-provider\nVersion: 1.0\n"
    files[f"{PACKAGE}-1.0.dist-info/WHEEL"] = b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    right = "".join(record_line(name, data) for name, data in files.items()) + f"{PACKAGE}-1.0.dist-info/RECORD,,\n"
    files[f"{PACKAGE}-1.0.dist-info/RECORD"] = (record or right).replace("RIGHT", right).encode("latin-1")
    return examine(write_zip(str(tmp_path / f"{PACKAGE}-1.0-py3-none-any.whl"), files))


@pytest.mark.parametrize(
    ("record", "problem"),
    [
        ("", ""),
        (f"RIGHT{PACKAGE}/x.py,sha256=x,1\n", "which is not there"),
        (f"RIGHT{PACKAGE}/_tables.py,sha256=x,1\n", "twice"),
        (f"{PACKAGE}/_tables.py,sha256=x,1\n", "another hash or size"),
        (f"{PACKAGE}/_tables.py,,\n", "another hash or size"),
        ("\n", "does not list"),
        ("a,b\n", "2 fields"),
        ("\xff\n", "cannot be read"),
    ],
)
def test_record_must_agree_with_every_file(record: str, problem: str, tmp_path: Path) -> None:
    found = spoilt(tmp_path, record)
    assert any(problem in text for text in found.record) if problem else found.record == ()


@pytest.mark.parametrize(
    ("metadata", "problem"),
    [
        ("Name: other\nVersion: 1.0\n", "METADATA has Name other"),
        ("Name: acme\nVersion: 2.0\n", "METADATA has Version 2.0"),
        ("Name: acme\nName: acme\nVersion: 1.0\n", "METADATA has Name acme, acme"),
        ("Name: acme\nVersion: 1.0\nRequires-Dist: requests\n", "METADATA asks for requests"),
    ],
)
def test_metadata_must_agree_with_the_file_name(metadata: str, problem: str, tmp_path: Path) -> None:
    name = str(tmp_path / "acme-1.0-py3-none-any.whl")
    info = "acme-1.0.dist-info"
    files = {"acme.py": b"", f"{info}/METADATA": metadata.encode(), f"{info}/WHEEL": b"Tag: py3-none-any\n"}
    found = examine(write_zip(name, {**files, f"{info}/RECORD": b""}))
    assert any(text.startswith(problem) for text in found.metadata)


VENDORED = b"ANSWER = 42\n"
PUBLISHED = "thing-2.0-py3-none-any.whl"


def published_wheel(tmp_path: Path, content: bytes = VENDORED) -> bytes:
    with open(make_wheel(tmp_path / "published", "thing", "2.0", files={"thing.py": content}), "rb") as stream:
        return stream.read()


def vendoring(tmp_path: Path, content: bytes, billed: bytes, wheel: bytes, more: Mapping[str, bytes] = {}) -> str:
    file = {"type": "file", "name": "_vendor/thing.py", "hashes": [{"alg": "SHA-256", "content": _digest(billed)}]}
    component = {
        "type": "library",
        "name": "thing",
        "purl": "pkg:pypi/thing@2.0",
        "hashes": [{"alg": "SHA-256", "content": _digest(wheel)}],
        "properties": [{"name": "variantkit:wheel", "value": PUBLISHED}],
        "components": [file],
    }
    document = {"bomFormat": "CycloneDX", "components": [component]}
    files: dict[str, str | bytes | None] = {
        f"{PACKAGE}/_vendor/__init__.py": b'"""Of others."""\n',
        f"{PACKAGE}/_vendor/thing.py": content,
        f"{PACKAGE}-1.0.dist-info/sboms/x.cdx.json": json.dumps(document).encode(),
        **more,
    }
    return acme_wheel(tmp_path, files=files)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_vendored_files_are_held_against_the_bill_and_the_published_wheel(tmp_path: Path) -> None:
    (tmp_path / "published").mkdir()
    wheel = published_wheel(tmp_path)
    path = vendoring(tmp_path, VENDORED, VENDORED, wheel)
    assert [file.state for file in examine(path).bill.files] == ["marker", "as-billed"]
    given = examine(path, {PUBLISHED: wheel})
    assert [file.state for file in given.bill.files] == ["marker", "published"]
    assert [package.published for package in given.bill.packages] == ["matches"]
    assert given.bill.problems == ()
    other = examine(path, {PUBLISHED: acme_bytes(tmp_path)})
    assert [package.published for package in other.bill.packages] == ["differs"]
    assert any("not the published wheel" in text for text in other.bill.problems)


def acme_bytes(tmp_path: Path) -> bytes:
    with open(acme_wheel(tmp_path / "other"), "rb") as stream:
        return stream.read()


@pytest.mark.parametrize(
    ("content", "more", "state"),
    [
        (b"ANSWER = 43\n", {}, "differs"),
        (VENDORED, {f"{PACKAGE}/_vendor/more.py": b"x = 1\n"}, "unbilled"),
        (VENDORED, {f"{PACKAGE}/_vendor/__init__.py": b'"""a"""\nimport os\n"""b"""'}, "unbilled"),
        (VENDORED, {f"{PACKAGE}/_vendor/thing.py": None}, "missing"),
        (VENDORED, {f"{PACKAGE}-1.0.dist-info/sboms/x.cdx.json": None}, "unbilled"),
    ],
    ids=["other bytes", "a file more", "code in the marker", "a file less", "no bill"],
)
def test_vendored_bytes_that_no_bill_names_are_a_fault(
    content: bytes, more: dict[str, bytes], state: str, tmp_path: Path
) -> None:
    found = examine(vendoring(tmp_path, content, VENDORED, b"x", more))
    assert state in {file.state for file in found.bill.files}
    assert found.bill.problems


@pytest.mark.parametrize(
    "document",
    [b"", b"{", b"[]", b'{"bomFormat": "x"}', b'{"bomFormat": "CycloneDX", "components": 1}', b"\xff", b"[" * 5000],
)
def test_a_bill_that_cannot_be_read_is_a_fault(document: bytes, tmp_path: Path) -> None:
    name = f"{PACKAGE}-1.0.dist-info/sboms/x.cdx.json"
    found = examine(acme_wheel(tmp_path, files={name: document}))
    assert any("no CycloneDX document" in text for text in found.bill.problems)


@pytest.mark.parametrize("points", [b"\xff\x00[", b"[a]\nb", b"x = y", b"[a]\n" * 3 + b"b=%(c)s\nb=d"])
def test_broken_entry_points_are_told(points: bytes, tmp_path: Path) -> None:
    name = f"{PACKAGE}-1.0.dist-info/entry_points.txt"
    found = examine(acme_wheel(tmp_path, files={name: points}))
    assert find_endpoint(found) == ""


@pytest.mark.parametrize(
    "name", ["x.whl", "../acme-1.0-py3-none-any.whl", "acme-1.0.zip", "acme-1.0-py3-none-any.whl\n"]
)
def test_a_file_that_is_not_named_like_a_wheel_is_refused(name: str) -> None:
    with pytest.raises(InputError):
        inspect_wheel(benign_wheel(), name)


def test_all_that_is_reported_can_be_printed(tmp_path: Path) -> None:
    evil = "\x1b]0;x\x07\u202e\ud800"
    source = f"import os\nos.environ[{evil!a}]\nP = '/{'x' * 3}\\x1b[2J\\ud800'\n"
    found = examine(make_wheel(tmp_path, "acme", files={"acme/__init__.py": source}))
    text = "\n".join(inspection_lines(found)) + json.dumps(as_document(found), ensure_ascii=False)
    assert text.encode()
    assert all(sign.isprintable() or sign == "\n" for sign in text)
