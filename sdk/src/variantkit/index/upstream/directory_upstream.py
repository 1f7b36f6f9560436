"""A directory as an index: wheels in it or in a folder per project, or a tree with pages."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from variantkit.errors import InputError, UndeterminedError
from variantkit.index.pages.filename import normalize_project
from variantkit.index.pages.page import HTML_TYPE, JSON_TYPE, PAGE_CAP, File, Page, parse_page
from variantkit.index.upstream import Stream, require_digest
from variantkit.index.upstream.directory import Directory
from variantkit.index.upstream.local_files import FileDigests, load_requires_python
from variantkit.index.upstream.member import read_member

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import IO

_PAGES = (("index.json", JSON_TYPE), ("index.html", HTML_TYPE))


class DirectoryUpstream:
    """An index in a directory; safe to use from several threads.

    A folder `simple` with pages, or the directory being such a folder, makes the pages the index, and what they list
    must lie in the tree. Without pages, the files themselves are the index: those of the directory, and those of a
    folder named like the project. Nothing outside of the directory is read, through no name and no link.
    """

    has_credentials = False

    def __init__(self, path: str) -> None:
        self._path = os.path.realpath(path)
        if not os.path.isdir(self._path):
            raise InputError(f"{path}: expected a directory of wheels, found {_kind(path)}")
        # Pages in DIR/simple name files in DIR, so a location that ends with `simple` means the tree above it.
        is_pages = os.path.basename(self._path) == "simple"
        self._tree = Directory(os.path.dirname(self._path) if is_pages else self._path)
        self._pages = self._path if is_pages else os.path.join(self._path, "simple")
        self._digests = FileDigests()

    @property
    def url(self) -> str:
        return url_of_path(self._path)

    def close(self) -> None:
        """Nothing is kept open."""

    def page(self, project: str) -> Page | None:
        name = normalize_project(project)
        if not name.replace("-", "").isalnum() or not name.isascii():
            raise InputError(f"{self.url}: expected a project's name, found {project!r}")
        for folder in dict.fromkeys((self._pages, self._path)):
            page = self._written_page(os.path.join(folder, name), name)
            if page is not None:
                return page
        files = tuple(self._listed(name))
        return Page(name, files) if files else None

    def read(self, file: File, *, cap: int, suffix: str = "") -> bytes:
        where = f"{file.filename}{suffix} in {self._path}"
        with self._open(file, suffix) as stream:
            data = stream.read(cap + 1)
        if len(data) > cap:
            raise InputError(f"{where}: expected at most {cap} bytes, found more")
        require_digest(data, file, suffix, where)
        return data

    def stream(self, file: File, *, suffix: str = "", headers: Mapping[str, str] | None = None) -> Stream:
        from variantkit.index.upstream.local_files import stream_file

        return stream_file(self._open(file, suffix), headers or {})

    def member(self, file: File, name_suffix: str, *, cap: int) -> bytes | None:
        with self._open(file) as wheel:
            return read_member(wheel, name_suffix, cap, f"{file.filename} in {self._path}")

    def _open(self, file: File, suffix: str = "") -> IO[bytes]:
        if not file.url.startswith("file:"):
            raise InputError(f"{file.filename}: expected a file in {self._path}, found {file.url}")
        return self._tree.open(path_of_url(file.url) + suffix)

    def _written_page(self, folder: str, name: str) -> Page | None:
        for filename, content_type in _PAGES:
            path = os.path.join(folder, filename)
            if os.path.isfile(path):
                with self._tree.open(path) as stream:
                    body = stream.read(PAGE_CAP + 1)
                return self._inside(parse_page(content_type, body, url_of_path(path), name))
        return None

    def _inside(self, page: Page) -> Page:
        """The page without entries that lead out of the tree, with a note for each."""
        kept, notes = [], list(page.notes)
        for file in page.files:
            if self._leads_inside(file.url):
                kept.append(file)
            else:
                notes.append(f"{file.filename} is left out: its page leads out of {self._tree.path}")
        return page._replace(files=tuple(kept), notes=tuple(notes))

    def _leads_inside(self, url: str) -> bool:
        try:
            return url.startswith("file:") and self._tree.holds(path_of_url(url))
        except InputError:
            return False

    def _listed(self, name: str) -> Iterator[File]:
        from variantkit.index.pages.filename import parse_filename

        for folder in self._folders(name):
            for filename in sorted(os.listdir(folder)):
                read = parse_filename(filename, name)
                path = os.path.join(folder, filename)
                if read and os.path.isfile(path) and self._tree.holds(path):
                    yield self._file(path, filename, is_wheel=read.kind == "wheel")

    def _folders(self, name: str) -> list[str]:
        with os.scandir(self._path) as entries:
            own = sorted(entry.path for entry in entries if entry.is_dir() and normalize_project(entry.name) == name)
        return [self._path, *(path for path in own if self._tree.holds(path))]

    def _file(self, path: str, filename: str, *, is_wheel: bool) -> File:
        try:
            with self._tree.open(path) as stream:
                size = os.fstat(stream.fileno()).st_size
                requires_python = load_requires_python(stream) if is_wheel else None
        except OSError as error:
            raise UndeterminedError(f"{path}: could not be read ({error.strerror})") from error
        hashes = self._digests.of(self._tree, path)
        return File(filename, url_of_path(path), hashes, requires_python=requires_python, size=size)


def url_of_path(path: str) -> str:
    """The file: URL of an absolute path."""
    from urllib.request import pathname2url

    return "file://" + pathname2url(path).removeprefix("//")


def path_of_url(url: str) -> str:
    """The path of a file: URL on this machine; InputError for one that names another host."""
    from urllib.parse import urlsplit
    from urllib.request import url2pathname

    parts = urlsplit(url)
    if parts.netloc not in {"", "localhost"}:
        raise InputError(f"{url}: expected a file: URL of this machine (file:///PATH), found the host {parts.netloc!r}")
    path = url2pathname(parts.path)
    if "\0" in path:
        raise InputError(f"{url!r}: expected a path, found a NUL in it")
    return path


def _kind(path: str) -> str:
    return "a file" if os.path.isfile(path) else "nothing there" if not os.path.exists(path) else "something else"
