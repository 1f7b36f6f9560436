"""A directory of wheels written as an index, and read by the installers that exist."""

from __future__ import annotations

import functools
import hashlib
import http.server
import json
import os
import shutil
import subprocess
import sys
import threading
import zipfile
from typing import TYPE_CHECKING

import pytest

from support.uv import UV
from support.wheels import make_wheel
from variantkit.errors import DocumentError, InputError
from variantkit.index.pages.page import HTML_TYPE, JSON_TYPE, parse_page, parse_root
from variantkit.index.pages.tree import write_index
from variantkit.variants.grammar import Property
from variantkit.variants.labelling import label_wheel
from variantkit.variants.metadata import SCHEMA_850, metadata_from_object

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path


def make_seed(libraries: Sequence[str] = ("mkl", "openblas"), namespaces: Sequence[str] = ("blas",)) -> object:
    """The metadata of a project whose provider is static: the answer is the same on every machine."""
    providers = {name: {"static-properties": {"library": [*libraries]}} for name in namespaces}
    priorities = {"namespace": [*namespaces]}
    return {"$schema": SCHEMA_850, "default-priorities": priorities, "providers": providers, "variants": {}}


def make_variants(
    directory: Path, name: str = "foo", version: str = "1.0", labels: Sequence[str] = ("openblas", "mkl", "null")
) -> str:
    """Write a plain wheel and its variants into `directory`; return the plain wheel's path."""
    directory.mkdir(exist_ok=True)
    plain = make_wheel(directory, name, version, requires_python=">=3.9")
    for label in labels:
        properties = [] if label == "null" else [Property("blas", "library", label)]
        label_wheel(plain, str(directory), label, properties, metadata_from_object(make_seed(), "seed"))
    return plain


def read_tree(directory: Path) -> dict[str, bytes]:
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def clean_environment() -> dict[str, str]:
    own = {"PIP_CONFIG_FILE": os.devnull, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "UV_NO_CONFIG": "1"}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_", "PYTHON"))}
    return kept | own


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=clean_environment())
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    directory = tmp_path / "wheelhouse"
    make_variants(directory)
    write_index(str(directory))
    return directory


def test_the_document_of_a_release_has_every_variant(tree: Path) -> None:
    document = json.loads((tree / "foo-1.0-variants.json").read_text())
    assert document["variants"] == {
        "mkl": {"blas": {"library": ["mkl"]}},
        "null": {},
        "openblas": {"blas": {"library": ["openblas"]}},
    }
    assert document["default-priorities"] == {"namespace": ["blas"]}


@pytest.mark.parametrize(("page", "content_type"), [("index.html", HTML_TYPE), ("index.json", JSON_TYPE)])
def test_the_pages_list_every_file_where_it_is(tree: Path, page: str, content_type: str) -> None:
    where = tree / "simple" / "foo" / page
    found = parse_page(content_type, where.read_bytes(), where.as_uri(), "foo")
    assert found.notes == ()
    assert {file.filename for file in found.files} == {
        "foo-1.0-py3-none-any.whl",
        "foo-1.0-py3-none-any-mkl.whl",
        "foo-1.0-py3-none-any-null.whl",
        "foo-1.0-py3-none-any-openblas.whl",
        "foo-1.0-variants.json",
    }
    for file in found.files:
        data = (tree / file.filename).read_bytes()
        assert file.url == (tree / file.filename).as_uri()
        assert file.hashes == {"sha256": hashlib.sha256(data).hexdigest()}
        if file.filename.endswith(".whl"):
            metadata = (tree / f"{file.filename}.metadata").read_bytes()
            assert file.core_metadata == {"sha256": hashlib.sha256(metadata).hexdigest()}
            assert file.requires_python == ">=3.9"
    root = tree / "simple" / page
    assert parse_root(content_type, root.read_bytes(), root.as_uri()) == ("foo",)


def test_writing_again_writes_nothing(tree: Path) -> None:
    before = read_tree(tree)
    assert write_index(str(tree)).written == ()
    assert read_tree(tree) == before


def test_the_same_wheels_give_the_same_bytes_elsewhere(tree: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    for wheel in sorted(tree.glob("*.whl"), reverse=True):
        shutil.copy(wheel, other)
    write_index(str(other))
    assert read_tree(other) == read_tree(tree)


def test_a_wheel_that_is_added_reaches_document_and_pages(tree: Path) -> None:
    plain = make_variants(tree, version="2.0+cu12.1", labels=["mkl"])
    summary = write_index(str(tree))
    assert summary.variants_json == ("foo-1.0-variants.json", "foo-2.0+cu12.1-variants.json")
    assert set(summary.written) == {
        "foo-2.0+cu12.1-py3-none-any.whl.metadata",
        "foo-2.0+cu12.1-py3-none-any-mkl.whl.metadata",
        "foo-2.0+cu12.1-variants.json",
        "simple/foo/index.html",
        "simple/foo/index.json",
    }
    page = (tree / "simple" / "foo" / "index.json").read_bytes()
    urls = [file.url for file in parse_page(JSON_TYPE, page, (tree / "simple/foo/x").as_uri(), "foo").files]
    assert f"file://{os.path.dirname(plain)}/foo-2.0%2Bcu12.1-py3-none-any.whl" in urls


def test_one_folder_for_each_project_and_sdists_are_indexed_too(tmp_path: Path) -> None:
    make_variants(tmp_path / "a", "Foo.Bar")
    make_variants(tmp_path / "b", "baz", labels=[])
    (tmp_path / "b" / "baz-0.9.tar.gz").write_bytes(b"sdist")
    (tmp_path / "b" / "notes.tar.gz").write_bytes(b"no sdist")
    (tmp_path / "b" / "baz-backup.zip").write_bytes(b"no sdist either")
    summary = write_index(str(tmp_path))
    assert summary.projects == ("baz", "foo-bar")
    assert summary.variants_json == ("a/foo_bar-1.0-variants.json",)
    assert summary.wheels == 5
    page = parse_page(
        JSON_TYPE, (tmp_path / "simple/baz/index.json").read_bytes(), (tmp_path / "simple/baz/").as_uri(), "baz"
    )
    assert [file.filename for file in page.files] == ["baz-0.9.tar.gz", "baz-1.0-py3-none-any.whl"]


def test_spellings_of_a_version_are_one_release(tmp_path: Path) -> None:
    make_variants(tmp_path / "a", version="1.0", labels=["mkl"])
    make_variants(tmp_path / "b", version="1.0.0", labels=["openblas"])
    summary = write_index(str(tmp_path))
    assert summary.variants_json == ("a/foo-1.0-variants.json", "b/foo-1.0-variants.json")
    documents = [json.loads((tmp_path / path).read_text()) for path in summary.variants_json]
    assert documents[0] == documents[1]
    assert sorted(documents[0]["variants"]) == ["mkl", "openblas"]


def test_the_pages_of_a_project_that_is_gone_are_removed_and_its_document_is_told(tree: Path) -> None:
    make_variants(tree, "bar", labels=[])
    write_index(str(tree))
    (tree / "simple" / "bar" / "robots.txt").write_text("")
    for wheel in [*tree.glob("bar-*.whl"), *tree.glob("foo-*-*-*-*-*.whl")]:
        wheel.unlink()
    summary = write_index(str(tree))
    assert summary.removed == ("simple/bar/index.html", "simple/bar/index.json")
    assert os.listdir(tree / "simple" / "bar") == ["robots.txt"]
    assert summary.stale == ("foo-1.0-variants.json",)
    assert (tree / "foo-1.0-variants.json").exists()
    assert b"variants.json" not in (tree / "simple" / "foo" / "index.html").read_bytes()


def _truncate(directory: Path) -> None:
    wheel = directory / "foo-1.0-py3-none-any-mkl.whl"
    wheel.write_bytes(wheel.read_bytes()[:200])


def _truncate_and_add(directory: Path) -> None:
    _truncate(directory)
    (directory / "x.whl").touch()


def _rename(directory: Path) -> None:
    (directory / "foo-1.0-py3-none-any-mkl.whl").rename(directory / "foo-1.0-py3-none-any-other.whl")


def _disagree(directory: Path) -> None:
    plain = str(directory / "foo-1.0-py3-none-any.whl")
    seed = metadata_from_object(make_seed(["openblas", "atlas"]), "seed")
    label_wheel(plain, str(directory), "atlas", [Property("blas", "library", "atlas")], seed)


def _reorder(directory: Path) -> None:
    plain = str(directory / "foo-1.0-py3-none-any.whl")
    seed = metadata_from_object(make_seed(namespaces=["x", "blas"]), "seed")
    label_wheel(plain, str(directory), "x", [Property("x", "library", "mkl")], seed)


def _link(directory: Path) -> None:
    (directory / "bar-1.0-py3-none-any.whl").symlink_to("/etc/passwd")


def _link_the_pages(directory: Path) -> None:
    (directory / "elsewhere").mkdir()
    (directory / "simple").symlink_to("elsewhere")


def _copy(directory: Path) -> None:
    (directory / "again").mkdir()
    shutil.copy(directory / "foo-1.0-py3-none-any.whl", directory / "again")


@pytest.mark.parametrize(
    ("spoil", "sentences"),
    [
        (_truncate, ["foo-1.0-py3-none-any-mkl.whl: expected a wheel, found a broken zip archive"]),
        (
            _rename,
            ["any-other.whl: expected a variant.json for the label 'other', found one for 'mkl'"],
        ),
        (_disagree, ["providers.blas", "foo-1.0-py3-none-any-atlas.whl and foo-1.0-py3-none-any-mkl.whl differ"]),
        (_reorder, ["default-priorities.namespace", "foo-1.0-py3-none-any-x.whl has [x, blas]"]),
        (_link, ["bar-1.0-py3-none-any.whl: expected a regular file, found a symbolic link"]),
        (_link_the_pages, ["simple: expected a folder of its own, found a symbolic link"]),
        (_copy, ["foo-1.0-py3-none-any.whl: expected each file name once, found again/foo-1.0-py3-none-any.whl too"]),
        (lambda directory: (directory / "x.whl").touch(), ["wheel file name 'x.whl': expected 'name-version"]),
        (
            lambda directory: make_wheel(directory, "bar", "banana"),
            ["bar-banana-py3-none-any.whl: expected a PEP 440 version in the file name, found 'banana'"],
        ),
        (
            _truncate_and_add,
            ["'x.whl': expected", "foo-1.0-py3-none-any-mkl.whl: expected"],
        ),
    ],
    ids=[
        "truncated",
        "renamed to another label",
        "two answers of a provider",
        "two orders of namespaces",
        "link",
        "pages elsewhere",
        "copy",
        "name of no wheel",
        "version of no release",
        "two problems together",
    ],
)
def test_a_broken_directory_is_refused_by_file_and_nothing_is_written(
    tmp_path: Path, spoil: Callable[[Path], object], sentences: list[str]
) -> None:
    make_variants(tmp_path / "w")
    spoil(tmp_path / "w")
    before = read_tree(tmp_path)
    with pytest.raises(InputError) as caught:
        write_index(str(tmp_path / "w"))
    for sentence in sentences:
        assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)
    assert read_tree(tmp_path) == before


def test_no_directory_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere: expected a directory of wheels"):
        write_index(str(tmp_path / "nowhere"))


def test_a_wheel_without_metadata_is_refused(tmp_path: Path) -> None:
    path = make_wheel(tmp_path, "foo")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("foo-1.0.dist-info/WHEEL", "")
    with pytest.raises(DocumentError, match="expected a wheel with METADATA, found none"):
        write_index(str(tmp_path))


# What the installers that exist make of the directory.


def installed_label(target: Path) -> str | None:
    """The label of what was installed there; None for the plain wheel."""
    path = target / "foo-1.0.dist-info" / "variant.json"
    return next(iter(json.loads(path.read_text())["variants"])) if path.exists() else None


@pytest.fixture
def served(tree: Path) -> Iterator[str]:
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(tree))
    handler.func.log_message = lambda *_: None  # type: ignore[attr-defined]
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}/simple"
        server.shutdown()


def uv_install(target: Path, *options: str) -> str | None:
    command = ["pip", "install", "--no-cache", "--python", sys.executable, "--target", str(target), *options, "foo"]
    run(UV, *command)
    return installed_label(target)


def test_uv_takes_the_best_variant_by_find_links(tree: Path, tmp_path: Path) -> None:
    places = ["--offline", "--no-index", "--find-links", str(tree)]
    assert uv_install(tmp_path / "on", "--preview-features", "wheel-variants", *places) == "mkl"
    assert uv_install(tmp_path / "off", *places) is None


def test_uv_takes_the_best_variant_from_the_pages_as_files(tree: Path, tmp_path: Path) -> None:
    index = ["--offline", "--index-url", (tree / "simple").as_uri()]
    assert uv_install(tmp_path / "on", "--preview-features", "wheel-variants", *index) == "mkl"
    assert uv_install(tmp_path / "off", *index) is None


def test_uv_takes_the_best_variant_from_the_pages_over_http(served: str, tmp_path: Path) -> None:
    assert uv_install(tmp_path / "on", "--preview-features", "wheel-variants", "--index-url", served) == "mkl"
    assert uv_install(tmp_path / "off", "--index-url", served) is None


@pytest.mark.parametrize("place", ["find-links", "file", "http"])
def test_pip_takes_the_plain_wheel(tree: Path, served: str, tmp_path: Path, place: str) -> None:
    options = {
        "find-links": ["--no-index", "--find-links", str(tree)],
        "file": ["--index-url", (tree / "simple").as_uri()],
        "http": ["--index-url", served],
    }[place]
    run(
        sys.executable,
        "-m",
        "pip",
        "download",
        "--no-deps",
        "--no-cache-dir",
        "-d",
        str(tmp_path / "d"),
        *options,
        "foo",
    )
    assert os.listdir(tmp_path / "d") == ["foo-1.0-py3-none-any.whl"]


def test_variantlib_reads_the_document_and_makes_the_same(tree: Path, tmp_path: Path) -> None:
    variants_json = pytest.importorskip("variantlib.variants_json")
    found = variants_json.VariantsJson(json.loads((tree / "foo-1.0-variants.json").read_text()))
    assert {label: [p.to_str() for p in each.properties] for label, each in found.variants.items()} == {
        "mkl": ["blas :: library :: mkl"],
        "null": [],
        "openblas": ["blas :: library :: openblas"],
    }
    for wheel in tree.glob("*.whl"):
        shutil.copy(wheel, tmp_path)
    start = "from variantlib.commands.main import main; main()"
    run(sys.executable, "-c", start, "generate-index-json", "-d", str(tmp_path))
    theirs, ours = (json.loads((place / "foo-1.0-variants.json").read_text()) for place in (tmp_path, tree))
    assert {**theirs, "$schema": ""} == {**ours, "$schema": ""}
