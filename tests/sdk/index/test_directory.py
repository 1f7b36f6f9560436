"""Directories as indexes: what is listed, and that nothing outside of them is ever read."""

from __future__ import annotations

import hashlib
import os
import shutil
from typing import TYPE_CHECKING

import pytest

from support.wheels import make_wheel
from variantkit.errors import InputError, UndeterminedError
from variantkit.index.pages.page import File
from variantkit.index.upstream import open_upstream
from variantkit.index.upstream.directory import Directory
from variantkit.index.upstream.directory_upstream import DirectoryUpstream, path_of_url, url_of_path

if TYPE_CHECKING:
    from pathlib import Path

WHEEL = "sel-1.0-py3-none-any.whl"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Wheels of `sel` and of another project, and a secret beside the directory."""
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    make_wheel(wheels, "sel", requires_python=">=3.9")
    make_wheel(wheels, "sel", "1.1", label="v3", variant={"variants": {"v3": {}}})
    make_wheel(wheels, "other")
    (wheels / "sel-1.1-variants.json").write_text("{}")
    (wheels / "sel-1.0.tar.gz").write_bytes(b"sdist")
    (wheels / "notes.txt").write_text("no distribution")
    make_wheel(tmp_path, "sel", "9.9")
    return wheels


def names(upstream: DirectoryUpstream, project: str = "sel") -> list[str]:
    page = upstream.page(project)
    return [file.filename for file in page.files] if page else []


def test_the_files_of_a_project_are_listed_and_no_others(folder: Path) -> None:
    found = ["sel-1.0-py3-none-any.whl", "sel-1.0.tar.gz", "sel-1.1-py3-none-any-v3.whl", "sel-1.1-variants.json"]
    assert names(DirectoryUpstream(str(folder))) == found


@pytest.mark.parametrize("spelled", ["Sel", "SEL"])
def test_projects_are_compared_by_their_normalised_names(folder: Path, spelled: str) -> None:
    assert names(DirectoryUpstream(str(folder)), spelled) == names(DirectoryUpstream(str(folder)))


def test_a_project_without_files_is_none(folder: Path) -> None:
    assert DirectoryUpstream(str(folder)).page("absent") is None


def test_a_folder_named_like_the_project_is_listed_too(folder: Path) -> None:
    (folder / "My.Project").mkdir()
    make_wheel(folder / "My.Project", "my-project")
    assert names(DirectoryUpstream(str(folder)), "my_project") == ["my_project-1.0-py3-none-any.whl"]


@pytest.mark.parametrize("form", ["path", "relative", "url", "url with host"])
def test_a_directory_may_be_named_in_every_form(folder: Path, form: str) -> None:
    location = {
        "path": str(folder),
        "relative": folder.name,
        "url": folder.as_uri(),
        "url with host": folder.as_uri().replace("file://", "file://localhost"),
    }[form]
    upstream = open_upstream(location, base_dir=str(folder.parent))
    assert upstream.url == folder.resolve().as_uri()
    assert not upstream.has_credentials
    assert upstream.page("sel")


@pytest.mark.parametrize("location", ["file://elsewhere/wheels", "ssh://host/wheels", "nowhere", "data://x"])
def test_a_location_that_is_no_directory_is_refused(tmp_path: Path, location: str) -> None:
    with pytest.raises(InputError, match="expected"):
        open_upstream(location, base_dir=str(tmp_path))


def test_facts_of_a_file_come_from_the_file(folder: Path) -> None:
    page = DirectoryUpstream(str(folder)).page("sel")
    assert page is not None
    file, data = page.files[0], (folder / WHEEL).read_bytes()
    assert (file.requires_python, file.size) == (">=3.9", len(data))
    assert dict(file.hashes) == {"sha256": hashlib.sha256(data).hexdigest()}
    assert file.url == (folder / WHEEL).as_uri()


def test_the_digest_follows_the_file_and_is_computed_once_per_state(folder: Path) -> None:
    upstream = DirectoryUpstream(str(folder))
    page = upstream.page("sel")
    assert page is not None
    before = page.files[0].hashes["sha256"]
    make_wheel(folder, "sel", files={"sel/__init__.py": "changed = True\n"})
    assert page.files[0].hashes["sha256"] == hashlib.sha256((folder / WHEEL).read_bytes()).hexdigest() != before


def test_a_wheel_that_is_no_zip_is_listed_and_its_members_refused(folder: Path) -> None:
    (folder / WHEEL).write_bytes(b"no zip")
    upstream = DirectoryUpstream(str(folder))
    page = upstream.page("sel")
    assert page is not None
    assert page.files[0].requires_python is None
    with pytest.raises(InputError, match="cannot be read"):
        upstream.member(page.files[0], ".dist-info/METADATA", cap=100)


def test_members_and_whole_files_are_read(folder: Path) -> None:
    upstream = DirectoryUpstream(str(folder))
    page = upstream.page("sel")
    assert page is not None
    plain, _, variant, _ = page.files
    assert upstream.member(variant, ".dist-info/variant.json", cap=1000) is not None
    assert upstream.member(plain, ".dist-info/variant.json", cap=1000) is None
    assert upstream.read(plain, cap=1 << 20) == (folder / WHEEL).read_bytes()
    with pytest.raises(InputError, match="at most 10 bytes"):
        upstream.read(plain, cap=10)


@pytest.mark.parametrize(
    ("header", "status", "span"),
    [
        ("", 200, slice(None)),
        ("bytes=0-9", 206, slice(0, 10)),
        ("bytes=10-", 206, slice(10, None)),
        ("bytes=-7", 206, slice(-7, None)),
        ("bytes=5-1000000", 206, slice(5, None)),
        ("bytes=0-1,3-4", 200, slice(None)),
        ("lines=0-1", 200, slice(None)),
        ("bytes=1000000-", 416, slice(0, 0)),
        ("bytes=9-5", 416, slice(0, 0)),
    ],
)
def test_a_stream_honours_one_range_as_a_server_does(folder: Path, header: str, status: int, span: slice) -> None:
    upstream = DirectoryUpstream(str(folder))
    file = File(WHEEL, (folder / WHEEL).as_uri())
    with upstream.stream(file, headers={"Range": header}) as stream:
        data = b"".join(iter(lambda: stream.read(100), b""))
        assert (stream.status, data) == (status, (folder / WHEEL).read_bytes()[span])
        assert int(stream.headers.get("content-length", "0")) == len(data)


def test_a_stream_of_an_unchanged_file_is_not_sent_again(folder: Path) -> None:
    upstream = DirectoryUpstream(str(folder))
    file = File(WHEEL, (folder / WHEEL).as_uri())
    with upstream.stream(file) as stream:
        etag = stream.headers["etag"]
    with upstream.stream(file, headers={"If-None-Match": etag}) as stream:
        assert (stream.status, stream.read()) == (304, b"")


def test_a_file_that_shrinks_while_it_is_streamed_raises(folder: Path) -> None:
    (folder / WHEEL).write_bytes(b"x" * 1_000_000)
    with DirectoryUpstream(str(folder)).stream(File(WHEEL, (folder / WHEEL).as_uri())) as stream:
        stream.read(10)
        os.truncate(folder / WHEEL, 10)
        with pytest.raises(UndeterminedError, match="shorter"):
            list(iter(stream.read, b""))


# Trees with pages


def write_page(folder: Path, links: str, name: str = "index.html") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(links)


@pytest.mark.parametrize("location", ["", "simple"])
def test_pages_in_a_tree_are_the_index(folder: Path, location: str) -> None:
    digest = hashlib.sha256((folder / WHEEL).read_bytes()).hexdigest()
    write_page(folder / "simple" / "sel", f'<a href="../../{WHEEL}#sha256={digest}">{WHEEL}</a>')
    upstream = DirectoryUpstream(str(folder / location))
    assert names(upstream) == [WHEEL]
    page = upstream.page("sel")
    assert page is not None
    assert page.files[0].hashes == {"sha256": digest}
    assert upstream.member(page.files[0], ".dist-info/METADATA", cap=1000)


def test_a_file_that_differs_from_its_page_is_refused(folder: Path) -> None:
    write_page(folder / "simple" / "sel", f'<a href="../../{WHEEL}#sha256={"0" * 64}">{WHEEL}</a>')
    upstream = DirectoryUpstream(str(folder))
    page = upstream.page("sel")
    assert page is not None
    with pytest.raises(InputError, match=r"expected sha256 0000"):
        upstream.read(page.files[0], cap=1 << 20)


@pytest.mark.parametrize(
    "href",
    [
        "../../../sel-9.9-py3-none-any.whl",
        "../../%2e%2e/sel-9.9-py3-none-any.whl",
        "file:///etc/passwd",
        "http://127.0.0.1/sel-9.9-py3-none-any.whl",
        "file://elsewhere/sel-9.9-py3-none-any.whl",
    ],
)
def test_a_page_cannot_lead_out_of_the_tree(folder: Path, href: str) -> None:
    write_page(folder / "simple" / "sel", f'<a href="{href}">sel-9.9-py3-none-any.whl</a>')
    page = DirectoryUpstream(str(folder)).page("sel")
    assert page is not None
    assert page.files == ()
    assert "left out" in " ".join(page.notes)


# Ways out


@pytest.mark.parametrize("name", ["..", "../wheels", "a/b", "simple/../..", "", "a\0b", "%2e%2e"])
def test_a_name_that_is_no_projects_name_is_refused(folder: Path, name: str) -> None:
    with pytest.raises(InputError):
        DirectoryUpstream(str(folder)).page(name)


@pytest.mark.parametrize(
    "path",
    ["../sel-9.9-py3-none-any.whl", "x/../../sel-9.9-py3-none-any.whl", "%2e%2e/sel-9.9-py3-none-any.whl", "a%00b"],
)
def test_a_file_outside_is_not_opened(folder: Path, path: str) -> None:
    with pytest.raises(InputError):
        DirectoryUpstream(str(folder)).read(File(WHEEL, f"{folder.as_uri()}/{path}"), cap=1 << 20)


def test_a_suffix_does_not_lead_out(folder: Path) -> None:
    with pytest.raises(InputError):
        DirectoryUpstream(str(folder)).read(
            File(WHEEL, folder.as_uri() + "/x"), cap=100, suffix="/../../sel-9.9-py3-none-any.whl"
        )


def test_a_link_out_of_the_directory_is_neither_listed_nor_opened(folder: Path) -> None:
    link = folder / "sel-9.9-py3-none-any.whl"
    link.symlink_to(folder.parent / "sel-9.9-py3-none-any.whl")
    upstream = DirectoryUpstream(str(folder))
    assert link.name not in names(upstream)
    with pytest.raises(InputError, match="outside"):
        upstream.read(File(link.name, link.absolute().as_uri()), cap=1 << 20)


def test_a_project_folder_that_is_a_link_out_is_not_listed(folder: Path) -> None:
    outside = folder.parent / "outside"
    outside.mkdir()
    make_wheel(outside, "linked")
    (folder / "linked").symlink_to(outside)
    assert DirectoryUpstream(str(folder)).page("linked") is None


def test_a_link_inside_the_directory_is_good(folder: Path) -> None:
    (folder / "pool").mkdir()
    shutil.move(folder / WHEEL, folder / "pool" / WHEEL)
    (folder / WHEEL).symlink_to(os.path.join("pool", WHEEL))
    upstream = DirectoryUpstream(str(folder))
    assert WHEEL in names(upstream)
    assert upstream.read(File(WHEEL, (folder / WHEEL).absolute().as_uri()), cap=1 << 20)


def test_a_folder_that_becomes_a_link_is_not_followed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "pool").mkdir()
    shutil.copy(folder / WHEEL, folder / "pool" / WHEEL)
    (folder.parent / WHEEL).write_bytes(b"outside")
    tree = Directory(str(folder))
    real = os.path.realpath(folder / "pool" / WHEEL)
    shutil.rmtree(folder / "pool")
    (folder / "pool").symlink_to(folder.parent)
    # The check saw a folder, the opening finds a link: what a race would do.
    monkeypatch.setattr(os.path, "realpath", lambda path: real if str(path).endswith(WHEEL) else str(path))
    with pytest.raises(UndeterminedError):
        tree.open(real)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_what_is_no_regular_file_is_refused_without_waiting(folder: Path) -> None:
    os.mkfifo(folder / "pipe.whl")
    with pytest.raises(InputError, match="regular file"):
        DirectoryUpstream(str(folder)).read(File("pipe.whl", (folder / "pipe.whl").as_uri()), cap=10)


@pytest.mark.parametrize("name", ["with blank", "per%cent", "ha#sh", "quest?ion", "ünïcode", "plus+minus"])
def test_every_path_survives_its_url(tmp_path: Path, name: str) -> None:
    path = str(tmp_path / name)
    assert path_of_url(url_of_path(path)) == path
