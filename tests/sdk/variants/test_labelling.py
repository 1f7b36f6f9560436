"""Variant wheels made of plain ones, and back."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.wheels import EPOCH, make_wheel, record_line, write_zip
from variantkit.errors import InputError
from variantkit.variants.description import describe_wheel
from variantkit.variants.grammar import Feature, Property, parse_property
from variantkit.variants.labelling import label_wheel, unlabel_wheel
from variantkit.variants.metadata import SCHEMA_850, Metadata, ProviderInfo, parse_metadata
from variantkit.variants.wheel import read_variant_json

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BLAS = ProviderInfo(static=(Feature("library", ("mkl", "openblas")),))
CPU = ProviderInfo(requires=("x86-64-variant-provider",))
SEED = Metadata(
    schema=SCHEMA_850,
    namespaces=("blas", "x86_64"),
    providers={"blas": BLAS, "x86_64": CPU},
    variants={"mkl": {"blas": {"library": ["mkl"]}}},
)
MKL = parse_property("blas :: library :: mkl")
V3 = parse_property("x86_64 :: level :: v3")


def read_members(path: str) -> dict[str, tuple[bytes, int, tuple[int, ...]]]:
    with zipfile.ZipFile(path) as archive:
        infos = archive.infolist()
        return {info.filename: (archive.read(info), info.external_attr, info.date_time) for info in infos}


def read_bytes(path: str) -> bytes:
    with open(path, "rb") as stream:
        return stream.read()


def test_a_labelled_wheel_differs_by_variant_json_and_record_alone(tmp_path: Path) -> None:
    source = make_wheel(tmp_path, "foo", build="2")
    before, after = read_members(source), read_members(label_wheel(source, str(tmp_path), "mkl", [MKL], SEED))
    changed = {name for name in after if after[name] != before.get(name)}
    assert changed == {"foo-1.0.dist-info/variant.json", "foo-1.0.dist-info/RECORD"}
    assert list(after)[:-2] == list(before)[:-1]


def test_a_labelled_wheel_carries_the_label_in_name_and_document(tmp_path: Path) -> None:
    source = make_wheel(tmp_path, "foo", build="2")
    path = label_wheel(source, str(tmp_path), "mkl_v3", [V3, MKL], SEED)
    assert os.path.basename(path) == "foo-1.0-2-py3-none-any-mkl_v3.whl"
    found = read_variant_json(path)
    assert found is not None
    assert found[0] == "mkl_v3"
    assert found[1].variants == {"mkl_v3": {"blas": {"library": ["mkl"]}, "x86_64": {"level": ["v3"]}}}
    assert (found[1].namespaces, found[1].providers) == (SEED.namespaces, SEED.providers)
    assert describe_wheel(path).problems == ()


def test_labelling_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    source = make_wheel(tmp_path, "foo")
    first = label_wheel(source, str(tmp_path / "a"), "mkl", [MKL], SEED)
    second = label_wheel(source, str(tmp_path / "b"), "mkl", [MKL, MKL], SEED)
    assert read_bytes(first) == read_bytes(second)


@settings(max_examples=40, deadline=None)
@given(
    files=st.dictionaries(
        st.from_regex(r"pkg/[a-z\u00e4]{1,6}\.py", fullmatch=True), st.binary(max_size=300), min_size=1, max_size=5
    ),
    level=st.integers(0, 9),
    newline=st.sampled_from(["\n", "\r\n"]),
    record_first=st.booleans(),
    mode=st.sampled_from([0o100644, 0o100755, 0]),
    comment=st.sampled_from([b"", b"built by hand"]),
)
def test_unlabel_after_label_is_the_very_file(
    *,
    tmp_path_factory: pytest.TempPathFactory,
    files: dict[str, bytes],
    level: int,
    newline: str,
    record_first: bool,
    mode: int,
    comment: bytes,
) -> None:
    directory = tmp_path_factory.mktemp("law")
    source = str(directory / "pkg-1.0-py3-none-any.whl")
    info = "pkg-1.0.dist-info"
    members = {**files, f"{info}/METADATA": b"Name: pkg\nVersion: 1.0\n", f"{info}/WHEEL": b"Tag: py3-none-any\n"}
    lines = "".join(record_line(name, data) for name, data in members.items()) + f"{info}/RECORD,,\n"
    record = {f"{info}/RECORD": lines.replace("\n", newline).encode()}
    with zipfile.ZipFile(source, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
        archive.comment = comment
        for name, data in ({**record, **members} if record_first else {**members, **record}).items():
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.external_attr = mode << 16
            entry.compress_type = zipfile.ZIP_DEFLATED if level else zipfile.ZIP_STORED
            archive.writestr(entry, data)
    labelled = label_wheel(source, str(directory / "labelled"), "mkl", [MKL], SEED)
    assert describe_wheel(labelled).problems == ()
    assert read_bytes(unlabel_wheel(labelled, str(directory / "back"))) == read_bytes(source)


def test_a_wheel_streamed_with_data_descriptors_keeps_its_members(tmp_path: Path) -> None:
    source = make_wheel(tmp_path, "foo")
    streamed = str(tmp_path / "streamed" / os.path.basename(source))
    os.mkdir(os.path.dirname(streamed))
    with open(streamed, "wb") as target:
        target.seekable = lambda: False  # type: ignore[method-assign]
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, (data, _, _) in read_members(source).items():
                archive.writestr(zipfile.ZipInfo(name, EPOCH), data)
    labelled = label_wheel(streamed, str(tmp_path), "mkl", [MKL], SEED)
    back = unlabel_wheel(labelled, str(tmp_path / "back"))
    assert {name: data for name, (data, _, _) in read_members(back).items()} == {
        name: data for name, (data, _, _) in read_members(streamed).items()
    }
    assert describe_wheel(labelled).problems == ()


def test_the_result_has_the_mode_of_its_source(tmp_path: Path) -> None:
    source = make_wheel(tmp_path, "foo")
    os.chmod(source, 0o640)
    assert os.stat(label_wheel(source, str(tmp_path), "mkl", [MKL], SEED)).st_mode & 0o777 == 0o640


def _truncate(path: str) -> None:
    data = read_bytes(path)
    with open(path, "wb") as stream:
        stream.write(data[: len(data) // 2])


def _spoil(change: Callable[[dict[str, bytes]], object]) -> Callable[[str], object]:
    def spoil(path: str) -> None:
        members = {name: data for name, (data, _, _) in read_members(path).items()}
        change(members)
        write_zip(path, members)

    return spoil


def _flip_a_byte_of_the_code(path: str) -> None:
    data = bytearray(read_bytes(path))
    data[data.index(b"__init__.py") + 15] ^= 0xFF
    with open(path, "wb") as stream:
        stream.write(data)


def _prepend(path: str) -> None:
    data = read_bytes(path)
    with open(path, "wb") as stream:
        stream.write(b"#!/bin/sh\n" + data)


def _repeat_a_member(path: str) -> None:
    with (
        zipfile.ZipFile(path, "a") as archive,
        pytest.warns(UserWarning, match="Duplicate name"),
    ):
        archive.writestr("foo/__init__.py", b"")


def _rename_info(members: dict[str, bytes]) -> None:
    for name in [name for name in members if ".dist-info/" in name]:
        members[name.replace("foo-", "bar-")] = members.pop(name)


INFO = "foo-1.0.dist-info"
BROKEN_SOURCES: dict[str, tuple[Callable[[str], object], str]] = {
    "truncated": (_truncate, "broken zip archive"),
    "not a zip": (lambda path: shutil.copy(__file__, path), "broken zip archive"),
    "missing": (os.unlink, "no readable file"),
    "damaged member": (_flip_a_byte_of_the_code, "broken zip archive|is not the file"),
    "bytes before the archive": (_prepend, "begins with its first member"),
    "repeated member": (_repeat_a_member, "more than once"),
    "no RECORD": (_spoil(lambda members: members.pop(f"{INFO}/RECORD")), "expected foo-1.0.dist-info/RECORD"),
    "no METADATA": (_spoil(lambda members: members.pop(f"{INFO}/METADATA")), "METADATA, found none"),
    "no dist-info": (
        _spoil(lambda members: [members.pop(name) for name in [*members] if ".dist-info/" in name]),
        "expected one .dist-info directory, found none",
    ),
    "another project's dist-info": (_spoil(_rename_info), "expected the .dist-info directory of 'foo'"),
    "member that RECORD does not list": (_spoil(lambda members: members.update({"foo/new.py": b""})), "does not list"),
    "member that RECORD does not describe": (
        _spoil(lambda members: members.update({"foo/__init__.py": b"EVIL = 1\n"})),
        "is not the file that RECORD describes",
    ),
    "listed member that is not there": (
        _spoil(lambda members: members.pop("foo/__init__.py")),
        "which is not there",
    ),
    "RECORD that is no text": (_spoil(lambda members: members.update({f"{INFO}/RECORD": b"\xff"})), "no CSV text"),
    "digest that is too weak": (
        _spoil(
            lambda members: members.update(
                {f"{INFO}/RECORD": members[f"{INFO}/RECORD"].replace(b"sha256=", b"md5=", 1)}
            )
        ),
        "no digest of sha256",
    ),
    "signature of RECORD": (_spoil(lambda members: members.update({f"{INFO}/RECORD.jws": b"{}"})), "signature"),
}


@pytest.mark.parametrize(("spoil", "sentence"), BROKEN_SOURCES.values(), ids=BROKEN_SOURCES)
def test_a_broken_wheel_is_refused_in_one_sentence_and_nothing_is_written(
    tmp_path: Path, spoil: Callable[[str], object], sentence: str
) -> None:
    source = make_wheel(tmp_path, "foo")
    spoil(source)
    with pytest.raises(InputError, match=sentence) as caught:
        label_wheel(source, str(tmp_path / "out"), "mkl", [MKL], SEED)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("label", "properties", "sentence"),
    [
        ("null", [MKL], "'null': expected no property"),
        ("v3", [], "expected at least one property"),
        ("V3", [MKL], "expected one or more of a-z"),
        ("a-b", [MKL], "expected one or more of a-z"),
        ("mkl", [V3], "expected the properties that the metadata"),
        ("other", [MKL], "expected 'mkl'"),
        ("v3", [Property("arm", "level", "v3")], "expected a namespace of default-priorities.namespace"),
        ("v3", [Property("blas", "library", "atlas")], r"static-properties.library \(mkl, openblas\)"),
        ("v3", [Property("blas", "colour", "mkl")], r"static-properties.colour \(none\)"),
    ],
    ids=[
        "null with a property",
        "no property",
        "upper case",
        "hyphen",
        "properties the metadata gives another set",
        "set that has another label",
        "unknown namespace",
        "value that is not static",
        "feature that is not static",
    ],
)
def test_a_label_the_metadata_does_not_allow_is_refused(
    tmp_path: Path, label: str, properties: list[Property], sentence: str
) -> None:
    source = make_wheel(tmp_path, "foo")
    with pytest.raises(InputError, match=sentence):
        label_wheel(source, str(tmp_path / "out"), label, properties, SEED)
    assert not (tmp_path / "out").exists()


def test_a_namespace_needs_a_provider(tmp_path: Path) -> None:
    seed = SEED._replace(providers={"blas": BLAS})
    with pytest.raises(InputError, match=r"add providers\.x86_64"):
        label_wheel(make_wheel(tmp_path, "foo"), str(tmp_path), "v3", [V3], seed)


def test_a_variant_wheel_is_not_labelled_again(tmp_path: Path) -> None:
    labelled = label_wheel(make_wheel(tmp_path, "foo"), str(tmp_path), "mkl", [MKL], SEED)
    with pytest.raises(InputError, match="found label 'mkl'; run 'variantkit wheel unlabel'"):
        label_wheel(labelled, str(tmp_path), "null", [], SEED)


def test_only_a_variant_wheel_is_unlabelled(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="found no label in its file name"):
        unlabel_wheel(make_wheel(tmp_path, "foo"), str(tmp_path / "out"))
    with pytest.raises(InputError, match=r"variant\.json in a variant wheel, found none"):
        unlabel_wheel(make_wheel(tmp_path, "foo", label="mkl"), str(tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_a_variant_wheel_under_a_plain_name_is_not_labelled(tmp_path: Path) -> None:
    plain = make_wheel(tmp_path, "foo", variant={"variants": {}})
    with pytest.raises(InputError, match=r"found foo-1\.0\.dist-info/variant\.json in it under a plain file name"):
        label_wheel(plain, str(tmp_path / "out"), "mkl", [MKL], SEED)


def test_a_directory_that_cannot_be_written_leaves_the_target_as_it_was(tmp_path: Path) -> None:
    source = make_wheel(tmp_path, "foo")
    target = tmp_path / "out" / "foo-1.0-py3-none-any-mkl.whl"
    target.mkdir(parents=True)  # a folder stands where the wheel would go
    with pytest.raises(InputError, match="expected to write it"):
        label_wheel(source, str(tmp_path / "out"), "mkl", [MKL], SEED)
    assert os.listdir(tmp_path / "out") == [target.name]


def test_the_abi_namespace_needs_no_provider(tmp_path: Path) -> None:
    wanted = Property("abi_dependency", "torch", "2.9")
    path = label_wheel(make_wheel(tmp_path, "foo"), str(tmp_path), "torch2.9", [wanted], SEED)
    found = read_variant_json(path)
    assert found is not None
    assert found[1].variants == {"torch2.9": {"abi_dependency": {"torch": ["2.9"]}}}


@pytest.mark.parametrize(("label", "properties"), [("mkl_v3", [MKL, V3]), ("null", [])])
def test_variantlib_reads_a_labelled_wheel(tmp_path: Path, label: str, properties: list[Property]) -> None:
    variant_dist_info = pytest.importorskip("variantlib.variant_dist_info")
    path = label_wheel(make_wheel(tmp_path, "foo"), str(tmp_path), label, properties, SEED)
    with zipfile.ZipFile(path) as archive:
        found = variant_dist_info.VariantDistInfo(archive.read(f"{INFO}/variant.json"), label)
    assert {p.to_str() for p in found.variant_desc.properties} == {str(p) for p in properties}
    assert found.namespace_priorities == ["blas", "x86_64"]
    assert found.providers["blas"].static_properties == {"library": ["mkl", "openblas"]}


def test_variantlib_unmakes_a_labelled_wheel(tmp_path: Path) -> None:
    pytest.importorskip("variantlib")
    path = label_wheel(make_wheel(tmp_path / "..", "foo"), str(tmp_path), "mkl", [MKL], SEED)
    start = "from variantlib.commands.main import main; main()"
    command = [sys.executable, "-c", start, "unmake-variant", "-f", path, "-o", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "foo-1.0-py3-none-any.whl" in os.listdir(tmp_path)


def _copy_with(path: str, target: str, change: Callable[[dict[str, bytes]], object]) -> str:
    shutil.copy(path, target)
    _spoil(change)(target)
    return target


def test_a_description_names_every_contradiction(tmp_path: Path) -> None:
    path = label_wheel(make_wheel(tmp_path, "foo"), str(tmp_path), "mkl", [MKL], SEED)
    other = str(tmp_path / "bar-2.0-py2.py3-none-any-openblas.whl")
    _copy_with(path, other, lambda members: members.update({"foo/__init__.py": b"changed"}))
    problems = describe_wheel(other).problems
    subjects = [problem.partition(" ")[0] for problem in problems]
    assert subjects == ["its", "METADATA", "METADATA", "WHEEL", "'foo/__init__.py'"]
    assert "has the label 'openblas', but variant.json describes 'mkl'" in problems[0]


@pytest.mark.parametrize(
    ("variant", "label", "sentence"),
    [
        (None, "mkl", "but there is no variant.json"),
        ({"variants": 1}, "mkl", "variant.json: "),
        (
            {
                "$schema": SCHEMA_850,
                "default-priorities": {"namespace": ["blas"]},
                "providers": {"blas": {"static-properties": {"library": ["mkl"]}}},
                "variants": {"mkl": {}, "null": {}},
            },
            "mkl",
            "expected exactly one variant, found 2",
        ),
    ],
    ids=["none", "broken", "two variants"],
)
def test_a_description_says_what_is_wrong_with_variant_json(
    tmp_path: Path, variant: dict[str, object] | None, label: str, sentence: str
) -> None:
    path = make_wheel(tmp_path, "foo", label=label, variant=variant)
    assert any(sentence in problem for problem in describe_wheel(path).problems)


def test_a_plain_wheel_has_no_variant_json(tmp_path: Path) -> None:
    assert read_variant_json(make_wheel(tmp_path, "foo")) is None


def test_a_variant_json_over_the_cap_is_refused(tmp_path: Path) -> None:
    path = make_wheel(tmp_path, "foo", label="mkl", variant={"$schema": " " * (5 << 20)})
    with pytest.raises(InputError, match="at most 4 MiB"):
        read_variant_json(path)


def test_variant_json_is_read_from_an_open_file(tmp_path: Path) -> None:
    path = label_wheel(make_wheel(tmp_path, "foo"), str(tmp_path), "mkl", [MKL], SEED)
    with open(path, "rb") as stream:
        found = read_variant_json(stream)
    with zipfile.ZipFile(path) as archive:
        assert found == ("mkl", parse_metadata(archive.read(f"{INFO}/variant.json"), "variant.json"))
